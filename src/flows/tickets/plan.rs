//! What one ticket needs in Gestan, decided from the ticket, its links and what Gestan holds. Pure:
//! the clock is a parameter, nothing is read or written.

use super::absence::{ATTRIBUTED, UNATTRIBUTED, notes};
use super::documents::wanted;
use super::links::{adopt, before, known_before};
use super::merge::{MergedEntries, MergedFields, merge_entries, merge_fields, without_missing};
use super::operation::{Decision, Draft, FieldChange, Lacking, Operation, Verb, Verdict, Write};
use super::ports::{Link, LinkPhase};
use super::rewind::OTHER_TICKET;
use crate::config::{Documents, Policy, Unattributed};
use crate::gestan::contract::{ObjectPut, ObjectState, Precondition, TicketKey};
use crate::mapping::{Before, Context, Projection, Wording, project, ticket_url};
use crate::model::{EntryMark, Field, Fields, Identity, LastKnown, Person, Status, Ticket, Value, sha256_hex};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the plan of a ticket needs beside the ticket and its links.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// What the projection needs.
    pub context: Context<'a>,
    /// Name of the GestSup base in Gestan's links.
    pub source: &'a str,
    /// What happens to interventions of tickets that nobody is in charge of any more.
    pub unattributed: Unattributed,
    /// The time that notes are dated with.
    pub now: DateTime<Utc>,
    /// GestSup's base was restored: steps have ids of lost ones, so only the opening date tells tickets
    /// apart.
    pub restored: bool,
    /// What is sent of the files of tickets; `None`: nothing.
    pub documents: Option<&'a Documents>,
    /// A person asks for this ticket: files that could not be sent are tried again.
    pub again: bool,
}

/// A ticket that was merged into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergedTicket {
    /// `tincidents.id`, now gone.
    pub number: i64,
    /// Its intervention.
    pub gestan_id: Option<i64>,
}

