//! Whether the tickets are still those that were there at the last pass: sums over their numbers tell, so that a pass
//! in which none is gone needs neither the list of all tickets nor all that is linked.

use serde::{Deserialize, Serialize};

/// The census in the state. Storing a link forgets it, since it may be the link of a ticket that is gone.
pub const CENSUS: &str = "tickets.census";

/// What a number is multiplied by before it goes into [`Census::mix`].
pub const FACTOR: u32 = 1_000_003;

/// How many tickets exist, and sums over their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// How many there are.
    pub tickets: u64,
    /// Their numbers, summed up.
    pub sum: u64,
    /// Their numbers times [`FACTOR`], XOR-ed: two that came and two that went may have the same sum.
    pub mix: u64,
}

impl Census {
    /// Counts these numbers in; counting one in a second time takes it out of [`Census::mix`], not of the others.
    pub fn of(numbers: impl IntoIterator<Item = i64>) -> Self {
        let mut census = Self::default();
        for number in numbers {
            census.tickets += 1;
            census.sum = census.sum.wrapping_add(number.unsigned_abs());
            census.mix ^= mixed(number);
        }
        census
    }

    /// The same without these numbers, which it counts.
    fn without(mut self, numbers: impl IntoIterator<Item = i64>) -> Self {
        for number in numbers {
            self.tickets = self.tickets.wrapping_sub(1);
            self.sum = self.sum.wrapping_sub(number.unsigned_abs());
            self.mix ^= mixed(number);
        }
        self
    }
}

fn mixed(number: i64) -> u64 {
    number.unsigned_abs().wrapping_mul(FACTOR.into())
}

/// The tickets that exist, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// All of them.
    pub all: Census,
    /// The newest numbers, ascending.
    pub newest: Vec<i64>,
}

impl Counted {
    /// Whether the tickets up to the number `last` are those that were there when `known` was taken, whose greatest number
    /// it was.
    pub(super) fn holds(&self, known: &Census, last: i64) -> bool {
        self.all.without(self.newest.iter().copied().filter(|number| *number > last)) == *known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_census_holds_while_tickets_only_come_and_not_once_any_is_gone(
            before in proptest::collection::btree_set(1i64..5_000, 1..60),
            come in proptest::collection::btree_set(5_000i64..6_000, 0..20),
            gone in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4),
            late in proptest::option::of(1i64..5_000),
        ) {
            let last = *before.last().unwrap();
            let known = Census::of(before.iter().copied());
            let numbers: Vec<i64> = before.iter().copied().collect();
            let gone: BTreeSet<i64> = gone.iter().map(|index| numbers[index.index(numbers.len())]).collect();
            let mut now: BTreeSet<i64> = before.difference(&gone).copied().chain(come).collect();
            // One that was being written when the last pass looked.
            now.extend(late.filter(|number| *number < last));
            let counted = Counted {
                all: Census::of(now.iter().copied()),
                newest: now.iter().copied().filter(|number| *number > last - 300).collect(),
            };
            let upto = |numbers: &BTreeSet<i64>| numbers.range(..=last).copied().collect::<Vec<_>>();
            prop_assert_eq!(counted.holds(&known, last), upto(&now) == upto(&before));
        }
    }
}
