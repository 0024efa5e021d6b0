//! What one ticket says its intervention or anomaly should be: every field, the head and the entries of the
//! memo, and which rule decided what. Or why that cannot be said yet.

use super::deciding::{Billed, anomaly_type, billed, known_product, listed, mode, project as project_key, status};
use super::directory::Directory;
use super::fold::cut_on_word;
use super::matching::{client, machine, people};
use super::paragraphs::{ProjectedEntry, entries};
use super::planning::{Planning, estimate, planned};
use super::texts::Wording;
use crate::config::{BilledBy, Load, Mapping, ProjectKey};
use crate::model::{Conso, Field, Fields, Line, ObjectKind, Person, RichText, Status, Ticket, Value};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::HashSet;
use url::Url;

/// Columns of Gestan that limit a text (`LIB50`, `LIB_ANOMALIE`, `DEMANDEUR` and `DETECTE_PAR`, `REF_EXTERNE`,
/// `LIBCONSO`).
const TITLE: usize = 50;
const ANOMALY_TITLE: usize = 80;
const REQUESTER: usize = 30;
const REFERENCE: usize = 25;
const CONSO: usize = 100;

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
    /// What it is.
    pub kind: ObjectKind,
    /// What the rules would make of it now.
    pub mode: ObjectKind,
    /// Which rule says so, in words.
    pub why_mode: String,
    /// Where it should stand.
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
    /// Fields that are GestSup's whatever the policies say: what is billed is computed from them.
    pub settled: Vec<Field>,
}

/// What Gestan already holds of the ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// It is there: what cannot be told of it need not hold up the rest.
    pub linked: bool,
    /// What it became when it was made.
    pub kind: Option<ObjectKind>,
    /// The ticket's client in Gestan, which was frozen when its first intervention was made.
    pub client: Option<i64>,
    /// The earlier intervention that this one goes on from.
    pub gestan_id: Option<i64>,
    /// Minutes that earlier interventions carry.
    pub minutes: i64,
    /// Keys of the entries that earlier interventions carry.
    pub entries: HashSet<String>,
}

/// What `ticket` says its object in Gestan should be, or why that cannot be said yet.
pub fn project(ticket: &Ticket, before: &Before, context: &Context) -> Result<Projection, Wait> {
    let mapping = context.mapping;
    let wording = Wording::new(mapping, context.zone);
    let mut out = Decisions::default();
    let (mode, why_mode) = mode(ticket, mapping);
    let kind = before.kind.unwrap_or(mode);

    let client = match (client(ticket, context, &mut out), before.client) {
        (Ok(client), _) => client,
        (Err(_), Some(client)) => {
            out.because(Field::Client, "as when it was made in Gestan");
            client
        }
        (Err(wait), None) => return Err(wait),
    };
    let people = people(ticket, context, &mut out);
    let people = out.or_lacking(people, Field::Technician, before)?;
    let machine = machine(ticket, context, &mut out);
    let machine = out.or_lacking(machine, Field::Machine, before)?;

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
    let longest = if kind == ObjectKind::Anomaly { ANOMALY_TITLE } else { TITLE };
    out.set(Field::Title, Value::text(cut_on_word(&title, longest)));
    out.set(Field::Client, Value::Number(client));
    out.set(Field::Requester, Value::text(cut_on_word(&requester, REQUESTER)));
    if let Some(machine) = machine {
        out.set(Field::Machine, machine.into());
    }
    let minutes = if ticket.minutes_spent <= mapping.time.ignore_up_to_minutes { 0 } else { ticket.minutes_spent };
    let here = (minutes - before.minutes).max(0);
    let time = Time { here, before: before.minutes };
    let (status, project) = match kind {
        ObjectKind::Intervention => intervention(
            ticket,
            before,
            context,
            Matched { client, machine: machine.flatten(), people },
            time,
            &mut out,
        )?,
        ObjectKind::Anomaly => (anomaly(ticket, context, people, &mut out)?, None),
    };
    out.set(Field::Status, status.into());

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
    let mut entries = entries(ticket, before, context, &wording, &requester);
    if let Some(key) = project.filter(|_| mapping.time.to_conso) {
        for projected in entries.iter_mut().filter(|projected| projected.entry.minutes > 0) {
            let label = format!("n°{number} {title}");
            projected.entry.conso =
                Some(Conso { project: key.project, task: key.task, label: cut_on_word(&label, CONSO) });
        }
    }
    Ok(Projection {
        kind,
        mode,
        why_mode,
        status,
        fields: out.fields,
        head: head.into_iter().map(Line::plain).collect(),
        entries,
        minutes,
        reasons: out.reasons,
        lacking: out.lacking,
        settled: out.settled,
    })
}

/// Minutes of a ticket that its newest object carries, and that earlier ones do.
#[derive(Debug, Clone, Copy)]
struct Time {
    here: i64,
    before: i64,
}

/// Who and what of Gestan a ticket is about.
struct Matched {
    client: i64,
    machine: Option<i64>,
    people: Option<(Option<String>, Vec<String>)>,
}

