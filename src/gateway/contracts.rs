//! Maintenance contracts, and tasks of projects.

use super::asked::{Asked, page};
use super::base::{Column, Kind, Row, SqlValue};
use super::lists::Paging;
use super::{Gateway, GatewayFault};
use crate::gestan::contract::{Contract, Page, Task};
use chrono::NaiveDate;

const CONTRACTS: Asked = Asked {
    what: "contracts",
    columns: &[
        Column::text("number"),
        Column::text("client"),
        Column::text("machine"),
        Column::text("product"),
        Column { name: "valid_from", kind: Kind::Date },
        Column { name: "valid_until", kind: Kind::Date },
    ],
    needed: &["number", "client"],
};

const TASKS: Asked = Asked {
    what: "tasks",
    columns: &[Column::text("task"), Column::text("project"), Column::text("label"), Column::text("closed")],
    needed: &["task", "project", "label"],
};

fn day(row: &Row, column: &str) -> Option<NaiveDate> {
    match row.get(column) {
        SqlValue::Date(day) => Some(*day),
        _ => None,
    }
}

impl Gateway {
    /// The maintenance contracts that run, a page at a time by their place in the list.
    ///
    /// # Errors
    /// When no query is configured, it fails, or the base does not answer.
    pub async fn contracts(&self, paging: &Paging) -> Result<Page<Contract>, GatewayFault> {
        let rows = CONTRACTS.rows(self, self.contracts.as_ref().map(|settings| &settings.query)).await?;
        let mut contracts = Vec::new();
        for row in &rows {
            let name = row.text("number").trim();
            // One without a number or a client covers nobody.
            let (Some(client), false) = (CONTRACTS.number(row, "client")?, name.is_empty()) else { continue };
            let product = row.text("product").trim();
            contracts.push(Contract {
                number: name.to_owned(),
                client,
                machine: CONTRACTS.number(row, "machine")?,
                product: (!product.is_empty()).then(|| product.to_owned()),
                from: day(row, "valid_from"),
                until: day(row, "valid_until"),
            });
        }
        contracts.sort_by(|one, other| {
            (&one.number, one.client, one.machine).cmp(&(&other.number, other.client, other.machine))
        });
        page(contracts, paging)
    }

    /// Tasks of projects, a page at a time by their place in the list; none where no query is configured.
    ///
    /// # Errors
    /// When the query fails, or the base does not answer.
    pub async fn tasks(&self, paging: &Paging) -> Result<Page<Task>, GatewayFault> {
        let Some(settings) = &self.tasks else { return Ok(Page { items: Vec::new(), next: None }) };
        let mut tasks = Vec::new();
        for row in &TASKS.rows(self, Some(&settings.query)).await? {
            // One of no project cannot be worked for.
            let (Some(id), Some(project)) = (TASKS.number(row, "task")?, TASKS.number(row, "project")?) else {
                continue;
            };
            let closed = !matches!(row.text("closed").trim(), "" | "0");
            tasks.push(Task { id, project, label: row.text("label").trim().to_owned(), closed });
        }
        tasks.sort_by_key(|task| (task.project, task.id));
        page(tasks, paging)
    }
}
