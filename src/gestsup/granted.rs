//! What the account may do in GestSup's base. Each right is tried with a statement that touches no row: grants through
//! roles and of single columns count as the server counts them.

use super::check::{Finding, Level};
use super::{Gestsup, GestsupError};
use crate::grants::{Need, Right, statements};
use sqlx::{AssertSqlSafe, MySqlConnection};

impl Gestsup {
    /// Whether the account has what a flow needs, as far as `has` says that this GestSup has the columns; `what` the flow
    /// does with it.
    pub(super) async fn granted(
        &self,
        connection: &mut MySqlConnection,
        need: &Need,
        has: impl Fn(&str, &str) -> bool,
        what: &str,
    ) -> Result<Finding, GestsupError> {
        let mut rights = Vec::new();
        for right in need.rights.iter().filter(|right| has(right.table(), "id")) {
            let table = right.table();
            let mut lacking = Right::on(table);
            if right.adds()
                && !self.may(connection, format!("INSERT INTO {table} SELECT * FROM {table} WHERE FALSE")).await?
            {
                lacking = lacking.insert();
            }
            let columns = right.changes().iter().copied().filter(|column| has(table, column));
            let sets: Vec<String> = columns.clone().map(|column| format!("`{column}` = `{column}`")).collect();
            if !sets.is_empty()
                && !self.may(connection, format!("UPDATE {table} SET {} WHERE FALSE", sets.join(", "))).await?
            {
                lacking = lacking.update(columns);
            }
            if lacking != Right::on(table) {
                rights.push(lacking);
            }
        }
        if rights.is_empty() {
            return Ok(Finding::new(Level::Ok, format!("the account may write what {what}")));
        }
        let lacking = Need { rights, ..need.clone() };
        let from = self.account_is_from(connection).await;
        let grants = statements(&lacking, &self.place.database, &self.place.user, &from);
        let grants: Vec<String> = grants.into_iter().map(|statement| statement.sql).collect();
        Ok(Finding::new(
            Level::Error,
            format!(
                "{} is enabled, and the account “{}” lacks rights for it: {}",
                need.of,
                self.place.user,
                grants.join("; ")
            ),
        ))
    }

    /// The host of the account that the server took this connection for: a statement for another grants to nobody.
    async fn account_is_from(&self, connection: &mut MySqlConnection) -> String {
        let sql = "SELECT CAST(SUBSTRING_INDEX(CURRENT_USER(), '@', -1) AS CHAR)";
        let asked = sqlx::query_scalar::<_, String>(sql).fetch_one(connection);
        self.within(asked).await.unwrap_or_else(|_| "…".to_owned())
    }

    async fn may(&self, connection: &mut MySqlConnection, trial: String) -> Result<bool, GestsupError> {
        match self.within(sqlx::raw_sql(AssertSqlSafe(trial)).execute(connection)).await {
            Ok(_) => Ok(true),
            Err(GestsupError::MayNotWrite { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
