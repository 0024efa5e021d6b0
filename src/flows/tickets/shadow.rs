//! Shadow mode: everything is planned and journaled as if it were written, and nothing is. What Gestan
//! would hold is taken from what was agreed.

use super::ports::{Interventions, Link, Memory};
use crate::flows::PortError;
use crate::gestan::contract::{
    BatchItem, BatchResult, Client, Contract, DocumentPut, DocumentState, EntryOutcome, EntryState, KnownState,
    LinkPut, Machine, ObjectRecord, ObjectState, Product, StateResult, TicketKey, User,
};
use crate::model::{Field, Fields, ObjectKind, Value, sha256_hex};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Gestan as it would be: what is read is real, what is written is only remembered.
#[derive(Debug, Clone)]
pub struct Shadow<G, M> {
    /// Gestan as it is.
    pub real: G,
    /// The memory of this shadow.
    pub memory: M,
}

/// What an intervention would hold after a write.
fn written(item: &BatchItem, before: Option<&Link>) -> ObjectState {
    let put = &item.object;
    let mut fields: Fields = Field::ALL.into_iter().map(|field| (field, Value::Null)).collect();
    fields.extend(before.map(|link| link.held.0.clone()).unwrap_or_default());
    fields.extend(put.fields.0.clone());
    let entry =
        |hash: String| EntryState { hash, present: true, outcome: EntryOutcome::Added, minutes: 0, conso: None };
    let mut entries: BTreeMap<String, EntryState> = before
        .into_iter()
        .flat_map(|link| link.entries.iter())
        .map(|(key, known)| (key.clone(), entry(known.rendered.clone())))
        .collect();
    entries.extend(put.entries.iter().map(|new| (new.key.clone(), entry(new.hash()))));
    let content = serde_json::json!([fields, entries]).to_string();
    ObjectState {
        kind: put.kind,
        id: before.map_or(0, |link| link.gestan_id),
        key: item.key.clone(),
        etag: sha256_hex(&content),
        origin: put.origin.clone(),
        url: put.url.clone(),
        fields,
        entries,
        memo: String::new(),
        typed: Vec::new(),
        modified_at: None,
        modified_by: None,
    }
}

#[async_trait]
impl<G: Interventions, M: Memory> Interventions for Shadow<G, M> {
    async fn get(&self, _: &TicketKey, _: ObjectKind) -> Result<Option<ObjectState>, PortError> {
        Ok(None)
    }

    async fn states(&self, items: Vec<KnownState>) -> Result<Vec<StateResult>, PortError> {
        Ok(items.iter().map(|_| StateResult::Unchanged).collect())
    }

    async fn record(&self, id: i64) -> Result<Option<ObjectRecord>, PortError> {
        self.real.record(id).await
    }

    async fn records(&self, since: Option<DateTime<Utc>>) -> Result<Vec<ObjectRecord>, PortError> {
        self.real.records(since).await
    }

    async fn linked(&self, source: &str) -> Result<Vec<TicketKey>, PortError> {
        self.real.linked(source).await
    }

    async fn link(&self, _: &TicketKey, _: LinkPut) -> Result<ObjectState, PortError> {
        Err(PortError {
            system: crate::flows::System::Gestan,
            blast: crate::flows::Blast::Configuration,
            retry_after: None,
            message: "in shadow mode nothing is written to Gestan, links neither: set [gestan] shadow = false first"
                .to_owned(),
        })
    }

    async fn put(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, PortError> {
        let numbers: Vec<i64> = items.iter().map(|item| item.key.number).collect();
        let links = self.memory.links(&numbers).await?;
        let before =
            |key: &TicketKey| links.iter().find(|link| (link.number, link.sequence) == (key.number, key.sequence));
        Ok(items.iter().map(|item| BatchResult::Ok(Box::new(written(item, before(&item.key))))).collect())
    }

    async fn clients(&self) -> Result<Vec<Client>, PortError> {
        self.real.clients().await
    }

    async fn machines(&self) -> Result<Vec<Machine>, PortError> {
        self.real.machines().await
    }

    async fn users(&self) -> Result<Vec<User>, PortError> {
        self.real.users().await
    }

    async fn products(&self) -> Result<Vec<Product>, PortError> {
        self.real.products().await
    }

    async fn put_document(
        &self,
        _: &TicketKey,
        _: &str,
        document: DocumentPut,
        content: Vec<u8>,
    ) -> Result<DocumentState, PortError> {
        let size = u64::try_from(content.len()).ok();
        let DocumentPut { name, sha256, at } = document;
        Ok(DocumentState { document: 0, id: None, name, sha256: Some(sha256), size, created: at })
    }

    async fn contracts(&self) -> Result<Vec<Contract>, PortError> {
        self.real.contracts().await
    }
}
