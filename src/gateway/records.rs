//! Lists of interventions and anomalies as they are, whoever made them.

use super::base::{Condition, Row, Select, SqlValue};
use super::columns::Rows;
use super::links::Owner;
use super::lists::Paging;
use super::memo::Memo;
use super::sheet::{Place, Sheet};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::{ObjectRecord, Page};
use crate::model::{ObjectKind, local_to_utc};
use chrono::{DateTime, NaiveDateTime, Utc};

/// Which of them.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Those created after this, Gestan's local time.
    pub since: Option<NaiveDateTime>,
    /// Those changed after this. Gestan's local time has an hour twice a year: whoever asks again and again
    /// begins each time a little before what was seen last.
    pub changed_since: Option<DateTime<Utc>>,
    /// Those that belong to a ticket.
    pub linked: bool,
}

impl Gateway {
    /// Every sheet of a kind, a page at a time by its id.
    ///
    /// # Errors
    /// When the base does not answer, or has no such table.
    pub async fn records(
        &self,
        kind: ObjectKind,
        paging: &Paging,
        which: &Which,
    ) -> Result<Page<ObjectRecord>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let sheet = Sheet::of(kind);
        if sheet.optional && !has(&catalogue, sheet.table, sheet.key) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let mut after = paging.after()?;
        loop {
            let page = self.page_of_records(&catalogue, sheet, after, paging.limit(), which).await?;
            // A page without records would look like the last one.
            match page.next.as_deref().map(str::parse) {
                Some(Ok(next)) if page.items.is_empty() => after = next,
                _ => return Ok(page),
            }
        }
    }

    async fn page_of_records(
        &self,
        catalogue: &Catalogue,
        sheet: &'static Sheet,
        after: i64,
        limit: u32,
        which: &Which,
    ) -> Result<Page<ObjectRecord>, GatewayFault> {
        let mut transaction = self.base.begin().await?;
        let columns = self.columns_of(catalogue, sheet, Place::Main);
        let mut filter = vec![Condition::Greater(sheet.key, SqlValue::Int(after))];
        let changed = which.changed_since.map(|since| self.local(since));
        for (column, since) in [("DHCRE", which.since), ("DHMOD", changed)] {
            if let Some(since) = since.filter(|_| has(catalogue, sheet.table, column)) {
                filter.push(Condition::Greater(column, SqlValue::DateTime(since)));
            }
        }
        let select = Select {
            order: Some((sheet.key, false)),
            limit: Some(limit),
            ..Select::new(sheet.table, &columns, filter)
        };
        let rows = transaction.select(&select).await?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.int(sheet.key)).collect();
        let keys = ids.iter().map(|id| SqlValue::Int(*id)).collect();
        let mut aside = self.beside(catalogue, transaction.as_mut(), sheet, keys).await?;
        let mut owners = self.extension.owners(self, catalogue, transaction.as_mut(), sheet, &ids).await?;
        let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == limit;
        let items = rows.iter().map(|row| {
            let id = row.int(sheet.key).unwrap_or(0);
            self.record(catalogue, sheet, row, aside.remove(&id).as_ref(), owners.remove(&id))
        });
        let items = items.filter(|record| !which.linked || record.ticket.is_some()).collect();
        Ok(Page { items, next: ids.last().filter(|_| full).map(i64::to_string) })
    }

    fn record(
        &self,
        catalogue: &Catalogue,
        sheet: &'static Sheet,
        row: &Row,
        aside: Option<&Row>,
        owner: Option<Owner>,
    ) -> ObjectRecord {
        let utc = |column: &str| row.moment(column).map(|local| local_to_utc(local, self.zone));
        let rows = Rows { main: row, aside, ticket: owner.as_ref().map(|owner| &owner.row) };
        ObjectRecord {
            id: row.int(sheet.key).unwrap_or(0),
            created: utc("DHCRE"),
            modified: utc("DHMOD"),
            fields: self.read_fields(catalogue, sheet, &rows),
            memo: Memo::parse(row.text(sheet.memo)).visible_text(),
            ticket: owner.map(|owner| owner.key),
        }
    }
}
