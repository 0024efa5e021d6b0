//! What of GestSup a decision about a mail looks at, as plain data.

use crate::config::Mailbox;
use crate::model::{Label, Role};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// An account that mails may come from (`tusers`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `tusers.id`.
    pub id: i64,
    /// First and last name, else the login.
    pub name: String,
    /// Login.
    pub login: String,
    /// What it may do.
    pub role: Role,
    /// `tusers.company`; 0 for none.
    pub company: i64,
}

/// People, lists and settings of GestSup.
#[derive(Debug, Clone, Default)]
pub struct DeskFacts {
    /// Accounts that are in use, by mail address in lower case.
    pub accounts: HashMap<String, Vec<Account>>,
    /// Names of clients.
    pub companies: HashMap<i64, String>,
    /// The only client of each domain that its accounts' addresses have.
    pub domains: HashMap<String, i64>,
    /// Rows of the lists that rules name, by the rule's key.
    pub lists: HashMap<&'static str, Vec<Label>>,
    /// Technicians by login.
    pub technicians: Vec<Label>,
    /// Addresses that GestSup sends from.
    pub own_addresses: Vec<String>,
    /// Mailboxes that GestSup's own mail connector reads: account and server, in lower case.
    pub read_by_gestsup: Vec<(String, String)>,
    /// GestSup speaks French to its people.
    pub french: bool,
}

impl DeskFacts {
    /// The accounts of an address.
    pub fn of(&self, address: &str) -> &[Account] {
        self.accounts.get(address).map_or(&[], Vec::as_slice)
    }

    /// Whether GestSup's own mail connector reads a mailbox.
    pub fn is_read_by_gestsup(&self, mailbox: &Mailbox) -> bool {
        let (user, host) = (mailbox.user.to_lowercase(), mailbox.host.to_lowercase());
        self.read_by_gestsup.iter().any(|(theirs, server)| *theirs == user && (server.is_empty() || *server == host))
    }
}

/// Why no mails are taken from a mailbox that GestSup's own connector reads too.
pub fn two_readers(mailbox: &str) -> String {
    format!(
        "GestSup's own mail connector reads the mailbox {mailbox} too: switch it off in GestSup's parameters, or write mode = \"observe\" for it; two readers take each other's mails away"
    )
}

/// A ticket that a mail may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFacts {
    /// `tincidents.id`.
    pub number: i64,
    /// Decoded title.
    pub title: String,
    /// `tincidents.state`.
    pub state: i64,
    /// Requester; 0 for nobody.
    pub requester: i64,
    /// Addresses of the requester and of the members of the requester group.
    pub requester_mails: Vec<String>,
    /// The requester's client; 0 for none.
    pub company: i64,
    /// Observers with their clients.
    pub observers: Vec<(i64, i64)>,
    /// Members of the requester group.
    pub group: Vec<i64>,
    /// Technician in charge; 0 for nobody.
    pub technician: i64,
    /// When it was resolved.
    pub resolved_at: Option<DateTime<Utc>>,
}
