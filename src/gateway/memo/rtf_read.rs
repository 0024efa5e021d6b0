//! Rich text as a reader sees it, with the place of every visible character in the source, so that
//! lines of ours can be taken out and put in without touching anything else.

use encoding_rs::{Encoding, WINDOWS_1252};
use std::ops::Range;

/// Destinations whose text is not shown.
const HIDDEN: [&str; 22] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "fldinst",
    "header",
    "footer",
    "headerl",
    "headerr",
    "footerl",
    "footerr",
    "object",
    "themedata",
    "datastore",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "latentstyles",
    "mmathPr",
];

/// A document of rich text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtfMemo {
    raw: String,
    marks: Vec<Mark>,
    groups: Vec<Group>,
    /// Offset of the brace that closes the document, or the end of the text.
    end: usize,
}

/// Something visible: a run of characters that stand in the source as they are shown, or one that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    range: Range<usize>,
    shown: Shown,
    /// Index of the innermost group.
    group: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The source of its range.
    Verbatim,
    Text(char),
    Break,
    /// Half of a character outside the BMP.
    Surrogate(u16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    range: Range<usize>,
    parent: Option<usize>,
    /// It holds a picture or another destination of its own: it is never removed.
    special: bool,
}

/// A line: its marks, the break that ends it included.
#[derive(Debug, Clone)]
struct LineMarks {
    marks: Range<usize>,
    text: String,
}

struct Frame {
    group: usize,
    hidden: bool,
    uc: usize,
}

struct Reader<'t> {
    raw: &'t str,
    at: usize,
    encoding: &'static Encoding,
    frames: Vec<Frame>,
    groups: Vec<Group>,
    marks: Vec<Mark>,
    /// Characters that a `\u` before them stands for.
    skip: usize,
    end: Option<usize>,
}

impl RtfMemo {
    pub(super) fn parse(raw: &str) -> Self {
        let mut reader = Reader {
            raw,
            at: 0,
            encoding: WINDOWS_1252,
            frames: Vec::new(),
            groups: Vec::new(),
            marks: Vec::new(),
            skip: 0,
            end: None,
        };
        reader.read();
        let end = reader.end.unwrap_or(raw.len());
        let (marks, mut groups) = (reader.marks, reader.groups);
        for group in &mut groups {
            // A group that nobody closed ends with the text.
            if group.range.end == usize::MAX {
                group.range.end = raw.len();
            }
        }
        Self { raw: raw.to_owned(), marks, groups, end }
    }

    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    pub(super) fn is_empty(&self) -> bool {
        let pictures = self.groups.iter().any(|group| self.raw[group.range.start..].starts_with("{\\pict"));
        !pictures && self.lines().iter().all(|line| line.trim().is_empty())
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.line_marks().into_iter().map(|line| line.text).collect()
    }

    fn line_marks(&self) -> Vec<LineMarks> {
        let mut lines = Vec::new();
        let mut first = 0;
        let mut text = String::new();
        let mut high = None;
        for (index, mark) in self.marks.iter().enumerate() {
            match &mark.shown {
                Shown::Verbatim => text.push_str(&self.raw[mark.range.clone()]),
                Shown::Text(shown) => text.push(*shown),
                Shown::Surrogate(unit) => {
                    let units: Vec<u16> = high.take().into_iter().chain([*unit]).collect();
                    if units.len() == 1 && (0xD800..0xDC00).contains(unit) {
                        high = Some(*unit);
                    } else {
                        text.push_str(&String::from_utf16_lossy(&units));
                    }
                }
                Shown::Break => {
                    lines.push(LineMarks { marks: first..index + 1, text: std::mem::take(&mut text) });
                    first = index + 1;
                }
            }
        }
        if first < self.marks.len() {
            lines.push(LineMarks { marks: first..self.marks.len(), text });
        }
        lines
    }

    /// Puts text (groups of whole lines) in place of lines.
    pub(super) fn replace(&mut self, first: usize, last: usize, text: &str) {
        let lines = self.line_marks();
        let (Some(from), Some(to)) = (lines.get(first), lines.get(last)) else { return self.insert_last(text) };
        let marks = from.marks.start..to.marks.end;
        let mut cuts: Vec<Range<usize>> = Vec::new();
        for mark in &self.marks[marks.clone()] {
            let cut = self
                .own_group(mark.group, &marks)
                .map_or_else(|| mark.range.clone(), |group| self.with_line_break(group));
            // Marks of one group come one after the other.
            if cuts.last() != Some(&cut) && cuts.last().is_none_or(|last| last.end <= cut.start) {
                cuts.push(cut);
            }
        }
        let Some(at) = cuts.first().map(|cut| cut.start) else { return self.insert_last(text) };
        let mut raw = String::with_capacity(self.raw.len() + text.len());
        raw.push_str(&self.raw[..at]);
        raw.push_str(&self.separated(at, marks.start, text));
        let mut kept = at;
        for cut in cuts {
            raw.push_str(&self.raw[kept..cut.start]);
            kept = cut.end;
        }
        raw.push_str(&self.raw[kept..]);
        *self = Self::parse(&raw);
    }

