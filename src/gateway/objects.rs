//! Interventions and anomalies: what Gestan holds under keys, and PUTs, one or many in one transaction.

use super::base::{BaseError, Column, Condition, Row, Select, SqlValue, Transaction};
use super::changes::Change;
use super::columns::Rows;
use super::extension::ticket_key;
use super::linking::nothing_there;
use super::links::TicketLink;
use super::memo::{Known, Memo, Reading};
use super::sheet::{Place, Sheet};
use super::steps::StoredEntry;
use super::{Catalogue, Gateway, GatewayFault};
use crate::failpoint::reached;
use crate::gestan::contract::{BatchItem, EntryOutcome, EntryState, ObjectPut, ObjectState, Precondition, TicketKey};
use crate::model::{Fields, ObjectKind, local_to_utc, sha256_hex};
use std::collections::{BTreeMap, HashMap};

/// How often a transaction that gave way to another is tried.
const ATTEMPTS: u32 = 5;

/// A PUT.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub key: &'a TicketKey,
    pub precondition: Option<&'a Precondition>,
    pub put: &'a ObjectPut,
}

/// What a transaction found.
pub(super) struct Found {
    pub link: TicketLink,
    pub state: ObjectState,
    pub memo: Memo,
    pub stored: Vec<StoredEntry>,
    /// Whether the table beside the sheet's has a row for it.
    pub has_aside: bool,
}

/// What Gestan holds after a PUT, and whether it is new.
type Put = Result<(ObjectState, bool), GatewayFault>;

