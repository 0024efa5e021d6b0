//! `[[mail.mailboxes]]`: where mails come from.

use crate::config::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Encryption of a connection to a mail server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// From the first byte on (IMAPS, port 993; SMTPS, port 465).
    #[default]
    Tls,
    /// After a greeting in clear (port 143 or 587); without it nothing is sent.
    Starttls,
    /// None: for a server on this machine.
    None,
}

/// What is done with the mails of a mailbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxMode {
    /// They become tickets and replies, and are filed away.
    #[default]
    Work,
    /// GestSup's own connector takes them: nothing is changed in the mailbox, mails are linked to the tickets that GestSup made of them.
    Observe,
}

/// One of `[[mail.mailboxes]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// Short name, in the log and the journal. Never change it: mails are known by it.
    #[schemars(example = &"support")]
    pub name: String,
    /// The IMAP server.
    #[schemars(example = &"imap.example.fr")]
    pub host: String,
    /// Its port; by itself 993, or 143 without "tls".
    #[serde(default)]
    pub port: Option<u16>,
    /// "tls", "starttls" or "none" (a server on this machine only).
    #[serde(default)]
    pub security: MailSecurity,
    /// Certificate (PEM) of the authority that signed the server's, when it is not a public one.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Account.
    #[schemars(example = &"support@example.fr")]
    pub user: String,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Folders that are read.
    #[serde(default = "inbox")]
    pub folders: Vec<String>,
    /// "work", or "observe" where GestSup's own mail connector reads the same mailbox.
    #[serde(default)]
    pub mode: MailboxMode,
    /// Seconds that one command may take.
    #[serde(default = "timeout")]
    pub timeout_seconds: u64,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

fn timeout() -> u64 {
    60
}
