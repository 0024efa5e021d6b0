//! A mail that a person wants in after all: it is looked for where it was left, and the next pass takes it, whatever the rules say.

use super::memory::{MailCommit, MailOutcome, MailRow, Spot};
use super::one::{action, told};
use super::pass::MailIntake;
use super::ports::MailSession;
use crate::flows::tickets::{JournalEntry, Outcome};
use crate::flows::{Blast, PortError, System};
use crate::mapping::mail::identity;
use crate::model::Filing;
use chrono::{DateTime, Utc};

/// Mails of a page.
const PAGE: usize = 500;

impl MailIntake<'_> {
    /// Has the next pass take a mail in.
    ///
    /// # Errors
    /// When it was taken in already, is in none of the folders that it may be in, or its mailbox does not answer.
    pub async fn replay(&self, row: MailRow, now: DateTime<Utc>) -> Result<MailRow, PortError> {
        let refuse =
            |message: String| PortError { system: System::Mailbox, blast: Blast::Record, retry_after: None, message };
        if let (true, Some(ticket)) = (row.outcome.is_written(), row.ticket) {
            return Err(refuse(format!("mail {} was taken in: it is in ticket n°{ticket}", row.id)));
        }
        if row.outcome == MailOutcome::Duplicate {
            return Err(refuse(format!("mail {} is a duplicate: replay the one that was found first", row.id)));
        }
        let filing = &self.settings.filing;
        let mut folders = vec![row.spot.folder.clone()];
        for one in filing.failed.iter().chain(&filing.excluded) {
            if let Filing::Move(folder) | Filing::Copy(folder) = one
                && !folders.contains(folder)
            {
                folders.push(folder.clone());
            }
        }
        let mut session = self.mailboxes.open(&row.spot.mailbox).await?;
        for folder in &folders {
            if let Some(spot) = self.look_in(session.as_mut(), folder, &row).await? {
                session.close().await;
                let row = MailRow {
                    spot,
                    outcome: MailOutcome::Failed,
                    attempts: 0,
                    next_at: Some(now),
                    forced: true,
                    filed: false,
                    ..row
                };
                let commit = MailCommit { row: Some(row.clone()), ..MailCommit::default() };
                self.memory.commit_mail(vec![commit]).await?;
                return Ok(row);
            }
        }
        session.close().await;
        Err(refuse(format!(
            "mail {} is no longer in {}: move it back into one of these folders, then replay it",
            row.id,
            folders.join(", ")
        )))
    }

    /// Takes a mail off the list of those that were not taken in: a person looked after it.
    ///
    /// # Errors
    /// When it is not on that list.
    pub async fn give_up(&self, row: MailRow, now: DateTime<Utc>) -> Result<MailRow, PortError> {
        if !matches!(row.outcome, MailOutcome::Failed | MailOutcome::Parked) {
            let message = format!("mail {} is not one that could not be taken in: it stays what it is", row.id);
            return Err(PortError { system: System::Mailbox, blast: Blast::Record, retry_after: None, message });
        }
        let row = MailRow {
            outcome: MailOutcome::Excluded,
            code: "dropped".to_owned(),
            reason: format!("somebody looked after it, who gave `mail drop`. Before: {}", row.reason),
            next_at: None,
            filed: true,
            ..row
        };
        let line = JournalEntry {
            at: now,
            run_id: String::new(),
            flow: "mail".to_owned(),
            ticket: None,
            gestan_id: None,
            action: action(row.outcome).to_owned(),
            outcome: Outcome::Reported,
            message: told(&row),
            detail: serde_json::to_value(&row).unwrap_or_default(),
        };
        let commit = MailCommit { row: Some(row.clone()), journal: vec![line], ..MailCommit::default() };
        self.memory.commit_mail(vec![commit]).await?;
        Ok(row)
    }

    async fn look_in(
        &self,
        session: &mut dyn MailSession,
        folder: &str,
        row: &MailRow,
    ) -> Result<Option<Spot>, PortError> {
        let state = match session.select(folder, true).await {
            Ok(state) => state,
            Err(error) if matches!(error.blast, Blast::Configuration | Blast::Retry) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut from = 1;
        loop {
            let page = session.list(from, PAGE).await?;
            for listed in &page {
                if listed.message_id != row.message_id || (row.size > 0 && listed.size != row.size) {
                    continue;
                }
                let most = self.settings.max_mib * 1024 * 1024;
                let Some(mail) = session.fetch(listed, most, self.spool).await? else { continue };
                if identity(&mail) == row.identity {
                    return Ok(Some(Spot {
                        mailbox: row.spot.mailbox.clone(),
                        folder: folder.to_owned(),
                        uid_validity: state.uid_validity,
                        uid: listed.uid,
                    }));
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => from = last.uid.saturating_add(1),
                _ => return Ok(None),
            }
        }
    }
}
