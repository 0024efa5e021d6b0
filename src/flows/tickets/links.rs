//! Links between tickets and interventions: what they carry, how one is taken over from Gestan, and what
//! one becomes when an operation was carried out. Pure.

use super::operation::Write;
use super::ports::{AgreedEntry, Link, LinkPhase};
use crate::gestan::contract::ObjectState;
use crate::mapping::Before;
use crate::model::{EntryMark, Field, LastKnown, Value};
use chrono::DateTime;
use std::collections::BTreeMap;

/// What the given links, all earlier than the one to come, already carry. One that is gone was for
/// another ticket that had the number.
pub(super) fn before(links: &[Link]) -> Before {
    let carrying = || links.iter().filter(|link| link.phase != LinkPhase::Gone);
    let last = carrying().next_back();
    Before {
        linked: false,
        kind: last.map(|link| link.kind),
        gestan_id: last.map(|link| link.gestan_id),
        client: last.and_then(client_of),
        minutes: last.map_or(0, |link| link.minutes),
        entries: carrying().flat_map(|link| link.entries.keys().cloned()).collect(),
    }
}

/// What Gestan holds of a ticket with these links, the newest of which is to be brought up to date.
pub(in crate::flows) fn known_before(links: &[Link]) -> Before {
    let Some((link, earlier)) = links.split_last() else { return Before::default() };
    Before { linked: true, kind: Some(link.kind), client: client_of(link), ..before(earlier) }
}

/// The client that Gestan holds for a link.
pub(super) fn client_of(link: &Link) -> Option<i64> {
    link.held.get(&Field::Client).and_then(Value::as_number)
}

/// A link taken over from what Gestan holds under the ticket's key: made before a kill, or found
/// after the state was lost. What is not known of its entries is learnt by the plan that follows.
pub(super) fn adopt(state: &ObjectState, withdrawn_heading: &str) -> Link {
    let entries = state.entries.iter().filter(|(key, _)| *key != "head").map(|(key, entry)| {
        let agreed = AgreedEntry {
            content: String::new(),
            rendered: if entry.present { entry.hash.clone() } else { String::new() },
            mark: EntryMark::None,
            at: DateTime::UNIX_EPOCH,
            minutes: entry.minutes,
            conso: None,
            heading: withdrawn_heading.to_owned(),
        };
        (key.clone(), agreed)
    });
    Link {
        number: state.key.number,
        sequence: state.key.sequence,
        kind: state.kind,
        gestan_id: state.id,
        etag: state.etag.clone(),
        identity: state.origin.clone(),
        phase: LinkPhase::Live,
        minutes_before: 0,
        minutes: 0,
        sent: state.fields.clone(),
        held: state.fields.clone(),
        followed: state.fields.clone(),
        head_hash: String::new(),
        entries: entries.collect(),
        last_known: LastKnown::default(),
        documents: BTreeMap::new(),
    }
}

/// The link after a write was carried out and Gestan answered.
pub fn linked(write: &Write, state: &ObjectState) -> Link {
    let (operation, draft) = (&write.operation, &write.draft);
    Link {
        number: operation.key.number,
        sequence: operation.key.sequence,
        kind: state.kind,
        gestan_id: state.id,
        etag: state.etag.clone(),
        identity: draft.identity.clone(),
        phase: draft.phase,
        minutes_before: draft.minutes_before,
        minutes: draft.minutes,
        sent: draft.sent.clone(),
        held: state.fields.clone(),
        followed: write.followed(&state.fields),
        head_hash: draft.head_hash.clone(),
        entries: draft.entries.clone(),
        last_known: draft.last_known.clone(),
        documents: draft.documents.clone(),
    }
}
