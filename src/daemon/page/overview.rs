//! The first page: whether all goes on, what waits, what was set aside and why.

use super::visitor::Visitor;
use super::{Page, trouble};
use crate::daemon::Flow;
use crate::daemon::monitor;
use crate::flows::tickets::Trouble;
use crate::store::RunRow;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::sync::Arc;

/// Lines of a list that are shown; the command line has them all.
const SHOWN: usize = 200;

#[derive(Serialize)]
struct FlowLine<'s> {
    name: &'static str,
    on: bool,
    schedule: String,
    success: Option<&'s RunRow>,
    last: Option<&'s RunRow>,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor) -> Response {
    let site = page.site();
    let (health, status) = (monitor::health(&site, Utc::now()).await, site.store().status().await);
    let status = match status {
        Ok(status) => status,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let flows: Vec<FlowLine<'_>> = Flow::ALL
        .into_iter()
        .map(|flow| FlowLine {
            name: flow.as_str(),
            on: Flow::on(&site).any(|on| on == flow),
            schedule: flow.schedule(site.config()).to_string(),
            success: status.last_successes.iter().find(|run| run.flow == flow.as_str()),
            last: status.last_runs.iter().find(|run| run.flow == flow.as_str()),
        })
        .collect();
    let mut attention = status.attention.clone();
    // What needs a person comes first.
    attention.sort_by_key(|line| (std::cmp::Reverse(line.trouble), line.number));
    let of = |trouble| attention.iter().filter(|line| line.trouble == trouble).count();
    let counts = context! {
        live => status.links.get("live").copied().unwrap_or(0),
        waiting => of(Trouble::Waiting),
        retrying => of(Trouble::Retrying),
        quarantined => of(Trouble::Quarantined),
        undecided => status.reference_cases.len(),
        unconfirmed => status.unconfirmed,
    };
    let more = attention.len().saturating_sub(SHOWN);
    attention.truncate(SHOWN);
    let cases: Vec<_> = status.reference_cases.iter().take(SHOWN).collect();
    let values = context! {
        shadow => site.config().is_shadow(),
        problems => Value::from(Serde(&health.problems)),
        since => Value::from(Serde(site.pulse.began)),
        flows => Value::from(Serde(&flows)),
        counts,
        attention => Value::from(Serde(&attention)),
        more,
        follow_up => Value::from(Serde(&status.follow_up)),
        mails => Value::from(Serde(&status.mail_troubles)),
        cases => Value::from(Serde(&cases)),
    };
    visitor.page("overview.html", values)
}