impl Gateway {
    /// What Gestan holds under a key.
    ///
    /// # Errors
    /// When the base does not answer, there is nothing, or it is of another kind.
    pub async fn get(&self, key: &TicketKey, kind: ObjectKind) -> Result<ObjectState, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, false).await?;
        let state = found.map(|found| found.state).ok_or_else(|| nothing_there(key, Some(kind)))?;
        if state.kind != kind {
            return Err(GatewayFault::OtherKind { number: key.number, held: state.kind, id: state.id, asked: kind });
        }
        Ok(state)
    }

    /// Creates the intervention or anomaly, or brings it to what the request asks for. Returns what Gestan
    /// then holds, and whether it is new.
    ///
    /// # Errors
    /// When the condition does not hold, a value cannot be accepted, or the base does not answer.
    pub async fn put(&self, key: &TicketKey, precondition: Option<&Precondition>, put: &ObjectPut) -> Put {
        let wanted = Wanted { key, precondition, put };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let result = self.try_puts(&[wanted]).await.and_then(only);
            let again = matches!(
                result,
                // Two first writes of one key: the slower one finds what the faster one made.
                Err(GatewayFault::Base(BaseError::Conflict(_) | BaseError::Duplicate(_)))
            );
            if !again || attempt >= ATTEMPTS {
                return result;
            }
            tokio::time::sleep(std::time::Duration::from_millis(u64::from(20 * attempt))).await;
        }
    }

    /// Carries out PUTs of different keys, a result for each, in their order. They share a transaction;
    /// where the base refuses anything of it, all is undone and each goes alone, so that one stops only
    /// itself.
    pub async fn put_many(&self, items: &[&BatchItem]) -> Vec<Put> {
        let wanted: Vec<Wanted> = items
            .iter()
            .map(|item| Wanted { key: &item.key, precondition: Some(&item.precondition), put: &item.object })
            .collect();
        // Without transactions they would have to be noted together, again and again.
        if self.base.keeps_transactions() {
            match self.try_puts(&wanted).await {
                Ok(results) => return results,
                Err(GatewayFault::Base(error)) if error.is_of_the_base() => {
                    return wanted.iter().map(|_| Err(error.clone().into())).collect();
                }
                Err(error) => tracing::debug!(items = wanted.len(), %error, "a batch is carried out one by one"),
            }
        }
        let mut results: Vec<Put> = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            results.push(match results.last() {
                // Each would wait in vain for as long as the first one did.
                Some(Err(GatewayFault::Base(error))) if error.is_of_the_base() => Err(error.clone().into()),
                _ => self.put(wanted.key, wanted.precondition, wanted.put).await,
            });
        }
        results
    }

    /// All of them in one transaction. An error means that nothing was written.
    async fn try_puts(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Put>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let found = self.find_wanted(&catalogue, transaction.as_mut(), wanted).await?;
        let stored = found.iter().flatten().flatten().flat_map(|found| &found.stored);
        let consos = self.counted(&catalogue, transaction.as_mut(), stored).await?;
        let mut results: Vec<Option<Put>> = wanted.iter().map(|_| None).collect();
        let mut changes: Vec<(usize, Change)> = Vec::new();
        for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
            match found.and_then(|found| self.change(&catalogue, wanted, found, &consos)) {
                Ok(change) => changes.push((index, change)),
                Err(fault) => results[index] = Some(Err(fault)),
            }
        }
        let refused = self.refuse_references(&catalogue, transaction.as_mut(), &changes).await?;
        changes.retain(|(index, _)| !refused.contains_key(index));
        for (index, fault) in refused {
            results[index] = Some(Err(fault));
        }
        for (index, result) in self.write(&catalogue, transaction.as_mut(), wanted, changes).await? {
            results[index] = Some(result);
        }
        reached("gateway: before COMMIT");
        transaction.commit().await?;
        reached("gateway: after COMMIT");
        Ok(results
            .into_iter()
            .zip(wanted)
            .map(|(result, wanted)| result.unwrap_or_else(|| Err(vanished(wanted.key))))
            .collect())
    }

    /// What is there already: kept from other writers, but for what is only to be created. A lock on a
    /// key that is not there would be one on the gap around it, in the way of the other batches.
    async fn find_wanted(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Result<Option<Found>, GatewayFault>>, GatewayFault> {
        let is_new = |wanted: &&Wanted| matches!(wanted.precondition, Some(Precondition::Absent));
        let (new, old): (Vec<&Wanted>, Vec<&Wanted>) = wanted.iter().partition(is_new);
        let mut found = HashMap::new();
        // The locked ones first: a read without a lock would fix what the later reads see.
        for (group, lock) in [(old, true), (new, false)] {
            let keys: Vec<&TicketKey> = group.iter().map(|wanted| wanted.key).collect();
            found.extend(keys.iter().copied().zip(self.find_many(catalogue, transaction, &keys, lock).await?));
        }
        Ok(wanted.iter().map(|wanted| found.remove(wanted.key).unwrap_or(Ok(None))).collect())
    }

    pub(super) async fn find(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        lock: bool,
    ) -> Result<Option<Found>, GatewayFault> {
        self.find_many(catalogue, transaction, &[key], lock).await?.pop().unwrap_or(Ok(None))
    }

    /// What is held under each of these keys, in their order.
    pub(super) async fn find_many(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        keys: &[&TicketKey],
        lock: bool,
    ) -> Result<Vec<Result<Option<Found>, GatewayFault>>, GatewayFault> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut links = self.extension.tickets(self, catalogue, transaction, keys, lock).await?;
        let mut sheets = HashMap::new();
        for sheet in Sheet::ALL {
            // What is linked and cannot be read was not deleted: its table is missing.
            if self.refuse_unsupported(catalogue, sheet).is_err() {
                continue;
            }
            let of_kind = links.values().flatten().filter(|link| link.kind == sheet.kind);
            let ids: Vec<SqlValue> = of_kind.map(|link| SqlValue::Int(link.id)).collect();
            if !ids.is_empty() {
                sheets.insert(sheet.kind, self.sheets(catalogue, transaction, sheet, ids, lock).await?);
            }
        }
        if links.values().all(Result::is_err) {
            return Ok(keys.iter().map(|key| links.remove(&ticket_key(key)).transpose().map(|_| None)).collect());
        }
        let mut entries = self.extension.entries(transaction, keys).await?;
        Ok(keys
            .iter()
            .map(|key| {
                let Some(link) = links.remove(&ticket_key(key)).transpose()? else { return Ok(None) };
                let sheet = Sheet::of(link.kind);
                self.refuse_unsupported(catalogue, sheet)?;
                let rows = sheets.get(&link.kind).and_then(|sheets| sheets.get(&link.id));
                let Some((row, aside)) = rows else {
                    return Err(GatewayFault::NotFound(format!(
                        "{} {} of ticket {} was deleted in Gestan: `gestan-connector show {}` tells its story",
                        link.kind, link.id, key.number, key.number
                    )));
                };
                let stored = entries.remove(&ticket_key(key)).unwrap_or_default();
                let memo = Memo::parse(row.text(sheet.memo));
                let rows = Rows { main: row, aside: aside.as_ref(), ticket: Some(&link.row) };
                let fields = self.read_fields(catalogue, sheet, &rows);
                let state = self.state(key, &link, row, fields, &memo, &stored);
                Ok(Some(Found { link, state, memo, stored, has_aside: aside.is_some() }))
            })
            .collect())
    }

    /// The rows of sheets by id: of their own table, and of the one beside it.
    pub(super) async fn sheets(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        sheet: &'static Sheet,
        ids: Vec<SqlValue>,
        lock: bool,
    ) -> Result<HashMap<i64, (Row, Option<Row>)>, GatewayFault> {
        let columns = self.columns_of(catalogue, sheet, Place::Main);
        let by_id = vec![Condition::In(sheet.key, ids.clone())];
        let select = Select { lock, ..Select::new(sheet.table, &columns, by_id) };
        let rows = transaction.select(&select).await?;
        let mut aside = self.beside(catalogue, transaction, sheet, ids).await?;
        let with_aside = |row: Row| {
            let id = row.int(sheet.key).unwrap_or(0);
            (id, (row, aside.remove(&id)))
        };
        Ok(rows.into_iter().map(with_aside).collect())
    }

    /// The rows beside these sheets, by id.
    pub(super) async fn beside(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        sheet: &'static Sheet,
        ids: Vec<SqlValue>,
    ) -> Result<HashMap<i64, Row>, GatewayFault> {
        let columns: Vec<Column> = self.columns_of(catalogue, sheet, Place::Aside);
        let Some(table) = sheet.aside.filter(|_| columns.iter().any(|column| column.name == sheet.key)) else {
            return Ok(HashMap::new());
        };
        let select = Select::new(table, &columns, vec![Condition::In(sheet.key, ids)]);
        let rows = transaction.select(&select).await?;
        Ok(rows.into_iter().map(|row| (row.int(sheet.key).unwrap_or(0), row)).collect())
    }

    fn state(
        &self,
        key: &TicketKey,
        link: &TicketLink,
        row: &Row,
        fields: Fields,
        memo: &Memo,
        stored: &[StoredEntry],
    ) -> ObjectState {
        let known: Vec<&Known> = stored.iter().map(|entry| &entry.known).collect();
        let Reading { visible, held, typed } = memo.read(&known);
        let entries: BTreeMap<String, EntryState> = stored
            .iter()
            .zip(held)
            .map(|(entry, present)| {
                let state = EntryState {
                    hash: entry.hash.clone(),
                    present,
                    outcome: EntryOutcome::Unchanged,
                    minutes: entry.minutes,
                    conso: entry.conso,
                };
                (entry.known.key.clone(), state)
            })
            .collect();
        let minutes: BTreeMap<&str, i64> = entries
            .iter()
            .map(|(key, entry)| (key.as_str(), entry.minutes))
            .filter(|(_, minutes)| *minutes != 0)
            .collect();
        let etag = etag_of(link.id, &fields, &visible, &minutes);
        let modified_by = row.text("USMOD");
        ObjectState {
            kind: link.kind,
            id: link.id,
            key: key.clone(),
            etag,
            origin: link.origin.clone(),
            url: link.url.clone(),
            fields,
            entries,
            memo: visible,
            typed,
            modified_at: row.moment("DHMOD").map(|local| local_to_utc(local, self.zone)),
            modified_by: (!modified_by.is_empty()).then(|| modified_by.to_owned()),
        }
    }
}

