//! What the mail flow remembers: each mail and what became of it, how far each folder was looked through, and writes that were
//! begun.

use super::desk::Staged;
use crate::flows::PortError;
use crate::flows::tickets::JournalEntry;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailOutcome {
    /// A ticket.
    Ticket,
    /// A comment of a ticket.
    Reply,
    /// Nothing, by a rule.
    Excluded,
    /// Nothing: it was taken in elsewhere.
    Duplicate,
    /// It could not be taken in and is tried again.
    Failed,
    /// It is set aside until a person replays it.
    Parked,
    /// It could not be taken in and was removed from its folder meanwhile.
    Gone,
}

impl MailOutcome {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Ticket, Self::Reply, Self::Excluded, Self::Duplicate, Self::Failed, Self::Parked, Self::Gone];

    /// Name in the state and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Reply => "reply",
            Self::Excluded => "excluded",
            Self::Duplicate => "duplicate",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::Gone => "gone",
        }
    }

    /// Whether something was written to GestSup for it.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Ticket | Self::Reply)
    }
}

/// A place in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spot {
    /// Name of the mailbox.
    pub mailbox: String,
    /// Folder.
    pub folder: String,
    /// Uids mean something only as long as this stays.
    pub uid_validity: u32,
    /// Uid.
    pub uid: u32,
}

/// A mail as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// Its number here; 0 before it is stored.
    pub id: i64,
    /// What it is recognised by.
    pub identity: String,
    /// Where it was last seen.
    #[serde(flatten)]
    pub spot: Spot,
    /// `Message-ID`.
    pub message_id: Option<String>,
    /// Address of its sender.
    pub sender: String,
    /// Subject.
    pub subject: String,
    /// When the server received it.
    pub received_at: Option<DateTime<Utc>>,
    /// Bytes.
    pub size: u64,
    /// What became of it.
    pub outcome: MailOutcome,
    /// The rule that decided, or what went wrong.
    pub code: String,
    /// A sentence.
    pub reason: String,
    /// The ticket.
    pub ticket: Option<i64>,
    /// The step.
    pub step: Option<i64>,
    /// Attempts that failed.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Option<DateTime<Utc>>,
    /// A person wants it in: no rule excludes it.
    pub forced: bool,
    /// What was to be done with it in its mailbox is done.
    pub filed: bool,
    /// Nothing of GestSup's is looked for on its ticket any more.
    pub settled: bool,
    /// When it was last decided about.
    pub at: DateTime<Utc>,
}

/// How far a folder was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderMark {
    /// As the server told it.
    pub uid_validity: u32,
    /// Everything below is known.
    pub next_uid: u32,
    /// When it was first looked at.
    pub since: DateTime<Utc>,
}

/// A write that is about to be committed, with what is to be remembered once it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailIntent {
    /// The pass.
    pub run_id: String,
    /// What it got in GestSup.
    pub staged: Staged,
    /// The mail after it.
    pub row: MailRow,
}

/// What a decision about one mail changes: committed together or not at all.
#[derive(Debug, Clone, Default)]
pub struct MailCommit {
    /// The mail; `None` where only the journal gets a line.
    pub row: Option<MailRow>,
    /// It belongs to its ticket from now on: further mails are threaded by it.
    pub threads: bool,
    /// Its intent is done with.
    pub done: bool,
    /// Lines of the journal.
    pub journal: Vec<JournalEntry>,
}

/// Which mails are listed.
#[derive(Debug, Clone, Default)]
pub struct MailFilter {
    /// Of this outcome.
    pub outcome: Option<MailOutcome>,
    /// Of this mailbox.
    pub mailbox: Option<String>,
    /// Of this ticket.
    pub ticket: Option<i64>,
    /// From this moment on.
    pub since: Option<DateTime<Utc>>,
    /// The newest so many.
    pub limit: Option<u32>,
}

/// The memory of the mail flow: the state file.
#[async_trait]
pub trait MailMemory: Send + Sync {
    /// How far a folder was looked through.
    async fn folder_mark(&self, mailbox: &str, folder: &str) -> Result<Option<FolderMark>, PortError>;

    /// Remembers that.
    async fn set_folder_mark(&self, mailbox: &str, folder: &str, mark: &FolderMark) -> Result<(), PortError>;

    /// Mails of a mailbox with which something is still to be done: due for another attempt, or to be filed.
    async fn open_mails(&self, mailbox: &str, now: DateTime<Utc>) -> Result<Vec<MailRow>, PortError>;

    /// The mails at these places of a folder.
    async fn mails_at(
        &self,
        mailbox: &str,
        folder: &str,
        validity: u32,
        uids: &[u32],
    ) -> Result<Vec<MailRow>, PortError>;

    /// The mail of this identity; never a duplicate of it.
    async fn mail_of(&self, identity: &str) -> Result<Option<MailRow>, PortError>;

    /// The mail that a step of GestSup's came from.
    async fn mail_of_step(&self, step: i64) -> Result<Option<MailRow>, PortError>;

    /// A mail by its number.
    async fn mail(&self, id: i64) -> Result<Option<MailRow>, PortError>;

    /// Mails, the newest first.
    async fn mails(&self, filter: &MailFilter) -> Result<Vec<MailRow>, PortError>;

    /// Of these message ids, those that belong to a ticket, with it, and whether it was sent from here.
    async fn threads(&self, ids: &[String]) -> Result<Vec<(String, i64, bool)>, PortError>;

    /// Mails of a sender that were written and received within the hour before.
    async fn written_of_sender(&self, sender: &str, until: DateTime<Utc>) -> Result<u32, PortError>;

    /// Mails of a mailbox that were written since then.
    async fn written_of_mailbox(&self, mailbox: &str, since: DateTime<Utc>) -> Result<u32, PortError>;

    /// Tickets of mails on which GestSup may still hang steps by mistake, with the number of the mail and when it was made.
    async fn unsettled(&self) -> Result<Vec<MailRow>, PortError>;

    /// Remembers the ids of a write before it is committed.
    async fn intend_mail(&self, intent: &MailIntent) -> Result<(), PortError>;

    /// Writes that were begun and never confirmed.
    async fn mail_intents(&self) -> Result<Vec<MailIntent>, PortError>;

    /// Forgets a write that was not done.
    async fn forget_mail_intent(&self, identity: &str) -> Result<(), PortError>;

    /// Stores what came out, all in one transaction.
    async fn commit_mail(&self, commits: Vec<MailCommit>) -> Result<(), PortError>;

    /// What was to be done with these mails in their mailbox is done.
    async fn mails_filed(&self, ids: &[i64]) -> Result<(), PortError>;

    /// The mailboxes that are left alone for now, since they could not be read, with what each last said.
    async fn mailboxes_resting(&self, now: DateTime<Utc>) -> Result<HashMap<String, String>, PortError>;

    /// A mailbox could not be read. Says whether that is news: it was well, or had another trouble.
    async fn mailbox_failed(&self, mailbox: &str, error: &PortError, now: DateTime<Utc>) -> Result<bool, PortError>;

    /// A mailbox was read; since when it could not be, where that is news.
    async fn mailbox_works(&self, mailbox: &str) -> Result<Option<DateTime<Utc>>, PortError>;

    /// Mailboxes that are no longer in the configuration have no trouble.
    async fn forget_mailboxes_but(&self, mailboxes: &[&str]) -> Result<(), PortError>;

    /// A failed mail that is gone from its folder: a duplicate of it is tried in its place, where there is one.
    async fn succeed(&self, identity: &str, now: DateTime<Utc>) -> Result<bool, PortError>;
}
