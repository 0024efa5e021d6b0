//! What one ticket says its intervention should be: every field, the head and the entries of the
//! memo, and which rule decided what. Or why that cannot be said yet.

use super::directory::Directory;
use super::fold::{cut_on_word, fold};
use super::matching::{client, machine, people, wait};
use super::paragraphs::{ProjectedEntry, entries};
use super::planning::{estimate, planned};
use super::texts::Wording;
use crate::config::{Billable, Mapping};
use crate::model::{Field, Fields, Line, Person, RichText, Status, Ticket, Value};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::HashSet;
use url::Url;

/// Columns of Gestan that limit a text (`LIB50`, `DEMANDEUR`).
const TITLE: usize = 50;
const REQUESTER: usize = 30;

/// What a projection needs beside the ticket.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The operator's mapping.
    pub mapping: &'a Mapping,
    /// Gestan's catalogues.
    pub directory: &'a Directory,
    /// GestSup's zone, for the dates that people read.
    pub zone: Tz,
    /// Address of GestSup's pages.
    pub url: Option<&'a Url>,
    /// Whether private steps are sent.
    pub private_steps: bool,
    /// The time of the pass: of several appointments, the next one counts.
    pub now: DateTime<Utc>,
}

/// Why a ticket cannot be projected yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// A short stable code, for scripts.
    pub code: &'static str,
    /// A sentence: what is missing and what to do.
    pub reason: String,
}

/// What a ticket says its intervention should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// Where the intervention should stand.
    pub status: Status,
    /// The fields, [`Field::Status`] included.
    pub fields: Fields,
    /// The head of the memo.
    pub head: RichText,
    /// The entries of the memo, oldest first, without marks.
    pub entries: Vec<ProjectedEntry>,
    /// Minutes of the ticket in all.
    pub minutes: i64,
    /// Which rule decided what, in words, by field.
    pub reasons: Vec<(Field, String)>,
    /// Fields of an existing intervention that cannot be told, and why; the rest goes through.
    pub lacking: Vec<(Field, Wait)>,
}

/// What Gestan already holds of the ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The intervention is there: what cannot be told of it need not hold up the rest.
    pub linked: bool,
    /// The ticket's client in Gestan, which was frozen when its first intervention was made.
    pub client: Option<i64>,
    /// The earlier intervention that this one goes on from.
    pub gestan_id: Option<i64>,
    /// Minutes that earlier interventions carry.
    pub minutes: i64,
    /// Keys of the entries that earlier interventions carry.
    pub entries: HashSet<String>,
}

