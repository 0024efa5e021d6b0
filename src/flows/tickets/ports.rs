//! What the tickets flow needs from the outside: tickets from GestSup, interventions and catalogues
//! from Gestan, and a memory of what was agreed.

pub use super::census::{CENSUS, Census, Counted, FACTOR};
pub use super::records::*;
use super::rewind::{Marks, Witness};
use crate::flows::PortError;
use crate::flows::reference::KnownLinks;
use crate::gestan::contract::{
    BatchItem, BatchResult, Client, Contract, DocumentPut, DocumentState, KnownState, LinkPut, Machine, ObjectRecord,
    ObjectState, Product, StateResult, TicketKey, User,
};
use crate::model::{ObjectKind, Ticket, sha256_half};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// GestSup as a source of tickets.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// Opens a consistent view of the base: everything read through it belongs to one instant.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, PortError>;
}

/// A consistent, read-only view of GestSup's base. Dropping it ends it.
#[async_trait]
pub trait Snapshot: Send {
    /// Numbers of all tickets that exist (`disable = 0`), ascending.
    async fn numbers(&mut self) -> Result<Vec<i64>, PortError>;

    /// The tickets that exist, counted, and the numbers of those after `after`.
    async fn counted(&mut self, after: i64) -> Result<Counted, PortError>;

    /// What shows later whether the base is still this one.
    async fn marks(&mut self) -> Result<Marks, PortError>;

    /// The steps that stand under these ids; those that do not exist are left out.
    async fn witnesses(&mut self, steps: &[i64]) -> Result<Vec<Witness>, PortError>;

    /// Of tickets that are gone, those whose deletion GestSup recorded (`tlogs`, or `disable`); `None`
    /// where it keeps no record.
    async fn deletions(&mut self, gone: &[i64]) -> Result<Option<HashSet<i64>>, PortError>;

    /// Looks at the tickets in scope without fetching any text.
    async fn sweep(&mut self, scope: &Scope) -> Result<Vec<Sighting>, PortError>;

    /// Whole tickets, in the order of `numbers`; those that do not exist are left out.
    async fn load(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, PortError>;

    /// For tickets that are gone: the ticket that each was merged into, where GestSup's own merge
    /// comment says so.
    async fn merged_into(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, PortError>;
}

/// Which tickets a sweep looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Full,
    /// These.
    Only(Vec<i64>),
    /// Those with a number from the first to the second.
    Range(i64, i64),
    /// The ones that still live.
    Recent {
        /// Every ticket with a greater number (new since the last pass).
        after: i64,
        /// Every ticket with a step of a greater number, however long ago it was closed: a comment by API
        /// or by somebody whose page hides the resolution date leaves no other trace.
        steps_after: Option<i64>,
        /// Closed ones whose resolution date is at or after this local time.
        closed_since: NaiveDateTime,
        /// These too: linked and not closed when last seen.
        also: Vec<i64>,
        /// States that count as closed (`tstates.id`); every ticket in another state is looked at.
        closed_states: Vec<i64>,
    },
}

/// 128 bits of a hash of what is projected of a ticket; as text, 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        // As bytes: a number of so many bits would be kept at addresses that leave gaps.
        Self(sha256_half(text).to_be_bytes())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// What a sweep sees of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// `tincidents.id`.
    pub number: i64,
    /// Changes whenever anything that is projected changes: ticket, steps, attachments, events,
    /// project, survey, requester and its company, equipment, group members.
    pub fingerprint: Fingerprint,
    /// A technician or a technician group is set.
    pub attributed: bool,
    /// `tincidents.state`.
    pub state: i64,
    /// When it was last closed, as far as GestSup tells: the last closing step, else the resolution
    /// date, else the last step, else the opening date.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Gestan behind its gateway.
#[async_trait]
pub trait Interventions: Send + Sync {
    /// What Gestan holds under a key, of this kind; `None` if nothing.
    async fn get(&self, key: &TicketKey, kind: ObjectKind) -> Result<Option<ObjectState>, PortError>;

    /// What became of interventions since they were last seen; one result per item, in order.
    async fn states(&self, items: Vec<KnownState>) -> Result<Vec<StateResult>, PortError>;

    /// An intervention, whoever made it; `None` if Gestan has none of that id.
    async fn record(&self, id: i64) -> Result<Option<ObjectRecord>, PortError>;

    /// Every intervention made since then (a day more or less), whoever made it.
    async fn records(&self, since: Option<DateTime<Utc>>) -> Result<Vec<ObjectRecord>, PortError>;

