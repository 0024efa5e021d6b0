//! `[mail]`: mails become tickets.

use super::Mailbox;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailFlow {
    /// Switches the flow on. GestSup's account then needs rights on a few more tables: docs/operator-guide.md lists them, `check --online` says which are missing.
    pub enabled: bool,
    /// Seconds between two looks at the mailboxes; where a server tells of new mails, they are taken at once.
    pub every_seconds: u64,
    /// The mailboxes.
    pub mailboxes: Vec<Mailbox>,
}

impl Default for MailFlow {
    fn default() -> Self {
        Self { enabled: false, every_seconds: 60, mailboxes: Vec::new() }
    }
}
