//! What the follow-up needs to be allowed to do in GestSup's base, and which of it the account lacks. Each right is tried
//! with a statement that touches no row: grants through roles and of single columns count as the server counts them.

use super::super::check::{Finding, Level};
use super::super::{Gestsup, GestsupError};
use super::GestsupPen;
use crate::config::FollowUp;
use crate::grants::{self, Need};

/// A right of the account: the privilege, its columns (none for all) and its table.
pub(in crate::gestsup) struct Right {
    pub verb: &'static str,
    pub columns: Vec<&'static str>,
    pub table: &'static str,
}

/// The rights that these settings need.
fn rights(settings: &FollowUp) -> Vec<Right> {
    let mut ticket = vec!["date_modif", "techread", "userread"];
    for (wanted, columns) in [
        (settings.status || settings.technician, &["state", "date_res"][..]),
        (settings.technician, &["technician", "t_group"]),
        (settings.planned, &["date_hope"]),
        (settings.minutes, &["time"]),
        (settings.load, &["time_hope"]),
    ] {
        if wanted {
            ticket.extend(columns);
        }
    }
    let mut step = vec!["text", "dest_mail"];
    if settings.minutes {
        step.push("time");
    }
    let mut rights = vec![
        Right { verb: "INSERT", columns: Vec::new(), table: "tthreads" },
        Right { verb: "UPDATE", columns: step, table: "tthreads" },
        Right { verb: "UPDATE", columns: ticket, table: "tincidents" },
    ];
    if settings.calendar {
        rights.push(Right { verb: "INSERT", columns: Vec::new(), table: "tevents" });
        let columns = vec!["technician", "date_start", "date_end", "disable"];
        rights.push(Right { verb: "UPDATE", columns, table: "tevents" });
    }
    rights
}

/// What these settings need, as an administrator grants it.
pub fn follow_up_need(settings: &FollowUp) -> Need {
    need_of("[follow_up]", "what Gestan's users do comes back to tickets", rights(settings))
}

/// Rights as an administrator grants them: one statement for each table.
pub(in crate::gestsup) fn need_of(of: &'static str, purpose: &'static str, rights: Vec<Right>) -> Need {
    let mut granted: Vec<(&'static str, grants::Right)> = Vec::new();
    for Right { verb, columns, table } in rights {
        let index = granted.iter().position(|(known, _)| *known == table).unwrap_or_else(|| {
            granted.push((table, grants::Right::on(table)));
            granted.len() - 1
        });
        let right = &mut granted[index].1;
        *right = match verb {
            "INSERT" => right.clone().insert(),
            _ => right.clone().update(columns),
        };
    }
    let rights = granted.into_iter().map(|(_, right)| right).collect();
    Need { of, purpose, rights }
}

impl Gestsup {
    /// What the account lacks for the follow-up.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_writing(&self, settings: &FollowUp) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_to_write().await?;
        let mut findings = Vec::new();
        let mut missing = Vec::new();
        for right in rights(settings) {
            if !pen.may(&right).await? {
                missing.push(right.grant(&pen));
            }
        }
        match missing.is_empty() {
            true => findings.push(Finding::new(Level::Ok, "the account may write what the follow-up carries back")),
            false => {
                let grants: Vec<String> = missing
                    .iter()
                    .map(|grant| format!("GRANT {} TO …", grant.replace("{base}", &self.place.database)))
                    .collect();
                findings.push(Finding::new(
                    Level::Error,
                    format!(
                        "[follow_up] is enabled, and the account “{}” lacks rights for it: {}",
                        self.place.user,
                        grants.join("; ")
                    ),
                ));
            }
        }
        if !pen.has("tthreads", "dest_mail") {
            findings.push(Finding::new(
                Level::Note,
                "this GestSup has no tthreads.dest_mail (it came with 3.1.40): which steps came from Gestan is known from the state alone; never lose it",
            ));
        }
        Ok(findings)
    }
}

impl GestsupPen {
    pub(in crate::gestsup) async fn may(&mut self, right: &Right) -> Result<bool, GestsupError> {
        let columns: Vec<&str> = right.columns.iter().copied().filter(|column| self.has(right.table, column)).collect();
        let table = right.table;
        let sql = match right.verb {
            "INSERT" => format!("INSERT INTO {table} SELECT * FROM {table} WHERE FALSE"),
            _ => {
                let sets: Vec<String> = columns.iter().map(|column| format!("`{column}` = `{column}`")).collect();
                format!("UPDATE {table} SET {} WHERE FALSE", sets.join(", "))
            }
        };
        match self.run(sql).await {
            Ok(()) => Ok(true),
            Err(GestsupError::MayNotWrite { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Right {
    pub(in crate::gestsup) fn grant(&self, pen: &GestsupPen) -> String {
        let columns: Vec<&str> = self.columns.iter().copied().filter(|column| pen.has(self.table, column)).collect();
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
        format!("{}{columns} ON `{{base}}`.{}", self.verb, self.table)
    }
}
