//! The mail flow of a site.

use super::flow::Flow;
use super::site::{PassResult, Site};
use crate::flows::mail::{MailIntake, MailOptions, MailReport, MailRow};
use crate::flows::tickets::PassOptions;
use crate::mailbox::ImapMailboxes;
use anyhow::Context as _;
use chrono::Utc;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

impl Site {
    /// Whether the mail flow is switched on. Shadow mode writes on neither side.
    pub fn takes_mails(&self) -> bool {
        self.config().mail.enabled && !self.config().is_shadow()
    }

    /// The mailboxes.
    pub fn mailboxes(&self) -> &ImapMailboxes {
        &self.mailboxes
    }

    /// The mail flow of this site; large mails are kept in `spool` while they are worked on.
    pub fn intake<'s>(&'s self, spool: &'s Path) -> MailIntake<'s> {
        MailIntake {
            mailboxes: &self.mailboxes,
            desk: &self.mail_room,
            memory: self.store(),
            settings: &self.config().mail,
            zone: self.gestsup().zone(),
            spool,
        }
    }

    /// Makes a pass of the mail flow, unless a circuit is open; remembers how it ended.
    ///
    /// # Errors
    /// When GestSup or every mailbox does not answer, or GestSup's account may not write.
    pub async fn take_mails(
        &self,
        options: &PassOptions,
        cancel: &CancellationToken,
    ) -> anyhow::Result<PassResult<MailReport>> {
        let spool = spool()?;
        let flow = self.intake(spool.path());
        let mail = MailOptions { dry_run: options.dry_run };
        let patient = options.only.is_empty();
        self.make(Flow::Mail, options, patient, async |run_id| flow.pass(&mail, run_id, Utc::now(), cancel).await).await
    }

    /// Has the next pass of the mail flow take a mail in, whatever the rules say.
    ///
    /// # Errors
    /// When it was taken in already or is nowhere to be found.
    pub async fn replay_mail(&self, row: MailRow) -> anyhow::Result<MailRow> {
        let spool = spool()?;
        let _alone = self.alone_with_mails().await;
        Ok(self.intake(spool.path()).replay(row, Utc::now()).await?)
    }

    /// Takes a mail off the list of those that were not taken in. Nothing is done with it where it lies.
    ///
    /// # Errors
    /// When it is not on that list.
    pub async fn drop_mail(&self, row: MailRow) -> anyhow::Result<MailRow> {
        let spool = spool()?;
        let _alone = self.alone_with_mails().await;
        Ok(self.intake(spool.path()).give_up(row, Utc::now()).await?)
    }

    /// Waits until nobody works on the mailboxes, and keeps others away.
    pub(super) async fn alone_with_mails(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.mails).lock_owned().await
    }
}

/// A folder for large mails, gone with what it returns.
fn spool() -> anyhow::Result<tempfile::TempDir> {
    tempfile::TempDir::with_prefix("gestan-connector-mail-").context("while making a folder for large mails")
}