    pub(super) fn insert_first(&mut self, text: &str) {
        let at = self.marks.first().map(|mark| self.start_of(mark));
        self.insert(at.unwrap_or(self.end), 0, text);
    }

    pub(super) fn insert_before(&mut self, line: usize, text: &str) {
        let lines = self.line_marks();
        match lines.get(line).map(|line| line.marks.start) {
            Some(mark) => self.insert(self.start_of(&self.marks[mark]), mark, text),
            None => self.insert_last(text),
        }
    }

    pub(super) fn insert_after(&mut self, line: usize, text: &str) {
        let lines = self.line_marks();
        let Some(marks) = lines.get(line).map(|line| line.marks.clone()) else { return self.insert_last(text) };
        let last = &self.marks[marks.end - 1];
        let at = self.own_group(last.group, &marks).map_or(last.range.end, |group| self.with_line_break(group).end);
        self.insert(at, marks.end, text);
    }

    pub(super) fn insert_last(&mut self, text: &str) {
        self.insert(self.end, self.marks.len(), text);
    }

    fn insert(&mut self, at: usize, before_mark: usize, text: &str) {
        let text = self.separated(at, before_mark, text);
        let mut raw = self.raw.clone();
        raw.insert_str(at, &text);
        *self = Self::parse(&raw);
    }

    /// The text, on a line of its own: what a user typed before it may not have ended its line.
    fn separated(&self, at: usize, before_mark: usize, text: &str) -> String {
        let open_line = before_mark > 0 && self.marks[before_mark - 1].shown != Shown::Break;
        // A control word that ends right here would otherwise swallow nothing and touch our brace; that is fine,
        // but "\uc1" followed by a text needs its blank.
        let glue = self.raw[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) && open_line;
        if open_line {
            format!("{}\\par {text}", if glue { " " } else { "" }).trim_start().to_owned()
        } else {
            text.to_owned()
        }
    }

    /// Where something can be put before a mark: before its group, if that begins with it.
    fn start_of(&self, mark: &Mark) -> usize {
        let group = &self.groups[mark.group];
        let begins = self.marks.get(self.marks_in(&group.range).start).is_some_and(|first| first.range == mark.range);
        if group.parent.is_some() && begins && !group.special { group.range.start } else { mark.range.start }
    }

    /// The outermost group around these marks that shows nothing else, if it is not the document itself.
    fn own_group(&self, innermost: usize, marks: &Range<usize>) -> Option<Range<usize>> {
        let mut own = None;
        let mut index = innermost;
        while let Some(parent) = self.groups[index].parent {
            let group = &self.groups[index];
            let inside = self.marks_in(&group.range);
            if inside.start < marks.start || inside.end > marks.end || group.special {
                break;
            }
            own = Some(group.range.clone());
            index = parent;
        }
        own
    }

    /// The marks inside a part of the source; marks are in its order.
    fn marks_in(&self, range: &Range<usize>) -> Range<usize> {
        let before = |offset: usize| self.marks.partition_point(|mark| mark.range.start < offset);
        before(range.start)..before(range.end)
    }

