//! Gestan's reference data, a page at a time by key. Only the columns that are needed are read; those
//! that hold passwords never.

use super::base::{Column, Condition, Row, Select, SqlValue};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::{Machine, Page, Product, Project, TicketKey, User};
use chrono::{DateTime, NaiveDate, Utc};

/// Records of a page when the caller does not say.
pub(super) const PAGE: u32 = 500;
/// Records of a page at most.
pub(super) const LARGEST_PAGE: u32 = 2_000;

/// Where a page begins, and how long it is.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// The last key of the page before.
    pub cursor: Option<String>,
    /// So many records at most.
    pub limit: Option<u32>,
    /// Only records that were changed after this (`DHMOD`), where the table tells. Gestan's local time has an hour
    /// twice a year: begin a little before what was seen last.
    pub changed_since: Option<DateTime<Utc>>,
    /// Only what ends after this day.
    pub ends_after: Option<NaiveDate>,
}

impl Paging {
    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
    }

    /// The cursor of a list whose key is a number; 0 on the first page.
    pub(super) fn after(&self) -> Result<i64, GatewayFault> {
        self.cursor.as_deref().map_or(Ok(0), str::parse).map_err(|_| {
            GatewayFault::Invalid("this is no cursor of the list: pass `next` of the page before".to_owned())
        })
    }
}

/// A record of a list: its table, its columns, its key, and what it is read as.
pub(super) trait Record: Sized {
    const TABLE: &'static str;
    const KEY: Column;
    const COLUMNS: &'static [Column];
    /// The column of its last day, where it has one.
    const ENDS: Option<&'static str> = None;
    fn read(row: &Row) -> Self;
}

/// A record's key, and what this version of Gestan has of its other columns.
pub(super) fn columns_of<R: Record>(catalogue: &Catalogue) -> Vec<Column> {
    let known = R::COLUMNS.iter().filter(|column| has(catalogue, R::TABLE, column.name)).copied();
    [R::KEY].into_iter().chain(known).collect()
}

pub(super) fn not_empty<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        let text = text.trim();
        if !text.is_empty() && !kept.iter().any(|known| known == text) {
            kept.push(text.to_owned());
        }
    }
    kept
}

pub(super) fn trimmed(row: &Row, column: &str) -> String {
    row.text(column).trim().to_owned()
}

pub(super) fn flag(row: &Row, column: &str) -> bool {
    row.int(column).is_some_and(|flag| flag != 0)
}

pub(super) fn key(number: Option<i64>) -> Option<i64> {
    number.filter(|number| *number != 0)
}

impl Record for Machine {
    const TABLE: &'static str = "MACHINE_MNT";
    const KEY: Column = Column::int("IDMACHINE");
    const COLUMNS: &'static [Column] = &[
        Column::text("CD_MACHINE"),
        Column::text("LIB_MACHINE"),
        Column::text("NUM_SERIE"),
        Column::int("IDCONTACT"),
        Column::int("IARCHIVE"),
        Column::text("MARQUE"),
        Column::text("MODELE"),
        Column::text("TYPE_MACHINE"),
        Column::date("DT_MISEENFONCTION"),
        Column::date("DT_EXP_GARANTIE"),
    ];

    fn read(row: &Row) -> Self {
        Self {
            id: row.int("IDMACHINE").unwrap_or(0),
            code: row.text("CD_MACHINE").to_owned(),
            label: row.text("LIB_MACHINE").to_owned(),
            serial: row.text("NUM_SERIE").to_owned(),
            client: key(row.int("IDCONTACT")),
            archived: flag(row, "IARCHIVE"),
            brand: trimmed(row, "MARQUE"),
            model: trimmed(row, "MODELE"),
            kind: trimmed(row, "TYPE_MACHINE"),
            installed: row.date("DT_MISEENFONCTION"),
            warranty_until: row.date("DT_EXP_GARANTIE"),
        }
    }
}

impl Record for User {
    const TABLE: &'static str = "USER";
    const KEY: Column = Column::text("CDUSER");
    const COLUMNS: &'static [Column] = &[
        Column::text("NOMFAMILLE"),
        Column::text("PRENOM"),
        Column::text("EMAIL"),
        Column::text("EMAILP"),
        Column::int("IARCHIVE"),
        Column::text("TELBUR"),
        Column::text("GSMBUR"),
        Column::text("FONCTION_PRO"),
    ];

    fn read(row: &Row) -> Self {
        Self {
            code: row.text("CDUSER").to_owned(),
            name: format!("{} {}", row.text("PRENOM"), row.text("NOMFAMILLE")).trim().to_owned(),
            mails: not_empty([row.text("EMAIL"), row.text("EMAILP")]),
            archived: flag(row, "IARCHIVE"),
            first_name: trimmed(row, "PRENOM"),
            last_name: trimmed(row, "NOMFAMILLE"),
            phone: trimmed(row, "TELBUR"),
            mobile: trimmed(row, "GSMBUR"),
            function: trimmed(row, "FONCTION_PRO"),
        }
    }
}

