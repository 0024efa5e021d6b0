//! People and the groups they are in.

use super::GestsupError;
use super::catalogue::Catalogue;
use super::features::{COMPANIES, GROUP_MEMBERS};
use super::rows::{list, number, role, text};
use super::snapshot::GestsupSnapshot;
use super::text::decode;
use crate::model::{Company, Person};
use sqlx::mysql::MySqlRow;
use std::collections::HashMap;

/// Columns of a person under a prefix.
pub(super) fn person_columns(known: &Catalogue, alias: &str, prefix: &str) -> String {
    let disable = known.column(alias, "tusers", "disable", "0");
    format!(
        "CAST({alias}.id AS SIGNED) AS {prefix}_id, {alias}.login AS {prefix}_login, {alias}.firstname AS {prefix}_first, \
         {alias}.lastname AS {prefix}_last, {alias}.mail AS {prefix}_mail, CAST({alias}.profile AS SIGNED) AS {prefix}_profile, \
         CAST({disable} AS SIGNED) AS {prefix}_disable"
    )
}

pub(super) fn person(row: &MySqlRow, prefix: &str, company: Option<Company>) -> Option<Person> {
    let column = |name: &str| text(row, &format!("{prefix}_{name}"));
    let id = number(row, &format!("{prefix}_id"));
    (id != 0).then(|| Person {
        id,
        login: decode(&column("login")),
        first_name: decode(&column("first")),
        last_name: decode(&column("last")),
        mail: column("mail").trim().to_owned(),
        role: role(number(row, &format!("{prefix}_profile"))),
        company,
        disabled: number(row, &format!("{prefix}_disable")) != 0,
    })
}

impl GestsupSnapshot {
    pub(super) async fn members(&mut self, groups: &[i64]) -> Result<HashMap<i64, Vec<Person>>, GestsupError> {
        let mut members: HashMap<i64, Vec<Person>> = HashMap::new();
        if groups.is_empty() || !self.catalogue.offers(&GROUP_MEMBERS) {
            return Ok(members);
        }
        let sql = format!(
            "SELECT CAST(a.`group` AS SIGNED) AS g, {} FROM tgroups_assoc a JOIN tusers u ON u.id = a.user \
             WHERE a.`group` IN ({}) AND {} = 0 ORDER BY u.id",
            person_columns(&self.catalogue, "u", "u"),
            list(groups),
            self.catalogue.column("u", "tusers", "disable", "0")
        );
        for row in self.fetch(sql).await? {
            if let Some(person) = person(&row, "u", None) {
                members.entry(number(&row, "g")).or_default().push(person);
            }
        }
        Ok(members)
    }

    /// The company of each group whose members all belong to the same one.
    pub(super) async fn group_companies(&mut self, groups: &[i64]) -> Result<HashMap<i64, Company>, GestsupError> {
        if groups.is_empty() || !self.catalogue.offers(&GROUP_MEMBERS) || !self.catalogue.offers(&COMPANIES) {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT CAST(a.`group` AS SIGNED) AS g, CAST(MIN(c.id) AS SIGNED) AS id, MIN(c.name) AS name \
             FROM tgroups_assoc a JOIN tusers u ON u.id = a.user JOIN tcompany c ON c.id = u.company \
             WHERE a.`group` IN ({}) AND c.id <> 0 GROUP BY a.`group` HAVING COUNT(DISTINCT c.id) = 1",
            list(groups)
        );
        let rows = self.fetch(sql).await?;
        let company = |row: &MySqlRow| Company { id: number(row, "id"), name: decode(&text(row, "name")) };
        Ok(rows.iter().map(|row| (number(row, "g"), company(row))).collect())
    }
}
