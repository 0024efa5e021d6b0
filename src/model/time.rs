//! Durations: GestSup counts minutes, Gestan counts in the unit of its general settings.

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The point in time of a local date-time without offset, as both systems store them. An hour that
/// exists twice (clocks set back) is its first occurrence; one that never was (clocks set forward) is
/// as long after the change as it claims to be after the last full hour before it.
pub fn local_to_utc(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => time.with_timezone(&Utc),
        LocalResult::Ambiguous(first, _) => first.with_timezone(&Utc),
        LocalResult::None => {
            // Every gap in the zone database is shorter than a day.
            let before = local - Duration::days(1);
            match zone.from_local_datetime(&before).earliest() {
                Some(time) => (time + Duration::days(1)).with_timezone(&Utc),
                None => local.and_utc(),
            }
        }
    }
}

/// The unit in which Gestan holds time spent and load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Minutes.
    #[default]
    Minute,
    /// Hours.
    Hour,
    /// Days of `hours_per_day` hours.
    Day,
}

/// How a duration that is not a whole number of units is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Every unit that was begun counts.
    #[default]
    Up,
    /// To the nearest unit, halves upwards.
    Nearest,
    /// Only whole units count.
    Down,
}

impl TimeUnit {
    /// Minutes in one unit.
    pub fn minutes(self, hours_per_day: u32) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 60 * i64::from(hours_per_day.max(1)),
        }
    }
}

impl Rounding {
    /// `minutes` as a whole number of units of `unit` minutes; negative durations count as 0.
    pub fn apply(self, minutes: i64, unit: i64) -> i64 {
        let (minutes, unit) = (minutes.max(0), unit.max(1));
        match self {
            Self::Up => (minutes + unit - 1) / unit,
            Self::Nearest => (minutes + unit / 2) / unit,
            Self::Down => minutes / unit,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_has_as_many_hours_as_configured() {
        assert_eq!(TimeUnit::Day.minutes(7), 420);
        assert_eq!(Rounding::Up.apply(421, 420), 2);
        assert_eq!(Rounding::Nearest.apply(629, 420), 1);
        assert_eq!(Rounding::Nearest.apply(630, 420), 2);
        assert_eq!(Rounding::Down.apply(839, 420), 1);
    }

    #[test]
    fn the_hour_that_exists_twice_is_its_first_occurrence_and_the_missing_one_moves_forward() {
        let paris = chrono_tz::Europe::Paris;
        let utc = |text: &str| local_to_utc(text.parse().unwrap(), paris).to_rfc3339();
        assert_eq!(utc("2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
        assert_eq!(utc("2026-03-29T02:30:00"), "2026-03-29T01:30:00+00:00");
        assert_eq!(utc("2026-07-01T12:00:00"), "2026-07-01T10:00:00+00:00");
    }

    proptest! {
        #[test]
        fn rounding_up_never_loses_time_and_down_never_invents_any(minutes in 0i64..1_000_000, unit in 1i64..2_000) {
            let up = Rounding::Up.apply(minutes, unit);
            let down = Rounding::Down.apply(minutes, unit);
            let nearest = Rounding::Nearest.apply(minutes, unit);
            prop_assert!(up * unit >= minutes && (up - 1) * unit < minutes.max(1));
            prop_assert!(down * unit <= minutes && (down + 1) * unit > minutes);
            prop_assert!(nearest == up || nearest == down);
        }
    }
}
