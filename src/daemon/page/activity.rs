//! Activity of a period: tickets by day, state, technician and client, and the time spent.

use super::chart;
use super::visitor::Visitor;
use super::{Page, trouble};
use crate::daemon::activity::{ActivityReport, By, MOST_ACTIVE, Sum};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of a table; the command line has them all.
const ROWS: usize = 50;

/// A period as a form gives it; nothing is today.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    to: String,
}

/// A row of a table with its bar.
#[derive(Serialize)]
struct Row<'r> {
    #[serde(flatten)]
    sum: &'r Sum,
    /// Of a hundred: the busiest has all of it.
    share: i64,
    time_share: i64,
}

/// One table of the page.
#[derive(Serialize)]
struct Table<'r> {
    name: &'static str,
    rows: Vec<Row<'r>>,
    more: usize,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let site = page.site();
    let today = Utc::now().with_timezone(&visitor.view.zone).date_naive();
    let (from, to) = period(&asked, today);
    let report = match ActivityReport::of(&site, from, to, &By::ALL).await {
        Ok(report) => report,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let buckets = chart::buckets(from, to, report.table(By::Day));
    let tables: Vec<Table<'_>> =
        [By::State, By::Technician, By::Client].into_iter().map(|by| table(by, report.table(by))).collect();
    let values = context! {
        from => from.to_string(),
        to => to.to_string(),
        periods => periods(today).map(|(name, from, to)| vec![name.to_owned(), from.to_string(), to.to_string()]).to_vec(),
        total => Value::from(Serde(&report.total)),
        chart => Value::from(Serde(&chart::draw(&buckets))),
        buckets => Value::from(Serde(&buckets)),
        several => buckets.len() > 1,
        tables => Value::from(Serde(&tables)),
        cut => report.cut,
        most => MOST_ACTIVE,
    };
    visitor.page("activity.html", values)
}

/// The days that are meant, the earlier one first.
fn period(asked: &Asked, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let day = |text: &str| text.trim().parse::<NaiveDate>().ok();
    match (day(&asked.from), day(&asked.to)) {
        (Some(from), Some(to)) => (from.min(to), from.max(to)),
        (Some(from), None) => (from, today.max(from)),
        (None, Some(to)) => (to, to),
        (None, None) => (today, today),
    }
}

/// Periods that are often asked for.
fn periods(today: NaiveDate) -> [(&'static str, NaiveDate, NaiveDate); 4] {
    let back = |days: u32| today.checked_sub_days(Days::new(days.into())).unwrap_or(today);
    let monday = back(today.weekday().num_days_from_monday());
    let first = back(today.day0());
    let last_of_before = first.pred_opt().unwrap_or(first);
    let first_of_before = last_of_before.with_day(1).unwrap_or(last_of_before);
    [
        ("today", today, today),
        ("week", monday, today),
        ("month", first, today),
        ("month_before", first_of_before, last_of_before),
    ]
}

fn table(by: By, sums: &[Sum]) -> Table<'_> {
    let count = |sum: &Sum| i64::try_from(sum.opened + sum.resolved).unwrap_or(i64::MAX);
    let busiest = sums.iter().map(count).max().unwrap_or(0);
    let longest = sums.iter().map(|sum| sum.minutes).max().unwrap_or(0);
    let rows = sums.iter().take(ROWS).map(|sum| Row {
        sum,
        share: chart::share(count(sum), busiest, 100),
        time_share: chart::share(sum.minutes, longest, 100),
    });
    Table { name: by.as_str(), rows: rows.collect(), more: sums.len().saturating_sub(ROWS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_today_unless_days_are_given_in_either_order() {
        let today = day("2026-11-27");
        let of = |from: &str, to: &str| {
            let (from, to) = period(&Asked { from: from.into(), to: to.into() }, today);
            format!("{from} {to}")
        };
        assert_eq!(of("", ""), "2026-11-27 2026-11-27");
        assert_eq!(of("2026-11-01", ""), "2026-11-01 2026-11-27");
        assert_eq!(of("", "2026-11-03"), "2026-11-03 2026-11-03");
        assert_eq!(of("2026-11-05", "2026-11-03"), "2026-11-03 2026-11-05");
        assert_eq!(of("nonsense", "<b>"), "2026-11-27 2026-11-27");
    }

    #[test]
    fn periods_that_are_often_asked_for_begin_on_a_monday_or_on_the_first() {
        let shown = periods(day("2026-03-04")).map(|(name, from, to)| format!("{name} {from} {to}"));
        assert_eq!(
            shown,
            [
                "today 2026-03-04 2026-03-04",
                "week 2026-03-02 2026-03-04",
                "month 2026-03-01 2026-03-04",
                "month_before 2026-02-01 2026-02-28"
            ]
        );
    }
}
