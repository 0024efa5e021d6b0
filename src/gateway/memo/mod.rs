//! The memo of an intervention, which Gestan's users and the connector share: our paragraphs are
//! found by their visible text and replaced where they stand; everything else is left as it is, byte
//! for byte.

mod plain;
mod rtf_read;
mod rtf_write;

use crate::config::MemoFormat;
use crate::model::Line;
use chrono::{DateTime, Utc};
use plain::PlainMemo;
use rtf_read::RtfMemo;
use std::borrow::Cow;

/// Key of the block at the head of the memo.
pub const HEAD: &str = "head";

/// What is to stand in the memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Unique within the memo; [`HEAD`] stands first.
    pub key: String,
    /// The others stand in the order of their time.
    pub at: DateTime<Utc>,
    /// Its lines; the first is the heading.
    pub lines: Vec<Line>,
}

impl Block {
    /// The lines as a reader sees them.
    pub fn visible_lines(&self) -> Vec<String> {
        self.lines.iter().map(rtf_write::visible).collect()
    }
}

/// A block as it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its key.
    pub key: String,
    /// Its time.
    pub at: DateTime<Utc>,
    /// Its visible lines, joined by `\n`.
    pub text: String,
    /// Its lines before that, where they were others: an old window that is saved brings them back, and
    /// they are replaced as if they were the newer ones.
    pub previous: String,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It did not stand there and does now.
    Added,
    /// It stood there with another text.
    Replaced,
    /// It stood there as it is; not a byte was changed.
    Unchanged,
}

/// A memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memo {
    /// Rich text.
    Rtf(RtfMemo),
    /// Plain text.
    Plain(PlainMemo),
}

/// Lines `first..=last` of a memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    first: usize,
    last: usize,
}

/// Where a block goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Insertion {
    First,
    Before(Place),
    After(Place),
    Last,
}

impl Memo {
    /// A memo as Gestan stores it; whatever it holds can be read.
    pub fn parse(raw: &str) -> Self {
        let start = raw.trim_start_matches(['\u{feff}', '\0', ' ', '\r', '\n']);
        if start.starts_with("{\\rtf") { Self::Rtf(RtfMemo::parse(raw)) } else { Self::Plain(PlainMemo::parse(raw)) }
    }

    /// A new memo of these blocks, as Gestan stores it.
    pub fn of(format: MemoFormat, blocks: &[Block]) -> String {
        let mut ordered: Vec<&Block> = blocks.iter().collect();
        ordered.sort_by(|one, other| sort_key(&one.key, one.at).cmp(&sort_key(&other.key, other.at)));
        match format {
            MemoFormat::Rtf => rtf_write::document(ordered.into_iter()),
            MemoFormat::Text => {
                ordered.into_iter().flat_map(Block::visible_lines).collect::<Vec<_>>().join(plain::LINE_BREAK)
            }
        }
    }

    /// An empty memo.
    pub fn empty(format: MemoFormat) -> Self {
        Self::parse(&Self::of(format, &[]))
    }

    /// Whether nothing can be seen and nothing is embedded.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Rtf(rtf) => rtf.is_empty(),
            Self::Plain(plain) => plain.lines().iter().all(String::is_empty),
        }
    }

    /// As Gestan stores it.
    pub fn to_raw(&self) -> String {
        match self {
            Self::Rtf(rtf) => rtf.raw().to_owned(),
            Self::Plain(plain) => plain.raw().to_owned(),
        }
    }

    /// What a reader sees, lines joined by `\n`.
    pub fn visible_text(&self) -> String {
        let lines = self.lines();
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// Which of these blocks still stand there as they were last written, each in a place of its own.
    pub fn held(&self, known: &[Known]) -> Vec<bool> {
        let lines = self.folded();
        let places = places(&lines, known);
        let reads = |place: &Place, text: &str| {
            lines[place.first..=place.last].iter().map(String::as_str).eq(text.split('\n').map(fold))
        };
        (0..known.len())
            .map(|index| places.iter().any(|(found, place)| *found == index && reads(place, &known[index].text)))
            .collect()
    }

    /// The paragraphs that are none of these blocks, in their order: what people typed. A paragraph is a run
    /// of lines with something in them, its lines joined by `\n`; one of our blocks ends it too.
    pub fn typed(&self, known: &[Known]) -> Vec<String> {
        let lines = self.lines();
        let ours = ours(&self.folded(), known);
        let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
        for (line, ours) in lines.iter().zip(ours) {
            match line.trim_matches(|c: char| c.is_whitespace() || c.is_control()) {
                line if !ours && !line.is_empty() => paragraphs.last_mut().into_iter().for_each(|last| last.push(line)),
                _ => paragraphs.push(Vec::new()),
            }
        }
        paragraphs.retain(|lines| !lines.is_empty());
        paragraphs.into_iter().map(|lines| lines.join("\n")).collect()
    }

    /// Writes a block: where it stands, or where it belongs. `known` are all blocks as last written.
    pub fn put(&mut self, block: &Block, known: &[Known]) -> Placement {
        let lines = self.folded();
        let places = places(&lines, known);
        let own = places.iter().find(|(index, _)| known[*index].key == block.key).map(|(_, place)| *place);
        let wanted: Vec<String> = block.visible_lines().iter().map(|line| fold(line).into_owned()).collect();
        if let Some(place) = own {
            if lines[place.first..=place.last] == wanted[..] {
                return Placement::Unchanged;
            }
            match self {
                Self::Rtf(rtf) => rtf.replace(place.first, place.last, &rtf_write::block(block)),
                Self::Plain(plain) => plain.replace(place.first, place.last, &block.visible_lines()),
            }
            return Placement::Replaced;
        }
        let insertion = insertion(block, known, &places);
        match self {
            Self::Rtf(rtf) => {
                let text = rtf_write::block(block);
                match insertion {
                    Insertion::First => rtf.insert_first(&text),
                    Insertion::Before(place) => rtf.insert_before(place.first, &text),
                    Insertion::After(place) => rtf.insert_after(place.last, &text),
                    Insertion::Last => rtf.insert_last(&text),
                }
            }
            Self::Plain(plain) => {
                let at = match insertion {
                    Insertion::First => 0,
                    Insertion::Before(place) => place.first,
                    Insertion::After(place) => place.last + 1,
                    Insertion::Last => plain.lines().len(),
                };
                plain.insert(at, &block.visible_lines());
            }
        }
        Placement::Added
    }

    fn lines(&self) -> Vec<String> {
        match self {
            Self::Rtf(rtf) => rtf.lines(),
            Self::Plain(plain) => plain.lines(),
        }
    }

    fn folded(&self) -> Vec<String> {
        let folded = |line: String| match fold(&line) {
            Cow::Borrowed(_) => line,
            Cow::Owned(folded) => folded,
        };
        self.lines().into_iter().map(folded).collect()
    }
}

