//! What people typed in a memo, compared with what is known of it: which paragraphs are new, which were changed where
//! they stand, and which are gone. Pure.

use super::ports::Paragraph;
use strsim::normalized_levenshtein;

/// How alike two paragraphs must be for one to count as the other's new wording, where their neighbours do not say it.
const ALIKE: f64 = 0.5;

/// What became of the paragraphs of a memo.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// The paragraphs as they stand now: which known one each is (by index), and whether its text is another.
    pub now: Vec<Standing>,
    /// Known paragraphs that no longer stand there, by index.
    pub gone: Vec<usize>,
}

/// A paragraph as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// As known.
    Same(usize),
    /// A known one in other words.
    Changed(usize),
    /// Not known.
    New,
}

/// Compares. Paragraphs that stand as they were divide the memo into parts; in a part with as many paragraphs as before
/// each is the one that stood in its place, elsewhere the ones that are alike are the same.
pub(super) fn compare(known: &[Paragraph], now: &[String]) -> Difference {
    let mut difference = Difference { now: vec![Standing::New; now.len()], gone: Vec::new() };
    let anchors = common(known, now);
    let (mut old_from, mut new_from) = (0, 0);
    for (old, new) in anchors.into_iter().chain([(known.len(), now.len())]) {
        pair(known, old_from..old, now, new_from..new, &mut difference);
        if new < now.len() {
            difference.now[new] = Standing::Same(old);
        }
        (old_from, new_from) = (old + 1, new + 1);
    }
    difference
}

/// A longest common subsequence, as pairs of indices.
fn common(known: &[Paragraph], now: &[String]) -> Vec<(usize, usize)> {
    let width = now.len() + 1;
    let mut lengths = vec![0usize; (known.len() + 1) * width];
    for old in (0..known.len()).rev() {
        for new in (0..now.len()).rev() {
            lengths[old * width + new] = if same(&known[old].text, &now[new]) {
                lengths[(old + 1) * width + new + 1] + 1
            } else {
                lengths[(old + 1) * width + new].max(lengths[old * width + new + 1])
            };
        }
    }
    let (mut old, mut new, mut pairs) = (0, 0, Vec::new());
    while old < known.len() && new < now.len() {
        if same(&known[old].text, &now[new]) {
            pairs.push((old, new));
            (old, new) = (old + 1, new + 1);
        } else if lengths[(old + 1) * width + new] >= lengths[old * width + new + 1] {
            old += 1;
        } else {
            new += 1;
        }
    }
    pairs
}

fn pair(
    known: &[Paragraph],
    old: std::ops::Range<usize>,
    now: &[String],
    new: std::ops::Range<usize>,
    difference: &mut Difference,
) {
    if old.len() == new.len() {
        for (old, new) in old.zip(new) {
            difference.now[new] = Standing::Changed(old);
        }
        return;
    }
    let mut from = new.start;
    for index in old {
        let alike = (from..new.end)
            .filter(|at| is_wording_of(&known[index].text, &now[*at]))
            .max_by(|a, b| likeness(&known[index].text, &now[*a]).total_cmp(&likeness(&known[index].text, &now[*b])));
        match alike {
            Some(at) => {
                difference.now[at] = Standing::Changed(index);
                from = at + 1;
            }
            None => difference.gone.push(index),
        }
    }
}

fn likeness(old: &str, new: &str) -> f64 {
    // Quadratic in time: the beginning tells enough.
    let cut = |text: &str| text.chars().take(400).collect::<String>();
    normalized_levenshtein(&cut(old), &cut(new))
}

/// Whether a text was made from another: more was typed at its end, or most of it still stands.
fn is_wording_of(old: &str, new: &str) -> bool {
    new.starts_with(old) || likeness(old, new) >= ALIKE
}

/// Gestan's editor and HTML both play with white space.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || words(a) == words(b)
}

fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).filter(|line: &Vec<&str>| !line.is_empty()).collect()
}

impl Paragraph {
    /// What of it is told in GestSup.
    pub(super) fn told(&self) -> String {
        self.text.lines().skip(self.from_line).collect::<Vec<_>>().join("\n")
    }

    /// The first line of `new` that was not there before the follow-up looked.
    pub(super) fn first_told_of(&self, new: &str) -> usize {
        let kept = self.text.lines().take(self.from_line).zip(new.lines()).filter(|(old, new)| same(old, new)).count();
        kept.min(self.from_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(texts: &[&str]) -> Vec<Paragraph> {
        texts.iter().map(|text| Paragraph { text: (*text).to_owned(), from_line: 0, mark: None, step: None }).collect()
    }

    fn now(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_paragraph_more_is_new_wherever_it_is_typed() {
        for (texts, at) in [(["neuf", "a", "b"], 0), (["a", "neuf", "b"], 1), (["a", "b", "neuf"], 2)] {
            let difference = compare(&known(&["a", "b"]), &now(&texts));
            assert_eq!(difference.now[at], Standing::New, "{texts:?}");
            assert_eq!(difference.gone, [0usize; 0]);
        }
    }

    #[test]
    fn a_paragraph_with_other_words_between_the_same_neighbours_is_changed() {
        let difference = compare(&known(&["a", "vu", "b"]), &now(&["a", "tout autre chose", "b"]));
        assert_eq!(difference.now, [Standing::Same(0), Standing::Changed(1), Standing::Same(2)]);
    }

    #[test]
    fn more_typed_behind_a_paragraph_while_another_is_added_is_told_apart() {
        let difference =
            compare(&known(&["Client appelé"]), &now(&["Pièce commandée hier", "Client appelé\nRappeler demain"]));
        assert_eq!(difference.now, [Standing::New, Standing::Changed(0)]);
    }

    #[test]
    fn a_paragraph_that_was_taken_away_is_gone_and_the_others_stay() {
        let difference = compare(&known(&["a", "b", "c"]), &now(&["a", "c"]));
        assert_eq!((difference.now, difference.gone), (vec![Standing::Same(0), Standing::Same(2)], vec![1]));
    }

    #[test]
    fn white_space_alone_changes_nothing() {
        assert_eq!(compare(&known(&["a  b\n\nc"]), &now(&["a b\nc "])).now, [Standing::Same(0)]);
    }

    proptest! {
        #[test]
        fn every_known_paragraph_stands_once_or_is_gone(
            old in proptest::collection::vec("[ab]{1,3}", 0..7),
            new in proptest::collection::vec("[ab]{1,3}", 0..7),
        ) {
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let difference = compare(&known(&old), &new);
            let mut seen: Vec<usize> = difference.gone.clone();
            seen.extend(difference.now.iter().filter_map(|standing| match standing {
                Standing::Same(index) | Standing::Changed(index) => Some(*index),
                Standing::New => None,
            }));
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..old.len()).collect::<Vec<_>>());
            prop_assert_eq!(difference.now.len(), new.len());
        }
    }
}
