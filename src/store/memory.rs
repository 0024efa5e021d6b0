//! The memory of the tickets flow: bulk loads, and the outcomes of records committed all or nothing.

use super::{Store, StoreError};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::tickets::{Attention, Commit, Intent, JournalEntry, Link, LinkPhase, Memory, Trouble};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};
use std::collections::{HashMap, HashSet};

/// Numbers in one `IN (…)`.
const CHUNK: usize = 500;

impl Store {
    /// Reads a JSON column.
    pub(super) fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| StoreError::Content { path: self.path.clone(), message: error.to_string() })
    }

    fn to_json<T: Serialize>(&self, value: &T) -> Result<String, StoreError> {
        serde_json::to_string(value)
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

    fn link(&self, row: &SqliteRow) -> Result<Link, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        let number = |column: &str| self.done(row.try_get::<i64, _>(column));
        Ok(Link {
            number: number("number")?,
            sequence: self.done(row.try_get("sequence"))?,
            gestan_id: number("gestan_id")?,
            etag: text("etag")?,
            identity: self.json(&text("identity")?)?,
            phase: self.named(text("phase")?)?,
            minutes_before: number("minutes_before")?,
            minutes: number("minutes")?,
            sent: self.json(&text("sent")?)?,
            held: self.json(&text("held")?)?,
            head_hash: text("head_hash")?,
            entries: self.json(&text("entries")?)?,
            last_known: self.json(&text("last_known")?)?,
        })
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

    async fn load_links(&self, numbers: &[i64]) -> Result<Vec<Link>, StoreError> {
        let mut links = Vec::new();
        for chunk in numbers.chunks(CHUNK) {
            let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM link WHERE number IN (");
            let mut list = sql.separated(", ");
            for number in chunk {
                list.push_bind(*number);
            }
            sql.push(") ORDER BY number, sequence");
            for row in self.done(sql.build().fetch_all(&self.pool).await)? {
                links.push(self.link(&row)?);
            }
        }
        Ok(links)
    }

    async fn store(&self, commits: Vec<Commit>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for commit in commits {
            self.store_one(&mut transaction, commit).await?;
        }
        reached("state: before COMMIT");
        self.done(transaction.commit().await)
    }

    async fn store_one(&self, transaction: &mut Transaction<'_, Sqlite>, commit: Commit) -> Result<(), StoreError> {
        let number = commit.number;
        for link in &commit.links {
            self.store_link(transaction, link).await?;
        }
        let fingerprint = match &commit.fingerprint {
            None => None,
            Some(Some(fingerprint)) => Some(
                sqlx::query("INSERT INTO fingerprint (number, fingerprint) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET fingerprint = excluded.fingerprint")
                    .bind(number)
                    .bind(fingerprint.clone()),
            ),
            Some(None) => Some(sqlx::query("DELETE FROM fingerprint WHERE number = ?").bind(number)),
        };
        if let Some(query) = fingerprint {
            self.done(query.execute(&mut **transaction).await)?;
        }
        match &commit.attention {
            None => {}
            Some(None) => {
                let query = sqlx::query("DELETE FROM attention WHERE number = ?").bind(number);
                self.done(query.execute(&mut **transaction).await)?;
            }
            Some(Some(attention)) => {
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
        }
        for entry in &commit.journal {
            self.store_journal(transaction, entry).await?;
        }
        if commit.clear_intents {
            let query = sqlx::query("DELETE FROM intent WHERE number = ?").bind(number);
            self.done(query.execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    async fn store_link(&self, transaction: &mut Transaction<'_, Sqlite>, link: &Link) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT OR REPLACE INTO link (number, sequence, gestan_id, etag, identity, phase, minutes_before, minutes, sent, held, head_hash, entries, last_known) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(link.number)
        .bind(link.sequence)
        .bind(link.gestan_id)
        .bind(&link.etag)
        .bind(self.to_json(&link.identity)?)
        .bind(self.name(&link.phase)?)
        .bind(link.minutes_before)
        .bind(link.minutes)
        .bind(self.to_json(&link.sent)?)
        .bind(self.to_json(&link.held)?)
        .bind(&link.head_hash)
        .bind(self.to_json(&link.entries)?)
        .bind(self.to_json(&link.last_known)?);
        self.done(query.execute(&mut **transaction).await).map(|_| ())
    }

    async fn store_journal(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        entry: &JournalEntry,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO journal (at, run_id, flow, ticket, gestan_id, action, outcome, message, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.at)
        .bind(&entry.run_id)
        .bind(&entry.flow)
        .bind(entry.ticket)
        .bind(entry.gestan_id)
        .bind(&entry.action)
        .bind(entry.outcome.as_str())
        .bind(&entry.message)
        .bind(entry.detail.to_string());
        self.done(query.execute(&mut **transaction).await).map(|_| ())
    }

    async fn load_fingerprints(&self) -> Result<HashMap<i64, String>, StoreError> {
        let sql = "SELECT number, fingerprint FROM fingerprint";
        let rows: Vec<(i64, String)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().collect())
    }

    async fn load_linked(&self) -> Result<HashMap<i64, LinkPhase>, StoreError> {
        // With the newest sequence last, it wins the map.
        let sql = "SELECT number, phase FROM link ORDER BY number, sequence";
        let rows: Vec<(i64, String)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        rows.into_iter().map(|(number, phase)| Ok((number, self.named(phase)?))).collect()
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
        for intent in intents {
            let begun = intent.begun.map(|begun| self.to_json(&begun)).transpose()?.unwrap_or_default();
            let query = sqlx::query(
                "INSERT OR REPLACE INTO intent (number, sequence, action, run_id, at, begun) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(intent.number)
            .bind(intent.sequence)
            .bind(intent.action)
            .bind(intent.run_id)
            .bind(intent.at)
            .bind(begun);
            self.done(query.execute(&mut *transaction).await)?;
        }
        self.done(transaction.commit().await)
    }
}

#[async_trait]
impl Memory for Store {
    async fn fingerprints(&self) -> Result<HashMap<i64, String>, PortError> {
        Ok(self.load_fingerprints().await?)
    }

    async fn links(&self, numbers: &[i64]) -> Result<Vec<Link>, PortError> {
        Ok(self.load_links(numbers).await?)
    }

    async fn linked_numbers(&self) -> Result<HashMap<i64, LinkPhase>, PortError> {
        Ok(self.load_linked().await?)
    }

    async fn attention(&self) -> Result<HashMap<i64, Attention>, PortError> {
        Ok(self.load_attention().await?.into_iter().map(|attention| (attention.number, attention)).collect())
    }

    async fn told_since(&self, since: DateTime<Utc>) -> Result<HashSet<i64>, PortError> {
        let sql = "SELECT DISTINCT ticket FROM journal WHERE at >= ? AND ticket IS NOT NULL";
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

    async fn value(&self, name: &str) -> Result<Option<String>, PortError> {
        Ok(self.read_value(name).await?)
    }

    async fn set_values(&self, values: Vec<(&str, String)>) -> Result<(), PortError> {
        Ok(self.store_values(values).await?)
    }
}
