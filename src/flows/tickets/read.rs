//! Which tickets a pass must read whole: those whose fingerprint is not the one last brought in step,
//! those that wait or are due for another attempt, and those that are gone.

use super::pass::PassOptions;
use super::ports::{Attention, LinkPhase, Memory, Scope, Sighting, Snapshot, Trouble};
use crate::config::{Config, Tickets};
use crate::flows::PortError;
use crate::model::local_to_utc;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use std::collections::{HashMap, HashSet};

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
        })
    }

    /// Open linked tickets.
    pub(super) fn open(&self) -> usize {
        self.linked.values().filter(|phase| **phase == LinkPhase::Live).count()
    }
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
    let closed_states: Vec<i64> = closed_states(config);
    let scope = scope(remembered, options, config, zone, now, &closed_states);
    let sightings = snapshot.sweep(&scope).await?;
    let looked_at = sightings.len();
    let exists: HashSet<i64> = numbers.iter().copied().collect();
    let asked = |number: &i64| options.only.is_empty() || options.only.contains(number);
    let mut gone: Vec<i64> = remembered
        .linked
        .iter()
        .filter(|(number, phase)| **phase != LinkPhase::Gone && !exists.contains(number) && asked(number))
        .map(|(number, _)| *number)
        .collect();
    gone.sort_unstable();
    let mut settled: Vec<i64> = remembered
        .attention
        .keys()
        .filter(|number| !exists.contains(number) && !remembered.linked.contains_key(number) && asked(number))
        .copied()
        .collect();
    let mut candidates = Vec::new();
    for sighting in sightings {
        let linked = remembered.linked.contains_key(&sighting.number);
        let history = closed_states.contains(&sighting.state)
            && sighting.closed_at.is_some_and(|closed_at| closed_at < remembered.start_at);
        if !linked && (!sighting.attributed || history) {
            if remembered.attention.contains_key(&sighting.number) {
                settled.push(sighting.number);
            }
        } else if is_due(&sighting, remembered, options, now) {
            candidates.push(sighting);
        }
    }
    let last_ticket = numbers.last().copied();
    Ok(Found { tickets: numbers.len(), last_ticket, looked_at, candidates, gone, settled })
}

/// States whose tickets count as closed, as far as the mapping tells.
fn closed_states(config: &Config) -> Vec<i64> {
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
    let live = remembered.linked.iter().filter(|(_, phase)| **phase == LinkPhase::Live).map(|(number, _)| *number);
    let mut also: Vec<i64> =
        live.chain(remembered.attention.keys().copied()).chain(remembered.unconfirmed.iter().copied()).collect();
    also.sort_unstable();
    also.dedup();
    let days = i64::from(config.tickets.recently_closed_days);
    Scope::Recent {
        after: last - OVERLAP,
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
            Trouble::Quarantined => changed || remembered.projection_changed,
        },
    }
}
