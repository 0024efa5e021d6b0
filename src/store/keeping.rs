//! The state as a file that an administrator looks after: copies, checks, and how long the journal goes back.

use super::{MIGRATIONS, StateLock, Store, StoreError, create_private};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What a look at a state found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateCheck {
    /// The file.
    pub path: PathBuf,
    /// Version of its structure.
    pub version: i64,
    /// Size in bytes.
    pub bytes: u64,
    /// Linked tickets.
    pub links: i64,
    /// Lines of the journal.
    pub journal: i64,
    /// What SQLite says is wrong with it; empty: nothing.
    pub damage: Vec<String>,
}

impl Store {
    /// Copies the state, as it is at one instant, into a new file that its owner alone may read. A service may be at work on it.
    ///
    /// # Errors
    /// When the file exists, or cannot be written.
    pub async fn back_up(&self, target: &Path) -> Result<(), StoreError> {
        if target.exists() {
            let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "there is a file of this name");
            return Err(StoreError::File { path: target.to_owned(), source });
        }
        // SQLite takes an empty file for a new base, and this one has its rights before anything is in it.
        create_private(target)?;
        let copied = self.copy_to(target).await;
        if copied.is_err() {
            let _ = std::fs::remove_file(target);
        }
        copied
    }

    /// Looks a state over: every page and index, and that what refers to something finds it.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub async fn examine(&self) -> Result<StateCheck, StoreError> {
        let mut damage: Vec<String> =
            self.done(sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&self.pool).await)?;
        damage.retain(|line| line != "ok");
        let strays: Vec<String> = self
            .done(sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check").fetch_all(&self.pool).await)?;
        damage.extend(strays.into_iter().map(|table| format!("a row of {table} refers to nothing")));
        let count = async |sql: &'static str| self.done(sqlx::query_scalar(sql).fetch_one(&self.pool).await);
        Ok(StateCheck {
            path: self.path.clone(),
            version: self.schema_version().await?,
            bytes: std::fs::metadata(&self.path).map_or(0, |data| data.len()),
            links: count("SELECT COUNT(*) FROM link").await?,
            journal: count("SELECT COUNT(*) FROM journal").await?,
            damage,
        })
    }

    /// Forgets passes and lines of the journal from before a moment; which interventions were made is kept, since the
    /// follow-up asks for it. Returns how many lines are gone.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn forget_before(&self, moment: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM journal WHERE at < ? AND action <> 'create'";
        let gone = self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?.rows_affected();
        // What was sent is kept as long; what was not is never forgotten.
        let sql = "DELETE FROM outbox WHERE at < ? AND phase IN ('sent', 'merged', 'dropped')";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?;
        let sql = "DELETE FROM run WHERE started < ? \
                   AND started < (SELECT MAX(started) FROM run n WHERE n.flow = run.flow AND n.outcome = run.outcome)";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?;
        Ok(gone)
    }

    /// Puts a state aside: it and what SQLite keeps beside it get a name with the time in it. `None`: there was none.
    ///
    /// # Errors
    /// When a connector works on it, or it cannot be renamed.
    pub fn put_aside(path: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>, StoreError> {
        let _lock = StateLock::take(path)?;
        if !path.exists() {
            return Ok(None);
        }
        let suffix = now.format(".before-%Y%m%dT%H%M%SZ").to_string();
        let renamed = |of: &str| PathBuf::from(format!("{}{suffix}{of}", path.display()));
        for of in ["", "-wal", "-shm"] {
            let from = PathBuf::from(format!("{}{of}", path.display()));
            if from.exists() {
                std::fs::rename(&from, renamed(of)).map_err(|source| StoreError::File { path: from, source })?;
            }
        }
        Ok(Some(renamed("")))
    }

    /// The version of the structure that this program knows.
    pub fn known_version() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }
}
