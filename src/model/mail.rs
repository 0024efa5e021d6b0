//! A mail, taken apart: plain data, whatever its bytes were. Nothing of it is trusted, but every text is readable text.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A person's or a list's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MailAddress {
    /// The name before it, decoded.
    pub name: Option<String>,
    /// The address in lower case, as in `claire@martin.fr`.
    pub address: String,
}

impl MailAddress {
    /// What comes after the @; empty where there is none.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A mail as it was found in a mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// `Message-ID` without its angle brackets; `None` where there is none that could be used.
    pub message_id: Option<String>,
    /// `In-Reply-To`, without brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first, without brackets.
    pub references: Vec<String>,
    /// First address of `From`, else `Sender`.
    pub from: Option<MailAddress>,
    /// `Reply-To`.
    pub reply_to: Vec<MailAddress>,
    /// `To`.
    pub to: Vec<MailAddress>,
    /// `Cc`.
    pub cc: Vec<MailAddress>,
    /// `Delivered-To`, `X-Original-To` and `Envelope-To`: the addresses it really came in by.
    pub delivered_to: Vec<String>,
    /// `Return-Path` without brackets; an empty text is the null sender of delivery reports.
    pub return_path: Option<String>,
    /// Subject, decoded, one line.
    pub subject: String,
    /// `Date`.
    pub date: Option<DateTime<Utc>>,
    /// When the server received it (INTERNALDATE).
    pub received: Option<DateTime<Utc>>,
    /// All headers in their order: name in lower case, decoded value in one line. Long ones are cut, and of very many the first are kept.
    pub headers: Vec<(String, String)>,
    /// Media type of the whole, in lower case, as in `multipart/report`.
    pub media_type: String,
    /// The text that is to be read, from its plain parts.
    pub text: Option<String>,
    /// The same from its HTML parts, as it came: not cleaned.
    pub html: Option<String>,
    /// Everything else in it, in its order.
    pub parts: Vec<MailPart>,
    /// Size in bytes as the server tells it (RFC822.SIZE).
    pub size: u64,
    /// SHA-256 of its bytes (of its headers, where only they were taken), in hexadecimal.
    pub hash: String,
    /// It was larger than allowed: only its headers were taken.
    pub headers_only: bool,
    /// What was not as it should be, in sentences: for the journal.
    pub flaws: Vec<String>,
}

impl Mail {
    /// The first header of a name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An attachment or a picture of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPart {
    /// Its name as the sender gave it, decoded, one line; not safe for a file system.
    pub name: Option<String>,
    /// Media type in lower case, as in `image/png`.
    pub media_type: String,
    /// `Content-ID` without brackets: HTML refers to it by `cid:`.
    pub content_id: Option<String>,
    /// It is meant to be shown inside the text.
    pub inline: bool,
    /// Decoded size in bytes.
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub hash: String,
    /// Where its content is.
    pub content: PartContent,
}

/// The content of a part: small ones in memory, large ones in a file of the spool, which is removed with the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartContent {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file.
    File(PathBuf),
}

/// What is done with a mail in its mailbox once its outcome is safely written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filing {
    /// Marked as read.
    Seen,
    /// Flagged.
    Flag,
    /// Given a keyword.
    Keyword(String),
    /// Copied into a folder, which is made if missing.
    Copy(String),
    /// Moved into a folder, which is made if missing.
    Move(String),
    /// Deleted for good.
    Delete,
}
