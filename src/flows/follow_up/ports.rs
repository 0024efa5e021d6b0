//! What the follow-up needs from the outside beside what the tickets flow needs: a pen for GestSup, and a memory of
//! what was carried back.

use super::operation::{Remark, TicketChange};
use crate::flows::PortError;
use crate::flows::tickets::{Attention, JournalEntry, Link, Memory};
use crate::gestan::contract::{AddedDocument, AddedDocuments, TicketKey};
use crate::model::{Fields, Label, ObjectKind, Person, sha256_hex};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// GestSup as something to write to.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Connects for one pass.
    async fn pen(&self) -> Result<Box<dyn Pen>, PortError>;
}

/// Gestan as something that tells what was changed lately.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Keys of linked objects of a kind that were changed since then, as far as Gestan's own dates tell.
    async fn changed(&self, kind: ObjectKind, since: DateTime<Utc>) -> Result<Vec<TicketKey>, PortError>;
}

/// Gestan as something that documents are added to.
#[async_trait]
pub trait Additions: Send + Sync {
    /// Documents that people added to what belongs to tickets of a source, behind this one; without it only where to begin.
    async fn added(&self, source: &str, after: Option<i64>) -> Result<AddedDocuments, PortError>;

    /// The content of one.
    async fn content(&self, key: &TicketKey, document: i64) -> Result<Vec<u8>, PortError>;
}

/// What GestSup's people and settings mean for a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskFacts {
    /// People who may work on tickets (`tusers`), accounts that are not in use left out.
    pub staff: Vec<Person>,
    /// `tstates`.
    pub states: Vec<Label>,
    /// Time belongs to comments: `tthreads.time` is there and `tparameters.ticket_time_response_element` is on.
    pub step_time: bool,
    /// There is a calendar (`tevents` with all that is written of it).
    pub calendar: bool,
}

/// How a write came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrote {
    /// All of it is there, once.
    Done(Written),
    /// GestSup no longer holds what the plan assumed (a sentence); nothing was written.
    Stale(String),
}

/// Where what was written stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// `tthreads.id` by mark.
    pub steps: HashMap<String, i64>,
    /// `tevents.id`.
    pub event: Option<i64>,
    /// `tattachments.id` by the name under which the file is stored.
    pub files: HashMap<String, i64>,
}

/// A connection that may write to GestSup.
#[async_trait]
pub trait Pen: Send {
    /// People and settings.
    async fn facts(&mut self) -> Result<DeskFacts, PortError>;

    /// Where the rows of a write that was begun stand; `None` if it was not done. A write is done whole or not at all.
    async fn find(&mut self, change: &TicketChange) -> Result<Option<Written>, PortError>;

    /// Writes in one transaction what one ticket gets. An error of [`Blast::System`] leaves open whether it was done.
    ///
    /// [`Blast::System`]: crate::flows::Blast::System
    async fn write(&mut self, change: &TicketChange) -> Result<Wrote, PortError> {
        self.write_with(change, &[]).await
    }

    /// The same, with the contents of the files that it adds, in their order.
    async fn write_with(&mut self, change: &TicketChange, contents: &[Vec<u8>]) -> Result<Wrote, PortError>;
}

/// A paragraph that people typed in a memo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paragraph {
    /// As it stands in the memo, lines joined by `\n`.
    pub text: String,
    /// The first of its lines that was sent: what stood there before the follow-up looked is not.
    pub from_line: usize,
    /// Mark of the step that tells it; `None`: it is known and was not sent.
    pub mark: Option<String>,
    /// `tthreads.id` of that step.
    pub step: Option<i64>,
}

/// What the follow-up remembers of one link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    /// `tincidents.id`.
    pub number: i64,
    /// As in [`Link`].
    pub sequence: u32,
    /// Etag of the state in Gestan that was last accounted for.
    pub etag: String,
    /// When a Gestan user had last changed it then.
    pub modified_at: Option<DateTime<Utc>>,
    /// Marks that were given so far.
    pub marks: u32,
    /// Whether a step tells the number of the intervention or anomaly.
    pub numbered: bool,
    /// `tevents.id` of the appointment that was written.
    pub event: Option<i64>,
    /// Minutes of entries that are accounted for although nothing in the link says so, by key.
    pub minutes: BTreeMap<String, i64>,
    /// What was last carried back.
    pub carried: Fields,
    /// What people typed, in the order of the memo.
    pub typed: Vec<Paragraph>,
    /// Why it is not in step.
    pub attention: Option<Attention>,
}

