//! Writes that were begun and never confirmed: the process ended, or the answer was lost. Gestan tells
//! whether they were done; if so they count as answered, and are not taken for somebody else's.

use super::apply::unavailable;
use super::compare::SLICE;
use super::operation::Write;
use super::pass::TicketsFlow;
use super::ports::{Begun, Commit, JournalEntry, Link, LinkPhase, Outcome};
use crate::flows::{Blast, PortError};
use crate::gestan::contract::{KnownState, ObjectState, Precondition, StateResult, TicketKey};
use crate::model::ObjectKind;
use chrono::{DateTime, Utc};

/// An etag that no intervention has.
const UNCONFIRMED: &str = "unconfirmed";

impl Begun {
    /// What is to be known of a write until its answer is there. `before`: the link that it changes.
    pub(super) fn new(write: &Write, before: Option<&Link>) -> Self {
        let (operation, draft) = (&write.operation, &write.draft);
        let mut held = before.map(|link| link.held.clone()).unwrap_or_default();
        held.extend(write.put.fields.iter().map(|(field, value)| (*field, value.clone())));
        let link = Link {
            number: operation.key.number,
            sequence: operation.key.sequence,
            kind: write.put.kind,
            gestan_id: operation.gestan_id.unwrap_or(0),
            // No intervention has this one: the next write is answered with what Gestan holds.
            etag: before.map_or_else(|| UNCONFIRMED.to_owned(), |link| link.etag.clone()),
            identity: draft.identity.clone(),
            phase: draft.phase,
            minutes_before: draft.minutes_before,
            minutes: draft.minutes,
            sent: draft.sent.clone(),
            followed: write.followed(&held),
            held,
            head_hash: draft.head_hash.clone(),
            entries: draft.entries.clone(),
            last_known: draft.last_known.clone(),
            documents: draft.documents.clone(),
        };
        Self {
            verb: operation.verb.as_str().to_owned(),
            message: operation.sentence(),
            link,
            fields: write.put.fields.clone(),
            entries: write.put.entries.iter().map(|entry| (entry.key.clone(), entry.hash())).collect(),
        }
    }

    /// The link as after the answer, if Gestan shows that the write was done. What people changed in
    /// Gestan since is not part of it.
    pub(super) fn done_in(&self, current: &ObjectState) -> Option<Link> {
        let is_done = if self.entries.is_empty() {
            self.fields.iter().all(|(field, value)| current.fields.get(field).is_none_or(|held| held == value))
        } else {
            // People in Gestan change fields; of our paragraphs only we say what they are.
            self.entries
                .iter()
                .all(|(key, hash)| current.entries.get(key).is_some_and(|entry| entry.present && entry.hash == *hash))
        };
        if !is_done || !current.origin.matches(&self.link.identity) {
            return None;
        }
        let mut held = current.fields.clone();
        for (field, value) in self.link.held.iter() {
            if let Some(known) = held.get_mut(field) {
                known.clone_from(value);
            }
        }
        let etag = if held == current.fields { current.etag.clone() } else { self.link.etag.clone() };
        Some(Link { gestan_id: current.id, etag, held, ..self.link.clone() })
    }
}

/// The link after a change that was refused only because it was done already: its answer was lost.
pub(super) fn own_write(write: &Write, begun: Option<&Begun>, current: &ObjectState) -> Option<Link> {
    match write.precondition {
        Precondition::Match(_) => begun?.done_in(current),
        // What stands under the key may be older than the state.
        Precondition::Absent => None,
    }
}

impl TicketsFlow<'_> {
    /// Finds out what became of unconfirmed writes. Those that were not done stay as they are: their
    /// tickets are planned again.
    pub(super) async fn recover(&self, run_id: &str, now: DateTime<Utc>) -> Result<(), PortError> {
        let intents = self.memory.intents().await?;
        let begun: Vec<(TicketKey, &Begun)> = intents
            .iter()
            .filter_map(|intent| {
                let (number, sequence) = (intent.number, intent.sequence);
                let key = TicketKey { source: self.source_name.to_owned(), number, sequence };
                Some((key, intent.begun.as_ref()?))
            })
            .collect();
        for part in begun.chunks(SLICE) {
            let keys: Vec<(&TicketKey, ObjectKind)> = part.iter().map(|(key, begun)| (key, begun.link.kind)).collect();
            for ((key, begun), current) in part.iter().zip(self.held_under(&keys).await?) {
                if let Some(current) = current {
                    self.recover_one(key, begun, &current, run_id, now).await?;
                }
            }
        }
        Ok(())
    }

    /// What Gestan holds under each of these keys; `None` where it holds nothing or cannot say.
    async fn held_under(&self, keys: &[(&TicketKey, ObjectKind)]) -> Result<Vec<Option<ObjectState>>, PortError> {
        // An etag that no intervention has: the answer is always what is held.
        let known =
            |(key, _): &(&TicketKey, ObjectKind)| KnownState { key: (*key).clone(), etag: UNCONFIRMED.to_owned() };
        let held = |result| match result {
            StateResult::Changed(state) => Ok(Some(*state)),
            StateResult::Problem(problem) if matches!(problem.status, 429 | 502..=504) => {
                Err(unavailable(problem.detail))
            }
            StateResult::Unchanged | StateResult::Problem(_) => Ok(None),
        };
        match self.gestan.states(keys.iter().map(known).collect()).await {
            Ok(results) => results.into_iter().map(held).collect(),
            Err(error) if !matches!(error.blast, Blast::Record | Blast::Retry) => Err(error),
            // One of them may be what upsets the other side: each is asked for alone.
            Err(_) => {
                let mut all = Vec::with_capacity(keys.len());
                for (key, kind) in keys {
                    all.push(match self.gestan.get(key, *kind).await {
                        Ok(current) => current,
                        Err(error) if matches!(error.blast, Blast::Record | Blast::Retry) => None,
                        Err(error) => return Err(error),
                    });
                }
                Ok(all)
            }
        }
    }

    async fn recover_one(
        &self,
        key: &TicketKey,
        begun: &Begun,
        current: &ObjectState,
        run_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), PortError> {
        let (number, sequence) = (key.number, key.sequence);
        let Some(link) = begun.done_in(current) else { return Ok(()) };
        let mut links = self.memory.links(&[number]).await?;
        if links.contains(&link) {
            return Ok(());
        }
        let gone = link.phase == LinkPhase::Gone;
        links.retain(|earlier| earlier.sequence + 1 == sequence && earlier.phase != LinkPhase::Gone);
        links.iter_mut().for_each(|earlier| earlier.phase = LinkPhase::Superseded);
        links.push(link);
        let message = format!("{} – found done: the pass that wrote it did not come to its end", begun.message);
        tracing::info!(flow = "tickets", run_id, ticket = number, gestan_id = current.id, "{message}");
        let journal = JournalEntry {
            at: now,
            run_id: run_id.to_owned(),
            flow: "tickets".to_owned(),
            ticket: Some(number),
            gestan_id: Some(current.id).filter(|id| *id > 0),
            action: begun.verb.clone(),
            outcome: Outcome::Done,
            message,
            detail: serde_json::Value::Null,
        };
        let commit = Commit {
            number,
            links,
            // The ticket may have changed since: it is planned again.
            fingerprint: Some(None),
            closed_at: None,
            attention: None,
            journal: vec![journal],
            // Until then its intent has it looked at, however long ago it was closed.
            clear_intents: gone,
        };
        self.memory.commit(vec![commit]).await
    }
}
