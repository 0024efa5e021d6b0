//! The memo of an intervention, which Gestan's users and the connector share: our paragraphs are
//! found by their visible text and replaced where they stand; everything else is left as it is, byte
//! for byte.

mod places;
mod plain;
mod rtf_read;
mod rtf_write;

use crate::config::MemoFormat;
use crate::model::Line;
use chrono::{DateTime, Utc};
use places::{Insertion, Places, fold, sort_key};
use plain::PlainMemo;
use rtf_read::RtfMemo;
use std::borrow::{Borrow, Cow};

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

/// A memo as a reader sees it who knows which blocks were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// All of it, lines joined by `\n`.
    pub visible: String,
    /// Which of the blocks still stand there as they were last written, each in a place of its own.
    pub held: Vec<bool>,
    /// The paragraphs that are none of these blocks, in their order: what people typed. A paragraph is a run
    /// of lines with something in them, its lines joined by `\n`; one of our blocks ends it too.
    pub typed: Vec<String>,
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
    pub fn raw(&self) -> &str {
        match self {
            Self::Rtf(rtf) => rtf.raw(),
            Self::Plain(plain) => plain.raw(),
        }
    }

    /// As Gestan stores it, in a text of its own.
    pub fn to_raw(&self) -> String {
        self.raw().to_owned()
    }

    /// What a reader sees, lines joined by `\n`.
    pub fn visible_text(&self) -> String {
        visible(&self.lines())
    }

    /// What a reader sees who knows these blocks.
    pub fn read<K: Borrow<Known>>(&self, known: &[K]) -> Reading {
        let lines = self.lines();
        let folded: Vec<Cow<str>> = lines.iter().map(|line| fold(line)).collect();
        let places = Places::of(&folded, known);
        let mut paragraphs: Vec<Vec<&str>> = vec![Vec::new()];
        for (line, ours) in lines.iter().zip(places.ours()) {
            match line.trim_matches(|c: char| c.is_whitespace() || c.is_control()) {
                line if !ours && !line.is_empty() => paragraphs.last_mut().into_iter().for_each(|last| last.push(line)),
                _ => paragraphs.push(Vec::new()),
            }
        }
        paragraphs.retain(|lines| !lines.is_empty());
        let typed = paragraphs.into_iter().map(|lines| lines.join("\n")).collect();
        Reading { visible: visible(&lines), held: places.held(), typed }
    }

    /// Writes a block: where it stands, or where it belongs. `known` are all blocks as last written.
    pub fn put(&mut self, block: &Block, known: &[Known]) -> Placement {
        let lines = self.lines();
        let folded: Vec<Cow<str>> = lines.iter().map(|line| fold(line)).collect();
        let places = Places::of(&folded, known);
        let own = known.iter().position(|known| known.key == block.key).and_then(|index| places.get(index));
        let visible = block.visible_lines();
        if let Some(place) = own {
            let wanted: Vec<Cow<str>> = visible.iter().map(|line| fold(line)).collect();
            if folded[place.first..=place.last] == wanted[..] {
                return Placement::Unchanged;
            }
            match self {
                Self::Rtf(rtf) => rtf.replace(place.first, place.last, &rtf_write::block(block)),
                Self::Plain(plain) => plain.replace(place.first, place.last, &visible),
            }
            return Placement::Replaced;
        }
        let insertion = places.insertion(block);
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
                plain.insert(at, &visible);
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
}

fn visible(lines: &[String]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(line.trim_end());
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests;
