//! What the service wants to know of a pass, whatever the flow.

use crate::flows::follow_up::FollowReport;
use crate::flows::notify::NotifyReport;
use crate::flows::reference::ReferenceReport;
use crate::flows::tickets::{BrakeReason, Outcome, PassReport};
use serde_json::{Value, json};

/// A pass as the service tells and counts it.
pub(super) trait Report: Send + Sync {
    /// The pass, as in the journal.
    fn run_id(&self) -> &str;
    /// How long it took.
    fn milliseconds(&self) -> u64;
    /// Records that were looked at.
    fn looked_at(&self) -> usize;
    /// Figures that are kept with the run.
    fn counts(&self) -> Value;
    /// What the brake stopped.
    fn brake(&self) -> &[BrakeReason];
    /// Why nothing was done at all, or what a person must know first: a sentence.
    fn held(&self) -> Option<&str>;
    /// Writes that were done.
    fn writes(&self) -> usize;
    /// Records by outcome.
    fn count(&self, outcome: Outcome) -> usize;
}

impl Report for PassReport {
    fn run_id(&self) -> &str {
        &self.run_id
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }

    fn looked_at(&self) -> usize {
        self.looked_at
    }

    fn counts(&self) -> Value {
        json!({
            "tickets": self.tickets,
            "looked_at": self.looked_at,
            "read": self.read,
            "writes": self.writes(),
            "full": self.full,
        })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }

    fn held(&self) -> Option<&str> {
        self.rewound.as_deref()
    }

    fn writes(&self) -> usize {
        self.writes()
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for FollowReport {
    fn run_id(&self) -> &str {
        &self.run_id
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }

    fn looked_at(&self) -> usize {
        self.looked_at
    }

    fn counts(&self) -> Value {
        json!({ "looked_at": self.looked_at, "changed": self.changed, "writes": self.writes() })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }

    fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }

    fn writes(&self) -> usize {
        self.writes()
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for ReferenceReport {
    fn run_id(&self) -> &str {
        &self.run_id
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }

    fn looked_at(&self) -> usize {
        self.listed.values().sum()
    }

    fn counts(&self) -> Value {
        json!({ "listed": self.listed, "writes": self.writes })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }

    fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }

    fn writes(&self) -> usize {
        self.writes
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for NotifyReport {
    fn run_id(&self) -> &str {
        &self.run_id
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }

    fn looked_at(&self) -> usize {
        self.looked_at
    }

    fn counts(&self) -> Value {
        json!({
            "looked_at": self.looked_at,
            "changed": self.changed,
            "queued": self.queued,
            "sent": self.sent,
            "waiting": self.waiting,
            "given_up": self.given_up,
        })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }

    fn held(&self) -> Option<&str> {
        self.held.as_deref()
    }

    fn writes(&self) -> usize {
        self.writes()
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}
