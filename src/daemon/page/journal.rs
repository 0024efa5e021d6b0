//! The journal, with filters: what was done, and why not.

use super::visitor::Visitor;
use super::{Page, trouble};
use crate::daemon::Flow;
use crate::flows::tickets::Outcome;
use crate::model::local_to_utc;
use crate::store::JournalFilter;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Days, NaiveDate};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lines of a page.
const LINES: u32 = 200;

/// What a form asks for; an empty field does not matter.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    ticket: String,
    client: String,
    flow: String,
    outcome: String,
    from: String,
    to: String,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let site = page.site();
    let zone = visitor.view.zone;
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let midnight = |day: NaiveDate| local_to_utc(day.and_time(chrono::NaiveTime::MIN), zone);
    let client = match asked.client.trim() {
        "" => None,
        name => match site.of_client(name).await {
            // Of a client that nobody knows there is nothing to tell.
            Ok(client) => Some(client.unwrap_or_default()),
            Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        },
    };
    let filter = JournalFilter {
        client,
        ticket: asked.ticket.trim().trim_start_matches('#').parse().ok(),
        flow: Some(asked.flow.clone()).filter(|flow| !flow.is_empty()),
        outcome: Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == asked.outcome),
        since: day(&asked.from).map(midnight),
        until: day(&asked.to).and_then(|day| day.checked_add_days(Days::new(1))).map(midnight),
        limit: Some(LINES),
        ..JournalFilter::default()
    };
    let mut lines = match site.store().journal(&filter).await {
        Ok(lines) => lines,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    // On a page the newest comes first.
    lines.reverse();
    let values = context! {
        asked => Value::from(Serde(&asked)),
        flows => Flow::ALL.map(Flow::as_str).to_vec(),
        outcomes => Outcome::ALL.map(Outcome::as_str).to_vec(),
        full => lines.len() >= LINES as usize,
        limit => LINES,
        lines => Value::from(Serde(&lines)),
    };
    visitor.page("journal.html", values)
}
