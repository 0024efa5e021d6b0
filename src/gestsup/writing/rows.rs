//! Rows that strict SQL accepts: GestSup's columns are NOT NULL and have no default, and each version adds some.

use super::super::rows::{nothing, text};
use super::super::{Gestsup, GestsupError};
use sqlx::MySqlConnection;
use std::collections::HashMap;

/// Columns of `tevents` that an appointment needs.
pub(super) const EVENT: [&str; 6] = ["id", "incident", "technician", "date_start", "date_end", "type"];

/// Columns that an INSERT must name, with what stands there for nothing.
#[derive(Debug, Default)]
pub(in crate::gestsup) struct Required {
    tables: HashMap<String, Vec<(String, &'static str)>>,
    /// The texts of comments hold no more than Latin-1.
    pub latin1: bool,
}

impl Required {
    pub(in crate::gestsup) async fn read(
        gestsup: &Gestsup,
        connection: &mut MySqlConnection,
    ) -> Result<Self, GestsupError> {
        let sql = "SELECT LOWER(CAST(table_name AS CHAR)) AS t, CAST(column_name AS CHAR) AS c, LOWER(CAST(data_type AS CHAR)) AS d, \
                   CAST(is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%' AS CHAR) AS r, \
                   LOWER(CAST(COALESCE(character_set_name, '') AS CHAR)) AS s \
                   FROM information_schema.columns WHERE table_schema = DATABASE() AND LOWER(table_name) IN ('tthreads', 'tevents', 'tincidents', 'tattachments', 'tusers')";
        let mut this = Self::default();
        for row in gestsup.within(sqlx::raw_sql(sql).fetch_all(&mut *connection)).await? {
            let (table, column) = (text(&row, "t"), text(&row, "c"));
            if table == "tthreads" && column == "text" {
                this.latin1 = text(&row, "s") == "latin1";
            }
            if text(&row, "r") == "1" {
                this.tables.entry(table).or_default().push((column, nothing(&text(&row, "d"))));
            }
        }
        Ok(this)
    }

    /// Those of a table that are not in `given`.
    pub(in crate::gestsup) fn beside<'a>(
        &'a self,
        table: &str,
        given: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, &'static str)> + 'a {
        self.tables
            .get(table)
            .into_iter()
            .flatten()
            .filter(move |(column, _)| !given.iter().any(|known| known.eq_ignore_ascii_case(column)))
            .map(|(column, nothing)| (column.as_str(), *nothing))
    }
}
