//! The memory of the follow-up flow.

use super::memory::Writing;
use super::{Store, StoreError};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::follow_up::{
    AwaitedDocument, DocumentTrouble, FollowCommit, FollowIntent, FollowMemory, Following, Paragraph, Started,
};
use crate::flows::tickets::{Attention, Commit};
use crate::gestan::contract::AddedDocument;
use crate::model::sha256_hex;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::{HashMap, HashSet};

/// Numbers in one `IN (…)`.
const CHUNK: usize = 500;

/// A statement that ends with the numbers it is about.
fn about(sql: &'static str, numbers: &[i64]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(sql);
    query.push(" (");
    let mut list = query.separated(", ");
    for number in numbers {
        list.push_bind(*number);
    }
    query.push(")");
    query
}

impl Store {
    fn following(&self, row: &SqliteRow) -> Result<Following, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        let attention = self.done(row.try_get::<Option<String>, _>("attention"))?;
        Ok(Following {
            number: self.done(row.try_get("number"))?,
            sequence: self.done(row.try_get("sequence"))?,
            etag: text("etag")?,
            modified_at: self.done(row.try_get("modified_at"))?,
            marks: self.done(row.try_get("marks"))?,
            numbered: self.done(row.try_get("numbered"))?,
            event: self.done(row.try_get("event"))?,
            minutes: self.json(&text("minutes")?)?,
            carried: self.json(&text("carried")?)?,
            typed: Vec::new(),
            attention: attention.map(|attention| self.json(&attention)).transpose()?,
        })
    }

    async fn load_followings(&self, numbers: &[i64]) -> Result<HashMap<i64, Following>, StoreError> {
        let mut followings: HashMap<i64, Following> = HashMap::new();
        for chunk in numbers.chunks(CHUNK) {
            let mut query = about("SELECT * FROM follow_up WHERE number IN", chunk);
            query.push(" ORDER BY number, sequence");
            for row in self.done(query.build().fetch_all(&self.pool).await)? {
                // Of several the newest counts.
                let following = self.following(&row)?;
                followings.insert(following.number, following);
            }
            let mut query = about("SELECT * FROM follow_up_text WHERE number IN", chunk);
            query.push(" ORDER BY number, sequence, position");
            for row in self.done(query.build().fetch_all(&self.pool).await)? {
                let (number, sequence): (i64, u32) =
                    (self.done(row.try_get("number"))?, self.done(row.try_get("sequence"))?);
                let Some(following) = followings.get_mut(&number).filter(|known| known.sequence == sequence) else {
                    continue;
                };
                following.typed.push(Paragraph {
                    text: self.done(row.try_get("text"))?,
                    from_line: usize::try_from(self.done(row.try_get::<i64, _>("from_line"))?).unwrap_or(0),
                    mark: self.done(row.try_get("mark"))?,
                    step: self.done(row.try_get("step"))?,
                });
            }
        }
        Ok(followings)
    }

    async fn store_following(&self, transaction: &mut Writing<'_>, following: &Following) -> Result<(), StoreError> {
        let attention = following.attention.as_ref().map(|attention| self.text(attention)).transpose()?;
        let query = sqlx::query(
            "INSERT OR REPLACE INTO follow_up (number, sequence, etag, modified_at, marks, numbered, event, minutes, carried, attention) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(following.number)
        .bind(following.sequence)
        .bind(&following.etag)
        .bind(following.modified_at)
        .bind(following.marks)
        .bind(following.numbered)
        .bind(following.event)
        .bind(self.text(&following.minutes)?)
        .bind(self.text(&following.carried)?)
        .bind(attention);
        self.done(query.execute(&mut **transaction).await)?;
        let query = sqlx::query("DELETE FROM follow_up_text WHERE number = ? AND sequence = ?");
        self.done(query.bind(following.number).bind(following.sequence).execute(&mut **transaction).await)?;
        for (position, paragraph) in following.typed.iter().enumerate() {
            let query = sqlx::query(
                "INSERT INTO follow_up_text (number, sequence, position, hash, text, from_line, mark, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(following.number)
            .bind(following.sequence)
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .bind(sha256_hex(&paragraph.text))
            .bind(&paragraph.text)
            .bind(i64::try_from(paragraph.from_line).unwrap_or(i64::MAX))
            .bind(&paragraph.mark)
            .bind(paragraph.step);
            self.done(query.execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    async fn store_follow(&self, commits: Vec<FollowCommit>) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for FollowCommit { following, link, steps, documents, journal } in commits {
            let number = following.number;
            self.store_following(&mut transaction, &following).await?;
            for (step, mark) in steps {
                let query = sqlx::query("INSERT OR REPLACE INTO follow_up_step (number, step, mark) VALUES (?, ?, ?)");
                self.done(query.bind(number).bind(step).bind(mark).execute(&mut *transaction).await)?;
            }
            let commit = [Commit { number, links: link.into_iter().collect(), journal, ..Commit::default() }];
            self.store_links(&mut transaction, &commit).await?;
            self.store_journal(&mut transaction, &commit).await?;
            self.store_brought(&mut transaction, &documents).await?;
            self.delete(&mut transaction, "follow_up_intent", vec![number]).await?;
        }
        reached("state: before COMMIT of the follow-up");
        self.done(transaction.commit().await)
    }

    async fn load_follow_intents(&self) -> Result<Vec<FollowIntent>, StoreError> {
        let sql = "SELECT intent FROM follow_up_intent ORDER BY number";
        let rows: Vec<String> = self.done(sqlx::query_scalar(sql).fetch_all(&self.pool).await)?;
        rows.iter().map(|intent| self.json(intent)).collect()
    }

    pub(super) async fn load_own_steps(&self, numbers: &[i64]) -> Result<HashMap<i64, HashSet<i64>>, StoreError> {
        let mut own: HashMap<i64, HashSet<i64>> = HashMap::new();
        for chunk in numbers.chunks(CHUNK) {
            let mut query = about("SELECT number, step FROM follow_up_step WHERE number IN", chunk);
            for (number, step) in self.done(query.build_query_as::<(i64, i64)>().fetch_all(&self.pool).await)? {
                own.entry(number).or_default().insert(step);
            }
        }
        Ok(own)
    }

    /// Tickets whose follow-up is not in step.
    pub(super) async fn load_follow_attention(&self) -> Result<Vec<Attention>, StoreError> {
        let sql = "SELECT attention FROM follow_up WHERE attention IS NOT NULL ORDER BY number";
        let rows: Vec<String> = self.done(sqlx::query_scalar(sql).fetch_all(&self.pool).await)?;
        rows.iter().map(|attention| self.json(attention)).collect()
    }

    async fn load_made(&self, tickets: &[i64], since: Started) -> Result<HashSet<(i64, i64)>, StoreError> {
        let mut made = HashSet::new();
        for chunk in tickets.chunks(CHUNK) {
            let mut query = about("SELECT ticket, gestan_id FROM journal WHERE action = 'create' AND ticket IN", chunk);
            query.push(" AND outcome = 'done' AND gestan_id IS NOT NULL AND (at >= ").push_bind(since.at);
            query.push(" OR id > ").push_bind(since.entry.unwrap_or(i64::MAX)).push(")");
            made.extend(self.done(query.build_query_as::<(i64, i64)>().fetch_all(&self.pool).await)?);
        }
        Ok(made)
    }
}

#[async_trait]
impl FollowMemory for Store {
    async fn followings(&self, numbers: &[i64]) -> Result<HashMap<i64, Following>, PortError> {
        Ok(self.load_followings(numbers).await?)
    }

    async fn followed(&self) -> Result<HashSet<i64>, PortError> {
        let sql = "SELECT number FROM follow_up WHERE etag <> '' AND attention IS NULL";
        let numbers: Vec<i64> = self.done(sqlx::query_scalar(sql).fetch_all(&self.pool).await)?;
        Ok(numbers.into_iter().collect())
    }

    async fn newest_entry(&self) -> Result<i64, PortError> {
        let sql = "SELECT COALESCE(MAX(id), 0) FROM journal";
        Ok(self.done(sqlx::query_scalar(sql).fetch_one(&self.pool).await)?)
    }

    async fn made_since(&self, tickets: &[i64], since: Started) -> Result<HashSet<(i64, i64)>, PortError> {
        Ok(self.load_made(tickets, since).await?)
    }

    async fn intend_to_follow(&self, intent: &FollowIntent) -> Result<(), PortError> {
        let sql = "INSERT OR REPLACE INTO follow_up_intent (number, intent) VALUES (?, ?)";
        let query = sqlx::query(sql).bind(intent.change.number).bind(self.text(intent)?);
        self.done(query.execute(&self.pool).await)?;
        Ok(())
    }

    async fn follow_intents(&self) -> Result<Vec<FollowIntent>, PortError> {
        Ok(self.load_follow_intents().await?)
    }

    async fn forget_intent(&self, number: i64) -> Result<(), PortError> {
        let query = sqlx::query("DELETE FROM follow_up_intent WHERE number = ?").bind(number);
        self.done(query.execute(&self.pool).await)?;
        Ok(())
    }

    async fn await_documents(&self, added: &[AddedDocument], last: i64, now: DateTime<Utc>) -> Result<(), PortError> {
        Ok(self.store_awaited(added, last, now).await?)
    }

    async fn documents_seen(&self) -> Result<Option<(i64, i64)>, PortError> {
        Ok(self.load_documents_seen().await?)
    }

    async fn begin_documents(&self, after: Option<i64>) -> Result<(), PortError> {
        Ok(self.store_beginning(after).await?)
    }

    async fn awaited_documents(&self, now: DateTime<Utc>) -> Result<Vec<AwaitedDocument>, PortError> {
        Ok(self.load_awaited(now).await?)
    }

    async fn document_failed(&self, trouble: &DocumentTrouble, now: DateTime<Utc>) -> Result<(), PortError> {
        Ok(self.store_document_trouble(trouble, now).await?)
    }

    async fn commit_follow(&self, commits: Vec<FollowCommit>) -> Result<(), PortError> {
        Ok(self.store_follow(commits).await?)
    }
}
