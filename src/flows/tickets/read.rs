//! Which tickets a pass must read whole: those whose fingerprint is not the one last brought in step,
//! those that wait or are due for another attempt, and those that are gone.

use super::pass::PassOptions;
use super::ports::{Attention, LinkPhase, Memory, Scope, Sighting, Snapshot, Trouble};
use super::rewind::{MARKS, Marks, REWOUND, concerns_restore, is_held};
use super::sweep::{COMPARISON, SWEEP, Sweep};
use crate::config::{Config, Tickets};
use crate::flows::PortError;
use crate::model::local_to_utc;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Ids become visible in the order of commits, not of assignment: so many before the last one seen are
/// looked at again.
const OVERLAP: i64 = 300;
/// Cursors in the state.
pub(super) const LAST_TICKET: &str = "tickets.last_id";
pub(super) const PROJECTION: &str = "tickets.projection";
pub(super) const START_AT: &str = "tickets.start_at";

/// What is remembered, loaded in bulk.
pub(super) struct Remembered {
    pub fingerprints: HashMap<i64, String>,
    pub linked: HashMap<i64, LinkPhase>,
    pub attention: HashMap<i64, Attention>,
    pub unconfirmed: HashSet<i64>,
    pub last_ticket: Option<i64>,
    /// The mapping is not the one that the open tickets were last planned with.
    pub projection_changed: bool,
    /// Tickets closed before this are history.
    pub start_at: DateTime<Utc>,
    /// The base's counters as last seen.
    pub marks: Option<Marks>,
    /// How far the rolling look at every ticket was.
    pub sweep: Sweep,
    /// How far the rolling comparison with what Gestan holds was.
    pub comparison: Sweep,
    /// A restored base was noticed and is not settled yet.
    pub rewound: bool,
    /// Tickets that the journal tells of within `recently_closed_days`.
    pub told_lately: HashSet<i64>,
}

