//! What the mail flow needs of GestSup: people and lists, tickets that may be answered, and a pen. A write is data; it is staged
//! in an open transaction, which tells the ids that it gets, and committed once they are remembered.

use crate::flows::PortError;
use crate::mapping::mail::{DeskFacts, MailWrite, NewFile, Sight, TicketFacts};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// GestSup as something that mails are written to.
#[async_trait]
pub trait MailDesk: Send + Sync {
    /// Connects for one pass; one that is to write waits until no former session of ours is at work any more.
    async fn mail_pen(&self, writes: bool) -> Result<Box<dyn MailPen>, PortError>;
}

/// What a staged write got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// `tincidents.id`.
    pub ticket: i64,
    /// `tthreads.id` of the comment, or of the step that tells of the mail.
    pub step: i64,
    /// Names of its files in the folder of uploaded files, in the order given.
    pub files: Vec<String>,
    /// The date that the step has there.
    pub date: String,
}

/// How staging came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// All of it is there, in an open transaction.
    Ready(Staged),
    /// GestSup no longer holds what the decision assumed; nothing is open.
    Stale(String),
}

/// A step that GestSup hung on one of our tickets, and the ticket that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Our ticket.
    pub ticket: i64,
    /// `tthreads.id`.
    pub steps: Vec<i64>,
    /// The ticket that they were meant for, where that is clear.
    pub meant: Option<i64>,
}

/// What GestSup's own connector made of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// `tincidents.id`.
    pub ticket: i64,
    /// `tthreads.id`.
    pub step: i64,
    /// It is a comment.
    pub reply: bool,
    /// It has no text.
    pub empty: bool,
}

/// A connection that may write what mails become.
#[async_trait]
pub trait MailPen: Send {
    /// People, lists and settings.
    async fn facts(&mut self) -> Result<DeskFacts, PortError>;

    /// Those of these tickets that there are.
    async fn tickets(&mut self, numbers: &[i64]) -> Result<Vec<TicketFacts>, PortError>;

    /// Those of these tickets, which are gone, that were merged into another: each with that one.
    async fn merged_into(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, PortError>;

    /// Whether files can be attached.
    fn keeps_files(&self) -> bool;

    /// Writes in a transaction that stays open. After an error nothing is open.
    async fn stage(&mut self, write: &MailWrite, files: &[NewFile]) -> Result<Stage, PortError>;

    /// Puts the files in their places and commits. An error of [`Blast::System`] leaves open whether it was done.
    ///
    /// [`Blast::System`]: crate::flows::Blast::System
    async fn commit(&mut self, staged: &Staged, files: &[NewFile]) -> Result<(), PortError>;

    /// Ends the transaction without it.
    async fn roll_back(&mut self) -> Result<(), PortError>;

    /// Whether a write that was begun was done; of one that was not, its files are removed.
    async fn was_done(&mut self, staged: &Staged) -> Result<bool, PortError>;

    /// Steps that GestSup hung on these tickets, which were just made, though they belong to others (it predicts the number of a
    /// ticket before it inserts it).
    async fn strays(&mut self, tickets: &[i64]) -> Result<Vec<Stray>, PortError>;

    /// What GestSup's own connector may have made of a mail, the likeliest first.
    async fn made_of(&mut self, sight: &Sight) -> Result<Vec<Seen>, PortError>;

    /// Gives steps to the ticket that they were meant for.
    async fn give_back(&mut self, stray: &Stray) -> Result<(), PortError>;
}
