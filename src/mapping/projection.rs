//! What one ticket says its intervention should be: every field, the head and the entries of the
//! memo, and which rule decided what. Or why that cannot be said yet.

use super::directory::{Directory, Found};
use super::fold::{cut_on_word, fold};
use super::planning::{estimate, planned};
use super::steps::named_steps;
use super::texts::{Kind, Wording};
use crate::config::{Billable, Mapping, Unmatched};
use crate::model::{Entry, EntryMark, Field, Fields, Group, Line, Person, RichText, Status, Ticket, Value, sha256_hex};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::HashSet;
use url::Url;

/// Columns of Gestan that limit a text (`LIB50`, `DEMANDEUR`, `US_TEAM`).
const TITLE: usize = 50;
const REQUESTER: usize = 30;
const TEAM: usize = 50;

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
}

/// An entry, with what is needed to recognise it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectedEntry {
    /// As it reads without a mark.
    pub entry: Entry,
    /// Hash of what GestSup says, whatever the templates make of it.
    pub content: String,
    /// The heading once it was edited.
    pub heading_edited: String,
    /// The heading once it was withdrawn.
    pub heading_withdrawn: String,
    /// GestSup no longer knows who wrote it or whom it names: what was written while it did is worth more.
    pub forgotten: bool,
}

/// What earlier plans of the same ticket settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The intervention that this one goes on from.
    pub gestan_id: Option<i64>,
    /// Minutes that earlier interventions carry.
    pub minutes: i64,
    /// Keys of the entries that earlier interventions carry.
    pub entries: HashSet<String>,
    /// The client, which is settled once and for all when the first link is made.
    pub client: Option<i64>,
}

