//! What the follow-up needs to be allowed to do in GestSup's base, and which of it the account lacks.

use super::super::check::{Finding, Level};
use super::super::granted::Right;
use super::super::{Gestsup, GestsupError};
use crate::config::FollowUp;

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
    let mut rights =
        vec![Right::insert("tthreads"), Right::update("tthreads", step), Right::update("tincidents", ticket)];
    if settings.calendar {
        rights.push(Right::insert("tevents"));
        rights.push(Right::update("tevents", vec!["technician", "date_start", "date_end", "disable"]));
    }
    rights
}

impl Gestsup {
    /// What the account lacks for the follow-up.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_writing(&self, settings: &FollowUp) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_to_write().await?;
        let mut rights = rights(settings);
        for right in &mut rights {
            right.columns.retain(|column| pen.has(right.table, column));
        }
        let what = "the follow-up carries back";
        let mut findings = vec![self.granted(&mut pen.connection, &rights, "follow_up", what).await?];
        if !pen.has("tthreads", "dest_mail") {
            findings.push(Finding::new(
                Level::Note,
                "this GestSup has no tthreads.dest_mail (it came with 3.1.40): which steps came from Gestan is known from the state alone; never lose it",
            ));
        }
        Ok(findings)
    }
}
