//! What a ticket becomes in Gestan, an intervention or an anomaly, as both roles of the program speak of
//! it: a status without numbers, and the entries (paragraphs) of its memo.

use super::RichText;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a ticket becomes in Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A row of INTERVENTION: work that is planned, done and billed.
    #[default]
    Intervention,
    /// A row of ANOMALIE: a fault that is found, handled and resolved; never billed.
    Anomaly,
}

impl ObjectKind {
    /// The name used in the configuration, the contract and its addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intervention => "intervention",
            Self::Anomaly => "anomaly",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an intervention or an anomaly stands. The gateway alone knows the number behind it (`[gateway.codes.status]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not started.
    Planned,
    /// Being worked on.
    InProgress,
    /// Waiting for the customer or a third party.
    Waiting,
    /// Done, nothing to bill.
    Done,
    /// Done and to be billed.
    ToBill,
    /// Billed by Gestan: immutable from then on. Never written by this program.
    Billed,
    /// Cancelled.
    Cancelled,
}

impl Status {
    /// Every status, in the order of an intervention's life.
    pub const ALL: [Self; 7] =
        [Self::Planned, Self::InProgress, Self::Waiting, Self::Done, Self::ToBill, Self::Billed, Self::Cancelled];

    /// The name used in the configuration and in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InProgress => "in_progress",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::ToBill => "to_bill",
            Self::Billed => "billed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether no work remains.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::ToBill | Self::Billed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of an entry on the GestSup side after it was first written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum EntryMark {
    /// As first written.
    #[default]
    None,
    /// Its text or minutes were changed.
    Edited,
    /// It was deleted or made private: the text is gone, the heading says so.
    Withdrawn,
}

/// A paragraph of an intervention's memo that this program owns: the description, a step or a note.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique within the intervention: `description`, `step:<tthreads.id>` or `note:<what>`.
    pub key: String,
    /// When it was written in GestSup; entries stand in the memo in this order.
    pub at: DateTime<Utc>,
    /// The signature, empty for a note of the connector.
    #[serde(default)]
    pub author: String,
    /// The step kind (`question`, `réponse`, …).
    #[serde(default)]
    pub kind: String,
    /// Minutes spent, 0 for none.
    #[serde(default)]
    pub minutes: i64,
    /// What became of it.
    #[serde(default)]
    pub mark: EntryMark,
    /// The line above the text: date, author, kind, minutes, mark. One visible line.
    pub heading: String,
    /// The text itself.
    #[serde(default)]
    pub text: RichText,
    /// The minutes are time on this project: a CONSO row of Gestan follows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conso: Option<Conso>,
}

/// Where the time of an entry is counted (`CONSO`); its client is the object's, its minutes and time are the
/// entry's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conso {
    /// `CONSO.IDPROJET`.
    pub project: i64,
    /// `CONSO.IDTACHE`, where the base has that column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// `CONSO.LIBCONSO`, cut at 100 characters.
    pub label: String,
}

impl Entry {
    /// What a reader of the memo sees of it: the heading, then the text, a line each.
    pub fn visible_text(&self) -> String {
        if self.text.0.is_empty() {
            return self.heading.clone();
        }
        format!("{}\n{}", self.heading, self.text.to_plain())
    }

    /// SHA-256 of [`Entry::visible_text`], in hexadecimal.
    pub fn hash(&self) -> String {
        super::sha256_hex(&self.visible_text())
    }
}
