//! What came out of a pass of the follow-up, for people and for `--json`.

use super::operation::TicketChange;
use crate::flows::tickets::{BrakeReason, Outcome, Sweep};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One ticket in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowRecord {
    /// The ticket.
    pub ticket: i64,
    /// Its title.
    pub title: String,
    /// The intervention or anomaly.
    pub gestan_id: i64,
    /// How it came out; `None` in a dry run.
    pub outcome: Option<Outcome>,
    /// A short stable code: `follow`, or what a person should know.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What was, or would be, written.
    pub change: Option<TicketChange>,
}

/// What came out of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowReport {
    /// The pass, as in the journal.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Nothing was written.
    pub dry_run: bool,
    /// Interventions and anomalies that Gestan was asked about.
    pub looked_at: usize,
    /// Those of them that had changed.
    pub changed: usize,
    /// Records that something was done about, or could not be, in the order of their numbers.
    pub records: Vec<FollowRecord>,
    /// The brake stopped the pass before its first write.
    pub brake: Vec<BrakeReason>,
    /// A signal ended the pass between two records; the next pass goes on.
    pub interrupted: bool,
    /// Why nothing was done at all: a sentence.
    pub held: Option<String>,
    /// How far the rolling look is.
    pub sweep: Sweep,
}

impl FollowReport {
    /// Number of records by outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.records.iter().filter(|record| record.outcome == Some(outcome)).count()
    }

    /// Tickets that were, or (in a dry run) would be, written.
    pub fn writes(&self) -> usize {
        let written =
            |record: &&FollowRecord| record.change.is_some() && record.outcome.is_none_or(|o| o == Outcome::Done);
        self.records.iter().filter(written).count()
    }

    /// Whether some record failed, or was set aside, or the brake stopped the pass.
    pub fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) + self.count(Outcome::Quarantined) > 0 || !self.brake.is_empty()
    }
}
