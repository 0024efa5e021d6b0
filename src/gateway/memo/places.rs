//! Where blocks stand in a memo, found by their visible text: whole lines, white space apart.

use super::{Block, HEAD, Known};
use chrono::{DateTime, Utc};
use std::borrow::{Borrow, Cow};

/// Lines `first..=last` of a memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub first: usize,
    pub last: usize,
}

/// Where a block goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Insertion {
    First,
    Before(Place),
    After(Place),
    Last,
}

/// A line as compared: Gestan's editor changes white space, and nothing else that a reader sees.
pub(super) fn fold(line: &str) -> Cow<'_, str> {
    // Most lines are as they are to be.
    if !line.starts_with(' ')
        && !line.ends_with(' ')
        && !line.contains("  ")
        && line.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        return Cow::Borrowed(line);
    }
    let mut before = ' ';
    let plain = line.chars().all(|c| {
        let space_after_space = before == ' ' && c == ' ';
        before = c;
        c == ' ' && !space_after_space || !c.is_whitespace() && !c.is_control()
    });
    if plain && (before != ' ' || line.is_empty()) {
        return Cow::Borrowed(line);
    }
    let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
    let words = line.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// The lines of a memo as compared, and where the known blocks stand among them.
pub(super) struct Places<'m> {
    lines: &'m [Cow<'m, str>],
    sought: Vec<Sought<'m>>,
    /// By the index of the known block; blocks of the same text have a place each, in order.
    found: Vec<Option<Place>>,
    taken: Vec<bool>,
}

/// A known block as it is looked for.
struct Sought<'m> {
    known: &'m Known,
    text: Vec<Cow<'m, str>>,
    /// Its older wording; empty where there is none.
    previous: Vec<Cow<'m, str>>,
}

impl<'m> Places<'m> {
    /// Looks for the known blocks among folded lines.
    pub(super) fn of<K: Borrow<Known>>(lines: &'m [Cow<'m, str>], known: &'m [K]) -> Self {
        let folded = |text: &'m str| text.split('\n').map(fold).collect();
        let sought = known.iter().map(Borrow::borrow).map(|known: &Known| Sought {
            known,
            text: folded(&known.text),
            previous: if known.previous.is_empty() { Vec::new() } else { folded(&known.previous) },
        });
        let mut places =
            Self { lines, sought: sought.collect(), found: vec![None; known.len()], taken: vec![false; lines.len()] };
        places.search();
        places
    }

    fn search(&mut self) {
        let mut order: Vec<(SortKey<'_>, usize)> =
            self.sought.iter().map(|sought| sort_key(&sought.known.key, sought.known.at)).zip(0..).collect();
        order.sort_unstable();
        // What stands there as it was last written comes first: older text may be part of newer text.
        for older in [false, true] {
            let mut from = 0;
            for &(_, index) in &order {
                if self.found[index].is_some() {
                    continue;
                }
                let sought = &self.sought[index];
                let text = if older { &sought.previous } else { &sought.text };
                if let Some(place) = find(self.lines, text, &self.taken, from) {
                    self.taken[place.first..=place.last].fill(true);
                    from = place.last + 1;
                    self.found[index] = Some(place);
                }
            }
        }
    }

    /// Where a known block stands, in its newest wording or the one before it.
    pub(super) fn get(&self, index: usize) -> Option<Place> {
        self.found[index]
    }

    /// Which of the known blocks stand there as they were last written.
    pub(super) fn held(&self) -> Vec<bool> {
        let reads = |place: &Place, sought: &Sought<'_>| self.lines[place.first..=place.last] == sought.text[..];
        let held = |(place, sought): (&Option<Place>, _)| place.as_ref().is_some_and(|place| reads(place, sought));
        self.found.iter().zip(&self.sought).map(held).collect()
    }

    /// Which lines belong to a known block, in its newest wording or the one before it: an old window that was
    /// saved, or a paragraph that somebody copied, may show both.
    pub(super) fn ours(&self) -> Vec<bool> {
        let mut taken = self.taken.clone();
        for text in self.sought.iter().flat_map(|sought| [&sought.text, &sought.previous]) {
            let mut from = 0;
            while let Some(place) = find_from(self.lines, text, &taken, from) {
                taken[place.first..=place.last].fill(true);
                from = place.last + 1;
            }
        }
        taken
    }

    /// Where a block that does not stand there belongs: by its time.
    pub(super) fn insertion(&self, block: &Block) -> Insertion {
        let own = sort_key(&block.key, block.at);
        let standing = || {
            let known = self.sought.iter().map(|sought| sort_key(&sought.known.key, sought.known.at));
            known.zip(&self.found).filter_map(|(key, place)| Some((key, (*place)?)))
        };
        let before = standing().filter(|(key, _)| *key < own).max_by_key(|(key, _)| *key);
        let after = standing().filter(|(key, _)| *key > own).min_by_key(|(key, _)| *key);
        match (before, after) {
            (Some((_, place)), _) => Insertion::After(place),
            (None, _) if block.key == HEAD => Insertion::First,
            (None, Some((_, place))) => Insertion::Before(place),
            (None, None) => Insertion::Last,
        }
    }
}

/// Where a text stands among the lines that are not taken: from a line on, else anywhere.
fn find(lines: &[Cow<'_, str>], text: &[Cow<'_, str>], taken: &[bool], from: usize) -> Option<Place> {
    // Blocks stand in order unless somebody moved them: the search goes on where the last one ended.
    find_from(lines, text, taken, from).or_else(|| find_from(lines, text, taken, 0).filter(|_| from > 0))
}

fn find_from(lines: &[Cow<'_, str>], text: &[Cow<'_, str>], taken: &[bool], from: usize) -> Option<Place> {
    // A block without a visible character cannot be recognised.
    if text.iter().all(|line| line.is_empty()) {
        return None;
    }
    let last_start = lines.len().checked_sub(text.len())?;
    let fits = |first: &usize| {
        let range = *first..*first + text.len();
        lines[range.clone()] == *text && !taken[range].contains(&true)
    };
    let first = (from..=last_start).find(fits)?;
    Some(Place { first, last: first + text.len() - 1 })
}

/// The order in which blocks stand.
type SortKey<'k> = (bool, bool, DateTime<Utc>, u64, &'k str);

pub(super) fn sort_key(key: &str, at: DateTime<Utc>) -> SortKey<'_> {
    // The head stands first and the description second, whatever their dates.
    let number = key.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    (key != HEAD, key != "description" && key != HEAD, at, number, key)
}
