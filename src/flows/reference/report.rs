//! What came out of a pass of the reference flow, for people and for `--json`.

use super::ports::RowChange;
use super::record::Kind;
use crate::flows::tickets::{BrakeReason, Outcome};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// One record in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferenceRecord {
    /// What it is.
    pub kind: Kind,
    /// What Gestan knows it by; empty for a row that only GestSup has.
    pub key: String,
    /// How people call it.
    pub name: String,
    /// Its id in GestSup.
    pub gestsup_id: Option<i64>,
    /// How it came out; `None`: it is only planned.
    pub outcome: Option<Outcome>,
    /// A short stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What was, or would be, written.
    pub change: Option<RowChange>,
}

/// What came out of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferenceReport {
    /// The pass, as in the journal.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Nothing was written.
    pub dry_run: bool,
    /// Records of Gestan by kind.
    pub listed: BTreeMap<Kind, usize>,
    /// Records that something was done about, or could not be: the first of them.
    pub records: Vec<ReferenceRecord>,
    /// How many more there are; the journal tells of all.
    pub more: usize,
    /// How many, by outcome.
    #[serde(skip)]
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Rows that were, or would be, written.
    pub writes: usize,
    /// The brake stopped the pass before its first write.
    pub brake: Vec<BrakeReason>,
    /// A signal ended the pass; the next one goes on.
    pub interrupted: bool,
    /// Why nothing was done at all: a sentence.
    pub held: Option<String>,
}

/// Records of a report: of a first load nobody reads more, and all of them would not fit into memory.
const KEPT: usize = 2_000;

impl ReferenceReport {
    /// Takes records in. What is only planned is kept whole: no journal tells of it.
    pub(super) fn tell(&mut self, records: Vec<ReferenceRecord>) {
        for record in records {
            if let Some(outcome) = record.outcome {
                *self.outcomes.entry(outcome.as_str()).or_default() += 1;
            }
            if self.dry_run || self.records.len() < KEPT {
                self.records.push(record);
            } else {
                self.more += 1;
            }
        }
    }

    /// Number of records by outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.get(outcome.as_str()).copied().unwrap_or(0)
    }

    /// Whether some record failed, or was set aside, or the brake stopped the pass.
    pub fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) + self.count(Outcome::Quarantined) > 0 || !self.brake.is_empty()
    }
}
