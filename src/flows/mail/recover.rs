//! What a pass that did not come to its end left: writes whose ids are known, and which were done or not; and steps that GestSup
//! hung on tickets of ours though they belong to others.

use super::memory::{MailCommit, MailRow};
use super::one::{action, told};
use super::pass::Worker;
use crate::flows::PortError;
use crate::flows::tickets::Outcome;
use chrono::TimeDelta;

/// How long steps may still be hung on a ticket by mistake.
const HUNG: TimeDelta = TimeDelta::minutes(10);
/// How long the ticket that they belong to is waited for.
const AWAITED: TimeDelta = TimeDelta::minutes(2);
/// Code of a step that GestSup hung on the wrong ticket.
const STRAY: &str = "stray-step";

impl Worker<'_> {
    /// Finds out what became of writes that were begun. What was not done is done when its mail is looked at again.
    pub(super) async fn recover(&mut self) -> Result<(), PortError> {
        for intent in self.flow.memory.mail_intents().await? {
            if !self.pen.was_done(&intent.staged).await? {
                self.flow.memory.forget_mail_intent(&intent.row.identity).await?;
                continue;
            }
            let mut row = intent.row;
            if let Some(known) = self.flow.memory.mail_of(&row.identity).await? {
                row.id = known.id;
            }
            let message = format!("{} – found done: the pass that wrote it did not come to its end", told(&row));
            let line = self.line(action(row.outcome), Outcome::Done, row.ticket, &message);
            self.report.add(&row);
            self.remember(MailCommit { row: Some(row), threads: true, done: true, journal: vec![line] }).await?;
        }
        Ok(())
    }

    /// Looks at tickets that were made lately for steps that are not theirs.
    pub(super) async fn give_back_strays(&mut self) -> Result<(), PortError> {
        let rows = self.flow.memory.unsettled().await?;
        let tickets: Vec<i64> = rows.iter().filter_map(|row| row.ticket).collect();
        let strays = self.pen.strays(&tickets).await?;
        for row in rows {
            let Some(ticket) = row.ticket else { continue };
            let age = self.now - row.at;
            let stray = strays.iter().find(|stray| stray.ticket == ticket);
            let mut journal = Vec::new();
            if let Some(stray) = stray {
                let steps = stray.steps.len();
                let sentence = match stray.meant {
                    Some(meant) => {
                        self.pen.give_back(stray).await?;
                        format!(
                            "GestSup had hung {steps} steps of ticket n°{meant} on n°{ticket}, whose number it had expected for it: they are where they belong."
                        )
                    }
                    None if age < AWAITED => continue,
                    None => format!(
                        "GestSup seems to have hung {steps} steps of another new ticket on n°{ticket}, whose number it had expected for it: look at its history and at the tickets after it."
                    ),
                };
                let outcome = if stray.meant.is_some() { Outcome::Done } else { Outcome::Reported };
                journal.push(self.line(STRAY, outcome, Some(ticket), &sentence));
                self.report.remarks.push(sentence);
            }
            if stray.is_some_and(|stray| stray.meant.is_none()) || age > HUNG {
                let row = MailRow { settled: true, ..row };
                self.remember(MailCommit { row: Some(row), journal, ..MailCommit::default() }).await?;
            } else if !journal.is_empty() {
                self.remember(MailCommit { journal, ..MailCommit::default() }).await?;
            }
        }
        Ok(())
    }
}
