//! Lists that an administrator's own SELECT finds, since Gestan's tables of them are not public.

use super::base::{BaseError, Column, Row};
use super::lists::Paging;
use super::{Gateway, GatewayFault};
use crate::gestan::contract::Page;

/// Rows that are read at most.
const MOST: u32 = 100_000;

/// Such a list.
pub(super) struct Asked {
    /// What it lists, which is its table in `[gateway]` too.
    pub what: &'static str,
    /// What the columns of the query must be called.
    pub columns: &'static [Column],
    /// Those that it must have.
    pub needed: &'static [&'static str],
}

impl Asked {
    pub(super) fn refused(&self, reason: impl Into<String>) -> GatewayFault {
        GatewayFault::Query { what: self.what, reason: reason.into() }
    }

    /// A key in a column; `None` where there is none.
    pub(super) fn number(&self, row: &Row, column: &str) -> Result<Option<i64>, GatewayFault> {
        match row.text(column).trim() {
            "" | "0" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| self.refused(format!("its column `{column}` holds “{text}”, which is no key"))),
        }
    }

    /// Everything that the query finds.
    pub(super) async fn rows(&self, gateway: &Gateway, query: Option<&String>) -> Result<Vec<Row>, GatewayFault> {
        let Some(query) = query else {
            return Err(GatewayFault::Unsupported(format!(
                "{0} are not known here: set [gateway.{0}] query beside Gestan",
                self.what
            )));
        };
        let query = query.trim().trim_end_matches(';').trim_end();
        let rows = gateway.base.query(query, self.columns, MOST).await.map_err(|error| match error {
            // A query that names what is not there says nothing about the base.
            BaseError::Structure(reason)
            | BaseError::Refused(reason)
            | BaseError::Denied(reason)
            | BaseError::ReadOnly(reason)
            | BaseError::Value(reason) => self.refused(reason),
            error => error.into(),
        })?;
        if let Some(row) = rows.first() {
            for column in self.needed {
                if !row.has(column) {
                    return Err(self.refused(format!("none of its columns is called `{column}` (… AS {column})")));
                }
            }
        }
        Ok(rows)
    }
}

/// A page of a list that is made as a whole, by the place of its records in it.
pub(super) fn page<T>(items: Vec<T>, paging: &Paging) -> Result<Page<T>, GatewayFault> {
    let after = usize::try_from(paging.after()?).unwrap_or(0);
    let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
    let next = after.saturating_add(limit);
    let more = next < items.len();
    let items = items.into_iter().skip(after).take(limit).collect();
    Ok(Page { items, next: more.then(|| next.to_string()) })
}