/// What tells whether a sheet is as it was read: everything of it that matters to the other side.
fn etag_of(id: i64, fields: &Fields, visible: &str, minutes: &BTreeMap<&str, i64>) -> String {
    let content = serde_json::to_string(&(id, fields, visible, minutes)).unwrap_or_default();
    let mut etag = sha256_hex(&content);
    etag.truncate(32);
    etag
}

fn only(mut results: Vec<Put>) -> Put {
    results.pop().unwrap_or_else(|| Err(GatewayFault::NotFound("there was nothing to write".to_owned())))
}

pub(super) fn vanished(key: &TicketKey) -> GatewayFault {
    GatewayFault::NotFound(format!("what ticket {} has in Gestan vanished while it was being written", key.number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Value};

    #[test]
    fn an_etag_is_the_same_from_one_release_to_the_next() {
        let fields: Fields = [
            (Field::Title, Value::text("Imprimante « hors ligne »")),
            (Field::Client, Value::Number(12)),
            (Field::Team, Value::List(vec!["PAU".to_owned()])),
            (Field::Product, Value::Null),
        ]
        .into_iter()
        .collect();
        let minutes = BTreeMap::from([("step:3", 15), ("step:12", -5)]);
        let etag = etag_of(7, &fields, "Ticket\n\"un\"\té", &minutes);
        // As the first releases made it.
        let mut before = sha256_hex(&serde_json::json!([7, fields, "Ticket\n\"un\"\té", minutes]).to_string());
        before.truncate(32);
        assert_eq!(etag, before);
        assert_eq!(etag, "c75c15f60be44919b9299c5d910c86f3");
    }
}
