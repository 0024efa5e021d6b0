//! One pass of the mail flow: settle what was begun, then mailbox after mailbox, folder after folder, mail after mail.

use super::desk::{MailDesk, MailPen};
use super::folder::Folder;
use super::memory::{MailCommit, MailMemory, MailRow};
use super::ports::{MailSession, Mailboxes};
use super::report::{MailReport, MailTrouble};
use crate::config::{MailFlow, Mailbox, MailboxMode};
use crate::failpoint::reached;
use crate::flows::tickets::{JournalEntry, Outcome};
use crate::flows::{Blast, PortError, System};
use crate::mapping::mail::{DeskFacts, two_readers};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// The mail flow of one site.
#[derive(Clone, Copy)]
pub struct MailIntake<'a> {
    /// Where mails come from.
    pub mailboxes: &'a dyn Mailboxes,
    /// What is written to.
    pub desk: &'a dyn MailDesk,
    /// What is remembered.
    pub memory: &'a dyn MailMemory,
    /// The settings.
    pub settings: &'a MailFlow,
    /// GestSup's zone.
    pub zone: Tz,
    /// Where large mails are kept while they are worked on.
    pub spool: &'a Path,
}

impl std::fmt::Debug for MailIntake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailIntake").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What a pass is to do.
#[derive(Debug, Clone, Default)]
pub struct MailOptions {
    /// Look, and write nothing.
    pub dry_run: bool,
}

/// What works on the mailboxes during a pass.
pub(super) struct Worker<'a> {
    pub flow: &'a MailIntake<'a>,
    pub pen: Box<dyn MailPen>,
    pub facts: DeskFacts,
    /// Own addresses, in lower case.
    pub own: Vec<String>,
    pub report: MailReport,
    pub run_id: &'a str,
    pub now: DateTime<Utc>,
    pub cancel: &'a CancellationToken,
    /// Mails with which all is done in their mailbox, and which the state does not know of yet.
    pub filed: Vec<i64>,
    /// Tickets and comments that this mailbox may still become within the hour.
    pub room: u32,
    /// Tickets that are gone, with the one that each was merged into.
    pub merges: HashMap<i64, Option<i64>>,
}

