//! Carries a plan out: intents, batches of PUTs, a new plan where Gestan turned out to hold something
//! else, and what became of each ticket committed to the memory.

use super::cases::{DELETED_IN_GESTAN, deleted_in_gestan};
use super::operation::{Operation, Planned, Verdict, Write};
use super::pass::TicketsFlow;
use super::plan::{MergedTicket, Planner};
use super::ports::{Attention, Begun, Commit, Intent, Link, LinkPhase};
use super::recovery::own_write;
use super::report::{RecordReport, Records};
use crate::failpoint::reached;
use crate::flows::{Blast, PortError, System};
use crate::gestan::contract::{BatchResult, ObjectState, Precondition, Problem};
use crate::model::Ticket;
use chrono::{DateTime, Utc};
use futures::stream::{FuturesUnordered, Stream, StreamExt as _};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Tickets that are carried out together: PUTs in one request at most.
pub(super) const BATCH: usize = 75;
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
    /// Carries out the parts of a plan as they come, a few at a time: one is written while another is remembered.
    /// The answer says whether it was interrupted between two parts. Whatever becomes of one, those that were begun
    /// come to their end.
    pub(super) async fn apply(
        &self,
        mut parts: impl Stream<Item = Result<Vec<Work>, PortError>> + Unpin,
        records: &mut Records,
        cancel: &CancellationToken,
    ) -> Result<bool, PortError> {
        let mut under_way = FuturesUnordered::new();
        let mut outcome = None;
        loop {
            tokio::select! {
                Some(done) = under_way.next(), if !under_way.is_empty() => match done {
                    Ok(done) => {
                        records.add(done);
                        reached("daemon: between two batches");
                    }
                    Err(error) => outcome = Some(Err(error)),
                },
                part = parts.next(), if outcome.is_none() && under_way.len() < AT_A_TIME => match part {
                    Some(Ok(_)) if cancel.is_cancelled() => outcome = Some(Ok(true)),
                    Some(Ok(part)) => under_way.push(self.carry_out(part)),
                    Some(Err(error)) => outcome = Some(Err(error)),
                    None => outcome = Some(Ok(false)),
                },
                else => return outcome.unwrap_or(Ok(false)),
            }
        }
    }

    /// Carries out one part.
    async fn carry_out(&self, part: Vec<Work>) -> Result<Vec<RecordReport>, PortError> {
        // Before the next sequence is written: after a kill, what the lost one told must not count as told.
        let lost: Vec<Commit> = part.iter().filter_map(lost).collect();
        if !lost.is_empty() {
            self.flow.memory.commit(lost).await?;
        }
        let (writes, others): (Vec<Work>, Vec<Work>) = part.into_iter().partition(|work| write_of(work).is_some());
        let mut records = self.settle(others).await?;
        reached("daemon: tickets that need no write settled");
        if !writes.is_empty() {
            records.extend(self.write(writes).await?);
        }
        Ok(records)
    }

    /// Writes a batch, planning again what turned out to be stale.
    async fn write(&self, mut batch: Vec<Work>) -> Result<Vec<RecordReport>, PortError> {
        let mut records = Vec::new();
        for attempt in 0..=REPLANS {
            let writes: Vec<Arc<Write>> = batch.iter().filter_map(write_of).cloned().collect();
            let intents: Vec<Intent> =
                batch.iter().zip(&writes).map(|(work, write)| self.intent(work, write)).collect();
            let begun: Vec<Option<Begun>> = intents.iter().map(|intent| intent.begun.clone()).collect();
            self.flow.memory.intend(intents).await?;
            reached("daemon: intents stored");
            let (results, broken) = self.put(&writes).await;
            reached("daemon: gateway answered");
            let mut commits = Vec::new();
            let mut again = Vec::new();
            let mut broken = broken;
            for (((mut work, write), result), begun) in batch.into_iter().zip(writes).zip(results).zip(begun) {
                match result {
                    Written::Stale(current) if let Some(link) = own_write(&write, begun.as_ref(), &current) => {
                        let mut commit = self.done(&work, &write, &current, &mut records);
                        commit.links.pop();
                        commit.links.push(link);
                        broken = self.and_documents(broken, &work, &mut commit, &mut records).await;
                        commits.push(commit);
                    }
                    Written::Stale(current) if attempt < REPLANS => {
                        self.replan(&mut work, &write, &current);
                        again.push(work);
                    }
                    Written::Stale(_) => {
                        let reason = "Gestan changed the intervention again and again while it was being written.";
                        let commit = self.failed(&work, Some(&write.operation), reason, false, &mut records);
                        // Of a lost state, the next attempt goes on where this one ends.
                        commits.push(Commit { links: superseded(&work, write.operation.key.sequence), ..commit });
                    }
                    Written::Done(state) => {
                        let mut commit = self.done(&work, &write, &state, &mut records);
                        broken = self.and_documents(broken, &work, &mut commit, &mut records).await;
                        commits.push(commit);
                    }
                    Written::Refused { code, reason } => {
                        commits.push(self.set_aside(&work, Some(&write.operation), &code, &reason, &mut records));
                    }
                    Written::Failed { reason, in_the_way } => {
                        commits.push(self.failed(&work, Some(&write.operation), &reason, in_the_way, &mut records));
                    }
                }
            }
            self.flow.memory.commit(commits).await?;
            reached("daemon: outcomes committed");
            if let Some(error) = broken {
                return Err(error);
            }
            let (writes, others): (Vec<Work>, Vec<Work>) = again.into_iter().partition(|work| write_of(work).is_some());
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
    async fn put(&self, writes: &[Arc<Write>]) -> (Vec<Written>, Option<PortError>) {
        let items = writes.iter().map(|write| write.to_item()).collect();
        let results = match self.flow.gestan.put(items).await {
            Ok(results) if results.len() == writes.len() => results,
            Ok(_) => {
                let message = "The gateway answered a batch with another number of results: daemon and gateway must be of the same version.";
                return (Vec::new(), Some(unavailable(message.to_owned())));
            }
            // One item may be what upsets the other side: each goes alone, so that it stops only itself.
            Err(error) if matches!(error.blast, Blast::Retry | Blast::Record) => {
                return self.put_one_by_one(writes).await;
            }
            Err(error) => return (Vec::new(), Some(error)),
        };
        let mut written = Vec::with_capacity(results.len());
        for (write, result) in writes.iter().zip(results) {
            match self.written(&write.operation, result).await {
                Ok(one) => written.push(one),
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }

    async fn put_one_by_one(&self, writes: &[Arc<Write>]) -> (Vec<Written>, Option<PortError>) {
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            let result = match self.flow.gestan.put(vec![write.to_item()]).await {
                Ok(results) => match results.into_iter().next() {
                    Some(result) => self.written(&write.operation, result).await,
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
                    None => match self.flow.gestan.get(&operation.key, operation.kind).await {
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
    fn replan(&self, work: &mut Work, write: &Write, current: &ObjectState) {
        let known = work.links.last().is_some_and(|link| link.sequence == current.key.sequence);
        if write.precondition == Precondition::Absent && !known {
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

    fn intent(&self, work: &Work, write: &Write) -> Intent {
        let operation = &write.operation;
        let before = work.links.iter().find(|link| link.sequence == operation.key.sequence);
        Intent {
            number: operation.key.number,
            sequence: operation.key.sequence,
            action: "put".to_owned(),
            run_id: self.run_id.to_owned(),
            at: self.now,
            begun: Some(Begun::new(write, before)),
        }
    }
}

fn write_of(work: &Work) -> Option<&Arc<Write>> {
    match &work.planned.verdict {
        Verdict::Write(write) => Some(write),
        _ => None,
    }
}

/// Links that one of this sequence goes on from: the one before it, and after a lost state all that were learnt.
pub(super) fn superseded(work: &Work, sequence: u32) -> Vec<Link> {
    let goes_on = |link: &&Link| link.sequence < sequence && matches!(link.phase, LinkPhase::Live | LinkPhase::Closed);
    let superseded = |link: &Link| Link { phase: LinkPhase::Superseded, ..link.clone() };
    work.links.iter().filter(goes_on).map(superseded).collect()
}

pub(super) fn with_superseded(work: &Work, link: &Link) -> Vec<Link> {
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
