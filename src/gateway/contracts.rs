//! Maintenance contracts, by the administrator's own SELECT: Gestan's tables of them are not public.

use super::base::{BaseError, Column, Kind, Row, SqlValue};
use super::lists::Paging;
use super::{Gateway, GatewayFault};
use crate::gestan::contract::{Contract, Page};
use chrono::NaiveDate;

/// What the columns of the query must be called.
const COLUMNS: [Column; 6] = [
    Column::text("number"),
    Column::text("client"),
    Column::text("machine"),
    Column::text("product"),
    Column { name: "valid_from", kind: Kind::Date },
    Column { name: "valid_until", kind: Kind::Date },
];

/// Contracts that are read at most.
const MOST: u32 = 100_000;

fn refused(reason: impl Into<String>) -> GatewayFault {
    GatewayFault::Contracts(reason.into())
}

fn day(row: &Row, column: &str) -> Option<NaiveDate> {
    match row.get(column) {
        SqlValue::Date(day) => Some(*day),
        _ => None,
    }
}

fn number(row: &Row, column: &str) -> Result<Option<i64>, GatewayFault> {
    match row.text(column).trim() {
        "" | "0" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| refused(format!("its column `{column}` holds “{text}”, which is no key"))),
    }
}

impl Gateway {
    /// The maintenance contracts that run, a page at a time by their place in the list.
    ///
    /// # Errors
    /// When no query is configured, it fails, or the base does not answer.
    pub async fn contracts(&self, paging: &Paging) -> Result<Page<Contract>, GatewayFault> {
        let Some(settings) = &self.contracts else {
            return Err(GatewayFault::Unsupported(
                "contracts are not known here: set [gateway.contracts] query beside Gestan".to_owned(),
            ));
        };
        let query = settings.query.trim().trim_end_matches(';').trim_end();
        let rows = self.base.query(query, &COLUMNS, MOST).await.map_err(|error| match error {
            // A query that names what is not there says nothing about the base.
            BaseError::Structure(reason)
            | BaseError::Refused(reason)
            | BaseError::Denied(reason)
            | BaseError::ReadOnly(reason)
            | BaseError::Value(reason) => refused(reason),
            error => error.into(),
        })?;
        if let Some(row) = rows.first() {
            for column in ["number", "client"] {
                if !row.has(column) {
                    return Err(refused(format!("none of its columns is called `{column}` (… AS {column})")));
                }
            }
        }
        let mut contracts = Vec::new();
        for row in &rows {
            let name = row.text("number").trim();
            // One without a number or a client covers nobody.
            let (Some(client), false) = (number(row, "client")?, name.is_empty()) else { continue };
            let product = row.text("product").trim();
            contracts.push(Contract {
                number: name.to_owned(),
                client,
                machine: number(row, "machine")?,
                product: (!product.is_empty()).then(|| product.to_owned()),
                from: day(row, "valid_from"),
                until: day(row, "valid_until"),
            });
        }
        contracts.sort_by(|one, other| {
            (&one.number, one.client, one.machine).cmp(&(&other.number, other.client, other.machine))
        });
        let after = usize::try_from(paging.after()?).unwrap_or(0);
        let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
        let next = after.saturating_add(limit);
        let more = next < contracts.len();
        let items = contracts.into_iter().skip(after).take(limit).collect();
        Ok(Page { items, next: more.then(|| next.to_string()) })
    }
}
