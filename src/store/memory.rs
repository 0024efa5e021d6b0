//! The memory of the tickets flow: bulk loads, and the outcomes of records committed all or nothing.

use super::{Store, StoreError};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::reference::KnownLinks;
use crate::flows::tickets::{Attention, CENSUS, Commit, Intent, JournalEntry, Link, LinkPhase, Memory, Trouble};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};
use std::collections::{HashMap, HashSet};

/// Numbers in one `IN (…)`.
const CHUNK: usize = 500;
/// Numbers of one look-up that is written out.
pub(super) const LOOKED_UP: usize = 5_000;
/// Rows of one INSERT.
pub(super) const ROWS: usize = 100;

pub(super) type Writing<'t> = Transaction<'t, Sqlite>;

#[cfg(test)]
impl Store {
    /// Fingerprint of every ticket that was brought in step, by number.
    pub(super) async fn fingerprints(&self) -> Result<HashMap<i64, String>, StoreError> {
        let rows: Vec<(i64, String)> =
            self.done(sqlx::query_as("SELECT number, fingerprint FROM fingerprint").fetch_all(&self.pool).await)?;
        let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(self.load_fingerprints(&numbers).await?, rows.iter().cloned().collect());
        Ok(rows.into_iter().collect())
    }
}

impl Store {
    /// Reads a JSON column.
    pub(super) fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| StoreError::Content { path: self.path.clone(), message: error.to_string() })
    }

    /// An enum as its name.
    pub(super) fn name<T: Serialize>(&self, value: &T) -> Result<String, StoreError> {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => Ok(name),
            other => Err(StoreError::Content { path: self.path.clone(), message: format!("{other:?}") }),
        }
    }

    /// An enum from its name.
    pub(super) fn named<T: DeserializeOwned>(&self, name: String) -> Result<T, StoreError> {
        serde_json::from_value(serde_json::Value::String(name))
            .map_err(|error| StoreError::Content { path: self.path.clone(), message: error.to_string() })
    }

    pub(super) fn attention_row(&self, row: &SqliteRow) -> Result<Attention, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        Ok(Attention {
            number: self.done(row.try_get("number"))?,
            trouble: self.named::<Trouble>(text("trouble")?)?,
            code: text("code")?,
            reason: text("reason")?,
            attempts: self.done(row.try_get("attempts"))?,
            next_at: self.done(row.try_get("next_at"))?,
            since: self.done(row.try_get("since"))?,
        })
    }

    async fn store(&self, commits: Vec<Commit>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for commits in distinct(&commits, |commit| commit.number) {
            self.store_links(&mut transaction, commits).await?;
            self.store_fingerprints(&mut transaction, commits).await?;
            self.store_attention(&mut transaction, commits).await?;
            self.store_journal(&mut transaction, commits).await?;
            let done = commits.iter().filter(|commit| commit.clear_intents).map(|commit| commit.number);
            self.delete(&mut transaction, "intent", done.collect()).await?;
        }
        if commits.iter().any(|commit| !commit.links.is_empty()) {
            let query = sqlx::query("DELETE FROM value WHERE name = ?").bind(CENSUS);
            self.done(query.execute(&mut *transaction).await)?;
        }
        reached("state: before COMMIT");
        self.done(transaction.commit().await)
    }

    async fn store_fingerprints(&self, transaction: &mut Writing<'_>, commits: &[Commit]) -> Result<(), StoreError> {
        let forgotten = commits.iter().filter(|commit| commit.fingerprint == Some(None)).map(|commit| commit.number);
        self.delete(transaction, "fingerprint", forgotten.collect()).await?;
        let seen: Vec<(&Commit, &String)> =
            commits.iter().filter_map(|commit| Some((commit, commit.fingerprint.as_ref()?.as_ref()?))).collect();
        for seen in seen.chunks(CHUNK) {
            let mut sql =
                QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO fingerprint (number, fingerprint, closed_at) ");
            sql.push_values(seen, |mut row, (commit, fingerprint)| {
                row.push_bind(commit.number).push_bind(*fingerprint).push_bind(commit.closed_at);
            });
            self.done(sql.build().execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    async fn store_attention(&self, transaction: &mut Writing<'_>, commits: &[Commit]) -> Result<(), StoreError> {
        let well = commits.iter().filter(|commit| commit.attention == Some(None)).map(|commit| commit.number);
        self.delete(transaction, "attention", well.collect()).await?;
        for (number, attention) in
            commits.iter().filter_map(|commit| Some((commit.number, commit.attention.as_ref()?.as_ref()?)))
        {
            let query = sqlx::query(
                "INSERT OR REPLACE INTO attention (number, trouble, code, reason, attempts, next_at, since) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(number)
            .bind(self.name(&attention.trouble)?)
            .bind(&attention.code)
            .bind(&attention.reason)
            .bind(attention.attempts)
            .bind(attention.next_at)
            .bind(attention.since);
            self.done(query.execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    pub(super) async fn store_journal(
        &self,
        transaction: &mut Writing<'_>,
        commits: &[Commit],
    ) -> Result<(), StoreError> {
        let entries: Vec<&JournalEntry> = commits.iter().flat_map(|commit| &commit.journal).collect();
        for entries in entries.chunks(ROWS) {
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT INTO journal (at, run_id, flow, ticket, gestan_id, action, outcome, message, detail) ",
            );
            sql.push_values(entries, |mut row, entry| {
                row.push_bind(entry.at).push_bind(&entry.run_id).push_bind(&entry.flow).push_bind(entry.ticket);
                row.push_bind(entry.gestan_id).push_bind(&entry.action).push_bind(entry.outcome.as_str());
                row.push_bind(&entry.message).push_bind(entry.detail.to_string());
            });
            self.done(sql.build().execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    /// Deletes the rows of these tickets from a table of ours.
    pub(super) async fn delete(
        &self,
        transaction: &mut Writing<'_>,
        table: &'static str,
        numbers: Vec<i64>,
    ) -> Result<(), StoreError> {
        for numbers in numbers.chunks(CHUNK) {
            let mut sql = QueryBuilder::<Sqlite>::new("DELETE FROM ");
            sql.push(table).push(" WHERE number IN (");
            let mut list = sql.separated(", ");
            for number in numbers {
                list.push_bind(*number);
            }
            sql.push(")");
            self.done(sql.build().execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    /// A value as JSON.
    pub(super) fn text<T: Serialize>(&self, value: &T) -> Result<String, StoreError> {
        serde_json::to_string(value)
            .map_err(|error| StoreError::Content { path: self.path.clone(), message: error.to_string() })
    }

    async fn load_fingerprints(&self, numbers: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
        let mut fingerprints = HashMap::with_capacity(numbers.len());
        for chunk in numbers.chunks(LOOKED_UP) {
            // One row for all: a row costs more than what is in it.
            let mut sql = QueryBuilder::<Sqlite>::new(
                "SELECT group_concat(number || ' ' || fingerprint, char(10)) FROM fingerprint WHERE number IN (",
            );
            let mut list = sql.separated(",");
            for number in chunk {
                list.push(*number);
            }
            sql.push(")");
            let rows: Option<String> =
                self.done(sql.build_query_scalar().persistent(false).fetch_one(&self.pool).await)?;
            let rows = rows.unwrap_or_default();
            fingerprints.extend(rows.lines().filter_map(|row| {
                let (number, fingerprint) = row.split_once(' ')?;
                Some((number.parse().ok()?, fingerprint.to_owned()))
            }));
        }
        Ok(fingerprints)
    }

    pub(super) async fn load_attention(&self) -> Result<Vec<Attention>, StoreError> {
        let rows = self.done(sqlx::query("SELECT * FROM attention ORDER BY number").fetch_all(&self.pool).await)?;
        rows.iter().map(|row| self.attention_row(row)).collect()
    }

    pub(super) async fn read_value(&self, name: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar("SELECT value FROM value WHERE name = ?").bind(name);
        self.done(query.fetch_optional(&self.pool).await)
    }

    async fn store_values(&self, values: Vec<(&str, String)>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (name, value) in values {
            let query = sqlx::query("INSERT OR REPLACE INTO value (name, value) VALUES (?, ?)").bind(name).bind(value);
            self.done(query.execute(&mut *transaction).await)?;
        }
        self.done(transaction.commit().await)
    }

    async fn load_intents(&self) -> Result<Vec<Intent>, StoreError> {
        let sql = "SELECT * FROM intent ORDER BY number, sequence";
        let rows = self.done(sqlx::query(sql).fetch_all(&self.pool).await)?;
        let intent = |row: &SqliteRow| {
            let text = |column: &str| self.done(row.try_get::<String, _>(column));
            let begun = text("begun")?;
            Ok(Intent {
                number: self.done(row.try_get("number"))?,
                sequence: self.done(row.try_get("sequence"))?,
                action: text("action")?,
                run_id: text("run_id")?,
                at: self.done(row.try_get("at"))?,
                begun: if begun.is_empty() { None } else { Some(self.json(&begun)?) },
            })
        };
        rows.iter().map(intent).collect()
    }

    async fn store_intents(&self, intents: Vec<Intent>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for intents in intents.chunks(ROWS) {
            let begun: Vec<String> = intents
                .iter()
                .map(|intent| {
                    intent.begun.as_ref().map(|begun| self.text(begun)).transpose().map(Option::unwrap_or_default)
                })
                .collect::<Result<_, _>>()?;
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO intent (number, sequence, action, run_id, at, begun) ",
            );
            sql.push_values(intents.iter().zip(begun), |mut row, (intent, begun)| {
                row.push_bind(intent.number).push_bind(intent.sequence).push_bind(&intent.action);
                row.push_bind(&intent.run_id).push_bind(intent.at).push_bind(begun);
            });
            self.done(sql.build().execute(&mut *transaction).await)?;
        }
        self.done(transaction.commit().await)
    }
}

/// Parts in which no number stands twice: of two outcomes of one ticket, the later one must stay.
fn distinct<T>(items: &[T], number: impl Fn(&T) -> i64) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let (mut from, mut seen) = (0, HashSet::new());
    for (index, item) in items.iter().enumerate() {
        if !seen.insert(number(item)) {
            parts.push(&items[from..index]);
            (from, seen) = (index, HashSet::from([number(item)]));
        }
    }
    parts.push(&items[from..]);
    parts
}

#[async_trait]
impl Memory for Store {
    async fn fingerprints_of(&self, numbers: &[i64]) -> Result<HashMap<i64, String>, PortError> {
        Ok(self.load_fingerprints(numbers).await?)
    }

    async fn links(&self, numbers: &[i64]) -> Result<Vec<Link>, PortError> {
        Ok(self.load_links(numbers).await?)
    }

    async fn linked_numbers(&self) -> Result<HashMap<i64, LinkPhase>, PortError> {
        Ok(self.load_linked().await?)
    }

    async fn phases_of(&self, numbers: &[i64]) -> Result<HashMap<i64, LinkPhase>, PortError> {
        Ok(self.load_phases(numbers).await?)
    }

    async fn live_numbers(&self) -> Result<Vec<i64>, PortError> {
        Ok(self.load_live().await?)
    }

    async fn attention(&self) -> Result<HashMap<i64, Attention>, PortError> {
        Ok(self.load_attention().await?.into_iter().map(|attention| (attention.number, attention)).collect())
    }

    async fn told_since(&self, since: DateTime<Utc>) -> Result<HashSet<i64>, PortError> {
        let sql = "SELECT ticket FROM journal WHERE at >= ?1 AND action <> 'create' AND ticket IS NOT NULL \
                   UNION SELECT number FROM fingerprint WHERE closed_at IS NOT NULL AND closed_at >= ?1";
        let rows: Vec<i64> = self.done(sqlx::query_scalar(sql).bind(since).fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().collect())
    }

    async fn intend(&self, intents: Vec<Intent>) -> Result<(), PortError> {
        Ok(self.store_intents(intents).await?)
    }

    async fn intents(&self) -> Result<Vec<Intent>, PortError> {
        Ok(self.load_intents().await?)
    }

    async fn unconfirmed(&self) -> Result<HashSet<i64>, PortError> {
        let rows: Vec<i64> =
            self.done(sqlx::query_scalar("SELECT DISTINCT number FROM intent").fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().collect())
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<(), PortError> {
        Ok(self.store(commits).await?)
    }

    async fn own_steps(&self, numbers: &[i64]) -> Result<HashMap<i64, HashSet<i64>>, PortError> {
        Ok(self.load_own_steps(numbers).await?)
    }

    async fn reference(&self) -> Result<KnownLinks, PortError> {
        Ok(self.load_known_links().await?)
    }

    async fn value(&self, name: &str) -> Result<Option<String>, PortError> {
        Ok(self.read_value(name).await?)
    }

    async fn set_values(&self, values: Vec<(&str, String)>) -> Result<(), PortError> {
        Ok(self.store_values(values).await?)
    }
}
