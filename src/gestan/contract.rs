//! The messages of the gateway's contract, version 1 (`docs/gateway-api.yaml`), used by both of its ends.

pub use crate::model::{Absence, Client, Contact, Contract, Machine, Product, Project, Task, User};
use crate::model::{Entry, Fields, Identity, ObjectKind, RichText};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The natural key of a ticket's object in Gestan, as in `/v1/tickets/{source}/{number}/{sequence}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TicketKey {
    /// Which GestSup base (`[gestsup] source`).
    pub source: String,
    /// `tincidents.id`.
    pub number: i64,
    /// 1 for the first object; a ticket reopened after billing gets the next one.
    pub sequence: u32,
}

/// What `PUT …/intervention` and `PUT …/anomaly` carry: the fields and entries to write. What is absent is
/// left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectPut {
    /// What it is; must agree with the address, and with what is linked under the key already.
    #[serde(default)]
    pub kind: ObjectKind,
    /// What makes the number this ticket. A PUT whose origin contradicts the stored one is refused (409 `other-ticket`).
    pub origin: Identity,
    /// The ticket's page in GestSup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Fields to set. On creation, `title`, `client` and `status` must be there.
    #[serde(default)]
    pub fields: Fields,
    /// The head of the memo, when it is to be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<RichText>,
    /// Entries to add or to replace, by key.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// Under which condition a PUT may write (the `If-Match` and `If-None-Match` headers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precondition {
    /// `If-None-Match: *`: only if the intervention does not exist yet.
    Absent,
    /// `If-Match: "<etag>"`: only if it still is what this etag was given for.
    Match(String),
}

/// What Gestan holds: the answer to `GET` and `PUT` of an intervention or anomaly, and `current` in a 412.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectState {
    /// What it is.
    #[serde(default)]
    pub kind: ObjectKind,
    /// `INTERVENTION.IDINTERVENTION` or `ANOMALIE.IDANOMALIE`.
    pub id: i64,
    /// The natural key.
    #[serde(flatten)]
    pub key: TicketKey,
    /// Changes whenever a field, or the visible text of the memo, changes. Without quotes.
    pub etag: String,
    /// As given at creation.
    pub origin: Identity,
    /// As last given.
    #[serde(default)]
    pub url: Option<String>,
    /// Every field that this base can hold, with the value it holds. A code without a name in the
    /// gateway's configuration reads as `code:<number>`.
    pub fields: Fields,
    /// The entries that were written, by key.
    pub entries: BTreeMap<String, EntryState>,
    /// The visible text of the memo, what Gestan's users typed included.
    pub memo: String,
    /// The paragraphs of the memo that are not the connector's, in their order: what people typed. A
    /// paragraph is what stands between two empty lines, or between paragraphs of the connector.
    #[serde(default)]
    pub typed: Vec<String>,
    /// `DHMOD` and `USMOD`: when the row was last changed, and by whose code.
    #[serde(default)]
    pub modified_at: Option<DateTime<Utc>>,
    /// See `modified_at`.
    #[serde(default)]
    pub modified_by: Option<String>,
}

/// What the gateway knows of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryState {
    /// SHA-256 (hexadecimal) of the entry's visible text: heading, then lines, joined by `\n`.
    pub hash: String,
    /// Whether that text still stands in the memo.
    pub present: bool,
    /// What the request that is being answered did with it; `unchanged` in a GET.
    pub outcome: EntryOutcome,
    /// Minutes that the extension's step table holds for it: what was written, unless a Gestan user set others.
    #[serde(default)]
    pub minutes: i64,
    /// `CONSO.IDCONSO` of its time, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conso: Option<i64>,
}

/// What a PUT did with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryOutcome {
    /// It was not there and is now.
    Added,
    /// Its text was replaced.
    Replaced,
    /// It stood there as asked, or was not mentioned.
    Unchanged,
}

/// A request of `POST /v1/tickets:batch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// At most 100 of them.
    pub items: Vec<BatchItem>,
}

/// One PUT of a batch. Each is carried out whole or not at all; one that is refused does not stop the
/// others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// Which intervention.
    pub key: TicketKey,
    /// The condition.
    pub precondition: Precondition,
    /// The body of the PUT.
    pub object: Arc<ObjectPut>,
}

/// The answer to a batch: a result per item, in the order of the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// The results.
    pub results: Vec<BatchResult>,
}

/// The result of one PUT of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchResult {
    /// Written; what Gestan holds now.
    Ok(Box<ObjectState>),
    /// Refused.
    Problem(Box<Problem>),
}

/// A request of `POST /v1/tickets:states`: what of these has changed?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatesRequest {
    /// At most 100 of them.
    pub items: Vec<KnownState>,
}

