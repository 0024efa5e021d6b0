//! Carries a plan out, a ticket at a time: an intent, the write, and what became of it committed to the memory. Writes
//! that were begun and never confirmed are looked up before anything is planned.

use super::operation::{Remark, TicketChange};
use super::pass::{FollowUpFlow, Work, names};
use super::ports::{DeskFacts, FollowCommit, FollowIntent, Following, Pen, Written, Wrote, hash_of};
use super::report::{FollowRecord, FollowReport};
use crate::failpoint::reached;
use crate::flows::tickets::{Attention, JournalEntry, Link, Outcome, SentDocument, Trouble, file_id};
use crate::flows::{Blast, PortError};
use crate::retry;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// What carrying out needs.
pub(super) struct Applier<'a> {
    pub flow: &'a FollowUpFlow<'a>,
    pub facts: &'a DeskFacts,
    pub known: &'a HashMap<i64, Following>,
    pub run_id: &'a str,
    pub now: DateTime<Utc>,
}

impl Applier<'_> {
    /// Carries the plan out. The answer says whether it was interrupted between two writes.
    pub(super) async fn apply(
        &self,
        works: Vec<Work>,
        pen: &mut dyn Pen,
        records: &mut Vec<FollowRecord>,
        cancel: &CancellationToken,
    ) -> Result<bool, PortError> {
        let (writes, others): (Vec<Work>, Vec<Work>) = works.into_iter().partition(|work| !work.plan.change.is_empty());
        let mut commits = Vec::new();
        for work in others {
            commits.push(self.done(&work, None, &Written::default(), records));
        }
        self.flow.memory.commit_follow(commits).await?;
        for work in writes {
            if cancel.is_cancelled() {
                return Ok(true);
            }
            let commit = self.write(work, pen, records).await?;
            self.flow.memory.commit_follow(vec![commit]).await?;
            reached("follow-up: outcome committed");
        }
        records.sort_by_key(|record| record.ticket);
        Ok(false)
    }

    async fn write(
        &self,
        work: Work,
        pen: &mut dyn Pen,
        records: &mut Vec<FollowRecord>,
    ) -> Result<FollowCommit, PortError> {
        let (state, person) = names(self.facts);
        let plan = &work.plan;
        let sentence = plan.change.sentence(state, person);
        let intent = FollowIntent {
            run_id: self.run_id.to_owned(),
            change: plan.change.clone(),
            sentence: sentence.clone(),
            remarks: plan.remarks.clone(),
            before: work.before.clone(),
            link: plan.link.clone(),
            following: plan.following.clone(),
        };
        self.flow.memory.intend_to_follow(&intent).await?;
        reached("follow-up: intent stored");
        let wrote = pen.write(&plan.change).await;
        reached("follow-up: written");
        match wrote {
            Ok(Wrote::Done(written)) => Ok(self.done(&work, Some(&sentence), &written, records)),
            Ok(Wrote::Stale(reason)) => Ok(self.failed(&work, "stale", &reason, Trouble::Retrying, records)),
            Err(error) => match error.blast {
                Blast::Retry => Ok(self.failed(&work, "failed", &error.message, Trouble::Retrying, records)),
                Blast::Record => Ok(self.failed(&work, "refused", &error.message, Trouble::Quarantined, records)),
                Blast::System | Blast::Configuration => Err(error),
            },
        }
    }

    fn done(
        &self,
        work: &Work,
        sentence: Option<&str>,
        written: &Written,
        records: &mut Vec<FollowRecord>,
    ) -> FollowCommit {
        let plan = &work.plan;
        let mut told = Vec::new();
        if let Some(sentence) = sentence {
            told.push(self.record(work, Outcome::Done, "follow", sentence, Some(&plan.change)));
        }
        for Remark { code, message } in &plan.remarks {
            told.push(self.record(work, Outcome::Reported, code, message, None));
        }
        let journal = told.iter().map(|record| self.journal(record)).collect();
        records.extend(told);
        let mut following = plan.following.clone();
        following.settle(written);
        FollowCommit { following, link: Some(plan.link.clone()), steps: steps(written), documents: Vec::new(), journal }
    }

    /// Nothing of it was written; it is planned again, unless only a person can help.
    fn failed(
        &self,
        work: &Work,
        code: &str,
        reason: &str,
        trouble: Trouble,
        records: &mut Vec<FollowRecord>,
    ) -> FollowCommit {
        let number = work.plan.change.number;
        let known = self.known.get(&number);
        let before = known.and_then(|known| known.attention.as_ref()).filter(|known| known.code == code);
        let attempts = before.map_or(0, |known| known.attempts) + 1;
        let exhausted = code == "failed" && attempts >= self.flow.tickets.config.tickets.attempts;
        let trouble = if exhausted { Trouble::Quarantined } else { trouble };
        let mut message = reason.to_owned();
        if trouble == Trouble::Quarantined {
            message = format!("{reason} Set aside: mend the cause, then run `gestan-connector retry {number}`.");
        }
        let outcome = if trouble == Trouble::Quarantined { Outcome::Quarantined } else { Outcome::Failed };
        let record = self.record(work, outcome, code, &message, Some(&work.plan.change));
        // Somebody at work on the ticket is no failure to tell of each time.
        let journal = match before {
            Some(known) if known.trouble == trouble && known.reason == message => Vec::new(),
            _ => vec![self.journal(&record)],
        };
        records.push(record);
        let mut attention =
            Attention::new(number, trouble, code, &message, before.map_or(self.now, |known| known.since));
        attention.attempts = attempts;
        if trouble == Trouble::Retrying && code != "stale" {
            let delay = chrono::Duration::from_std(retry::delay_after(attempts)).unwrap_or_default();
            attention.next_at = Some(self.now + delay);
        }
        let sequence = work.plan.following.sequence;
        let mut following = known.cloned().unwrap_or_else(|| Following::new(number, sequence));
        if following.sequence != sequence {
            following = Following::new(number, sequence);
        }
        following.attention = Some(attention);
        FollowCommit { following, link: None, steps: Vec::new(), documents: Vec::new(), journal }
    }

    fn record(
        &self,
        work: &Work,
        outcome: Outcome,
        code: &str,
        message: &str,
        change: Option<&TicketChange>,
    ) -> FollowRecord {
        FollowRecord {
            ticket: work.plan.change.number,
            title: work.title.clone(),
            gestan_id: work.plan.link.gestan_id,
            outcome: Some(outcome),
            code: code.to_owned(),
            message: message.to_owned(),
            change: change.cloned(),
        }
    }

    fn journal(&self, record: &FollowRecord) -> JournalEntry {
        journal(record, self.run_id, self.now)
    }
}

