//! Writes what PUTs came to: rows of one table go in together, whichever of the PUTs they belong to.

use super::base::{Condition, Insert, InsertMany, Row, SqlValue, Transaction, Update};
use super::changes::{Change, no_key};
use super::columns::{Columns, Values};
use super::conso::{CONSO, CONSO_KEY, Counting};
use super::links::{TicketLink, origin_text};
use super::objects::{Wanted, vanished};
use super::sheet::Sheet;
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::failpoint::reached;
use crate::gestan::contract::{EntryOutcome, ObjectState, TicketKey};
use std::collections::{HashMap, HashSet};

/// A PUT of something new, by its index.
type Creation = (usize, Change, Columns);

/// A result of a PUT, by its index.
type Results = Vec<(usize, Result<(ObjectState, bool), GatewayFault>)>;

impl Gateway {
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
            match self.write_fields(catalogue, change.sheet, &change.fields, change.client) {
                Err(fault) => results.push((index, Err(fault))),
                Ok(columns) if change.found.is_none() => creations.push((index, change, columns)),
                Ok(columns) => updates.push((index, change, columns)),
            }
        }
        let both = creations.iter().chain(&updates).map(|(index, change, _)| (*index, change));
        let consos = self.count(catalogue, transaction, both).await?;
        let mut steps = Vec::new();
        let mut memos = HashMap::new();
        for sheet in Sheet::ALL {
            let mut of_kind: Vec<&mut Creation> =
                creations.iter_mut().filter(|(_, change, _)| change.sheet.kind == sheet.kind).collect();
            memos.extend(self.create(catalogue, transaction, sheet, wanted, &mut of_kind).await?);
        }
        for (index, change, _) in &creations {
            for (written, _) in change.stale_entries() {
                let step = written.step(consos.get(&(*index, written.entry.key.clone())).copied());
                steps.push(self.extension.entry_row(self, wanted[*index].key, &step));
            }
        }
        let mut untouched = HashSet::new();
        for (index, change, columns) in &mut updates {
            let columns = std::mem::take(columns);
            if !self.update(transaction, (*index, &wanted[*index]), change, columns, &consos, &mut steps).await? {
                untouched.insert(*index);
            }
        }
        insert_rows(transaction, self.extension.step_table(), None, steps).await?;
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
                    if memos.get(&index).is_some_and(|memo| memos.len() > 1 && found.memo.raw() != *memo) {
                        return Err(no_key(change.sheet.table));
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

    /// Writes the CONSO rows of all entries; returns the keys of those that are new, by index and entry.
    async fn count<'c>(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        changes: impl Iterator<Item = (usize, &'c Change)> + Send,
    ) -> Result<HashMap<(usize, String), i64>, GatewayFault> {
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        for (index, change) in changes {
            for written in &change.entries {
                match &written.counting {
                    Counting::Add(counted) => {
                        names.push((index, written.entry.key.clone()));
                        rows.push(self.conso_row(catalogue, counted));
                    }
                    counting => self.recount(catalogue, transaction, counting).await?,
                }
            }
        }
        let ids = insert_rows(transaction, CONSO, Some(CONSO_KEY), rows).await?;
        names.into_iter().zip(ids).map(|(name, id)| Ok((name, id.ok_or_else(|| no_key(CONSO))?))).collect()
    }

    /// Adds what is new of a kind; returns the memos that were written, by index.
    async fn create(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        sheet: &'static Sheet,
        wanted: &[Wanted<'_>],
        creations: &mut [&mut Creation],
    ) -> Result<HashMap<usize, String>, GatewayFault> {
        let mut memos = HashMap::new();
        let mut rows = Vec::with_capacity(creations.len());
        for (index, change, columns) in creations.iter_mut().map(|creation| &mut **creation) {
            let memo = change.memo.take().unwrap_or_default();
            memos.insert(*index, memo.clone());
            let mut values = std::mem::take(&mut columns.main);
            values.push((sheet.memo, SqlValue::Text(memo)));
            rows.push(self.created(values));
        }
        if rows.is_empty() {
            return Ok(memos);
        }
        let ids = insert_rows(transaction, sheet.table, Some(sheet.key), rows).await?;
        reached("gateway: INTERVENTION inserted");
        let aside = sheet.aside.filter(|table| has(catalogue, table, sheet.key));
        let (mut beside, mut tickets) = (Vec::new(), Vec::new());
        for ((index, _, columns), id) in creations.iter_mut().map(|creation| &mut **creation).zip(ids) {
            let id = id.ok_or_else(|| no_key(sheet.table))?;
            let Wanted { key, put, .. } = wanted[*index];
            if aside.is_some() {
                // The key comes first: a base without transactions finds by it what it has to undo.
                let mut values = vec![(sheet.key, SqlValue::Int(id))];
                values.append(&mut columns.aside);
                beside.push(self.created(values));
            }
            let (origin, url) = (put.origin.clone(), put.url.clone());
            let link = TicketLink { kind: sheet.kind, id, origin, url, row: Row::default() };
            tickets.push(self.extension.ticket_row(self, key, &link, std::mem::take(&mut columns.ticket))?);
        }
        if let Some(table) = aside {
            insert_rows(transaction, table, None, beside).await?;
        }
        reached("gateway: Z83 inserted");
        insert_rows(transaction, self.extension.ticket_table(), None, tickets).await?;
        reached("gateway: link inserted");
        Ok(memos)
    }

    /// Brings one to what is asked for; returns whether anything was written. Rows of new entries are
    /// added to `steps`.
    async fn update(
        &self,
        transaction: &mut dyn Transaction,
        (index, wanted): (usize, &Wanted<'_>),
        change: &Change,
        columns: Columns,
        consos: &HashMap<(usize, String), i64>,
        steps: &mut Vec<Values>,
    ) -> Result<bool, GatewayFault> {
        let Some(found) = &change.found else { return Ok(false) };
        let (sheet, id, Wanted { key, put, .. }) = (change.sheet, found.link.id, *wanted);
        let Columns { mut main, aside, mut ticket } = columns;
        let touched = !change.fields.is_empty() || change.memo.is_some();
        if let Some(memo) = &change.memo {
            main.push((sheet.memo, SqlValue::Text(memo.clone())));
        }
        let by_id = || vec![Condition::Equals(sheet.key, SqlValue::Int(id))];
        if let Some(table) = sheet.aside.filter(|_| !aside.is_empty()) {
            if found.has_aside {
                let update = Update { table: table.to_owned(), values: self.modified(aside), filter: by_id() };
                transaction.update(&update).await?;
            } else {
                let mut row = vec![(sheet.key, SqlValue::Int(id))];
                row.extend(aside);
                let values = self.created(row);
                transaction.insert(&Insert { table: table.to_owned(), values, key: None }).await?;
            }
            reached("gateway: Z83 changed");
        }
        if touched {
            // Gestan's lists look at the sheet alone: it is touched whichever table changed.
            let update = Update { table: sheet.table.to_owned(), values: self.modified(main), filter: by_id() };
            transaction.update(&update).await?;
            reached("gateway: INTERVENTION changed");
        }
        let stale = change.stale_entries();
        let mut written = touched || !stale.is_empty();
        for (entry, stored) in stale {
            let step = entry.step(consos.get(&(index, entry.entry.key.clone())).copied());
            match stored {
                None => steps.push(self.extension.entry_row(self, key, &step)),
                Some(stored) => self.extension.update_entry(self, transaction, key, &step, stored).await?,
            }
        }
        let url = put.url.as_ref().or(found.link.url.as_ref());
        if url != found.link.url.as_ref() || put.origin != found.link.origin {
            ticket.push(("URL", SqlValue::Text(url.cloned().unwrap_or_default())));
            ticket.push(("ORIGINE", SqlValue::Text(origin_text(&put.origin)?)));
        }
        if !ticket.is_empty() {
            self.extension.update_ticket(self, transaction, key, ticket).await?;
            written = true;
        }
        Ok(written)
    }
}

/// Rows with values for the same columns: the columns, and of each row its index and its values.
type Group = (Vec<&'static str>, Vec<usize>, Vec<Vec<SqlValue>>);

/// Adds rows of a table, those with values for the same columns together; returns their keys, in their
/// order, where the column of the key is given.
async fn insert_rows(
    transaction: &mut dyn Transaction,
    table: &str,
    key: Option<&'static str>,
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
        let made = transaction.insert_many(InsertMany { table: table.to_owned(), columns, rows, key }).await?;
        for (index, key) in indexes.into_iter().zip(made) {
            keys[index] = Some(key);
        }
    }
    Ok(keys)
}
