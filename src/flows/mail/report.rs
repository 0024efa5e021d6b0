//! What came out of a pass of the mail flow, for people and for `--json`.

use super::memory::{MailOutcome, MailRow};
use crate::flows::tickets::Outcome;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Mails that a report lists although all went well with them.
const LISTED: usize = 1000;

/// One mail in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailRecord {
    /// Mailbox.
    pub mailbox: String,
    /// Folder.
    pub folder: String,
    /// Uid.
    pub uid: u32,
    /// Address of its sender.
    pub sender: String,
    /// Subject.
    pub subject: String,
    /// What became, or (in a dry run) would become, of it.
    pub outcome: MailOutcome,
    /// The rule that decided, or what went wrong.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// The ticket.
    pub ticket: Option<i64>,
}

/// A mailbox that could not be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailTrouble {
    /// Its name.
    pub mailbox: String,
    /// A sentence.
    pub message: String,
}

/// What came out of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailReport {
    /// The pass, as in the journal.
    pub run_id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Nothing was written.
    pub dry_run: bool,
    /// Mails that were looked at.
    pub looked_at: usize,
    /// Mails by outcome.
    pub tickets: usize,
    /// Replies.
    pub replies: usize,
    /// Excluded ones.
    pub excluded: usize,
    /// Those that were taken in elsewhere.
    pub duplicates: usize,
    /// Those that could not be taken in and are tried again.
    pub failed: usize,
    /// Those that were set aside.
    pub parked: usize,
    /// The mails, the first thousand of those that went well.
    pub records: Vec<MailRecord>,
    /// What a person should know beside: sentences.
    pub remarks: Vec<String>,
    /// Mailboxes that could not be worked on.
    pub troubles: Vec<MailTrouble>,
    /// Mailboxes whose mails wait since too many came: sentences.
    pub paused: Vec<String>,
    /// There are more mails than one pass takes.
    pub more: bool,
    /// A signal ended the pass between two mails; the next pass goes on.
    pub interrupted: bool,
}

impl MailReport {
    pub(super) fn new(run_id: &str, now: DateTime<Utc>, dry_run: bool) -> Self {
        Self {
            run_id: run_id.to_owned(),
            started_at: now,
            milliseconds: 0,
            dry_run,
            looked_at: 0,
            tickets: 0,
            replies: 0,
            excluded: 0,
            duplicates: 0,
            failed: 0,
            parked: 0,
            records: Vec::new(),
            remarks: Vec::new(),
            troubles: Vec::new(),
            paused: Vec::new(),
            more: false,
            interrupted: false,
        }
    }

    pub(super) fn add(&mut self, row: &MailRow) {
        let count = match row.outcome {
            MailOutcome::Ticket => &mut self.tickets,
            MailOutcome::Reply => &mut self.replies,
            MailOutcome::Excluded => &mut self.excluded,
            MailOutcome::Duplicate | MailOutcome::Gone => &mut self.duplicates,
            MailOutcome::Failed => &mut self.failed,
            MailOutcome::Parked => &mut self.parked,
        };
        *count += 1;
        if self.records.len() >= LISTED && !matches!(row.outcome, MailOutcome::Failed | MailOutcome::Parked) {
            return;
        }
        self.records.push(MailRecord {
            mailbox: row.spot.mailbox.clone(),
            folder: row.spot.folder.clone(),
            uid: row.spot.uid,
            sender: row.sender.clone(),
            subject: row.subject.clone(),
            outcome: row.outcome,
            code: row.code.clone(),
            message: row.reason.clone(),
            ticket: row.ticket,
        });
    }

    /// Adds what a further pass came to.
    pub fn absorb(&mut self, other: Self) {
        self.milliseconds += other.milliseconds;
        self.looked_at += other.looked_at;
        self.tickets += other.tickets;
        self.replies += other.replies;
        self.excluded += other.excluded;
        self.duplicates += other.duplicates;
        self.failed += other.failed;
        self.parked += other.parked;
        self.records.extend(other.records);
        self.remarks.extend(other.remarks.into_iter().filter(|one| !self.remarks.contains(one)).collect::<Vec<_>>());
        self.troubles = other.troubles;
        self.paused = other.paused;
        self.more = other.more;
        self.interrupted = other.interrupted;
    }

    /// Tickets and comments that were, or (in a dry run) would be, written.
    pub fn writes(&self) -> usize {
        self.tickets + self.replies
    }

    /// Number of mails by what it means for the service.
    pub fn count(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Done => self.writes(),
            Outcome::Reported => self.excluded + self.duplicates,
            Outcome::Waiting => 0,
            Outcome::Failed => self.failed,
            Outcome::Quarantined => self.parked,
        }
    }

    /// Whether something went wrong.
    pub fn has_failures(&self) -> bool {
        self.failed + self.parked > 0 || !self.troubles.is_empty()
    }
}