pub(super) fn steps(written: &Written) -> Vec<(i64, String)> {
    written.steps.iter().map(|(mark, step)| (*step, mark.clone())).collect()
}

pub(super) fn journal(record: &FollowRecord, run_id: &str, now: DateTime<Utc>) -> JournalEntry {
    let outcome = record.outcome.unwrap_or(Outcome::Reported);
    tracing::info!(
        flow = "follow_up",
        run_id,
        ticket = record.ticket,
        gestan_id = record.gestan_id,
        action = record.code,
        outcome = outcome.as_str(),
        reason = record.message
    );
    JournalEntry {
        at: now,
        run_id: run_id.to_owned(),
        flow: "follow_up".to_owned(),
        ticket: Some(record.ticket),
        gestan_id: Some(record.gestan_id),
        action: record.code.clone(),
        outcome,
        message: record.message.clone(),
        detail: serde_json::to_value(&record.change).unwrap_or_default(),
    }
}

/// Both sides have these files now: the tickets flow does not send them.
pub(super) fn agree_about_files(link: &mut Link, change: &TicketChange, written: &Written) {
    for file in &change.files {
        if let Some(id) = written.files.get(&file.stored_as) {
            let sent =
                SentDocument { document: Some(file.document), sha256: file.sha256.clone(), trouble: String::new() };
            link.documents.insert(file_id(*id), sent);
        }
    }
}

impl FollowUpFlow<'_> {
    /// Finds out what became of unconfirmed writes: GestSup tells by their marks. What was not done is planned again.
    pub(super) async fn recover(
        &self,
        run_id: &str,
        now: DateTime<Utc>,
        pen: &mut Option<Box<dyn Pen>>,
        report: &mut FollowReport,
    ) -> Result<(), PortError> {
        for intent in self.memory.follow_intents().await? {
            let number = intent.change.number;
            let Some(written) = self.pen(pen).await?.find(&intent.change).await? else {
                self.memory.forget_intent(number).await?;
                continue;
            };
            let told = |outcome, code: &str, message: String, change| FollowRecord {
                ticket: number,
                title: String::new(),
                gestan_id: intent.link.gestan_id,
                outcome: Some(outcome),
                code: code.to_owned(),
                message,
                change,
            };
            let message = format!("{} – found done: the pass that wrote it did not come to its end", intent.sentence);
            let mut records = vec![told(Outcome::Done, "follow", message, Some(intent.change.clone()))];
            records.extend(
                intent.remarks.iter().map(|remark| told(Outcome::Reported, &remark.code, remark.message.clone(), None)),
            );
            let mut following = intent.following.clone();
            following.settle(&written);
            let known = self.memory.links(&[number]).await?;
            let known = known.into_iter().find(|known| known.sequence == intent.link.sequence);
            let link = known.map(|known| match hash_of(&known) == intent.before {
                true => intent.link.clone(),
                // The tickets flow was at work on it since: it knows better, but for what was accounted for.
                false => Link { followed: intent.link.followed.clone(), ..known },
            });
            let mut link = link;
            if let Some(link) = &mut link {
                agree_about_files(link, &intent.change, &written);
            }
            let commit = FollowCommit {
                following,
                link,
                steps: steps(&written),
                documents: intent.change.files.iter().map(|file| file.document).collect(),
                journal: records.iter().map(|record| journal(record, run_id, now)).collect(),
            };
            self.memory.commit_follow(vec![commit]).await?;
            reached("follow-up: outcome committed");
            report.records.extend(records);
        }
        Ok(())
    }
}
