//! Links in short: a pass holds every one of them, and reads whole only those that something is to be done about.

use super::ports::KnownLink;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};

/// A key in a number, and the same for the same key. Numbers stand for themselves; what is none, as user codes, is few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

/// Set where a key is no number.
const TEXT: u64 = 1 << 63;

impl Key {
    /// Of a number.
    pub(super) fn number(number: i64) -> Self {
        u32::try_from(number).map_or_else(|_| Self::new(&number.to_string()), |number| Self(u64::from(number)))
    }

    /// Of any key.
    pub fn new(key: &str) -> Self {
        match key.parse::<u32>() {
            Ok(number) if number.to_string() == key => Self(u64::from(number)),
            _ => Self(print_of(&key) | TEXT),
        }
    }
}

/// A number that is another one when a value is. It may be another one in another version of the program.
pub(crate) fn print_of(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Two prints in one number, never 0.
pub(super) fn seal(record: u64, row: u64) -> i64 {
    (print_of(&(record, row)) | 1).cast_signed()
}

/// The links of a kind, by key.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<KnownLink>);

impl Known {
    pub(super) fn new(mut links: Vec<KnownLink>) -> Self {
        links.sort_unstable_by_key(|link| link.key);
        Self(links)
    }

    pub(super) fn all(&self) -> &[KnownLink] {
        &self.0
    }

    /// Where the link of a key stands.
    pub(super) fn position(&self, key: Key) -> Option<usize> {
        self.0.binary_search_by_key(&key, |link| link.key).ok()
    }

    /// Id in GestSup of a record.
    pub(super) fn id(&self, key: Key) -> Option<i64> {
        self.position(key).map(|position| self.0[position].id)
    }

    /// Id in GestSup of a record that goes by a number.
    pub(super) fn id_of(&self, number: i64) -> Option<i64> {
        self.id(Key::number(number))
    }

    /// As if records were linked so from now on, and these keys no longer: what a dry run goes by.
    pub(super) fn imagine(&mut self, gone: &HashSet<Key>, links: Vec<KnownLink>) {
        let told: HashSet<Key> = links.iter().map(|link| link.key).collect();
        self.0.retain(|known| !gone.contains(&known.key) && !told.contains(&known.key));
        self.0.extend(links);
        self.0.sort_unstable_by_key(|link| link.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_themselves_and_what_only_looks_like_one_does_not() {
        assert_eq!(Key::new("42"), Key::number(42));
        assert_ne!(Key::new("042"), Key::number(42));
        assert_ne!(Key::new("4/2"), Key::new("4/3"));
    }

    #[test]
    fn a_seal_is_another_one_when_either_side_is_and_never_nothing() {
        let seals: HashSet<i64> = (0..100).flat_map(|n| [seal(n, 1_000), seal(1_000, n)]).collect();
        assert_eq!(seals.len(), 200);
        assert!(!seals.contains(&0));
    }
}
