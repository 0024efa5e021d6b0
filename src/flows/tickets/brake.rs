//! No mass damage: a plan that would change more than a set number and share of the records stops
//! before its first write and asks.

use super::operation::{Planned, Verb, Verdict};
use crate::config::Brake;
use crate::model::{Field, Status, Value};
use serde::Serialize;
use std::collections::HashSet;
use std::fmt;

/// A limit that a plan exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrakeReason {
    /// What there are too many of, as in `[tickets.brake]` or `[follow_up.brake]`; a kind of reference data.
    pub kind: &'static str,
    /// How many the plan holds.
    pub planned: usize,
    /// How many are allowed.
    pub allowed: usize,
}

impl fmt::Display for BrakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            "create" => "interventions would be created",
            "close" => "interventions would be closed",
            "bill" => "interventions would be set to be billed",
            "cancel" => "interventions would be cancelled",
            "mails" => "mails would be sent",
            "state" => "tickets would get another state in GestSup",
            "clients" => "clients would be disabled in GestSup",
            "contacts" => "contact persons would be disabled in GestSup",
            "equipment" => "pieces of equipment would be disabled in GestSup",
            "technicians" => "technicians would be disabled in GestSup",
            "projects" => "projects would be disabled in GestSup",
            "vanished-projects" => "projects are gone from Gestan's list",
            "vanished-clients" => "clients are gone from Gestan's list",
            "vanished-contacts" => "contact persons are gone from Gestan's list",
            "vanished-equipment" => "machines are gone from Gestan's list",
            "vanished-technicians" => "users are gone from Gestan's list",
            _ => "tickets are gone from GestSup",
        };
        let setting = match self.kind {
            "mails" => "[notify] most_per_pass".to_owned(),
            "state" => "[follow_up.brake] state".to_owned(),
            kind if ["clients", "contacts", "equipment", "technicians", "projects"].contains(&kind)
                || kind.starts_with("vanished") =>
            {
                "[reference] brake".to_owned()
            }
            kind => format!("[tickets.brake] {kind}"),
        };
        write!(f, "{} {what}, {} are allowed in one pass ({setting})", self.planned, self.allowed)
    }
}

/// What a plan holds that is limited, counted as it is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Tickets.
    create: HashSet<i64>,
    close: usize,
    bill: usize,
    cancel: usize,
    deleted: usize,
}

impl Tally {
    /// Counts what is to become of a ticket.
    pub(super) fn add(&mut self, planned: &Planned) {
        // A ticket that is gone counts even where its intervention needs no write, unless it is held back.
        if planned.fingerprint.is_none() && !matches!(planned.verdict, Verdict::Quarantine { .. }) {
            self.deleted += 1;
        }
        let Verdict::Write(write) = &planned.verdict else { return };
        let operation = &write.operation;
        if operation.verb == Verb::Create {
            self.create.insert(planned.number);
            return;
        }
        let becomes = |status: Status| {
            let to = Value::from(status);
            usize::from(operation.changes.iter().any(|change| change.field == Field::Status && change.to == to))
        };
        self.close += becomes(Status::Done);
        self.bill += becomes(Status::ToBill);
        self.cancel += becomes(Status::Cancelled);
    }

    /// Takes out what is in Gestan already: after the state was lost, such a write finds it and makes nothing.
    pub(super) fn known(&mut self, numbers: &HashSet<i64>) {
        self.create.retain(|number| !numbers.contains(number));
    }

    /// The limits that it exceeds; `open` is the number of open linked tickets.
    pub(super) fn exceeded(&self, open: usize, brake: &Brake) -> Vec<BrakeReason> {
        [
            ("create", self.create.len(), brake.create),
            ("close", self.close, brake.close),
            ("bill", self.bill, brake.bill),
            ("cancel", self.cancel, brake.cancel),
            ("deleted", self.deleted, brake.deleted),
        ]
        .into_iter()
        .map(|(kind, planned, limit)| BrakeReason { kind, planned, allowed: limit.of(open) })
        .filter(|reason| reason.planned > reason.allowed)
        .collect()
    }
}
