//! No mass damage: a plan that would change more than a set number and share of the records stops
//! before its first write and asks.

use super::operation::{Operation, Planned, Verb, Verdict};
use crate::config::{Brake, Limit};
use crate::model::{Field, Status, Value};
use serde::Serialize;
use std::fmt;

/// A limit that a plan exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrakeReason {
    /// What there are too many of, as in `[tickets.brake]`.
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
            _ => "tickets are gone from GestSup",
        };
        write!(f, "{} {what}, {} are allowed in one pass ([tickets.brake] {})", self.planned, self.allowed, self.kind)
    }
}

/// The limits that this plan exceeds; `open` is the number of open linked tickets.
pub(super) fn exceeded<'a>(
    plan: impl Iterator<Item = &'a Planned> + Clone,
    open: usize,
    brake: &Brake,
) -> Vec<BrakeReason> {
    let operations: Vec<&Operation> = plan
        .clone()
        .filter_map(|planned| match &planned.verdict {
            Verdict::Write(operation) => Some(operation.as_ref()),
            _ => None,
        })
        .collect();
    let count = |wanted: &dyn Fn(&Operation) -> bool| operations.iter().filter(|operation| wanted(operation)).count();
    let becomes = |operation: &Operation, status: Status| {
        operation.changes.iter().any(|change| {
            change.field == Field::Status && change.to == Value::from(status) && operation.verb != Verb::Create
        })
    };
    // A ticket that is gone counts even where its intervention needs no write, unless it is held back.
    let gone = plan
        .filter(|planned| planned.fingerprint.is_none() && !matches!(planned.verdict, Verdict::Quarantine { .. }))
        .count();
    [
        ("create", count(&|operation| operation.verb == Verb::Create), brake.create),
        ("close", count(&|operation| becomes(operation, Status::Done)), brake.close),
        ("bill", count(&|operation| becomes(operation, Status::ToBill)), brake.bill),
        ("cancel", count(&|operation| becomes(operation, Status::Cancelled)), brake.cancel),
        ("deleted", gone, brake.deleted),
    ]
    .into_iter()
    .map(|(kind, planned, limit)| BrakeReason { kind, planned, allowed: allowed(limit, open) })
    .filter(|reason| reason.planned > reason.allowed)
    .collect()
}

fn allowed(limit: Limit, open: usize) -> usize {
    let share = open * limit.percent as usize / 100;
    share.max(limit.number as usize)
}
