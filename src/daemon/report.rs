//! What the service wants to know of a pass, whatever the flow.

use crate::flows::follow_up::FollowReport;
use crate::flows::mail::MailReport;
use crate::flows::notify::NotifyReport;
use crate::flows::reference::ReferenceReport;
use crate::flows::tickets::{BrakeReason, Outcome, PassReport};
use serde_json::{Value, json};

/// What every pass has.
pub(super) struct Head<'r> {
    /// The pass, as in the journal.
    pub run_id: &'r str,
    /// How long it took.
    pub milliseconds: u64,
    /// Records that were looked at.
    pub looked_at: usize,
    /// Writes that were done.
    pub writes: usize,
    /// What the brake stopped.
    pub brake: &'r [BrakeReason],
    /// Why nothing was done at all, or what a person must know first: a sentence.
    pub held: Option<&'r str>,
    /// A system that a part of it needs does not answer: what tells this trouble from another one, and a sentence.
    pub trouble: Option<(String, String)>,
}

/// A pass as the service tells and counts it.
pub(super) trait Report: Send + Sync {
    /// What every pass has.
    fn head(&self) -> Head<'_>;
    /// Figures that are kept with the run.
    fn counts(&self) -> Value;
    /// Records by outcome.
    fn count(&self, outcome: Outcome) -> usize;
}

impl Report for PassReport {
    fn head(&self) -> Head<'_> {
        Head {
            run_id: &self.run_id,
            milliseconds: self.milliseconds,
            looked_at: self.looked_at,
            writes: self.writes(),
            brake: &self.brake,
            held: self.rewound.as_deref(),
            trouble: None,
        }
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

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for FollowReport {
    fn head(&self) -> Head<'_> {
        Head {
            run_id: &self.run_id,
            milliseconds: self.milliseconds,
            looked_at: self.looked_at,
            writes: self.writes(),
            brake: &self.brake,
            held: self.held.as_deref(),
            trouble: None,
        }
    }

    fn counts(&self) -> Value {
        json!({ "looked_at": self.looked_at, "changed": self.changed, "writes": self.writes() })
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for ReferenceReport {
    fn head(&self) -> Head<'_> {
        Head {
            run_id: &self.run_id,
            milliseconds: self.milliseconds,
            looked_at: self.listed.values().sum(),
            writes: self.writes,
            brake: &self.brake,
            held: self.held.as_deref(),
            trouble: None,
        }
    }

    fn counts(&self) -> Value {
        json!({ "listed": self.listed, "writes": self.writes })
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for NotifyReport {
    fn head(&self) -> Head<'_> {
        Head {
            run_id: &self.run_id,
            milliseconds: self.milliseconds,
            looked_at: self.looked_at,
            writes: self.writes(),
            brake: &self.brake,
            held: self.held.as_deref(),
            trouble: self.mail_server.clone().map(|sentence| ("mail server".to_owned(), sentence)),
        }
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

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}

impl Report for MailReport {
    fn head(&self) -> Head<'_> {
        let troubles =
            self.troubles.iter().map(|one| format!("the mailbox {} cannot be read: {}", one.mailbox, one.message));
        let troubles = troubles.collect::<Vec<_>>().join("; ");
        let trouble = (!troubles.is_empty()).then(|| (troubles.clone(), troubles));
        Head {
            run_id: &self.run_id,
            milliseconds: self.milliseconds,
            looked_at: self.looked_at,
            writes: self.writes(),
            brake: &[],
            held: None,
            trouble,
        }
    }

    fn counts(&self) -> Value {
        json!({
            "looked_at": self.looked_at,
            "tickets": self.tickets,
            "replies": self.replies,
            "excluded": self.excluded,
            "duplicates": self.duplicates,
            "failed": self.failed,
            "parked": self.parked,
        })
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.count(outcome)
    }
}
