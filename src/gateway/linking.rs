//! Interventions as they are, whoever made them: what changed of those that are linked, a list of all,
//! and a link to one that people made.

use super::base::{Column, Condition, Kind, Select, SqlValue};
use super::columns::{INTERVENTION, Z83, intervention_columns, z83_columns};
use super::extension::TicketLink;
use super::lists::Paging;
use super::memo::Memo;
use super::{Gateway, GatewayFault, has};
use crate::failpoint::reached;
use crate::gestan::contract::{KnownState, LinkPut, ObjectRecord, ObjectState, Page, StateResult, TicketKey};
use crate::model::local_to_utc;
use chrono::NaiveDateTime;
use std::collections::HashMap;

impl Gateway {
    /// What became of interventions since they were last seen.
    ///
    /// # Errors
    /// When the base does not answer. One that cannot be read is a result like any other.
    pub async fn states(&self, items: &[KnownState]) -> Result<Vec<StateResult>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let keys: Vec<&TicketKey> = items.iter().map(|item| &item.key).collect();
        let found = self.find_many(&catalogue, transaction.as_mut(), &keys, false).await?;
        let results = items.iter().zip(found).map(|(item, found)| {
            match found.and_then(|found| found.ok_or_else(|| no_intervention(&item.key))) {
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
            if found.state.id == put.intervention && found.state.origin.matches(&put.origin) {
                return Ok(found.state);
            }
            let text = format!("ticket {} has intervention {} already", key.number, found.state.id);
            return Err(GatewayFault::Linked(text));
        }
        let by_id = vec![Condition::Equals("IDINTERVENTION", SqlValue::Int(put.intervention))];
        let select =
            Select { lock: true, ..Select::new(INTERVENTION, &[Column::int("IDINTERVENTION")], by_id.clone()) };
        if transaction.select(&select).await?.is_empty() {
            return Err(GatewayFault::NotFound(format!("Gestan has no intervention {}", put.intervention)));
        }
        if let Some(owner) = self.extension.owners(transaction.as_mut(), &[put.intervention]).await?.values().next() {
            let text = format!("intervention {} belongs to ticket {} already", put.intervention, owner.number);
            return Err(GatewayFault::Linked(text));
        }
        let link = TicketLink { intervention: put.intervention, origin: put.origin.clone(), url: put.url.clone() };
        self.extension.link_ticket(self, transaction.as_mut(), key, &link).await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, false).await?;
        let state = found.ok_or_else(|| no_intervention(key))?.state;
        reached("gateway: before COMMIT of a link");
        transaction.commit().await?;
        reached("gateway: after COMMIT of a link");
        Ok(state)
    }

    /// Every intervention, a page at a time by its id; those created before `since` (Gestan's local
    /// time) are left out.
    ///
    /// # Errors
    /// When the base does not answer.
    pub async fn interventions(
        &self,
        paging: &Paging,
        since: Option<NaiveDateTime>,
    ) -> Result<Page<ObjectRecord>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let mut columns = intervention_columns(&catalogue);
        if has(&catalogue, INTERVENTION, "DHCRE") {
            columns.push(Column { name: "DHCRE", kind: Kind::DateTime });
        }
        let mut filter = vec![Condition::Greater("IDINTERVENTION", SqlValue::Int(paging.after()?))];
        if let Some(since) = since.filter(|_| has(&catalogue, INTERVENTION, "DHCRE")) {
            filter.push(Condition::Greater("DHCRE", SqlValue::DateTime(since)));
        }
        let select = Select {
            order: Some(("IDINTERVENTION", false)),
            limit: Some(paging.limit()),
            ..Select::new(INTERVENTION, &columns, filter)
        };
        let rows = transaction.select(&select).await?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.int("IDINTERVENTION")).collect();
        let z83_columns = z83_columns(&catalogue);
        let mut z83 = HashMap::new();
        if !z83_columns.is_empty() {
            let columns = [vec![Column::int("IDINTERVENTION")], z83_columns].concat();
            let wanted = Condition::In("IDINTERVENTION", ids.iter().map(|id| SqlValue::Int(*id)).collect());
            for row in transaction.select(&Select::new(Z83, &columns, vec![wanted])).await? {
                z83.insert(row.int("IDINTERVENTION").unwrap_or(0), row);
            }
        }
        let installed = has(&catalogue, &self.extension.tables()[0], "IDINTERVENTION");
        let mut owners = match installed {
            true => self.extension.owners(transaction.as_mut(), &ids).await?,
            false => HashMap::new(),
        };
        let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == paging.limit();
        let items = rows
            .iter()
            .map(|row| {
                let id = row.int("IDINTERVENTION").unwrap_or(0);
                let created = match row.get("DHCRE") {
                    SqlValue::DateTime(local) => Some(local_to_utc(*local, self.zone)),
                    _ => None,
                };
                ObjectRecord {
                    id,
                    created,
                    modified: None,
                    fields: self.read_fields(&catalogue, row, &z83.remove(&id).unwrap_or_default()),
                    memo: Memo::parse(row.text("LIB_INTERVENTION")).visible_text(),
                    ticket: owners.remove(&id),
                }
            })
            .collect();
        Ok(Page { items, next: ids.last().filter(|_| full).map(i64::to_string) })
    }
}

pub(super) fn no_intervention(key: &TicketKey) -> GatewayFault {
    GatewayFault::NotFound(format!("ticket {}/{}/{} has no intervention", key.source, key.number, key.sequence))
}
