//! `[mail]`: mails become tickets.

use super::{Mailbox, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailFlow {
    /// Switches the flow on. GestSup's account then needs rights on a few more tables: docs/operator-guide.md lists them, `check --online` says which are missing.
    pub enabled: bool,
    /// When `run` looks at the mailboxes, written as for `[tickets]`; where a server tells of new mails, they are taken at once.
    pub schedule: Schedule,
    /// The mailboxes.
    pub mailboxes: Vec<Mailbox>,
}

impl Default for MailFlow {
    fn default() -> Self {
        Self { enabled: false, schedule: Schedule::every(Duration::from_secs(60)), mailboxes: Vec::new() }
    }
}
