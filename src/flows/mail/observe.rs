//! A mailbox that GestSup's own connector reads: nothing in it is changed. Mails are linked to the tickets and comments that GestSup
//! made of them, so that answers are threaded and people can ask; what GestSup lost or spoiled is told.

use super::folder::{Folder, spot};
use super::memory::{FolderMark, MailCommit, MailOutcome, MailRow};
use super::one::{action, told};
use super::pass::Worker;
use super::ports::{FolderState, Listed};
use crate::config::Mailbox;
use crate::flows::PortError;
use crate::flows::tickets::Outcome;
use crate::mapping::mail::{Sight, identity, sight};
use chrono::TimeDelta;

/// How long GestSup may take to make something of a mail.
const AWAITED: TimeDelta = TimeDelta::hours(1);
/// How often it is looked for until then.
const AGAIN: TimeDelta = TimeDelta::minutes(2);
/// Codes of what is told.
const OBSERVED: &str = "observed";
/// Code of a mail that GestSup made nothing of.
const LOST: &str = "lost-by-gestsup";
/// Code of a mail whose text GestSup lost.
const SPOILED: &str = "spoiled-by-gestsup";

impl Worker<'_> {
    /// Looks at one mailbox.
    pub(super) async fn observe(&mut self, mailbox: &Mailbox) -> Result<(), PortError> {
        let memory = self.flow.memory;
        let open = if self.report.dry_run { Vec::new() } else { memory.open_mails(&mailbox.name, self.now).await? };
        for row in open {
            self.look_again(row).await?;
        }
        let mut session = self.flow.mailboxes.open(&mailbox.name).await?;
        for name in &mailbox.folders {
            let mut folder = Folder { mailbox: &mailbox.name, name, is_read: true, session: session.as_mut() };
            let state = folder.session.select(name, true).await?;
            self.observe_folder(&mut folder, &state).await?;
        }
        session.close().await;
        Ok(())
    }

    async fn observe_folder(&mut self, folder: &mut Folder<'_>, state: &FolderState) -> Result<(), PortError> {
        let memory = self.flow.memory;
        let known = memory.folder_mark(folder.mailbox, folder.name).await?;
        let fresh = FolderMark { uid_validity: state.uid_validity, next_uid: 1, since: self.now };
        let first_look = known.is_none();
        let mut mark = known.unwrap_or(fresh);
        if mark.uid_validity != state.uid_validity {
            mark = FolderMark { since: mark.since, ..fresh };
        }
        if first_look && !self.report.dry_run {
            memory.set_folder_mark(folder.mailbox, folder.name, &mark).await?;
        }
        if state.uid_next.is_some_and(|next| next <= mark.next_uid) {
            return Ok(());
        }
        let batch = self.flow.settings.batch as usize;
        let page = folder.session.list(mark.next_uid, batch).await?;
        self.report.more |= page.len() == batch;
        for listed in page {
            if self.cancel.is_cancelled() {
                self.report.interrupted = true;
                break;
            }
            if !self.is_history(&listed, mark.since) {
                self.observe_mail(folder, state, &listed).await?;
            }
            mark.next_uid = listed.uid.saturating_add(1);
        }
        if !self.report.dry_run {
            memory.set_folder_mark(folder.mailbox, folder.name, &mark).await?;
        }
        Ok(())
    }

    async fn observe_mail(
        &mut self,
        folder: &mut Folder<'_>,
        state: &FolderState,
        listed: &Listed,
    ) -> Result<(), PortError> {
        self.report.looked_at += 1;
        // Its headers are enough.
        let Some(mail) = folder.session.fetch(listed, 0, self.flow.spool).await? else { return Ok(()) };
        let identity = identity(&mail);
        if self.flow.memory.mail_of(&identity).await?.is_some() {
            return Ok(());
        }
        let mut row = self.new_row(&mail, identity, spot(folder, state, listed));
        row.received_at = mail.received.or(mail.date).or(Some(self.now));
        self.look_for(row).await
    }

    /// A mail that GestSup had made nothing of when it was last looked for.
    async fn look_again(&mut self, row: MailRow) -> Result<(), PortError> {
        if row.outcome == MailOutcome::Failed { self.look_for(row).await } else { Ok(()) }
    }

    /// Looks for what GestSup made of a mail.
    async fn look_for(&mut self, mut row: MailRow) -> Result<(), PortError> {
        let received = row.received_at.unwrap_or(self.now);
        let sight: Sight = sight(&row.sender, &row.subject, received, &self.facts);
        let mut found = None;
        for seen in self.pen.made_of(&sight).await? {
            let taken = self.flow.memory.mail_of_step(seen.step).await?;
            if taken.is_none_or(|taken| taken.id == row.id && row.id != 0) {
                found = Some(seen);
                break;
            }
        }
        row.at = self.now;
        let outcome = match found {
            Some(seen) => {
                row.outcome = if seen.reply { MailOutcome::Reply } else { MailOutcome::Ticket };
                (row.ticket, row.step, row.filed, row.next_at) = (Some(seen.ticket), Some(seen.step), true, None);
                row.code = if seen.empty { SPOILED } else { OBSERVED }.to_owned();
                row.reason = match seen.empty {
                    true => "GestSup's own connector took it and lost its text: look at the mail".to_owned(),
                    false => "GestSup's own connector took it".to_owned(),
                };
                if seen.empty { Outcome::Reported } else { Outcome::Done }
            }
            None if self.now - received < AWAITED => {
                row.outcome = MailOutcome::Failed;
                (row.filed, row.next_at) = (false, Some(self.now + AGAIN));
                row.code = OBSERVED.to_owned();
                row.reason = "GestSup's own connector has not taken it yet".to_owned();
                Outcome::Waiting
            }
            None => {
                row.outcome = MailOutcome::Parked;
                (row.filed, row.next_at) = (true, None);
                row.code = LOST.to_owned();
                row.reason = "GestSup's own connector made neither a ticket nor a comment of it (it takes unread mails only, and none of its excluded senders): look at the mail".to_owned();
                Outcome::Reported
            }
        };
        self.keep(row, outcome).await
    }

    async fn keep(&mut self, row: MailRow, outcome: Outcome) -> Result<(), PortError> {
        if outcome != Outcome::Waiting {
            self.report.add(&row);
        }
        if self.report.dry_run {
            return Ok(());
        }
        let journal = match outcome {
            Outcome::Waiting => Vec::new(),
            _ => vec![self.line(action(row.outcome), outcome, row.ticket, &told(&row))],
        };
        let threads = row.outcome.is_written();
        self.remember(MailCommit { row: Some(row), threads, done: false, journal }).await
    }
}
