//! `[[mail.mailboxes]]`: where mails come from.

use crate::config::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

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
    #[schemars(example = 993)]
    pub port: Option<u16>,
    /// "tls", "starttls" or "none" (a server on this machine only).
    #[serde(default)]
    pub security: MailSecurity,
    /// Certificate (PEM) of the authority that signed the server's, when it is not a public one.
    #[serde(default)]
    #[schemars(example = &"/etc/gestan-connector/mail-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Account.
    #[schemars(example = &"support@example.fr")]
    pub user: String,
    /// Its password; Microsoft 365 and Google take none and want `oauth`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Access by token in the place of `password` (XOAUTH2). The operator guide tells of its other keys.
    #[serde(default)]
    #[schemars(extend("examples" = [{"provider": "microsoft", "tenant": "example.onmicrosoft.com", "client_id": "…", "refresh_token_file": "/var/lib/gestan-connector/mail-token"}]))]
    pub oauth: Option<MailOauth>,
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

impl Mailbox {
    /// Its port, chosen or usual.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == MailSecurity::Tls { 993 } else { 143 })
    }
}

/// Whose tokens they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenProvider {
    /// Microsoft 365.
    Microsoft,
    /// Google Workspace.
    Google,
}

/// Access by token: from `token_command`, from `token_file`, or fetched from the provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailOauth {
    /// A program and its arguments; the first line that it prints is the token.
    pub token_command: Vec<String>,
    /// A file that another program keeps filled with a fresh token.
    pub token_file: Option<PathBuf>,
    /// "microsoft" or "google": the connector fetches tokens from there.
    pub provider: Option<TokenProvider>,
    /// Microsoft's name or number of the organisation, as in "example.onmicrosoft.com".
    pub tenant: Option<String>,
    /// Address that gives tokens, in the place of the provider's.
    pub token_url: Option<Url>,
    /// Application (client) id that was registered with the provider.
    pub client_id: Option<String>,
    /// Secret of that application.
    pub client_secret: Option<Secret>,
    /// File that holds the refresh token; when the provider gives a new one, the file is rewritten, so the service must be allowed to write it. Without it the application signs in as itself (client credentials).
    pub refresh_token_file: Option<PathBuf>,
    /// Scope that is asked for, in the place of the provider's usual one.
    pub scope: Option<String>,
}

fn inbox() -> Vec<String> {
    vec!["INBOX".to_owned()]
}

fn timeout() -> u64 {
    60
}