impl Record for Project {
    const TABLE: &'static str = "PROJET";
    const KEY: Column = Column::int("IDPROJET");
    const COLUMNS: &'static [Column] = &[Column::text("NOMPROJET"), Column::int("IDCONTACT")];

    fn read(row: &Row) -> Self {
        Self {
            id: row.int("IDPROJET").unwrap_or(0),
            name: row.text("NOMPROJET").to_owned(),
            client: key(row.int("IDCONTACT")),
        }
    }
}

impl Record for Product {
    const TABLE: &'static str = "PRODUIT";
    const KEY: Column = Column::text("CD_PRODUIT");
    const COLUMNS: &'static [Column] = &[Column::text("LIB_PRODUIT"), Column::int("IHORSCATALOGUE")];

    fn read(row: &Row) -> Self {
        Self {
            code: row.text("CD_PRODUIT").to_owned(),
            label: row.text("LIB_PRODUIT").to_owned(),
            out_of_catalogue: flag(row, "IHORSCATALOGUE"),
        }
    }
}

impl Gateway {
    async fn page<R: Record>(&self, paging: &Paging) -> Result<Page<R>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let (rows, next) = self.rows_of::<R>(&catalogue, paging).await?;
        Ok(Page { items: rows.iter().map(R::read).collect(), next })
    }

    /// Rows of a page, and the cursor of the next one.
    pub(super) async fn rows_of<R: Record>(
        &self,
        catalogue: &Catalogue,
        paging: &Paging,
    ) -> Result<(Vec<Row>, Option<String>), GatewayFault> {
        if !has(catalogue, R::TABLE, R::KEY.name) {
            return Ok((Vec::new(), None));
        }
        let columns = columns_of::<R>(catalogue);
        let after = match (&paging.cursor, R::KEY.kind) {
            (None, _) => None,
            (Some(cursor), super::base::Kind::Int) => Some(SqlValue::Int(cursor.parse().map_err(|_| {
                GatewayFault::Invalid(format!("“{cursor}” is no cursor of this list: pass `next` of the page before"))
            })?)),
            (Some(cursor), _) => Some(SqlValue::Text(cursor.clone())),
        };
        let mut filter: Vec<Condition> =
            after.map(|after| Condition::Greater(R::KEY.name, after)).into_iter().collect();
        if let Some(since) = paging.changed_since.filter(|_| has(catalogue, R::TABLE, "DHMOD")) {
            filter.push(Condition::Greater("DHMOD", SqlValue::DateTime(self.local(since))));
        }
        if let (Some(day), Some(column)) = (paging.ends_after, R::ENDS) {
            filter.push(Condition::Greater(column, SqlValue::Date(day)));
        }
        let select = Select {
            order: Some((R::KEY.name, false)),
            limit: Some(paging.limit()),
            ..Select::new(R::TABLE, &columns, filter)
        };
        let rows = self.base.begin().await?.select(&select).await?;
        let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == paging.limit();
        let next = rows.last().filter(|_| full).map(|row| match row.get(R::KEY.name) {
            SqlValue::Text(key) => key.clone(),
            _ => row.int(R::KEY.name).unwrap_or(0).to_string(),
        });
        Ok((rows, next))
    }

    /// Machines of the maintenance park.
    ///
    /// # Errors
    /// When the base does not answer, as for the lists below.
    pub async fn machines(&self, paging: &Paging) -> Result<Page<Machine>, GatewayFault> {
        self.page(paging).await
    }

    /// Gestan's users.
    pub async fn users(&self, paging: &Paging) -> Result<Page<User>, GatewayFault> {
        self.page(paging).await
    }

    /// Projects.
    pub async fn projects(&self, paging: &Paging) -> Result<Page<Project>, GatewayFault> {
        self.page(paging).await
    }

    /// Products.
    pub async fn products(&self, paging: &Paging) -> Result<Page<Product>, GatewayFault> {
        self.page(paging).await
    }

    /// Keys of the tickets of a source that have an intervention or an anomaly, oldest link first.
    pub async fn tickets(&self, source: &str, paging: &Paging) -> Result<Page<TicketKey>, GatewayFault> {
        let after = paging.after()?;
        let mut transaction = self.base.begin().await?;
        let rows = self.extension.list(transaction.as_mut(), source, after, paging.limit()).await?;
        let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == paging.limit();
        let next = rows.last().filter(|_| full).map(|(id, _)| id.to_string());
        Ok(Page { items: rows.into_iter().map(|(_, key)| key).collect(), next })
    }
}
