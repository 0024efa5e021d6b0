//! What the account may do in GestSup's base. Each right is tried with a statement that touches no row: grants through
//! roles and of single columns count as the server counts them.

use super::check::{Finding, Level};
use super::{Gestsup, GestsupError};
use sqlx::{AssertSqlSafe, MySqlConnection};

/// A right: what is done to which table, and to which columns of it (none: all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Right {
    pub verb: &'static str,
    pub columns: Vec<&'static str>,
    pub table: &'static str,
}

impl Right {
    /// To add rows.
    pub(super) fn insert(table: &'static str) -> Self {
        Self { verb: "INSERT", columns: Vec::new(), table }
    }

    /// To change columns.
    pub(super) fn update(table: &'static str, columns: Vec<&'static str>) -> Self {
        Self { verb: "UPDATE", columns, table }
    }

    fn trial(&self) -> String {
        let table = self.table;
        if self.verb == "INSERT" {
            return format!("INSERT INTO {table} SELECT * FROM {table} WHERE FALSE");
        }
        let sets: Vec<String> = self.columns.iter().map(|column| format!("`{column}` = `{column}`")).collect();
        format!("UPDATE {table} SET {} WHERE FALSE", sets.join(", "))
    }

    fn grant(&self, base: &str) -> String {
        let columns = match self.columns.is_empty() {
            true => String::new(),
            false => format!(" (`{}`)", self.columns.join("`, `")),
        };
        format!("GRANT {}{columns} ON `{base}`.{} TO …", self.verb, self.table)
    }
}

impl Gestsup {
    /// Whether the account has these rights, in one sentence; `flow` names the table that switches on what needs them, and
    /// `what` what they are for.
    pub(super) async fn granted(
        &self,
        connection: &mut MySqlConnection,
        rights: &[Right],
        flow: &str,
        what: &str,
    ) -> Result<Finding, GestsupError> {
        let mut missing = Vec::new();
        for right in rights {
            let trial = sqlx::raw_sql(AssertSqlSafe(right.trial())).execute(&mut *connection);
            match self.within(trial).await {
                Ok(_) => {}
                Err(GestsupError::MayNotWrite { .. }) => missing.push(right.grant(&self.place.database)),
                Err(error) => return Err(error),
            }
        }
        Ok(match missing.is_empty() {
            true => Finding::new(Level::Ok, format!("the account may write what {what}")),
            false => Finding::new(
                Level::Error,
                format!(
                    "[{flow}] is enabled, and the account “{}” lacks rights for it: {}",
                    self.place.user,
                    missing.join("; ")
                ),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_tried_without_a_row_and_granted_by_column() {
        let right = Right::update("tusers", vec!["function", "zip"]);
        assert_eq!(right.trial(), "UPDATE tusers SET `function` = `function`, `zip` = `zip` WHERE FALSE");
        assert_eq!(right.grant("gs"), "GRANT UPDATE (`function`, `zip`) ON `gs`.tusers TO …");
        assert_eq!(Right::insert("tusers").grant("gs"), "GRANT INSERT ON `gs`.tusers TO …");
    }
}