impl Remembered {
    pub(super) async fn load(
        memory: &dyn Memory,
        tickets: &Tickets,
        zone: Tz,
        projection: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, PortError> {
        let start_at = match tickets.start_at {
            Some(local) => local_to_utc(local, zone),
            None => memory.value(START_AT).await?.and_then(|text| text.parse().ok()).unwrap_or(now),
        };
        let known = memory.value(PROJECTION).await?;
        Ok(Self {
            fingerprints: memory.fingerprints().await?,
            linked: memory.linked_numbers().await?,
            attention: memory.attention().await?,
            unconfirmed: memory.unconfirmed().await?,
            last_ticket: memory.value(LAST_TICKET).await?.and_then(|text| text.parse().ok()),
            projection_changed: known.is_some_and(|known| known != projection),
            start_at,
            marks: parsed(memory, MARKS).await?,
            sweep: parsed(memory, SWEEP).await?.unwrap_or_default(),
            comparison: parsed(memory, COMPARISON).await?.unwrap_or_default(),
            rewound: memory.value(REWOUND).await?.is_some_and(|sentence| !sentence.is_empty()),
            told_lately: memory.told_since(now - Duration::days(tickets.recently_closed_days.into())).await?,
        })
    }

    /// Open linked tickets.
    pub(super) fn open(&self) -> usize {
        self.linked.values().filter(|phase| **phase == LinkPhase::Live).count()
    }
}

/// A value that is kept as JSON; one that an older program wrote otherwise is none.
async fn parsed<T: DeserializeOwned>(memory: &dyn Memory, name: &str) -> Result<Option<T>, PortError> {
    Ok(memory.value(name).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// What a pass found.
pub(super) struct Found {
    /// Tickets that exist.
    pub tickets: usize,
    /// Greatest number seen.
    pub last_ticket: Option<i64>,
    /// Tickets that were looked at.
    pub looked_at: usize,
    /// To be read whole.
    pub candidates: Vec<Sighting>,
    /// Linked, and no longer in GestSup.
    pub gone: Vec<i64>,
    /// No longer a matter for Gestan although they waited: their attention is to be cleared.
    pub settled: Vec<i64>,
    /// The base's counters.
    pub marks: Marks,
    /// The base was restored since the last pass: a sentence.
    pub rewound: Option<String>,
    /// How far the rolling look at every ticket is.
    pub sweep: Sweep,
}

/// Looks at GestSup and says what is to be read.
pub(super) async fn find(
    snapshot: &mut dyn Snapshot,
    remembered: &Remembered,
    options: &PassOptions,
    config: &Config,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Found, PortError> {
    let numbers = snapshot.numbers().await?;
    let marks = snapshot.marks().await?;
    let rewound = match &remembered.marks {
        Some(before) => {
            let ids: Vec<i64> = before.newest.iter().map(|witness| witness.step).collect();
            {
                let last_is_there = remembered.last_ticket.is_none_or(|last| numbers.binary_search(&last).is_ok());
                marks.rewound_since(before, &snapshot.witnesses(&ids).await?, last_is_there)
            }
        }
        None => None,
    };
    let closed_states: Vec<i64> = closed_states(config);
    let scope = match &rewound {
        Some(_) if options.only.is_empty() => Scope::Full,
        _ => scope(remembered, options, config, zone, now, &closed_states),
    };
    let mut sightings = snapshot.sweep(&scope).await?;
    let mut looked_at = sightings.len();
    let mut sweep = remembered.sweep.clone();
    match scope {
        Scope::Full => sweep.end(numbers.len(), now),
        Scope::Recent { .. } => {
            let seen: HashSet<i64> = sightings.iter().map(|sighting| sighting.number).collect();
            let more = slices(snapshot, &numbers, &mut sweep, &config.tickets, now).await?;
            let more: Vec<Sighting> = more.into_iter().filter(|sighting| !seen.contains(&sighting.number)).collect();
            looked_at += more.len();
            sightings.extend(more);
        }
        Scope::Only(_) | Scope::Range(..) => {}
    }
    let exists: HashSet<i64> = numbers.iter().copied().collect();
    let asked = |number: &i64| options.only.is_empty() || options.only.contains(number);
    let held = |number: &i64| !options.settle && remembered.attention.get(number).is_some_and(is_held);
    let mut gone: Vec<i64> = remembered
        .linked
        .iter()
        .filter(|(number, phase)| {
            **phase != LinkPhase::Gone && !exists.contains(number) && asked(number) && !held(number)
        })
        .map(|(number, _)| *number)
        .collect();
    gone.sort_unstable();
    let mut settled: Vec<i64> = remembered
        .attention
        .keys()
        .chain(&remembered.unconfirmed)
        .filter(|number| !exists.contains(number) && !remembered.linked.contains_key(number) && asked(number))
        .copied()
        .collect();
    let mut candidates = Vec::new();
    for sighting in sightings {
        let linked = remembered.linked.contains_key(&sighting.number);
        if !linked && (!sighting.attributed || is_history(&sighting, &closed_states, remembered.start_at)) {
            if remembered.attention.contains_key(&sighting.number) || remembered.unconfirmed.contains(&sighting.number)
            {
                settled.push(sighting.number);
            }
        } else if is_due(&sighting, remembered, options, now) {
            candidates.push(sighting);
        }
    }
    let last_ticket = numbers.last().copied();
    Ok(Found { tickets: numbers.len(), last_ticket, looked_at, candidates, gone, settled, marks, rewound, sweep })
}

/// Whether a ticket was closed before the connector began to care.
pub(super) fn is_history(sighting: &Sighting, closed_states: &[i64], start_at: DateTime<Utc>) -> bool {
    closed_states.contains(&sighting.state) && sighting.closed_at.is_some_and(|closed_at| closed_at < start_at)
}

/// The part of the rolling look that this pass does: at least one slice when it is due.
async fn slices(
    snapshot: &mut dyn Snapshot,
    numbers: &[i64],
    sweep: &mut Sweep,
    tickets: &Tickets,
    now: DateTime<Utc>,
) -> Result<Vec<Sighting>, PortError> {
    let mut sightings = Vec::new();
    let every = Duration::seconds(i64::try_from(tickets.full_every_seconds).unwrap_or(i64::MAX / 1000));
    if !sweep.is_due(every, now) {
        return Ok(sightings);
    }
    let begun = Instant::now();
    loop {
        let Some((first, last)) = sweep.slice(numbers, tickets.full_slice) else {
            sweep.end(numbers.len(), now);
            return Ok(sightings);
        };
        sightings.extend(snapshot.sweep(&Scope::Range(first, last)).await?);
        sweep.advance(last, numbers, now);
        if sweep.position == 0 || begun.elapsed().as_secs() >= tickets.full_seconds_per_pass {
            return Ok(sightings);
        }
    }
}

/// States whose tickets count as closed, as far as the mapping tells.
pub(super) fn closed_states(config: &Config) -> Vec<i64> {
    let map = &config.mapping.status.0;
    map.iter().filter(|(_, status)| status.is_closed()).filter_map(|(state, _)| state.parse().ok()).collect()
}

fn scope(
    remembered: &Remembered,
    options: &PassOptions,
    config: &Config,
    zone: Tz,
    now: DateTime<Utc>,
    closed_states: &[i64],
) -> Scope {
    if !options.only.is_empty() {
        return Scope::Only(options.only.clone());
    }
    let Some(last) = remembered.last_ticket.filter(|_| !options.full) else { return Scope::Full };
    // A comment of the requester wipes the resolution date, and a rejected ticket never has one: what the
    // journal tells of lately counts as recently closed too.
    let lives = |number: &i64, phase: &LinkPhase| match phase {
        LinkPhase::Live => true,
        LinkPhase::Closed => remembered.told_lately.contains(number),
        LinkPhase::Gone | LinkPhase::Superseded => false,
    };
    let live = remembered.linked.iter().filter(|(number, phase)| lives(number, phase)).map(|(number, _)| *number);
    let mut also: Vec<i64> =
        live.chain(remembered.attention.keys().copied()).chain(remembered.unconfirmed.iter().copied()).collect();
    also.sort_unstable();
    also.dedup();
    let days = i64::from(config.tickets.recently_closed_days);
    Scope::Recent {
        after: last - OVERLAP,
        steps_after: remembered
            .marks
            .as_ref()
            .map(|marks| marks.next_step)
            .filter(|next| *next > 0)
            .map(|next| next - 1 - OVERLAP),
        closed_since: (now - Duration::days(days)).with_timezone(&zone).naive_local(),
        also,
        closed_states: closed_states.to_vec(),
    }
}

fn is_due(sighting: &Sighting, remembered: &Remembered, options: &PassOptions, now: DateTime<Utc>) -> bool {
    let number = sighting.number;
    if options.only.contains(&number) || remembered.unconfirmed.contains(&number) {
        return true;
    }
    let changed = remembered.fingerprints.get(&number) != Some(&sighting.fingerprint);
    let live = remembered.linked.get(&number) == Some(&LinkPhase::Live);
    let remapped = remembered.projection_changed && live;
    match remembered.attention.get(&number) {
        None => changed || remapped,
        Some(attention) => match attention.trouble {
            Trouble::Waiting => true,
            Trouble::Retrying => attention.next_at.is_none_or(|next| next <= now),
            Trouble::Quarantined if options.settle && concerns_restore(attention) => true,
            Trouble::Quarantined if is_held(attention) => false,
            Trouble::Quarantined => changed || remembered.projection_changed,
        },
    }
}
