//! Carries a plan out: rows of a few records in one transaction of GestSup, what is about to be committed into the
//! state before, what came out after. A kill between any two of them is found out by the next pass.

use super::known::{Key, seal};
use super::pass::Pass;
use super::plan::Planned;
use super::ports::{KnownLink, ReferenceCase, ReferenceCommit, ReferenceIntent, RegisterPen, Staged};
use super::record::{Kind, TELLING, Values};
use super::report::ReferenceRecord;
use super::work::Imagined;
use crate::failpoint::reached;
use crate::flows::tickets::{JournalEntry, Outcome};
use crate::flows::{Blast, PortError};
use chrono::{DateTime, Utc};

/// The flow's name in the journal.
pub(super) const FLOW: &str = "reference";

/// What the journal says of a record.
fn line(record: &ReferenceRecord, outcome: Outcome, run_id: &str, now: DateTime<Utc>) -> JournalEntry {
    JournalEntry {
        at: now,
        run_id: run_id.to_owned(),
        flow: FLOW.to_owned(),
        ticket: None,
        // Not an intervention: the key is among the details.
        gestan_id: None,
        action: record.code.clone(),
        outcome,
        message: record.message.clone(),
        detail: serde_json::json!({
            "kind": record.kind,
            "key": record.key,
            "gestsup_id": record.gestsup_id,
            "change": record.change,
        }),
    }
}

