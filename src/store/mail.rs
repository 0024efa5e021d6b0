//! The memory of the mail flow.

use super::memory::Writing;
use super::messages::Message;
use super::{Store, StoreError, circuit};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::mail::{FolderMark, MailCommit, MailFilter, MailIntent, MailMemory, MailOutcome, MailRow, Spot};
use crate::flows::tickets::Commit;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::{BTreeMap, HashMap};

/// Uids in one `IN (…)`.
const CHUNK: usize = 500;

impl Store {
    fn mail_row(&self, row: &SqliteRow) -> Result<MailRow, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        let number = |column: &str| self.done(row.try_get::<i64, _>(column));
        Ok(MailRow {
            id: number("id")?,
            identity: text("identity")?,
            spot: Spot {
                mailbox: text("mailbox")?,
                folder: text("folder")?,
                uid_validity: self.done(row.try_get("uid_validity"))?,
                uid: self.done(row.try_get("uid"))?,
            },
            message_id: self.done(row.try_get("message_id"))?,
            sender: text("sender")?,
            subject: text("subject")?,
            received_at: self.done(row.try_get("received_at"))?,
            size: u64::try_from(number("size")?).unwrap_or(0),
            outcome: self.named::<MailOutcome>(text("outcome")?)?,
            code: text("code")?,
            reason: text("reason")?,
            ticket: self.done(row.try_get("ticket"))?,
            step: self.done(row.try_get("step"))?,
            attempts: self.done(row.try_get("attempts"))?,
            next_at: self.done(row.try_get("next_at"))?,
            forced: self.done(row.try_get("forced"))?,
            filed: self.done(row.try_get("filed"))?,
            settled: self.done(row.try_get("settled"))?,
            at: self.done(row.try_get("at"))?,
        })
    }

    async fn mail_rows(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<MailRow>, StoreError> {
        let rows = self.done(query.build().fetch_all(&self.pool).await)?;
        rows.iter().map(|row| self.mail_row(row)).collect()
    }

    async fn store_mail(&self, transaction: &mut Writing<'_>, row: &MailRow) -> Result<(), StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT OR REPLACE INTO mail (id, identity, mailbox, folder, uid_validity, uid, message_id, sender, subject, received_at, \
             size, outcome, code, reason, ticket, step, attempts, next_at, forced, filed, settled, at) VALUES (",
        );
        let mut list = query.separated(", ");
        list.push_bind((row.id != 0).then_some(row.id)).push_bind(&row.identity);
        list.push_bind(&row.spot.mailbox).push_bind(&row.spot.folder);
        list.push_bind(row.spot.uid_validity).push_bind(row.spot.uid);
        list.push_bind(&row.message_id).push_bind(&row.sender).push_bind(&row.subject).push_bind(row.received_at);
        list.push_bind(i64::try_from(row.size).unwrap_or(i64::MAX)).push_bind(row.outcome.as_str());
        list.push_bind(&row.code).push_bind(&row.reason).push_bind(row.ticket).push_bind(row.step);
        list.push_bind(row.attempts).push_bind(row.next_at).push_bind(row.forced).push_bind(row.filed);
        list.push_bind(row.settled).push_bind(row.at);
        query.push(")");
        self.done(query.build().execute(&mut **transaction).await).map(|_| ())
    }

    async fn store_mails(&self, commits: Vec<MailCommit>) -> Result<(), StoreError> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for MailCommit { row, threads, done, journal } in commits {
            if let Some(row) = row {
                self.store_mail(&mut transaction, &row).await?;
                if threads && let (Some(message_id), Some(ticket)) = (row.message_id.clone(), row.ticket) {
                    let message = Message { message_id, ticket, outgoing: false, at: row.at };
                    self.store_message(&mut transaction, &message).await?;
                }
                if done {
                    let query = sqlx::query("DELETE FROM mail_intent WHERE identity = ?").bind(&row.identity);
                    self.done(query.execute(&mut *transaction).await)?;
                }
            }
            let commit = [Commit { journal, ..Commit::default() }];
            self.store_journal(&mut transaction, &commit).await?;
        }
        reached("state: before COMMIT of a mail");
        self.done(transaction.commit().await)
    }

    async fn load_mail_intents(&self) -> Result<Vec<MailIntent>, StoreError> {
        let rows: Vec<String> =
            self.done(sqlx::query_scalar("SELECT intent FROM mail_intent").fetch_all(&self.pool).await)?;
        rows.iter().map(|intent| self.json(intent)).collect()
    }

    async fn load_mails(&self, filter: &MailFilter) -> Result<Vec<MailRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE TRUE");
        if let Some(outcome) = filter.outcome {
            query.push(" AND outcome = ").push_bind(outcome.as_str());
        }
        if let Some(mailbox) = &filter.mailbox {
            query.push(" AND mailbox = ").push_bind(mailbox);
        }
        if let Some(ticket) = filter.ticket {
            query.push(" AND ticket = ").push_bind(ticket);
        }
        if let Some(since) = filter.since {
            query.push(" AND at >= ").push_bind(since);
        }
        query.push(" ORDER BY id DESC");
        if let Some(limit) = filter.limit {
            query.push(" LIMIT ").push_bind(limit);
        }
        self.mail_rows(query).await
    }

    /// How many mails could not be taken in, by outcome.
    pub(super) async fn count_troubled_mails(&self) -> Result<BTreeMap<String, usize>, StoreError> {
        let sql = "SELECT outcome, COUNT(*) FROM mail WHERE outcome IN ('failed', 'parked') AND code <> 'observed' GROUP BY outcome";
        let rows: Vec<(String, i64)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().map(|(outcome, count)| (outcome, usize::try_from(count).unwrap_or(0))).collect())
    }

    /// The newest mails that could not be taken in.
    pub(super) async fn load_troubled_mails(&self, limit: u32) -> Result<Vec<MailRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE outcome IN ('failed', 'parked')");
        // What is watched and still GestSup's own connector's matter is no trouble.
        query.push(" AND code <> 'observed' ORDER BY id DESC LIMIT ").push_bind(limit);
        self.mail_rows(query).await
    }

    async fn take_over(&self, identity: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let gone = sqlx::query(
            "UPDATE mail SET outcome = 'gone', filed = 1, next_at = NULL WHERE identity = ? AND outcome IN ('failed', 'parked')",
        );
        self.done(gone.bind(identity).execute(&mut *transaction).await)?;
        let next = sqlx::query(
            "UPDATE mail SET outcome = 'failed', next_at = ?2 WHERE id = \
             (SELECT MIN(id) FROM mail WHERE identity = ?1 AND outcome = 'duplicate' AND filed = 0)",
        );
        let done = self.done(next.bind(identity).bind(now).execute(&mut *transaction).await)?;
        self.done(transaction.commit().await)?;
        Ok(done.rows_affected() > 0)
    }

    async fn count_mails(&self, sql: &'static str, of: &str, times: [DateTime<Utc>; 2]) -> Result<u32, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(sql).bind(of).bind(times[0]).bind(times[1]);
        Ok(u32::try_from(self.done(query.fetch_one(&self.pool).await)?).unwrap_or(u32::MAX))
    }
}