/// A line as compared: Gestan's editor changes white space, and nothing else that a reader sees.
fn fold(line: &str) -> Cow<'_, str> {
    let mut before = ' ';
    let plain = line.chars().all(|c| {
        let space_after_space = before == ' ' && c == ' ';
        before = c;
        c == ' ' && !space_after_space || !c.is_whitespace() && !c.is_control()
    });
    // Most lines are as they are to be.
    if plain && (before != ' ' || line.is_empty()) {
        return Cow::Borrowed(line);
    }
    let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
    let words = line.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// Where the known blocks stand, by their index. Blocks of the same text have a place each, in order.
fn places(lines: &[String], known: &[Known]) -> Vec<(usize, Place)> {
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by(|one, other| {
        sort_key(&known[*one].key, known[*one].at).cmp(&sort_key(&known[*other].key, known[*other].at))
    });
    let mut taken = vec![false; lines.len()];
    let mut places = Vec::new();
    let mut from = 0;
    // What stands there as it was last written comes first: older text may be part of newer text.
    for older in [false, true] {
        for &index in &order {
            if older && places.iter().any(|(found, _)| *found == index) {
                continue;
            }
            let text = if older { &known[index].previous } else { &known[index].text };
            let text: Vec<Cow<str>> = text.split('\n').map(fold).collect();
            if let Some(place) = find(lines, &text, &taken, from) {
                taken[place.first..=place.last].fill(true);
                from = place.last + 1;
                places.push((index, place));
            }
        }
        from = 0;
    }
    places
}

/// Which lines belong to a known block, in its newest wording or the one before it: an old window that was
/// saved, or a paragraph that somebody copied, may show both.
fn ours(lines: &[String], known: &[Known]) -> Vec<bool> {
    let mut taken = vec![false; lines.len()];
    for (_, place) in places(lines, known) {
        taken[place.first..=place.last].fill(true);
    }
    for text in known.iter().flat_map(|known| [&known.text, &known.previous]) {
        let text: Vec<Cow<str>> = text.split('\n').map(fold).collect();
        while let Some(place) = find(lines, &text, &taken, 0) {
            taken[place.first..=place.last].fill(true);
        }
    }
    taken
}

/// Where a text stands among the lines that are not taken: from a line on, else anywhere.
fn find(lines: &[String], text: &[Cow<'_, str>], taken: &[bool], from: usize) -> Option<Place> {
    // A block without a visible character cannot be recognised.
    if text.iter().all(|line| line.is_empty()) || text.len() > lines.len() {
        return None;
    }
    let fits = |first: &usize| {
        let range = *first..*first + text.len();
        !taken[range.clone()].iter().any(|taken| *taken)
            && lines[range].iter().zip(text).all(|(line, wanted)| line == wanted)
    };
    let last_start = lines.len() - text.len();
    // Blocks stand in order unless somebody moved them: the search goes on where the last one ended.
    let first = (from.min(last_start + 1)..=last_start).find(fits).or_else(|| (0..=last_start).find(fits))?;
    Some(Place { first, last: first + text.len() - 1 })
}

fn sort_key(key: &str, at: DateTime<Utc>) -> (bool, bool, DateTime<Utc>, u64, &str) {
    // The head stands first and the description second, whatever their dates.
    let number = key.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    (key != HEAD, key != "description" && key != HEAD, at, number, key)
}

fn insertion(block: &Block, known: &[Known], places: &[(usize, Place)]) -> Insertion {
    let own = sort_key(&block.key, block.at);
    let key_of = |index: usize| sort_key(&known[index].key, known[index].at);
    let before = places.iter().filter(|(index, _)| key_of(*index) < own).max_by_key(|(index, _)| key_of(*index));
    let after = places.iter().filter(|(index, _)| key_of(*index) > own).min_by_key(|(index, _)| key_of(*index));
    match (before, after) {
        (Some((_, place)), _) => Insertion::After(*place),
        (None, _) if block.key == HEAD => Insertion::First,
        (None, Some((_, place))) => Insertion::Before(*place),
        (None, None) => Insertion::Last,
    }
}

#[cfg(test)]
mod tests;
