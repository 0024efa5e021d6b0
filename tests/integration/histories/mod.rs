//! Random histories: people do anything that GestSup lets them, passes run at any moment, and in the end
//! Gestan says what GestSup's rows say, as an observer reads them who knows nothing of the connector.
//!
//! `HISTORY_SEED` is the seed of the first history and `HISTORY_CASES` their number; a failure prints the
//! seed of its history and what was done in it.

pub mod actions;
pub mod observer;

use crate::support::World;
use actions::{Desk, TICKETS};
use observer::Book;
use std::time::{Duration, Instant};

const SEED: u64 = 20_260_302;
const CASES: u64 = 24;
const ENOUGH: Duration = Duration::from_secs(45);

/// A generator that gives the same numbers everywhere (splitmix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    pub fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

pub fn number_from(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Tells what was done when a history ends badly.
pub struct Log {
    /// What to set to see it again.
    pub again: String,
    pub lines: Vec<String>,
}

impl Drop for Log {
    #[expect(clippy::print_stderr, reason = "the one way to say it while a test fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = self.lines.join("\n  ");
            eprintln!("This history: {}\n  {lines}", self.again);
        }
    }
}

async fn history(seed: u64) {
    let mut random = Random(seed);
    let mut log = Log { again: format!("HISTORY_SEED={seed} HISTORY_CASES=1"), lines: Vec::new() };
    let mut world = World::new().await;
    world.desk.time_per_comment = random.one_in(4);
    let mut book = Book::default();
    let mut desk = Desk::new(&mut world, TICKETS).await;
    let actions = 5 + random.below(36);
    for _ in 0..actions {
        desk.act(&mut world, &mut book, &mut random, &mut log.lines).await;
        if random.one_in(20) {
            log.lines.push("the program restarts".to_owned());
            world = world.reopen().await;
        }
        if random.one_in(4) {
            log.lines.push("pass".to_owned());
            book.pass(&mut world).await;
        }
    }
    log.lines.push("last pass".to_owned());
    // What changes on tickets closed long ago without a step is seen by the look at all of them only.
    book.pass_with(&mut world, true).await;
    world.settled().await;
    book.check(&mut world).await;
}

#[tokio::test]
async fn whatever_people_do_and_whenever_passes_run_gestan_says_in_the_end_what_gestsup_says() {
    let seed = number_from("HISTORY_SEED", SEED);
    let asked = std::env::var_os("HISTORY_CASES").is_some();
    let begun = Instant::now();
    for case in 0..number_from("HISTORY_CASES", CASES) {
        // A busy machine begins no more of them than it has time for; whoever asks for a number gets it.
        if !asked && begun.elapsed() > ENOUGH {
            break;
        }
        history(seed.wrapping_add(case)).await;
    }
}
