//! What people ask the state: how it stands, what happened, and to try again.

use super::{Circuit, Store, StoreError};
use crate::flows::mail::MailRow;
use crate::flows::reference::ReferenceCase;
use crate::flows::tickets::{
    ANEW, Attention, COMPARISON, DELETED_IN_GESTAN, JournalEntry, Outcome, REWOUND, SWEEP, Sweep,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::BTreeMap;

/// Mails in trouble that a look at the status lists.
const LISTED_MAILS: u32 = 100;

/// What is about a client: its tickets, and itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfClient {
    /// Numbers of its tickets.
    pub tickets: Vec<i64>,
    /// Its numbers in Gestan, for the lines of the reference data.
    pub numbers: Vec<i64>,
}

/// Which lines of the journal are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct JournalFilter {
    /// About this ticket.
    pub ticket: Option<i64>,
    /// About this client.
    pub client: Option<OfClient>,
    /// Of this flow.
    pub flow: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Behind this line (as [`Store::last_line`] counts them).
    pub behind: Option<i64>,
    /// Up to this line.
    pub up_to: Option<i64>,
    /// Not after.
    pub until: Option<DateTime<Utc>>,
    /// Of this pass.
    pub run: Option<String>,
    /// The newest so many.
    pub limit: Option<u32>,
}

/// One pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// Its flow.
    pub flow: String,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended; `None` while it is under way, or if it was killed.
    pub ended: Option<DateTime<Utc>>,
    /// `running`, `done`, `braked`, `interrupted` or `failed`.
    pub outcome: String,
    /// What it counted.
    pub counts: serde_json::Value,
    /// What stopped it.
    pub error: Option<String>,
}

/// A pass that wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WritingRun {
    /// Its id.
    pub id: String,
    /// Its flow.
    pub flow: String,
    /// Its first line in the journal.
    pub at: DateTime<Utc>,
    /// Lines of the journal that say that something was written.
    pub writes: i64,
}

/// How everything stands.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// The newest pass of each flow.
    pub last_runs: Vec<RunRow>,
    /// The newest pass of each flow that came to its end.
    pub last_successes: Vec<RunRow>,
    /// Linked tickets by phase of their newest link.
    pub links: BTreeMap<String, usize>,
    /// Tickets that are not in step.
    pub attention: Vec<Attention>,
    /// Tickets to which the follow-up could not carry something back.
    pub follow_up: Vec<Attention>,
    /// Reference data that is linked, by kind.
    pub reference_links: BTreeMap<String, usize>,
    /// Reference data that waits for a decision.
    pub reference_cases: Vec<ReferenceCase>,
    /// Systems that do not answer.
    pub circuits: Vec<Circuit>,
    /// Writes that were begun and not confirmed.
    pub unconfirmed: usize,
    /// Mails and actions that are not sent yet, or were given up, by phase.
    pub outbox: BTreeMap<String, usize>,
    /// Mails that could not be taken in: `failed` ones are tried again, `parked` ones wait for a person.
    pub mails: BTreeMap<String, usize>,
    /// The newest hundred of them.
    pub mail_troubles: Vec<MailRow>,
    /// How far the rolling look at every ticket is.
    pub sweep: Sweep,
    /// How far the rolling comparison with what Gestan holds is.
    pub comparison: Sweep,
    /// GestSup's base was restored, and what it changed is not settled yet: a sentence.
    pub rewound: Option<String>,
}

