//! What came out of a pass of the notify flow, for people and for `--json`.

use crate::flows::tickets::{BrakeReason, Outcome};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One mail, or a person who gets none, in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotifyRecord {
    /// The ticket, where it is about one.
    pub ticket: Option<i64>,
    /// Number in the outbox, where it is there already.
    pub mail: Option<i64>,
    /// Whom it is for.
    pub to: String,
    /// How it came out; `None`: it is to be sent.
    pub outcome: Option<Outcome>,
    /// A short stable code: `mail`, or why none is sent.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What came out of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotifyReport {
    /// The pass, as in the journal.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Nothing was sent or remembered.
    pub dry_run: bool,
    /// Tickets whose state was compared.
    pub looked_at: usize,
    /// Tickets that were opened or changed state.
    pub changed: usize,
    /// Mails that were put into the outbox, or (in a dry run) would be.
    pub queued: usize,
    /// Mails that the server took.
    pub sent: usize,
    /// Mails that still wait.
    pub waiting: usize,
    /// Mails that were given up and wait for `notify retry`.
    pub given_up: usize,
    /// What was done, or not.
    pub records: Vec<NotifyRecord>,
    /// The brake stopped the pass before its first mail.
    pub brake: Vec<BrakeReason>,
    /// A signal ended the pass between two mails; the next pass goes on.
    pub interrupted: bool,
    /// Why nobody is told of what changed: a sentence.
    pub held: Option<String>,
    /// Why mails wait: a sentence.
    pub mail_server: Option<String>,
}

impl NotifyReport {
    /// Number of records by outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.records.iter().filter(|record| record.outcome == Some(outcome)).count()
    }

    /// Mails that were sent, or (in a dry run) would be.
    pub fn writes(&self) -> usize {
        if self.dry_run { self.queued } else { self.sent }
    }

    /// Whether some mail failed, or was given up, or the brake stopped the pass.
    pub fn has_failures(&self) -> bool {
        self.count(Outcome::Failed) + self.count(Outcome::Quarantined) > 0 || !self.brake.is_empty()
    }
}
