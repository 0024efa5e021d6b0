//! The memory of the notify flow: what tickets were last seen as, and the outbox.

use super::memory::Writing;
use super::messages::Message;
use super::{Store, StoreError};
use crate::failpoint::reached;
use crate::flows::notify::{Appointment, Invitation, Letter, Look, Means, NewMail, NotifyMemory, Outgoing, Phase};
use crate::flows::tickets::{Commit, JournalEntry};
use crate::flows::{Blast, PortError, System};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::HashMap;

/// Rows of one statement.
const ROWS: usize = 500;
/// Mails in these phases are asked for by `notify retry` and `drop`.
const OPEN: &str = "'held', 'waiting', 'sending', 'failed'";

/// Which mails of the outbox are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutboxFilter {
    /// In this phase.
    pub phase: Option<Phase>,
    /// About this ticket.
    pub ticket: Option<i64>,
    /// The newest so many.
    pub limit: u32,
}

impl Store {
    /// The ticket that a mail of ours told of, by its `Message-ID` without brackets: an answer to it belongs there.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn notified_ticket(&self, message_id: &str) -> Result<Option<i64>, StoreError> {
        let query = sqlx::query_scalar("SELECT ticket FROM message WHERE message_id = ? AND outgoing").bind(message_id);
        self.done(query.fetch_optional(&self.pool).await)
    }

    /// Mails of the outbox, the newest first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn outbox(&self, filter: OutboxFilter) -> Result<Vec<Outgoing>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM outbox WHERE TRUE");
        if let Some(phase) = filter.phase {
            sql.push(" AND phase = ").push_bind(phase.as_str());
        }
        if let Some(ticket) = filter.ticket {
            sql.push(" AND ticket = ").push_bind(ticket);
        }
        sql.push(" ORDER BY id DESC LIMIT ").push_bind(filter.limit);
        let rows = self.done(sql.build().fetch_all(&self.pool).await)?;
        rows.iter().map(|row| self.outgoing(row)).collect()
    }

    /// One mail of the outbox.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn outgoing_mail(&self, id: i64) -> Result<Option<Outgoing>, StoreError> {
        let query = sqlx::query("SELECT * FROM outbox WHERE id = ?").bind(id);
        let row = self.done(query.fetch_optional(&self.pool).await)?;
        row.map(|row| self.outgoing(&row)).transpose()
    }

    /// Has mails sent on the next pass whatever became of them so far, but not those that were sent; all that were given up
    /// when none is named. Returns how many there were.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn retry_mails(&self, ids: &[i64]) -> Result<u64, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "UPDATE outbox SET phase = 'waiting', attempts = 0, next_at = NULL, settled_at = NULL WHERE ",
        );
        if ids.is_empty() {
            sql.push("(phase = 'failed' OR (phase = 'waiting' AND next_at IS NOT NULL))");
        } else {
            sql.push("phase IN ('held', 'waiting', 'failed', 'dropped') AND id IN (");
            let mut list = sql.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            sql.push(")");
        }
        Ok(self.done(sql.build().execute(&self.pool).await)?.rows_affected())
    }

    /// Takes mails back that were not sent; all of them when none is named. Returns how many there were.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn drop_mails(&self, ids: Option<&[i64]>, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("UPDATE outbox SET phase = 'dropped', settled_at = ");
        sql.push_bind(now).push(" WHERE phase IN (").push(OPEN).push(")");
        if let Some(ids) = ids {
            sql.push(" AND id IN (");
            let mut list = sql.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            sql.push(")");
        }
        Ok(self.done(sql.build().execute(&self.pool).await)?.rows_affected())
    }

    fn outgoing(&self, row: &SqliteRow) -> Result<Outgoing, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        Ok(Outgoing {
            id: self.done(row.try_get("id"))?,
            at: self.done(row.try_get("at"))?,
            mail: NewMail {
                kind: self.named(text("kind")?)?,
                ticket: self.done(row.try_get("ticket"))?,
                occasion: text("occasion")?,
                audience: text("audience")?,
                message_id: text("message_id")?,
                letter: self.json::<Letter>(&text("letter")?)?,
            },
            phase: self.named(text("phase")?)?,
            attempts: self.done(row.try_get("attempts"))?,
            next_at: self.done(row.try_get("next_at"))?,
            settled_at: self.done(row.try_get("settled_at"))?,
            reason: text("reason")?,
        })
    }

    async fn store_look(&self, look: Look, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for seen in look.seen.chunks(ROWS) {
            let mut sql = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO notify_seen (number, state) ");
            sql.push_values(seen, |mut row, (number, state)| {
                row.push_bind(*number).push_bind(*state);
            });
            self.done(sql.build().execute(&mut *transaction).await)?;
        }
        self.delete(&mut transaction, "notify_seen", look.gone).await?;
        for mail in &look.mails {
            self.queue_mail(&mut transaction, mail, at).await?;
        }
        for invitation in &look.invitations {
            self.store_invitation(&mut transaction, invitation).await?;
        }
        for (name, value) in look.values {
            let query = sqlx::query("INSERT OR REPLACE INTO value (name, value) VALUES (?, ?)").bind(name).bind(value);
            self.done(query.execute(&mut *transaction).await)?;
        }
        let commit = [Commit { journal: look.journal, ..Commit::default() }];
        self.store_journal(&mut transaction, &commit).await?;
        reached("notify: before COMMIT of the look");
        self.done(transaction.commit().await)
    }

    async fn queue_mail(
        &self,
        transaction: &mut Writing<'_>,
        mail: &NewMail,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO outbox (at, kind, ticket, occasion, audience, recipient, message_id, letter, phase, attempts, reason) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, '')",
        )
        .bind(at)
        .bind(mail.kind.as_str())
        .bind(mail.ticket)
        .bind(&mail.occasion)
        .bind(&mail.audience)
        .bind(&mail.letter.to.address)
        .bind(&mail.message_id)
        .bind(self.text(&mail.letter)?);
        self.done(query.execute(&mut **transaction).await)?;
        let Some(ticket) = mail.ticket.filter(|_| mail.kind == Means::Mail) else { return Ok(()) };
        // Known before it is sent: an answer may be faster than our commit.
        let message = Message { message_id: mail.message_id.clone(), ticket, outgoing: true, at };
        self.store_message(transaction, &message).await
    }

    async fn store_invitation(&self, transaction: &mut Writing<'_>, invitation: &Invitation) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO notify_appointment (number, uid, sequence, held, invited) VALUES (?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(invitation.number)
            .bind(&invitation.uid)
            .bind(invitation.sequence)
            .bind(self.text(&invitation.held)?)
            .bind(self.text(&invitation.invited)?);
        self.done(query.execute(&mut **transaction).await).map(|_| ())
    }

    async fn load_appointments(&self, now: DateTime<Utc>) -> Result<HashMap<i64, Appointment>, StoreError> {
        // The newest link of a ticket, while its intervention is still to be done.
        let sql = "SELECT number, held ->> '$.planned_start', held ->> '$.planned_end', held ->> '$.technician', \
                   sent ->> '$.planned_start' FROM link l WHERE phase = 'live' AND kind = 'intervention' \
                   AND held ->> '$.planned_start' IS NOT NULL \
                   AND COALESCE(held ->> '$.status', '') NOT IN ('done', 'to_bill', 'billed', 'cancelled') \
                   AND sequence = (SELECT MAX(sequence) FROM link n WHERE n.number = l.number)";
        type Row = (i64, String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        let mut appointments = HashMap::new();
        for (number, start, end, who, sent) in rows {
            let moment = |text: &str| text.parse::<DateTime<Utc>>().ok();
            let Some(begins) = moment(&start).filter(|begins| *begins > now) else { continue };
            let ends = end.as_deref().and_then(moment).unwrap_or(begins).max(begins);
            let ours = sent.as_deref().and_then(moment) == Some(begins);
            let appointment = Appointment { start: begins, end: ends, who: who.unwrap_or_default(), ours };
            appointments.insert(number, appointment);
        }
        Ok(appointments)
    }

    async fn load_invitations(&self) -> Result<HashMap<i64, Invitation>, StoreError> {
        let sql = "SELECT number, uid, sequence, held, invited FROM notify_appointment";
        let rows: Vec<(i64, String, u32, String, String)> =
            self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        let mut invitations = HashMap::new();
        for (number, uid, sequence, held, invited) in rows {
            let invitation =
                Invitation { number, uid, sequence, held: self.json(&held)?, invited: self.json(&invited)? };
            invitations.insert(number, invitation);
        }
        Ok(invitations)
    }

    async fn store_outcome(
        &self,
        id: i64,
        phase: Phase,
        next_at: Option<DateTime<Utc>>,
        reason: &str,
        journal: Vec<JournalEntry>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let settled = (phase != Phase::Waiting).then_some(now);
        let mut transaction = self.begin().await?;
        let sql = "UPDATE outbox SET phase = ?, next_at = ?, settled_at = ?, reason = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(phase.as_str()).bind(next_at).bind(settled).bind(reason).bind(id);
        self.done(query.execute(&mut *transaction).await)?;
        let commit = [Commit { journal, ..Commit::default() }];
        self.store_journal(&mut transaction, &commit).await?;
        reached("notify: before COMMIT of a mail");
        self.done(transaction.commit().await)
    }

    async fn load_due(&self, means: Means, now: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        // One that was begun may be lost: it is sent again. Those that failed least often come first.
        let sql = "SELECT * FROM outbox WHERE kind = ? AND phase IN ('waiting', 'sending') \
                   AND (next_at IS NULL OR next_at <= ?) ORDER BY attempts, id LIMIT ?";
        let rows =
            self.done(sqlx::query(sql).bind(means.as_str()).bind(now).bind(limit).fetch_all(&self.pool).await)?;
        rows.iter().map(|row| self.outgoing(row)).collect()
    }
}

