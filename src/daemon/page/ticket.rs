//! A ticket's whole story: both sides, what was last agreed, which rule decided what, and what would happen next.

use super::view::View;
use super::visitor::Visitor;
use super::{Page, refused, trouble};
use crate::daemon::Story;
use crate::flows::tickets::LinkPhase;
use crate::mapping::ticket_url;
use crate::model::{Field, Person, Step, Ticket};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::sync::Arc;

/// One field on both sides.
#[derive(Serialize)]
struct FieldLine {
    name: &'static str,
    asked: Value,
    agreed: Value,
    held: Value,
    /// GestSup asks for another value than when both sides last agreed.
    asks_anew: bool,
    /// Gestan holds another value than then.
    holds_other: bool,
    why: Option<String>,
}

/// A step of the ticket.
#[derive(Serialize)]
struct StepLine<'s> {
    at: Option<DateTime<Utc>>,
    who: Option<String>,
    kind: crate::model::StepType,
    /// The new state, or whom it names.
    about: Option<&'s str>,
    text: String,
    minutes: i64,
    private: bool,
    from_gestan: bool,
}

impl<'s> From<&'s Step> for StepLine<'s> {
    fn from(step: &'s Step) -> Self {
        Self {
            at: step.at,
            who: step.author.as_ref().map(Person::display_name),
            kind: step.step_type,
            about: step.state.as_ref().map(|state| state.name.as_str()).or(step.assigned_to.as_deref()),
            text: step.text.to_plain(),
            minutes: step.minutes,
            private: step.private,
            from_gestan: step.from_gestan.is_some(),
        }
    }
}

/// What became of it in Gestan.
#[derive(Serialize)]
struct LinkLine {
    kind: &'static str,
    id: i64,
    sequence: u32,
    phase: LinkPhase,
}

pub(super) async fn show(State(page): State<Arc<Page>>, visitor: Visitor, Path(number): Path<String>) -> Response {
    let Some(number) = number.parse().ok().filter(|number: &i64| *number > 0) else {
        return refused(&visitor, StatusCode::NOT_FOUND, "ticket.no_number", &[]);
    };
    let site = page.site();
    let story = match Story::of(&site, number).await {
        Ok(Some(story)) => story,
        Ok(None) => return refused(&visitor, StatusCode::NOT_FOUND, "ticket.unknown", &[number.to_string()]),
        Err(error) => return trouble(&visitor, StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}")),
    };
    let links: Vec<LinkLine> = story
        .links
        .iter()
        .map(|link| LinkLine {
            kind: link.kind.as_str(),
            id: link.gestan_id,
            sequence: link.sequence,
            phase: link.phase,
        })
        .collect();
    let base = site.config().gestsup.as_ref().and_then(|gestsup| gestsup.url.as_ref());
    let mut journal = story.journal.clone();
    journal.reverse();
    let carried = story.follow_up.iter().flat_map(|following| following.carried.iter());
    let carried: Vec<(&str, Value)> =
        carried.map(|(field, value)| (field.as_str(), visitor.view.value(*field, value))).collect();
    let steps: Vec<StepLine<'_>> =
        story.ticket.iter().flat_map(|ticket| ticket.steps.iter()).map(StepLine::from).collect();
    let values = context! {
        number,
        shadow => site.config().is_shadow(),
        url => ticket_url(base, number).filter(|_| story.ticket.is_some()).map(|url| url.to_string()),
        ticket => story.ticket.as_ref().map(facts),
        links => Value::from(Serde(&links)),
        attention => Value::from(Serde(&story.attention)),
        trouble => story.trouble.as_ref().map(ToString::to_string),
        next => context! { code => story.next.code.as_str(), message => story.next.message.as_str() },
        follow_up_next => story.follow_up_next.iter().map(|record| record.message.clone()).collect::<Vec<_>>(),
        follow_up_attention => Value::from(Serde(story.follow_up.as_ref().and_then(|known| known.attention.as_ref()))),
        carried,
        kind => story.asked.as_ref().map(|asked| context! { name => asked.kind.as_str(), why => asked.why_kind.as_str() }),
        fields => Value::from(Serde(&fields(visitor.view, &story))),
        steps => Value::from(Serde(&steps)),
        memo => story.gestan.as_ref().map(|state| state.memo.as_str()),
        journal => Value::from(Serde(&journal)),
    };
    visitor.page("ticket.html", values)
}

/// What GestSup says of it.
fn facts(ticket: &Ticket) -> Value {
    let technician = ticket.technician.as_ref().map(Person::display_name);
    context! {
        title => ticket.title.as_str(),
        state => ticket.state.name.as_str(),
        in_charge => technician.or_else(|| ticket.group.as_ref().map(|group| group.name.clone())),
        client => ticket.client().map(|client| client.name.as_str()),
        requester => ticket.requester.as_ref().map(Person::display_name),
        equipment => ticket.equipment.as_ref().map(|equipment| equipment.name.as_str()),
        category => ticket.category.as_ref().map(|category| category.name.as_str()),
        opened => Value::from(Serde(ticket.created_at)),
        closed => Value::from(Serde(ticket.resolved_at)),
        minutes => ticket.minutes_spent,
        billable => ticket.billable,
        description => ticket.description.to_plain(),
        files => ticket.attachments.len(),
    }
}

/// Every field that one of the sides knows, in the order people read them.
fn fields(view: View, story: &Story) -> Vec<FieldLine> {
    let link = story.links.last();
    let nothing = || Value::from("–");
    let line = |field: Field| {
        let asked = story.asked.as_ref().and_then(|asked| asked.fields.get(&field));
        let (sent, agreed) = (link.and_then(|link| link.sent.get(&field)), link.and_then(|link| link.held.get(&field)));
        let held = story.gestan.as_ref().and_then(|state| state.fields.get(&field));
        let decided = story.asked.as_ref().and_then(|asked| asked.reason(field)).map(str::to_owned);
        // What nobody says anything of is left out.
        if decided.is_none() && [asked, agreed, held].into_iter().flatten().all(crate::model::Value::is_nothing) {
            return None;
        }
        let shown = |value: Option<&crate::model::Value>| value.map_or_else(nothing, |value| view.value(field, value));
        Some(FieldLine {
            name: field.as_str(),
            asked: shown(asked),
            agreed: shown(agreed),
            held: shown(held),
            asks_anew: sent.is_some() && asked.is_some() && asked != sent,
            holds_other: agreed.is_some() && held.is_some() && held != agreed,
            why: decided,
        })
    };
    Field::ALL.into_iter().filter_map(line).collect()
}
