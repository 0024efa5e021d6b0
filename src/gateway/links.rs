//! The extension's ticket table: which sheet a ticket has, and what of it Gestan has no column for.

use super::base::{Column, Condition, Insert, Row, Select, SqlValue, Transaction, Update};
use super::columns::Values;
use super::extension::{Extension, not_installed, ticket_key};
use super::sheet::{Place, Sheet};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::TicketKey;
use crate::model::{Identity, ObjectKind};
use std::collections::HashMap;

/// A row of the ticket table.
#[derive(Debug, Clone)]
pub(super) struct TicketLink {
    pub kind: ObjectKind,
    /// Key of the sheet.
    pub id: i64,
    pub origin: Identity,
    pub url: Option<String>,
    /// The columns of fields that are kept here.
    pub row: Row,
}

/// Whose a sheet is.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub key: TicketKey,
    /// As in [`TicketLink`].
    pub row: Row,
}

const TICKET: [Column; 6] = [
    Column::text("CC_TICKET"),
    Column::text("SOURCE"),
    Column::int("NUMERO"),
    Column::int("SEQUENCE"),
    Column::text("URL"),
    Column::text("ORIGINE"),
];

/// A condition on the rows of these tickets.
pub(super) fn of_keys(keys: &[&TicketKey]) -> Condition {
    Condition::In("CC_TICKET", keys.iter().map(|key| SqlValue::Text(ticket_key(key))).collect())
}

fn key_of(row: &Row) -> TicketKey {
    TicketKey {
        source: row.text("SOURCE").to_owned(),
        number: row.int("NUMERO").unwrap_or(0),
        sequence: row.int("SEQUENCE").and_then(|sequence| u32::try_from(sequence).ok()).unwrap_or(1),
    }
}

fn ticket_link(row: Row) -> Result<TicketLink, GatewayFault> {
    let origin = serde_json::from_str(row.text("ORIGINE")).map_err(|error| {
        GatewayFault::Invalid(format!("the link {} cannot be understood ({error})", row.text("CC_TICKET")))
    })?;
    let url = row.text("URL");
    let held = |sheet: &Sheet| row.int(sheet.key).filter(|id| *id != 0).map(|id| (sheet.kind, id));
    let (kind, id) = Sheet::ALL.into_iter().find_map(held).unwrap_or_default();
    Ok(TicketLink { kind, id, origin, url: (!url.is_empty()).then(|| url.to_owned()), row })
}

pub(super) fn origin_text(origin: &Identity) -> Result<String, GatewayFault> {
    serde_json::to_string(origin).map_err(|error| GatewayFault::Invalid(error.to_string()))
}

impl Extension {
    /// The columns of the ticket table, those that it has; one of an earlier version lacks some.
    fn ticket_columns(&self, gateway: &Gateway, catalogue: &Catalogue) -> Vec<Column> {
        let mut columns = TICKET.to_vec();
        for sheet in Sheet::ALL {
            columns.extend(gateway.columns_of(catalogue, sheet, Place::Ticket));
        }
        columns
    }

    /// The links of these keys, by [`ticket_key`].
    pub(super) async fn tickets(
        &self,
        gateway: &Gateway,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        keys: &[&TicketKey],
        lock: bool,
    ) -> Result<HashMap<String, Result<TicketLink, GatewayFault>>, GatewayFault> {
        let columns = self.ticket_columns(gateway, catalogue);
        let select = Select { lock, ..Select::new(self.ticket_table(), &columns, vec![of_keys(keys)]) };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        Ok(rows.into_iter().map(|row| (row.text("CC_TICKET").to_owned(), ticket_link(row))).collect())
    }

    /// Adds a link.
    pub(super) async fn link_ticket(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        link: &TicketLink,
    ) -> Result<(), GatewayFault> {
        let values = self.ticket_row(gateway, key, link, Values::new())?;
        let insert = Insert { table: self.ticket_table().to_owned(), values, key: None };
        transaction.insert(&insert).await.map_err(not_installed)?;
        Ok(())
    }

    /// The row of a new link, with the fields that are kept in it.
    pub(super) fn ticket_row(
        &self,
        gateway: &Gateway,
        key: &TicketKey,
        link: &TicketLink,
        fields: Values,
    ) -> Result<Values, GatewayFault> {
        let mut values = vec![
            ("CC_TICKET", SqlValue::Text(ticket_key(key))),
            ("SOURCE", SqlValue::Text(key.source.clone())),
            ("NUMERO", SqlValue::Int(key.number)),
            ("SEQUENCE", SqlValue::Int(key.sequence.into())),
            ("URL", SqlValue::Text(link.url.clone().unwrap_or_default())),
            (Sheet::of(link.kind).key, SqlValue::Int(link.id)),
            ("ORIGINE", SqlValue::Text(origin_text(&link.origin)?)),
        ];
        values.extend(fields);
        Ok(gateway.created(values))
    }

    /// Changes values of a link: the fields kept in it, the ticket's address, what it is recognised by.
    pub(super) async fn update_ticket(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        values: Values,
    ) -> Result<(), GatewayFault> {
        let update = Update {
            table: self.ticket_table().to_owned(),
            values: gateway.modified(values),
            filter: vec![Condition::Equals("CC_TICKET", SqlValue::Text(ticket_key(key)))],
        };
        transaction.update(&update).await?;
        Ok(())
    }

    /// Links of a source, from the one after a cursor on.
    pub(super) async fn list(
        &self,
        transaction: &mut dyn Transaction,
        source: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, TicketKey)>, GatewayFault> {
        let columns = [Column::int("IDTICKET"), Column::text("SOURCE"), Column::int("NUMERO"), Column::int("SEQUENCE")];
        let filter = vec![
            Condition::Equals("SOURCE", SqlValue::Text(source.to_owned())),
            Condition::Greater("IDTICKET", SqlValue::Int(after)),
        ];
        let select = Select {
            order: Some(("IDTICKET", false)),
            limit: Some(limit),
            ..Select::new(self.ticket_table(), &columns, filter)
        };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        Ok(rows.iter().map(|row| (row.int("IDTICKET").unwrap_or(0), key_of(row))).collect())
    }

    /// Which ticket each of these sheets belongs to, if any; of several sources, the last linked. None
    /// where the tables are not there yet.
    pub(super) async fn owners(
        &self,
        gateway: &Gateway,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        sheet: &'static Sheet,
        ids: &[i64],
    ) -> Result<HashMap<i64, Owner>, GatewayFault> {
        if !has(catalogue, self.ticket_table(), sheet.key) {
            return Ok(HashMap::new());
        }
        let columns = self.ticket_columns(gateway, catalogue);
        let wanted = Condition::In(sheet.key, ids.iter().map(|id| SqlValue::Int(*id)).collect());
        let select = Select::new(self.ticket_table(), &columns, vec![wanted]);
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        let owner = |row: Row| (row.int(sheet.key).unwrap_or(0), Owner { key: key_of(&row), row });
        Ok(rows.into_iter().map(owner).collect())
    }
}
