//! What the notify flow needs from the outside: tickets' states from GestSup, a way to send mails, and a memory.

use super::appointment::{Appointment, Invitation};
use super::letter::{Means, NewMail, Outgoing, Phase};
use crate::flows::tickets::{JournalEntry, Marks, Memory, Witness};
use crate::flows::{PortError, System};
use crate::gestan::contract::ActionPost;
use crate::model::{Person, Ticket};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::HashMap;

/// GestSup as something that tells of changes.
#[async_trait]
pub trait NoticeDesk: Send + Sync {
    /// Opens a consistent view of the base.
    async fn view(&self) -> Result<Box<dyn NoticeView>, PortError>;
}

/// A consistent, read-only view of GestSup's base. Dropping it ends it.
#[async_trait]
pub trait NoticeView: Send {
    /// The state of every ticket, by number.
    async fn states(&mut self) -> Result<HashMap<i64, i64>, PortError>;

    /// What shows later whether the base is still this one.
    async fn marks(&mut self) -> Result<Marks, PortError>;

    /// The steps that stand under these ids.
    async fn witnesses(&mut self, steps: &[i64]) -> Result<Vec<Witness>, PortError>;

    /// Whole tickets, in the order of `numbers`.
    async fn load(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, PortError>;

    /// Observers of tickets, by number; tickets without any are left out.
    async fn observers(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Vec<Person>>, PortError>;

    /// What GestSup itself sends.
    async fn own_mails(&mut self) -> Result<OwnMails, PortError>;

    /// The mails that GestSup sent by itself about tickets, by number; `None`: this version keeps no trace of them.
    async fn sent_by_gestsup(&mut self, numbers: &[i64]) -> Result<Option<HashMap<i64, Vec<OwnMail>>>, PortError>;
}

/// Which mails GestSup sends by itself (`tparameters.mail_*`), and the addresses that are its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnMails {
    /// To the requester, who opened the ticket himself.
    pub to_opener: bool,
    /// To the requester, when a technician opens a ticket for him, saves it for the first time, or closes it for the first time.
    pub to_requester: bool,
    /// To the requester, when whoever works on a ticket writes a comment.
    pub to_commented: bool,
    /// The ticket's observers get copies of what the requester gets.
    pub copies_observers: bool,
    /// To the technician or group that a ticket is given to.
    pub to_attributed: bool,
    /// Answers to mails come in through GestSup's own mail connector.
    pub takes_answers: bool,
    /// Addresses of GestSup itself, in lower case.
    pub addresses: Vec<String>,
}

impl OwnMails {
    /// Whether it sends any.
    pub fn sends(&self) -> bool {
        self.to_opener || self.to_requester || self.to_commented || self.to_attributed
    }
}

/// A mail that GestSup sent by itself about a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMail {
    /// `tthreads.id` of the step that tells of it.
    pub step: i64,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// To whom, as GestSup wrote it down: addresses, or `1` for the members of a group that asks.
    pub to: String,
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// The server refuses this mail for good, or it cannot be written: a sentence.
    Refused(String),
    /// The server refuses it for now: a sentence.
    Later(String),
}

/// How sending a mail came out: an error is one of the whole server.
pub type Sent = Result<Result<(), NotSent>, PortError>;

/// A mail server to send through.
#[async_trait]
pub trait Post: Send + Sync {
    /// Connects and logs in.
    async fn session(&self) -> Result<Box<dyn PostSession>, PortError>;
}

/// A session with the server.
#[async_trait]
pub trait PostSession: Send {
    /// Gives it a mail. After an error of the whole server, nothing more is asked of this session.
    async fn send(&mut self, mail: &Outgoing) -> Sent;

    /// Ends it.
    async fn close(self: Box<Self>);
}

/// Gestan as something that shows actions.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Writes one; repeating it changes nothing. A refusal is an error of [`Blast::Record`] or [`Blast::Retry`].
    ///
    /// [`Blast::Record`]: crate::flows::Blast::Record
    /// [`Blast::Retry`]: crate::flows::Blast::Retry
    async fn act(&self, post: ActionPost) -> Result<(), PortError>;
}

/// What a look changes in the memory: all in one commit.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Tickets with the state that was seen.
    pub seen: Vec<(i64, i64)>,
    /// Tickets that are gone.
    pub gone: Vec<i64>,
    /// Mails for the outbox, in the order in which they are sent.
    pub mails: Vec<NewMail>,
    /// Appointments that people were told of, or that are known.
    pub invitations: Vec<Invitation>,
    /// Lines for the journal.
    pub journal: Vec<JournalEntry>,
    /// Cursors.
    pub values: Vec<(&'static str, String)>,
}

/// The memory of the flow.
#[async_trait]
pub trait NotifyMemory: Memory {
    /// The state in which each ticket was last seen.
    async fn notified(&self) -> Result<HashMap<i64, i64>, PortError>;

    /// Message-IDs of a ticket's mails, those that came and those that were sent, oldest first, the newest so many.
    async fn thread(&self, ticket: i64, limit: u32) -> Result<Vec<String>, PortError>;

    /// The newest comment of each of these tickets that people were told of (`tthreads.id`).
    async fn last_told(&self, tickets: &[i64]) -> Result<HashMap<i64, i64>, PortError>;

    /// Appointments of interventions that are still to be done and begin later, by ticket.
    async fn appointments(&self, now: DateTime<Utc>) -> Result<HashMap<i64, Appointment>, PortError>;

    /// What people were last told of appointments, by ticket; those that are over or were cancelled long ago too.
    async fn invitations(&self) -> Result<HashMap<i64, Invitation>, PortError>;

    /// Stores what a look found; the mails are known as the tickets' own from then on.
    async fn looked(&self, look: Look, at: DateTime<Utc>) -> Result<(), PortError>;

    /// What is to be sent now by these means, oldest first.
    async fn due(&self, means: Means, now: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError>;

    /// Remembers that a mail is being sent.
    async fn sending(&self, id: i64) -> Result<(), PortError>;

    /// Remembers how it came out.
    async fn settle(
        &self,
        id: i64,
        phase: Phase,
        next_at: Option<DateTime<Utc>>,
        reason: &str,
        journal: Vec<JournalEntry>,
        now: DateTime<Utc>,
    ) -> Result<(), PortError>;

    /// Mails that wait, and mails that were given up.
    async fn outbox_counts(&self) -> Result<(usize, usize), PortError>;

    /// Why a system is left alone for now: a sentence; `None` if it is not.
    async fn resting(&self, system: System, now: DateTime<Utc>) -> Result<Option<String>, PortError>;

    /// A system failed as a whole.
    async fn failed(&self, error: &PortError, now: DateTime<Utc>) -> Result<(), PortError>;

    /// A system works.
    async fn works(&self, system: System) -> Result<(), PortError>;
}
