//! Which tickets a pass must read whole: those whose fingerprint is not the one last brought in step,
//! those that wait or are due for another attempt, and those that are gone.

use super::pass::{PassOptions, TicketsFlow};
use super::ports::{Census, Counted, Fingerprint, LinkPhase, Scope, Sighting, Snapshot, Trouble};
use super::remembered::Remembered;
use super::rewind::{Marks, concerns_restore, is_held};
use super::sweep::Sweep;
use crate::config::Config;
use crate::flows::PortError;
use chrono::{DateTime, Duration, Utc};
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Ids become visible in the order of commits, not of assignment: so many before the last one seen are
/// looked at again.
const OVERLAP: i64 = 300;
/// Cursors in the state.
pub(super) const LAST_TICKET: &str = "tickets.last_id";
pub(super) const PROJECTION: &str = "tickets.projection";
pub(super) const START_AT: &str = "tickets.start_at";

/// What a pass found.
pub(super) struct Found {
    /// Tickets that exist.
    pub tickets: usize,
    /// Greatest number seen.
    pub last_ticket: Option<i64>,
    /// Tickets that were looked at.
    pub looked_at: usize,
    /// To be read whole, by number.
    pub candidates: Vec<Candidate>,
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
    /// The tickets that exist, if each that is linked is among them.
    pub census: Option<Census>,
}

/// A ticket to be read whole. The first pass over a large base holds one for each ticket: it is kept small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub number: i64,
    pub fingerprint: Fingerprint,
    /// When it was closed, in seconds; [`OPEN`] where it is not.
    closed: i64,
}

/// No time at all.
const OPEN: i64 = i64::MIN;

impl Candidate {
    fn new(sighting: &Sighting, is_closed: bool) -> Self {
        let closed = sighting.closed_at.filter(|_| is_closed).map_or(OPEN, |closed_at| closed_at.timestamp());
        Self { number: sighting.number, fingerprint: sighting.fingerprint, closed }
    }

    /// When it was closed, if it is: to the second, as GestSup has it.
    pub(super) fn closed_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.closed, 0)
    }
}

impl Found {
    /// A ticket that is to be read because of what was seen of it.
    pub(super) fn candidate(&self, number: i64) -> Option<&Candidate> {
        let index = self.candidates.binary_search_by_key(&number, |candidate| candidate.number).ok()?;
        self.candidates.get(index)
    }
}

