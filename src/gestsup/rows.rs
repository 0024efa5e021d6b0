//! Reading columns without surprises: numbers of any width, and dates that MySQL accepts and no
//! calendar does.

use crate::model::{Role, local_to_utc};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

/// A number, 0 where there is none. The column must be `CAST(… AS SIGNED)`.
pub(super) fn number(row: &MySqlRow, column: &str) -> i64 {
    row.try_get::<Option<i64>, _>(column).ok().flatten().unwrap_or(0)
}

/// A text, empty where there is none. The column must be a character column or `CAST(… AS CHAR)`.
pub(super) fn text(row: &MySqlRow, column: &str) -> String {
    row.try_get::<Option<String>, _>(column)
        .ok()
        .flatten()
        .or_else(|| {
            // Some servers type the result of an expression as binary.
            let bytes = row.try_get::<Option<Vec<u8>>, _>(column).ok().flatten()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
        .unwrap_or_default()
}

/// A point in time from a local date (and time) as text; `None` for a zero date, and for one that no
/// calendar has, such as the 30th of February that MySQL lets through.
pub(super) fn time(row: &MySqlRow, column: &str, zone: Tz) -> Option<DateTime<Utc>> {
    parse_local(&text(row, column)).map(|local| local_to_utc(local, zone))
}

/// A local date, or date and time, as MySQL prints it.
pub(super) fn parse_local(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("0000") {
        return None;
    }
    if let Some(whole) = whole_seconds(text) {
        return Some(whole);
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0)))
}

/// `2026-11-24 08:05:09`, as nearly every date is printed: by hand, since a sweep reads four a ticket and a format string
/// takes longer to understand than the date.
fn whole_seconds(text: &str) -> Option<NaiveDateTime> {
    const LAYOUT: &[u8] = b"0000-00-00 00:00:00";
    let fits = |(is, shown): (u8, &u8)| if *shown == b'0' { is.is_ascii_digit() } else { is == *shown };
    if text.len() != LAYOUT.len() || !text.bytes().zip(LAYOUT).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
    let day = NaiveDate::from_ymd_opt(text.get(..4)?.parse().ok()?, number(5, 7)?, number(8, 10)?)?;
    day.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)
}

/// `tusers.profile` as a role; unknown levels count as users, who may do the least.
pub(super) fn role(profile: i64) -> Role {
    match profile {
        0 => Role::Technician,
        1 => Role::PowerUser,
        3 => Role::Supervisor,
        4 => Role::Administrator,
        _ => Role::User,
    }
}

/// Numbers as the inside of `IN (…)`; never empty.
pub(super) fn list(numbers: &[i64]) -> String {
    if numbers.is_empty() {
        return "-1".to_owned();
    }
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// What GestSup stores for nothing in a column of this type.
pub(super) fn nothing(data_type: &str) -> &'static str {
    match data_type {
        "date" => "'0000-00-00'",
        "datetime" | "timestamp" => "'0000-00-00 00:00:00'",
        "time" => "'00:00:00'",
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float" | "double" | "bit" | "year" => {
            "0"
        }
        _ => "''",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_dates_and_impossible_ones_read_as_none() {
        for text in ["", "0000-00-00", "0000-00-00 00:00:00", "2024-00-10 10:00:00", "2026-02-30", "garbage"] {
            assert_eq!(parse_local(text), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_reads_what_the_long_one_does() {
        for text in ["2026-11-24 08:05:09", "1999-12-31 23:59:59", "2024-02-29 00:00:00", "2023-02-29 00:00:00"] {
            assert_eq!(parse_local(text), NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok(), "{text}");
        }
        assert_eq!(whole_seconds("2026-11-24T08:05:09"), None);
        assert_eq!(whole_seconds("+026-11-24 08:05:09"), None);
    }

    #[test]
    fn dates_and_times_read_as_they_are() {
        let time = parse_local("2026-11-24 08:05:09").map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2026-11-24 08:05:09"));
        let day = parse_local("2026-11-24").map(|time| time.to_string());
        assert_eq!(day.as_deref(), Some("2026-11-24 00:00:00"));
    }
}
