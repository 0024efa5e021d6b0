//! The fields of an intervention as columns of Gestan, and back.

use super::base::{Column, Kind, Row, SqlValue};
use super::codes::List;
use super::{Catalogue, Gateway, GatewayFault, cp1252, has};
use crate::model::{Field, Fields, Value, local_to_utc};
use chrono::{DateTime, NaiveDateTime, Utc};

pub(super) const INTERVENTION: &str = "INTERVENTION";
pub(super) const Z83: &str = "Z83_INTERVENTION";

/// Where a field is kept, which decides whether a base can hold it.
fn home(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::Responsible
        | Field::AnomalyType
        | Field::Criticality
        | Field::FoundAt
        | Field::ResolvedAt
        | Field::Quantity
        | Field::Contract
        | Field::Satisfaction
        | Field::Reference => ("", ""),
        Field::Title => (INTERVENTION, "LIB50"),
        Field::Client => (INTERVENTION, "IDCONTACT"),
        Field::Requester => (INTERVENTION, "DEMANDEUR"),
        Field::Technician => (INTERVENTION, "CDUSER"),
        Field::Team => (INTERVENTION, "US_TEAM"),
        Field::Genre => (INTERVENTION, "ID2GENRE_INTER"),
        Field::Status => (INTERVENTION, "ST_INTER"),
        Field::Machine => (INTERVENTION, "CLE_MACHINE_CIBLE"),
        Field::Project => (INTERVENTION, "IDPROJET"),
        Field::Task => (INTERVENTION, "IDTACHE"),
        Field::PlannedStart => (INTERVENTION, "DT_INTER_DBT"),
        Field::PlannedEnd => (INTERVENTION, "DT_INTER_FIN"),
        Field::Product => (INTERVENTION, "CD_PRODUIT"),
        Field::Priority => (Z83, "PRIORITE"),
        Field::TimeSpent => (Z83, "TPS_PASSE"),
        Field::Load => (Z83, "CHARGE_ESTIMEE"),
    }
}

/// Fields that this base can hold.
pub(super) fn fields_of(catalogue: &Catalogue) -> Vec<Field> {
    Field::ALL.into_iter().filter(|field| has(catalogue, home(*field).0, home(*field).1)).collect()
}

/// Columns to read of INTERVENTION, those that exist.
pub(super) fn intervention_columns(catalogue: &Catalogue) -> Vec<Column> {
    let date = |name| Column { name, kind: Kind::Date };
    let time = |name| Column { name, kind: Kind::Time };
    [
        Column::int("IDINTERVENTION"),
        Column::text("LIB50"),
        Column::int("IDCONTACT"),
        Column::int("IDPROJET"),
        Column::int("IDTACHE"),
        date("DT_INTER_DBT"),
        time("HR_DEBUT"),
        date("DT_INTER_FIN"),
        time("HR_FIN"),
        Column::int("ID2GENRE_INTER"),
        Column::int("ST_INTER"),
        Column::text("CDUSER"),
        Column::text("US_TEAM"),
        Column::text("CD_PRODUIT"),
        Column::text("LIB_INTERVENTION"),
        Column::text("DEMANDEUR"),
        Column::text("CLE_MACHINE_CIBLE"),
    ]
    .into_iter()
    .filter(|column| has(catalogue, INTERVENTION, column.name))
    .collect()
}

/// Columns to read of Z83_INTERVENTION, those that exist.
pub(super) fn z83_columns(catalogue: &Catalogue) -> Vec<Column> {
    ["PRIORITE", "TPS_PASSE", "CHARGE_ESTIMEE"]
        .into_iter()
        .filter(|column| has(catalogue, Z83, column))
        .map(Column::int)
        .collect()
}