/// Looks at GestSup and says what is to be read.
pub(super) async fn find(
    flow: &TicketsFlow<'_>,
    snapshot: &mut dyn Snapshot,
    remembered: &mut Remembered,
    options: &PassOptions,
    now: DateTime<Utc>,
) -> Result<Found, PortError> {
    let settings = &flow.config.tickets;
    let closed_states: Vec<i64> = closed_states(flow.config);
    let scope = scope(flow, remembered, options, now, &closed_states);
    let lately = if matches!(scope, Scope::Full) { Vec::new() } else { snapshot.sweep(&scope).await? };
    let mut looked_at = lately.len();
    let seen: HashSet<i64> = lately.iter().map(|sighting| sighting.number).collect();
    let every = Duration::seconds(i64::try_from(settings.full_every_seconds).unwrap_or(i64::MAX / 1000));
    let is_due = remembered.sweep.is_due(every, now);
    let mut unchanged = match &scope {
        Scope::Recent { .. } if !is_due && !options.settle => unchanged(snapshot, &scope, remembered, &seen).await?,
        _ => None,
    };
    let mut numbers = Vec::new();
    if unchanged.is_none() {
        numbers = snapshot.numbers().await?;
    }
    let marks = snapshot.marks().await?;
    let rewound = match &remembered.marks {
        Some(before) => {
            let ids: Vec<i64> = before.newest.iter().map(|witness| witness.step).collect();
            let last_is_there =
                unchanged.is_some() || remembered.last_ticket.is_none_or(|last| numbers.binary_search(&last).is_ok());
            marks.rewound_since(before, &snapshot.witnesses(&ids).await?, last_is_there)
        }
        None => None,
    };
    if rewound.is_some() && unchanged.take().is_some() {
        numbers = snapshot.numbers().await?;
    }
    let everything = matches!(scope, Scope::Full) || (rewound.is_some() && options.only.is_empty());
    let mut sweep = remembered.sweep.clone();
    if unchanged.is_none() {
        remembered.learn_all(flow.memory).await?;
    }
    let remembered: &Remembered = remembered;
    let mut sieve =
        Sieve { flow, remembered, options, now, closed_states, candidates: Vec::new(), settled: Vec::new() };
    if everything {
        // The first time all of them are to be read: a list that grows would take twice the place.
        sieve.candidates.reserve_exact(if remembered.last_ticket.is_none() { numbers.len() } else { 0 });
        // A part at a time: what is as it was is forgotten before the next part is looked at.
        for slice in numbers.chunks(settings.full_slice.max(1)) {
            let (Some(first), Some(last)) = (slice.first(), slice.last()) else { continue };
            sieve.sift(snapshot.sweep(&Scope::Range(*first, *last)).await?).await?;
        }
        looked_at = numbers.len();
        sweep.end(numbers.len(), now);
    } else {
        sieve.sift(lately).await?;
        if matches!(scope, Scope::Recent { .. }) && is_due {
            looked_at += slices(snapshot, &numbers, &mut sweep, &mut sieve, &seen).await?;
        }
    }
    let exists = |number: &i64| match &unchanged {
        // What is remembered in any way was looked at.
        Some(_) => seen.contains(number) || remembered.is_to_exist(*number),
        None => numbers.binary_search(number).is_ok(),
    };
    let asked = |number: &i64| options.only.is_empty() || options.only.contains(number);
    let held = |number: &i64| !options.settle && remembered.attention.get(number).is_some_and(is_held);
    let linked = remembered.linked.keys().copied();
    let mut missing: Vec<i64> = linked.filter(|number| remembered.is_to_exist(*number) && !exists(number)).collect();
    missing.sort_unstable();
    let (tickets, last_ticket, census) = match &unchanged {
        Some(counted) => {
            let last = counted.newest.last().copied().max(remembered.last_ticket);
            (usize::try_from(counted.all.tickets).unwrap_or(usize::MAX), last, Some(counted.all))
        }
        None => (numbers.len(), numbers.last().copied(), Some(Census::of(numbers.iter().copied()))),
    };
    let census = census.filter(|_| missing.is_empty());
    let gone: Vec<i64> = missing.into_iter().filter(|number| asked(number) && !held(number)).collect();
    let Sieve { mut candidates, mut settled, .. } = sieve;
    settled.extend(
        remembered
            .attention
            .keys()
            .chain(&remembered.unconfirmed)
            .filter(|number| !exists(number) && !remembered.linked.contains_key(number) && asked(number)),
    );
    candidates.sort_unstable_by_key(|candidate| candidate.number);
    Ok(Found { tickets, last_ticket, looked_at, candidates, gone, settled, marks, rewound, sweep, census })
}

/// The tickets as counted, if all that were there at the last pass still are: then none of them needs to be listed. What
/// is linked and was looked at must be there in any case.
async fn unchanged(
    snapshot: &mut dyn Snapshot,
    scope: &Scope,
    remembered: &Remembered,
    seen: &HashSet<i64>,
) -> Result<Option<Counted>, PortError> {
    let (Scope::Recent { after, also, .. }, Some(known)) = (scope, &remembered.census) else { return Ok(None) };
    let counted = snapshot.counted(*after).await?;
    let is_as_before = remembered.last_ticket.is_some_and(|last| counted.holds(known, last))
        && also.iter().all(|number| seen.contains(number) || !remembered.is_to_exist(*number));
    Ok(is_as_before.then_some(counted))
}

/// Tells the tickets that are to be read from those that are as they were.
struct Sieve<'a> {
    flow: &'a TicketsFlow<'a>,
    remembered: &'a Remembered,
    options: &'a PassOptions,
    now: DateTime<Utc>,
    closed_states: Vec<i64>,
    candidates: Vec<Candidate>,
    settled: Vec<i64>,
}