#[async_trait]
impl MailMemory for Store {
    async fn folder_mark(&self, mailbox: &str, folder: &str) -> Result<Option<FolderMark>, PortError> {
        let sql = "SELECT uid_validity, next_uid, since FROM mail_folder WHERE mailbox = ? AND folder = ?";
        let query = sqlx::query_as::<_, (u32, u32, DateTime<Utc>)>(sql).bind(mailbox).bind(folder);
        let row = self.done(query.fetch_optional(&self.pool).await)?;
        Ok(row.map(|(uid_validity, next_uid, since)| FolderMark { uid_validity, next_uid, since }))
    }

    async fn set_folder_mark(&self, mailbox: &str, folder: &str, mark: &FolderMark) -> Result<(), PortError> {
        let sql = "INSERT OR REPLACE INTO mail_folder (mailbox, folder, uid_validity, next_uid, since) VALUES (?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(mailbox).bind(folder);
        let query = query.bind(mark.uid_validity).bind(mark.next_uid).bind(mark.since);
        self.done(query.execute(&self.pool).await)?;
        Ok(())
    }

    async fn open_mails(&self, mailbox: &str, now: DateTime<Utc>) -> Result<Vec<MailRow>, PortError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE filed = 0 AND mailbox = ");
        query.push_bind(mailbox).push(" AND (next_at IS NULL OR next_at <= ").push_bind(now);
        query.push(") ORDER BY folder, uid_validity, uid");
        Ok(self.mail_rows(query).await?)
    }

    async fn mails_at(
        &self,
        mailbox: &str,
        folder: &str,
        validity: u32,
        uids: &[u32],
    ) -> Result<Vec<MailRow>, PortError> {
        let mut found = Vec::new();
        for uids in uids.chunks(CHUNK) {
            let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE mailbox = ");
            query.push_bind(mailbox).push(" AND folder = ").push_bind(folder);
            query.push(" AND uid_validity = ").push_bind(validity).push(" AND uid IN (");
            let mut list = query.separated(", ");
            for uid in uids {
                list.push_bind(*uid);
            }
            query.push(")");
            found.extend(self.mail_rows(query).await?);
        }
        Ok(found)
    }

    async fn mail_of(&self, identity: &str) -> Result<Option<MailRow>, PortError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE outcome NOT IN ('duplicate', 'gone')");
        query.push(" AND identity = ").push_bind(identity);
        Ok(self.mail_rows(query).await?.into_iter().next())
    }

    async fn mail_of_step(&self, step: i64) -> Result<Option<MailRow>, PortError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE step = ");
        query.push_bind(step);
        Ok(self.mail_rows(query).await?.into_iter().next())
    }

    async fn mail(&self, id: i64) -> Result<Option<MailRow>, PortError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE id = ");
        query.push_bind(id);
        Ok(self.mail_rows(query).await?.into_iter().next())
    }

    async fn mails(&self, filter: &MailFilter) -> Result<Vec<MailRow>, PortError> {
        Ok(self.load_mails(filter).await?)
    }

    async fn threads(&self, ids: &[String]) -> Result<Vec<(String, i64, bool)>, PortError> {
        let known = self.messages_known(ids).await?;
        Ok(known.into_iter().map(|message| (message.message_id, message.ticket, message.outgoing)).collect())
    }

    async fn written_of_sender(&self, sender: &str, until: DateTime<Utc>) -> Result<u32, PortError> {
        let sql = "SELECT COUNT(*) FROM mail WHERE sender = ? AND received_at > ? AND received_at <= ? AND outcome IN ('ticket', 'reply')";
        Ok(self.count_mails(sql, sender, [until - TimeDelta::hours(1), until]).await?)
    }

    async fn written_of_mailbox(&self, mailbox: &str, since: DateTime<Utc>) -> Result<u32, PortError> {
        let sql = "SELECT COUNT(*) FROM mail WHERE mailbox = ? AND at > ? AND at <= ? AND received_at IS NOT NULL AND outcome IN ('ticket', 'reply')";
        Ok(self.count_mails(sql, mailbox, [since, since + TimeDelta::days(1)]).await?)
    }

    async fn unsettled(&self) -> Result<Vec<MailRow>, PortError> {
        let query =
            QueryBuilder::<Sqlite>::new("SELECT * FROM mail WHERE settled = 0 AND ticket IS NOT NULL ORDER BY id");
        Ok(self.mail_rows(query).await?)
    }

    async fn intend_mail(&self, intent: &MailIntent) -> Result<(), PortError> {
        let query = sqlx::query("INSERT OR REPLACE INTO mail_intent (identity, intent) VALUES (?, ?)");
        let query = query.bind(&intent.row.identity).bind(self.text(intent)?);
        self.done(query.execute(&self.pool).await)?;
        Ok(())
    }

    async fn mail_intents(&self) -> Result<Vec<MailIntent>, PortError> {
        Ok(self.load_mail_intents().await?)
    }

    async fn forget_mail_intent(&self, identity: &str) -> Result<(), PortError> {
        let query = sqlx::query("DELETE FROM mail_intent WHERE identity = ?").bind(identity);
        self.done(query.execute(&self.pool).await)?;
        Ok(())
    }

    async fn commit_mail(&self, commits: Vec<MailCommit>) -> Result<(), PortError> {
        Ok(self.store_mails(commits).await?)
    }

    async fn mails_filed(&self, ids: &[i64]) -> Result<(), PortError> {
        for ids in ids.chunks(CHUNK) {
            let mut query = QueryBuilder::<Sqlite>::new("UPDATE mail SET filed = 1 WHERE id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(")");
            self.done(query.build().execute(&self.pool).await)?;
        }
        Ok(())
    }

    async fn mailboxes_resting(&self, now: DateTime<Utc>) -> Result<HashMap<String, String>, PortError> {
        let circuits = self.circuits().await?.into_iter().filter(|circuit| circuit.is_open(now));
        Ok(circuits.filter_map(|one| Some((one.mailbox()?.to_owned(), one.last_error.clone()))).collect())
    }

    async fn mailbox_failed(&self, mailbox: &str, error: &PortError, now: DateTime<Utc>) -> Result<bool, PortError> {
        let name = circuit::of_mailbox(mailbox);
        let before = self.circuit_of(&name).await?;
        self.record_failure_of(&name, &error.message, error.retry_after, now).await?;
        Ok(before.failures == 0 || before.last_error != error.message)
    }

    async fn mailbox_works(&self, mailbox: &str) -> Result<Option<DateTime<Utc>>, PortError> {
        let before = self.record_success_of(&circuit::of_mailbox(mailbox)).await?;
        Ok(before.and_then(|before| before.since))
    }

    async fn forget_mailboxes_but(&self, mailboxes: &[&str]) -> Result<(), PortError> {
        for one in self.circuits().await? {
            if one.mailbox().is_some_and(|mailbox| !mailboxes.contains(&mailbox)) {
                self.record_success_of(&one.system).await?;
            }
        }
        Ok(())
    }

    async fn succeed(&self, identity: &str, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.take_over(identity, now).await?)
    }
}
