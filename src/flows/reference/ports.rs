//! What the reference flow needs from the outside: Gestan's lists, a pen for GestSup's lists, and a memory of what is
//! linked.

use super::known::Key;
use super::record::{Field, Kind, Place, Row, Values};
use crate::config::ProjectKey;
use crate::flows::PortError;
use crate::flows::tickets::JournalEntry;
use crate::gestan::contract::{Page, PspMode};
use crate::model::{Absence, Client, Contact, Machine, Project, Task, User};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A user's own contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Psp {
    /// It was there.
    Found(Box<Client>),
    /// It was made.
    Made(Box<Client>),
    /// There is none, and none is made: a sentence.
    Refused(String),
}

/// Gestan's base as a place to keep links in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Book<T> {
    /// It keeps them.
    Open(T),
    /// It has no table for them, or may not write it: a sentence.
    Closed(String),
}

/// Where a page of a list begins.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What the page before said.
    pub cursor: Option<String>,
    /// Only what was changed after this.
    pub changed_since: Option<DateTime<Utc>>,
}

/// Gestan's lists, archived records included.
#[async_trait]
pub trait Catalogues: Send + Sync {
    /// A page of [`Catalogues::all_clients`].
    async fn page_of_clients(&self, asked: &Asked) -> Result<Page<Client>, PortError>;
    /// A page of [`Catalogues::all_contacts`].
    async fn page_of_contacts(&self, asked: &Asked) -> Result<Page<Contact>, PortError>;
    /// A page of [`Catalogues::all_machines`].
    async fn page_of_machines(&self, asked: &Asked) -> Result<Page<Machine>, PortError>;
    /// Contacts that count as clients.
    async fn all_clients(&self) -> Result<Vec<Client>, PortError>;
    /// Persons among them.
    async fn all_contacts(&self) -> Result<Vec<Contact>, PortError>;
    /// Machines of the maintenance park.
    async fn all_machines(&self) -> Result<Vec<Machine>, PortError>;
    /// Gestan's users.
    async fn all_users(&self) -> Result<Vec<User>, PortError>;
    /// Projects.
    async fn all_projects(&self) -> Result<Vec<Project>, PortError>;
    /// Their tasks.
    async fn all_tasks(&self) -> Result<Vec<Task>, PortError>;
    /// Absences that end after a day.
    async fn all_absences(&self, ends_after: NaiveDate) -> Result<Vec<Absence>, PortError>;
    /// Which rows of a GestSup the records of a kind are, as Gestan's base was told.
    async fn recorded_links(&self, source: &str, kind: Kind) -> Result<Book<Vec<(String, i64)>>, PortError>;
    /// Tells Gestan's base of links, and of keys without one.
    async fn record_links(
        &self,
        source: &str,
        kind: Kind,
        links: &[(String, Option<i64>)],
    ) -> Result<Book<()>, PortError>;
    /// What the gateway does about users' own contacts.
    async fn psp_mode(&self) -> Result<PspMode, PortError>;
    /// A user's own contact, which is made if there is none.
    async fn psp_contact(&self, code: &str) -> Result<Psp, PortError>;
}

/// GestSup's lists as something to write to.
#[async_trait]
pub trait Register: Send + Sync {
    /// Connects for one pass.
    async fn register(&self) -> Result<Box<dyn RegisterPen>, PortError>;
}

/// A value as a column can hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The value.
    pub text: String,
    /// Something of it had to be left out.
    pub cut: bool,
}

/// A value as the plan assumes it, and as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// What GestSup holds; where it holds another, nothing is written.
    pub from: String,
    /// What it is to hold.
    pub to: String,
}

/// A row to add or to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    /// What it is.
    pub kind: Kind,
    /// Its id; `None`: a new one.
    pub id: Option<i64>,
    /// What it gets. A new row has nothing before.
    pub fields: BTreeMap<Field, FieldChange>,
}

/// How a write came out, before its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staged {
    /// It is in the open transaction.
    Done {
        /// Its id.
        id: i64,
        /// Its print, as [`RegisterPen::prints`] tells it from then on.
        print: u64,
    },
    /// GestSup no longer holds what the plan assumed; nothing was written.
    Stale,
}

/// A connection that may write GestSup's lists.
#[async_trait]
pub trait RegisterPen: Send {
    /// What the column of a field can hold of a value.
    fn fit(&self, kind: Kind, field: Field, text: &str) -> Fitted;

    /// Whether this GestSup has a column for a field.
    fn has(&self, kind: Kind, field: Field) -> bool;

    /// What [`RegisterPen::fit`] and [`RegisterPen::has`] go by, in a number: another one after an upgrade of GestSup.
    fn shape(&self, kind: Kind) -> u64;

    /// Rows after an id, in the order of their ids, so many at most, with these fields. Never the one with id 0.
    async fn rows_after(
        &mut self,
        place: Place,
        fields: &[Field],
        after: i64,
        limit: usize,
    ) -> Result<Vec<Row>, PortError>;

    /// These rows, as far as they are there.
    async fn rows_of(&mut self, place: Place, ids: &[i64]) -> Result<Vec<Row>, PortError>;

    /// Ids after an id, in their order, so many at most, each with a number that is another one when a field of the row
    /// is: texts are not fetched for it.
    async fn prints(&mut self, place: Place, after: i64, limit: usize) -> Result<Vec<(i64, u64)>, PortError>;

