//! Why a request was not carried out.

use super::base::BaseError;
use crate::gestan::contract::{ObjectState, Problem};
use crate::model::ObjectKind;

/// A request that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFault {
    /// The base.
    #[error("{0}")]
    Base(#[from] BaseError),
    /// The condition does not hold; what Gestan holds is added, if anything.
    #[error("what Gestan holds is not what the request was made for: read it again, and decide again")]
    Precondition(Option<Box<ObjectState>>),
    /// The number belongs to another ticket.
    #[error(
        "ticket {number} is linked to {kind} {id} under another identity (opened {known} instead of {given}): the help-desk was restored, or its numbers are used again"
    )]
    OtherTicket {
        /// The number.
        number: i64,
        /// What it is linked to.
        kind: ObjectKind,
        /// Its key.
        id: i64,
        /// Opening date of the ticket that was linked.
        known: String,
        /// Opening date of this one.
        given: String,
    },
    /// Under the key there is an object of the other kind.
    #[error(
        "ticket {number} has {held} {id} in Gestan, and cannot have one as {asked} under the same sequence: what it became it stays"
    )]
    OtherKind {
        /// The ticket.
        number: i64,
        /// What it has.
        held: ObjectKind,
        /// Its key.
        id: i64,
        /// What was asked for.
        asked: ObjectKind,
    },
    /// This base, or the configuration, has no place for it: a sentence.
    #[error("{0}")]
    Unsupported(String),
    /// A file is larger than what is stored: a sentence.
    #[error("{0}")]
    TooLarge(String),
    /// The folder of documents cannot be used.
    #[error(
        "the folder of documents cannot be used at {path} ({reason}): check that it is mounted, that [gateway.documents] folder names it, and that the gateway may write there"
    )]
    Folder {
        /// Where.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The administrator's query fails.
    #[error("the query of {what} fails ({reason}): mend [gateway.{what}] query")]
    Query {
        /// What it lists.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// It was billed.
    #[error("intervention {} is billed and cannot change any more: a ticket that goes on needs a new one", .0.id)]
    Billed(Box<ObjectState>),
    /// The intervention, or the ticket, is linked already: a sentence.
    #[error("{0}")]
    Linked(String),
    /// The administrator has not granted it: a sentence.
    #[error("{0}")]
    NotGranted(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// A value cannot be accepted: a sentence.
    #[error("{0}")]
    Invalid(String),
    /// The extension tables are missing.
    #[error(
        "the tables of the links are missing in Gestan's base: run `gestan-connector gateway install` beside Gestan"
    )]
    NotInstalled,
}

impl GatewayFault {
    /// As a problem document.
    pub fn problem(self, request_id: Option<String>) -> Problem {
        let detail = self.to_string();
        let (status, code, title, current) = match self {
            Self::Base(error) if error.is_of_the_base() => {
                (503, Problem::BASE_UNAVAILABLE, "Gestan's base is not available", None)
            }
            Self::Base(BaseError::Conflict(_)) => {
                (500, Problem::CONFLICT, "Gestan's base gave way to another writer", None)
            }
            Self::Base(BaseError::Locked(_)) => (500, Problem::LOCKED, "Somebody holds the row", None),
            Self::Base(BaseError::Duplicate(_)) => (409, "duplicate", "It exists already", None),
            Self::Base(BaseError::Value(_)) => (422, Problem::INVALID, "A value cannot be stored", None),
            Self::Base(_) => (500, "base-refused", "Gestan's base refused a statement", None),
            Self::Precondition(current) => {
                (412, Problem::PRECONDITION_FAILED, "What Gestan holds has changed", current)
            }
            Self::OtherTicket { .. } => (409, Problem::OTHER_TICKET, "The number belongs to another ticket", None),
            Self::OtherKind { .. } => (409, Problem::OTHER_KIND, "There is something of another kind", None),
            Self::Unsupported(_) => (501, Problem::UNSUPPORTED, "There is no place for it", None),
            Self::TooLarge(_) => (413, Problem::TOO_LARGE, "The file is too large", None),
            Self::Folder { .. } => (500, "documents-folder", "The folder of documents cannot be used", None),
            Self::Query { what: "contracts", .. } => (500, "contracts-query", "The query of contracts fails", None),
            Self::Query { .. } => (500, "tasks-query", "The query of tasks fails", None),
            Self::Billed(current) => (409, Problem::BILLED, "The intervention is billed", Some(current)),
            Self::Linked(_) => (409, Problem::LINKED, "It is linked already", None),
            Self::NotGranted(_) => (409, Problem::NOT_GRANTED, "It is not granted", None),
            Self::NotFound(_) => (404, Problem::NOT_FOUND, "There is no such thing", None),
            Self::Invalid(_) => (422, Problem::INVALID, "A value cannot be accepted", None),
            Self::NotInstalled => (503, "not-installed", "The gateway is not installed in this base", None),
        };
        Problem {
            kind: format!("{}{code}", Problem::PREFIX),
            title: title.to_owned(),
            status,
            detail,
            request_id,
            current,
        }
    }
}
