//! The tables and columns that a base has, and what follows from them for each kind of sheet: worked out once
//! when the structure is read, since every PUT asks.

use super::changes::missing_of;
use super::sheet::{Home, Place, Sheet};
use super::{Gateway, Tables};
use crate::model::{Field, ObjectKind};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// What a base has.
#[derive(Debug, Default)]
pub(super) struct Structure {
    tables: Tables,
    sheets: HashMap<ObjectKind, Here>,
    /// Whether all of the connector's own tables are there, with every column.
    pub(super) is_complete: bool,
}

/// What a base has of one kind of sheet.
#[derive(Debug, Default)]
struct Here {
    homes: Vec<(Field, Home)>,
    missing: Vec<String>,
}

impl Structure {
    /// Whether there is such a table.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(&*upper(table))
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(&*upper(table)).is_some_and(|columns| columns.contains(&*upper(column)))
    }

    /// The fields of a sheet that this base has a column for, and where, in the order people read them.
    pub(super) fn homes(&self, sheet: &'static Sheet) -> &[(Field, Home)] {
        self.sheets.get(&sheet.kind).map_or(&[], |here| &here.homes)
    }

    /// Columns that such a sheet cannot be without and that this base does not have.
    pub(super) fn missing(&self, sheet: &'static Sheet) -> &[String] {
        self.sheets.get(&sheet.kind).map_or(&[], |here| &here.missing)
    }
}

/// Names of ours are in capitals already, but for a configured prefix.
fn upper(name: &str) -> Cow<'_, str> {
    let is_upper = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase());
    if is_upper { Cow::Borrowed(name) } else { Cow::Owned(name.to_uppercase()) }
}

impl Gateway {
    /// What the gateway makes of the columns that a base told of, as pairs of table and column in capitals.
    pub(super) fn structure_of(&self, columns: HashSet<(String, String)>) -> Structure {
        let mut structure = Structure::default();
        for (table, column) in columns {
            structure.tables.entry(table).or_default().insert(column);
        }
        for sheet in Sheet::ALL {
            let missing = missing_of(&structure, sheet);
            let homes = self.homes_in(&structure, sheet);
            structure.sheets.insert(sheet.kind, Here { homes, missing });
        }
        structure.is_complete = self.extension.is_complete(&structure);
        structure
    }

    fn homes_in(&self, structure: &Structure, sheet: &'static Sheet) -> Vec<(Field, Home)> {
        if !structure.has(sheet.table, sheet.key) {
            return Vec::new();
        }
        let is_there =
            |home: &Home| self.table_of(sheet, home.place).is_some_and(|table| structure.has(table, home.column));
        let mut homes: Vec<(Field, Home)> =
            sheet.homes(self.quantity_column).filter(|(_, home)| is_there(home)).collect();
        homes.sort_by_key(|(field, _)| *field);
        homes
    }

    /// The table of a sheet that a place means.
    pub(super) fn table_of<'t>(&'t self, sheet: &'t Sheet, place: Place) -> Option<&'t str> {
        match place {
            Place::Main => Some(sheet.table),
            Place::Aside => sheet.aside,
            Place::Ticket => Some(self.extension.ticket_table()),
        }
    }
}