    /// A group together with the line break of the source after it, which shows nothing.
    fn with_line_break(&self, group: Range<usize>) -> Range<usize> {
        let after = if self.raw[group.end..].starts_with("\r\n") { 2 } else { 0 };
        group.start..group.end + after
    }
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.at < self.raw.len() && self.end.is_none() {
            let rest = &self.raw[self.at..];
            match rest.as_bytes().first() {
                Some(b'{') => self.open(),
                Some(b'}') => self.close(),
                Some(b'\\') => self.control(),
                Some(b'\r' | b'\n' | 0) => self.at += 1,
                // What stands in for a \u goes with it, a character each.
                _ if self.skip > 0 => {
                    let Some(shown) = rest.chars().next() else { return };
                    self.show(self.at..self.at + shown.len_utf8(), Shown::Text(shown));
                    self.at += shown.len_utf8();
                }
                _ => {
                    let special = |byte: u8| matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0);
                    let length = rest.bytes().position(special).unwrap_or(rest.len());
                    self.show(self.at..self.at + length, Shown::Verbatim);
                    self.at += length;
                }
            }
        }
    }

    fn open(&mut self) {
        let parent = self.frames.last().map(|frame| frame.group);
        let (hidden, uc) = self.frames.last().map_or((false, 1), |frame| (frame.hidden, frame.uc));
        self.groups.push(Group { range: self.at..usize::MAX, parent, special: false });
        self.frames.push(Frame { group: self.groups.len() - 1, hidden, uc });
        self.skip = 0;
        self.at += 1;
    }

    fn close(&mut self) {
        let at = self.at;
        self.at += 1;
        self.skip = 0;
        let Some(frame) = self.frames.pop() else { return };
        self.groups[frame.group].range.end = self.at;
        if self.frames.is_empty() {
            self.end = Some(at);
        }
    }

    fn control(&mut self) {
        let start = self.at;
        let rest = &self.raw[start + 1..];
        let Some(first) = rest.chars().next() else {
            self.at = self.raw.len();
            return;
        };
        if first.is_ascii_alphabetic() {
            return self.word(start);
        }
        self.at = start + 1 + first.len_utf8();
        let shown = match first {
            '\\' | '{' | '}' => Some(Shown::Text(first)),
            '~' => Some(Shown::Text('\u{a0}')),
            '_' => Some(Shown::Text('-')),
            '\r' | '\n' => Some(Shown::Break),
            '\'' => {
                let byte = rest.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if byte.is_some() {
                    self.at += 2;
                }
                byte.and_then(|byte| self.encoding.decode_without_bom_handling(&[byte]).0.chars().next())
                    .map(Shown::Text)
            }
            '*' => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.hidden = true;
                    self.groups[frame.group].special = true;
                }
                return;
            }
            _ => None,
        };
        if let Some(shown) = shown {
            self.show(start..self.at, shown);
        }
    }

    fn word(&mut self, start: usize) {
        let bytes = self.raw.as_bytes();
        let mut at = start + 1;
        while bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            at += 1;
        }
        let word = &self.raw[start + 1..at];
        let digits = at;
        if bytes.get(at) == Some(&b'-') {
            at += 1;
        }
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let number: Option<i64> = self.raw[digits..at].parse().ok();
        if bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        self.at = at;
        let range = start..at;
        match word {
            "par" | "line" | "row" | "sect" | "page" => self.show(range, Shown::Break),
            "tab" | "cell" => self.show(range, Shown::Text('\t')),
            "emdash" => self.show(range, Shown::Text('—')),
            "endash" => self.show(range, Shown::Text('–')),
            "bullet" => self.show(range, Shown::Text('•')),
            "lquote" => self.show(range, Shown::Text('‘')),
            "rquote" => self.show(range, Shown::Text('’')),
            "ldblquote" => self.show(range, Shown::Text('“')),
            "rdblquote" => self.show(range, Shown::Text('”')),
            "u" => {
                let unit = u16::try_from(number.unwrap_or(0) & 0xFFFF).unwrap_or(0);
                let uc = self.frames.last().map_or(1, |frame| frame.uc);
                let shown = match char::from_u32(u32::from(unit)) {
                    Some(c) => Shown::Text(c),
                    None => Shown::Surrogate(unit),
                };
                self.skip = 0;
                self.show(range, shown);
                self.skip = uc;
            }
            "uc" => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.uc = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(8);
                }
            }
            "ansicpg" => {
                let label = format!("windows-{}", number.unwrap_or(1252));
                self.encoding = Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252);
            }
            "bin" => {
                let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                let mut end = self.at.saturating_add(length).min(self.raw.len());
                while !self.raw.is_char_boundary(end) {
                    end += 1;
                }
                self.at = end;
            }
            "v" => {
                if let Some(frame) = self.frames.last_mut().filter(|frame| !self.groups[frame.group].special) {
                    frame.hidden = number != Some(0);
                }
            }
            _ if HIDDEN.contains(&word) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.hidden = true;
                    self.groups[frame.group].special = true;
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, range: Range<usize>, shown: Shown) {
        let Some(frame) = self.frames.last() else { return };
        if self.skip > 0 && shown != Shown::Break {
            self.skip -= 1;
            // The stand-in of a \u belongs to it: both go together.
            if let Some(mark) = self.marks.last_mut().filter(|_| !frame.hidden) {
                mark.range.end = range.end;
            }
            return;
        }
        self.skip = 0;
        if !frame.hidden {
            self.marks.push(Mark { range, shown, group: frame.group });
        }
    }
}
