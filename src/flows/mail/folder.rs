//! One folder: what is left to be done with known mails, then the mails that nobody has looked at yet, in their order. A mail that
//! makes trouble holds up none behind it.

use super::memory::{FolderMark, MailOutcome, MailRow, Spot};
use super::pass::Worker;
use super::ports::{FolderState, Listed, MailSession};
use crate::config::FirstLook;
use crate::failpoint::reached;
use crate::flows::{Blast, PortError, System};
use crate::model::Filing;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Mails whose filing the state is told of at a time.
const FLUSHED: usize = 50;

/// A folder that is worked on.
pub(super) struct Folder<'a> {
    pub mailbox: &'a str,
    pub name: &'a str,
    /// It is one of those that mails are taken from.
    pub is_read: bool,
    pub session: &'a mut dyn MailSession,
}

impl Worker<'_> {
    pub(super) async fn folder(&mut self, folder: &mut Folder<'_>, open: Vec<MailRow>) -> Result<(), PortError> {
        let state = match folder.session.select(folder.name, self.report.dry_run).await {
            Ok(state) => state,
            // A folder that mails were moved to, and that somebody removed.
            Err(error) if !folder.is_read && matches!(error.blast, Blast::Configuration | Blast::Retry) => {
                for row in open {
                    self.gone(row).await?;
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for row in open {
            if self.cancel.is_cancelled() {
                self.report.interrupted = true;
                return Ok(());
            }
            self.again(folder, &state, row).await?;
        }
        if folder.is_read { self.fresh(folder, &state).await } else { Ok(()) }
    }

    /// A mail with which something was left to be done.
    async fn again(&mut self, folder: &mut Folder<'_>, state: &FolderState, row: MailRow) -> Result<(), PortError> {
        if row.spot.uid_validity != state.uid_validity {
            // Its place means nothing any more. Where the folder is read, the mail turns up again.
            return if folder.is_read { Ok(()) } else { self.gone(row).await };
        }
        match row.outcome {
            MailOutcome::Failed => {
                let listed = folder.session.list(row.spot.uid, 1).await?;
                match listed.into_iter().find(|listed| listed.uid == row.spot.uid) {
                    Some(listed) => self.take(folder, state, &listed, Some(row)).await,
                    None => self.gone(row).await,
                }
            }
            MailOutcome::Duplicate => match self.flow.memory.mail_of(&row.identity).await? {
                Some(first) if first.outcome == MailOutcome::Failed => Ok(()),
                first => {
                    let outcome = first.map_or(MailOutcome::Excluded, |first| first.outcome);
                    self.file(folder, &row, outcome).await
                }
            },
            outcome => self.file(folder, &row, outcome).await,
        }
    }

    /// The mails that nobody has looked at yet.
    async fn fresh(&mut self, folder: &mut Folder<'_>, state: &FolderState) -> Result<(), PortError> {
        let memory = self.flow.memory;
        let known = memory.folder_mark(folder.mailbox, folder.name).await?;
        let first_look = known.is_none();
        let mut mark = known.unwrap_or(FolderMark { uid_validity: state.uid_validity, next_uid: 1, since: self.now });
        if mark.uid_validity != state.uid_validity {
            mark = FolderMark { uid_validity: state.uid_validity, next_uid: 1, ..mark };
        }
        if first_look && !self.report.dry_run {
            // What comes from now on is no history, however this pass ends.
            memory.set_folder_mark(folder.mailbox, folder.name, &mark).await?;
        }
        if state.uid_next.is_some_and(|next| next <= mark.next_uid) {
            return Ok(());
        }
        let batch = self.flow.settings.batch as usize;
        let page = folder.session.list(mark.next_uid, batch).await?;
        self.report.more |= page.len() == batch;
        let uids: Vec<u32> = page.iter().map(|listed| listed.uid).collect();
        let rows = memory.mails_at(folder.mailbox, folder.name, state.uid_validity, &uids).await?;
        let rows: HashMap<u32, MailRow> = rows.into_iter().map(|row| (row.spot.uid, row)).collect();
        let mut next = mark.next_uid;
        for listed in page {
            if self.cancel.is_cancelled() {
                self.report.interrupted = true;
                break;
            }
            if self.room == 0 {
                self.pause(folder.mailbox);
                self.report.more = false;
                break;
            }
            if !rows.contains_key(&listed.uid) && !self.is_history(&listed, mark.since) {
                self.take(folder, state, &listed, None).await?;
            }
            next = listed.uid.saturating_add(1);
        }
        if next != mark.next_uid && !self.report.dry_run {
            mark.next_uid = next;
            self.flush().await?;
            memory.set_folder_mark(folder.mailbox, folder.name, &mark).await?;
        }
        Ok(())
    }

    /// Whether a mail lay there before the first look and is to stay what it is.
    pub(super) fn is_history(&self, listed: &Listed, since: DateTime<Utc>) -> bool {
        let before = listed.received.is_some_and(|received| received < since);
        match self.flow.settings.first_look {
            FirstLook::All => false,
            FirstLook::Unread => before && listed.seen,
            FirstLook::Nothing => before,
        }
    }

    /// What is to be done with a mail of this outcome in its mailbox.
    fn filing(&self, outcome: MailOutcome) -> &[Filing] {
        let filing = &self.flow.settings.filing;
        match outcome {
            MailOutcome::Ticket => &filing.ticket,
            MailOutcome::Reply => &filing.reply,
            MailOutcome::Excluded => &filing.excluded,
            MailOutcome::Parked => &filing.failed,
            MailOutcome::Duplicate | MailOutcome::Failed | MailOutcome::Gone => &[],
        }
    }

    /// Does it. A server that refuses it for one mail holds up none of the others.
    pub(super) async fn file(
        &mut self,
        folder: &mut Folder<'_>,
        row: &MailRow,
        outcome: MailOutcome,
    ) -> Result<(), PortError> {
        if self.report.dry_run {
            return Ok(());
        }
        let filing = self.filing(outcome).to_vec();
        if !filing.is_empty() {
            match folder.session.file(row.spot.uid, &filing).await {
                Ok(()) => {}
                Err(error) if error.system == System::Mailbox && error.blast == Blast::Retry => {
                    let sentence = format!("A mail of {} cannot be filed: {}", folder.mailbox, error.message);
                    if !self.report.remarks.contains(&sentence) {
                        tracing::warn!(flow = "mail", "{sentence}");
                        self.report.remarks.push(sentence);
                    }
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            reached("mail: filed");
        }
        self.filed.push(row.id);
        if self.filed.len() >= FLUSHED {
            self.flush().await?;
        }
        Ok(())
    }
}

/// The place of a listed mail.
pub(super) fn spot(folder: &Folder<'_>, state: &FolderState, listed: &Listed) -> Spot {
    Spot {
        mailbox: folder.mailbox.to_owned(),
        folder: folder.name.to_owned(),
        uid_validity: state.uid_validity,
        uid: listed.uid,
    }
}
