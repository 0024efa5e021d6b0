//! One mail: fetched, recognised, decided about, written, remembered, filed. The ids that it gets in GestSup are in the state before
//! they are committed there, so after a kill at any moment it is known what to look for.

use super::desk::Stage;
use super::folder::{Folder, spot};
use super::memory::{MailCommit, MailIntent, MailOutcome, MailRow};
use super::pass::Worker;
use super::ports::{FolderState, Listed};
use crate::failpoint::reached;
use crate::flows::tickets::Outcome;
use crate::flows::{Blast, PortError};
use crate::mapping::mail::{MailWrite, NewFile, Question, TicketFacts, Verdict, Written, answered, claimed, identity};
use crate::model::{Mail, PartContent};
use crate::retry;
use chrono::TimeDelta;
use std::collections::HashMap;

/// Characters of a subject that are remembered.
const SUBJECT: usize = 200;
/// Tickets that one pass looks for among those that were merged.
const MERGES: usize = 100;

impl Worker<'_> {
    /// Takes a mail in; `row` is what is known of one that failed before.
    pub(super) async fn take(
        &mut self,
        folder: &mut Folder<'_>,
        state: &FolderState,
        listed: &Listed,
        row: Option<MailRow>,
    ) -> Result<(), PortError> {
        self.report.looked_at += 1;
        let most = self.flow.settings.max_mib * 1024 * 1024;
        let Some(mail) = folder.session.fetch(listed, most, self.flow.spool).await? else {
            return match row {
                Some(row) => self.gone(row).await,
                None => Ok(()),
            };
        };
        reached("mail: fetched");
        let taken = self.taken(folder, state, listed, &mail, row).await;
        for part in &mail.parts {
            if let PartContent::File(path) = &part.content {
                let _ = tokio::fs::remove_file(path).await;
            }
        }
        taken
    }

    async fn taken(
        &mut self,
        folder: &mut Folder<'_>,
        state: &FolderState,
        listed: &Listed,
        mail: &Mail,
        row: Option<MailRow>,
    ) -> Result<(), PortError> {
        let identity = identity(mail);
        let known = self.flow.memory.mail_of(&identity).await?;
        let here = spot(folder, state, listed);
        let mut row = match (known, row) {
            // The one that failed, or the same mail after the folder got new uids.
            (Some(known), Some(row)) if known.id == row.id => row,
            (Some(known), _)
                if known.spot.mailbox == here.mailbox
                    && known.spot.folder == here.folder
                    && known.spot.uid_validity != here.uid_validity =>
            {
                let moved = MailRow { spot: here, filed: false, ..known };
                if moved.outcome != MailOutcome::Failed {
                    if !self.report.dry_run {
                        self.remember(MailCommit { row: Some(moved.clone()), ..MailCommit::default() }).await?;
                        let outcome = moved.outcome;
                        self.file(folder, &moved, outcome).await?;
                    }
                    return Ok(());
                }
                moved
            }
            (Some(known), _) => return self.duplicate(folder, self.new_row(mail, identity, here), known).await,
            (None, Some(row)) => MailRow { identity, ..row },
            (None, None) => self.new_row(mail, identity, here),
        };
        if row.sender.is_empty() && row.subject.is_empty() {
            // An old one that is replayed: what it says is no longer remembered.
            let MailRow { sender, subject, message_id, received_at, .. } =
                self.new_row(mail, row.identity.clone(), row.spot.clone());
            row = MailRow { sender, subject, message_id, received_at, ..row };
        }
        let verdict = self.verdict((folder.mailbox, folder.name), mail, row.forced).await?;
        match verdict {
            Verdict::Excluded { code, reason } => {
                (row.outcome, row.code, row.reason) = (MailOutcome::Excluded, code.to_owned(), reason);
                self.decided(folder, row).await
            }
            Verdict::Parked { code, reason } => {
                (row.outcome, row.code, row.reason) = (MailOutcome::Parked, code.to_owned(), reason);
                self.decided(folder, row).await
            }
            Verdict::Write(written) => self.write(folder, row, &written).await,
        }
    }

    pub(super) fn new_row(&self, mail: &Mail, identity: String, spot: super::memory::Spot) -> MailRow {
        MailRow {
            id: 0,
            identity,
            spot,
            message_id: mail.message_id.clone(),
            sender: mail.from.as_ref().map(|from| from.address.clone()).unwrap_or_default(),
            subject: mail.subject.chars().take(SUBJECT).collect(),
            received_at: mail.received,
            size: mail.size,
            outcome: MailOutcome::Failed,
            code: String::new(),
            reason: String::new(),
            ticket: None,
            step: None,
            attempts: 0,
            next_at: None,
            forced: false,
            filed: false,
            settled: true,
            at: self.now,
        }
    }

    /// What becomes of a mail.
    async fn verdict(&mut self, place: (&str, &str), mail: &Mail, forced: bool) -> Result<Verdict, PortError> {
        let mut ids = answered(mail);
        ids.extend(mail.message_id.clone());
        let known = self.flow.memory.threads(&ids).await?;
        let claims = claimed(mail, &known, self.flow.settings);
        let mut tickets = self.pen.tickets(&claims).await?;
        let exists = |tickets: &[TicketFacts], number: i64| tickets.iter().any(|ticket| ticket.number == number);
        let gone: Vec<i64> = claims.into_iter().filter(|number| !exists(&tickets, *number)).collect();
        let merged = self.merged(&gone).await?;
        let into: Vec<i64> = merged.values().copied().filter(|number| !exists(&tickets, *number)).collect();
        tickets.extend(self.pen.tickets(&into).await?);
        let question = Question {
            mail,
            mailbox: place.0,
            folder: place.1,
            settings: self.flow.settings,
            facts: &self.facts,
            own: &self.own,
            known: &known,
            tickets: &tickets,
            merged: &merged,
            forced,
            keeps_files: self.pen.keeps_files(),
            zone: self.flow.zone,
            now: self.now,
        };
        let verdict = question.decide();
        let (Verdict::Write(_), Some(from), false) = (&verdict, &mail.from, forced) else { return Ok(verdict) };
        let limit = self.flow.settings.sender_per_hour;
        let until = mail.received.unwrap_or(self.now);
        if self.flow.memory.written_of_sender(&from.address, until).await? >= limit {
            let reason = format!(
                "{} sent more than {limit} mails within an hour ([mail] sender_per_hour): this may be a loop.",
                from.address
            );
            return Ok(Verdict::Excluded { code: "sender-limit", reason });
        }
        Ok(verdict)
    }

    /// Which of these tickets were merged into another. Each is looked for once in a pass, and only so many: a look goes through
    /// all comments, and anybody may write numbers into subjects.
    async fn merged(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, PortError> {
        let fresh: Vec<i64> = gone.iter().copied().filter(|number| !self.merges.contains_key(number)).collect();
        if !fresh.is_empty() && self.merges.len() + fresh.len() <= MERGES {
            let found = self.pen.merged_into(&fresh).await?;
            self.merges.extend(fresh.iter().map(|number| (*number, found.get(number).copied())));
        }
        Ok(gone.iter().filter_map(|number| Some((*number, (*self.merges.get(number)?)?))).collect())
    }

    /// A mail of which nothing is written.
    async fn decided(&mut self, folder: &mut Folder<'_>, mut row: MailRow) -> Result<(), PortError> {
        row.next_at = None;
        row.at = self.now;
        let outcome = if row.outcome == MailOutcome::Parked { Outcome::Quarantined } else { Outcome::Reported };
        self.stored(folder, row, outcome).await
    }

    /// Remembers a decision and files the mail.
    async fn stored(&mut self, folder: &mut Folder<'_>, row: MailRow, outcome: Outcome) -> Result<(), PortError> {
        self.report.add(&row);
        if self.report.dry_run {
            return Ok(());
        }
        let message = told(&row);
        let mut line = self.line(action(row.outcome), outcome, row.ticket, &message);
        line.detail = serde_json::to_value(&row).unwrap_or_default();
        let written = row.outcome.is_written();
        let commit = MailCommit { row: Some(row.clone()), threads: written, done: written, journal: vec![line] };
        self.remember(commit).await?;
        if row.outcome == MailOutcome::Failed {
            return Ok(());
        }
        let Some(row) = self.at_its_place(&row).await? else { return Ok(()) };
        let outcome = row.outcome;
        self.file(folder, &row, outcome).await
    }

    /// The row as it was stored, with its number.
    async fn at_its_place(&mut self, row: &MailRow) -> Result<Option<MailRow>, PortError> {
        let (spot, memory) = (&row.spot, self.flow.memory);
        let rows = memory.mails_at(&spot.mailbox, &spot.folder, spot.uid_validity, &[spot.uid]).await?;
        Ok(rows.into_iter().next())
    }

    /// The same mail in another place.
    async fn duplicate(&mut self, folder: &mut Folder<'_>, mut row: MailRow, first: MailRow) -> Result<(), PortError> {
        row.outcome = MailOutcome::Duplicate;
        row.code = "duplicate".to_owned();
        row.ticket = first.ticket;
        let place = format!("{} / {}", first.spot.mailbox, first.spot.folder);
        row.reason = match first.ticket {
            Some(ticket) => format!("The same mail was found in {place}: it is in ticket n°{ticket}."),
            None => format!("The same mail was found in {place}."),
        };
        self.report.add(&row);
        if self.report.dry_run {
            return Ok(());
        }
        let message = told(&row);
        let mut line = self.line(action(row.outcome), Outcome::Reported, row.ticket, &message);
        line.detail = serde_json::to_value(&row).unwrap_or_default();
        self.remember(MailCommit { row: Some(row.clone()), journal: vec![line], ..MailCommit::default() }).await?;
        if first.outcome == MailOutcome::Failed {
            return Ok(());
        }
        let Some(row) = self.at_its_place(&row).await? else { return Ok(()) };
        self.file(folder, &row, first.outcome).await
    }

    async fn write(&mut self, folder: &mut Folder<'_>, mut row: MailRow, written: &Written) -> Result<(), PortError> {
        let (outcome, ticket) = match &written.write {
            MailWrite::Ticket(_) => (MailOutcome::Ticket, None),
            MailWrite::Reply(reply) => (MailOutcome::Reply, Some(reply.ticket)),
        };
        (row.outcome, row.ticket) = (outcome, ticket);
        row.code = written.code.to_owned();
        row.reason = reason(written);
        row.next_at = None;
        row.at = self.now;
        row.settled = outcome != MailOutcome::Ticket;
        self.room = self.room.saturating_sub(1);
        if self.report.dry_run {
            self.report.add(&row);
            return Ok(());
        }
        match self.staged_and_committed(&mut row, &written.write, &written.files).await {
            Ok(None) => self.stored(folder, row, Outcome::Done).await,
            Ok(Some(stale)) => self.failed(folder, row, "stale", &stale).await,
            Err(error) => match error.blast {
                Blast::Retry => self.failed(folder, row, "failed", &error.message).await,
                Blast::Record => {
                    row.attempts = self.flow.settings.attempts;
                    self.failed(folder, row, "refused", &error.message).await
                }
                Blast::System | Blast::Configuration => Err(error),
            },
        }
    }

    /// The write itself; a sentence where GestSup was changed meanwhile.
    async fn staged_and_committed(
        &mut self,
        row: &mut MailRow,
        write: &MailWrite,
        files: &[NewFile],
    ) -> Result<Option<String>, PortError> {
        let staged = match self.pen.stage(write, files).await? {
            Stage::Ready(staged) => staged,
            Stage::Stale(reason) => return Ok(Some(reason)),
        };
        reached("mail: staged");
        (row.ticket, row.step) = (Some(staged.ticket), Some(staged.step));
        let intent = MailIntent { run_id: self.run_id.to_owned(), staged: staged.clone(), row: row.clone() };
        if let Err(error) = self.flow.memory.intend_mail(&intent).await {
            let _ = self.pen.roll_back().await;
            return Err(error);
        }
        reached("mail: intent stored");
        let committed = self.pen.commit(&staged, files).await;
        if committed.as_ref().is_err_and(|error| matches!(error.blast, Blast::Retry | Blast::Record)) {
            // It was rolled back: there is nothing to look for.
            self.flow.memory.forget_mail_intent(&row.identity).await?;
        }
        committed?;
        reached("mail: written");
        Ok(None)
    }

    /// It is tried again, some times; then a person has to look at it.
    async fn failed(
        &mut self,
        folder: &mut Folder<'_>,
        mut row: MailRow,
        code: &str,
        reason: &str,
    ) -> Result<(), PortError> {
        row.attempts += 1;
        row.outcome = MailOutcome::Failed;
        (row.ticket, row.step, row.settled) = (None, None, true);
        row.code = code.to_owned();
        row.reason = reason.to_owned();
        if row.attempts > self.flow.settings.attempts
            || (code == "failed" && row.attempts == self.flow.settings.attempts)
        {
            row.outcome = MailOutcome::Parked;
            row.reason = format!("{reason}. It was tried {} times.", row.attempts.min(self.flow.settings.attempts));
            return self.decided(folder, row).await;
        }
        let delay = TimeDelta::from_std(retry::delay_after(row.attempts)).unwrap_or_default();
        row.next_at = Some(if code == "stale" { self.now } else { self.now + delay });
        self.stored(folder, row, Outcome::Failed).await
    }

    /// It is no longer where it was.
    pub(super) async fn gone(&mut self, row: MailRow) -> Result<(), PortError> {
        if row.outcome != MailOutcome::Failed {
            // Somebody filed it in our place.
            self.filed.push(row.id);
            return Ok(());
        }
        let elsewhere = self.flow.memory.succeed(&row.identity, self.now).await?;
        let row = MailRow { outcome: MailOutcome::Gone, ..row };
        self.report.add(&row);
        let message = match elsewhere {
            true => format!("{} It is tried from where it lies too.", told(&row)),
            false => told(&row),
        };
        let line = self.line(action(row.outcome), Outcome::Reported, None, &message);
        self.remember(MailCommit { journal: vec![line], ..MailCommit::default() }).await
    }
}