/// An intervention as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownState {
    /// Which intervention.
    pub key: TicketKey,
    /// Its etag then.
    pub etag: String,
}

/// The answer to a [`StatesRequest`]: a result per item, in the order of the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatesResponse {
    /// The results.
    pub results: Vec<StateResult>,
}

/// What became of one intervention since it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateResult {
    /// Nothing.
    Unchanged,
    /// Gestan holds this now.
    Changed(Box<ObjectState>),
    /// It cannot be read; 404: it was deleted in Gestan.
    Problem(Box<Problem>),
}

/// What `PUT …/link` carries: an intervention that people made is the ticket's from now on. Nothing
/// else of it is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkPut {
    /// `INTERVENTION.IDINTERVENTION`.
    pub intervention: i64,
    /// As in [`ObjectPut`].
    pub origin: Identity,
    /// The ticket's page in GestSup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A record of `GET /v1/interventions` or `GET /v1/anomalies`: any of them, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// `IDINTERVENTION` or `IDANOMALIE`.
    pub id: i64,
    /// `DHCRE`.
    #[serde(default)]
    pub created: Option<DateTime<Utc>>,
    /// `DHMOD`.
    #[serde(default)]
    pub modified: Option<DateTime<Utc>>,
    /// As in [`ObjectState`].
    pub fields: Fields,
    /// The visible text of the memo.
    pub memo: String,
    /// Whose it is, where it is linked to a ticket.
    #[serde(default)]
    pub ticket: Option<TicketKey>,
}

/// What `PUT …/documents/{id}` says of the file in its query; the body is the file, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentPut {
    /// Name of the file as people see it; the gateway makes a safe file name of it.
    pub name: String,
    /// SHA-256 of the content, in hexadecimal; a body that differs is refused.
    pub sha256: String,
    /// When it was added in GestSup.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
}

/// A document of an intervention or anomaly (`DOCUMENT`): a record of `GET …/documents`, the answer to a PUT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentState {
    /// `DOCUMENT.IDDOCUMENT`.
    pub document: i64,
    /// The caller's id of it (`tattachments.id`, `image:<hash>`), absent for one that people added in Gestan.
    #[serde(default)]
    pub id: Option<String>,
    /// `DOCUMENT.LIB100`.
    pub name: String,
    /// SHA-256 of the content as stored; absent for one that people added.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Bytes; absent where the file cannot be found.
    #[serde(default)]
    pub size: Option<u64>,
    /// `DHCRE`.
    #[serde(default)]
    pub created: Option<DateTime<Utc>>,
}

/// The answer to `GET /v1/documents`: documents that people added in Gestan to what belongs to a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedDocuments {
    /// Those behind the one that was asked from, by their keys. None where it was not said from where on.
    pub items: Vec<AddedDocument>,
    /// The last key that was looked at: ask from there on.
    pub last: i64,
    /// The greatest key that there is; 0 where there is none.
    pub newest: i64,
}

/// A document that people added in Gestan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedDocument {
    /// `DOCUMENT.IDDOCUMENT`.
    pub document: i64,
    /// The ticket that what it was added to belongs to.
    #[serde(flatten)]
    pub key: TicketKey,
    /// `DOCUMENT.LIB100`.
    pub name: String,
    /// Name of its file, without a folder.
    pub file: String,
    /// Bytes; absent where the file cannot be found.
    #[serde(default)]
    pub size: Option<u64>,
    /// `DOCUMENT.CDUSER`: who added it.
    #[serde(default)]
    pub by: Option<String>,
}

/// A problem document (RFC 9457), `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:gestan-connector:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of a kind.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened and what to do, in a sentence.
    #[serde(default)]
    pub detail: String,
    /// The request's id, as in the gateway's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// With 412: what Gestan holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<ObjectState>>,
}