    /// One row.
    async fn row(&mut self, place: Place, id: i64) -> Result<Option<Row>, PortError>;

    /// Writes rows of one kind into the open transaction, which is begun where there is none; says of each how it came
    /// out.
    async fn stage(&mut self, changes: &[&RowChange]) -> Result<Vec<Staged>, PortError>;

    /// Makes what was staged lasting.
    async fn commit(&mut self) -> Result<(), PortError>;

    /// Undoes what was staged.
    async fn undo(&mut self) -> Result<(), PortError>;
}

/// That a record of Gestan and a row of GestSup are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLink {
    /// What it is.
    pub kind: Kind,
    /// What Gestan knows it by.
    pub key: String,
    /// Id in GestSup.
    pub id: i64,
    /// What both last agreed on.
    pub agreed: Values,
    /// How it was found to be the same.
    pub evidence: String,
    /// The prints of record and row when nothing was left to do, in one number; 0: not known. While both are the same,
    /// neither has to be read whole.
    #[serde(default)]
    pub seal: i64,
}

/// What a pass has to know of every link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownLink {
    /// What Gestan knows it by.
    pub key: Key,
    /// Id in GestSup.
    pub id: i64,
    /// As in [`ReferenceLink`].
    pub seal: i64,
    /// Both agreed last that it is in use.
    pub enabled: bool,
}

/// A record that waits for a person's decision, or what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceCase {
    /// What it is.
    pub kind: Kind,
    /// What Gestan knows it by.
    pub key: String,
    /// How people call it.
    pub name: String,
    /// A short stable code.
    pub code: String,
    /// A sentence.
    pub reason: String,
    /// Rows of GestSup that it may be.
    pub candidates: Vec<i64>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is not synchronised.
    Ignore,
    /// It is a row of its own.
    Create,
}

/// A row that is being added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceIntent {
    /// The pass.
    pub run_id: String,
    /// The link as it will be.
    pub link: ReferenceLink,
    /// What the row is to hold: it is recognised by it.
    pub values: Values,
    /// What is told of it.
    pub message: String,
}

/// What one step of a pass changes in the memory: all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct ReferenceCommit {
    /// Links that are new or changed; an older one of the same record or row goes.
    pub links: Vec<ReferenceLink>,
    /// Links that no longer hold.
    pub unlinked: Vec<(Kind, String)>,
    /// Cases that are new or told otherwise.
    pub cases: Vec<ReferenceCase>,
    /// Cases that are settled.
    pub settled: Vec<(Kind, String)>,
    /// Lines of the journal.
    pub journal: Vec<JournalEntry>,
}

/// Which records of Gestan the rows of GestSup are, for the flows that come after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownLinks {
    /// `tcompany.id` ⇒ `CONTACT.IDCONTACT`.
    pub clients: std::collections::HashMap<i64, i64>,
    /// `tassets.id` ⇒ `MACHINE_MNT.IDMACHINE`.
    pub machines: std::collections::HashMap<i64, i64>,
    /// `tusers.id` ⇒ `USER.CDUSER`.
    pub users: std::collections::HashMap<i64, String>,
    /// `tprojects.id` ⇒ project and task.
    pub projects: std::collections::HashMap<i64, ProjectKey>,
}

/// The memory of the reference flow: the state file.
#[async_trait]
pub trait ReferenceMemory: Send + Sync {
    /// Every link of a kind, whole.
    async fn reference_links(&self, kind: Kind) -> Result<Vec<ReferenceLink>, PortError>;

    /// Every link of a kind, in short.
    async fn known_reference_links(&self, kind: Kind) -> Result<Vec<KnownLink>, PortError>;

    /// Links of a kind by their ids in GestSup.
    async fn reference_links_of(&self, kind: Kind, ids: &[i64]) -> Result<Vec<ReferenceLink>, PortError>;

    /// Every case, decided ones included.
    async fn reference_cases(&self) -> Result<Vec<ReferenceCase>, PortError>;

    /// Remembers that these rows are about to be committed in GestSup.
    async fn intend_reference(&self, intents: &[ReferenceIntent]) -> Result<(), PortError>;

    /// Rows that were begun and never confirmed.
    async fn reference_intents(&self) -> Result<Vec<ReferenceIntent>, PortError>;

    /// Stores what came out; the intents of these links and keys are done with.
    async fn commit_reference(&self, commit: ReferenceCommit) -> Result<(), PortError>;

    /// Forgets rows that were not added.
    async fn forget_reference_intents(&self) -> Result<(), PortError>;

    /// So many links of a kind at most that Gestan's base does not know so, and keys of those that it need not know any
    /// more.
    async fn unrecorded_links(&self, kind: Kind, limit: usize) -> Result<Vec<(String, Option<i64>)>, PortError>;

    /// Gestan's base was told of these.
    async fn links_recorded(&self, kind: Kind, links: &[(String, Option<i64>)]) -> Result<(), PortError>;

    /// A small value.
    async fn reference_value(&self, name: &str) -> Result<Option<String>, PortError>;

    /// Sets a small value.
    async fn set_reference_value(&self, name: &str, value: &str) -> Result<(), PortError>;
}
