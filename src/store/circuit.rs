//! A system that fails as a whole is left alone for a while, growing: no record is blamed for it.

use super::{Store, StoreError};
use crate::flows::System;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use sqlx::Row as _;

/// Failures in a row after which a system is left alone.
const OPENS_AFTER: u32 = 3;
/// First pause, and the longest.
const FIRST_PAUSE: i64 = 10;
const LONGEST_PAUSE: i64 = 600;
/// The longest pause that the other side may ask for.
const LONGEST_ASKED: i64 = 3600;

/// What the names of mailboxes stand behind, in the state.
const MAILBOX: &str = "mailbox:";

/// How a system has been doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Circuit {
    /// Which system.
    pub system: String,
    /// Failures in a row; 0 when all is well.
    pub failures: u32,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Left alone until then.
    pub until: Option<DateTime<Utc>>,
    /// What it last said.
    pub last_error: String,
}

/// The circuit of one mailbox among several, in the state.
pub(super) fn of_mailbox(mailbox: &str) -> String {
    format!("{MAILBOX}{mailbox}")
}

impl Circuit {
    /// Whether the system is to be left alone now.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// The mailbox that it is about, where it is about one.
    pub(super) fn mailbox(&self) -> Option<&str> {
        self.system.strip_prefix(MAILBOX)
    }

    /// A sentence for people.
    pub fn sentence(&self) -> String {
        let since = self.since.map(|since| since.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
        let next = self
            .until
            .map(|until| format!("; next attempt after {}", until.format("%H:%M:%S UTC")))
            .unwrap_or_default();
        let attempts = match self.failures {
            1 => "1 attempt".to_owned(),
            more => format!("{more} attempts"),
        };
        if let Some(mailbox) = self.mailbox() {
            return format!(
                "The mailbox {mailbox} cannot be read since {since} ({attempts}){next}: {}",
                self.last_error
            );
        }
        let name = match self.system.as_str() {
            "gestsup" => "GestSup",
            "gestan" => "Gestan",
            "mailbox" => "The mail server of the mailboxes",
            "smtp" => "The sending mail server",
            other => other,
        };
        format!("{name} has not answered since {since} ({attempts}){next}: {}", self.last_error)
    }
}

impl Store {
    /// How a system has been doing.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn circuit(&self, system: System) -> Result<Circuit, StoreError> {
        self.circuit_of(system.as_str()).await
    }

    /// As [`Store::circuit`], by its name in the state.
    pub(super) async fn circuit_of(&self, system: &str) -> Result<Circuit, StoreError> {
        let sql = "SELECT failures, since, until, last_error FROM circuit WHERE system = ?";
        let row = self.done(sqlx::query(sql).bind(system).fetch_optional(&self.pool).await)?;
        let well =
            Circuit { system: system.to_owned(), failures: 0, since: None, until: None, last_error: String::new() };
        let Some(row) = row else { return Ok(well) };
        Ok(Circuit {
            failures: self.done(row.try_get("failures"))?,
            since: self.done(row.try_get("since"))?,
            until: self.done(row.try_get("until"))?,
            last_error: self.done(row.try_get("last_error"))?,
            ..well
        })
    }

    /// Every system that is not well, mailboxes behind the others.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn circuits(&self) -> Result<Vec<Circuit>, StoreError> {
        let mut circuits = Vec::new();
        for system in [System::Gestsup, System::Gestan, System::Mailbox, System::Smtp] {
            circuits.push(self.circuit(system).await?);
        }
        let sql = "SELECT system FROM circuit WHERE system LIKE 'mailbox:%' ORDER BY system";
        let mailboxes: Vec<String> = self.done(sqlx::query_scalar(sql).fetch_all(&self.pool).await)?;
        for mailbox in mailboxes {
            circuits.push(self.circuit_of(&mailbox).await?);
        }
        circuits.retain(|circuit| circuit.failures > 0);
        Ok(circuits)
    }

    /// Counts a failure of a whole system; one that asks to be left alone for a while is, at once.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn record_failure(
        &self,
        system: System,
        message: &str,
        retry_after: Option<std::time::Duration>,
        now: DateTime<Utc>,
    ) -> Result<Circuit, StoreError> {
        self.record_failure_of(system.as_str(), message, retry_after, now).await
    }

    /// As [`Store::record_failure`], by its name in the state.
    pub(super) async fn record_failure_of(
        &self,
        system: &str,
        message: &str,
        retry_after: Option<std::time::Duration>,
        now: DateTime<Utc>,
    ) -> Result<Circuit, StoreError> {
        let before = self.circuit_of(system).await?;
        let failures = before.failures.saturating_add(1);
        let pause = failures.checked_sub(OPENS_AFTER).map(|more| {
            FIRST_PAUSE.saturating_mul(1i64.checked_shl(more.min(16)).unwrap_or(i64::MAX)).min(LONGEST_PAUSE)
        });
        let asked = retry_after.map(|asked| i64::try_from(asked.as_secs()).unwrap_or(i64::MAX).min(LONGEST_ASKED));
        let pause = pause.max(asked.filter(|seconds| *seconds > 0));
        let circuit = Circuit {
            failures,
            since: before.since.or(Some(now)),
            until: pause.map(|seconds| now + Duration::seconds(seconds)),
            last_error: message.to_owned(),
            ..before
        };
        let sql = "INSERT INTO circuit (system, failures, since, until, last_error) VALUES (?, ?, ?, ?, ?) \
                   ON CONFLICT (system) DO UPDATE SET failures = excluded.failures, since = excluded.since, \
                   until = excluded.until, last_error = excluded.last_error";
        let query = sqlx::query(sql)
            .bind(&circuit.system)
            .bind(circuit.failures)
            .bind(circuit.since)
            .bind(circuit.until)
            .bind(&circuit.last_error);
        self.done(query.execute(&self.pool).await)?;
        Ok(circuit)
    }

    /// Systems that are left alone are tried again: the clock by which they were was set back.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn forget_pauses(&self) -> Result<(), StoreError> {
        self.done(sqlx::query("UPDATE circuit SET until = NULL").execute(&self.pool).await).map(|_| ())
    }

    /// The system works; returns how it was doing when that is news.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn record_success(&self, system: System) -> Result<Option<Circuit>, StoreError> {
        self.record_success_of(system.as_str()).await
    }

    /// As [`Store::record_success`], by its name in the state.
    pub(super) async fn record_success_of(&self, system: &str) -> Result<Option<Circuit>, StoreError> {
        let before = self.circuit_of(system).await?;
        if before.failures == 0 {
            return Ok(None);
        }
        self.done(sqlx::query("DELETE FROM circuit WHERE system = ?").bind(system).execute(&self.pool).await)?;
        Ok(Some(before))
    }
}