/// What `ticket` says its intervention should be, or why that cannot be said yet.
pub fn project(ticket: &Ticket, before: &Before, context: &Context) -> Result<Projection, Wait> {
    let mapping = context.mapping;
    let wording = Wording::new(mapping, context.zone);
    let mut out = Decisions::default();

    let client = match (client(ticket, context, &mut out), before.client) {
        (Err(_), Some(client)) => {
            out.because(Field::Client, "as it was when the link was made: GestSup does not tell one any more");
            client
        }
        (client, _) => client?,
    };
    let status = status(ticket, context, &mut out)?;
    let (technician, team) = people(ticket, context, &mut out)?;
    let machine = machine(ticket, context, &mut out)?;
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
    if ticket.is_attributed() {
        out.set(Field::Technician, technician.into());
        out.set(Field::Team, Value::List(team));
    }
    if let Some(genre) = genre {
        out.set(Field::Genre, Value::Text(genre));
    }
    if let Some(product) = product {
        out.set(Field::Product, Value::Text(product));
    }
    if let Some(priority) = priority(ticket, mapping) {
        out.set(Field::Priority, Value::Text(priority));
    }
    if let Some(machine) = machine {
        out.set(Field::Machine, machine.into());
    }
    project_fields(ticket, mapping, &mut out);

    let (start, end, why) = planned(ticket, mapping, context.zone);
    out.set(Field::PlannedStart, start.into());
    out.set(Field::PlannedEnd, end.into());
    out.because(Field::PlannedStart, why);

    let minutes = if ticket.minutes_spent <= mapping.time.ignore_up_to_minutes { 0 } else { ticket.minutes_spent };
    let here = (minutes - before.minutes).max(0);
    let unit = mapping.time.unit.minutes(mapping.time.hours_per_day);
    out.set(Field::TimeSpent, Value::Number(mapping.time.rounding.apply(here, unit)));
    out.set(Field::Load, Value::Number(mapping.time.rounding.apply(estimate(ticket, &mapping.time), unit)));

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

#[derive(Default)]
struct Decisions {
    fields: Fields,
    reasons: Vec<(Field, String)>,
}

impl Decisions {
    fn set(&mut self, field: Field, value: Value) {
        self.fields.insert(field, value);
    }

    fn because(&mut self, field: Field, reason: impl Into<String>) {
        self.reasons.push((field, reason.into()));
    }
}

fn wait<T>(code: &'static str, reason: String) -> Result<T, Wait> {
    Err(Wait { code, reason })
}

fn client(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<i64, Wait> {
    let name = match (ticket.client(), &ticket.requester, &ticket.requester_group) {
        (Some(company), ..) => format!("the company “{}”", company.name),
        (None, Some(requester), _) => format!("the requester {} (who has no company)", requester.display_name()),
        (None, None, group) => {
            let who = match group {
                Some(group) => {
                    format!("its requester is the group “{}”, whose members are not all of one company", group.name)
                }
                None => "it has no known requester".to_owned(),
            };
            return wait(
                "no-requester",
                format!("The client cannot be told: {who}. Set a requester of the client in GestSup."),
            );
        }
    };
    match context.directory.client(&context.mapping.clients, ticket.client(), ticket.requester.as_ref()) {
        Found::One(id, how) => {
            out.because(Field::Client, how);
            Ok(id)
        }
        Found::Nothing => wait(
            "client-unknown",
            format!(
                "No client of Gestan matches {name}. Create it in Gestan under the same name, or add it to [mapping.clients.table]."
            ),
        ),
        Found::Several(names) => wait(
            "client-ambiguous",
            format!(
                "Several clients of Gestan match {name}: {}. Say which in [mapping.clients.table].",
                names.join(", ")
            ),
        ),
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

/// Intervenant and team: a technician alone, or the members of a group.
fn people(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<(Option<String>, Vec<String>), Wait> {
    let rules = &context.mapping.technicians;
    let without = rules.unmatched == Unmatched::Without;
    if let Some(person) = &ticket.technician {
        let name = person.display_name();
        return match context.directory.technician(rules, person) {
            Found::One(code, how) => {
                out.because(Field::Technician, how);
                Ok((Some(code), Vec::new()))
            }
            _ if without => Ok((None, Vec::new())),
            Found::Nothing => wait(
                "technician-unknown",
                format!(
                    "No Gestan user matches the technician {name} (login “{}”). Give both the same mail, or add the login to [mapping.technicians.table].",
                    person.login
                ),
            ),
            Found::Several(names) => wait(
                "technician-ambiguous",
                format!(
                    "Several Gestan users match the technician {name}: {}. Say which in [mapping.technicians.table].",
                    names.join(", ")
                ),
            ),
        };
    }
    match &ticket.group {
        Some(group) => Ok((None, team(group, context, without, out)?)),
        None => Ok((None, Vec::new())),
    }
}

fn team(group: &Group, context: &Context, without: bool, out: &mut Decisions) -> Result<Vec<String>, Wait> {
    let mut codes: Vec<String> = Vec::new();
    let mut unknown = Vec::new();
    for member in &group.members {
        match context.directory.technician(&context.mapping.technicians, member) {
            Found::One(code, _) if codes.contains(&code) => {}
            // Codes are joined by ";" in a column of 50 characters.
            Found::One(code, _) if codes.iter().map(|c| c.len() + 1).sum::<usize>() + code.len() > TEAM => {
                unknown.push(format!("{code} (no room left in Gestan's team)"));
            }
            Found::One(code, _) => codes.push(code),
            Found::Nothing => unknown.push(member.display_name()),
            Found::Several(names) if !without => {
                return wait(
                    "technician-ambiguous",
                    format!(
                        "Several Gestan users match {}, of the group “{}”: {}. Say which in [mapping.technicians.table].",
                        member.display_name(),
                        group.name,
                        names.join(", ")
                    ),
                );
            }
            Found::Several(_) => unknown.push(member.display_name()),
        }
    }
    if codes.is_empty() && !without {
        return wait(
            "group-unknown",
            format!(
                "No member of the group “{}” matches a Gestan user. Add members to the group in GestSup, or their logins to [mapping.technicians.table].",
                group.name
            ),
        );
    }
    let mut reason = format!("members of the group “{}”", group.name);
    if !unknown.is_empty() {
        reason = format!("{reason}, without {}", unknown.join(", "));
    }
    out.because(Field::Team, reason);
    Ok(codes)
}

/// `Some(None)`: the ticket has no equipment; `None`: it has, and it is not to be written.
fn machine(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<Option<Option<i64>>, Wait> {
    let Some(equipment) = &ticket.equipment else { return Ok(Some(None)) };
    let rules = &context.mapping.equipment;
    match context.directory.machine(rules, equipment) {
        Found::One(id, how) => {
            out.because(Field::Machine, how);
            Ok(Some(Some(id)))
        }
        _ if rules.unmatched == Unmatched::Without => Ok(None),
        Found::Nothing => wait(
            "equipment-unknown",
            format!(
                "No machine of Gestan matches the equipment “{}” (serial “{}”). Give the machine this serial number in Gestan, add the equipment to [mapping.equipment.table], or set [mapping.equipment] unmatched = \"without\".",
                equipment.name, equipment.serial
            ),
        ),
        Found::Several(names) => wait(
            "equipment-ambiguous",
            format!(
                "Several machines of Gestan match the equipment “{}”: {}. Say which in [mapping.equipment.table].",
                equipment.name,
                names.join(", ")
            ),
        ),
    }
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

fn entries(
    ticket: &Ticket,
    before: &Before,
    context: &Context,
    wording: &Wording,
    requester: &str,
) -> Vec<ProjectedEntry> {
    let rejected = |state: i64| context.mapping.status.0.get(&state.to_string()) == Some(&Status::Cancelled);
    let opened = ticket.created_at.or_else(|| ticket.steps.iter().find_map(|step| step.at)).unwrap_or_default();
    let mut entries = Vec::new();
    if !ticket.description.is_blank() {
        let kind = wording.kind(Kind::Request).to_owned();
        entries.push(entry("description".to_owned(), opened, requester, kind, 0, ticket.description.clone(), wording));
    }
    for named in named_steps(ticket, &context.mapping.steps, wording, context.private_steps, &rejected) {
        let key = format!("step:{}", named.step.id);
        if before.entries.contains(&key) {
            continue;
        }
        let author = named.step.author.as_ref().map(Person::display_name).unwrap_or_default();
        let at = named.step.at.unwrap_or(opened);
        let mut entry = entry(key, at, &author, named.kind, named.step.minutes, named.text, wording);
        // What an event says is made of names of people and states: whose name changes edits no step.
        entry.content = content(at, named.step.minutes, &named.step.text);
        entry.forgotten = named.step.forgotten;
        entries.push(entry);
    }
    entries
}

fn entry(
    key: String,
    at: chrono::DateTime<chrono::Utc>,
    author: &str,
    kind: String,
    minutes: i64,
    text: RichText,
    wording: &Wording,
) -> ProjectedEntry {
    let heading = wording.heading(at, author, &kind, minutes);
    ProjectedEntry {
        content: content(at, minutes, &text),
        heading_edited: heading.with(EntryMark::Edited),
        heading_withdrawn: heading.with(EntryMark::Withdrawn),
        forgotten: false,
        entry: Entry {
            key,
            at,
            author: author.to_owned(),
            kind,
            minutes,
            mark: EntryMark::None,
            heading: heading.with(EntryMark::None),
            text,
        },
    }
}

/// Author and kind are left out: a person who is renamed, or a kind that depends on what follows, is no edit.
fn content(at: chrono::DateTime<chrono::Utc>, minutes: i64, text: &RichText) -> String {
    sha256_hex(&format!("{}\n{minutes}\n{}", at.to_rfc3339(), text.to_plain()))
}
