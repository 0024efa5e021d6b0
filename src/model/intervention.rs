//! A Gestan intervention as both roles of the program speak of it: a status without numbers, a map of
//! fields that are compared one by one, and the entries (paragraphs) of its memo.

use super::RichText;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Where an intervention stands. The gateway alone knows the number behind it (`[gateway.codes.status]`).
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

/// A field of an intervention that this program may write, and the Gestan column behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `INTERVENTION.LIB50`, text of at most 50 characters.
    Title,
    /// `INTERVENTION.IDCONTACT`, a number.
    Client,
    /// `INTERVENTION.DEMANDEUR`, text of at most 30 characters.
    Requester,
    /// `INTERVENTION.CDUSER`, a user code of 3 letters; null for nobody.
    Technician,
    /// `INTERVENTION.US_TEAM`, a list of user codes.
    Team,
    /// `INTERVENTION.ID2GENRE_INTER`, the name of a code in `[gateway.codes.genre]`.
    Genre,
    /// `INTERVENTION.ST_INTER`, the name of a [`Status`].
    Status,
    /// `Z83_INTERVENTION.PRIORITE`, the name of a code in `[gateway.codes.priority]`.
    Priority,
    /// `INTERVENTION.CLE_MACHINE_CIBLE` (`R<id>`), the number of a MACHINE_MNT row or null.
    Machine,
    /// `INTERVENTION.IDPROJET`, a number or null.
    Project,
    /// `INTERVENTION.IDTACHE`, a number or null.
    Task,
    /// `INTERVENTION.DT_INTER_DBT` and `HR_DEBUT`, a time or null.
    PlannedStart,
    /// `INTERVENTION.DT_INTER_FIN` and `HR_FIN`, a time or null.
    PlannedEnd,
    /// `Z83_INTERVENTION.TPS_PASSE`, a number in Gestan's unit of time.
    TimeSpent,
    /// `Z83_INTERVENTION.CHARGE_ESTIMEE`, a number in Gestan's unit of time.
    Load,
    /// `INTERVENTION.CD_PRODUIT`, a product code or null.
    Product,
}

impl Field {
    /// Every field, in the order people read them.
    pub const ALL: [Self; 16] = [
        Self::Title,
        Self::Client,
        Self::Requester,
        Self::Technician,
        Self::Team,
        Self::Genre,
        Self::Status,
        Self::Priority,
        Self::Machine,
        Self::Project,
        Self::Task,
        Self::PlannedStart,
        Self::PlannedEnd,
        Self::TimeSpent,
        Self::Load,
        Self::Product,
    ];

    /// The name used in the contract, the configuration and the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Client => "client",
            Self::Requester => "requester",
            Self::Technician => "technician",
            Self::Team => "team",
            Self::Genre => "genre",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Machine => "machine",
            Self::Project => "project",
            Self::Task => "task",
            Self::PlannedStart => "planned_start",
            Self::PlannedEnd => "planned_end",
            Self::TimeSpent => "time_spent",
            Self::Load => "load",
            Self::Product => "product",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of a [`Field`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Number(i64),
    /// A point in time, to the second (RFC 3339 on the wire).
    Time(DateTime<Utc>),
    /// Text.
    Text(String),
    /// A list of short texts, in order.
    List(Vec<String>),
}

impl Value {
    /// Text, from anything that can be one.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Whether nothing is said: null, an empty text or an empty list.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Number(_) | Self::Time(_) => false,
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The status, where it is the name of one.
    pub fn as_status(&self) -> Option<Status> {
        self.as_text().and_then(Status::from_name)
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl From<Option<DateTime<Utc>>> for Value {
    fn from(time: Option<DateTime<Utc>>) -> Self {
        time.map_or(Self::Null, Self::Time)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Status> for Value {
    fn from(status: Status) -> Self {
        Self::text(status.as_str())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("–"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => f.write_str(&items.join(";")),
            Self::Time(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M UTC")),
        }
    }
}

/// The kind of value that a [`Field`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// [`Value::Text`].
    Text,
    /// [`Value::Number`].
    Number,
    /// [`Value::Time`].
    Time,
    /// [`Value::List`].
    List,
}

impl Field {
    /// The kind of value that the field holds when it is not null.
    pub fn kind(self) -> FieldKind {
        match self {
            Self::Title
            | Self::Requester
            | Self::Technician
            | Self::Genre
            | Self::Status
            | Self::Priority
            | Self::Product => FieldKind::Text,
            Self::Client | Self::Machine | Self::Project | Self::Task | Self::TimeSpent | Self::Load => {
                FieldKind::Number
            }
            Self::PlannedStart | Self::PlannedEnd => FieldKind::Time,
            Self::Team => FieldKind::List,
        }
    }
}

/// Some fields of an intervention with their values; a field that is absent is left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<Field, Value>);

impl Deref for Fields {
    type Target = BTreeMap<Field, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(Field, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Field, Value)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Fields {
    /// Each value is read as the kind that its field holds, so that a title that looks like a date stays a title.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = BTreeMap::<Field, serde_json::Value>::deserialize(deserializer)?;
        raw.into_iter()
            .map(|(field, value)| {
                let wrong = |error: serde_json::Error| D::Error::custom(format!("field `{field}`: {error}"));
                if value.is_null() {
                    return Ok((field, Value::Null));
                }
                let value = match field.kind() {
                    FieldKind::Text => Value::Text(serde_json::from_value(value).map_err(wrong)?),
                    FieldKind::Number => Value::Number(serde_json::from_value(value).map_err(wrong)?),
                    FieldKind::Time => Value::Time(serde_json::from_value(value).map_err(wrong)?),
                    FieldKind::List => Value::List(serde_json::from_value(value).map_err(wrong)?),
                };
                Ok((field, value))
            })
            .collect()
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
