//! What became of one ticket, as it is remembered, told and written into the journal.

use super::apply::{Applier, Work, superseded, with_superseded};
use super::links::linked;
use super::operation::{Operation, Verdict, Write};
use super::ports::{Attention, Commit, JournalEntry, Outcome, Trouble};
use super::report::RecordReport;
use crate::gestan::contract::{ObjectState, Problem};
use crate::retry;
use std::sync::Arc;

impl Applier<'_> {
    pub(super) fn settled(&self, work: &Work, records: &mut Vec<RecordReport>) -> Option<Commit> {
        let base = self.base(work);
        match &work.planned.verdict {
            Verdict::Write(_) => None,
            Verdict::NotOurs => Some(base),
            Verdict::InStep(link) => {
                let links = link.iter().flat_map(|link| with_superseded(work, link)).collect();
                Some(self.with_lacking(Commit { links, ..base }, work, records))
            }
            Verdict::Report { link, code, message } => {
                let record = self.record(work, Some(link.gestan_id), Some(Outcome::Reported), code, message, None);
                let journal = vec![self.journal(&record)];
                records.push(record);
                Some(self.with_lacking(Commit { links: with_superseded(work, link), journal, ..base }, work, records))
            }
            Verdict::Wait { code, reason } => Some(self.wait(work, code, reason, records)),
            Verdict::Quarantine { code, reason } => Some(self.set_aside(work, None, code, reason, records)),
        }
    }

    pub(super) fn base(&self, work: &Work) -> Commit {
        Commit {
            number: work.planned.number,
            links: Vec::new(),
            fingerprint: Some(work.planned.fingerprint.clone()),
            closed_at: work.planned.closed_at,
            attention: Some(None),
            journal: Vec::new(),
            clear_intents: true,
        }
    }

    pub(super) fn done(
        &self,
        work: &Work,
        write: &Write,
        state: &ObjectState,
        records: &mut Vec<RecordReport>,
    ) -> Commit {
        let operation = &write.operation;
        let mut links = superseded(work, operation.key.sequence);
        links.push(linked(write, state));
        let mut message = operation.sentence();
        if !operation.remarks.is_empty() {
            message = format!("{message} – {}", operation.remarks.join("; "));
        }
        let code = operation.verb.as_str();
        let record = self.record(work, Some(state.id), Some(Outcome::Done), code, &message, Some(operation));
        let journal = vec![self.journal(&record)];
        records.push(record);
        self.with_lacking(Commit { links, journal, ..self.base(work) }, work, records)
    }

    /// What went through, with what waits of it.
    pub(super) fn with_lacking(&self, mut commit: Commit, work: &Work, records: &mut Vec<RecordReport>) -> Commit {
        if let Some(lacking) = &work.planned.lacking {
            let (attention, journal) = self.waiting(work, lacking.code, &lacking.reason, records);
            commit.attention = Some(Some(attention));
            commit.journal.extend(journal);
        }
        commit
    }

    pub(super) fn wait(&self, work: &Work, code: &str, reason: &str, records: &mut Vec<RecordReport>) -> Commit {
        let (attention, journal) = self.waiting(work, code, reason, records);
        Commit {
            fingerprint: None,
            attention: Some(Some(attention)),
            journal: journal.into_iter().collect(),
            ..self.base(work)
        }
    }

    /// A ticket waits; the journal tells when it begins to, or for another reason.
    pub(super) fn waiting(
        &self,
        work: &Work,
        code: &str,
        reason: &str,
        records: &mut Vec<RecordReport>,
    ) -> (Attention, Option<JournalEntry>) {
        let gestan_id = work.links.last().map(|link| link.gestan_id);
        let record = self.record(work, gestan_id, Some(Outcome::Waiting), code, reason, None);
        let known = self.attention.get(&work.planned.number);
        let same = known.is_some_and(|known| known.trouble == Trouble::Waiting && known.reason == reason);
        let journal = (!same).then(|| self.journal(&record));
        records.push(record);
        let since = known.filter(|_| same).map_or(self.now, |known| known.since);
        (Attention::new(work.planned.number, Trouble::Waiting, code, reason, since), journal)
    }

    pub(super) fn set_aside(
        &self,
        work: &Work,
        operation: Option<&Arc<Operation>>,
        code: &str,
        reason: &str,
        records: &mut Vec<RecordReport>,
    ) -> Commit {
        let gestan_id = work.links.last().map(|link| link.gestan_id);
        let record = self.record(work, gestan_id, Some(Outcome::Quarantined), code, reason, operation);
        let journal = vec![self.journal(&record)];
        records.push(record);
        let attention = Attention::new(work.planned.number, Trouble::Quarantined, code, reason, self.now);
        // With its fingerprint stored, it is looked at again as soon as somebody changes the ticket.
        Commit { attention: Some(Some(attention)), journal, ..self.base(work) }
    }

    pub(super) fn failed(
        &self,
        work: &Work,
        operation: Option<&Arc<Operation>>,
        reason: &str,
        in_the_way: bool,
        records: &mut Vec<RecordReport>,
    ) -> Commit {
        let number = work.planned.number;
        let known = self.attention.get(&number).filter(|known| known.trouble == Trouble::Retrying);
        let code = if in_the_way { Problem::LOCKED } else { "failed" };
        let attempts = known.filter(|known| known.code == code).map_or(0, |known| known.attempts) + 1;
        if attempts >= self.flow.config.tickets.attempts && !in_the_way {
            let reason = format!(
                "{reason} Set aside after {attempts} attempts: mend the cause, then run `gestan-connector retry {number}`."
            );
            return self.set_aside(work, operation, "attempts-exhausted", &reason, records);
        }
        let gestan_id = work.links.last().map(|link| link.gestan_id);
        let record = self.record(work, gestan_id, Some(Outcome::Failed), code, reason, operation);
        let journal = vec![self.journal(&record)];
        records.push(record);
        let delay = chrono::Duration::from_std(retry::delay_after(attempts)).unwrap_or_default();
        let mut attention =
            Attention::new(number, Trouble::Retrying, code, reason, known.map_or(self.now, |known| known.since));
        attention.attempts = attempts;
        attention.next_at = Some(self.now + delay);
        // The intent stays: the write may have been done, and the ticket is planned again whatever happens.
        Commit { fingerprint: None, attention: Some(Some(attention)), journal, clear_intents: false, ..self.base(work) }
    }

    pub(super) fn record(
        &self,
        work: &Work,
        gestan_id: Option<i64>,
        outcome: Option<Outcome>,
        code: &str,
        message: &str,
        operation: Option<&Arc<Operation>>,
    ) -> RecordReport {
        RecordReport {
            ticket: work.planned.number,
            title: work.planned.title.clone(),
            // In shadow mode there is none.
            gestan_id: gestan_id.filter(|id| *id > 0),
            outcome,
            code: code.to_owned(),
            message: message.to_owned(),
            operation: operation.cloned(),
        }
    }

    pub(super) fn journal(&self, record: &RecordReport) -> JournalEntry {
        let outcome = record.outcome.unwrap_or(Outcome::Reported);
        let (ticket, gestan_id) = (record.ticket, record.gestan_id);
        tracing::info!(
            flow = "tickets",
            run_id = self.run_id,
            ticket,
            gestan_id,
            action = record.code,
            outcome = outcome.as_str(),
            reason = record.message
        );
        JournalEntry {
            at: self.now,
            run_id: self.run_id.to_owned(),
            flow: "tickets".to_owned(),
            ticket: Some(ticket),
            gestan_id,
            action: record.code.clone(),
            outcome,
            message: record.message.clone(),
            detail: serde_json::to_value(&record.operation).unwrap_or_default(),
        }
    }
}
