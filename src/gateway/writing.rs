//! Writes what PUTs came to: rows of one table go in together, whichever of the PUTs they belong to.

use super::base::{Column, Condition, Insert, InsertMany, Select, SqlValue, Transaction, Update};
use super::changes::{Change, no_key};
use super::columns::{INTERVENTION, Z83};
use super::extension::{TicketLink, Values};
use super::interventions::{Wanted, vanished};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::failpoint::reached;
use crate::gestan::contract::{EntryOutcome, ObjectState, TicketKey};
use crate::model::{Field, Value};
use std::collections::{HashMap, HashSet};

/// What points to other tables of Gestan: the field, its table and key, and what that is called.
const REFERENCES: [(Field, &str, &str, &str); 5] = [
    (Field::Client, "CONTACT", "IDCONTACT", "client"),
    (Field::Machine, "MACHINE_MNT", "IDMACHINE", "machine"),
    (Field::Project, "PROJET", "IDPROJET", "project"),
    (Field::Technician, "USER", "CDUSER", "user"),
    (Field::Product, "PRODUIT", "CD_PRODUIT", "product"),
];

/// A result of a PUT, by its index.
type Results = Vec<(usize, Result<(ObjectState, bool), GatewayFault>)>;

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
                let value = match change.fields.get(&field) {
                    Some(Value::Number(id)) => SqlValue::Int(*id),
                    Some(Value::Text(code)) => SqlValue::Text(code.clone()),
                    _ => continue,
                };
                asked.entry(shown(&value)).or_insert_with(|| (value, Vec::new())).1.push(*index);
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

    /// Writes them all. A fault of one is its result; an error is one of the base, and undoes all.
    pub(super) async fn write(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        wanted: &[Wanted<'_>],
        changes: Vec<(usize, Change)>,
    ) -> Result<Results, GatewayFault> {
        let mut results = Results::new();
        let mut creations = Vec::new();
        let mut updates = Vec::new();
        for (index, change) in changes {
            match self.write_fields(&change.fields) {
                Err(fault) => results.push((index, Err(fault))),
                Ok(columns) if change.found.is_none() => creations.push((index, change, columns)),
                Ok(columns) => updates.push((index, change, columns)),
            }
        }
        let mut steps = Vec::new();
        let memos = self.create(catalogue, transaction, wanted, &mut creations, &mut steps).await?;
        let mut untouched = HashSet::new();
        for (index, change, columns) in &mut updates {
            let columns = std::mem::take(columns);
            if !self.update(transaction, &wanted[*index], change, columns, &mut steps).await? {
                untouched.insert(*index);
            }
        }
        insert_rows(transaction, self.extension.step_table(), steps).await?;
        reached("gateway: steps stored");
        let changed: Vec<(usize, Change)> =
            creations.into_iter().chain(updates).map(|(index, change, _)| (index, change)).collect();
        let keys: Vec<&TicketKey> = changed
            .iter()
            .filter(|(index, _)| !untouched.contains(index))
            .map(|(index, _)| wanted[*index].key)
            .collect();
        let mut held: HashMap<&TicketKey, _> =
            keys.iter().copied().zip(self.find_many(catalogue, transaction, &keys, false).await?).collect();
        for (index, change) in changed {
            let key = wanted[index].key;
            let new = change.found.is_none();
            let mut state = match held.remove(key) {
                Some(found) => {
                    let found = found?.ok_or_else(|| vanished(key))?;
                    // Several rows were created by one statement: each must be the one that its key is linked to.
                    if memos.get(&index).is_some_and(|memo| memos.len() > 1 && found.memo.to_raw() != *memo) {
                        return Err(no_key());
                    }
                    found.state
                }
                None => match change.found {
                    Some(found) => found.state,
                    None => return Err(vanished(key)),
                },
            };
            for written in change.entries {
                if let Some(known) = state.entries.get_mut(&written.entry.key) {
                    known.outcome = if new { EntryOutcome::Added } else { written.outcome };
                }
            }
            results.push((index, Ok((state, new))));
        }
        Ok(results)
    }

    /// Adds what is new; returns the memos that were written, by index.
    async fn create(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        wanted: &[Wanted<'_>],
        creations: &mut [(usize, Change, [Values; 2])],
        steps: &mut Vec<Values>,
    ) -> Result<HashMap<usize, String>, GatewayFault> {
        let mut memos = HashMap::new();
        let mut interventions = Vec::with_capacity(creations.len());
        for (index, change, [values, _]) in creations.iter_mut() {
            let memo = change.memo.take().unwrap_or_default();
            memos.insert(*index, memo.clone());
            interventions.push(
                self.created([std::mem::take(values), vec![("LIB_INTERVENTION", SqlValue::Text(memo))]].concat()),
            );
        }
        if interventions.is_empty() {
            return Ok(memos);
        }
        let ids = insert_rows(transaction, INTERVENTION, interventions).await?;
        reached("gateway: INTERVENTION inserted");
        let has_z83 = has(catalogue, Z83, "IDINTERVENTION");
        let (mut z83_rows, mut tickets) = (Vec::new(), Vec::new());
        for ((index, change, [_, z83]), id) in creations.iter_mut().zip(ids) {
            let id = id.ok_or_else(no_key)?;
            let Wanted { key, put, .. } = wanted[*index];
            if has_z83 {
                z83_rows
                    .push(self.created([vec![("IDINTERVENTION", SqlValue::Int(id))], std::mem::take(z83)].concat()));
            }
            let link = TicketLink { intervention: id, origin: put.origin.clone(), url: put.url.clone() };
            tickets.push(self.extension.ticket_row(self, key, &link)?);
            let rows = change.stale_entries().into_iter();
            steps.extend(rows.map(|(written, _)| self.extension.entry_row(self, key, &written.entry, &written.text)));
        }
        insert_rows(transaction, Z83, z83_rows).await?;
        reached("gateway: Z83 inserted");
        insert_rows(transaction, self.extension.ticket_table(), tickets).await?;
        reached("gateway: link inserted");
        Ok(memos)
    }

    /// Brings one to what is asked for; returns whether anything was written. Rows of new entries are
    /// added to `steps`.
    async fn update(
        &self,
        transaction: &mut dyn Transaction,
        wanted: &Wanted<'_>,
        change: &Change,
        [mut values, z83]: [Values; 2],
        steps: &mut Vec<Values>,
    ) -> Result<bool, GatewayFault> {
        let Some(found) = &change.found else { return Ok(false) };
        let Wanted { key, put, .. } = *wanted;
        let touched = !change.fields.is_empty() || change.memo.is_some();
        if let Some(memo) = &change.memo {
            values.push(("LIB_INTERVENTION", SqlValue::Text(memo.clone())));
        }
        let by_id = || vec![Condition::Equals("IDINTERVENTION", SqlValue::Int(found.link.intervention))];
        if !z83.is_empty() {
            if found.has_z83_row {
                let update = Update { table: Z83.to_owned(), values: self.modified(z83), filter: by_id() };
                transaction.update(&update).await?;
            } else {
                let id = ("IDINTERVENTION", SqlValue::Int(found.link.intervention));
                let values = self.created([vec![id], z83].concat());
                transaction.insert(&Insert { table: Z83.to_owned(), values }).await?;
            }
            reached("gateway: Z83 changed");
        }
        if touched {
            // Gestan's lists look at INTERVENTION alone: it is touched whichever table changed.
            let update = Update { table: INTERVENTION.to_owned(), values: self.modified(values), filter: by_id() };
            transaction.update(&update).await?;
            reached("gateway: INTERVENTION changed");
        }
        let stale = change.stale_entries();
        let mut written = touched || !stale.is_empty();
        for (entry, stored) in stale {
            match stored {
                None => steps.push(self.extension.entry_row(self, key, &entry.entry, &entry.text)),
                Some(stored) => {
                    self.extension.update_entry(self, transaction, key, (&entry.entry, &entry.text), stored).await?;
                }
            }
        }
        let url = put.url.as_ref().or(found.link.url.as_ref());
        if url != found.link.url.as_ref() || put.origin != found.link.origin {
            let link = TicketLink { origin: put.origin.clone(), url: url.cloned(), ..found.link.clone() };
            self.extension.update_ticket(self, transaction, key, &link).await?;
            written = true;
        }
        Ok(written)
    }
}

/// Rows with values for the same columns: the columns, and of each row its index and its values.
type Group = (Vec<&'static str>, Vec<usize>, Vec<Vec<SqlValue>>);

/// Adds rows of a table, those with values for the same columns together; returns their keys, in their
/// order.
async fn insert_rows(
    transaction: &mut dyn Transaction,
    table: &str,
    rows: Vec<Values>,
) -> Result<Vec<Option<i64>>, GatewayFault> {
    let mut keys = vec![None; rows.len()];
    let mut groups: Vec<Group> = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let (columns, values): (Vec<&'static str>, Vec<SqlValue>) = row.into_iter().unzip();
        match groups.iter_mut().find(|(known, ..)| *known == columns) {
            Some((_, indexes, rows)) => {
                indexes.push(index);
                rows.push(values);
            }
            None => groups.push((columns, vec![index], vec![values])),
        }
    }
    for (columns, indexes, rows) in groups {
        let made = transaction.insert_many(InsertMany { table: table.to_owned(), columns, rows }).await?;
        for (index, key) in indexes.into_iter().zip(made) {
            keys[index] = Some(key);
        }
    }
    Ok(keys)
}

fn shown(value: &SqlValue) -> String {
    match value {
        SqlValue::Text(text) => text.clone(),
        SqlValue::Int(number) => number.to_string(),
        _ => String::new(),
    }
}