/// What `ticket` says its intervention should be, or why that cannot be said yet.
pub fn project(ticket: &Ticket, before: &Before, context: &Context) -> Result<Projection, Wait> {
    let mapping = context.mapping;
    let wording = Wording::new(mapping, context.zone);
    let mut out = Decisions::default();

    let client = match (client(ticket, context, &mut out), before.client) {
        (Ok(client), _) => client,
        (Err(_), Some(client)) => {
            out.because(Field::Client, "as when the intervention was made");
            client
        }
        (Err(wait), None) => return Err(wait),
    };
    let status = status(ticket, context, &mut out)?;
    let people = people(ticket, context, &mut out);
    let people = out.or_lacking(people, Field::Technician, before)?;
    let machine = machine(ticket, context, &mut out);
    let machine = out.or_lacking(machine, Field::Machine, before)?;
    let genre = genre(ticket, mapping, &mut out);
    let product = product(ticket, mapping, genre.as_deref(), &mut out);

    let requester = ticket.requester.as_ref().map(Person::display_name);
    let requester =
        requester.or_else(|| ticket.requester_group.as_ref().map(|group| group.name.clone())).unwrap_or_default();
    let client_name = ticket.client().map_or("", |company| company.name.as_str());
    let number = ticket.number.to_string();
    let values = [
        ("number", number.as_str()),
        ("title", ticket.title.as_str()),
        ("client", client_name),
        ("requester", requester.as_str()),
    ];
    let title = match wording.title(&values) {
        title if title.is_empty() => format!("Ticket n°{number}"),
        title => title,
    };
    out.set(Field::Title, Value::text(cut_on_word(&title, TITLE)));
    out.set(Field::Client, Value::Number(client));
    out.set(Field::Requester, Value::text(cut_on_word(&requester, REQUESTER)));
    out.set(Field::Status, status.into());
    if let Some((technician, team)) = people.filter(|_| ticket.is_attributed()) {
        out.set(Field::Technician, technician.into());
        out.set(Field::Team, Value::List(team));
    }
    if let Some(genre) = genre {
        out.set(Field::Genre, Value::Text(genre));
    }
    if let Some(product) = product {
        out.set(Field::Product, Value::Text(product));
    }
    if !mapping.priority.is_empty() {
        // One that is not listed is none: what the ticket had before must not stay.
        out.set(Field::Priority, priority(ticket, mapping).into());
    }
    if let Some(machine) = machine {
        out.set(Field::Machine, machine.into());
    }
    project_fields(ticket, mapping, &mut out);

    let (start, end, why) = planned(ticket, mapping, context, before.gestan_id.is_some());
    out.set(Field::PlannedStart, start.into());
    out.set(Field::PlannedEnd, end.into());
    out.because(Field::PlannedStart, why);

    let minutes = if ticket.minutes_spent <= mapping.time.ignore_up_to_minutes { 0 } else { ticket.minutes_spent };
    let here = (minutes - before.minutes).max(0);
    let unit = mapping.time.unit.minutes(mapping.time.hours_per_day);
    out.set(Field::TimeSpent, Value::Number(mapping.time.rounding.apply(here, unit)));
    let load = (estimate(ticket, &mapping.time) - before.minutes).max(0);
    out.set(Field::Load, Value::Number(mapping.time.rounding.apply(load, unit)));

    let previous = before.gestan_id.map(|id| id.to_string()).unwrap_or_default();
    let name = |label: &Option<crate::model::Label>| label.as_ref().map(|label| label.name.clone()).unwrap_or_default();
    let head = wording.head(&[
        ("number", number.as_str()),
        ("title", ticket.title.as_str()),
        ("url", &ticket_url(context.url, ticket.number).map(String::from).unwrap_or_default()),
        ("requester", &requester),
        ("client", client_name),
        ("criticality", &name(&ticket.criticality)),
        ("priority", &name(&ticket.priority)),
        ("time", &wording.time(here)),
        ("previous", &previous),
    ]);
    let entries = entries(ticket, before, context, &wording, &requester);
    Ok(Projection {
        status,
        fields: out.fields,
        head: RichText(head.into_iter().map(Line::plain).collect()),
        entries,
        minutes,
        reasons: out.reasons,
        lacking: out.lacking,
    })
}

/// The address of a ticket's page.
pub fn ticket_url(base: Option<&Url>, number: i64) -> Option<Url> {
    let mut url = base?.clone();
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    let mut url = url.join("index.php").ok()?;
    url.query_pairs_mut().append_pair("page", "ticket").append_pair("id", &number.to_string());
    Some(url)
}

/// What was decided so far.
#[derive(Default)]
pub(super) struct Decisions {
    fields: Fields,
    reasons: Vec<(Field, String)>,
    lacking: Vec<(Field, Wait)>,
}

impl Decisions {
    fn set(&mut self, field: Field, value: Value) {
        self.fields.insert(field, value);
    }

    /// A decision; of an intervention that is there already, one that cannot be made is put off.
    fn or_lacking<T>(&mut self, decided: Result<T, Wait>, field: Field, before: &Before) -> Result<Option<T>, Wait> {
        match decided {
            Ok(value) => Ok(Some(value)),
            Err(wait) if before.linked => {
                self.lacking.push((field, wait));
                Ok(None)
            }
            Err(wait) => Err(wait),
        }
    }

