//! Statements as data.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SqlValue {
    /// Nothing; an empty date reads as this too.
    Null,
    /// A whole number, or a boolean.
    Int(i64),
    /// Text.
    Text(String),
    /// A date.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A local date and time.
    DateTime(NaiveDateTime),
}

impl SqlValue {
    /// Bytes that it takes, more or less.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            _ => 12,
        }
    }
}

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`SqlValue::Int`].
    Int,
    /// [`SqlValue::Text`].
    Text,
    /// [`SqlValue::Date`].
    Date,
    /// [`SqlValue::Time`].
    Time,
    /// [`SqlValue::DateTime`].
    DateTime,
}

/// A column to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it is read as.
    pub kind: Kind,
}

impl Column {
    /// A column of whole numbers.
    pub const fn int(name: &'static str) -> Self {
        Self { name, kind: Kind::Int }
    }

    /// A column of dates.
    pub const fn date(name: &'static str) -> Self {
        Self { name, kind: Kind::Date }
    }

    /// A column of text.
    pub const fn text(name: &'static str) -> Self {
        Self { name, kind: Kind::Text }
    }
}

/// A condition; several must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The column has this value.
    Equals(&'static str, SqlValue),
    /// The column has one of these values; none fits no row.
    In(&'static str, Vec<SqlValue>),
    /// The column is greater than this.
    Greater(&'static str, SqlValue),
}

/// Reads rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// The table.
    pub table: String,
    /// Its columns, each by name.
    pub columns: Vec<Column>,
    /// Which rows.
    pub filter: Vec<Condition>,
    /// In the order of this column; `true`: descending.
    pub order: Option<(&'static str, bool)>,
    /// The first so many.
    pub limit: Option<u32>,
    /// Kept from other writers until the transaction ends.
    pub lock: bool,
}

impl Select {
    /// Rows of a table that fit a condition.
    pub fn new(table: impl Into<String>, columns: &[Column], filter: Vec<Condition>) -> Self {
        Self { table: table.into(), columns: columns.to_vec(), filter, order: None, limit: None, lock: false }
    }
}

/// Adds a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// The table.
    pub table: String,
    /// Values by column.
    pub values: Vec<(&'static str, SqlValue)>,
    /// The column whose generated value is asked for.
    pub key: Option<&'static str>,
}

/// Adds rows that give values to the same columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertMany {
    /// The table.
    pub table: String,
    /// The columns.
    pub columns: Vec<&'static str>,
    /// Of each row the values, in the order of the columns.
    pub rows: Vec<Vec<SqlValue>>,
    /// The column whose generated values are asked for.
    pub key: Option<&'static str>,
}

/// Changes rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The table.
    pub table: String,
    /// New values by column.
    pub values: Vec<(&'static str, SqlValue)>,
    /// Which rows.
    pub filter: Vec<Condition>,
}

/// Counts the distinct values of a column of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountBy {
    /// The table.
    pub table: String,
    /// The column.
    pub column: &'static str,
}

/// The type of a new column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewType {
    /// The table's own key, generated.
    Key,
    /// A whole number.
    Int,
    /// Text of at most so many characters.
    Text(u16),
    /// Text of any length.
    LongText,
    /// A date and time.
    DateTime,
}

/// A new column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: NewType,
    /// No two rows have the same value.
    pub unique: bool,
}

/// A new table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTable {
    /// Its name.
    pub table: String,
    /// Its columns.
    pub columns: Vec<NewColumn>,
    /// Columns with an index.
    pub indexes: Vec<&'static str>,
}

/// Adds a column to a table of the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddColumn {
    /// The table.
    pub table: String,
    /// The column; unique ones cannot be added, since the rows that are there would all be alike.
    pub column: NewColumn,
    /// It has an index.
    pub indexed: bool,
}

/// A row that was read: a few dozen columns, so that looking through them is as fast as a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(Vec<(&'static str, SqlValue)>);

impl Row {
    /// A row of these values.
    pub fn new(values: Vec<(&'static str, SqlValue)>) -> Self {
        Self(values)
    }

    /// A value; null where the column was not read.
    pub fn get(&self, column: &str) -> &SqlValue {
        self.0.iter().find(|(name, _)| *name == column).map_or(&SqlValue::Null, |(_, value)| value)
    }

    /// Whether the column was read.
    pub fn has(&self, column: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == column)
    }

    /// A number.
    pub fn int(&self, column: &str) -> Option<i64> {
        match self.get(column) {
            SqlValue::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A text without the blanks that fixed-width columns carry; empty for null.
    pub fn text(&self, column: &str) -> &str {
        match self.get(column) {
            SqlValue::Text(text) => text.trim_end_matches([' ', '\0']),
            _ => "",
        }
    }

    /// A local date and time, from one column; `None` for an empty one.
    pub fn moment(&self, column: &str) -> Option<NaiveDateTime> {
        match self.get(column) {
            SqlValue::DateTime(moment) => Some(*moment),
            _ => None,
        }
    }

    /// A date; `None` for an empty one.
    pub fn date(&self, column: &str) -> Option<NaiveDate> {
        match self.get(column) {
            SqlValue::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// A date and a time of day, from two columns; midnight where the time is empty.
    pub fn date_time(&self, date: &str, time: &str) -> Option<NaiveDateTime> {
        let SqlValue::Date(date) = self.get(date) else { return None };
        let time = match self.get(time) {
            SqlValue::Time(time) => *time,
            _ => NaiveTime::MIN,
        };
        Some(date.and_time(time))
    }
}
