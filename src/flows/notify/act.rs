//! Actions in Gestan: changes of a ticket as its users see them there, once the ticket has an intervention or anomaly.

use super::letter::{Letter, Means, NewMail, Outgoing};
use super::pass::NotifyFlow;
use super::plan::Shown;
use super::ports::Actions;
use super::report::NotifyReport;
use crate::config::{Locale, Occasion};
use crate::flows::{Blast, PortError, System};
use crate::gestan::contract::{ActionPost, TicketKey};
use crate::model::MailAddress;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashSet;
use tokio_util::sync::CancellationToken;

/// Actions that are loaded at a time.
const BATCH: u32 = 50;

/// An action about a change of a ticket, for the outbox.
pub(super) fn action(locale: Locale, shown: &Shown, on: Occasion, comment: &[String], id: String) -> NewMail {
    let (number, title, state) = shown.head();
    let subject = match locale {
        Locale::Fr => format!("Ticket n°{number} : {state} ({title})"),
        Locale::En => format!("Ticket n°{number}: {state} ({title})"),
    };
    let mut text = comment.join("\n");
    if !shown.url().is_empty() {
        text = format!("{text}\n{}", shown.url()).trim().to_owned();
    }
    NewMail {
        kind: Means::Action,
        ticket: Some(number),
        occasion: on.as_str().to_owned(),
        audience: "gestan".to_owned(),
        message_id: id,
        letter: Letter {
            to: MailAddress { name: None, address: "Gestan".to_owned() },
            subject,
            text,
            html: String::new(),
            references: Vec::new(),
            comment: None,
            calendar: None,
        },
    }
}

impl NotifyFlow<'_> {
    /// Writes the actions that are due. While Gestan is down they wait, as mails do.
    pub(super) async fn act(
        &self,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        let mut tried = HashSet::new();
        loop {
            let mut due = self.memory.due(Means::Action, now, BATCH).await?;
            due.retain(|action| tried.insert(action.id));
            if due.is_empty() {
                return Ok(());
            }
            if let Some(sentence) = self.memory.resting(System::Gestan, now).await? {
                report.mail_server.get_or_insert(format!("Actions wait: {sentence}"));
                return Ok(());
            }
            for action in due {
                if cancel.is_cancelled() {
                    report.interrupted = true;
                    return Ok(());
                }
                if let Some(sentence) = self.act_one(self.actions, &action, now, report).await? {
                    report.mail_server.get_or_insert(format!("Actions wait: {sentence}"));
                    return Ok(());
                }
            }
        }
    }

    /// Writes one; a sentence where Gestan as a whole does not answer.
    async fn act_one(
        &self,
        gestan: &dyn Actions,
        action: &Outgoing,
        now: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<Option<String>, PortError> {
        let Some(number) = action.mail.ticket else { return Ok(None) };
        let at = Utc::now().max(now);
        let links = self.memory.links(&[number]).await?;
        let Some(link) = links.last() else {
            // The tickets flow has not been here yet; a ticket that waits for its client may never get there.
            if now - action.at > Duration::hours(self.config.notify.max_age_hours.into()) {
                let reason = "the ticket has nothing in Gestan";
                self.given_up(action, "not-in-gestan", reason, at, report).await?;
            }
            return Ok(None);
        };
        let key = TicketKey { source: self.source_name.to_owned(), number, sequence: link.sequence };
        let letter = &action.mail.letter;
        let post = ActionPost {
            id: action.mail.message_id.clone(),
            key,
            at: action.at,
            title: letter.subject.clone(),
            text: letter.text.clone(),
        };
        self.memory.sending(action.id).await?;
        match gestan.act(post).await {
            Ok(()) => self.sent(action, at, report).await?,
            Err(error) => match error.blast {
                Blast::Record => self.given_up(action, "action-refused", &error.message, at, report).await?,
                Blast::Retry => self.later(action, &error.message, at, report).await?,
                Blast::System | Blast::Configuration => {
                    self.memory.failed(&error, at).await?;
                    return Ok(Some(error.message));
                }
            },
        }
        Ok(None)
    }
}
