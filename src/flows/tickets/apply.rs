//! Carries a plan out: intents, batches of PUTs, a new plan where Gestan turned out to hold something
//! else, and what became of each ticket committed to the memory.

use super::cases::{DELETED_IN_GESTAN, deleted_in_gestan};
use super::links::linked;
use super::operation::{Operation, Planned, Verdict};
use super::pass::TicketsFlow;
use super::plan::{MergedTicket, Planner};
use super::ports::{Attention, Begun, Commit, Intent, JournalEntry, Link, LinkPhase, Outcome, Trouble};
use super::recovery::own_write;
use super::report::{RecordReport, Records};
use crate::failpoint::reached;
use crate::flows::{Blast, PortError, System};
use crate::gestan::contract::{BatchResult, ObjectState, Precondition, Problem};
use crate::model::Ticket;
use crate::retry;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// PUTs in one request.
const BATCH: usize = 75;
/// Batches under way at a time.
const AT_A_TIME: usize = 2;
/// How often a ticket is planned anew in one pass because Gestan changed meanwhile.
const REPLANS: usize = 3;

/// A ticket with what its plan was made from.
pub(super) struct Work {
    /// The ticket, where it may have to be planned again.
    pub ticket: Option<Ticket>,
    pub links: Vec<Link>,
    pub merged_into: Option<i64>,
    /// Tickets that were merged into it.
    pub merged: Vec<MergedTicket>,
    pub planned: Planned,
}

/// What carrying out needs.
pub(super) struct Applier<'a> {
    pub flow: &'a TicketsFlow<'a>,
    pub planner: &'a Planner<'a>,
    pub attention: &'a HashMap<i64, Attention>,
    pub run_id: &'a str,
    pub now: DateTime<Utc>,
}

/// How one write came out.
enum Written {
    Done(Box<ObjectState>),
    /// Gestan holds something else than was thought.
    Stale(Box<ObjectState>),
    /// A refusal that only a person can help with.
    Refused {
        code: String,
        reason: String,
    },
    /// A failure that may pass. Where somebody else is in the way, however long, it is only tried again.
    Failed {
        reason: String,
        in_the_way: bool,
    },
}