impl Sieve<'_> {
    async fn sift(&mut self, sightings: Vec<Sighting>) -> Result<(), PortError> {
        let remembered = self.remembered;
        let numbers: Vec<i64> = sightings.iter().map(|sighting| sighting.number).collect();
        let known = self.flow.memory.fingerprints_of(&numbers).await?;
        let unknown = numbers.iter().copied().filter(|number| !remembered.linked.contains_key(number));
        let others = match remembered.is_complete {
            true => HashMap::new(),
            false => self.flow.memory.phases_of(&unknown.collect::<Vec<_>>()).await?,
        };
        for sighting in sightings {
            let number = sighting.number;
            let is_closed = self.closed_states.contains(&sighting.state);
            if !remembered.linked.contains_key(&number)
                && !others.contains_key(&number)
                && (!sighting.attributed || is_history(&sighting, &self.closed_states, remembered.start_at))
            {
                if remembered.attention.contains_key(&number) || remembered.unconfirmed.contains(&number) {
                    self.settled.push(number);
                }
            } else if is_due(&sighting, known.get(&number), remembered, self.options, self.now) {
                self.candidates.push(Candidate::new(&sighting, is_closed));
            }
        }
        Ok(())
    }
}

/// Whether a ticket was closed before the connector began to care.
pub(super) fn is_history(sighting: &Sighting, closed_states: &[i64], start_at: DateTime<Utc>) -> bool {
    closed_states.contains(&sighting.state) && sighting.closed_at.is_some_and(|closed_at| closed_at < start_at)
}

/// The part of the rolling look, which is due, that this pass does: at least one slice. Tickets that
/// were seen already are left out; returns how many others there were.
async fn slices(
    snapshot: &mut dyn Snapshot,
    numbers: &[i64],
    sweep: &mut Sweep,
    sieve: &mut Sieve<'_>,
    seen: &HashSet<i64>,
) -> Result<usize, PortError> {
    let (tickets, now) = (&sieve.flow.config.tickets, sieve.now);
    let mut looked_at = 0;
    let begun = Instant::now();
    loop {
        let Some((first, last)) = sweep.slice(numbers, tickets.full_slice) else {
            sweep.end(numbers.len(), now);
            return Ok(looked_at);
        };
        let mut sightings = snapshot.sweep(&Scope::Range(first, last)).await?;
        sightings.retain(|sighting| !seen.contains(&sighting.number));
        looked_at += sightings.len();
        sieve.sift(sightings).await?;
        sweep.advance(last, numbers, now);
        if sweep.position == 0 || begun.elapsed().as_secs() >= tickets.full_seconds_per_pass {
            return Ok(looked_at);
        }
    }
}

/// States whose tickets count as closed, as far as the mapping tells.
pub(super) fn closed_states(config: &Config) -> Vec<i64> {
    let map = &config.mapping.status.0;
    map.iter().filter(|(_, status)| status.is_closed()).filter_map(|(state, _)| state.parse().ok()).collect()
}

fn scope(
    flow: &TicketsFlow<'_>,
    remembered: &Remembered,
    options: &PassOptions,
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
    let days = i64::from(flow.config.tickets.recently_closed_days);
    Scope::Recent {
        after: last - OVERLAP,
        steps_after: remembered
            .marks
            .as_ref()
            .map(|marks| marks.next_step)
            .filter(|next| *next > 0)
            .map(|next| next - 1 - OVERLAP),
        closed_since: (now - Duration::days(days)).with_timezone(&flow.zone).naive_local(),
        also,
        closed_states: closed_states.to_vec(),
    }
}

fn is_due(
    sighting: &Sighting,
    known: Option<&String>,
    remembered: &Remembered,
    options: &PassOptions,
    now: DateTime<Utc>,
) -> bool {
    let number = sighting.number;
    let attention = remembered.attention.get(&number);
    if options.only.contains(&number) {
        return true;
    }
    // A write that failed is not confirmed either, and its delay stands.
    if remembered.unconfirmed.contains(&number) && attention.is_none_or(|known| known.trouble != Trouble::Retrying) {
        return true;
    }
    let changed = known.is_none_or(|known| *known != sighting.fingerprint.to_string());
    let live = remembered.linked.get(&number) == Some(&LinkPhase::Live);
    let remapped = (remembered.projection_changed && live) || remembered.concerned.contains(&number);
    match attention {
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
