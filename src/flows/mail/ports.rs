//! What the mail flow needs from the outside: mailboxes.

use crate::flows::PortError;
use crate::model::{Filing, Mail};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The mailboxes of a site.
#[async_trait]
pub trait Mailboxes: Send + Sync {
    /// Connects and logs in to the one of this name.
    async fn open(&self, mailbox: &str) -> Result<Box<dyn MailSession>, PortError>;
}

/// What a server says of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderState {
    /// Uids mean something only as long as this stays (RFC 3501).
    pub uid_validity: u32,
    /// The uid that the next mail will get, where the server tells.
    pub uid_next: Option<u32>,
    /// How many mails are in it.
    pub exists: u32,
}

/// A mail in a folder, before it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its uid.
    pub uid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Whether it is marked as read.
    pub seen: bool,
    /// When the server received it.
    pub received: Option<DateTime<Utc>>,
    /// `Message-ID` without its brackets.
    pub message_id: Option<String>,
}

/// A session with one mailbox. After an error of it nothing more is asked of it.
#[async_trait]
pub trait MailSession: Send {
    /// Opens a folder; `read_only` changes nothing in it, whatever is read (EXAMINE).
    async fn select(&mut self, folder: &str, read_only: bool) -> Result<FolderState, PortError>;

    /// Mails of the open folder with this uid or a greater one, in their order, no more than `limit`. None is marked as read.
    async fn list(&mut self, from: u32, limit: usize) -> Result<Vec<Listed>, PortError>;

    /// Takes a mail, its large parts into files of `spool`; of one that is larger than `max_bytes` only the headers. It is not
    /// marked as read. `None`: it is gone.
    async fn fetch(&mut self, listed: &Listed, max_bytes: u64, spool: &Path) -> Result<Option<Mail>, PortError>;

    /// Does with a mail of the open folder what is to be done, in this order; what is done already is left. A mail that is gone
    /// is no error.
    async fn file(&mut self, uid: u32, filing: &[Filing]) -> Result<(), PortError>;

    /// Waits until the server tells of news in the open folder (IDLE), at most so long. `false`: nothing came. Where the server
    /// cannot tell, it returns `false` at once.
    async fn wait(&mut self, at_most: Duration, cancel: &CancellationToken) -> Result<bool, PortError>;

    /// Whether the server can tell of news.
    fn tells(&self) -> bool;

    /// Logs out.
    async fn close(self: Box<Self>);
}
