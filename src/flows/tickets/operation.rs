//! A plan as data: what is to be written for one ticket. The same value is printed by `--dry-run`,
//! carried out by `apply`, written to the journal and compared in tests.

use super::documents::WantedDocument;
use super::ports::{AgreedEntry, Attention, Link, LinkPhase, SentDocument, Trouble};
use crate::gestan::contract::{BatchItem, ObjectPut, Precondition, TicketKey};
use crate::model::{EntryMark, Field, Fields, Identity, LastKnown, ObjectKind, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What an operation means to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A new intervention.
    Create,
    /// Fields, head or entries change; the status stays open or closed as it was.
    Update,
    /// It becomes done.
    Close,
    /// It becomes to be billed.
    Bill,
    /// It becomes cancelled.
    Cancel,
    /// It was closed and is open again.
    Reopen,
    /// The ticket is gone from GestSup: this is noted.
    Gone,
}

impl Verb {
    /// Name in the journal and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Close => "close",
            Self::Bill => "bill",
            Self::Cancel => "cancel",
            Self::Reopen => "reopen",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A field that an operation sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Which.
    pub field: Field,
    /// What Gestan holds now, as far as known; `None` on creation.
    pub from: Option<Value>,
    /// What it is to hold.
    pub to: Value,
}

/// An entry that an operation writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryChange {
    /// Its key.
    pub key: String,
    /// Its mark: none for a new one or a new wording.
    pub mark: EntryMark,
    /// Its heading as it will read.
    pub heading: String,
    /// Whether it is new to the memo.
    pub new: bool,
    /// Whether it was written before and no longer stood there: somebody saved another text over it.
    pub back: bool,
}

impl EntryChange {
    /// Whether it stood in the memo with another text.
    fn is_old(&self) -> bool {
        !self.new && !self.back
    }
}

/// What the link will be once the operation is carried out, but for what Gestan answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which ticket it is.
    pub identity: Identity,
    /// Where the link then stands.
    pub phase: LinkPhase,
    /// As in [`Link`].
    pub minutes_before: i64,
    /// As in [`Link`].
    pub minutes: i64,
    /// As in [`Link`].
    pub sent: Fields,
    /// As in [`Link`], but for what the operation sets.
    pub followed: Fields,
    /// As in [`Link`].
    pub head_hash: String,
    /// As in [`Link`].
    pub entries: BTreeMap<String, AgreedEntry>,
    /// As in [`Link`].
    pub last_known: LastKnown,
    /// As in [`Link`].
    pub documents: BTreeMap<String, SentDocument>,
}

/// What one write to Gestan does, in the words of people: printed, kept in the journal and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Which ticket and which of its interventions.
    pub key: TicketKey,
    /// What it means.
    pub verb: Verb,
    /// What the ticket is in Gestan.
    pub kind: ObjectKind,
    /// The intervention or anomaly, where it exists.
    pub gestan_id: Option<i64>,
    /// The ticket's title, for people.
    pub title: String,
    /// Fields that are set.
    pub changes: Vec<FieldChange>,
    /// Whether the head of the memo is written.
    pub head: bool,
    /// Entries that are written.
    pub entries: Vec<EntryChange>,
    /// What a person should know of it: conflicts, values left to Gestan.
    pub remarks: Vec<String>,
}

/// One write to Gestan: everything that one intervention needs, in one transaction there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What it does. Reports keep it long after the request is gone.
    pub operation: Arc<Operation>,
    /// The request.
    pub put: Arc<ObjectPut>,
    /// Its condition.
    pub precondition: Precondition,
    /// The link after it.
    pub draft: Draft,
}

impl Write {
    /// What the follow-up has accounted for once Gestan holds these fields: what this wrote is no change of a
    /// Gestan user.
    pub(super) fn followed(&self, held: &Fields) -> Fields {
        let written = |field: &Field| self.operation.changes.iter().any(|change| change.field == *field);
        let mut followed = self.draft.followed.clone();
        for (field, value) in held.iter() {
            if written(field) || !followed.contains_key(field) {
                followed.insert(*field, value.clone());
            }
        }
        followed
    }

