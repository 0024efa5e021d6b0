//! What a flow must know of an adapter's error: which system it came from, how far it reaches, and
//! when to try again. The adapters' own error enums convert into it.

use std::fmt;
use std::time::Duration;

/// A system that a flow talks to; each has a circuit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// GestSup's database.
    Gestsup,
    /// The gateway, or the base behind it.
    Gestan,
    /// A mail server that mails come from.
    Mailbox,
    /// The mail server that mails are sent through.
    Smtp,
    /// The daemon's own state file.
    State,
}

impl System {
    /// Name in the state, the log and the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gestsup => "gestsup",
            Self::Gestan => "gestan",
            Self::Mailbox => "mailbox",
            Self::Smtp => "smtp",
            Self::State => "state",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gestsup => "GestSup",
            Self::Gestan => "Gestan",
            Self::Mailbox => "the mailbox",
            Self::Smtp => "the mail server",
            Self::State => "the state file",
        })
    }
}

/// How far an error reaches, which decides what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blast {
    /// This record alone, and it may pass: it is tried again later, growing delays between.
    Retry,
    /// This record alone, and only a person can help: it is quarantined at once.
    Record,
    /// The whole system is down or refuses: its circuit counts it, no record is blamed.
    System,
    /// The configuration is wrong: nothing will work before it is mended.
    Configuration,
}

/// An adapter's error as the flows see it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// Where it came from.
    pub system: System,
    /// How far it reaches.
    pub blast: Blast,
    /// How long the other side asked us to wait.
    pub retry_after: Option<Duration>,
    /// A sentence: what happened and what to do.
    pub message: String,
}
