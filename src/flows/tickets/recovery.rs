//! Writes that were begun and never confirmed: the process ended, or the answer was lost. Gestan tells
//! whether they were done; if so they count as answered, and are not taken for somebody else's.

use super::operation::Operation;
use super::pass::TicketsFlow;
use super::ports::{Begun, Commit, JournalEntry, Link, LinkPhase, Outcome};
use crate::flows::{Blast, PortError};
use crate::gestan::contract::{ObjectState, Precondition, TicketKey};
use chrono::{DateTime, Utc};

impl Begun {
    /// What is to be known of an operation until its answer is there. `before`: the link that it changes.
    pub(super) fn new(operation: &Operation, before: Option<&Link>) -> Self {
        let draft = &operation.draft;
        let mut held = before.map(|link| link.held.clone()).unwrap_or_default();
        held.extend(operation.put.fields.iter().map(|(field, value)| (*field, value.clone())));
        let link = Link {
            number: operation.key.number,
            sequence: operation.key.sequence,
            kind: operation.put.kind,
            gestan_id: operation.gestan_id.unwrap_or(0),
            // No intervention has this one: the next write is answered with what Gestan holds.
            etag: before.map_or_else(|| "unconfirmed".to_owned(), |link| link.etag.clone()),
            identity: draft.identity.clone(),
            phase: draft.phase,
            minutes_before: draft.minutes_before,
            minutes: draft.minutes,
            sent: draft.sent.clone(),
            followed: operation.followed(&held),
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
            fields: operation.put.fields.clone(),
            entries: operation.put.entries.iter().map(|entry| (entry.key.clone(), entry.hash())).collect(),
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
pub(super) fn own_write(operation: &Operation, begun: Option<&Begun>, current: &ObjectState) -> Option<Link> {
    match operation.precondition {
        Precondition::Match(_) => begun?.done_in(current),
        // What stands under the key may be older than the state.
        Precondition::Absent => None,
    }
}

impl TicketsFlow<'_> {
    /// Finds out what became of unconfirmed writes. Those that were not done stay as they are: their
    /// tickets are planned again.
    pub(super) async fn recover(&self, run_id: &str, now: DateTime<Utc>) -> Result<(), PortError> {
        for intent in self.memory.intents().await? {
            let Some(begun) = &intent.begun else { continue };
            let (number, sequence) = (intent.number, intent.sequence);
            let key = TicketKey { source: self.source_name.to_owned(), number, sequence };
            let current = match self.gestan.get(&key, begun.link.kind).await {
                Ok(Some(current)) => current,
                Ok(None) => continue,
                Err(error) if matches!(error.blast, Blast::Record | Blast::Retry) => continue,
                Err(error) => return Err(error),
            };
            let Some(link) = begun.done_in(&current) else { continue };
            let mut links = self.memory.links(&[number]).await?;
            if links.contains(&link) {
                continue;
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
            self.memory.commit(vec![commit]).await?;
        }
        Ok(())
    }
}