/// What only interventions have; their status and project.
fn intervention(
    ticket: &Ticket,
    before: &Before,
    context: &Context,
    matched: Matched,
    time: Time,
    out: &mut Decisions,
) -> Result<(Status, Option<ProjectKey>), Wait> {
    let mapping = context.mapping;
    let project = project_key(ticket, context, out);
    let billed = billed(ticket, context, project, matched.machine, matched.client, out);
    let status = status(ticket, context, ObjectKind::Intervention, &billed, out)?;
    let sold = known_product(billed.product.as_deref(), context, out);
    let sold = out.or_lacking(sold, Field::Product, before)?;
    let in_charge = matched.people.as_ref().and_then(|(technician, _)| technician.clone());
    if let Some((technician, team)) = matched.people.filter(|_| ticket.is_attributed()) {
        out.set(Field::Technician, technician.into());
        out.set(Field::Team, Value::List(team));
    }
    if let Some(genre) = billed.genre {
        out.set(Field::Genre, Value::Text(genre));
    }
    if let Some(product) = billed.product.filter(|_| sold.is_some()) {
        out.set(Field::Product, Value::Text(product));
    }
    if mapping.billing.contracts {
        out.set(Field::Contract, billed.contract.into());
    }
    if !mapping.priority.is_empty() {
        // One that is not listed is none: what the ticket had before must not stay.
        let name = ticket.priority.as_ref().map_or("", |priority| priority.name.as_str());
        out.set(Field::Priority, listed(&mapping.priority, name).into());
        out.because(Field::Priority, "[mapping.priority]");
    }
    out.set(Field::Project, project.map(|key| key.project).into());
    out.set(Field::Task, project.and_then(|key| key.task).into());

    let in_charge = in_charge.filter(|_| ticket.is_attributed() && !status.is_closed());
    let planning = planned(ticket, mapping, context, before.gestan_id.is_some(), in_charge.as_deref());
    let Planning { mut start, mut end, mut why, absent } = planning;
    out.lacking.extend(absent.map(|absent| (Field::PlannedStart, absent)));
    if mapping.billing.by == BilledBy::Hours
        && status.is_closed()
        && status != Status::Cancelled
        && let Some(closed) = ticket.closed_at().filter(|_| time.here > 0)
    {
        (start, end) = (Some(closed - Duration::minutes(time.here)), Some(closed));
        why = "the time spent, up to the resolution ([mapping.billing] by = \"hours\")";
        out.settled.extend([Field::PlannedStart, Field::PlannedEnd]);
    }
    out.set(Field::PlannedStart, start.into());
    out.set(Field::PlannedEnd, end.into());
    out.because(Field::PlannedStart, why);
    out.because(Field::PlannedEnd, why);

    let unit = mapping.time.unit.minutes(mapping.time.hours_per_day);
    let spent = mapping.time.rounding.apply(time.here, unit);
    out.set(Field::TimeSpent, Value::Number(spent));
    if mapping.billing.by == BilledBy::Quantity {
        out.set(Field::Quantity, Value::Number(spent));
        out.because(Field::Quantity, "the time spent ([mapping.billing] by = \"quantity\")");
    }
    let estimated = (estimate(ticket, &mapping.time) - time.before).max(0);
    let load = match mapping.time.load {
        Load::Estimate => estimated,
        Load::Remaining => (estimated - time.here).max(0),
    };
    out.set(Field::Load, Value::Number(mapping.time.rounding.apply(load, unit)));
    if mapping.survey
        && let Some(satisfaction) = ticket.satisfaction
    {
        out.set(Field::Satisfaction, Value::Number(satisfaction));
        out.because(Field::Satisfaction, "mean of the survey's answers on a scale");
    }
    Ok((status, project))
}

/// What only anomalies have; their status.
fn anomaly(
    ticket: &Ticket,
    context: &Context,
    people: Option<(Option<String>, Vec<String>)>,
    out: &mut Decisions,
) -> Result<Status, Wait> {
    let mapping = context.mapping;
    let rules = &mapping.anomalies;
    let status = status(ticket, context, ObjectKind::Anomaly, &Billed::default(), out)?;
    if let Some((technician, team)) = people.filter(|_| ticket.is_attributed()) {
        let handler = technician.or_else(|| team.into_iter().next());
        let responsible = rules.responsible.clone().or_else(|| handler.clone());
        out.set(Field::Technician, handler.into());
        out.set(Field::Responsible, responsible.into());
    }
    if let Some(kind) = anomaly_type(ticket, mapping, out) {
        out.set(Field::AnomalyType, Value::Text(kind));
    }
    let named = [
        (Field::Priority, &rules.priority, &ticket.priority, "[mapping.anomalies.priority]"),
        (Field::Criticality, &rules.criticality, &ticket.criticality, "[mapping.anomalies.criticality]"),
    ];
    for (field, map, label, table) in named.into_iter().filter(|(_, map, ..)| !map.is_empty()) {
        let name = label.as_ref().map_or("", |label| label.name.as_str());
        out.set(field, listed(map, name).into());
        out.because(field, table);
    }
    out.set(Field::FoundAt, ticket.created_at.into());
    let resolved = ticket.closed_at().filter(|_| status.is_closed());
    out.set(Field::ResolvedAt, resolved.into());
    let reference = rules.reference.replace("{number}", &ticket.number.to_string());
    out.set(Field::Reference, Value::text(reference.chars().take(REFERENCE).collect::<String>()));
    Ok(status)
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
    settled: Vec<Field>,
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

    /// Why a field was decided so; empty where nothing was said.
    pub(super) fn reason(&self, field: Field) -> &str {
        self.reasons.iter().rev().find(|(decided, _)| *decided == field).map_or("", |(_, why)| why.as_str())
    }

    pub(super) fn because(&mut self, field: Field, reason: impl Into<String>) {
        self.reasons.push((field, reason.into()));
    }
}