impl Planner<'_> {
    /// Plans a ticket that exists. `links` are its links by sequence; `current` is what Gestan was
    /// just seen to hold for the newest of them, when that is known to differ from what was agreed.
    /// `merged` are tickets that were merged into this one and whose interventions do not yet say so.
    pub fn plan(
        &self,
        ticket: &Ticket,
        links: &[Link],
        current: Option<&ObjectState>,
        merged: &[MergedTicket],
    ) -> Decision {
        let mut decision = self.decide(ticket, links, current, merged);
        if let Some(rules) = self.documents
            && ticket.is_attributed()
        {
            let is_there = match &decision.verdict {
                Verdict::Write(_) => true,
                Verdict::InStep(_) => links.last().is_some_and(|link| !is_billed(&link.held)),
                Verdict::Report { link, .. } => !is_billed(&link.held),
                Verdict::NotOurs | Verdict::Wait { .. } | Verdict::Quarantine { .. } => false,
            };
            if is_there {
                decision.documents = wanted(ticket, links, rules, self.again);
            }
        }
        decision
    }

    fn decide(
        &self,
        ticket: &Ticket,
        links: &[Link],
        current: Option<&ObjectState>,
        merged: &[MergedTicket],
    ) -> Decision {
        let Some(link) = links.last() else { return self.plan_new(ticket, 1, &Before::default()) };
        if self.is_another(ticket, links) {
            if self.is_settled(links) {
                return self.plan_new(ticket, link.sequence + 1, &Before::default());
            }
            let verdict = Verdict::Quarantine {
                code: OTHER_TICKET,
                reason: format!(
                    "Ticket n°{} is not the one that intervention {} was made for (opened {} instead of {}): GestSup was restored, or its numbers are used again. Nothing was written: `gestan-connector reconcile` shows it, with --fix the ticket gets an intervention of its own.",
                    ticket.number, link.gestan_id, ticket.identity.created, link.identity.created
                ),
            };
            return verdict.into();
        }
        if link.is_lost() {
            let ticket = &ticket.clone().completed(&link.last_known);
            // Where the client can no longer be told, it is the one that the lost one was for.
            let client = link.sent.get(&Field::Client).and_then(Value::as_number);
            return self.plan_new(
                ticket,
                link.sequence + 1,
                &Before { client, kind: Some(link.kind), ..before(links) },
            );
        }
        let link = &current.map_or_else(|| link.clone(), |current| without_missing(link, current));
        let ticket = &ticket.clone().completed(&link.last_known);
        let before = known_before(links);
        let projection = match project(ticket, &before, &self.context) {
            Ok(projection) => projection,
            Err(wait) => return Verdict::Wait { code: wait.code, reason: wait.reason }.into(),
        };
        let held = current.map_or(&link.held, |current| &current.fields);
        let held_status = held.get(&Field::Status).and_then(Value::as_status);
        if held_status == Some(Status::Billed) {
            return self.plan_billed(ticket, links, &projection, held, current).into();
        }
        if !ticket.is_attributed() && !projection.status.is_closed() {
            return self.plan_unattributed(ticket, link, &projection, held, current).into();
        }
        let started = held_status.is_some_and(|status| status != Status::Planned);
        let lacking = self.lacking(&projection, started);
        let verdict = self.plan_linked(ticket, link, &projection, held, current, merged);
        Decision { verdict, lacking, documents: Vec::new() }
    }

    /// What cannot be told of an intervention, unless Gestan decides about it anyway.
    fn lacking(&self, projection: &Projection, started: bool) -> Option<Lacking> {
        let policies = &self.context.mapping.policies;
        let matters = |field: Field| match policies.of(projection.kind, field) {
            Policy::Always => true,
            Policy::UntilStarted => !started,
            Policy::CreateOnly | Policy::Never => false,
        };
        let mut matter =
            projection.lacking.iter().filter(|(field, _)| matters(*field)).map(|(_, wait)| wait).peekable();
        let code = matter.peek()?.code;
        let mut reasons: Vec<&str> = matter.map(|wait| wait.reason.as_str()).collect();
        if projection.lacking.iter().any(|(field, _)| *field != Field::PlannedStart) {
            reasons.push("The rest of the ticket is carried over.");
        }
        Some(Lacking { code, reason: reasons.join(" ") })
    }

    /// Whether the number belongs to another ticket than the one its newest link was made for.
    pub fn is_another(&self, ticket: &Ticket, links: &[Link]) -> bool {
        links.last().is_some_and(|link| {
            let is_it = |known: &Identity| {
                known.matches(&ticket.identity) && !(self.restored && known.created != ticket.identity.created)
            };
            // What people changed of it one after the other must not add up to another ticket.
            !is_it(&link.identity) && !link.last_known.identity.as_ref().is_some_and(is_it)
        })
    }

    /// Whether the intervention of the ticket that had the number before was noted as gone.
    pub(super) fn is_settled(&self, links: &[Link]) -> bool {
        links.last().is_none_or(|link| link.phase == LinkPhase::Gone)
    }

    /// A link to what Gestan already holds under this ticket's key, after the `earlier` ones. Who planned what is
    /// not known, so a planning that is not GestSup's counts as made in Gestan.
    pub fn adopt(&self, state: &ObjectState, ticket: Option<&Ticket>, earlier: &[Link]) -> Link {
        let mut link = adopt(state, self.wording().mark(EntryMark::Withdrawn));
        // What it was billed for is not to be billed again: it carries as much time as it holds.
        let time = &self.context.mapping.time;
        let units = state.fields.get(&Field::TimeSpent).and_then(Value::as_number).unwrap_or(0).max(0);
        link.minutes_before = before(earlier).minutes;
        link.minutes = link.minutes_before + units * time.unit.minutes(time.hours_per_day);
        let wanted = ticket.and_then(|ticket| {
            project(ticket, &Before { kind: Some(state.kind), ..Before::default() }, &self.context).ok()
        });
        let wanted = wanted.map(|projection| projection.fields).unwrap_or_default();
        for (&field, held) in state.fields.iter() {
            let policy = self.context.mapping.policies.of(state.kind, field);
            if policy == Policy::UntilStarted && !held.is_nothing() && wanted.get(&field) != Some(held) {
                link.sent.insert(field, Value::Null);
            }
        }
        link
    }

    fn plan_new(&self, ticket: &Ticket, sequence: u32, before: &Before) -> Decision {
        if !ticket.is_attributed() {
            return Verdict::NotOurs.into();
        }
        match project(ticket, before, &self.context) {
            // It was rejected before anybody in Gestan heard of it.
            Ok(projection) if projection.status == Status::Cancelled => Verdict::NotOurs.into(),
            Ok(projection) => Decision {
                lacking: self.lacking(&projection, false),
                ..Verdict::Write(Arc::new(self.create(ticket, sequence, before, &projection))).into()
            },
            Err(wait) => Verdict::Wait { code: wait.code, reason: wait.reason }.into(),
        }
    }

    fn create(&self, ticket: &Ticket, sequence: u32, before: &Before, projection: &Projection) -> Write {
        let policies = &self.context.mapping.policies;
        let fields: Fields = projection
            .fields
            .iter()
            .filter(|(field, _)| policies.of(projection.kind, **field) != Policy::Never)
            .map(|(field, value)| (*field, value.clone()))
            .collect();
        let merged = merge_entries(projection, &BTreeMap::new());
        let changes =
            fields.iter().map(|(field, to)| FieldChange { field: *field, from: None, to: to.clone() }).collect();
        let operation = Operation {
            key: self.key(ticket.number, sequence),
            verb: Verb::Create,
            kind: projection.kind,
            gestan_id: None,
            title: ticket.title.clone(),
            changes,
            head: true,
            entries: merged.changes,
            remarks: Vec::new(),
        };
        Write {
            operation: Arc::new(operation),
            put: Arc::new(ObjectPut {
                kind: projection.kind,
                origin: ticket.identity.clone(),
                url: ticket_url(self.context.url, ticket.number).map(String::from),
                fields: fields.clone(),
                head: Some(projection.head.clone()),
                entries: merged.entries,
            }),
            precondition: Precondition::Absent,
            draft: Draft {
                identity: ticket.identity.clone(),
                phase: phase_of(projection.status),
                minutes_before: before.minutes,
                minutes: carried(projection, before.minutes),
                sent: fields,
                followed: Fields::default(),
                head_hash: sha256_hex(&projection.head.to_plain()),
                entries: merged.agreed,
                last_known: LastKnown { mode: Some(projection.mode), ..ticket.last_known() },
                documents: BTreeMap::new(),
            },
        }
    }

    fn plan_linked(
        &self,
        ticket: &Ticket,
        link: &Link,
        projection: &Projection,
        held: &Fields,
        current: Option<&ObjectState>,
        merged: &[MergedTicket],
    ) -> Verdict {
        let fields = merge_fields(projection, link, held, &self.context.mapping.policies);
        let mut entries = merge_entries(projection, &link.entries);
        let head = sha256_hex(&projection.head.to_plain());
        let noted = notes(link, UNATTRIBUTED);
        if ticket.is_attributed() && noted > notes(link, ATTRIBUTED) {
            let who = ticket.technician.as_ref().map(Person::display_name);
            let who = who.or_else(|| ticket.group.as_ref().map(|group| group.name.clone())).unwrap_or_default();
            let text = self.wording().note_attributed(&who);
            entries.note(self.note(format!("{ATTRIBUTED}{noted}"), &text));
        }
        for from in merged {
            let key = format!("note:merged:{}", from.number);
            if !link.entries.contains_key(&key) {
                entries.note(self.note(key, &self.wording().note_merged(from.number, from.gestan_id)));
            }
        }
        let mut write = self.write(link, current, fields, entries);
        let operation = Arc::make_mut(&mut write.operation);
        // A ticket that had no step when it was linked is recognised by its first one from then on.
        write.draft.identity.first_step = link.identity.first_step.or(ticket.identity.first_step);
        if head != link.head_hash {
            operation.head = true;
            Arc::make_mut(&mut write.put).head = Some(projection.head.clone());
            write.draft.head_hash = head;
        }
        operation.title.clone_from(&ticket.title);
        write.draft.phase = phase_of(projection.status);
        write.draft.minutes = carried(projection, link.minutes_before);
        write.draft.last_known = ticket.last_known();
        write.draft.last_known.mode = Some(projection.mode);
        if projection.mode != link.kind && link.last_known.mode != Some(projection.mode) {
            operation.remarks.push(format!(
                "{} would make it an {} now; it stays the {} that it became",
                projection.why_mode, projection.mode, link.kind
            ));
        }
        if projection.lacking.iter().any(|(field, _)| *field == Field::Machine) {
            // What Gestan never knew must not stand once GestSup no longer says it.
            write.draft.last_known.equipment.clone_from(&link.last_known.equipment);
        }
        self.finish(write, link, held, current)
    }

    /// A write that would change nothing is none; what it learnt is remembered all the same.
    pub(super) fn finish(&self, write: Write, link: &Link, held: &Fields, current: Option<&ObjectState>) -> Verdict {
        let operation = &write.operation;
        if !operation.changes.is_empty() || operation.head || !operation.entries.is_empty() {
            return Verdict::Write(Arc::new(write));
        }
        let Write { draft, operation, .. } = write;
        let known = Link {
            identity: draft.identity,
            phase: draft.phase,
            minutes: draft.minutes,
            sent: draft.sent,
            held: held.clone(),
            entries: draft.entries,
            last_known: draft.last_known,
            etag: current.map_or_else(|| link.etag.clone(), |current| current.etag.clone()),
            ..link.clone()
        };
        match operation.remarks.is_empty() {
            true if known == *link => Verdict::InStep(None),
            true => Verdict::InStep(Some(Box::new(known))),
            false => Verdict::Report {
                link: Box::new(known),
                code: "changed-in-gestan",
                message: operation.remarks.join("; "),
            },
        }
    }

    /// The intervention is billed, so it is immutable: a ticket that is open again gets another one.
    fn plan_billed(
        &self,
        ticket: &Ticket,
        links: &[Link],
        projection: &Projection,
        held: &Fields,
        current: Option<&ObjectState>,
    ) -> Verdict {
        let Some(link) = links.last() else { return Verdict::NotOurs };
        if !projection.status.is_closed() && ticket.is_attributed() {
            let before = before(links);
            return match project(ticket, &before, &self.context) {
                Ok(projection) => {
                    Verdict::Write(Arc::new(self.create(ticket, link.sequence + 1, &before, &projection)))
                }
                Err(wait) => Verdict::Wait { code: wait.code, reason: wait.reason },
            };
        }
        let merged = merge_entries(projection, &link.entries);
        let known = Link {
            held: held.clone(),
            phase: phase_of(projection.status),
            etag: current.map_or_else(|| link.etag.clone(), |current| current.etag.clone()),
            ..link.clone()
        };
        let new = merged.changes.iter().filter(|change| change.new).count();
        let minutes = carried(projection, link.minutes_before);
        if merged.changes.is_empty() && minutes == link.minutes {
            let learnt = known != *link;
            return Verdict::InStep(learnt.then(|| Box::new(known)));
        }
        let message = format!(
            "Intervention {} is billed and cannot change any more: {new} new step(s) and {} more minute(s) of the ticket are not in Gestan. Reopen the ticket in GestSup to have them in a new intervention.",
            link.gestan_id,
            (minutes - link.minutes).max(0)
        );
        Verdict::Report { link: Box::new(known), code: "billed", message }
    }

    /// The write that brings `link` to what was merged.
    pub(super) fn write(
        &self,
        link: &Link,
        current: Option<&ObjectState>,
        fields: MergedFields,
        entries: MergedEntries,
    ) -> Write {
        let etag = current.map_or_else(|| link.etag.clone(), |current| current.etag.clone());
        Write {
            put: Arc::new(ObjectPut {
                kind: link.kind,
                origin: link.identity.clone(),
                url: ticket_url(self.context.url, link.number).map(String::from),
                fields: fields.changes.iter().map(|change| (change.field, change.to.clone())).collect(),
                head: None,
                entries: entries.entries,
            }),
            operation: Arc::new(Operation {
                key: self.key(link.number, link.sequence),
                verb: verb(&fields.changes),
                kind: link.kind,
                gestan_id: Some(link.gestan_id),
                title: String::new(),
                changes: fields.changes,
                head: false,
                entries: entries.changes,
                remarks: fields.remarks,
            }),
            precondition: Precondition::Match(etag),
            draft: Draft {
                identity: link.identity.clone(),
                phase: link.phase,
                minutes_before: link.minutes_before,
                minutes: link.minutes,
                sent: fields.sent,
                followed: link.followed.clone(),
                head_hash: link.head_hash.clone(),
                entries: entries.agreed,
                last_known: link.last_known.clone(),
                documents: link.documents.clone(),
            },
        }
    }

    fn key(&self, number: i64, sequence: u32) -> TicketKey {
        TicketKey { source: self.source.to_owned(), number, sequence }
    }

    pub(super) fn wording(&self) -> Wording<'_> {
        Wording::new(self.context.mapping, self.context.zone)
    }
}

/// Minutes that an intervention carries together with earlier ones, which carry `before`. A total that shrank below
/// that takes nothing back: what grows again up to there is no new time.
fn carried(projection: &Projection, before: i64) -> i64 {
    projection.minutes.max(before)
}

fn is_billed(held: &Fields) -> bool {
    held.get(&Field::Status).and_then(Value::as_status) == Some(Status::Billed)
}

fn phase_of(status: Status) -> LinkPhase {
    if status.is_closed() { LinkPhase::Closed } else { LinkPhase::Live }
}

/// What a change of status means; a change among open statuses is an update like any other.
fn verb(changes: &[FieldChange]) -> Verb {
    let Some(change) = changes.iter().find(|change| change.field == Field::Status) else { return Verb::Update };
    let closed_before = change.from.as_ref().and_then(Value::as_status).is_some_and(Status::is_closed);
    match change.to.as_status() {
        Some(Status::Done) => Verb::Close,
        Some(Status::ToBill) => Verb::Bill,
        Some(Status::Cancelled) => Verb::Cancel,
        _ if closed_before => Verb::Reopen,
        _ => Verb::Update,
    }
}