    pub(super) fn because(&mut self, field: Field, reason: impl Into<String>) {
        self.reasons.push((field, reason.into()));
    }
}

fn status(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<Status, Wait> {
    let Some(status) = context.mapping.status.0.get(&ticket.state.id.to_string()).copied() else {
        return wait(
            "state-unmapped",
            format!(
                "The ticket's state “{}” (n°{}) has no status in Gestan. Add `{} = \"…\"` to [mapping.status].",
                ticket.state.name, ticket.state.id, ticket.state.id
            ),
        );
    };
    let reason = format!("state “{}”", ticket.state.name);
    if status != Status::Done {
        out.because(Field::Status, reason);
        return Ok(status);
    }
    let billing = &context.mapping.billing;
    let rule =
        billing.rules.iter().enumerate().find(|(_, rule)| rule.billable.is_some() && rule.when.applies_to(ticket));
    let (billable, why) = match (rule, billing.billable) {
        (Some((index, rule)), _) => (rule.billable == Some(true), format!("rule {} of [mapping.billing]", index + 1)),
        (None, Billable::Flag) => (ticket.billable, "the ticket's billable tick".to_owned()),
        (None, Billable::Always) => (true, "[mapping.billing] billable = \"always\"".to_owned()),
        (None, Billable::Never) => (false, "[mapping.billing] billable = \"never\"".to_owned()),
    };
    out.because(Field::Status, format!("{reason}, billable or not by {why}"));
    Ok(if billable { Status::ToBill } else { Status::Done })
}

fn genre(ticket: &Ticket, mapping: &Mapping, out: &mut Decisions) -> Option<String> {
    let rule = mapping.genre.rules.iter().enumerate().find(|(_, rule)| rule.when.applies_to(ticket));
    let (genre, why) = match rule {
        Some((index, rule)) => (Some(rule.genre.clone()), format!("rule {} of [mapping.genre]", index + 1)),
        None => (mapping.genre.default.clone(), "default of [mapping.genre]".to_owned()),
    };
    if genre.is_some() {
        out.because(Field::Genre, why);
    }
    genre
}

fn product(ticket: &Ticket, mapping: &Mapping, genre: Option<&str>, out: &mut Decisions) -> Option<String> {
    let billing = &mapping.billing;
    let by_rule = billing.rules.iter().enumerate().find_map(|(index, rule)| {
        let product = rule.product.as_ref().filter(|_| rule.when.applies_to(ticket))?;
        Some((product.clone(), format!("rule {} of [mapping.billing]", index + 1)))
    });
    let by_genre = || {
        let product = billing.by_genre.get(genre?)?;
        Some((product.clone(), "genre, by [mapping.billing.by_genre]".to_owned()))
    };
    let default = || Some((billing.product.clone()?, "default of [mapping.billing]".to_owned()));
    let (product, why) = by_rule.or_else(by_genre).or_else(default)?;
    out.because(Field::Product, why);
    Some(product)
}

fn priority(ticket: &Ticket, mapping: &Mapping) -> Option<String> {
    let name = fold(&ticket.priority.as_ref()?.name);
    mapping.priority.iter().find(|(listed, _)| fold(listed) == name).map(|(_, code)| code.clone())
}

fn project_fields(ticket: &Ticket, mapping: &Mapping, out: &mut Decisions) {
    let key = ticket.project.as_ref().and_then(|project| {
        let name = fold(&project.name);
        mapping.projects.table.iter().find(|(listed, _)| fold(listed) == name).map(|(_, key)| key)
    });
    if key.is_some() {
        out.because(Field::Project, "[mapping.projects.table]");
    }
    out.set(Field::Project, key.map(|key| key.project).into());
    out.set(Field::Task, key.and_then(|key| key.task).into());
}
