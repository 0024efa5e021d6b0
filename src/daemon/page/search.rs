//! The search: a number leads to its ticket, words to a list of tickets.

use super::visitor::Visitor;
use super::{Page, trouble};
use crate::flows::tickets::{Memory as _, Trouble};
use crate::gestsup::Found;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Tickets of a list.
const FOUND: u32 = 100;
/// Characters of a question that count.
const LONGEST: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

/// A ticket that was found, and where it stands in Gestan.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    found: Found,
    kind: Option<&'static str>,
    gestan: Option<i64>,
    trouble: Option<Trouble>,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    let question: String = asked.q.trim().chars().take(LONGEST).collect();
    let digits = question.trim_start_matches(['#', 'n', 'N', '°', ' ']);
    if let Some(number) = digits.parse::<i64>().ok().filter(|number| *number > 0) {
        return Redirect::to(&format!("/page/ticket/{number}")).into_response();
    }
    let site = page.site();
    let found = match site.gestsup().search(&question, FOUND).await {
        Ok(found) => found,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let numbers: Vec<i64> = found.iter().map(|found| found.number).collect();
    let known = tokio::try_join!(site.store().links(&numbers), site.store().attention());
    let (links, attention) = match known {
        Ok(known) => known,
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    };
    let lines: Vec<Line> = found
        .into_iter()
        .map(|found| {
            let link = links.iter().rev().find(|link| link.number == found.number);
            Line {
                kind: link.map(|link| link.kind.as_str()),
                gestan: link.map(|link| link.gestan_id),
                trouble: attention.get(&found.number).map(|about| about.trouble),
                found,
            }
        })
        .collect();
    let values = context! {
        asked => question,
        full => lines.len() >= FOUND as usize,
        limit => FOUND,
        lines => Value::from(Serde(&lines)),
    };
    visitor.page("search.html", values)
}