#[async_trait]
impl NotifyMemory for Store {
    async fn notified(&self) -> Result<HashMap<i64, i64>, PortError> {
        let sql = "SELECT state, group_concat(number) FROM notify_seen GROUP BY state";
        let rows: Vec<(i64, String)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        let mut seen = HashMap::new();
        for (state, numbers) in rows {
            let numbers = numbers.split(',').filter_map(|number| number.parse::<i64>().ok());
            seen.extend(numbers.map(|number| (number, state)));
        }
        Ok(seen)
    }

    async fn thread(&self, ticket: i64, limit: u32) -> Result<Vec<String>, PortError> {
        Ok(self.messages_of(ticket, limit).await?.into_iter().map(|message| message.message_id).collect())
    }

    async fn last_told(&self, tickets: &[i64]) -> Result<HashMap<i64, i64>, PortError> {
        let mut told = HashMap::new();
        for chunk in tickets.chunks(ROWS) {
            let mut sql = QueryBuilder::<Sqlite>::new(
                "SELECT ticket, MAX(letter ->> '$.comment') FROM outbox WHERE letter ->> '$.comment' IS NOT NULL AND ticket IN (",
            );
            let mut list = sql.separated(", ");
            for ticket in chunk {
                list.push_bind(*ticket);
            }
            sql.push(") GROUP BY ticket");
            let rows: Vec<(i64, i64)> = self.done(sql.build_query_as().fetch_all(&self.pool).await)?;
            told.extend(rows);
        }
        Ok(told)
    }

