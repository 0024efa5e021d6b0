//! Which tables and columns this GestSup has: they differ by version, so every statement is built
//! from the live list, and what is missing reads as its neutral value.

use super::{Gestsup, GestsupError};
use sqlx::{MySqlConnection, Row as _};
use std::collections::{HashMap, HashSet};

/// Columns without which a database is no GestSup base.
const ESSENTIAL: [(&str, &[&str]); 4] = [
    ("tincidents", &["id", "title", "description", "user", "technician", "state", "date_create"]),
    ("tthreads", &["id", "ticket", "date", "author", "text", "type"]),
    ("tusers", &["id", "login", "firstname", "lastname", "mail", "company", "profile"]),
    ("tstates", &["id", "name"]),
];

/// The tables and columns of one base, in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    tables: HashMap<String, HashSet<String>>,
}

impl Catalogue {
    pub(super) async fn read(gestsup: &Gestsup, connection: &mut MySqlConnection) -> Result<Self, GestsupError> {
        let sql = "SELECT LOWER(CAST(table_name AS CHAR)) AS t, LOWER(CAST(column_name AS CHAR)) AS c \
                   FROM information_schema.columns WHERE table_schema = DATABASE()";
        let rows = gestsup.within(sqlx::raw_sql(sql).fetch_all(&mut *connection)).await?;
        let mut this = Self::default();
        for row in &rows {
            if let (Ok(table), Ok(column)) = (row.try_get::<String, _>("t"), row.try_get::<String, _>("c")) {
                this.tables.entry(table).or_default().insert(column);
            }
        }
        for (table, columns) in ESSENTIAL {
            if let Some(column) = columns.iter().find(|column| !this.has(table, column)) {
                let missing =
                    if this.has_table(table) { format!("{table}.{column}") } else { format!("table {table}") };
                return Err(GestsupError::NotGestsup { place: gestsup.place.clone(), missing });
            }
        }
        Ok(this)
    }

    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(&column.to_lowercase()))
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Those of these columns that are there, under an alias.
    pub(super) fn present(&self, alias: &str, table: &str, columns: &[&str]) -> Vec<String> {
        columns.iter().filter(|column| self.has(table, column)).map(|column| format!("{alias}.`{column}`")).collect()
    }

    /// The column under an alias, or a neutral literal where this version does not have it.
    pub(super) fn column(&self, alias: &str, table: &str, column: &str, neutral: &str) -> String {
        if self.has(table, column) { format!("{alias}.`{column}`") } else { neutral.to_owned() }
    }

    /// The condition that tells the tickets that were not deleted: GestSup 3.1 keeps deleted ones.
    pub(super) fn not_deleted(&self, alias: &str) -> String {
        format!("{} = 0", self.column(alias, "tincidents", "disable", "0"))
    }

    #[cfg(test)]
    pub(super) fn of(tables: &[(&str, &[&str])]) -> Self {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self { tables: tables.iter().map(|(table, names)| ((*table).to_owned(), columns(names))).collect() }
    }
}