impl Problem {
    /// Prefix of [`Problem::kind`].
    pub const PREFIX: &'static str = "urn:gestan-connector:problem:";
    /// Code of a 412.
    pub const PRECONDITION_FAILED: &'static str = "precondition-failed";
    /// Code of a 409: the number belongs to another ticket.
    pub const OTHER_TICKET: &'static str = "other-ticket";
    /// Code of a 409: the intervention was billed and cannot change any more.
    pub const BILLED: &'static str = "billed";
    /// Code of a 404: there is no such intervention, or it was deleted in Gestan.
    pub const NOT_FOUND: &'static str = "not-found";
    /// Code of a 409: the intervention belongs to another ticket, or the ticket has another one.
    pub const LINKED: &'static str = "linked";
    /// Code of a 409: the administrator has not granted it.
    pub const NOT_GRANTED: &'static str = "not-granted";
    /// Code of a 413: the request is larger than the gateway, or a proxy before it, accepts.
    pub const TOO_LARGE: &'static str = "too-large";
    /// Code of a 422: a value that Gestan cannot hold, a code that is not configured, a record that does not exist.
    pub const INVALID: &'static str = "invalid";
    /// Code of a 409: under the key there is an object of the other kind.
    pub const OTHER_KIND: &'static str = "other-kind";
    /// Code of a 501: this base, or its configuration, has no place for it.
    pub const UNSUPPORTED: &'static str = "unsupported";
    /// Code of a 500: the write gave way to another one, again and again.
    pub const CONFLICT: &'static str = "conflict";
    /// Code of a 500: somebody holds a row that is to be written.
    pub const LOCKED: &'static str = "locked";
    /// Code of a 503: the base behind the gateway does not answer.
    pub const BASE_UNAVAILABLE: &'static str = "base-unavailable";

    /// The code: [`Problem::kind`] without its prefix.
    pub fn code(&self) -> &str {
        self.kind.strip_prefix(Self::PREFIX).unwrap_or(&self.kind)
    }
}

/// `GET /v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`, or `base-unavailable`.
    pub status: String,
    /// Version of the gateway.
    pub version: String,
}

/// What a gateway does about users' own contacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PspMode {
    /// Nothing: it is not configured, or the base has no place for it.
    #[default]
    Off,
    /// They are found; a person must create those that are missing.
    Find,
    /// Those that are missing are created.
    Create,
}

/// `POST /v1/actions`: what Gestan's users are to see of a ticket beside its intervention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionPost {
    /// What tells it from every other: one that is sent twice under the same id is written once.
    pub id: String,
    /// The ticket, which has an intervention or anomaly.
    pub key: TicketKey,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// `ACTION.LIB100`, cut there.
    pub title: String,
    /// `ACTION.COMMENTAIRE`, lines joined by `\n`.
    pub text: String,
}

/// An action that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionState {
    /// `ACTION.IDACTION`; 0 where the base does not tell.
    pub id: i64,
}

/// `GET /v1/capabilities`: what this base can do and what is missing for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Kind of base: `mysql` or `hfsql`.
    pub base: String,
    /// Version of the contract: 1.
    pub contract: u32,
    /// IANA zone of Gestan's dates.
    pub time_zone: String,
    /// Whether the extension tables are there.
    pub extension_installed: bool,
    /// Columns that the gateway would use and that the base does not have, as `TABLE` or `TABLE.COLUMN`.
    pub missing: Vec<String>,
    /// Missing columns without which nothing works; empty when all is well.
    pub blocking: Vec<String>,
    /// Fields of interventions that this base can hold.
    pub fields: Vec<crate::model::Field>,
    /// Fields of anomalies that this base can hold; empty where there is no ANOMALIE table.
    #[serde(default)]
    pub anomaly_fields: Vec<crate::model::Field>,
    /// Whether CONSO rows can be written.
    #[serde(default)]
    pub consos: bool,
    /// Whether documents can be stored: the table is there and `[gateway.documents] folder` is set.
    #[serde(default)]
    pub documents: bool,
    /// Whether `[gateway.contracts] query` is set.
    #[serde(default)]
    pub contracts: bool,
    /// What is done about users' own contacts ([gateway.psp]).
    #[serde(default)]
    pub psp_contacts: PspMode,
    /// Whether actions can be written: the table is there and `[gateway.actions]` is set.
    #[serde(default)]
    pub actions: bool,
    /// Names of configured codes by list (`status`, `genre`, `priority`).
    pub codes: BTreeMap<String, Vec<String>>,
    /// Codes that the tickets flow needs and that are not configured, as `status.planned`.
    pub missing_codes: Vec<String>,
}

/// A page of a list: `GET /v1/clients?cursor=…&limit=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The records, by key.
    pub items: Vec<T>,
    /// Pass it as `cursor` to get the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Which row of GestSup a record of Gestan is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLinkPut {
    /// What Gestan knows it by: a number, a user code, or project and task.
    pub gestan: String,
    /// Id in GestSup; `None`: none any more.
    pub gestsup: Option<i64>,
}

/// `PUT /v1/reference-links/{source}/{kind}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLinksPut {
    /// At most 1000.
    pub items: Vec<ReferenceLinkPut>,
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLinksWritten {
    /// Links that were not known so.
    pub written: usize,
}

/// Which row of GestSup a record of Gestan is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceLink {
    /// As in [`ReferenceLinkPut`].
    pub gestan: String,
    /// Id in GestSup.
    pub gestsup: i64,
}