    async fn appointments(&self, now: DateTime<Utc>) -> Result<HashMap<i64, Appointment>, PortError> {
        Ok(self.load_appointments(now).await?)
    }

    async fn invitations(&self) -> Result<HashMap<i64, Invitation>, PortError> {
        Ok(self.load_invitations().await?)
    }

    async fn looked(&self, look: Look, at: DateTime<Utc>) -> Result<(), PortError> {
        Ok(self.store_look(look, at).await?)
    }

    async fn due(&self, means: Means, now: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        Ok(self.load_due(means, now, limit).await?)
    }

    async fn sending(&self, id: i64) -> Result<(), PortError> {
        let sql = "UPDATE outbox SET phase = 'sending', attempts = attempts + 1 WHERE id = ?";
        self.done(sqlx::query(sql).bind(id).execute(&self.pool).await)?;
        Ok(())
    }

    async fn settle(
        &self,
        id: i64,
        phase: Phase,
        next_at: Option<DateTime<Utc>>,
        reason: &str,
        journal: Vec<JournalEntry>,
        now: DateTime<Utc>,
    ) -> Result<(), PortError> {
        Ok(self.store_outcome(id, phase, next_at, reason, journal, now).await?)
    }

    async fn outbox_counts(&self) -> Result<(usize, usize), PortError> {
        let sql = "SELECT COUNT(*) FILTER (WHERE phase <> 'failed'), COUNT(*) FILTER (WHERE phase = 'failed') FROM outbox \
                   WHERE phase IN ('held', 'waiting', 'sending', 'failed')";
        let (waiting, failed): (i64, i64) = self.done(sqlx::query_as(sql).fetch_one(&self.pool).await)?;
        let count = |number| usize::try_from(number).unwrap_or_default();
        Ok((count(waiting), count(failed)))
    }

    async fn resting(&self, system: System, now: DateTime<Utc>) -> Result<Option<String>, PortError> {
        let circuit = self.circuit(system).await?;
        Ok(circuit.is_open(now).then(|| circuit.sentence()))
    }

    async fn failed(&self, error: &PortError, now: DateTime<Utc>) -> Result<(), PortError> {
        if matches!(error.blast, Blast::System | Blast::Configuration) {
            self.record_failure(error.system, &error.message, error.retry_after, now).await?;
        }
        Ok(())
    }

    async fn works(&self, system: System) -> Result<(), PortError> {
        self.record_success(system).await?;
        Ok(())
    }
}
