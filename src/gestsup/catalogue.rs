//! Which tables and columns this GestSup has: they differ by version, so every statement is built
//! from the live list, and what is missing reads as its neutral value.

use super::{Gestsup, GestsupError};
use sqlx::{MySqlConnection, Row as _};
use std::collections::HashSet;

/// Columns without which a database is no GestSup base.
const ESSENTIAL: [(&str, &[&str]); 4] = [
    ("tincidents", &["id", "title", "description", "user", "technician", "state", "date_create", "disable"]),
    ("tthreads", &["id", "ticket", "date", "author", "text", "type"]),
    ("tusers", &["id", "login", "firstname", "lastname", "mail", "company", "profile"]),
    ("tstates", &["id", "name"]),
];

/// Columns that are used where they exist.
const USED: [(&str, &[&str]); 4] = [
    (
        "tincidents",
        &["t_group", "type", "billable", "u_group", "asset_id", "time", "time_hope", "date_res", "date_hope"],
    ),
    ("tthreads", &["private", "time", "tech1", "tech2", "group1", "group2", "state"]),
    ("tcompany", &["id", "name"]),
    ("tassets", &["id", "netbios", "sn_internal", "sn_manufacturer"]),
];

/// The tables and columns of one base, in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    columns: HashSet<(String, String)>,
}

impl Catalogue {
    pub(super) async fn read(gestsup: &Gestsup, connection: &mut MySqlConnection) -> Result<Self, GestsupError> {
        let sql = "SELECT LOWER(CAST(table_name AS CHAR)) AS t, LOWER(CAST(column_name AS CHAR)) AS c \
                   FROM information_schema.columns WHERE table_schema = DATABASE()";
        let rows = gestsup.within(sqlx::raw_sql(sql).fetch_all(&mut *connection)).await?;
        let columns = rows.iter().filter_map(|row| Some((row.try_get("t").ok()?, row.try_get("c").ok()?))).collect();
        let this = Self { columns };
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
        self.columns.contains(&(table.to_owned(), column.to_lowercase()))
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == table)
    }

    /// The column under an alias, or a neutral literal where this version does not have it.
    pub(super) fn column(&self, alias: &str, table: &str, column: &str, neutral: &str) -> String {
        if self.has(table, column) { format!("{alias}.`{column}`") } else { neutral.to_owned() }
    }

    /// A number of a list that may lack, as the name of its row.
    pub(super) fn join(&self, alias: &str, table: &str, on: &str) -> String {
        if self.has(table, "id") { format!(" LEFT JOIN `{table}` {alias} ON {alias}.id = {on}") } else { String::new() }
    }

    /// Columns that the connector uses and that this version does not have.
    pub(super) fn missing(&self) -> Vec<String> {
        USED.iter()
            .flat_map(|(table, columns)| columns.iter().map(move |column| (table, column)))
            .filter(|(table, column)| !self.has(table, column))
            .map(|(table, column)| format!("{table}.{column}"))
            .collect()
    }
}
