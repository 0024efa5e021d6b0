//! Real SIGKILLs at random moments, while people work in GestSup: of the program, alone or with its
//! service's loop, and of a gateway of its own while the program writes. In the end Gestan says what
//! GestSup says, nothing twice and nothing missing.
//!
//! `KILL_SEED` is the seed of the first history and `KILLS` their number of kills in all; a failure
//! prints the seed of its history and what was done in it.

use super::program::Program;
use crate::histories::actions::Desk;
use crate::histories::observer::{Book, Passes};
use crate::histories::{Log, Random, number_from};
use crate::support::World;
use gestan_connector::flows::tickets::{Intent, Memory as _};
use gestan_connector::store::Store;
use std::process::Child;
use std::time::{Duration, Instant};

const SEED: u64 = 20_260_302;
const KILLS: u64 = 15;
/// Kills in one history.
const PER_HISTORY: u64 = 15;
/// Milliseconds after the first write was begun, within which a kill that is aimed at it comes.
const AIMED: usize = 40;
/// Tickets in one history, at most.
const TICKETS: usize = 12;
/// `run` has no option to go on past the brake.
const MORE: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"every 5 s\"\n[tickets.brake]\n\
create = { number = 9999, percent = 100 }\nclose = { number = 9999, percent = 100 }\nbill = { number = 9999, percent = 100 }\n\
cancel = { number = 9999, percent = 100 }\ndeleted = { number = 9999, percent = 100 }";

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Sync,
    Service,
    Gateway,
}

/// What the kills hit.
#[derive(Default, Debug)]
struct Figures {
    kills: u64,
    /// The process had come to its end before.
    late: u64,
    /// A write was begun and not confirmed.
    writing: u64,
    gateways: u64,
    /// Interventions that the histories made.
    interventions: usize,
    /// The longest that a pass after a kill took.
    slowest: Duration,
}

struct History {
    world: World,
    program: Program,
    desk: Desk,
    book: Book,
    random: Random,
    log: Log,
    /// What a run of the program takes, about: kills are spread over it.
    pass: Duration,
    /// Runs in a row that found no gateway: after a third one the program would leave Gestan alone for a while.
    unanswered: u32,
}

impl History {
    async fn new(seed: u64, kills: u64) -> Self {
        let mut random = Random(seed);
        let again = format!("KILL_SEED={seed} KILLS={kills}");
        let mut world = World::with(MORE).await;
        world.desk.time_per_comment = random.one_in(4);
        let desk = Desk::new(&mut world, TICKETS).await;
        let program = Program::on(&mut world).await;
        let mut book = Book::default();
        book.passes = Passes::Meanwhile { bill: false, notes: 0 };
        let log = Log { again, lines: Vec::new() };
        let pass = Duration::from_millis(300);
        Self { world, program, desk, book, random, log, pass, unanswered: 0 }
    }

    async fn act(&mut self) {
        self.desk.act(&mut self.world, &mut self.book, &mut self.random, &mut self.log.lines).await;
    }

    /// People work; what they do to Gestan that must not happen while something is written is put off.
    async fn work_until(&mut self, end: Instant) {
        while Instant::now() < end {
            if self.random.one_in(3) {
                let left = end.saturating_duration_since(Instant::now());
                tokio::time::sleep(left.min(Duration::from_millis(25))).await;
            } else {
                self.act().await;
                self.book.glance(&mut self.world).await;
            }
        }
    }

    /// Kills a process; says whether it was at work.
    fn kill(&mut self, child: &mut Child, victim: Victim, after: Duration) -> bool {
        let ended = child.try_wait().unwrap();
        if ended.is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let how = ended.map_or_else(|| "killed".to_owned(), |status| format!("had ended ({status})"));
        self.log.lines.push(format!("{victim:?} {how} after {after:?}"));
        ended.is_none()
    }

