//! What an administrator should know of a GestSup base before the connector works on it.

use super::rows::{number, text};
use super::text::decode_listed;
use super::{Gestsup, GestsupError};
use crate::grants::Writer;
use crate::model::Label;
use serde::Serialize;
use std::collections::HashMap;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// It works, with less.
    Warning,
    /// It will not work.
    Error,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How serious.
    pub level: Level,
    /// A sentence.
    pub text: String,
}

impl Finding {
    /// A finding of that level.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into() }
    }
}

/// Keys of `[mapping]` rules, and where GestSup keeps the names that they ask for.
const NAMED: &[(&str, &str, &str)] = &[
    ("type", "ttypes", "name"),
    ("category", "tcategory", "name"),
    ("subcategory", "tsubcat", "name"),
    ("service", "tservices", "name"),
    ("client", "tcompany", "name"),
    ("technician", "tusers", "login"),
    ("group", "tgroups", "name"),
    ("priority", "tpriority", "name"),
    ("criticality", "tcriticality", "name"),
    ("project", "tprojects", "name"),
    ("state", "tstates", "id"),
    ("equipment", "tassets", "netbios"),
];

/// The names that this GestSup knows, by the key that asks for them.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<&'static str, Vec<String>>);

impl Names {
    /// The names that a key may ask for; `None` where GestSup has no list of them.
    pub fn of(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice)
    }
}

/// The tables that the flows which are on write to; they need rights on no more.
fn written(writers: &[Writer]) -> Vec<&'static str> {
    let mut tables = Vec::new();
    if writers.contains(&Writer::Mail) {
        tables.extend(["tincidents", "tthreads", "tattachments", "tusers"]);
    }
    if writers.contains(&Writer::FollowUp) {
        tables.extend(["tthreads", "tincidents", "tevents"]);
    }
    if writers.contains(&Writer::Reference) {
        tables.extend([
            "tcompany",
            "tusers",
            "tassets",
            "tassets_type",
            "tassets_manufacturer",
            "tassets_model",
            "tprojects",
            "tevents",
        ]);
    }
    tables
}

impl Gestsup {
    /// Looks at the base as one that is only read: version, structure, rights, settings.
    ///
    /// # Errors
    /// When it cannot be reached or is no GestSup base.
    pub async fn check(&self) -> Result<Vec<Finding>, GestsupError> {
        self.check_for(&[]).await
    }

    /// The same, for an account with which these flows write.
    ///
    /// # Errors
    /// When it cannot be reached or is no GestSup base.
    pub async fn check_for(&self, writers: &[Writer]) -> Result<Vec<Finding>, GestsupError> {
        let mut snapshot = self.open().await?;
        let mut findings = Vec::new();
        let version = if snapshot.catalogue.has("tparameters", "version") {
            let sql = "SELECT CAST(MAX(version) AS CHAR) AS version FROM tparameters";
            snapshot.fetch(sql.to_owned()).await?.first().map_or_else(String::new, |row| text(row, "version"))
        } else {
            String::new()
        };
        let sql = format!(
            "SELECT CAST(COUNT(*) AS SIGNED) AS n FROM tincidents t WHERE {}",
            snapshot.catalogue.not_deleted("t")
        );
        let count = snapshot.fetch(sql).await?.first().map_or(0, |row| number(row, "n"));
        findings.push(Finding::new(
            Level::Ok,
            format!(
                "GestSup {} at {}, database “{}”: {count} tickets",
                if version.is_empty() { "(version unknown)" } else { &version },
                self.place,
                self.place.database
            ),
        ));
        let losses = snapshot.catalogue.losses();
        findings.extend(losses.into_iter().map(|sentence| Finding::new(Level::Warning, sentence)));
        findings.extend(snapshot.tables_without_snapshot().await?);
        findings.extend(snapshot.harmful_settings().await?);
        if let Some(rights) = self.rights_beyond_select(&mut snapshot, &written(writers)).await? {
            findings.push(Finding::new(
                Level::Warning,
                format!(
                    "the account “{}” may do more than read ({rights}); SELECT on `{}` is enough",
                    self.place.user, self.place.database
                ),
            ));
        }
        Ok(findings)
    }

    async fn rights_beyond_select(
        &self,
        snapshot: &mut super::snapshot::GestsupSnapshot,
        written: &[&str],
    ) -> Result<Option<String>, GestsupError> {
        let rows = snapshot.fetch("SHOW GRANTS".to_owned()).await?;
        let database = &self.place.database;
        let here = [format!("`{database}`."), format!("`{}`.", database.replace('_', "\\_")), "*.".to_owned()];
        for row in &rows {
            let column =
                sqlx::Row::columns(row).first().map(|column| sqlx::Column::name(column).to_owned()).unwrap_or_default();
            let grant = text(row, &column);
            let Some((rights, on)) = grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON ")) else {
                continue;
            };
            // What it may do to other bases is none of this one's business.
            if !here.iter().any(|base| on.starts_with(base.as_str())) {
                continue;
            }
            let expected = written.iter().any(|table| on.contains(&format!("`{table}`")));
            if expected && !rights.contains("DELETE") && !rights.contains("ALL PRIVILEGES") {
                continue;
            }
            if !["USAGE", "SELECT", "SELECT, SHOW VIEW"].contains(&rights) {
                return Ok(Some(rights.chars().take(60).collect()));
            }
        }
        Ok(None)
    }

    /// The names that rules and tables of the configuration may use.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn names(&self) -> Result<Names, GestsupError> {
        let mut snapshot = self.open().await?;
        let mut names = HashMap::new();
        for (key, table, column) in NAMED {
            if !snapshot.catalogue.has(table, column) {
                continue;
            }
            let sql = format!("SELECT DISTINCT CAST({column} AS CHAR) AS name FROM {table} WHERE id <> 0");
            let rows = snapshot.fetch(sql).await?;
            names.insert(*key, rows.iter().map(|row| decode_listed(&text(row, "name"))).collect());
        }
        Ok(Names(names))
    }

    /// The states of this GestSup, for `[mapping.status]`.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn states(&self) -> Result<Vec<Label>, GestsupError> {
        let mut snapshot = self.open().await?;
        let rows = snapshot.fetch("SELECT CAST(id AS SIGNED) AS id, name FROM tstates ORDER BY id".to_owned()).await?;
        Ok(rows.iter().map(|row| Label { id: number(row, "id"), name: decode_listed(&text(row, "name")) }).collect())
    }
}
