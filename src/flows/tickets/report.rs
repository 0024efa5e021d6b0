//! What came out of a pass, for people and for `--json`.

use super::brake::BrakeReason;
use super::operation::{Operation, Verb};
use super::ports::Outcome;
use super::sweep::Sweep;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One ticket in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordReport {
    /// The ticket.
    pub ticket: i64,
    /// Its title.
    pub title: String,
    /// The intervention, where there is one.
    pub gestan_id: Option<i64>,
    /// How it came out; `None` in a dry run.
    pub outcome: Option<Outcome>,
    /// A short stable code: a verb, or why not.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What was, or would be, written.
    pub operation: Option<Arc<Operation>>,
}

/// Records that a report lists although all went well with them.
const LISTED: usize = 1000;

/// Records as they come, so many of them that went well; the journal tells of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub listed: Vec<RecordReport>,
    pub unlisted: BTreeMap<Verb, usize>,
    done: usize,
}

impl Records {
    pub(super) fn add(&mut self, records: Vec<RecordReport>) {
        for record in records {
            if record.outcome == Some(Outcome::Done) {
                self.done += 1;
                if let Some(operation) = record.operation.as_ref().filter(|_| self.done > LISTED) {
                    *self.unlisted.entry(operation.verb).or_insert(0) += 1;
                    continue;
                }
            }
            self.listed.push(record);
        }
    }
}

/// What came out of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassReport {
    /// The pass, as in the journal.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Nothing was written.
    pub dry_run: bool,
    /// Every ticket was looked at, old closed ones included.
    pub full: bool,
    /// Tickets in GestSup.
    pub tickets: usize,
    /// Tickets whose fingerprint was compared.
    pub looked_at: usize,
    /// Tickets that were read whole.
    pub read: usize,
    /// Records that something was done about, or could not be, in the order of their numbers.
    pub records: Vec<RecordReport>,
    /// Operations that were done beyond those that are listed, by verb: a large pass would not fit here.
    pub unlisted: BTreeMap<Verb, usize>,
    /// The brake stopped the pass before its first write.
    pub brake: Vec<BrakeReason>,
    /// A signal ended the pass between two records; the next pass goes on.
    pub interrupted: bool,
    /// GestSup's base was restored since the last pass: a sentence.
    pub rewound: Option<String>,
    /// How far the rolling look at every ticket is.
    pub sweep: Sweep,
    /// Interventions whose content in Gestan was compared with what was agreed.
    pub compared: usize,
    /// How far that rolling comparison is.
    pub comparison: Sweep,
}

impl PassReport {
    /// Number of records by outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        let unlisted = if outcome == Outcome::Done { self.unlisted.values().sum() } else { 0 };
        self.records.iter().filter(|record| record.outcome == Some(outcome)).count() + unlisted
    }

    /// Number of operations, done or (in a dry run) to be done, by verb.
    pub fn by_verb(&self) -> BTreeMap<Verb, usize> {
        let mut counts = self.unlisted.clone();
        for record in &self.records {
            let counted = record.outcome.is_none_or(|outcome| outcome == Outcome::Done);
            if let Some(operation) = record.operation.as_ref().filter(|_| counted) {
                *counts.entry(operation.verb).or_insert(0) += 1;
            }
        }
        counts
    }

    /// Writes to Gestan, done or (in a dry run) to be done.
    pub fn writes(&self) -> usize {
        self.by_verb().values().sum()
    }

    /// Whether some record failed, or was set aside, or the brake stopped the pass.
    pub fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) + self.count(Outcome::Quarantined) > 0 || !self.brake.is_empty()
    }
}
