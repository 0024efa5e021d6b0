//! The fields of a sheet as columns of Gestan, and back.

use super::base::{Column, Kind, Row, SqlValue};
use super::sheet::{Home, How, Place, Sheet};
use super::{Catalogue, Gateway, GatewayFault, cp1252, has};
use crate::model::{Field, Fields, Status, Value, local_to_utc};
use chrono::{DateTime, NaiveDateTime, Utc};

/// Values by column.
pub(super) type Values = Vec<(&'static str, SqlValue)>;

/// Values by table.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Of the sheet's own table.
    pub main: Values,
    /// Of the table beside it.
    pub aside: Values,
    /// Of the extension's ticket table.
    pub ticket: Values,
}

/// The rows that a sheet's fields are read from.
pub(super) struct Rows<'r> {
    pub main: &'r Row,
    pub aside: Option<&'r Row>,
    pub ticket: Option<&'r Row>,
}

impl Rows<'_> {
    fn of(&self, place: Place) -> &Row {
        static NONE: std::sync::LazyLock<Row> = std::sync::LazyLock::new(Row::default);
        match place {
            Place::Main => self.main,
            Place::Aside => self.aside.unwrap_or(&NONE),
            Place::Ticket => self.ticket.unwrap_or(&NONE),
        }
    }
}

