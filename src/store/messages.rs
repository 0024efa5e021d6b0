//! Which mail belongs to which ticket: what answers and threads are told by.

use super::memory::Writing;
use super::{Store, StoreError};
use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

/// A mail that belongs to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `Message-ID` without its brackets.
    pub message_id: String,
    /// `tincidents.id`.
    pub ticket: i64,
    /// It was sent from here.
    pub outgoing: bool,
    /// When it was taken or sent.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Remembers a mail in an open transaction; one that is known stays with its ticket.
    pub(super) async fn store_message(
        &self,
        transaction: &mut Writing<'_>,
        message: &Message,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO message (message_id, ticket, outgoing, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let query =
            sqlx::query(sql).bind(&message.message_id).bind(message.ticket).bind(message.outgoing).bind(message.at);
        self.done(query.execute(&mut **transaction).await).map(|_| ())
    }

    /// Of these ids, those that belong to a ticket, the newest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn messages_known(&self, ids: &[String]) -> Result<Vec<Message>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT message_id, ticket, outgoing, at FROM message WHERE message_id IN (");
        let mut list = query.separated(", ");
        // A thread of thousands is told by its newest mails.
        for id in ids.iter().rev().take(500) {
            list.push_bind(id);
        }
        query.push(") ORDER BY at DESC, message_id");
        self.messages(query).await
    }

    /// The newest mails of a ticket, oldest first, no more than `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn messages_of(&self, ticket: i64, limit: u32) -> Result<Vec<Message>, StoreError> {
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT message_id, ticket, outgoing, at FROM message WHERE ticket = ");
        query.push_bind(ticket).push(" ORDER BY at DESC, message_id LIMIT ").push_bind(limit);
        let mut messages = self.messages(query).await?;
        messages.reverse();
        Ok(messages)
    }

    async fn messages(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Message>, StoreError> {
        let rows = query.build_query_as::<(String, i64, bool, DateTime<Utc>)>().fetch_all(&self.pool).await;
        let message = |(message_id, ticket, outgoing, at)| Message { message_id, ticket, outgoing, at };
        Ok(self.done(rows)?.into_iter().map(message).collect())
    }
}
