//! The mails that were taken, and what became of them.

use super::visitor::Visitor;
use super::{Page, trouble};
use crate::flows::mail::{MailFilter, MailMemory as _, MailOutcome, MailRow};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    outcome: String,
}

/// A mail as it is shown.
#[derive(Serialize)]
struct Line<'r> {
    id: i64,
    sender: &'r str,
    subject: &'r str,
    mailbox: &'r str,
    at: DateTime<Utc>,
    outcome: &'static str,
    code: &'r str,
    reason: &'r str,
    ticket: Option<i64>,
    /// It may be taken in after all.
    replays: bool,
}

impl<'r> From<&'r MailRow> for Line<'r> {
    fn from(row: &'r MailRow) -> Self {
        Self {
            id: row.id,
            sender: &row.sender,
            subject: &row.subject,
            mailbox: &row.spot.mailbox,
            at: row.received_at.unwrap_or(row.at),
            outcome: row.outcome.as_str(),
            code: &row.code,
            reason: &row.reason,
            ticket: row.ticket,
            replays: matches!(row.outcome, MailOutcome::Excluded | MailOutcome::Parked | MailOutcome::Failed),
        }
    }
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let site = page.site();
    let outcome = MailOutcome::ALL.into_iter().find(|outcome| outcome.as_str() == asked.outcome);
    let filter = MailFilter { outcome, limit: Some(LINES), ..MailFilter::default() };
    let rows = match site.store().mails(&filter).await {
        Ok(rows) => rows,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let lines: Vec<Line<'_>> = rows.iter().map(Line::from).collect();
    let values = context! {
        asked => outcome.map(MailOutcome::as_str),
        outcomes => MailOutcome::ALL.map(MailOutcome::as_str).to_vec(),
        on => site.takes_mails(),
        full => rows.len() >= LINES as usize,
        limit => LINES,
        lines => Value::from(Serde(&lines)),
    };
    visitor.page("mails.html", values)
}
