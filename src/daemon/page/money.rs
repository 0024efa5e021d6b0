//! The money report: what is billable and not billed, billed twice or with another time, and the hours of each client. It
//! looks at every closed ticket and at Gestan's interventions, so it is made when somebody asks for it, one at a time.

use super::visitor::Visitor;
use super::{Page, refused, trouble};
use crate::flows::tickets::{ClientHours, MoneyFinding, MoneyKind, MoneyOptions, MoneyReport};
use crate::model::local_to_utc;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{NaiveDate, NaiveTime, Utc};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of a table; the command line has them all.
const ROWS: usize = 100;
/// Days that an intervention may stay to be billed, unless somebody says otherwise.
const PATIENCE: u16 = 31;

/// What the form says.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    since: String,
    patience: String,
    /// Set by the button: without it the report is not made.
    make: String,
}

/// Findings of one kind.
#[derive(Serialize)]
struct Kind<'r> {
    kind: MoneyKind,
    count: usize,
    rows: Vec<&'r MoneyFinding>,
    more: usize,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let patience = asked.patience.trim().parse().unwrap_or(PATIENCE);
    if asked.make.is_empty() {
        return shown(&visitor, &asked, patience, None);
    }
    // Each costs both systems something.
    let Ok(_alone) = page.money.try_lock() else {
        return refused(&visitor, StatusCode::TOO_MANY_REQUESTS, "money.busy", &[]);
    };
    let site = page.site();
    let zone = visitor.view.zone;
    let since = asked.since.parse::<NaiveDate>().ok().map(|day| local_to_utc(day.and_time(NaiveTime::MIN), zone));
    let flow = match site.tickets() {
        Ok(flow) => flow,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}")),
    };
    match flow.money(&MoneyOptions { since, patience_days: patience.into() }, Utc::now()).await {
        Ok(report) => shown(&visitor, &asked, patience, Some(&report)),
        Err(error) => trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn shown(visitor: &Visitor, asked: &Asked, patience: u16, report: Option<&MoneyReport>) -> Response {
    let kinds: Vec<Kind<'_>> = report.map(kinds).unwrap_or_default();
    let clients: &[ClientHours] = report.map_or(&[], |report| report.clients.as_slice());
    let values = context! {
        since => asked.since.as_str(),
        patience,
        made => report.is_some(),
        tickets => report.map_or(0, |report| report.tickets),
        kinds => Value::from(Serde(&kinds)),
        total => Value::from(Serde(&ClientHours::total(clients))),
        clients => Value::from(Serde(&clients.iter().take(ROWS).collect::<Vec<_>>())),
        more => clients.len().saturating_sub(ROWS),
    };
    visitor.page("money.html", values)
}

/// The findings by kind, those that cost money first.
fn kinds(report: &MoneyReport) -> Vec<Kind<'_>> {
    let mut kinds: Vec<MoneyKind> = report.findings.iter().map(|finding| finding.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let of = |kind| {
        let all: Vec<&MoneyFinding> = report.findings.iter().filter(|finding| finding.kind == kind).collect();
        let rows = all.iter().take(ROWS).copied().collect();
        Kind { kind, count: all.len(), rows, more: all.len().saturating_sub(ROWS) }
    };
    kinds.into_iter().map(of).collect()
}