/// A number that means "none" when it is 0, as Gestan's keys do.
fn key(number: Option<i64>) -> Value {
    number.filter(|number| *number != 0).into()
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

/// The columns that a value is read from.
fn read_from(home: Home) -> Vec<Column> {
    let column = |name, kind| Column { name, kind };
    match home.how {
        How::Title(_) | How::Words(_) | How::Short(_) | How::Team(_) | How::Machine | How::Target => {
            vec![Column::text(home.column)]
        }
        How::Client | How::Key | How::Code(_) | How::Status(_) | How::Units | How::Number(_) => {
            vec![Column::int(home.column)]
        }
        How::DateAndTime(time) => vec![column(home.column, Kind::Date), column(time, Kind::Time)],
        How::Moment => vec![column(home.column, Kind::DateTime)],
    }
}

impl How {
    /// A value as it reads once it is stored: what a column cannot hold is no difference to it.
    pub(super) fn stored(self, value: &Value) -> Value {
        match (self, value) {
            (Self::Title(max) | Self::Words(max), Value::Text(words)) => Value::Text(cp1252::clean(words, max)),
            (Self::Words(_), Value::Null) => Value::text(""),
            (Self::Short(_), Value::Text(code)) if code.is_empty() => Value::Null,
            (Self::Team(_), Value::Null) => Value::List(Vec::new()),
            (Self::Client | Self::Key | Self::Machine | Self::Target, Value::Number(0)) => Value::Null,
            (_, value) => value.clone(),
        }
    }
}

impl Gateway {
    /// Fields of a sheet that this base can hold, in the order people read them.
    pub(super) fn fields_in(&self, catalogue: &Catalogue, sheet: &'static Sheet) -> Vec<Field> {
        catalogue.homes(sheet).iter().map(|(field, _)| *field).collect()
    }

    /// Columns to read of one of a sheet's tables, those that exist; its key first.
    pub(super) fn columns_of(&self, catalogue: &Catalogue, sheet: &'static Sheet, place: Place) -> Vec<Column> {
        let mut columns = match place {
            Place::Main => vec![
                Column::int(sheet.key),
                Column::text(sheet.memo),
                Column { name: "DHCRE", kind: Kind::DateTime },
                Column { name: "DHMOD", kind: Kind::DateTime },
                Column::text("USMOD"),
            ],
            Place::Aside | Place::Ticket => vec![Column::int(sheet.key)],
        };
        let homes = sheet.homes(self.quantity_column).filter(|(_, home)| home.place == place);
        columns.extend(homes.flat_map(|(_, home)| read_from(home)));
        let Some(table) = self.table_of(sheet, place) else { return Vec::new() };
        columns.retain(|column| has(catalogue, table, column.name));
        columns
    }

    /// What the rows hold, as fields.
    pub(super) fn read_fields(&self, catalogue: &Catalogue, sheet: &'static Sheet, rows: &Rows<'_>) -> Fields {
        catalogue.homes(sheet).iter().map(|(field, home)| (*field, self.read(*home, rows))).collect()
    }

    fn read(&self, home: Home, rows: &Rows<'_>) -> Value {
        let (row, column) = (rows.of(home.place), home.column);
        match home.how {
            How::Title(_) | How::Words(_) => Value::text(row.text(column)),
            How::Short(_) => text(row.text(column)),
            How::Key => key(row.int(column)),
            How::Client => match key(row.int(column)) {
                // An anomaly that people made tells its client, at most, by what it points at.
                Value::Null if home.place == Place::Ticket => self.pointed_at(rows.main, &self.anomalies.contact),
                client => client,
            },
            How::Team(_) => {
                let codes = row.text(column).split(';').map(str::trim).filter(|code| !code.is_empty());
                Value::List(codes.map(str::to_owned).collect())
            }
            // What nobody named 0 says nothing.
            How::Code(list) if row.int(column) == Some(0) && !self.codes.has(list, 0) => Value::Null,
            How::Code(list) | How::Status(list) => {
                row.int(column).map_or(Value::Null, |number| Value::Text(self.codes.name(list, number)))
            }
            How::Machine => key(row.text(column).strip_prefix('R').and_then(|id| id.parse().ok())),
            How::Target => self.pointed_at(row, &self.anomalies.machine),
            How::DateAndTime(time) => self.utc(row.date_time(column, time)),
            How::Moment => self.utc(row.moment(column)),
            How::Units => Value::Number(row.int(column).unwrap_or(0)),
            How::Number(_) => row.int(column).into(),
        }
    }

    /// The key in a target of this trigram.
    fn pointed_at(&self, row: &Row, trigram: &str) -> Value {
        key(row.text("TRGCIBLE").strip_prefix(trigram).and_then(|id| id.parse().ok()))
    }

    fn utc(&self, local: Option<NaiveDateTime>) -> Value {
        local.map(|local| local_to_utc(local, self.zone)).into()
    }

    /// Fields as columns. `client` is the sheet's, which an anomaly without a machine points at.
    pub(super) fn write_fields(
        &self,
        catalogue: &Catalogue,
        sheet: &'static Sheet,
        fields: &Fields,
        client: Option<i64>,
    ) -> Result<Columns, GatewayFault> {
        let mut columns = Columns::default();
        for &(field, home) in catalogue.homes(sheet) {
            let Some(value) = fields.get(&field) else { continue };
            let values = match home.how {
                How::Target => vec![(home.column, self.target(field, value, client)?)],
                _ => self.written(field, home, value)?,
            };
            match home.place {
                Place::Main => columns.main.extend(values),
                Place::Aside => columns.aside.extend(values),
                Place::Ticket => columns.ticket.extend(values),
            }
            let status = value.as_status().filter(|_| matches!(home.how, How::Status(_)));
            // A number without a name does not say whether work remains.
            if let (Some(closed), Some(status)) = (sheet.closed, status)
                && has(catalogue, sheet.table, closed)
            {
                columns.main.push((closed, SqlValue::Int(status.is_closed().into())));
            }
        }
        Ok(columns)
    }

    fn written(&self, field: Field, home: Home, value: &Value) -> Result<Values, GatewayFault> {
        let one = |value: SqlValue| Ok(vec![(home.column, value)]);
        let code = |list, name: &str| one(SqlValue::Int(at_most(field, self.codes.number(list, name)?, SMALL)?));
        match (home.how, value) {
            (How::Title(_) | How::Words(_), Value::Text(words)) => one(SqlValue::Text(words.clone())),
            (How::Words(_) | How::Short(_) | How::Team(_) | How::Machine, Value::Null) => {
                one(SqlValue::Text(String::new()))
            }
            (How::Short(max), Value::Text(code)) => one(SqlValue::Text(short(field, code, max)?)),
            (How::Team(max), Value::List(codes)) => one(SqlValue::Text(short(field, &codes.join(";"), max)?)),
            (How::Client | How::Key, Value::Number(id)) => one(SqlValue::Int(*id)),
            (How::Key | How::Code(_), Value::Null) => one(SqlValue::Int(0)),
            (How::Code(list) | How::Status(list), Value::Text(name)) => code(list, name),
            (How::Machine, Value::Number(id)) => one(SqlValue::Text(format!("R{id}"))),
            (How::Units, Value::Number(units)) => one(SqlValue::Int(at_most(field, *units, SMALL)?)),
            (How::Number(max), Value::Number(number)) => one(SqlValue::Int(at_most(field, *number, max)?)),
            (How::Number(_), Value::Null) => one(SqlValue::Null),
            (How::DateAndTime(time), Value::Null) => Ok(vec![(home.column, SqlValue::Null), (time, SqlValue::Null)]),
            (How::DateAndTime(time), Value::Time(at)) => {
                let local = self.local(*at);
                Ok(vec![(home.column, SqlValue::Date(local.date())), (time, SqlValue::Time(local.time()))])
            }
            (How::Moment, Value::Null) => one(SqlValue::Null),
            (How::Moment, Value::Time(at)) => one(SqlValue::DateTime(self.local(*at))),
            (_, value) => Err(GatewayFault::Invalid(format!("{field} cannot be “{value}”"))),
        }
    }

    fn target(&self, field: Field, machine: &Value, client: Option<i64>) -> Result<SqlValue, GatewayFault> {
        let (trigram, id) = match machine {
            Value::Number(id) => (&self.anomalies.machine, *id),
            Value::Null => (&self.anomalies.contact, client.unwrap_or(0)),
            value => return Err(GatewayFault::Invalid(format!("{field} cannot be “{value}”"))),
        };
        Ok(SqlValue::Text(short(field, &format!("{trigram}{id}"), TARGET)?))
    }

    /// A point in time as Gestan stores it, to the second.
    pub(super) fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        chrono::SubsecRound::trunc_subsecs(at.with_timezone(&self.zone).naive_local(), 0)
    }
}

/// Largest number of a SMALLINT.
const SMALL: i64 = i16::MAX as i64;
/// Characters of a target (`TRGCIBLE`).
const TARGET: usize = 11;

/// A text that must fit whole: a cut one would be another code.
fn short(field: Field, text: &str, max: usize) -> Result<String, GatewayFault> {
    if text.chars().count() > max {
        return Err(GatewayFault::Invalid(format!(
            "{field} “{text}” has more than the {max} characters that Gestan keeps"
        )));
    }
    Ok(text.to_owned())
}

fn at_most(field: Field, number: i64, max: i64) -> Result<i64, GatewayFault> {
    if number.abs() > max {
        return Err(GatewayFault::Invalid(format!(
            "{field} {number} is more than Gestan can hold ({max}): check [mapping.time] unit"
        )));
    }
    Ok(number)
}

/// Whether a value is the name of a billed status.
pub(super) fn is_billed(fields: &Fields) -> bool {
    fields.get(&Field::Status).and_then(Value::as_status) == Some(Status::Billed)
}
