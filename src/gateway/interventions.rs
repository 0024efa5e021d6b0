//! Interventions: what Gestan holds under keys, and PUTs, one or many in one transaction.

use super::base::{BaseError, Column, Condition, Row, Select, SqlValue, Transaction};
use super::changes::{Change, change};
use super::columns::{INTERVENTION, Z83, intervention_columns, z83_columns};
use super::extension::{StoredEntry, TicketLink, ticket_key};
use super::linking::no_intervention;
use super::memo::{Known, Memo};
use super::{Catalogue, Gateway, GatewayFault};
use crate::failpoint::reached;
use crate::gestan::contract::{BatchItem, EntryOutcome, EntryState, ObjectPut, ObjectState, Precondition, TicketKey};
use crate::model::{Fields, ObjectKind, sha256_hex};
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
    pub has_z83_row: bool,
}

/// What Gestan holds after a PUT, and whether it is new.
type Put = Result<(ObjectState, bool), GatewayFault>;

impl Gateway {
    /// What Gestan holds under a key.
    ///
    /// # Errors
    /// When the base does not answer, or there is nothing.
    pub async fn get(&self, key: &TicketKey) -> Result<ObjectState, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, false).await?;
        found.map(|found| found.state).ok_or_else(|| no_intervention(key))
    }

    /// Creates the intervention, or brings it to what the request asks for. Returns what Gestan then
    /// holds, and whether it is new.
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
        match self.try_puts(&wanted).await {
            Ok(results) => return results,
            Err(GatewayFault::Base(error)) if error.is_of_the_base() => {
                return wanted.iter().map(|_| Err(error.clone().into())).collect();
            }
            Err(error) => tracing::debug!(items = wanted.len(), %error, "a batch is carried out one by one"),
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
        let mut results: Vec<Option<Put>> = wanted.iter().map(|_| None).collect();
        let mut changes: Vec<(usize, Change)> = Vec::new();
        for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
            match found.and_then(|found| change(&catalogue, self.memo, wanted, found)) {
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
        let mut links = self.extension.tickets(transaction, keys, lock).await?;
        let ids: Vec<SqlValue> = links.values().flatten().map(|link| SqlValue::Int(link.intervention)).collect();
        if ids.is_empty() {
            return Ok(keys.iter().map(|key| links.remove(&ticket_key(key)).transpose().map(|_| None)).collect());
        }
        let by_id = || vec![Condition::In("IDINTERVENTION", ids.clone())];
        let columns = intervention_columns(catalogue);
        let select = Select { lock, ..Select::new(INTERVENTION, &columns, by_id()) };
        let rows = by_intervention(transaction.select(&select).await?);
        let mut z83_columns = z83_columns(catalogue);
        let mut z83 = HashMap::new();
        if !z83_columns.is_empty() {
            z83_columns.push(Column::int("IDINTERVENTION"));
            z83 = by_intervention(transaction.select(&Select::new(Z83, &z83_columns, by_id())).await?);
        }
        let mut entries = self.extension.entries(transaction, keys).await?;
        Ok(keys
            .iter()
            .map(|key| {
                let Some(link) = links.remove(&ticket_key(key)).transpose()? else { return Ok(None) };
                let Some(row) = rows.get(&link.intervention) else {
                    return Err(GatewayFault::NotFound(format!(
                        "intervention {} of ticket {} was deleted in Gestan: `gestan-connector show {}` tells its story",
                        link.intervention, key.number, key.number
                    )));
                };
                let z83 = z83.get(&link.intervention);
                let stored = entries.remove(&ticket_key(key)).unwrap_or_default();
                let memo = Memo::parse(row.text("LIB_INTERVENTION"));
                let fields = self.read_fields(catalogue, row, z83.unwrap_or(&Row::default()));
                let state = state(key, &link, fields, &memo, &stored);
                Ok(Some(Found { link, state, memo, stored, has_z83_row: z83.is_some() }))
            })
            .collect())
    }
}

fn only(mut results: Vec<Put>) -> Put {
    results.pop().unwrap_or_else(|| Err(GatewayFault::NotFound("there was nothing to write".to_owned())))
}

pub(super) fn vanished(key: &TicketKey) -> GatewayFault {
    GatewayFault::NotFound(format!("the intervention of ticket {} vanished while it was being written", key.number))
}

fn by_intervention(rows: Vec<Row>) -> HashMap<i64, Row> {
    rows.into_iter().map(|row| (row.int("IDINTERVENTION").unwrap_or(0), row)).collect()
}

fn state(key: &TicketKey, link: &TicketLink, fields: Fields, memo: &Memo, stored: &[StoredEntry]) -> ObjectState {
    let known: Vec<Known> = stored.iter().map(|entry| entry.known.clone()).collect();
    let visible = memo.visible_text();
    let entries: BTreeMap<String, EntryState> = stored
        .iter()
        .zip(memo.held(&known))
        .map(|(entry, present)| {
            let state = EntryState {
                hash: entry.hash.clone(),
                present,
                outcome: EntryOutcome::Unchanged,
                minutes: 0,
                conso: None,
            };
            (entry.known.key.clone(), state)
        })
        .collect();
    let content = serde_json::json!([link.intervention, fields, visible]).to_string();
    let mut etag = sha256_hex(&content);
    etag.truncate(32);
    ObjectState {
        kind: ObjectKind::Intervention,
        id: link.intervention,
        key: key.clone(),
        etag,
        origin: link.origin.clone(),
        url: link.url.clone(),
        fields,
        entries,
        memo: visible,
        typed: Vec::new(),
        modified_at: None,
        modified_by: None,
    }
}
