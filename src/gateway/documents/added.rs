//! Documents that people added in Gestan to what belongs to a ticket, a page at a time by their keys.

use super::folder::Folder;
use super::rows::{DOCUMENT, DocumentRow};
use super::{blocking, has};
use crate::gateway::base::{Column, Condition, Row, Select, SqlValue, Transaction};
use crate::gateway::extension::not_installed;
use crate::gateway::lists::Paging;
use crate::gateway::sheet::Sheet;
use crate::gateway::{Catalogue, Gateway, GatewayFault};
use crate::gestan::contract::{AddedDocument, AddedDocuments, TicketKey};
use crate::model::ObjectKind;
use std::collections::{HashMap, HashSet};

impl Gateway {
    /// The documents behind the one that the cursor names. Without a cursor none: it tells where to begin.
    ///
    /// # Errors
    /// When no documents are stored here, or the base does not answer.
    pub async fn added_documents(&self, source: &str, paging: &Paging) -> Result<AddedDocuments, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let folder = Folder(self.document_settings(&catalogue)?.folder.clone());
        let mut transaction = self.base.begin().await?;
        let newest = newest(transaction.as_mut()).await?;
        if paging.cursor.is_none() {
            return Ok(AddedDocuments { items: Vec::new(), last: newest, newest });
        }
        let after = paging.after()?;
        let mut columns = Self::document_columns(&catalogue);
        columns.extend([Column::text("TRGCIBLE"), Column::text("CDUSER")]);
        columns.retain(|column| has(&catalogue, DOCUMENT, column.name));
        let select = Select {
            order: Some(("IDDOCUMENT", false)),
            limit: Some(paging.limit()),
            ..Select::new(DOCUMENT, &columns, vec![Condition::Greater("IDDOCUMENT", SqlValue::Int(after))])
        };
        let rows = transaction.select(&select).await?;
        let read: Vec<(DocumentRow, &Row)> = rows.iter().map(|row| (self.document_row(row), row)).collect();
        let last = read.last().map_or(after, |(row, _)| row.document);
        let own = self.own_documents(transaction.as_mut(), &read).await?;
        let owners = self.owners_of_documents(&catalogue, transaction.as_mut(), &rows).await?;
        drop(transaction);
        let found = read.into_iter().filter(|(row, _)| !own.contains(&row.document)).filter_map(|(document, row)| {
            let key = owners.get(&self.sheet_of(row.text("TRGCIBLE"))?).filter(|key| key.source == source)?;
            let by = row.text("CDUSER").trim();
            Some((document, key.clone(), (!by.is_empty()).then(|| by.to_owned())))
        });
        let found: Vec<(DocumentRow, TicketKey, Option<String>)> = found.collect();
        let items = blocking(move || {
            let items = found.into_iter().map(|(row, key, by)| AddedDocument {
                document: row.document,
                key,
                size: folder.size(row.contact, &row.file),
                name: row.name,
                file: row.file,
                by,
            });
            Ok(items.collect())
        });
        Ok(AddedDocuments { items: items.await?, last, newest })
    }

    /// Those of these documents that the connector stored.
    async fn own_documents(
        &self,
        transaction: &mut dyn Transaction,
        rows: &[(DocumentRow, &Row)],
    ) -> Result<HashSet<i64>, GatewayFault> {
        let ids = rows.iter().map(|(row, _)| SqlValue::Int(row.document)).collect();
        let filter = vec![Condition::In("IDDOCUMENT", ids)];
        let select = Select::new(self.extension.document_table(), &[Column::int("IDDOCUMENT")], filter);
        let known = transaction.select(&select).await.map_err(not_installed)?;
        Ok(known.iter().filter_map(|row| row.int("IDDOCUMENT")).collect())
    }

    /// The tickets that the sheets of documents belong to.
    async fn owners_of_documents(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        rows: &[Row],
    ) -> Result<HashMap<(ObjectKind, i64), TicketKey>, GatewayFault> {
        let sheets: HashSet<(ObjectKind, i64)> =
            rows.iter().filter_map(|row| self.sheet_of(row.text("TRGCIBLE"))).collect();
        let mut owners = HashMap::new();
        for kind in [ObjectKind::Intervention, ObjectKind::Anomaly] {
            let ids: Vec<i64> = sheets.iter().filter(|(of, _)| *of == kind).map(|(_, id)| *id).collect();
            if ids.is_empty() {
                continue;
            }
            let found = self.extension.owners(self, catalogue, transaction, Sheet::of(kind), &ids).await?;
            owners.extend(found.into_iter().map(|(id, owner)| ((kind, id), owner.key)));
        }
        Ok(owners)
    }

    /// The sheet that a document points at.
    fn sheet_of(&self, target: &str) -> Option<(ObjectKind, i64)> {
        [ObjectKind::Intervention, ObjectKind::Anomaly].into_iter().find_map(|kind| {
            let letters = Some(self.document_letters(kind)).filter(|letters| !letters.is_empty())?;
            Some((kind, target.trim().strip_prefix(letters)?.parse().ok()?))
        })
    }
}

/// The greatest key of a document.
async fn newest(transaction: &mut dyn Transaction) -> Result<i64, GatewayFault> {
    let select = Select {
        order: Some(("IDDOCUMENT", true)),
        limit: Some(1),
        ..Select::new(DOCUMENT, &[Column::int("IDDOCUMENT")], Vec::new())
    };
    let rows = transaction.select(&select).await?;
    Ok(rows.first().and_then(|row| row.int("IDDOCUMENT")).unwrap_or(0))
}
