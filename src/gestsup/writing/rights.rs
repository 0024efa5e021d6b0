//! What the follow-up needs to be allowed to do in GestSup's base, and which of it the account lacks.

use super::super::check::{Finding, Level};
use super::super::{Gestsup, GestsupError};
use crate::config::{FollowUp, TextPolicy};
use crate::grants::{Need, Right};

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
    let mut rights = vec![Right::on("tthreads").insert().update(step), Right::on("tincidents").update(ticket)];
    if settings.documents != TextPolicy::Off {
        rights.push(Right::on("tattachments").insert());
    }
    if settings.calendar {
        let columns = ["technician", "date_start", "date_end", "disable"];
        rights.push(Right::on("tevents").insert().update(columns));
    }
    rights
}

/// What these settings need, as an administrator grants it.
pub fn follow_up_need(settings: &FollowUp) -> Need {
    Need { of: "[follow_up]", purpose: "what Gestan's users do comes back to tickets", rights: rights(settings) }
}

impl Gestsup {
    /// What the account lacks for the follow-up.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_writing(&self, settings: &FollowUp) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_to_write().await?;
        let catalogue = pen.catalogue.clone();
        let has = |table: &str, column: &str| catalogue.has(table, column);
        let what = "the follow-up carries back";
        let mut findings = vec![self.granted(&mut pen.connection, &follow_up_need(settings), has, what).await?];
        if !pen.has("tthreads", "dest_mail") {
            findings.push(Finding::new(
                Level::Note,
                "this GestSup has no tthreads.dest_mail (it came with 3.1.40): which steps came from Gestan is known from the state alone; never lose it",
            ));
        }
        Ok(findings)
    }
}
