//! Which links a pass must look at: those of tickets that live, a part of the others, and what Gestan says of them
//! that is not accounted for yet.

use super::pass::FollowUpFlow;
use super::ports::Following;
use crate::flows::tickets::{LinkPhase, PassOptions, Sweep, Trouble};
use crate::flows::{Blast, PortError};
use crate::gestan::contract::{KnownState, ObjectState, StateResult, TicketKey};
use crate::model::ObjectKind;
use chrono::{DateTime, Duration, Utc};
use std::collections::{HashMap, HashSet};

/// Objects of one request.
const SLICE: usize = 100;
/// Tickets that the rolling look of one pass looks at.
const ROLLED: usize = 2_000;
/// So many tickets that live are all looked at on every pass.
pub const EVERY_PASS: usize = 1_000;
/// Gestan stores local times, of which an hour comes twice a year, and its users' clocks differ.
const OVERLAP: Duration = Duration::hours(2);
/// When the last pass began, in the state.
pub(super) const CHANGED: &str = "follow_up.changed";
/// The cursor of the rolling look, in the state.
pub(super) const SWEEP: &str = "follow_up.sweep";

/// What a look found.
pub(super) struct Found {
    /// What Gestan holds now of objects that changed, by ticket.
    pub changed: Vec<(i64, ObjectState)>,
    /// What is remembered of them.
    pub followings: HashMap<i64, Following>,
    /// Objects that were asked about.
    pub looked_at: usize,
    /// How far the rolling look is.
    pub sweep: Sweep,
}

impl FollowUpFlow<'_> {
    pub(super) async fn look(&self, options: &PassOptions, now: DateTime<Utc>) -> Result<Found, PortError> {
        let linked = self.memory.linked_numbers().await?;
        let attention = self.memory.attention().await?;
        // What the tickets flow wrote and could not confirm looks like somebody else's: it settles that first.
        let unconfirmed = self.memory.unconfirmed().await?;
        let is_free = |number: &i64| {
            let set_aside = attention.get(number).is_some_and(|known| known.trouble == Trouble::Quarantined);
            let asked = options.only.is_empty() || options.only.contains(number);
            !set_aside && asked && !unconfirmed.contains(number)
        };
        let of_phase = |wanted: LinkPhase| {
            let mut numbers: Vec<i64> = linked
                .iter()
                .filter(|(number, phase)| **phase == wanted && is_free(number))
                .map(|(number, _)| *number)
                .collect();
            numbers.sort_unstable();
            numbers
        };
        let (live, closed) = (of_phase(LinkPhase::Live), of_phase(LinkPhase::Closed));
        let stored = self.memory.value(SWEEP).await?.and_then(|text| serde_json::from_str(&text).ok());
        let mut found =
            Found { changed: Vec::new(), followings: HashMap::new(), looked_at: 0, sweep: stored.unwrap_or_default() };
        let everything = options.full || !options.only.is_empty();
        let few = live.len() <= self.every_pass;
        let mut now_due: Vec<i64> = if everything || few { live.clone() } else { Vec::new() };
        if everything {
            now_due.extend(&closed);
        } else {
            // What somebody is at, what was never looked at and what is to be tried again comes now, the rest in its turn.
            let lately = self.changed_lately(now).await?;
            now_due.extend(closed.iter().filter(|number| lately.contains(number)));
            if !few {
                let settled = self.memory.followed().await?;
                now_due.extend(live.iter().filter(|number| lately.contains(number) || !settled.contains(number)));
            }
        }
        for numbers in now_due.chunks(SLICE) {
            self.look_at(numbers, now, &mut found).await?;
        }
        let every = i64::try_from(self.tickets.config.follow_up.full_every_seconds).unwrap_or(i64::MAX / 1000);
        if !everything && found.sweep.is_due(Duration::seconds(every), now) {
            let mut rest = closed;
            if !few {
                rest.extend(live);
                rest.sort_unstable();
            }
            self.roll(&rest, now, &mut found).await?;
        }
        found.changed.sort_by_key(|(number, _)| *number);
        found.changed.dedup_by_key(|(number, _)| *number);
        Ok(found)
    }

    /// The part of the rolling look that this pass does.
    async fn roll(&self, numbers: &[i64], now: DateTime<Utc>, found: &mut Found) -> Result<(), PortError> {
        let mut seen = 0;
        while let Some((first, last)) = found.sweep.slice(numbers, SLICE) {
            let from = numbers.partition_point(|number| *number < first);
            let to = numbers.partition_point(|number| *number <= last);
            self.look_at(&numbers[from..to], now, found).await?;
            found.sweep.advance(last, numbers, now);
            seen += to - from;
            if found.sweep.position == 0 || seen >= ROLLED {
                return Ok(());
            }
        }
        found.sweep.end(numbers.len(), now);
        Ok(())
    }

    /// Tickets whose object was changed since the last pass, as far as Gestan's dates tell.
    async fn changed_lately(&self, now: DateTime<Utc>) -> Result<HashSet<i64>, PortError> {
        let since = self.memory.value(CHANGED).await?.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let since = since.unwrap_or(now) - OVERLAP;
        let mut numbers = HashSet::new();
        for kind in [ObjectKind::Intervention, ObjectKind::Anomaly] {
            match self.changes.changed(kind, since).await {
                Ok(keys) => numbers.extend(
                    keys.into_iter().filter(|key| key.source == self.tickets.source_name).map(|key| key.number),
                ),
                // A base without anomalies, or a gateway that does not tell: the rolling look does without.
                Err(error) if matches!(error.blast, Blast::Record | Blast::Retry) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(numbers)
    }

    async fn look_at(&self, numbers: &[i64], now: DateTime<Utc>, found: &mut Found) -> Result<(), PortError> {
        let mut newest = HashMap::new();
        for link in self.memory.links(numbers).await? {
            newest.insert(link.number, link);
        }
        let followings = self.memory.followings(numbers).await?;
        let known: Vec<KnownState> = newest
            .values()
            .filter(|link| {
                let trouble = followings.get(&link.number).and_then(|known| known.attention.as_ref());
                trouble.is_none_or(|known| {
                    known.trouble != Trouble::Quarantined && known.next_at.is_none_or(|next| next <= now)
                })
            })
            .map(|link| KnownState {
                key: TicketKey {
                    source: self.tickets.source_name.to_owned(),
                    number: link.number,
                    sequence: link.sequence,
                },
                etag: followings
                    .get(&link.number)
                    .filter(|known| known.sequence == link.sequence)
                    .map_or_else(String::new, |known| known.etag.clone()),
            })
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        let results = self.tickets.gestan.states(known.clone()).await?;
        found.looked_at += known.len();
        for (known, result) in known.iter().zip(results) {
            // What cannot be read, or is gone, the tickets flow tells.
            if let StateResult::Changed(state) = result {
                found.changed.push((known.key.number, *state));
            }
        }
        found.followings.extend(followings);
        Ok(())
    }
}
