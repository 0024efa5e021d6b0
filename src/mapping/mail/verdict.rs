//! What a mail becomes, as data: the same value is printed by a dry run, written to GestSup and kept in the journal.

use crate::model::MailPart;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose ticket it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// Nobody that GestSup knows.
    #[default]
    Nobody,
    /// `tusers.id`.
    Known(i64),
    /// An account that is made with the ticket.
    New(NewContact),
}

/// An account to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewContact {
    /// Its address, which is its login too.
    pub mail: String,
    /// First name.
    pub first_name: String,
    /// Last name, never empty.
    pub last_name: String,
    /// `tcompany.id`; 0 for none.
    pub company: i64,
}

/// What rules gave a ticket: ids in GestSup's lists, by key.
pub type Attributes = BTreeMap<&'static str, i64>;

/// A ticket to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewTicket {
    /// Whose it is.
    pub requester: Requester,
    /// Its title, as people read it.
    pub title: String,
    /// Its description, clean HTML.
    #[serde(skip)]
    pub html: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Observers, three at most.
    pub observers: Vec<i64>,
    /// What rules gave it.
    pub attributes: Attributes,
    /// The closed ticket that it goes on with.
    pub follows: Option<i64>,
}

/// A comment to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewReply {
    /// The ticket.
    pub ticket: i64,
    /// Who wrote it; 0 for nobody that GestSup knows.
    pub author: i64,
    /// Somebody who works on tickets.
    pub by_staff: bool,
    /// Clean HTML.
    #[serde(skip)]
    pub html: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The state that the decision was made for.
    pub state: i64,
    /// The state that the ticket gets, where it changes.
    pub to_state: Option<i64>,
    /// It was closed and is open again.
    pub reopens: bool,
    /// The ticket that it answers, where that one was merged into this one.
    pub merged_from: Option<i64>,
}

/// What is written to GestSup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailWrite {
    /// A ticket.
    Ticket(NewTicket),
    /// A comment of a ticket.
    Reply(NewReply),
}

/// A file to be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its name as people see it, safe.
    pub name: String,
    /// Its content.
    pub part: MailPart,
}

/// What is to be done with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, by a rule.
    Excluded {
        /// Name of the rule.
        code: &'static str,
        /// A sentence.
        reason: String,
    },
    /// It is set aside for a person.
    Parked {
        /// Why, in short.
        code: &'static str,
        /// A sentence.
        reason: String,
    },
    /// It is written.
    Write(Box<Written>),
}

/// A mail that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What.
    pub write: MailWrite,
    /// Its files.
    pub files: Vec<NewFile>,
    /// What decided, in short: `new`, `thread`, `subject`, …
    pub code: &'static str,
    /// What a person should know, in sentences.
    pub notes: Vec<String>,
}
