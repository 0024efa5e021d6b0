//! Whether what is to be written points at records that exist.

use super::base::{Column, Condition, Select, SqlValue, Transaction};
use super::changes::Change;
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::model::{Field, Value};
use std::collections::{HashMap, HashSet};

/// What points to other tables of Gestan: the field, its table and key, and what that is called.
const REFERENCES: [(Field, &str, &str, &str); 7] = [
    (Field::Client, "CONTACT", "IDCONTACT", "client"),
    (Field::Machine, "MACHINE_MNT", "IDMACHINE", "machine"),
    (Field::Project, "PROJET", "IDPROJET", "project"),
    (Field::Task, "TACHE", "IDTACHE", "task"),
    (Field::Technician, "USER", "CDUSER", "user"),
    (Field::Responsible, "USER", "CDUSER", "user"),
    (Field::Product, "PRODUIT", "CD_PRODUIT", "product"),
];

/// The keys that a change gives a field, and the project and task of its time.
fn named(change: &Change, field: Field) -> Vec<SqlValue> {
    let value = match change.fields.get(&field) {
        Some(Value::Number(id)) => Some(SqlValue::Int(*id)),
        Some(Value::Text(code)) => Some(SqlValue::Text(code.clone())),
        _ => None,
    };
    let counted = change.entries.iter().filter_map(|written| written.counting.counted());
    let of_time = counted.filter_map(|counted| match field {
        Field::Project => Some(counted.project),
        Field::Task => Some(counted.task),
        _ => None,
    });
    value.into_iter().chain(of_time.filter(|id| *id != 0).map(SqlValue::Int)).collect()
}

impl Gateway {
    /// Gestan has no foreign keys: a row that points nowhere would show an empty field to its users.
    /// Returns the changes that would, by index.
    pub(super) async fn refuse_references(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        changes: &[(usize, Change)],
    ) -> Result<HashMap<usize, GatewayFault>, GatewayFault> {
        let mut refused = HashMap::new();
        for (field, table, column, what) in REFERENCES {
            if !has(catalogue, table, column) {
                continue;
            }
            let mut asked: HashMap<String, (SqlValue, Vec<usize>)> = HashMap::new();
            for (index, change) in changes {
                for value in named(change, field) {
                    asked.entry(shown(&value)).or_insert_with(|| (value, Vec::new())).1.push(*index);
                }
            }
            if asked.is_empty() {
                continue;
            }
            // Each by its own spelling: the base may compare without case, and says so by its answer.
            let missing = self.missing(transaction, table, column, asked.values().map(|(value, _)| value)).await?;
            for (name, (_, indexes)) in asked.into_iter().filter(|(name, _)| missing.contains(name)) {
                for index in indexes {
                    refused.entry(index).or_insert_with(|| {
                        GatewayFault::Invalid(format!(
                            "Gestan has no {what} “{name}”: it was deleted, or a mapping names it wrongly"
                        ))
                    });
                }
            }
        }
        Ok(refused)
    }

    /// Which of these keys a table does not have.
    async fn missing<'v>(
        &self,
        transaction: &mut dyn Transaction,
        table: &str,
        column: &'static str,
        values: impl Iterator<Item = &'v SqlValue> + Send,
    ) -> Result<HashSet<String>, GatewayFault> {
        let values: Vec<SqlValue> = values.cloned().collect();
        let read =
            if matches!(values.first(), Some(SqlValue::Int(_))) { Column::int(column) } else { Column::text(column) };
        let select = Select::new(table, &[read], vec![Condition::In(column, values.clone())]);
        let rows = transaction.select(&select).await?;
        let there: HashSet<String> = rows.iter().map(|row| shown(row.get(column)).to_lowercase()).collect();
        let mut missing = HashSet::new();
        for value in values {
            if there.contains(shown(&value).to_lowercase().trim_end()) {
                continue;
            }
            // The base may still take them for equal, accents aside.
            let select = Select {
                limit: Some(1),
                ..Select::new(table, &[read], vec![Condition::Equals(column, value.clone())])
            };
            if transaction.select(&select).await?.is_empty() {
                missing.insert(shown(&value));
            }
        }
        Ok(missing)
    }
}

fn shown(value: &SqlValue) -> String {
    match value {
        SqlValue::Text(text) => text.clone(),
        SqlValue::Int(number) => number.to_string(),
        _ => String::new(),
    }
}