impl MailIntake<'_> {
    /// Makes one pass.
    ///
    /// # Errors
    /// When GestSup, the state or every mailbox does not answer; what went wrong with single mails and mailboxes is in the report.
    pub async fn pass(
        &self,
        options: &MailOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
    ) -> Result<MailReport, PortError> {
        let begun = std::time::Instant::now();
        reached("mail: pass begun");
        let pen = self.desk.mail_pen(!options.dry_run).await?;
        let mut worker = Worker {
            flow: self,
            pen,
            facts: DeskFacts::default(),
            own: Vec::new(),
            report: MailReport::new(run_id, now, options.dry_run),
            run_id,
            now,
            cancel,
            filed: Vec::new(),
            room: 0,
            merges: HashMap::new(),
        };
        if !options.dry_run {
            worker.recover().await?;
            worker.give_back_strays().await?;
        }
        worker.facts = worker.pen.facts().await?;
        worker.own = self.own_addresses(&worker.facts);
        worker.work().await?;
        reached("mail: pass done");
        let mut report = worker.report;
        report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    fn own_addresses(&self, facts: &DeskFacts) -> Vec<String> {
        let own = self.settings.own_addresses.iter().chain(self.settings.mailboxes.iter().map(|mailbox| &mailbox.user));
        let own = own.map(|address| address.trim().to_lowercase()).filter(|address| address.contains('@'));
        own.chain(facts.own_addresses.iter().cloned()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Worker<'_> {
    async fn work(&mut self) -> Result<(), PortError> {
        let settings = self.flow.settings;
        let (mut first, mut worked) = (None, 0);
        let resting = self.resting().await?;
        for mailbox in &settings.mailboxes {
            if let Some(message) = resting.get(&mailbox.name) {
                self.report.troubles.push(MailTrouble { mailbox: mailbox.name.clone(), message: message.clone() });
                continue;
            }
            if self.cancel.is_cancelled() {
                self.report.interrupted = true;
                break;
            }
            let done = if mailbox.mode == MailboxMode::Observe {
                self.observe(mailbox).await
            } else if self.facts.is_read_by_gestsup(mailbox) {
                Err(PortError {
                    system: System::Mailbox,
                    blast: Blast::Configuration,
                    retry_after: None,
                    message: two_readers(&mailbox.name),
                })
            } else {
                self.mailbox(mailbox).await
            };
            self.flush().await?;
            match done {
                Ok(()) => {
                    worked += 1;
                    self.works(&mailbox.name).await?;
                }
                Err(error) if error.system == System::Mailbox => {
                    self.cannot(&mailbox.name, &error).await?;
                    let message = error.message.clone();
                    self.report.troubles.push(MailTrouble { mailbox: mailbox.name.clone(), message });
                    first = first.or(Some(error));
                }
                Err(error) => return Err(error),
            }
        }
        match first {
            // All of them: the circuit is to know.
            Some(error) if worked == 0 && !self.report.interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Mailboxes that are left alone for a while, with what they last said. Where all of them are, all are tried: when that is to
    /// be, the circuit of the whole flow decides.
    async fn resting(&mut self) -> Result<HashMap<String, String>, PortError> {
        let names: Vec<&str> = self.flow.settings.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
        if !self.report.dry_run {
            self.flow.memory.forget_mailboxes_but(if names.len() > 1 { &names } else { &[] }).await?;
        }
        let resting = self.flow.memory.mailboxes_resting(self.now).await?;
        Ok(if names.iter().all(|name| resting.contains_key(*name)) { HashMap::new() } else { resting })
    }

    /// A mailbox cannot be read: told when it begins and when the reason changes. Of a single one, the pass tells.
    async fn cannot(&mut self, mailbox: &str, error: &PortError) -> Result<(), PortError> {
        if self.report.dry_run || self.flow.settings.mailboxes.len() < 2 {
            return Ok(());
        }
        if self.flow.memory.mailbox_failed(mailbox, error, self.now).await? {
            let message = format!("The mailbox {mailbox} cannot be read: {}", error.message);
            let line = self.line("mailbox", Outcome::Failed, None, &message);
            self.remember(MailCommit { journal: vec![line], ..MailCommit::default() }).await?;
        }
        Ok(())
    }

    /// A mailbox was read: told where it could not be before.
    async fn works(&mut self, mailbox: &str) -> Result<(), PortError> {
        if self.report.dry_run || self.flow.settings.mailboxes.len() < 2 {
            return Ok(());
        }
        if let Some(since) = self.flow.memory.mailbox_works(mailbox).await? {
            let message = format!(
                "The mailbox {mailbox} is read again; it could not be since {}",
                since.format("%Y-%m-%d %H:%M:%S UTC")
            );
            tracing::info!(flow = "mail", run_id = self.run_id, "{message}");
            let line = self.line("mailbox", Outcome::Done, None, &message);
            self.remember(MailCommit { journal: vec![line], ..MailCommit::default() }).await?;
        }
        Ok(())
    }

    async fn mailbox(&mut self, mailbox: &Mailbox) -> Result<(), PortError> {
        let limit = self.flow.settings.mailbox_per_hour;
        let written = self.flow.memory.written_of_mailbox(&mailbox.name, self.now - TimeDelta::hours(1)).await?;
        self.room = limit.saturating_sub(written);
        let mut open: BTreeMap<String, Vec<MailRow>> = BTreeMap::new();
        if !self.report.dry_run {
            for row in self.flow.memory.open_mails(&mailbox.name, self.now).await? {
                open.entry(row.spot.folder.clone()).or_default().push(row);
            }
        }
        let others: Vec<String> = open.keys().filter(|folder| !mailbox.folders.contains(folder)).cloned().collect();
        let mut session = self.flow.mailboxes.open(&mailbox.name).await?;
        for (name, is_read) in
            mailbox.folders.iter().map(|name| (name, true)).chain(others.iter().map(|name| (name, false)))
        {
            let rows = open.remove(name).unwrap_or_default();
            let mut folder = Folder { mailbox: &mailbox.name, name, is_read, session: session.as_mut() };
            self.folder(&mut folder, rows).await?;
            self.flush().await?;
            if self.report.interrupted {
                break;
            }
        }
        close(session).await;
        Ok(())
    }

    /// Says that a mailbox's mails wait, once a pass.
    pub(super) fn pause(&mut self, mailbox: &str) {
        let sentence = format!(
            "The mailbox {mailbox} got more than {} mails within an hour ([mail] mailbox_per_hour): the others stay in it until the hour is over. Look for a loop, or raise the limit.",
            self.flow.settings.mailbox_per_hour
        );
        if !self.report.paused.contains(&sentence) {
            tracing::warn!(flow = "mail", "{sentence}");
            self.report.paused.push(sentence);
        }
    }

    /// Tells the state which mails need no more filing.
    pub(super) async fn flush(&mut self) -> Result<(), PortError> {
        if self.filed.is_empty() {
            return Ok(());
        }
        self.flow.memory.mails_filed(&std::mem::take(&mut self.filed)).await
    }

    /// A line of the journal.
    pub(super) fn line(&self, action: &str, outcome: Outcome, ticket: Option<i64>, message: &str) -> JournalEntry {
        tracing::info!(
            flow = "mail",
            run_id = self.run_id,
            ticket,
            action,
            outcome = outcome.as_str(),
            "{}",
            match outcome {
                // What a mail says stays out of the log.
                Outcome::Done | Outcome::Reported => "",
                _ => message,
            }
        );
        JournalEntry {
            at: self.now,
            run_id: self.run_id.to_owned(),
            flow: "mail".to_owned(),
            ticket,
            gestan_id: None,
            action: action.to_owned(),
            outcome,
            message: message.to_owned(),
            detail: serde_json::Value::Null,
        }
    }

    /// Stores a decision about a mail, and what was done for it.
    pub(super) async fn remember(&mut self, commit: MailCommit) -> Result<(), PortError> {
        self.flow.memory.commit_mail(vec![commit]).await?;
        reached("mail: outcome committed");
        Ok(())
    }
}

async fn close(session: Box<dyn MailSession>) {
    session.close().await;
}
