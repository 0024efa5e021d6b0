//! When a flow is at work: an interval, or a cron expression in a time zone.

use chrono::{DateTime, Offset as _, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// "every 2 min", or a cron expression of five fields (minute first) or six (second first).
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Every(Duration),
    Cron(Box<Cron>),
}

impl Schedule {
    /// An interval.
    pub fn every(interval: Duration) -> Self {
        let seconds = interval.as_secs();
        let text = match seconds {
            s if s > 0 && s.is_multiple_of(3600) => format!("every {} h", s / 3600),
            s if s > 0 && s.is_multiple_of(60) => format!("every {} min", s / 60),
            s => format!("every {s} s"),
        };
        Self { text, kind: Kind::Every(interval) }
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        let kind = match text.trim().strip_prefix("every ") {
            Some(interval) => Kind::Every(interval_of(interval.trim()).ok_or_else(|| {
                format!(
                    "\"{text}\" is no interval: write for instance \"every 30 s\", \"every 2 min\" or \"every 1 h\""
                )
            })?),
            None => {
                let cron = CronParser::builder().seconds(Seconds::Optional).build().parse(text.trim());
                Kind::Cron(Box::new(cron.map_err(|error| {
                    format!(
                        "\"{text}\" is no schedule ({error}): write \"every 2 min\", or a cron expression such as \"*/5 8-18 * * mon-fri\" (minute, hour, day, month, weekday; a sixth field in front is for seconds)"
                    )
                })?))
            }
        };
        Ok(Self { text: text.trim().to_owned(), kind })
    }

    /// The interval, where it is one.
    pub fn interval(&self) -> Option<Duration> {
        match self.kind {
            Kind::Every(interval) => Some(interval),
            Kind::Cron(_) => None,
        }
    }

    /// Whether a cron expression is meant for every hour.
    fn is_hourly(&self) -> bool {
        let fields: Vec<&str> = self.text.split_whitespace().collect();
        fields.len().checked_sub(4).and_then(|hour| fields.get(hour)) == Some(&"*")
    }

    /// The first time after `after` that a cron expression names; `None` for an interval, and for an expression that no
    /// time is meant by.
    pub fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match &self.kind {
            Kind::Every(_) => None,
            Kind::Cron(cron) => {
                let local = after.with_timezone(&zone);
                // In the hour that comes twice the crate may name a time that is over.
                let later = |hours| {
                    let from = local + chrono::TimeDelta::hours(hours);
                    let next = cron.find_next_occurrence(&from, false).ok()?.with_timezone(&Utc);
                    (next > after).then_some(next)
                };
                let next = (0..3).find_map(later)?;
                if !self.is_hourly() {
                    return Some(next);
                }
                // And it leaves the second of them out: right for what is meant once, wrong for what runs at every hour.
                let steady = cron.find_next_occurrence(&local.with_timezone(&local.offset().fix()), false).ok()?;
                let matches = cron.is_time_matching(&steady.with_timezone(&zone)).unwrap_or(false);
                Some(if matches { next.min(steady.with_timezone(&Utc)) } else { next })
            }
        }
    }
}

/// "2 min" as a duration.
fn interval_of(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    // "every minute" is one of them.
    let number: u64 = if number.is_empty() { 1 } else { number.parse().ok()? };
    let seconds = match unit.trim() {
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    let total = number.checked_mul(seconds)?;
    // A longer one would be a mistake, and no clock counts so far.
    (1..=366 * 86_400).contains(&total).then(|| Duration::from_secs(total))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schedule {}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Schedule {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeZone as _;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    fn times(expression: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::new(expression).unwrap();
        let mut at = from.parse::<DateTime<Utc>>().unwrap();
        let mut times = Vec::new();
        for _ in 0..count {
            at = schedule.next(at, PARIS).unwrap();
            times.push(at.format("%d %H:%M:%S").to_string());
        }
        times
    }

    #[test]
    fn intervals_are_read_in_words() {
        for (text, seconds) in [
            ("every 30 s", 30),
            ("every 2 min", 120),
            ("every minute", 60),
            ("every 1 h", 3600),
            ("every 90 seconds", 90),
            ("every 2h", 7200),
            ("every 1 day", 86_400),
        ] {
            assert_eq!(Schedule::new(text).unwrap().interval(), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["every", "every 0 min", "every 2 weeks", "every -1 s", "every 99999999999999999999 s", "every 1000 d"]
        {
            let error = Schedule::new(text).unwrap_err();
            assert!(error.contains("every 2 min"), "{text}: {error}");
        }
        assert_eq!(Schedule::every(Duration::from_secs(7200)).to_string(), "every 2 h");
        assert_eq!(Schedule::every(Duration::from_secs(90)).to_string(), "every 90 s");
    }

    #[test]
    fn cron_expressions_of_five_and_six_fields_follow_the_zone() {
        // Summer time: eight o'clock in Paris is six in UTC.
        assert_eq!(times("0 8 * * *", "2026-07-01T00:00:00Z", 1), ["01 06:00:00"]);
        assert_eq!(times("15 0 8 * * *", "2026-01-01T00:00:00Z", 1), ["01 07:00:15"]);
        assert_eq!(
            times("*/20 8-9 * * mon-fri", "2026-07-03T07:00:00Z", 5),
            ["03 07:20:00", "03 07:40:00", "06 06:00:00", "06 06:20:00", "06 06:40:00"]
        );
        for text in ["* * *", "61 * * * *", "tomorrow", ""] {
            let error = Schedule::new(text).unwrap_err();
            assert!(error.contains("cron expression such as"), "{text}: {error}");
        }
    }

    #[test]
    fn no_run_is_lost_or_doubled_when_the_clocks_change() {
        // 29 March 2026: 02:00 becomes 03:00. 25 October 2026: 03:00 becomes 02:00.
        assert_eq!(times("30 2 * * *", "2026-03-28T12:00:00Z", 2), ["29 01:00:00", "30 00:30:00"]);
        assert_eq!(times("30 2 * * *", "2026-10-24T12:00:00Z", 2), ["25 00:30:00", "26 01:30:00"]);
        // What runs all the time goes on through the hour that comes twice.
        let through = times("*/30 * * * *", "2026-10-24T23:45:00Z", 6);
        assert_eq!(through, ["25 00:00:00", "25 00:30:00", "25 01:00:00", "25 01:30:00", "25 02:00:00", "25 02:30:00"]);
    }

    #[test]
    fn a_time_that_never_comes_is_none() {
        let never = Schedule::new("0 0 30 2 *").unwrap();
        assert_eq!(never.next(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(), PARIS), None);
    }
}
