//! Statements in the words of MySQL and MariaDB.

use super::{Column, Condition, Kind, NewColumn, NewType, SqlValue};
use sqlx::mysql::MySqlArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, MySql};

/// Rows of one INSERT at most. Numbers of rows are powers of two, so that few statements serve all.
const INSERT_ROWS: usize = 128;
/// Bytes of text in one INSERT, well under what a server takes by default (`max_allowed_packet`).
const INSERT_BYTES: usize = 1024 * 1024;

/// A statement in this base's words, with its values.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<SqlValue>,
}

impl Statement {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    pub(super) fn filter(mut self, filter: &[Condition]) -> Self {
        for (index, condition) in filter.iter().enumerate() {
            self.sql.push_str(if index == 0 { " WHERE " } else { " AND " });
            match condition {
                Condition::Equals(column, value) => {
                    self.sql.push_str(&format!("{} = ?", quote(column)));
                    self.values.push(value.clone());
                }
                Condition::Greater(column, value) => {
                    self.sql.push_str(&format!("{} > ?", quote(column)));
                    self.values.push(value.clone());
                }
                Condition::In(_, values) if values.is_empty() => self.sql.push_str("1 = 0"),
                Condition::In(column, values) => {
                    // The last value again and again, up to a power of two: few statements serve all.
                    let count = values.len().next_power_of_two();
                    let marks = vec!["?"; count].join(", ");
                    self.sql.push_str(&format!("{} IN ({marks})", quote(column)));
                    self.values.extend(values.iter().chain(values.iter().rev().cycle()).take(count).cloned());
                }
            }
        }
        self
    }

    pub(super) fn query(self) -> Query<'static, MySql, MySqlArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql));
        for value in self.values {
            query = match value {
                SqlValue::Null => query.bind(None::<String>),
                SqlValue::Int(number) => query.bind(number),
                SqlValue::Text(text) => query.bind(text),
                SqlValue::Date(date) => query.bind(date),
                SqlValue::Time(time) => query.bind(time),
                SqlValue::DateTime(time) => query.bind(time),
            };
        }
        query
    }
}

/// Names are our own or configured; a backquote inside one must not end it.
pub(super) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

pub(super) fn type_of(column: &NewColumn) -> String {
    match column.kind {
        NewType::Key => "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY".to_owned(),
        NewType::Int => "BIGINT NULL".to_owned(),
        // Keys are compared to the letter, accents and case included.
        NewType::Text(length) if column.unique => {
            format!("VARCHAR({length}) CHARACTER SET ascii COLLATE ascii_bin NOT NULL")
        }
        NewType::Text(length) => format!("VARCHAR({length}) NULL"),
        NewType::LongText => "LONGTEXT NULL".to_owned(),
        NewType::DateTime => "DATETIME NULL".to_owned(),
    }
}

/// Copies give columns other types than Gestan: each is cast to what it is read as.
pub(super) fn selected(column: &Column) -> String {
    let cast = match column.kind {
        Kind::Int => "SIGNED",
        Kind::Text | Kind::Date | Kind::Time | Kind::DateTime => "CHAR",
    };
    format!("CAST({name} AS {cast}) AS {name}", name = quote(column.name))
}

/// How many of the first rows go into one statement: a power of two, and no more bytes than fit.
pub(super) fn rows_of_one_insert(rows: &[Vec<SqlValue>]) -> usize {
    let mut bytes = 0;
    let fitting = rows.iter().take(INSERT_ROWS).take_while(|row| {
        bytes += row.iter().map(SqlValue::size).sum::<usize>();
        bytes <= INSERT_BYTES
    });
    let fitting = fitting.count().max(1);
    1 << fitting.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_takes_a_power_of_two_of_rows_that_fits() {
        let rows = |count: usize, bytes: usize| vec![vec![SqlValue::Text("x".repeat(bytes))]; count];
        for (count, bytes, expected) in [(1, 1, 1), (3, 1, 2), (100, 1, 64), (1000, 1, 128), (3, 2_000_000, 1)] {
            assert_eq!(rows_of_one_insert(&rows(count, bytes)), expected, "{count} rows of {bytes} bytes");
        }
        assert_eq!(rows_of_one_insert(&rows(10, INSERT_BYTES / 5)), 4);
    }
}