    /// The write as an item of a batch.
    pub fn to_item(&self) -> BatchItem {
        let (key, precondition) = (self.operation.key.clone(), self.precondition.clone());
        BatchItem { key, precondition, object: Arc::clone(&self.put) }
    }
}

impl Operation {
    /// A sentence for people.
    pub fn sentence(&self) -> String {
        let what = match self.verb {
            Verb::Create if self.key.sequence > 1 => {
                format!("new intervention (n°{} of this ticket: the one before was billed)", self.key.sequence)
            }
            Verb::Create => format!("new {}", self.kind),
            Verb::Update => "updated".to_owned(),
            Verb::Close => "closed (done)".to_owned(),
            Verb::Bill => "closed (to be billed)".to_owned(),
            Verb::Cancel => "cancelled".to_owned(),
            Verb::Reopen => "reopened".to_owned(),
            Verb::Gone => "its ticket is gone from GestSup".to_owned(),
        };
        let mut parts = vec![what];
        if self.verb != Verb::Create {
            let fields: Vec<&str> = self.changes.iter().map(|change| change.field.as_str()).collect();
            if !fields.is_empty() {
                parts.push(fields.join(", "));
            }
        }
        let count = |wanted: fn(&EntryChange) -> bool| self.entries.iter().filter(|entry| wanted(entry)).count();
        let written = [
            (count(|entry| entry.new), "new entry", "new entries"),
            (
                count(|entry| entry.back),
                "entry put back that somebody had saved over in Gestan",
                "entries put back that somebody had saved over in Gestan",
            ),
            (
                count(|entry| entry.is_old() && entry.mark == EntryMark::Withdrawn),
                "entry withdrawn",
                "entries withdrawn",
            ),
            (
                count(|entry| entry.is_old() && entry.mark != EntryMark::Withdrawn),
                "entry corrected",
                "entries corrected",
            ),
        ];
        parts.extend(
            written
                .into_iter()
                .filter(|(count, ..)| *count > 0)
                .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })),
        );
        parts.join("; ")
    }
}

/// What is to become of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Not a matter for Gestan: never attributed, or history.
    NotOurs,
    /// Both sides agree. The link is stored anew where what is remembered of it changed.
    InStep(Option<Box<Link>>),
    /// This is to be written.
    Write(Arc<Write>),
    /// Nothing can be written, and nothing needs to be, but a person should know. Said once.
    Report {
        /// The link to store.
        link: Box<Link>,
        /// A short stable code.
        code: &'static str,
        /// A sentence.
        message: String,
    },
    /// It waits for something to be put right, and is looked at again on every pass.
    Wait {
        /// A short stable code.
        code: &'static str,
        /// A sentence.
        reason: String,
    },
    /// It is set aside until a person decides.
    Quarantine {
        /// A short stable code.
        code: &'static str,
        /// A sentence.
        reason: String,
    },
}

/// Something of an intervention that cannot be told yet, while all the rest goes through. The ticket is
/// looked at again on every pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// A short stable code.
    pub code: &'static str,
    /// A sentence.
    pub reason: String,
}

/// A verdict, and what it has to leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is to become of the ticket.
    pub verdict: Verdict,
    /// What waits.
    pub lacking: Option<Lacking>,
    /// Files that are to be sent once that is done.
    pub documents: Vec<WantedDocument>,
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, lacking: None, documents: Vec::new() }
    }
}

/// What is to become of one ticket, with what is needed to remember it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The ticket.
    pub number: i64,
    /// Its title, empty where the ticket is gone.
    pub title: String,
    /// The fingerprint that this plan was made for; `None` for a ticket that is gone.
    pub fingerprint: Option<String>,
    /// When it was closed, if it is.
    pub closed_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What is to become of it.
    pub verdict: Verdict,
    /// What waits.
    pub lacking: Option<Lacking>,
    /// Files that are to be sent once that is done.
    pub documents: Vec<WantedDocument>,
}

impl Attention {
    /// A ticket that waits or is set aside from now on.
    pub fn new(number: i64, trouble: Trouble, code: &str, reason: &str, now: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            number,
            trouble,
            code: code.to_owned(),
            reason: reason.to_owned(),
            attempts: 0,
            next_at: None,
            since: now,
        }
    }
}