/// What a decision is called in the journal.
pub(super) fn action(outcome: MailOutcome) -> &'static str {
    match outcome {
        MailOutcome::Ticket => "mail-ticket",
        MailOutcome::Reply => "mail-reply",
        MailOutcome::Excluded => "mail-excluded",
        MailOutcome::Duplicate => "mail-duplicate",
        MailOutcome::Failed => "mail-failed",
        MailOutcome::Parked => "mail-parked",
        MailOutcome::Gone => "mail-gone",
    }
}

/// A decision as a sentence of the journal.
pub(super) fn told(row: &MailRow) -> String {
    let sender = if row.sender.is_empty() { "nobody" } else { &row.sender };
    let mail = format!("Mail from {sender}, “{}”", row.subject);
    let number = row.ticket.unwrap_or(0);
    let what = match row.outcome {
        MailOutcome::Ticket => format!("became ticket n°{number}"),
        MailOutcome::Reply => format!("became a comment of ticket n°{number}"),
        MailOutcome::Excluded => format!("is excluded by the rule {}", row.code),
        MailOutcome::Duplicate => "was taken in already".to_owned(),
        MailOutcome::Failed => "could not be taken in and is tried again".to_owned(),
        MailOutcome::Parked => "is set aside".to_owned(),
        MailOutcome::Gone => "could not be taken in, and is gone from its folder".to_owned(),
    };
    match row.reason.trim() {
        "" => format!("{mail} {what}."),
        reason => format!("{mail} {what}: {reason}"),
    }
}

/// What decided, and what a person should know, as a sentence.
fn reason(written: &Written) -> String {
    let mut sentences = Vec::new();
    match (&written.write, written.code) {
        (MailWrite::Ticket(ticket), "follows") => {
            sentences.push(format!("it goes on with the closed ticket n°{}", ticket.follows.unwrap_or(0)));
        }
        (MailWrite::Reply(_), "thread") => sentences.push("it answers a mail of this ticket".to_owned()),
        (MailWrite::Reply(_), "address") => sentences.push("it was sent to this ticket's address".to_owned()),
        (MailWrite::Reply(_), "subject") => sentences.push("its subject names this ticket".to_owned()),
        _ => {}
    }
    if let MailWrite::Reply(reply) = &written.write {
        if reply.reopens {
            sentences.push("which is open again".to_owned());
        }
        sentences.extend(reply.merged_from.map(|from| format!("ticket n°{from} was merged into this one")));
    }
    sentences.extend(written.notes.iter().cloned());
    sentences.join("; ")
}