/// A number that means "none" when it is 0, as Gestan's keys do.
fn key(number: Option<i64>) -> Value {
    number.filter(|number| *number != 0).into()
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

impl Gateway {
    /// What the rows hold, as fields.
    pub(super) fn read_fields(&self, catalogue: &Catalogue, row: &Row, z83: &Row) -> Fields {
        let code = |list: List, row: &Row, column: &str| {
            row.int(column).map_or(Value::Null, |number| Value::Text(self.codes.name(list, number)))
        };
        let time = |date: &str, time: &str| -> Value {
            row.date_time(date, time).map(|local| local_to_utc(local, self.zone)).into()
        };
        fields_of(catalogue)
            .into_iter()
            .map(|field| {
                let (_, column) = home(field);
                let value = match field {
                    Field::Title | Field::Requester => Value::text(row.text(column)),
                    Field::Technician | Field::Product => text(row.text(column)),
                    Field::Client | Field::Project | Field::Task => key(row.int(column)),
                    Field::Team => {
                        let codes = row.text(column).split(';').map(str::trim).filter(|code| !code.is_empty());
                        Value::List(codes.map(str::to_owned).collect())
                    }
                    Field::Genre => code(List::Genre, row, column),
                    Field::Status => code(List::Status, row, column),
                    Field::Machine => key(row.text(column).strip_prefix('R').and_then(|id| id.parse().ok())),
                    Field::PlannedStart => time("DT_INTER_DBT", "HR_DEBUT"),
                    Field::PlannedEnd => time("DT_INTER_FIN", "HR_FIN"),
                    Field::Priority => code(List::Priority, z83, column),
                    Field::TimeSpent | Field::Load => Value::Number(z83.int(column).unwrap_or(0)),
                    _ => Value::Null,
                };
                (field, value)
            })
            .collect()
    }

    /// Fields as columns: of INTERVENTION, and of Z83_INTERVENTION.
    pub(super) fn write_fields(&self, fields: &Fields) -> Result<[Vec<(&'static str, SqlValue)>; 2], GatewayFault> {
        let (mut intervention, mut z83) = (Vec::new(), Vec::new());
        for (&field, value) in fields.iter() {
            let columns = self.columns_of(field, value)?;
            if home(field).0 == Z83 { z83.extend(columns) } else { intervention.extend(columns) }
        }
        Ok([intervention, z83])
    }

    fn columns_of(&self, field: Field, value: &Value) -> Result<Vec<(&'static str, SqlValue)>, GatewayFault> {
        let column = home(field).1;
        let one = |value: SqlValue| Ok(vec![(column, value)]);
        match (field, value) {
            (Field::Title, Value::Text(title)) => one(SqlValue::Text(cp1252::clean(title, 50))),
            (Field::Requester, Value::Text(name)) => one(SqlValue::Text(cp1252::clean(name, 30))),
            (Field::Requester, Value::Null) => one(SqlValue::Text(String::new())),
            (Field::Technician, Value::Text(code)) => one(SqlValue::Text(short(field, code, 3)?)),
            (Field::Product, Value::Text(code)) => one(SqlValue::Text(short(field, code, 25)?)),
            (Field::Technician | Field::Product | Field::Machine, Value::Null) => one(SqlValue::Text(String::new())),
            (Field::Team, Value::List(codes)) => one(SqlValue::Text(short(field, &codes.join(";"), 50)?)),
            (Field::Team, Value::Null) => one(SqlValue::Text(String::new())),
            (Field::Genre, Value::Text(name)) => {
                one(SqlValue::Int(small(field, self.codes.number(List::Genre, name)?)?))
            }
            (Field::Status, Value::Text(name)) => {
                one(SqlValue::Int(small(field, self.codes.number(List::Status, name)?)?))
            }
            (Field::Priority, Value::Text(name)) => {
                one(SqlValue::Int(small(field, self.codes.number(List::Priority, name)?)?))
            }
            (Field::Client | Field::Project | Field::Task, Value::Number(id)) => one(SqlValue::Int(*id)),
            (Field::Project | Field::Task, Value::Null) => one(SqlValue::Int(0)),
            (Field::Machine, Value::Number(id)) => one(SqlValue::Text(format!("R{id}"))),
            (Field::TimeSpent | Field::Load, Value::Number(units)) => one(SqlValue::Int(small(field, *units)?)),
            (Field::PlannedStart, value) => self.date_time(field, value, ["DT_INTER_DBT", "HR_DEBUT"]),
            (Field::PlannedEnd, value) => self.date_time(field, value, ["DT_INTER_FIN", "HR_FIN"]),
            (Field::Genre | Field::Priority, Value::Null) => one(SqlValue::Int(0)),
            (field, value) => Err(GatewayFault::Invalid(format!("{field} cannot be “{value}”"))),
        }
    }

    fn date_time(
        &self,
        field: Field,
        value: &Value,
        [date, time]: [&'static str; 2],
    ) -> Result<Vec<(&'static str, SqlValue)>, GatewayFault> {
        match value {
            Value::Null => Ok(vec![(date, SqlValue::Null), (time, SqlValue::Null)]),
            Value::Time(at) => {
                let local = self.local(*at);
                Ok(vec![(date, SqlValue::Date(local.date())), (time, SqlValue::Time(local.time()))])
            }
            value => Err(GatewayFault::Invalid(format!("{field} cannot be “{value}”"))),
        }
    }

    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        chrono::SubsecRound::trunc_subsecs(at.with_timezone(&self.zone).naive_local(), 0)
    }
}

/// A code that must fit whole: a cut one would be another code.
fn short(field: Field, text: &str, max: usize) -> Result<String, GatewayFault> {
    if text.chars().count() > max {
        return Err(GatewayFault::Invalid(format!(
            "{field} “{text}” has more than the {max} characters that Gestan keeps"
        )));
    }
    Ok(text.to_owned())
}

/// A number that a SMALLINT holds.
fn small(field: Field, number: i64) -> Result<i64, GatewayFault> {
    i16::try_from(number).map(i64::from).map_err(|_| {
        GatewayFault::Invalid(format!(
            "{field} {number} is more than Gestan can hold (32767): check [mapping.time] unit"
        ))
    })
}