impl Applier<'_> {
    /// Carries out a part of the plan. The answer says whether it was interrupted between two writes.
    pub(super) async fn apply(
        &self,
        work: Vec<Work>,
        records: &mut Records,
        cancel: &CancellationToken,
    ) -> Result<bool, PortError> {
        // Before the next sequence is written: after a kill, what the lost one told must not count as told.
        let lost: Vec<Commit> = work.iter().filter_map(lost).collect();
        if !lost.is_empty() {
            self.flow.memory.commit(lost).await?;
        }
        let (mut writes, others): (Vec<Work>, Vec<Work>) =
            work.into_iter().partition(|work| matches!(work.planned.verdict, Verdict::Write(_)));
        records.add(self.settle(others).await?);
        reached("daemon: tickets that need no write settled");
        while !writes.is_empty() {
            if cancel.is_cancelled() {
                return Ok(true);
            }
            // Two batches at a time: one is written while the other is remembered.
            let mut batches = Vec::new();
            while !writes.is_empty() && batches.len() < AT_A_TIME {
                let rest = writes.split_off(writes.len().min(BATCH));
                batches.push(self.write(std::mem::replace(&mut writes, rest)));
            }
            // Whatever becomes of one, the other comes to its end.
            for written in futures::future::join_all(batches).await {
                records.add(written?);
            }
            reached("daemon: between two batches");
        }
        Ok(false)
    }

    /// Writes a batch, planning again what turned out to be stale.
    async fn write(&self, mut batch: Vec<Work>) -> Result<Vec<RecordReport>, PortError> {
        let mut records = Vec::new();
        for attempt in 0..=REPLANS {
            let operations: Vec<Operation> = batch.iter().filter_map(|work| operation(work).cloned()).collect();
            let intents: Vec<Intent> =
                batch.iter().zip(&operations).map(|(work, operation)| self.intent(work, operation)).collect();
            let begun: Vec<Option<Begun>> = intents.iter().map(|intent| intent.begun.clone()).collect();
            self.flow.memory.intend(intents).await?;
            reached("daemon: intents stored");
            let (results, broken) = self.put(&operations).await;
            reached("daemon: gateway answered");
            let mut commits = Vec::new();
            let mut again = Vec::new();
            let mut broken = broken;
            for (((mut work, operation), result), begun) in batch.into_iter().zip(operations).zip(results).zip(begun) {
                match result {
                    Written::Stale(current) if let Some(link) = own_write(&operation, begun.as_ref(), &current) => {
                        let mut commit = self.done(&work, &operation, &current, &mut records);
                        commit.links.pop();
                        commit.links.push(link);
                        broken = self.and_documents(broken, &work, &mut commit, &mut records).await;
                        commits.push(commit);
                    }
                    Written::Stale(current) if attempt < REPLANS => {
                        self.replan(&mut work, &operation, &current);
                        again.push(work);
                    }
                    Written::Stale(_) => {
                        let reason = "Gestan changed the intervention again and again while it was being written.";
                        let commit = self.failed(&work, Some(&operation), reason, false, &mut records);
                        // Of a lost state, the next attempt goes on where this one ends.
                        commits.push(Commit { links: superseded(&work, operation.key.sequence), ..commit });
                    }
                    Written::Done(state) => {
                        let mut commit = self.done(&work, &operation, &state, &mut records);
                        broken = self.and_documents(broken, &work, &mut commit, &mut records).await;
                        commits.push(commit);
                    }
                    Written::Refused { code, reason } => {
                        commits.push(self.set_aside(&work, Some(&operation), &code, &reason, &mut records));
                    }
                    Written::Failed { reason, in_the_way } => {
                        commits.push(self.failed(&work, Some(&operation), &reason, in_the_way, &mut records));
                    }
                }
            }
            self.flow.memory.commit(commits).await?;
            reached("daemon: outcomes committed");
            if let Some(error) = broken {
                return Err(error);
            }
            let (writes, others): (Vec<Work>, Vec<Work>) =
                again.into_iter().partition(|work| matches!(work.planned.verdict, Verdict::Write(_)));
            records.extend(self.settle(others).await?);
            if writes.is_empty() {
                break;
            }
            batch = writes;
        }
        Ok(records)
    }

    /// What became of the first operations, up to an error of Gestan as a whole: the rest may have been
    /// done or not, and their intents stay.
    async fn put(&self, operations: &[Operation]) -> (Vec<Written>, Option<PortError>) {
        let items = operations.iter().map(Operation::to_item).collect();
        let results = match self.flow.gestan.put(items).await {
            Ok(results) if results.len() == operations.len() => results,
            Ok(_) => {
                let message = "The gateway answered a batch with another number of results: daemon and gateway must be of the same version.";
                return (Vec::new(), Some(unavailable(message.to_owned())));
            }
            // One item may be what upsets the other side: each goes alone, so that it stops only itself.
            Err(error) if matches!(error.blast, Blast::Retry | Blast::Record) => {
                return self.put_one_by_one(operations).await;
            }
            Err(error) => return (Vec::new(), Some(error)),
        };
        let mut written = Vec::with_capacity(results.len());
        for (operation, result) in operations.iter().zip(results) {
            match self.written(operation, result).await {
                Ok(one) => written.push(one),
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }

    async fn put_one_by_one(&self, operations: &[Operation]) -> (Vec<Written>, Option<PortError>) {
        let mut written = Vec::with_capacity(operations.len());
        for operation in operations {
            let result = match self.flow.gestan.put(vec![operation.to_item()]).await {
                Ok(results) => match results.into_iter().next() {
                    Some(result) => self.written(operation, result).await,
                    None => Err(unavailable("The gateway gave no answer for this ticket.".to_owned())),
                },
                Err(error) => of_one(error),
            };
            match result {
                Ok(one) => written.push(one),
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }

    async fn written(&self, operation: &Operation, result: BatchResult) -> Result<Written, PortError> {
        let problem = match result {
            BatchResult::Ok(state) => return Ok(Written::Done(state)),
            BatchResult::Problem(problem) => *problem,
        };
        let refused = |problem: Problem| Written::Refused { code: problem.code().to_owned(), reason: problem.detail };
        // Nothing stands under the key: of an intervention that was there, it is said as the comparison says it.
        let nothing = |problem: Problem| match operation.gestan_id {
            Some(gestan_id) => Written::Refused {
                code: DELETED_IN_GESTAN.to_owned(),
                reason: deleted_in_gestan(operation.key.number, gestan_id, false),
            },
            None => refused(problem),
        };
        match problem.code() {
            Problem::PRECONDITION_FAILED | Problem::BILLED => {
                let current = match problem.current.clone() {
                    Some(current) => Some(*current),
                    None => match self.flow.gestan.get(&operation.key, operation.put.kind).await {
                        Ok(current) => current,
                        Err(error) => return of_one(error),
                    },
                };
                Ok(match current {
                    Some(current) => Written::Stale(Box::new(current)),
                    None => nothing(problem),
                })
            }
            Problem::NOT_FOUND => Ok(nothing(problem)),
            _ if matches!(problem.status, 429 | 502..=504) => Err(unavailable(problem.detail)),
            // A gateway that has no place for it never will have, until somebody changes something.
            Problem::UNSUPPORTED => Ok(refused(problem)),
            _ if problem.status >= 500 => {
                let in_the_way = [Problem::CONFLICT, Problem::LOCKED].contains(&problem.code());
                Ok(Written::Failed { reason: problem.detail, in_the_way })
            }
            _ => Ok(refused(problem)),
        }
    }

    /// Plans a ticket again for what Gestan holds.
    fn replan(&self, work: &mut Work, operation: &Operation, current: &ObjectState) {
        let known = work.links.last().is_some_and(|link| link.sequence == current.key.sequence);
        if operation.precondition == Precondition::Absent && !known {
            let link = self.planner.adopt(current, work.ticket.as_ref(), &work.links);
            work.links.push(link);
        }
        let decision = match &work.ticket {
            Some(ticket) => self.planner.plan(ticket, &work.links, Some(current), &work.merged),
            None => self.planner.plan_gone(&work.links, work.merged_into, Some(current)).into(),
        };
        (work.planned.verdict, work.planned.lacking) = (decision.verdict, decision.lacking);
        work.planned.documents = decision.documents;
    }

    /// Remembers what needs no write.
    async fn settle(&self, work: Vec<Work>) -> Result<Vec<RecordReport>, PortError> {
        let (mut records, mut commits) = (Vec::new(), Vec::new());
        let mut broken = None;
        for work in &work {
            let Some(mut commit) = self.settled(work, &mut records) else { continue };
            broken = self.and_documents(broken, work, &mut commit, &mut records).await;
            commits.push(commit);
        }
        if !commits.is_empty() {
            self.flow.memory.commit(commits).await?;
        }
        broken.map_or(Ok(records), Err)
    }

    /// Sends the files of a ticket, unless a system is down already: then they wait for the next pass.
    async fn and_documents(
        &self,
        broken: Option<PortError>,
        work: &Work,
        commit: &mut Commit,
        records: &mut Vec<RecordReport>,
    ) -> Option<PortError> {
        if broken.is_some() && !work.planned.documents.is_empty() {
            commit.fingerprint = None;
            return broken;
        }
        broken.or(self.send_documents(work, commit, records).await)
    }

    fn settled(&self, work: &Work, records: &mut Vec<RecordReport>) -> Option<Commit> {
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

    fn base(&self, work: &Work) -> Commit {
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

    fn done(&self, work: &Work, operation: &Operation, state: &ObjectState, records: &mut Vec<RecordReport>) -> Commit {
        let mut links = superseded(work, operation.key.sequence);
        links.push(linked(operation, state));
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
    fn with_lacking(&self, mut commit: Commit, work: &Work, records: &mut Vec<RecordReport>) -> Commit {
        if let Some(lacking) = &work.planned.lacking {
            let (attention, journal) = self.waiting(work, lacking.code, &lacking.reason, records);
            commit.attention = Some(Some(attention));
            commit.journal.extend(journal);
        }
        commit
    }

    fn wait(&self, work: &Work, code: &str, reason: &str, records: &mut Vec<RecordReport>) -> Commit {
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

    fn set_aside(
        &self,
        work: &Work,
        operation: Option<&Operation>,
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

    fn failed(
        &self,
        work: &Work,
        operation: Option<&Operation>,
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
        operation: Option<&Operation>,
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

    fn intent(&self, work: &Work, operation: &Operation) -> Intent {
        let before = work.links.iter().find(|link| link.sequence == operation.key.sequence);
        Intent {
            number: operation.key.number,
            sequence: operation.key.sequence,
            action: "put".to_owned(),
            run_id: self.run_id.to_owned(),
            at: self.now,
            begun: Some(Begun::new(operation, before)),
        }
    }
}

fn operation(work: &Work) -> Option<&Operation> {
    match &work.planned.verdict {
        Verdict::Write(operation) => Some(operation),
        _ => None,
    }
}

/// Links that one of this sequence goes on from: the one before it, and after a lost state all that were learnt.
fn superseded(work: &Work, sequence: u32) -> Vec<Link> {
    let goes_on = |link: &&Link| link.sequence < sequence && matches!(link.phase, LinkPhase::Live | LinkPhase::Closed);
    let superseded = |link: &Link| Link { phase: LinkPhase::Superseded, ..link.clone() };
    work.links.iter().filter(goes_on).map(superseded).collect()
}

fn with_superseded(work: &Work, link: &Link) -> Vec<Link> {
    let mut links = superseded(work, link.sequence);
    links.push(link.clone());
    links
}

/// Remembers that an intervention is lost, and nothing else.
fn lost(work: &Work) -> Option<Commit> {
    let link = work.links.last().filter(|link| link.is_lost())?;
    Some(Commit { number: link.number, links: vec![link.clone()], ..Commit::default() })
}

/// Gestan as a whole does no work now.
pub(super) fn unavailable(message: String) -> PortError {
    PortError { system: System::Gestan, blast: Blast::System, retry_after: None, message }
}

/// What an error about a single ticket makes of it; one of Gestan as a whole stays an error.
fn of_one(error: PortError) -> Result<Written, PortError> {
    match error.blast {
        Blast::Retry => Ok(Written::Failed { reason: error.message, in_the_way: false }),
        Blast::Record => Ok(Written::Refused { code: "refused".to_owned(), reason: error.message }),
        Blast::System | Blast::Configuration => Err(error),
    }
}
