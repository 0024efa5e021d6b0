//! The fields of an intervention or an anomaly, compared one by one, and their values.

use super::{ObjectKind, Status};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A field that this program may write, and the column behind it: of an intervention, then of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `INTERVENTION.LIB50` or `ANOMALIE.LIB_ANOMALIE`, text of at most 50 or 80 characters.
    Title,
    /// `INTERVENTION.IDCONTACT`, a number; of an anomaly without a machine `TRGCIBLE`, else kept in the
    /// extension table.
    Client,
    /// `INTERVENTION.DEMANDEUR` or `ANOMALIE.DETECTE_PAR`, text of at most 30 characters.
    Requester,
    /// `INTERVENTION.CDUSER` or `ANOMALIE.US_TRT`, a user code of 3 letters; null for nobody.
    Technician,
    /// `INTERVENTION.US_TEAM`, a list of user codes.
    Team,
    /// `ANOMALIE.US_RESP`, a user code of 3 letters; null for nobody.
    Responsible,
    /// `INTERVENTION.ID2GENRE_INTER`, the name of a code in `[gateway.codes.genre]`.
    Genre,
    /// `ANOMALIE.ID2_TYPANOM`, the name of a code in `[gateway.codes.anomaly_type]`.
    AnomalyType,
    /// `INTERVENTION.ST_INTER` or `ANOMALIE.ST_ANOM`, the name of a [`Status`].
    Status,
    /// `Z83_INTERVENTION.PRIORITE` or `ANOMALIE.PRIORITE`, the name of a code in `[gateway.codes.priority]` or
    /// `[gateway.codes.anomaly_priority]`.
    Priority,
    /// `ANOMALIE.CRITICITE`, the name of a code in `[gateway.codes.criticality]`.
    Criticality,
    /// `INTERVENTION.CLE_MACHINE_CIBLE` (`R<id>`) or `ANOMALIE.TRGCIBLE`, the number of a MACHINE_MNT row or null.
    Machine,
    /// `INTERVENTION.IDPROJET`, a number or null.
    Project,
    /// `INTERVENTION.IDTACHE`, a number or null.
    Task,
    /// `INTERVENTION.DT_INTER_DBT` and `HR_DEBUT`, a time or null.
    PlannedStart,
    /// `INTERVENTION.DT_INTER_FIN` and `HR_FIN`, a time or null.
    PlannedEnd,
    /// `ANOMALIE.DH_CONSTAT`, a time or null.
    FoundAt,
    /// `ANOMALIE.DH_RESOLUTION`, a time or null.
    ResolvedAt,
    /// `Z83_INTERVENTION.TPS_PASSE`, a number in Gestan's unit of time.
    TimeSpent,
    /// `Z83_INTERVENTION.CHARGE_ESTIMEE`, a number in Gestan's unit of time.
    Load,
    /// The column of INTERVENTION that `[gateway] quantity_column` names, a number in Gestan's unit of time.
    Quantity,
    /// `INTERVENTION.CD_PRODUIT`, a product code or null.
    Product,
    /// Number of the client's maintenance contract that covers it, or null; kept in the extension table.
    Contract,
    /// `Z83_INTERVENTION.SATISFACTION_CLIENT`, a number or null.
    Satisfaction,
    /// `ANOMALIE.REF_EXTERNE`, text of at most 25 characters.
    Reference,
}

impl Field {
    /// Every field, in the order people read them.
    pub const ALL: [Self; 25] = [
        Self::Title,
        Self::Client,
        Self::Requester,
        Self::Technician,
        Self::Team,
        Self::Responsible,
        Self::Genre,
        Self::AnomalyType,
        Self::Status,
        Self::Priority,
        Self::Criticality,
        Self::Machine,
        Self::Project,
        Self::Task,
        Self::PlannedStart,
        Self::PlannedEnd,
        Self::FoundAt,
        Self::ResolvedAt,
        Self::TimeSpent,
        Self::Load,
        Self::Quantity,
        Self::Product,
        Self::Contract,
        Self::Satisfaction,
        Self::Reference,
    ];

    /// Whether objects of this kind have the field.
    pub fn is_of(self, kind: ObjectKind) -> bool {
        match self {
            Self::Title
            | Self::Client
            | Self::Requester
            | Self::Technician
            | Self::Status
            | Self::Priority
            | Self::Machine => true,
            Self::Responsible
            | Self::AnomalyType
            | Self::Criticality
            | Self::FoundAt
            | Self::ResolvedAt
            | Self::Reference => kind == ObjectKind::Anomaly,
            Self::Team
            | Self::Genre
            | Self::Project
            | Self::Task
            | Self::PlannedStart
            | Self::PlannedEnd
            | Self::TimeSpent
            | Self::Load
            | Self::Quantity
            | Self::Product
            | Self::Contract
            | Self::Satisfaction => kind == ObjectKind::Intervention,
        }
    }

    /// The name used in the contract, the configuration and the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Client => "client",
            Self::Requester => "requester",
            Self::Technician => "technician",
            Self::Team => "team",
            Self::Responsible => "responsible",
            Self::Genre => "genre",
            Self::AnomalyType => "anomaly_type",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Criticality => "criticality",
            Self::Machine => "machine",
            Self::Project => "project",
            Self::Task => "task",
            Self::PlannedStart => "planned_start",
            Self::PlannedEnd => "planned_end",
            Self::FoundAt => "found_at",
            Self::ResolvedAt => "resolved_at",
            Self::TimeSpent => "time_spent",
            Self::Load => "load",
            Self::Quantity => "quantity",
            Self::Product => "product",
            Self::Contract => "contract",
            Self::Satisfaction => "satisfaction",
            Self::Reference => "reference",
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
            | Self::Responsible
            | Self::Genre
            | Self::AnomalyType
            | Self::Status
            | Self::Priority
            | Self::Criticality
            | Self::Product
            | Self::Contract
            | Self::Reference => FieldKind::Text,
            Self::Client
            | Self::Machine
            | Self::Project
            | Self::Task
            | Self::TimeSpent
            | Self::Load
            | Self::Quantity
            | Self::Satisfaction => FieldKind::Number,
            Self::PlannedStart | Self::PlannedEnd | Self::FoundAt | Self::ResolvedAt => FieldKind::Time,
            Self::Team => FieldKind::List,
        }
    }
}

impl Field {
    /// A value of this field from JSON.
    ///
    /// # Errors
    /// When it is none of the kind that the field holds.
    pub fn read(self, value: serde_json::Value) -> Result<Value, serde_json::Error> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        Ok(match self.kind() {
            FieldKind::Text => Value::Text(serde_json::from_value(value)?),
            FieldKind::Number => Value::Number(serde_json::from_value(value)?),
            FieldKind::Time => Value::Time(serde_json::from_value(value)?),
            FieldKind::List => Value::List(serde_json::from_value(value)?),
        })
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
        let read = |(field, value): (Field, serde_json::Value)| match field.read(value) {
            Ok(value) => Ok((field, value)),
            Err(error) => Err(D::Error::custom(format!("field `{field}`: {error}"))),
        };
        raw.into_iter().map(read).collect()
    }
}
