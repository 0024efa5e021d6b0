//! What the driver gives back, as values: it reads everything as text.

use super::text::unnamed;
use crate::gateway::base::{BaseError, Kind, SqlValue};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A cell as what it is read as; `own`: of the connector's own tables.
///
/// # Errors
/// When it holds something else.
pub(super) fn value(cell: Option<&str>, kind: Kind, own: bool) -> Result<SqlValue, BaseError> {
    let Some(text) = cell else { return Ok(SqlValue::Null) };
    let is_not = |what: &str| BaseError::Value(format!("“{}” is no {what}", text.trim()));
    match kind {
        // An empty memo may be read as one NUL.
        Kind::Text if own => Ok(SqlValue::Text(unnamed(text.trim_end_matches('\0')).into_owned())),
        Kind::Text => Ok(SqlValue::Text(text.trim_end_matches('\0').to_owned())),
        Kind::Int => int(text).ok_or_else(|| is_not("number")),
        Kind::Date | Kind::Time | Kind::DateTime => {
            // With or without signs between; a date-time may have milliseconds.
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            if text.chars().any(|c| c.is_alphabetic() && c != 'T') {
                return Err(is_not("date or time"));
            }
            if digits.bytes().all(|digit| digit == b'0') && kind != Kind::Time {
                return Ok(SqlValue::Null);
            }
            match kind {
                Kind::Date => date(&digits).map(SqlValue::Date).ok_or_else(|| is_not("date")),
                Kind::Time if digits.is_empty() => Ok(SqlValue::Null),
                Kind::Time => time(&digits).map(SqlValue::Time).ok_or_else(|| is_not("time")),
                _ => moment(&digits).map(SqlValue::DateTime).ok_or_else(|| is_not("date and time")),
            }
        }
    }
}

/// A number; a boolean of a driver, and a decimal without decimals, too.
fn int(text: &str) -> Option<SqlValue> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let whole = match text.split_once(['.', ',']) {
        Some((whole, decimals)) if decimals.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    match whole {
        "" => Some(SqlValue::Null),
        "\u{1}" | "true" | "True" | "TRUE" => Some(SqlValue::Int(1)),
        "false" | "False" | "FALSE" => Some(SqlValue::Int(0)),
        number => number.parse().ok().map(SqlValue::Int),
    }
}

fn date(digits: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(digits.get(..8)?, "%Y%m%d").ok()
}

fn time(digits: &str) -> Option<NaiveTime> {
    // HHMM, HHMMSS, and HHMMSSCC as WinDev writes it.
    let padded = format!("{digits:0<6}");
    NaiveTime::parse_from_str(padded.get(..6)?, "%H%M%S").ok().filter(|_| digits.len() >= 4)
}

fn moment(digits: &str) -> Option<NaiveDateTime> {
    let day = date(digits)?;
    match &digits[8..] {
        "" => Some(day.and_time(NaiveTime::MIN)),
        rest => time(rest).map(|time| day.and_time(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cell: &str, kind: Kind) -> String {
        match value(Some(cell), kind, false) {
            Ok(SqlValue::Null) => "null".to_owned(),
            Ok(SqlValue::Int(number)) => number.to_string(),
            Ok(SqlValue::Text(text)) => text,
            Ok(SqlValue::Date(date)) => date.to_string(),
            Ok(SqlValue::Time(time)) => time.to_string(),
            Ok(SqlValue::DateTime(moment)) => moment.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn dates_are_read_as_windev_and_as_odbc_write_them() {
        for (cell, kind, expected) in [
            ("20261127", Kind::Date, "2026-11-27"),
            ("2026-11-27", Kind::Date, "2026-11-27"),
            ("", Kind::Date, "null"),
            ("00000000", Kind::Date, "null"),
            ("0000-00-00", Kind::Date, "null"),
            ("20261127143005", Kind::DateTime, "2026-11-27 14:30:05"),
            ("20261127143005123", Kind::DateTime, "2026-11-27 14:30:05"),
            ("2026-11-27 14:30:05.000", Kind::DateTime, "2026-11-27 14:30:05"),
            ("2026-11-27", Kind::DateTime, "2026-11-27 00:00:00"),
            ("0000-00-00 00:00:00", Kind::DateTime, "null"),
            ("14:30:05", Kind::Time, "14:30:05"),
            ("14300599", Kind::Time, "14:30:05"),
            ("1430", Kind::Time, "14:30:00"),
            ("00:00:00", Kind::Time, "00:00:00"),
            ("", Kind::Time, "null"),
        ] {
            assert_eq!(shown(cell, kind), expected, "{cell} as {kind:?}");
        }
        for (cell, kind) in [
            ("hier", Kind::Int),
            ("hier", Kind::Date),
            ("20261340", Kind::Date),
            ("99:99", Kind::Time),
            ("2026", Kind::Date),
        ] {
            assert!(shown(cell, kind).starts_with("error"), "{cell} as {kind:?}");
        }
    }

    #[test]
    fn numbers_and_booleans_are_read_as_drivers_write_them() {
        for (cell, expected) in
            [("7", "7"), ("-3", "-3"), ("7.000000", "7"), ("True", "1"), ("0", "0"), ("", "null"), (" 12 ", "12")]
        {
            assert_eq!(shown(cell, Kind::Int), expected, "{cell}");
        }
        assert!(shown("7.5", Kind::Int).starts_with("error"));
    }

    #[test]
    fn an_empty_memo_is_empty() {
        assert_eq!(shown("\0", Kind::Text), "");
    }
}
