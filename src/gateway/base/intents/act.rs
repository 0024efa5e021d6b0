//! What a transaction has written, as it is noted: enough to undo it in another process.

use super::super::{Condition, SqlValue};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Values by column.
pub(super) type Named = Vec<(String, SqlValue)>;

/// Something that was, or was about to be, written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    /// Rows of the connector's own were added under these keys.
    Own { table: String, column: String, keys: Vec<String>, blank: Named },
    /// Rows were added whose keys the base generates: those after this one, of this connector where the table says who
    /// made a row.
    Added { table: String, column: String, after: i64, says_who: bool, blank: Named },
    /// The row that fits this was changed; it held this before.
    Changed { table: String, filter: Named, before: Named },
    /// A row that was there to be taken was taken.
    Taken(Spare),
}

/// A row that a broken transaction left, and that the next one to add a row to the table takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spare {
    pub table: String,
    /// The column of its key.
    pub column: String,
    pub key: SqlValue,
    /// What its columns are emptied with.
    pub blank: Named,
}

/// What the row of intents says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    /// In the order in which it was written.
    pub acts: Vec<Act>,
    pub spare: Vec<Spare>,
}

impl Spare {
    pub(super) fn is_of(&self, table: &str) -> bool {
        self.table == table
    }

    pub(super) fn filter(&self) -> Vec<Condition> {
        vec![Condition::Equals(name(&self.column), self.key.clone())]
    }
}

/// What a row's columns are emptied with.
pub(super) fn blank<'v>(values: impl Iterator<Item = (&'static str, &'v SqlValue)>) -> Named {
    values
        .map(|(column, value)| {
            let empty = match value {
                SqlValue::Text(_) => SqlValue::Text(String::new()),
                SqlValue::Int(_) => SqlValue::Int(0),
                _ => SqlValue::Null,
            };
            (column.to_owned(), empty)
        })
        .collect()
}

/// As statements take it.
pub(super) fn values(named: &Named) -> Vec<(&'static str, SqlValue)> {
    named.iter().map(|(column, value)| (name(column), value.clone())).collect()
}

/// As statements take it.
pub(super) fn conditions(named: &Named) -> Vec<Condition> {
    named.iter().map(|(column, value)| Condition::Equals(name(column), value.clone())).collect()
}

/// A column's name: those of statements live as long as the program. A note of an earlier process names few that are
/// not known yet, and each is kept once.
pub(super) fn name(column: &str) -> &'static str {
    static KNOWN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(column) {
        return known;
    }
    let kept: &'static str = column.to_owned().leak();
    known.insert(kept);
    kept
}
