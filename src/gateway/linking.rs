//! What became of linked sheets since they were last seen, and a link to an intervention that people made.

use super::base::{Column, Condition, Row, Select, SqlValue};
use super::links::TicketLink;
use super::sheet::Sheet;
use super::{Gateway, GatewayFault};
use crate::failpoint::reached;
use crate::gestan::contract::{KnownState, LinkPut, ObjectState, StateResult, TicketKey};
use crate::model::ObjectKind;

impl Gateway {
    /// What became of interventions and anomalies since they were last seen.
    ///
    /// # Errors
    /// When the base does not answer. One that cannot be read is a result like any other.
    pub async fn states(&self, items: &[KnownState]) -> Result<Vec<StateResult>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let keys: Vec<&TicketKey> = items.iter().map(|item| &item.key).collect();
        let found = self.find_many(&catalogue, transaction.as_mut(), &keys, false).await?;
        let results = items.iter().zip(found).map(|(item, found)| {
            match found.and_then(|found| found.ok_or_else(|| nothing_there(&item.key, None))) {
                Ok(found) if found.state.etag == item.etag => StateResult::Unchanged,
                Ok(found) => StateResult::Changed(Box::new(found.state)),
                Err(fault) => StateResult::Problem(Box::new(fault.problem(None))),
            }
        });
        Ok(results.collect())
    }

    /// Makes an intervention that people made a ticket's. Repeating it changes nothing.
    ///
    /// # Errors
    /// When there is no such intervention, or one of both is linked otherwise.
    pub async fn link(&self, key: &TicketKey, put: &LinkPut) -> Result<ObjectState, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        if let Some(found) = self.find(&catalogue, transaction.as_mut(), key, true).await? {
            let (kind, id) = (found.state.kind, found.state.id);
            if (kind, id) == (ObjectKind::Intervention, put.intervention) && found.state.origin.matches(&put.origin) {
                return Ok(found.state);
            }
            let text = format!("ticket {} has {kind} {id} already", key.number);
            return Err(GatewayFault::Linked(text));
        }
        let sheet = Sheet::of(ObjectKind::Intervention);
        let by_id = vec![Condition::Equals(sheet.key, SqlValue::Int(put.intervention))];
        let select = Select { lock: true, ..Select::new(sheet.table, &[Column::int(sheet.key)], by_id) };
        if transaction.select(&select).await?.is_empty() {
            return Err(GatewayFault::NotFound(format!("Gestan has no intervention {}", put.intervention)));
        }
        let ids = [put.intervention];
        let owners = self.extension.owners(self, &catalogue, transaction.as_mut(), sheet, &ids).await?;
        if let Some(owner) = owners.values().next() {
            let text = format!("intervention {} belongs to ticket {} already", put.intervention, owner.key.number);
            return Err(GatewayFault::Linked(text));
        }
        let (origin, url) = (put.origin.clone(), put.url.clone());
        let link = TicketLink { kind: sheet.kind, id: put.intervention, origin, url, row: Row::default() };
        self.extension.link_ticket(self, transaction.as_mut(), key, &link).await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, false).await?;
        let state = found.ok_or_else(|| nothing_there(key, None))?.state;
        reached("gateway: before COMMIT of a link");
        transaction.commit().await?;
        reached("gateway: after COMMIT of a link");
        Ok(state)
    }
}

pub(super) fn nothing_there(key: &TicketKey, kind: Option<ObjectKind>) -> GatewayFault {
    let what = kind.map_or("intervention or anomaly", ObjectKind::as_str);
    GatewayFault::NotFound(format!("ticket {}/{}/{} has no {what}", key.source, key.number, key.sequence))
}