impl Following {
    /// Of a link that was never looked at.
    pub fn new(number: i64, sequence: u32) -> Self {
        Self {
            number,
            sequence,
            etag: String::new(),
            modified_at: None,
            marks: 0,
            numbered: false,
            event: None,
            minutes: BTreeMap::new(),
            carried: Fields::default(),
            typed: Vec::new(),
            attention: None,
        }
    }

    /// Fills in where things stand.
    pub(super) fn settle(&mut self, written: &Written) {
        for paragraph in &mut self.typed {
            if let Some(step) = paragraph.mark.as_ref().and_then(|mark| written.steps.get(mark)) {
                paragraph.step = Some(*step);
            }
        }
        self.event = written.event.or(self.event);
    }
}

/// What a link is recognised by.
pub(super) fn hash_of(link: &Link) -> String {
    sha256_hex(&serde_json::to_string(link).unwrap_or_default())
}

/// A write to GestSup that is about to be made, with what is to be remembered once it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowIntent {
    /// The pass.
    pub run_id: String,
    /// The write.
    pub change: TicketChange,
    /// It as a sentence.
    pub sentence: String,
    /// What is to be told of it.
    pub remarks: Vec<Remark>,
    /// Hash of the link before it.
    pub before: String,
    /// The link after it.
    pub link: Link,
    /// The follow-up's own memory after it.
    pub following: Following,
}

/// Everything that a look at one link changes in the memory: committed together or not at all.
#[derive(Debug, Clone)]
pub struct FollowCommit {
    /// The follow-up's own memory.
    pub following: Following,
    /// The link, where it changed.
    pub link: Option<Link>,
    /// Steps that were written: id, mark.
    pub steps: Vec<(i64, String)>,
    /// Documents of Gestan that are attached to the ticket now.
    pub documents: Vec<i64>,
    /// Lines of the journal.
    pub journal: Vec<JournalEntry>,
}

/// A document of Gestan that is to be attached to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedDocument {
    /// What the gateway says of it.
    pub added: AddedDocument,
    /// Attempts that failed.
    pub attempts: u32,
}

/// What became of a document that was not attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentTrouble {
    /// `DOCUMENT.IDDOCUMENT`.
    pub document: i64,
    /// When it is tried again; `None`: it is left out.
    pub next_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Lines of the journal.
    pub journal: Vec<JournalEntry>,
}

/// Since when the follow-up is on.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// By the clock, which may have been set since.
    pub at: DateTime<Utc>,
    /// By the entries of the journal, where it was remembered.
    pub entry: Option<i64>,
}

/// The memory of the follow-up: the state file.
#[async_trait]
pub trait FollowMemory: Memory {
    /// What is remembered of the newest links of these tickets.
    async fn followings(&self, numbers: &[i64]) -> Result<HashMap<i64, Following>, PortError>;

    /// Tickets that were looked at, and of which nothing is to be tried again.
    async fn followed(&self) -> Result<HashSet<i64>, PortError>;

    /// The newest entry of the journal; 0 where there is none.
    async fn newest_entry(&self) -> Result<i64, PortError>;

    /// Of these objects in Gestan (ticket, id), those that were made from here since the follow-up is on.
    async fn made_since(&self, tickets: &[i64], since: Started) -> Result<HashSet<(i64, i64)>, PortError>;

    /// Remembers that this write is about to be made.
    async fn intend_to_follow(&self, intent: &FollowIntent) -> Result<(), PortError>;

    /// Writes that were begun and never confirmed.
    async fn follow_intents(&self) -> Result<Vec<FollowIntent>, PortError>;

    /// Forgets a write that was not done.
    async fn forget_intent(&self, number: i64) -> Result<(), PortError>;

    /// Remembers documents that are to be attached, but for those that are known, and up to where they were looked for.
    async fn await_documents(&self, added: &[AddedDocument], last: i64, now: DateTime<Utc>) -> Result<(), PortError>;

    /// Behind which document they are looked for, and up to which they were; `None`: not yet.
    async fn documents_seen(&self) -> Result<Option<(i64, i64)>, PortError>;

    /// Documents are looked for from here on, and those behind are not known; `None`: they are not looked for.
    async fn begin_documents(&self, after: Option<i64>) -> Result<(), PortError>;

    /// Documents that are to be attached now, by their keys.
    async fn awaited_documents(&self, now: DateTime<Utc>) -> Result<Vec<AwaitedDocument>, PortError>;

    /// Remembers why one was not attached.
    async fn document_failed(&self, trouble: &DocumentTrouble, now: DateTime<Utc>) -> Result<(), PortError>;

    /// Stores what came out, all in one transaction; the intents of these tickets are done with.
    async fn commit_follow(&self, commits: Vec<FollowCommit>) -> Result<(), PortError>;
}
