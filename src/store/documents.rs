//! What the follow-up remembers of documents that people added in Gestan.

use super::memory::Writing;
use super::{Store, StoreError};
use crate::flows::follow_up::{AwaitedDocument, DocumentTrouble};
use crate::flows::tickets::Commit;
use crate::gestan::contract::AddedDocument;
use chrono::{DateTime, Utc};

/// From where on, and up to where, documents were looked for.
const SEEN: &str = "follow_up.documents";

impl Store {
    pub(super) async fn store_awaited(
        &self,
        added: &[AddedDocument],
        last: i64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for one in added {
            // One that was brought, or left out, is known.
            let sql = "INSERT OR IGNORE INTO follow_up_document (document, number, added, phase, attempts, reason, at) \
                       VALUES (?, ?, ?, 'waiting', 0, '', ?)";
            let query = sqlx::query(sql).bind(one.document).bind(one.key.number).bind(self.text(one)?).bind(now);
            self.done(query.execute(&mut *transaction).await)?;
        }
        let sql = "UPDATE value SET value = substr(value, 1, instr(value, ' ')) || ? WHERE name = ?";
        self.done(sqlx::query(sql).bind(last.to_string()).bind(SEEN).execute(&mut *transaction).await)?;
        self.done(transaction.commit().await)
    }

    async fn set_seen(&self, transaction: &mut Writing<'_>, value: &str) -> Result<(), StoreError> {
        let query = sqlx::query("INSERT OR REPLACE INTO value (name, value) VALUES (?, ?)").bind(SEEN).bind(value);
        self.done(query.execute(&mut **transaction).await).map(|_| ())
    }

    pub(super) async fn load_documents_seen(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let value = self.read_value(SEEN).await?.unwrap_or_default();
        Ok(value.split_once(' ').and_then(|(from, last)| Some((from.parse().ok()?, last.parse().ok()?))))
    }

    pub(super) async fn store_beginning(&self, after: Option<i64>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = match after {
            Some(_) => "DELETE FROM follow_up_document WHERE document > ?",
            None => "DELETE FROM follow_up_document WHERE phase = 'waiting' AND ? IS NULL",
        };
        self.done(sqlx::query(sql).bind(after).execute(&mut *transaction).await)?;
        self.set_seen(&mut transaction, &after.map(|after| format!("{after} {after}")).unwrap_or_default()).await?;
        self.done(transaction.commit().await)
    }

    pub(super) async fn load_awaited(&self, now: DateTime<Utc>) -> Result<Vec<AwaitedDocument>, StoreError> {
        let sql = "SELECT added, attempts FROM follow_up_document WHERE phase = 'waiting' AND (next_at IS NULL OR next_at <= ?) ORDER BY document";
        let rows: Vec<(String, u32)> = self.done(sqlx::query_as(sql).bind(now).fetch_all(&self.pool).await)?;
        rows.into_iter().map(|(added, attempts)| Ok(AwaitedDocument { added: self.json(&added)?, attempts })).collect()
    }

    pub(super) async fn store_document_trouble(
        &self,
        trouble: &DocumentTrouble,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let sql = "UPDATE follow_up_document SET phase = ?, attempts = attempts + 1, next_at = ?, reason = ?, at = ? WHERE document = ?";
        let phase = if trouble.next_at.is_some() { "waiting" } else { "left" };
        let query = sqlx::query(sql).bind(phase).bind(trouble.next_at).bind(&trouble.reason).bind(now);
        self.done(query.bind(trouble.document).execute(&mut *transaction).await)?;
        let commit = [Commit { journal: trouble.journal.clone(), ..Commit::default() }];
        self.store_journal(&mut transaction, &commit).await?;
        self.done(transaction.commit().await)
    }

    /// These documents are files of their tickets now.
    pub(super) async fn store_brought(
        &self,
        transaction: &mut Writing<'_>,
        documents: &[i64],
    ) -> Result<(), StoreError> {
        for document in documents {
            let sql = "UPDATE follow_up_document SET phase = 'done', next_at = NULL, reason = '' WHERE document = ?";
            self.done(sqlx::query(sql).bind(document).execute(&mut **transaction).await)?;
        }
        Ok(())
    }
}
