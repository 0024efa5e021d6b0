//! What the tickets flow remembers and tells: links with what was agreed, troubles, the journal, and what is
//! about to be written.

use crate::flows::PortError;
use crate::model::{Conso, EntryMark, Fields, Identity, LastKnown, ObjectKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a link as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPhase {
    /// The ticket was open, or closed recently, when last seen.
    Live,
    /// The ticket was closed when last seen.
    Closed,
    /// The ticket no longer exists in GestSup; this was noted in Gestan. Or the intervention was deleted there and
    /// is to be made anew: then the link holds nothing.
    Gone,
    /// The intervention was billed and a later one goes on with the ticket.
    Superseded,
}

/// What was last agreed about one entry of a memo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedEntry {
    /// Hash of what GestSup says (author, time, minutes, text), whatever the templates make of it;
    /// empty where it is not known (a link taken over from Gestan).
    pub content: String,
    /// [`crate::model::Entry::hash`] of what was written.
    pub rendered: String,
    /// What became of it since it was first written.
    pub mark: EntryMark,
    /// When it was written in GestSup.
    pub at: DateTime<Utc>,
    /// Minutes as last written, or carried back from Gestan.
    #[serde(default)]
    pub minutes: i64,
    /// Where they are counted, as last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conso: Option<Conso>,
    /// The heading without a mark: a withdrawn entry keeps it when its step is gone.
    pub heading: String,
}

/// A ticket and its intervention, with what was last agreed between both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `tincidents.id`.
    pub number: i64,
    /// 1, or more for a ticket reopened after billing, or one whose intervention was made anew.
    pub sequence: u32,
    /// What the ticket became.
    #[serde(default)]
    pub kind: ObjectKind,
    /// `INTERVENTION.IDINTERVENTION` or `ANOMALIE.IDANOMALIE`.
    pub gestan_id: i64,
    /// Etag of the last answer.
    pub etag: String,
    /// Which ticket the number was when the link was made.
    pub identity: Identity,
    /// Where the link stands.
    pub phase: LinkPhase,
    /// Minutes of the ticket that earlier interventions of it already carry.
    pub minutes_before: i64,
    /// Minutes of the ticket that this and earlier interventions carry together.
    pub minutes: i64,
    /// The values that GestSup's data asked for when both sides last agreed.
    pub sent: Fields,
    /// The values that Gestan held after that.
    pub held: Fields,
    /// The values of Gestan that the follow-up last accounted for: what was written from here, or carried back
    /// to GestSup. Where Gestan holds another, a Gestan user set it.
    #[serde(default)]
    pub followed: Fields,
    /// Hash of the head of the memo as last written.
    pub head_hash: String,
    /// Each entry as last written, by key.
    pub entries: BTreeMap<String, AgreedEntry>,
    /// What GestSup may lose by itself, as last seen on the ticket.
    pub last_known: LastKnown,
    /// Files of the ticket that were sent, or could not be, by [`WantedDocument::id`].
    ///
    /// [`WantedDocument::id`]: super::WantedDocument::id
    #[serde(default)]
    pub documents: BTreeMap<String, SentDocument>,
}

/// What became of a file of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDocument {
    /// `DOCUMENT.IDDOCUMENT`; `None` where it could not be sent.
    pub document: Option<i64>,
    /// SHA-256 of its content, in hexadecimal; empty where it could not be read.
    pub sha256: String,
    /// Why it could not be sent, in a sentence; empty where it was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
}

/// Where the content of a document is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentSource {
    /// A file under GestSup's upload folder, by its path there.
    File(String),
    /// A picture inside the description, by the SHA-256 of its base64 text.
    Picture(String),
}

/// Why a file cannot be sent.
#[derive(Debug)]
pub enum FileTrouble {
    /// This one cannot; a sentence.
    One(String),
    /// The folder as a whole cannot be read; a sentence.
    Folder(String),
    /// GestSup's base does not answer.
    Base(PortError),
}

impl Link {
    /// The intervention was deleted in Gestan and is to be made anew: it carries nothing any more.
    pub(super) fn lose(&mut self) {
        self.phase = LinkPhase::Gone;
        self.held = Fields::default();
        self.documents.clear();
    }

    /// Whether it was deleted in Gestan and is to be made anew.
    pub(super) fn is_lost(&self) -> bool {
        // One whose ticket is gone holds what it held.
        self.phase == LinkPhase::Gone && self.held.is_empty()
    }
}

/// Why a ticket is not in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Something is missing (a mapping, a client, …): planned again on every pass.
    Waiting,
    /// The last attempt failed: tried again at `next_at`.
    Retrying,
    /// Set aside until `retry`.
    Quarantined,
}

/// A ticket that is not in step, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// `tincidents.id`.
    pub number: i64,
    /// What is done about it.
    pub trouble: Trouble,
    /// A short stable code, for scripts.
    pub code: String,
    /// A sentence: what is wrong and what to do.
    pub reason: String,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Not before this.
    pub next_at: Option<DateTime<Utc>>,
    /// When it began.
    pub since: DateTime<Utc>,
}

/// How one record came out of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Written to Gestan.
    Done,
    /// Waits, with a reason.
    Waiting,
    /// Failed and will be tried again.
    Failed,
    /// Set aside.
    Quarantined,
    /// Nothing was written, but a person should know.
    Reported,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Done, Self::Waiting, Self::Failed, Self::Quarantined, Self::Reported];

    /// Name in the state and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Reported => "reported",
        }
    }
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// The pass it belongs to.
    pub run_id: String,
    /// The flow: `tickets`.
    pub flow: String,
    /// The ticket, where it is about one.
    pub ticket: Option<i64>,
    /// The intervention, where there is one.
    pub gestan_id: Option<i64>,
    /// What was done or meant to be done: `create`, `update`, `close`, `bill`, `cancel`, `reopen`, `wait`, …
    pub action: String,
    /// How it came out.
    pub outcome: Outcome,
    /// A sentence for people.
    pub message: String,
    /// The operation or the differences, as data.
    pub detail: serde_json::Value,
}

/// Everything that one record changes in the memory: committed together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The ticket.
    pub number: i64,
    /// Its link, where it was made or changed.
    pub links: Vec<Link>,
    /// Its new fingerprint; `Some(None)` forgets it.
    pub fingerprint: Option<Option<String>>,
    /// When the ticket was closed, stored with its fingerprint.
    pub closed_at: Option<DateTime<Utc>>,
    /// `Some(None)`: all is well now; `Some(Some(…))`: it is not. `None` leaves it.
    pub attention: Option<Option<Attention>>,
    /// Lines for the journal.
    pub journal: Vec<JournalEntry>,
    /// Forget the intents of this ticket.
    pub clear_intents: bool,
}

/// Something about to be written to the other side, remembered before it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The ticket.
    pub number: i64,
    /// The sequence.
    pub sequence: u32,
    /// What: `put`.
    pub action: String,
    /// The pass.
    pub run_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The write; `None` if an older program began it.
    pub begun: Option<Begun>,
}

/// A write as it is known before its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Name of the operation, for the journal.
    pub verb: String,
    /// The operation as a sentence.
    pub message: String,
    /// The link after it, as far as it is known without the answer.
    pub link: Link,
    /// The fields that it sets.
    pub fields: Fields,
    /// The entries that it writes: key, hash.
    pub entries: BTreeMap<String, String>,
}
