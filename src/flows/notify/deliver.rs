//! Sends what waits in the outbox. That a mail is being sent is remembered before, and that it was after: a kill between
//! the server's answer and our commit sends the same mail, with the same Message-ID, a second time.

use super::letter::{Means, Outgoing, Phase};
use super::pass::{NotifyFlow, line};
use super::ports::{NotSent, PostSession};
use super::report::{NotifyRecord, NotifyReport};
use crate::failpoint::reached;
use crate::flows::tickets::Outcome;
use crate::flows::{PortError, System};
use crate::retry;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

/// Mails that are loaded at a time.
const BATCH: u32 = 50;

impl NotifyFlow<'_> {
    /// Sends what is due.
    pub(super) async fn deliver(
        &self,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        let Some(post) = self.post else { return Ok(()) };
        let mut session: Option<Box<dyn PostSession>> = None;
        let mut tried = HashSet::new();
        let ended = loop {
            let mut mails = self.memory.due(Means::Mail, now, BATCH).await?;
            // Whatever happens, no pass sends a mail twice.
            mails.retain(|mail| tried.insert(mail.id));
            if mails.is_empty() {
                break Ok(());
            }
            if session.is_none() {
                if let Some(sentence) = self.memory.resting(System::Smtp, now).await? {
                    break Err(sentence);
                }
                match post.session().await {
                    Ok(open) => session = Some(open),
                    Err(error) => {
                        self.memory.failed(&error, now).await?;
                        break Err(error.message);
                    }
                }
            }
            let Some(open) = session.as_mut() else { break Ok(()) };
            if let Some(sentence) = self.batch(&mails, open.as_mut(), now, cancel, report).await? {
                session = None;
                break Err(sentence);
            }
            if report.interrupted {
                break Ok(());
            }
        };
        if let Some(session) = session {
            self.memory.works(System::Smtp).await?;
            session.close().await;
        }
        if let Err(sentence) = ended {
            report.mail_server = Some(format!("Mails wait: {sentence}"));
        }
        Ok(())
    }

    /// Sends some mails; a sentence where the server as a whole failed.
    async fn batch(
        &self,
        mails: &[Outgoing],
        session: &mut dyn PostSession,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        report: &mut NotifyReport,
    ) -> Result<Option<String>, PortError> {
        for mail in mails {
            if cancel.is_cancelled() {
                report.interrupted = true;
                return Ok(None);
            }
            self.memory.sending(mail.id).await?;
            reached("notify: sending remembered");
            let sent = session.send(mail).await;
            reached("notify: mail accepted");
            let at = Utc::now().max(now);
            match sent {
                Ok(Ok(())) => self.sent(mail, at, report).await?,
                Ok(Err(NotSent::Refused(reason))) => self.given_up(mail, "mail-refused", &reason, at, report).await?,
                Ok(Err(NotSent::Later(reason))) => self.later(mail, &reason, at, report).await?,
                Err(error) => {
                    // The server may have it: the next attempt sends the same mail. One at which the server always gives
                    // up must not stand before the others for ever.
                    if mail.attempts + 1 >= self.config.notify.attempts {
                        self.given_up(mail, "mail-refused", &error.message, at, report).await?;
                    }
                    self.memory.failed(&error, at).await?;
                    return Ok(Some(error.message));
                }
            }
            reached("notify: mail settled");
        }
        Ok(None)
    }

    pub(super) async fn sent(
        &self,
        mail: &Outgoing,
        at: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        let message = format!("Sent to {}: {}", mail.mail.letter.to.address, mail.mail.letter.subject);
        let told = of(mail, Outcome::Done, "mail", message);
        self.memory.settle(mail.id, Phase::Sent, None, "", vec![line(report, &told, at)], at).await?;
        report.records.push(told);
        report.sent += 1;
        Ok(())
    }

    pub(super) async fn later(
        &self,
        mail: &Outgoing,
        reason: &str,
        at: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        if mail.attempts + 1 >= self.config.notify.attempts {
            return self.given_up(mail, "mail-refused", reason, at, report).await;
        }
        let delay = chrono::TimeDelta::from_std(retry::delay_after(mail.attempts + 1)).unwrap_or_default();
        let message = format!("Not sent to {} yet, tried again later: {reason}", mail.mail.letter.to.address);
        let told = of(mail, Outcome::Failed, "mail-delayed", message);
        // The journal tells of the first time and of the end.
        let lines = if mail.attempts == 0 { vec![line(report, &told, at)] } else { Vec::new() };
        self.memory.settle(mail.id, Phase::Waiting, Some(at + delay), reason, lines, at).await?;
        report.records.push(told);
        Ok(())
    }

    pub(super) async fn given_up(
        &self,
        mail: &Outgoing,
        code: &str,
        reason: &str,
        at: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        let message = format!(
            "Not sent to {}: {reason}. `gestan-connector notify retry {}` tries again",
            mail.mail.letter.to.address, mail.id
        );
        let told = of(mail, Outcome::Quarantined, code, message);
        self.memory.settle(mail.id, Phase::Failed, None, reason, vec![line(report, &told, at)], at).await?;
        report.records.push(told);
        Ok(())
    }
}

fn of(mail: &Outgoing, outcome: Outcome, code: &str, message: String) -> NotifyRecord {
    NotifyRecord {
        ticket: mail.mail.ticket,
        mail: Some(mail.id),
        to: mail.mail.letter.to.address.clone(),
        outcome: Some(outcome),
        code: code.to_owned(),
        message,
    }
}