impl Store {
    /// How everything stands.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn status(&self) -> Result<StatusReport, StoreError> {
        let sql = "SELECT phase, COUNT(*) FROM link l \
                   WHERE sequence = (SELECT MAX(sequence) FROM link n WHERE n.number = l.number) GROUP BY phase";
        let links: Vec<(String, i64)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        let unconfirmed: i64 = self.done(
            sqlx::query_scalar("SELECT (SELECT COUNT(*) FROM intent) + (SELECT COUNT(*) FROM follow_up_intent) + (SELECT COUNT(*) FROM reference_intent)")
                .fetch_one(&self.pool)
                .await,
        )?;
        let open =
            "SELECT phase, COUNT(*) FROM outbox WHERE phase IN ('held', 'waiting', 'sending', 'failed') GROUP BY phase";
        let outbox: Vec<(String, i64)> = self.done(sqlx::query_as(open).fetch_all(&self.pool).await)?;
        let last =
            "SELECT * FROM run r WHERE started = (SELECT MAX(started) FROM run n WHERE n.flow = r.flow) ORDER BY flow";
        let success = "SELECT * FROM run r WHERE outcome = 'done' AND started = \
                       (SELECT MAX(started) FROM run n WHERE n.flow = r.flow AND n.outcome = 'done') ORDER BY flow";
        Ok(StatusReport {
            last_runs: self.runs(last).await?,
            last_successes: self.runs(success).await?,
            links: links.into_iter().map(|(phase, count)| (phase, usize::try_from(count).unwrap_or(0))).collect(),
            attention: self.load_attention().await?,
            follow_up: self.load_follow_attention().await?,
            reference_links: self.count_reference_links().await?,
            reference_cases: {
                let cases = self.load_reference_cases().await?;
                cases.into_iter().filter(|case| case.decision.is_none()).collect()
            },
            circuits: self.circuits().await?,
            unconfirmed: usize::try_from(unconfirmed).unwrap_or(0),
            outbox: outbox.into_iter().map(|(phase, count)| (phase, usize::try_from(count).unwrap_or(0))).collect(),
            mails: self.count_troubled_mails().await?,
            mail_troubles: self.load_troubled_mails(LISTED_MAILS).await?,
            sweep: self.read_sweep(SWEEP).await?,
            comparison: self.read_sweep(COMPARISON).await?,
            rewound: self.read_value(REWOUND).await?.filter(|sentence| !sentence.is_empty()),
        })
    }

    async fn read_sweep(&self, name: &str) -> Result<Sweep, StoreError> {
        Ok(self.read_value(name).await?.and_then(|text| self.json(&text).ok()).unwrap_or_default())
    }

    /// The newest passes that wrote something, the newest first, with how many lines of the journal they left.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn runs_that_wrote(&self, limit: u32) -> Result<Vec<WritingRun>, StoreError> {
        let sql = "SELECT run_id AS id, flow, MIN(at) AS at, COUNT(*) AS writes FROM journal WHERE outcome = 'done' \
                   GROUP BY run_id, flow ORDER BY MAX(journal.id) DESC LIMIT ?";
        let rows = self.done(sqlx::query(sql).bind(limit).fetch_all(&self.pool).await)?;
        rows.iter()
            .map(|row| {
                Ok(WritingRun {
                    id: self.done(row.try_get("id"))?,
                    flow: self.done(row.try_get("flow"))?,
                    at: self.done(row.try_get("at"))?,
                    writes: self.done(row.try_get("writes"))?,
                })
            })
            .collect()
    }

    /// The passes whose id begins so, at most two of them.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn runs_named(&self, beginning: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT run_id FROM journal WHERE substr(run_id, 1, length(?1)) = ?1 LIMIT 2";
        self.done(sqlx::query_scalar(sql).bind(beginning).fetch_all(&self.pool).await)
    }

    async fn runs(&self, sql: &'static str) -> Result<Vec<RunRow>, StoreError> {
        let rows = self.done(sqlx::query(sql).fetch_all(&self.pool).await)?;
        rows.iter()
            .map(|row| {
                Ok(RunRow {
                    id: self.done(row.try_get("id"))?,
                    flow: self.done(row.try_get("flow"))?,
                    started: self.done(row.try_get("started"))?,
                    ended: self.done(row.try_get("ended"))?,
                    outcome: self.done(row.try_get("outcome"))?,
                    counts: self.json(&self.done(row.try_get::<String, _>("counts"))?)?,
                    error: self.done(row.try_get("error"))?,
                })
            })
            .collect()
    }

    /// A pass begins.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn start_run(&self, id: &str, flow: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "INSERT INTO run (id, flow, started, outcome, counts) VALUES (?, ?, ?, 'running', 'null')";
        self.done(sqlx::query(sql).bind(id).bind(flow).bind(now).execute(&self.pool).await).map(|_| ())
    }

    /// A pass ends.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn end_run(
        &self,
        id: &str,
        now: DateTime<Utc>,
        outcome: &str,
        counts: &serde_json::Value,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE run SET ended = ?, outcome = ?, counts = ?, error = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(now).bind(outcome).bind(counts.to_string()).bind(error).bind(id);
        self.done(query.execute(&self.pool).await).map(|_| ())
    }

    /// Lines of the journal, newest last.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM journal WHERE TRUE");
        if let Some(ticket) = filter.ticket {
            sql.push(" AND ticket = ").push_bind(ticket);
        }
        if let Some(client) = &filter.client {
            // As JSON: a client may have more tickets than a statement has parameters.
            let numbers: Vec<String> = client.numbers.iter().map(ToString::to_string).collect();
            sql.push(" AND (ticket IN (SELECT value FROM json_each(").push_bind(self.text(&client.tickets)?);
            sql.push(")) OR ticket IS NULL AND detail ->> 'kind' = 'client' AND detail ->> 'key' IN (SELECT value FROM json_each(");
            sql.push_bind(self.text(&numbers)?).push(")))");
        }
        if let Some(run) = &filter.run {
            sql.push(" AND run_id = ").push_bind(run.clone());
        }
        if let Some(flow) = &filter.flow {
            sql.push(" AND flow = ").push_bind(flow.clone());
        }
        if let Some(outcome) = filter.outcome {
            sql.push(" AND outcome = ").push_bind(outcome.as_str());
        }
        if let Some(since) = filter.since {
            sql.push(" AND at >= ").push_bind(since);
        }
        if let Some(until) = filter.until {
            sql.push(" AND at <= ").push_bind(until);
        }
        if let Some(line) = filter.behind {
            sql.push(" AND id > ").push_bind(line);
        }
        if let Some(line) = filter.up_to {
            sql.push(" AND id <= ").push_bind(line);
        }
        sql.push(" ORDER BY id DESC LIMIT ").push_bind(filter.limit.map_or(-1, i64::from));
        let rows = self.done(sql.build().fetch_all(&self.pool).await)?;
        rows.iter().rev().map(|row| self.journal_row(row)).collect()
    }

    /// The tickets whose intervention or anomaly is, or was to be, of one of these clients of Gestan.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn tickets_of_clients(&self, clients: &[i64]) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT DISTINCT number FROM link WHERE held ->> 'client' IN (SELECT value FROM json_each(?1)) \
                   OR sent ->> 'client' IN (SELECT value FROM json_each(?1))";
        self.done(sqlx::query_scalar(sql).bind(self.text(&clients)?).fetch_all(&self.pool).await)
    }

    /// The clients of Gestan that rows of GestSup's `tcompany` are known to be, as (client, row).
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn linked_clients(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let sql = "SELECT CAST(gestan_key AS INTEGER), gestsup_id FROM reference_link WHERE kind = 'client'";
        self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)
    }

    /// The number of the newest line of the journal; 0 where there is none.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn last_line(&self) -> Result<i64, StoreError> {
        self.done(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM journal").fetch_one(&self.pool).await)
    }

    fn journal_row(&self, row: &SqliteRow) -> Result<JournalEntry, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        Ok(JournalEntry {
            at: self.done(row.try_get("at"))?,
            run_id: text("run_id")?,
            flow: text("flow")?,
            ticket: self.done(row.try_get("ticket"))?,
            gestan_id: self.done(row.try_get("gestan_id"))?,
            action: text("action")?,
            outcome: self.named(text("outcome")?)?,
            message: text("message")?,
            detail: self.json(&text("detail")?)?,
        })
    }

    /// Has tickets planned again at once, whatever is remembered of their failures; all that failed
    /// when none is named. One that is named, and whose intervention was deleted in Gestan, may get another.
    /// Returns how many there were.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn retry(&self, numbers: Option<&[i64]>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut cleared = 0;
        // Who deleted some on purpose does not expect them back from a command about all that failed.
        let code = if numbers.is_some() { ANEW } else { DELETED_IN_GESTAN };
        let all;
        let numbers = match numbers {
            Some(numbers) => numbers,
            None => {
                let sql = "SELECT number FROM attention WHERE trouble <> 'waiting' UNION SELECT number FROM follow_up WHERE attention IS NOT NULL";
                all = self.done(sqlx::query_scalar::<_, i64>(sql).fetch_all(&mut *transaction).await)?;
                &all
            }
        };
        for number in numbers {
            // Its fingerprint goes too: what is not remembered has changed, and is planned again.
            let sql = "DELETE FROM fingerprint WHERE number = ? AND number IN (SELECT number FROM attention)";
            self.done(sqlx::query(sql).bind(number).execute(&mut *transaction).await)?;
            let sql = "UPDATE attention SET trouble = 'retrying', attempts = 0, next_at = NULL, code = IIF(code = ?, ?, code) WHERE number = ?";
            let update = sqlx::query(sql).bind(DELETED_IN_GESTAN).bind(code).bind(number);
            let mut rows = self.done(update.execute(&mut *transaction).await)?.rows_affected();
            let sql = "UPDATE follow_up SET attention = NULL WHERE number = ? AND attention IS NOT NULL";
            rows += self.done(sqlx::query(sql).bind(number).execute(&mut *transaction).await)?.rows_affected();
            cleared += rows.min(1);
        }
        self.done(transaction.commit().await)?;
        Ok(cleared)
    }
}