impl Pass<'_> {
    fn record(
        &self,
        kind: Kind,
        plan: &Planned,
        outcome: Option<Outcome>,
        code: &str,
        message: &str,
    ) -> ReferenceRecord {
        ReferenceRecord {
            kind,
            key: plan.key.clone(),
            name: plan.name.clone(),
            gestsup_id: plan.link.as_ref().map(|link| link.id).filter(|id| *id > 0),
            outcome,
            code: code.to_owned(),
            message: message.to_owned(),
            change: None,
        }
    }

    /// What is told of a plan that was carried out.
    fn told(&self, kind: Kind, plan: &Planned, outcome: Option<Outcome>) -> Vec<ReferenceRecord> {
        let mut records = Vec::new();
        if !plan.message.is_empty() {
            let mut record = self.record(kind, plan, outcome, plan.code, &plan.message);
            record.change.clone_from(&plan.change);
            records.push(record);
        }
        let reported = outcome.map(|_| Outcome::Reported);
        records.extend(plan.notes.iter().map(|(code, note)| self.record(kind, plan, reported, code, note)));
        if let Some(case) = &plan.case {
            let message =
                format!("{kind} “{}” (n°{} in Gestan) waits for a decision: {}", plan.name, plan.key, case.reason);
            records.push(self.record(kind, plan, Some(Outcome::Quarantined), &case.code, &message));
        }
        if let Some((code, reason)) = &plan.waits {
            records.push(self.record(kind, plan, Some(Outcome::Waiting), code, reason));
        }
        records
    }

    /// Only tells what would be done. New rows get ids that no row has, so that others can refer to them.
    pub(super) fn imagine(&mut self, kind: Kind, plans: Vec<Planned>, imagined: &mut Imagined) {
        for mut plan in plans {
            let told = self.told(kind, &plan, None);
            self.report.tell(told);
            self.report.writes += usize::from(plan.change.is_some());
            imagined.gone.extend(plan.unlinked.iter().map(|key| Key::new(key)));
            if let Some(link) = &mut plan.link {
                if link.id == 0 {
                    self.imagined -= 1;
                    link.id = self.imagined;
                }
                let key = Key::new(&link.key);
                imagined.links.push(KnownLink { key, id: link.id, seal: 0, enabled: true });
            }
        }
    }

    /// Carries plans of a kind out.
    pub(super) async fn apply(
        &mut self,
        kind: Kind,
        plans: Vec<Planned>,
        pen: &mut dyn RegisterPen,
    ) -> Result<(), PortError> {
        let (writes, rest): (Vec<_>, Vec<_>) = plans.into_iter().partition(|plan| plan.change.is_some());
        self.remember(kind, rest).await?;
        if writes.is_empty() { Ok(()) } else { self.write(kind, writes, pen).await }
    }

    /// Writes some records in one transaction. Where one is refused, halves are tried, so that it stops only itself; where
    /// one is held by somebody, each is tried alone, since every attempt waits for it.
    async fn write(&mut self, kind: Kind, mut chunk: Vec<Planned>, pen: &mut dyn RegisterPen) -> Result<(), PortError> {
        match self.stage(&mut chunk, pen).await {
            Ok(()) => self.remember(kind, chunk).await,
            Err(error) if matches!(error.blast, Blast::Record | Blast::Retry) => {
                pen.undo().await?;
                if chunk.len() > 1 {
                    let part = if error.blast == Blast::Retry { 1 } else { chunk.len().div_ceil(2) };
                    let mut plans = chunk.into_iter().peekable();
                    while plans.peek().is_some() {
                        let part: Vec<Planned> = plans.by_ref().take(part).collect();
                        Box::pin(self.write(kind, part, pen)).await?;
                    }
                    return Ok(());
                }
                for plan in chunk {
                    self.refused(kind, plan, &error).await?;
                }
                Ok(())
            }
            Err(error) => {
                // A connection that broke takes its transaction with it.
                let _ = pen.undo().await;
                Err(error)
            }
        }
    }

    /// Stages and commits; plans of rows that changed meanwhile are emptied, for the next pass.
    async fn stage(&mut self, chunk: &mut [Planned], pen: &mut dyn RegisterPen) -> Result<(), PortError> {
        let changes: Vec<_> = chunk.iter().filter_map(|plan| plan.change.as_ref()).collect();
        let staged = pen.stage(&changes).await?;
        let mut intents = Vec::new();
        for (plan, staged) in chunk.iter_mut().filter(|plan| plan.change.is_some()).zip(staged) {
            match staged {
                Staged::Done { id, print } => {
                    let Some(change) = &plan.change else { continue };
                    if let Some(link) = &mut plan.link {
                        link.seal = seal(plan.print, print);
                    }
                    if let Some(link) = plan.link.as_mut().filter(|link| link.id <= 0) {
                        link.id = id;
                        let values: Values =
                            change.fields.iter().map(|(field, change)| (*field, change.to.clone())).collect();
                        intents.push(ReferenceIntent {
                            run_id: self.run_id.to_owned(),
                            link: link.clone(),
                            values,
                            message: plan.message.clone(),
                        });
                    }
                }
                Staged::Stale => {
                    plan.waits = Some((
                        "changed-meanwhile",
                        "somebody changed it in GestSup just now: the next pass looks again".to_owned(),
                    ));
                    (plan.change, plan.link, plan.settled) = (None, None, false);
                    plan.message.clear();
                    plan.notes.clear();
                    plan.unlinked.clear();
                }
            }
        }
        reached("reference: rows staged");
        if !intents.is_empty() {
            self.flow.memory.intend_reference(&intents).await?;
            reached("reference: intents stored");
        }
        pen.commit().await?;
        reached("reference: rows committed");
        Ok(())
    }

    /// A record that GestSup refuses.
    async fn refused(&mut self, kind: Kind, mut plan: Planned, error: &PortError) -> Result<(), PortError> {
        if error.blast == Blast::Record {
            let (code, reason) = ("refused-by-gestsup", error.message.clone());
            let known = self.cases.get(&(kind, plan.key.clone()));
            if known.is_none_or(|case| case.code != code || case.reason != reason) {
                plan.case = Some(ReferenceCase {
                    kind,
                    key: plan.key.clone(),
                    name: plan.name.clone(),
                    code: code.to_owned(),
                    reason,
                    candidates: Vec::new(),
                    since: known.map_or(self.now, |case| case.since),
                    decision: known.and_then(|case| case.decision),
                });
            }
        } else {
            let record = self.record(kind, &plan, Some(Outcome::Failed), "held-in-gestsup", &error.message);
            self.report.tell(vec![record]);
        }
        (plan.change, plan.link, plan.settled) = (None, None, false);
        plan.message.clear();
        plan.notes.clear();
        plan.unlinked.clear();
        self.remember(kind, vec![plan]).await
    }

    /// What came out goes into the memory, the journal and the report.
    async fn remember(&mut self, kind: Kind, plans: Vec<Planned>) -> Result<(), PortError> {
        if plans.is_empty() {
            return Ok(());
        }
        let mut commit = ReferenceCommit::default();
        for plan in plans {
            let told = self.told(kind, &plan, Some(Outcome::Done));
            // What waits is told in the report, pass after pass, and would fill the journal.
            let lines = told.iter().filter_map(|record| Some((record, record.outcome?)));
            let lines = lines.filter(|(_, outcome)| *outcome != Outcome::Waiting);
            commit.journal.extend(lines.map(|(record, outcome)| line(record, outcome, self.run_id, self.now)));
            self.report.tell(told);
            self.report.writes += usize::from(plan.change.is_some());
            commit.unlinked.extend(plan.unlinked.into_iter().map(|key| (kind, key)));
            commit.links.extend(plan.link);
            if plan.settled {
                commit.settled.push((kind, plan.key));
            }
            commit.cases.extend(plan.case);
        }
        self.flow.memory.commit_reference(commit).await?;
        reached("reference: outcome committed");
        Ok(())
    }

    /// Tells of what is no plan's: what is done, or waits.
    pub(super) async fn tell(&mut self, records: Vec<ReferenceRecord>) -> Result<(), PortError> {
        let done = records.iter().filter(|record| record.outcome == Some(Outcome::Done));
        let journal: Vec<JournalEntry> =
            done.map(|record| line(record, Outcome::Done, self.run_id, self.now)).collect();
        if !journal.is_empty() {
            self.flow.memory.commit_reference(ReferenceCommit { journal, ..ReferenceCommit::default() }).await?;
        }
        self.report.tell(records);
        Ok(())
    }

    /// Finds out what became of rows that were begun and never confirmed.
    pub(super) async fn recover(&mut self, pen: &mut dyn RegisterPen) -> Result<(), PortError> {
        let intents = self.flow.memory.reference_intents().await?;
        if intents.is_empty() {
            return Ok(());
        }
        let mut commit = ReferenceCommit::default();
        for intent in intents {
            let ReferenceIntent { link, values, message, .. } = intent;
            let row = pen.row(link.kind.place(), link.id).await?;
            let is_it = |row: &super::Row| {
                TELLING.iter().all(|field| row.get(*field) == values.get(field).map_or("", String::as_str))
            };
            if !row.as_ref().is_some_and(is_it) {
                continue;
            }
            let record = ReferenceRecord {
                kind: link.kind,
                key: link.key.clone(),
                name: row.map(|row| row.name()).unwrap_or_default(),
                gestsup_id: Some(link.id),
                outcome: Some(Outcome::Done),
                code: "reference-create".to_owned(),
                message: format!("{message} – found done: the pass that wrote it did not come to its end"),
                change: None,
            };
            commit.journal.push(line(&record, Outcome::Done, self.run_id, self.now));
            commit.links.push(link);
            self.report.tell(vec![record]);
        }
        self.flow.memory.commit_reference(commit).await?;
        self.flow.memory.forget_reference_intents().await
    }
}
