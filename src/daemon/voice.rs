//! What the service says of a trouble that lasts: once when it begins, once when a system is left alone
//! for it, then at intervals, and that it is over.

use chrono::{DateTime, Duration, Utc};

/// How often a trouble that lasts is told again.
const REPEAT: Duration = Duration::minutes(15);

/// A trouble under way.
#[derive(Debug)]
struct Trouble {
    /// What tells it from another one.
    kind: String,
    since: DateTime<Utc>,
    told: DateTime<Utc>,
    /// Passes that failed or were put off.
    passes: u32,
    /// It was told that a system is left alone.
    put_off: bool,
}

/// What is to be said now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// It is new.
    New,
    /// It goes on: since when, in words.
    StillThere(String),
    /// It was said lately.
    Nothing,
}

/// Remembers what was said.
#[derive(Debug, Default)]
pub(super) struct Voice {
    trouble: Option<Trouble>,
}

impl Voice {
    /// A pass failed.
    pub(super) fn failed(&mut self, kind: &str, now: DateTime<Utc>) -> Word {
        match &mut self.trouble {
            Some(trouble) if trouble.kind == kind => trouble.again(now),
            _ => {
                self.begin(kind, now);
                Word::New
            }
        }
    }

    /// A pass was put off, or a failure made it so that the next ones will be.
    pub(super) fn put_off(&mut self, now: DateTime<Utc>) -> Word {
        let trouble = match &mut self.trouble {
            Some(trouble) => trouble,
            None => self.begin("", now),
        };
        if trouble.put_off {
            return trouble.again(now);
        }
        trouble.put_off = true;
        trouble.told = now;
        Word::New
    }

    /// A pass was made; how long none could be, and how many there should have been, if that is news.
    pub(super) fn well(&mut self, now: DateTime<Utc>) -> Option<(String, u32)> {
        self.trouble.take().map(|trouble| (lasted(now - trouble.since), trouble.passes))
    }

    fn begin(&mut self, kind: &str, now: DateTime<Utc>) -> &mut Trouble {
        let trouble = Trouble { kind: kind.to_owned(), since: now, told: now, passes: 1, put_off: false };
        self.trouble.insert(trouble)
    }
}

impl Trouble {
    fn again(&mut self, now: DateTime<Utc>) -> Word {
        self.passes = self.passes.saturating_add(1);
        if now - self.told < REPEAT {
            return Word::Nothing;
        }
        self.told = now;
        Word::StillThere(format!("{} passes in {}", self.passes, lasted(now - self.since)))
    }
}

/// A duration in words.
pub(super) fn lasted(duration: Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn a_trouble_is_told_once_then_every_quarter_of_an_hour_then_that_it_is_over() {
        let mut voice = Voice::default();
        assert_eq!(voice.well(at(0)), None);
        let mut told = Vec::new();
        for seconds in (0..2000).step_by(10) {
            // Three attempts, then a circuit that lets one through every ten minutes.
            let open = seconds > 30 && seconds % 600 != 0;
            let word = if open { voice.put_off(at(seconds)) } else { voice.failed("gestan", at(seconds)) };
            if word != Word::Nothing {
                told.push((seconds, word));
            }
        }
        let still = |passes: u32, minutes: u32| Word::StillThere(format!("{passes} passes in {minutes} min"));
        assert_eq!(told, [(0, Word::New), (40, Word::New), (940, still(94, 15)), (1840, still(184, 30))]);
        assert_eq!(voice.well(at(7322)), Some(("2 h 02 min".to_owned(), 199)));
        assert_eq!(voice.well(at(7332)), None);
    }

    #[test]
    fn another_trouble_is_told_at_once() {
        let mut voice = Voice::default();
        assert_eq!(voice.failed("gestan", at(0)), Word::New);
        assert_eq!(voice.failed("gestsup", at(5)), Word::New);
        assert_eq!(voice.failed("gestsup", at(10)), Word::Nothing);
        assert_eq!(voice.well(at(65)), Some(("60 s".to_owned(), 2)));
    }
}
