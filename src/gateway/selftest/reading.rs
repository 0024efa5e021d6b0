//! What is tried without writing: the structure, each list, the newest interventions, texts, two at once.

use super::{Told, Tried, said};
use crate::gateway::base::{Column, Kind, Select};
use crate::gateway::lists::Paging;
use crate::gateway::sheet::{Place, Sheet};
use crate::gateway::{Gateway, GatewayFault};
use crate::gestan::contract::Page;
use crate::model::ObjectKind;

/// Rows that are looked at.
const ROWS: u32 = 200;

impl Gateway {
    pub(super) async fn try_reading(&self, tried: &mut Tried) {
        tried.told("tables and columns", self.structure()).await;
        let page = Paging { limit: Some(ROWS), ..Paging::default() };
        tried.told("clients", listed(self.clients(&page))).await;
        tried.told("contacts", listed(self.contacts(&page))).await;
        tried.told("machines", listed(self.machines(&page))).await;
        tried.told("users", listed(self.users(&page))).await;
        tried.told("products", listed(self.products(&page))).await;
        tried.told("projects", listed(self.projects(&page))).await;
        tried.told("absences", listed(self.absences(&page))).await;
        if self.contracts.is_some() {
            tried.told("the query of contracts", listed(self.contracts(&page))).await;
        }
        if self.tasks.is_some() {
            tried.told("the query of tasks", listed(self.tasks(&page))).await;
        }
        tried.told("interventions, the newest", self.newest(ObjectKind::Intervention)).await;
        tried.told("anomalies, the newest", self.newest(ObjectKind::Anomaly)).await;
        tried.told("accents", self.accents()).await;
        tried.told("two at once", self.two_at_once()).await;
    }

    async fn structure(&self) -> Told {
        let capabilities = self.capabilities().await.map_err(said)?;
        if !capabilities.blocking.is_empty() {
            return Err(format!(
                "these are missing, and nothing works without them: {}",
                capabilities.blocking.join(", ")
            ));
        }
        let links = match capabilities.extension_installed {
            true => "the connector's own tables are there",
            false => "the connector's own tables are not there yet (gateway install)",
        };
        Ok(match capabilities.missing.as_slice() {
            [] => format!("all are there; {links}"),
            missing => format!("{links}; without these, what they are for is left out: {}", missing.join(", ")),
        })
    }

    /// The newest rows of a sheet, with every column that is used of it.
    async fn newest(&self, kind: ObjectKind) -> Told {
        let sheet = Sheet::of(kind);
        let catalogue = self.catalogue().await.map_err(said)?;
        if self.refuse_unsupported(&catalogue, sheet).is_err() {
            return Ok("this base has none".to_owned());
        }
        let columns = self.columns_of(&catalogue, sheet, Place::Main);
        let select = Select {
            order: Some((sheet.key, true)),
            limit: Some(ROWS),
            ..Select::new(sheet.table, &columns, Vec::new())
        };
        let mut transaction = self.base.begin().await.map_err(said)?;
        let rows = transaction.select(&select).await.map_err(said)?;
        let rtf = rows.iter().filter(|row| row.text(sheet.memo).trim_start().starts_with("{\\rtf")).count();
        let is_empty = |column: &&Column| rows.iter().all(|row| row.text(column.name).is_empty());
        let dates = columns.iter().filter(|column| matches!(column.kind, Kind::Date | Kind::DateTime));
        let filled = dates.filter(|column| {
            rows.iter().any(|row| row.date(column.name).is_some() || row.moment(column.name).is_some())
        });
        let filled: Vec<&str> = filled.map(|column| column.name).collect();
        let texts =
            columns.iter().filter(|column| column.kind == Kind::Text).filter(|column| !is_empty(column)).count();
        Ok(format!(
            "{} rows, {rtf} memos in rich text, {texts} columns with text, dates in: {}",
            rows.len(),
            if filled.is_empty() { "none".to_owned() } else { filled.join(", ") }
        ))
    }

    /// A title with letters beyond ASCII, as it is read, for a person to compare.
    async fn accents(&self) -> Told {
        let sheet = Sheet::of(ObjectKind::Intervention);
        let title = Column::text("LIB50");
        let select = Select {
            order: Some((sheet.key, true)),
            limit: Some(2_000),
            ..Select::new(sheet.table, &[Column::int(sheet.key), title], Vec::new())
        };
        let mut transaction = self.base.begin().await.map_err(said)?;
        let rows = transaction.select(&select).await.map_err(said)?;
        let Some(row) = rows.iter().find(|row| !row.text(title.name).is_ascii()) else {
            return Ok("no title has any: compare by eye in `gateway probe`".to_owned());
        };
        let (id, text) = (row.int(sheet.key).unwrap_or_default(), row.text(title.name));
        if text.contains(['\u{fffd}', 'Ã', 'Â']) {
            return Err(format!("the title of intervention {id} reads “{text}”: its letters are broken on the way"));
        }
        Ok(format!("the title of intervention {id} reads “{text}”: compare it with Gestan's window"))
    }

    async fn two_at_once(&self) -> Told {
        let select = Select { limit: Some(1), ..Select::new("USER", &[Column::text("CDUSER")], Vec::new()) };
        let read = async || {
            let mut transaction = self.base.begin().await?;
            transaction.select(&select).await
        };
        let (one, other) = tokio::join!(read(), read());
        one.and(other).map_err(said)?;
        Ok("two connections read at the same time".to_owned())
    }
}

async fn listed<T>(list: impl Future<Output = Result<Page<T>, GatewayFault>>) -> Told {
    let page = list.await.map_err(said)?;
    let more = if page.next.is_some() { " and more" } else { "" };
    Ok(format!("{}{more}", page.items.len()))
}
