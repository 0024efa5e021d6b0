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
        self.copy_into(target, false).await
    }

    /// Puts this copy into the state's place, where nothing may be. Nobody may be at work there.
    ///
    /// # Errors
    /// When the file exists, or cannot be written.
    pub async fn put_in_place(&self, path: &Path) -> Result<(), StoreError> {
        self.copy_into(path, true).await
    }

    async fn copy_into(&self, target: &Path, in_place: bool) -> Result<(), StoreError> {
        if target.exists() {
            let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "there is a file of this name");
            return Err(StoreError::File { path: target.to_owned(), source });
        }
        // SQLite takes an empty file for a new base, and this one has its rights before anything is in it.
        create_private(target, in_place)?;
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

    /// Forgets passes, lines of the journal and what mails said from before a moment; which interventions were made is kept,
    /// since the follow-up asks for it, and so is the identity of every mail. Returns how many lines are gone.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn forget_before(&self, moment: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "DELETE FROM journal WHERE at < ? AND action <> 'create'";
        let gone = self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?.rows_affected();
        // What was sent is kept as long; what was not is never forgotten.
        let sql = "DELETE FROM outbox WHERE at < ? AND phase IN ('sent', 'merged', 'dropped')";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?;
        self.forget_mails_before(moment).await?;
        let sql = "DELETE FROM run WHERE started < ? \
                   AND started < (SELECT MAX(started) FROM run n WHERE n.flow = run.flow AND n.outcome = run.outcome)";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?;
        Ok(gone)
    }

    /// Forgets what old mails said, with which all is done: who sent them, their subject, the sentence about them, the hour. What each is
    /// recognised by and what became of it stays for ever, since no mail may become a second ticket: a server that gives its
    /// folders new uids (UIDVALIDITY), or a person who moves an old mail back, has it listed again at any age. It costs less
    /// than 300 bytes a mail. A duplicate would be one again by the identity of the first: its row goes. One that is set aside,
    /// or was not filed, is still somebody's matter; of an excluded one, what `mail replay` finds it by stays.
    async fn forget_mails_before(&self, moment: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "DELETE FROM mail WHERE at < ? AND filed = 1 AND outcome IN ('duplicate', 'gone')";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await)?;
        let sql = "UPDATE mail SET sender = '', subject = '', reason = '', received_at = NULL, \
                   at = substr(at, 1, 10) || 'T00:00:00+00:00', \
                   message_id = IIF(outcome = 'excluded', message_id, NULL) \
                   WHERE at < ? AND filed = 1 AND settled = 1 AND outcome IN ('ticket', 'reply', 'excluded') \
                   AND (sender <> '' OR subject <> '' OR reason <> '')";
        self.done(sqlx::query(sql).bind(moment).execute(&self.pool).await).map(|_| ())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::flows::mail::{MailCommit, MailMemory as _, MailOutcome, MailRow, Spot};
    use crate::model::sha256_hex;

    fn mail(number: u32, outcome: MailOutcome, now: DateTime<Utc>) -> MailRow {
        MailRow {
            id: 0,
            identity: sha256_hex(&number.to_string()),
            spot: Spot {
                mailbox: "support".to_owned(),
                folder: "INBOX".to_owned(),
                uid_validity: 1_700_000_000,
                uid: number,
            },
            message_id: Some(format!("CAF8x{number}.1234567890@mail.un-client-quelconque.fr")),
            sender: "prenom.nom@un-client-quelconque.fr".to_owned(),
            subject: "Problème d'imprimante au premier étage".to_owned(),
            received_at: Some(now),
            size: 40_000,
            outcome,
            code: "new".to_owned(),
            reason: "its subject names this ticket; the signature was left out".to_owned(),
            ticket: Some(i64::from(number)),
            step: Some(i64::from(number) * 3),
            attempts: 0,
            next_at: None,
            forced: false,
            filed: true,
            settled: true,
            at: now,
        }
    }

    async fn bytes(store: &Store) -> i64 {
        sqlx::query("VACUUM").execute(&store.pool).await.unwrap();
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        sqlx::query_scalar(sql).fetch_one(&store.pool).await.unwrap()
    }

    #[tokio::test]
    async fn an_old_mail_is_recognised_for_ever_and_costs_less_than_300_bytes() {
        const MAILS: u32 = 4000;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).await.unwrap();
        let (now, empty) = (Utc::now(), bytes(&store).await);
        let outcomes = [MailOutcome::Ticket, MailOutcome::Reply, MailOutcome::Reply, MailOutcome::Excluded];
        let rows = (1..=MAILS).map(|number| mail(number, outcomes[number as usize % 4], now));
        let commits = rows.map(|row| MailCommit { row: Some(row), ..MailCommit::default() });
        store.commit_mail(commits.collect()).await.unwrap();
        let each = (bytes(&store).await - empty) / i64::from(MAILS);
        store.forget_before(now + chrono::TimeDelta::days(1)).await.unwrap();
        let left = (bytes(&store).await - empty) / i64::from(MAILS);
        assert!(left < 300 && left * 3 / 2 < each, "{each} bytes a mail, {left} once it is old");
        let known = store.mail_of(&sha256_hex("8")).await.unwrap().unwrap();
        assert_eq!((known.ticket, known.sender.as_str(), known.message_id), (Some(8), "", None));
    }

    #[tokio::test]
    async fn a_duplicate_goes_and_what_is_still_a_persons_matter_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).await.unwrap();
        let now = Utc::now();
        let unfiled = MailRow { filed: false, ..mail(4, MailOutcome::Reply, now) };
        let rows =
            [mail(1, MailOutcome::Duplicate, now), mail(2, MailOutcome::Parked, now), mail(3, MailOutcome::Gone, now)];
        let commits = rows.into_iter().chain([unfiled, mail(5, MailOutcome::Excluded, now)]);
        let commits = commits.map(|row| MailCommit { row: Some(row), ..MailCommit::default() });
        store.commit_mail(commits.collect()).await.unwrap();
        store.forget_before(now).await.unwrap();
        let before = store.mails(&Default::default()).await.unwrap();
        assert_eq!(before.len(), 5, "none is old");
        store.forget_before(now + chrono::TimeDelta::days(1)).await.unwrap();
        let left = store.mails(&Default::default()).await.unwrap();
        let told: Vec<_> =
            left.iter().map(|row| (row.spot.uid, row.sender.is_empty(), row.message_id.is_some())).collect();
        assert_eq!(told, [(5, true, true), (4, false, true), (2, false, true)]);
    }
}