    /// Keys of all tickets of a source that Gestan holds a link for.
    async fn linked(&self, source: &str) -> Result<Vec<TicketKey>, PortError>;

    /// Makes an intervention that people made a ticket's; a refusal is an error of [`Blast::Record`].
    ///
    /// [`Blast::Record`]: crate::flows::Blast::Record
    async fn link(&self, key: &TicketKey, link: LinkPut) -> Result<ObjectState, PortError>;

    /// Carries out PUTs, each whole or not at all; one result per item, in order. An error
    /// means that the gateway as a whole did not answer, and that any of them may have been done.
    async fn put(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, PortError>;

    /// Every client, archived ones included.
    async fn clients(&self) -> Result<Vec<Client>, PortError>;

    /// Every machine of the maintenance park.
    async fn machines(&self) -> Result<Vec<Machine>, PortError>;

    /// Every user.
    async fn users(&self) -> Result<Vec<User>, PortError>;

    /// Every product.
    async fn products(&self) -> Result<Vec<Product>, PortError>;

    /// Stores a file as a document of what is linked under the key; repeating it changes nothing. A refusal is
    /// an error of [`Blast::Record`].
    ///
    /// [`Blast::Record`]: crate::flows::Blast::Record
    async fn put_document(
        &self,
        key: &TicketKey,
        id: &str,
        document: DocumentPut,
        content: Vec<u8>,
    ) -> Result<DocumentState, PortError>;

    /// Every maintenance contract that runs.
    async fn contracts(&self) -> Result<Vec<Contract>, PortError>;
}

/// GestSup's files.
#[async_trait]
pub trait Files: Send + Sync {
    /// The content of a file, at most `limit` bytes.
    async fn read(&self, ticket: i64, source: &DocumentSource, limit: u64) -> Result<Vec<u8>, FileTrouble>;
}

/// The memory of the flow: the state file.
#[async_trait]
pub trait Memory: Send + Sync {
    /// Fingerprints of those of these tickets that were brought in step, by number.
    async fn fingerprints_of(&self, numbers: &[i64]) -> Result<HashMap<i64, String>, PortError>;

    /// Links of these tickets, by number then sequence.
    async fn links(&self, numbers: &[i64]) -> Result<Vec<Link>, PortError>;

    /// Numbers of linked tickets by phase of their newest link.
    async fn linked_numbers(&self) -> Result<HashMap<i64, LinkPhase>, PortError>;

    /// Of these tickets, the linked ones by phase of their newest link.
    async fn phases_of(&self, numbers: &[i64]) -> Result<HashMap<i64, LinkPhase>, PortError>;

    /// Numbers of linked tickets whose newest link is live.
    async fn live_numbers(&self) -> Result<Vec<i64>, PortError>;

    /// Tickets that are not in step.
    async fn attention(&self) -> Result<HashMap<i64, Attention>, PortError>;

    /// Tickets that the journal tells of since then; one that was closed when its intervention was
    /// created, if it had been closed since then.
    async fn told_since(&self, since: DateTime<Utc>) -> Result<HashSet<i64>, PortError>;

    /// Remembers that these writes are about to be made, in one commit.
    async fn intend(&self, intents: Vec<Intent>) -> Result<(), PortError>;

    /// The writes that were begun and never confirmed.
    async fn intents(&self) -> Result<Vec<Intent>, PortError>;

    /// Numbers of tickets with a write that was begun and never confirmed.
    async fn unconfirmed(&self) -> Result<HashSet<i64>, PortError>;

    /// Stores the outcomes of records, all in one transaction. Where there are links among them, it forgets [`CENSUS`].
    async fn commit(&self, commits: Vec<Commit>) -> Result<(), PortError>;

    /// Steps of these tickets that the follow-up wrote: they came from Gestan and do not go there.
    async fn own_steps(&self, numbers: &[i64]) -> Result<HashMap<i64, HashSet<i64>>, PortError>;

    /// Which records of Gestan the rows of GestSup are, as far as the reference flow knows.
    async fn reference(&self) -> Result<KnownLinks, PortError>;

    /// A cursor or another small value.
    async fn value(&self, name: &str) -> Result<Option<String>, PortError>;

    /// Sets a cursor or another small value.
    async fn set_value(&self, name: &str, value: &str) -> Result<(), PortError> {
        self.set_values(vec![(name, value.to_owned())]).await
    }

    /// Sets several, in one commit.
    async fn set_values(&self, values: Vec<(&str, String)>) -> Result<(), PortError>;
}
