//! Which row of a GestSup a record of Gestan is: kept beside Gestan too, so that a daemon that lost its state learns it
//! again instead of making companies, users and equipment twice.

use super::base::{Column, Condition, Insert, InsertMany, Select, SqlValue, Update};
use super::extension::not_installed;
use super::lists::Paging;
use super::{Gateway, GatewayFault, has};
use crate::gestan::contract::{Page, ReferenceLink, ReferenceLinkPut};
use std::collections::HashMap;

const LINK: Column = Column::text("CC_LINK");
const GESTSUP: Column = Column::text("CLE_GESTSUP");

/// The natural key as one column, as for tickets.
fn link_key(source: &str, kind: &str, gestan: &str) -> String {
    format!("{source}:{kind}:{gestan}")
}

impl Gateway {
    /// Refuses where the table is missing, or is one of an earlier version.
    async fn links_installed(&self) -> Result<(), GatewayFault> {
        let catalogue = self.catalogue().await?;
        match has(&catalogue, self.extension.link_table(), "SOURCE") {
            true => Ok(()),
            false => Err(GatewayFault::NotInstalled),
        }
    }

    /// Remembers which rows records are; returns how many it did not know so. Repeating it changes nothing.
    ///
    /// # Errors
    /// When the base does not answer, or the table is not installed.
    pub async fn put_reference_links(
        &self,
        source: &str,
        kind: &str,
        items: &[ReferenceLinkPut],
    ) -> Result<usize, GatewayFault> {
        self.links_installed().await?;
        // Of several for one record the last counts; each keeps its place.
        let mut wanted: Vec<(String, &ReferenceLinkPut)> = Vec::with_capacity(items.len());
        let mut places: HashMap<&str, usize> = HashMap::new();
        for item in items {
            match places.get(item.gestan.as_str()) {
                Some(place) => wanted[*place].1 = item,
                None => {
                    places.insert(&item.gestan, wanted.len());
                    wanted.push((link_key(source, kind, &item.gestan), item));
                }
            }
        }
        let mut transaction = self.base.begin().await?;
        let table = self.extension.link_table();
        let keys = wanted.iter().map(|(key, _)| SqlValue::Text(key.clone())).collect();
        let select =
            Select { lock: true, ..Select::new(table, &[LINK, GESTSUP], vec![Condition::In("CC_LINK", keys)]) };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        let known: HashMap<&str, &str> =
            rows.iter().map(|row| (row.text("CC_LINK"), row.text("CLE_GESTSUP").trim())).collect();
        let (mut added, mut changed) = (Vec::new(), 0);
        for (key, item) in &wanted {
            let gestsup = item.gestsup.map(|id| id.to_string()).unwrap_or_default();
            match known.get(key.as_str()) {
                Some(held) if *held == gestsup => {}
                Some(_) => {
                    let update = Update {
                        table: table.to_owned(),
                        values: self.modified(vec![("CLE_GESTSUP", SqlValue::Text(gestsup))]),
                        filter: vec![Condition::Equals("CC_LINK", SqlValue::Text(key.clone()))],
                    };
                    transaction.update(&update).await?;
                    changed += 1;
                }
                None if gestsup.is_empty() => {}
                None => added.push(self.created(vec![
                    ("CC_LINK", SqlValue::Text(key.clone())),
                    ("SOURCE", SqlValue::Text(source.to_owned())),
                    ("GENRE", SqlValue::Text(kind.to_owned())),
                    ("CLE_GESTAN", SqlValue::Text(item.gestan.clone())),
                    ("CLE_GESTSUP", SqlValue::Text(gestsup)),
                ])),
            }
        }
        let written = added.len() + changed;
        if let [values] = &added[..] {
            let insert = Insert { table: table.to_owned(), values: values.clone(), key: None };
            transaction.insert(&insert).await?;
        } else if let Some(columns) = added.first().map(|row| row.iter().map(|(column, _)| *column).collect()) {
            let rows = added.into_iter().map(|row| row.into_iter().map(|(_, value)| value).collect()).collect();
            transaction.insert_many(InsertMany { table: table.to_owned(), columns, rows, key: None }).await?;
        }
        transaction.commit().await?;
        Ok(written)
    }

    /// Which rows of a GestSup the records of a kind are, page after page.
    ///
    /// # Errors
    /// As [`Gateway::put_reference_links`].
    pub async fn reference_links(
        &self,
        source: &str,
        kind: &str,
        paging: &Paging,
    ) -> Result<Page<ReferenceLink>, GatewayFault> {
        self.links_installed().await?;
        let columns = [Column::int("IDLINK"), Column::text("CLE_GESTAN"), GESTSUP];
        let mut paging = paging.clone();
        loop {
            let filter = vec![
                Condition::Equals("SOURCE", SqlValue::Text(source.to_owned())),
                Condition::Equals("GENRE", SqlValue::Text(kind.to_owned())),
                Condition::Greater("IDLINK", SqlValue::Int(paging.after()?)),
            ];
            let select = Select {
                order: Some(("IDLINK", false)),
                limit: Some(paging.limit()),
                ..Select::new(self.extension.link_table(), &columns, filter)
            };
            let rows = self.base.begin().await?.select(&select).await.map_err(not_installed)?;
            let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == paging.limit();
            let last = rows.last().and_then(|row| row.int("IDLINK"));
            let next = last.filter(|_| full).map(|id| id.to_string());
            let link = |row: &super::base::Row| {
                let gestsup = row.text("CLE_GESTSUP").trim().parse().ok()?;
                Some(ReferenceLink { gestan: row.text("CLE_GESTAN").trim().to_owned(), gestsup })
            };
            let items: Vec<ReferenceLink> = rows.iter().filter_map(link).collect();
            // A page without records would look like the last one.
            if next.is_none() || !items.is_empty() {
                return Ok(Page { items, next });
            }
            paging.cursor = next;
        }
    }
}
