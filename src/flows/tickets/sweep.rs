//! A rolling look at everything, in slices of ascending numbers: a few per pass under a time cap, from
//! where the pass before left off. One goes over every ticket, old closed ones included, another over
//! the interventions that Gestan holds.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// The cursor of the look at every ticket, in the state.
pub const SWEEP: &str = "tickets.sweep";
/// The cursor of the comparison with what Gestan holds.
pub const COMPARISON: &str = "tickets.comparison";

/// How far a rolling look is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sweep {
    /// Greatest number that the round under way has looked at; 0 between two rounds.
    pub position: i64,
    /// When the round under way, or else the last one, began.
    pub began: Option<DateTime<Utc>>,
    /// When the last round came to its end.
    pub ended: Option<DateTime<Utc>>,
    /// Tickets that there were when it was last looked.
    pub tickets: usize,
    /// How many of them the round under way has looked at.
    pub looked_at: usize,
}

impl Sweep {
    /// Whether slices are to be looked at now: a round is under way, or the next one is due.
    pub(in crate::flows) fn is_due(&self, every: Duration, now: DateTime<Utc>) -> bool {
        self.position > 0 || self.began.is_none_or(|began| began + every <= now)
    }

    /// The next slice of the ascending `numbers`: first and last number.
    pub(in crate::flows) fn slice(&self, numbers: &[i64], size: usize) -> Option<(i64, i64)> {
        let from = numbers.partition_point(|number| *number <= self.position);
        let slice = &numbers[from..numbers.len().min(from + size)];
        Some((*slice.first()?, *slice.last()?))
    }

    /// A slice up to `last` was looked at.
    pub(in crate::flows) fn advance(&mut self, last: i64, numbers: &[i64], now: DateTime<Utc>) {
        if self.position == 0 {
            self.began = Some(now);
        }
        self.position = last;
        self.tickets = numbers.len();
        self.looked_at = numbers.partition_point(|number| *number <= last);
        if self.looked_at == self.tickets {
            self.end(numbers.len(), now);
        }
    }

    /// Every ticket was looked at.
    pub(in crate::flows) fn end(&mut self, tickets: usize, now: DateTime<Utc>) {
        let began = if self.position > 0 { self.began } else { None };
        *self = Self { position: 0, began: began.or(Some(now)), ended: Some(now), tickets, looked_at: tickets };
    }

    /// How far it is, as a sentence about `what` ("every ticket", say) that was `done` ("looked at").
    pub fn sentence(&self, what: &str, done: &str) -> String {
        let date = |time: DateTime<Utc>| time.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string();
        let ended = match self.ended {
            Some(ended) => format!("{what} was last {done} by {}", date(ended)),
            None => format!("{what} was not yet {done}"),
        };
        if self.position == 0 {
            return ended;
        }
        format!("{ended}; {} of {} in the round under way", self.looked_at, self.tickets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Tickets may come and go between two slices; those that were there all along are all seen.
        #[test]
        fn a_round_looks_at_every_ticket_that_stays(
            stay in proptest::collection::btree_set(1i64..200, 0..60),
            others in proptest::collection::vec(proptest::collection::btree_set(1i64..200, 0..20), 1..80),
            size in 1usize..9,
        ) {
            let now = DateTime::UNIX_EPOCH;
            let mut sweep = Sweep::default();
            let mut seen = std::collections::BTreeSet::new();
            for come in others.iter().cycle().take(400) {
                let numbers: Vec<i64> = stay.union(come).copied().collect();
                match sweep.slice(&numbers, size) {
                    Some((first, last)) => {
                        seen.extend(numbers.iter().copied().filter(|number| (first..=last).contains(number)));
                        sweep.advance(last, &numbers, now);
                    }
                    None => sweep.end(numbers.len(), now),
                }
                if sweep.ended.is_some() {
                    break;
                }
            }
            prop_assert!(sweep.ended.is_some());
            prop_assert!(stay.is_subset(&seen));
        }
    }
}