    /// The program has stored what it begins to write; or it has nothing to write.
    async fn until_it_writes(&self) {
        let (begun, before) = (Instant::now(), self.intents().await);
        while begun.elapsed() < self.pass && self.intents().await.iter().all(|intent| before.contains(intent)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Writes that were begun and not confirmed.
    async fn intents(&self) -> Vec<Intent> {
        match Store::open_read_only(&self.world.state_path()).await {
            Ok(store) => store.intents().await.unwrap_or_default(),
            // It is not made yet.
            Err(_) => Vec::new(),
        }
    }

    /// One kill, while people work.
    async fn disturb(&mut self, figures: &mut Figures) {
        for _ in 0..self.random.below(6) {
            self.act().await;
            self.book.glance(&mut self.world).await;
        }
        let victim = match self.random.below(4) {
            0 | 1 => Victim::Sync,
            2 => Victim::Service,
            _ => Victim::Gateway,
        };
        // Half of the kills are spread over the run, half over the first moments of its writing.
        let aimed = self.random.one_in(2);
        let spread = if aimed { AIMED } else { usize::try_from(self.pass.as_millis()).unwrap().clamp(80, 400) };
        let after = Duration::from_millis(u64::try_from(self.random.below(spread)).unwrap());
        let gateway = match victim {
            Victim::Gateway => Some(self.program.start_gateway().await),
            _ => None,
        };
        let arguments: &[&str] = if victim == Victim::Service { &["run"] } else { &["sync"] };
        let mut daemon = self.program.start(gateway.is_some(), arguments);
        if aimed {
            self.until_it_writes().await;
            tokio::time::sleep(after).await;
        } else {
            self.work_until(Instant::now() + after).await;
        }
        figures.kills += 1;
        let was_at_work = match gateway {
            None => self.kill(&mut daemon, victim, after),
            Some(mut gateway) => {
                figures.gateways += 1;
                let daemon_at_work = daemon.try_wait().unwrap().is_none();
                self.kill(&mut gateway, victim, after);
                // The program finds no gateway, or the next one; it ends by itself.
                let mut gateway = self.program.start_gateway().await;
                let status = tokio::task::spawn_blocking(move || daemon.wait().unwrap()).await.unwrap();
                self.log.lines.push(format!("the program ended: {status}"));
                assert!([Some(0), Some(69)].contains(&status.code()), "{status}");
                self.unanswered += u32::from(status.code() == Some(69));
                gateway.kill().unwrap();
                gateway.wait().unwrap();
                daemon_at_work
            }
        };
        figures.late += u64::from(!was_at_work);
        self.nobody_writes().await;
        let begun: Vec<i64> = self.intents().await.iter().map(|intent| intent.number).collect();
        figures.writing += u64::from(!begun.is_empty());
        self.book.glance(&mut self.world).await;
        self.book.after_kill(&mut self.world).await;
        if !begun.is_empty() && self.random.one_in(2) {
            // Of all tickets it is one of these that somebody changes before the restart.
            let ticket = self.random.pick(&begun);
            self.desk.upset(&mut self.world, &mut self.random, &mut self.log.lines, ticket).await;
            self.book.glance(&mut self.world).await;
        }
        self.catch_up(figures).await;
    }

    /// The server ends what a killed process had begun, as soon as it notices.
    async fn nobody_writes(&mut self) {
        let gestan = self.world.sandbox.gestan.clone();
        let sql = format!(
            "SELECT CAST(ID AS CHAR) FROM information_schema.PROCESSLIST WHERE USER = 'gateway' AND DB = '{gestan}'"
        );
        let begun = Instant::now();
        while !self.world.desk.ask(&sql).await.unwrap().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the server keeps connections of what was killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What was put off, and now and then a pass that nothing disturbs.
    async fn catch_up(&mut self, figures: &mut Figures) {
        let Passes::Meanwhile { bill, notes } = std::mem::take(&mut self.book.passes) else { return };
        if bill || self.unanswered > 1 || self.random.one_in(4) {
            self.whole_pass(figures).await;
            if bill {
                self.log.lines.push("Gestan bills what is to be billed".to_owned());
                self.book.bill(&mut self.world).await;
            }
        }
        for _ in 0..notes {
            self.book.type_a_note(&mut self.world, &mut self.random).await;
        }
        self.book.passes = Passes::Meanwhile { bill: false, notes: 0 };
    }

    async fn whole_pass(&mut self, figures: &mut Figures) {
        self.log.lines.push("pass that nothing disturbs".to_owned());
        self.book.before_pass(&mut self.world).await;
        let begun = Instant::now();
        let report = self.program.pass().await;
        self.unanswered = 0;
        for record in report["records"].as_array().unwrap() {
            let outcome = &record["outcome"];
            assert!(outcome == "done" || outcome == "reported", "{record:#}");
        }
        figures.slowest = figures.slowest.max(begun.elapsed());
        self.pass = (self.pass * 3 + begun.elapsed().min(Duration::from_secs(3))) / 4;
    }

    /// The end: both sides agree, and every row is somebody's.
    async fn check(mut self, figures: &mut Figures) {
        self.whole_pass(figures).await;
        self.program.settled().await;
        self.book.check(&mut self.world).await;
        sound(&mut self.world).await;
        let gestan = self.world.sandbox.gestan.clone();
        let table = format!(
            "SELECT CONCAT_WS(':', NUMERO, SEQUENCE, IDINTERVENTION) FROM {gestan}.Z90_TICKET ORDER BY NUMERO, SEQUENCE"
        );
        let there = self.world.desk.ask(table).await.unwrap();
        let store = Store::open_read_only(&self.world.state_path()).await.unwrap();
        let mut numbers: Vec<i64> = store.linked_numbers().await.unwrap().into_keys().collect();
        numbers.sort_unstable();
        let links = store.links(&numbers).await.unwrap();
        let here: Vec<String> =
            links.iter().map(|link| format!("{}:{}:{}", link.number, link.sequence, link.gestan_id)).collect();
        assert_eq!(here, there, "links here and there");
        figures.interventions += there.len();
    }
}

/// Every row of Gestan is somebody's, and nobody's twice.
pub async fn sound(world: &mut World) {
    let gestan = world.sandbox.gestan.clone();
    for (what, sql) in [
        (
            "interventions of no ticket",
            "SELECT CAST(IDINTERVENTION AS CHAR) FROM {}.INTERVENTION WHERE IDINTERVENTION NOT IN (SELECT IDINTERVENTION FROM {}.Z90_TICKET)",
        ),
        (
            "tickets that have none",
            "SELECT CC_TICKET FROM {}.Z90_TICKET WHERE IDINTERVENTION NOT IN (SELECT IDINTERVENTION FROM {}.INTERVENTION)",
        ),
        (
            "interventions of two",
            "SELECT CAST(IDINTERVENTION AS CHAR) FROM {}.Z90_TICKET GROUP BY IDINTERVENTION HAVING COUNT(*) > 1",
        ),
        (
            "tickets with two at once",
            "SELECT CAST(NUMERO AS CHAR) FROM {}.Z90_TICKET GROUP BY NUMERO, SEQUENCE HAVING COUNT(*) > 1",
        ),
        (
            "rows of Z83 alone",
            "SELECT CAST(IDINTERVENTION AS CHAR) FROM {}.Z83_INTERVENTION WHERE IDINTERVENTION NOT IN (SELECT IDINTERVENTION FROM {}.INTERVENTION)",
        ),
        (
            "interventions without Z83",
            "SELECT CAST(IDINTERVENTION AS CHAR) FROM {}.INTERVENTION WHERE IDINTERVENTION NOT IN (SELECT IDINTERVENTION FROM {}.Z83_INTERVENTION)",
        ),
        (
            "steps of no ticket",
            "SELECT CC_STEP FROM {}.Z90_STEP WHERE CC_TICKET NOT IN (SELECT CC_TICKET FROM {}.Z90_TICKET)",
        ),
    ] {
        let found = world.desk.ask(sql.replace("{}", &gestan)).await.unwrap();
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}

/// The histories of a campaign, one after the other.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "the figures of a campaign")]
async fn killed_at_random_moments_again_and_again_gestan_says_in_the_end_what_gestsup_says() {
    let (seed, kills) = (number_from("KILL_SEED", SEED), number_from("KILLS", KILLS));
    let mut figures = Figures::default();
    let mut number = 0;
    while figures.kills < kills {
        let seed = seed.wrapping_add(number);
        let wanted = (figures.kills + PER_HISTORY).min(kills);
        let mut history = History::new(seed, wanted - figures.kills).await;
        while figures.kills < wanted {
            history.disturb(&mut figures).await;
        }
        history.check(&mut figures).await;
        number += 1;
    }
    eprintln!("{figures:?}");
}
