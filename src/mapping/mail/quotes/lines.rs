//! A text as lines, plain or HTML, each with its place in it and what its surroundings say of it.

use super::marks::folded;
use std::ops::Range;

/// Lines that are looked at; a text with more is left whole.
pub(super) const MANY: usize = 20_000;

/// One line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What it says, without case and accents.
    pub folded: String,
    /// It is quoted: `>`, or inside of what a mail program quotes in.
    pub quoted: bool,
    /// It is part of a signature.
    pub signature: bool,
    /// From here on all is older.
    pub older: bool,
    /// It tells who wrote what is quoted.
    pub attribution: bool,
    /// Its place.
    pub place: Range<usize>,
}

impl Line {
    pub fn is_blank(&self) -> bool {
        self.folded.is_empty()
    }
}

/// Lines of a plain text, quoted ones without their signs.
pub(super) fn of_text(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MANY + 1) {
        let place = at..at + line.len();
        at = place.end;
        let bare = line.trim_start_matches(['>', ' ', '\u{a0}', '\t']);
        let quoted = line.trim_start().starts_with('>');
        // The two dashes of a signature have a blank behind them that others drop.
        lines.push(Line { folded: folded(if quoted { bare } else { line }), quoted, place, ..Line::default() });
    }
    lines
}

/// Elements that begin a new line.
const BLOCKS: [&str; 27] = [
    "p",
    "div",
    "br",
    "tr",
    "table",
    "tbody",
    "td",
    "th",
    "li",
    "ul",
    "ol",
    "hr",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "body",
    "html",
    "section",
    "article",
    "center",
    "header",
    "footer",
];
/// Elements that hold nothing.
const EMPTY: [&str; 8] = ["br", "hr", "img", "meta", "link", "input", "col", "wbr"];
/// Elements whose content is not shown.
const HIDDEN: [&str; 4] = ["style", "script", "title", "head"];
/// Elements within each other that are followed.
const DEPTH: usize = 300;

/// What an element makes of the lines in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    None,
    Quote,
    Signature,
    Attribution,
}

/// Lines of an HTML text. Together they cover it.
pub(super) fn of_html(html: &str) -> Vec<Line> {
    let mut reader = Reader {
        lines: Vec::new(),
        open: Vec::new(),
        text: String::new(),
        began: 0,
        older: false,
        line: Line::default(),
    };
    let mut at = 0;
    let mut unclosed = false;
    while let Some(tag_at) = html[at..].find('<').map(|found| at + found).filter(|_| reader.lines.len() <= MANY) {
        reader.say(&html[at..tag_at]);
        let rest = &html[tag_at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = comment.find("-->").map_or(html.len(), |end| tag_at + 4 + end + 3);
            continue;
        }
        let Some(end) = end_of_tag(rest).map(|end| tag_at + end) else {
            at = tag_at;
            break;
        };
        let tag = &html[tag_at + 1..end];
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let length = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag[..length].to_ascii_lowercase();
        at = end + 1;
        if name.is_empty() {
            continue;
        }
        if HIDDEN.contains(&name.as_str()) && !closing && !unclosed {
            // One that is never closed: what follows it is shown by some programs.
            match end_of_hidden(html, at, &name) {
                Some(end) => at = end,
                None => unclosed = true,
            }
            continue;
        }
        if BLOCKS.contains(&name.as_str()) {
            reader.end_line(tag_at);
        }
        if closing {
            reader.close(&name);
        } else {
            reader.open(&name, tag);
        }
    }
    reader.say(&html[at.min(html.len())..]);
    reader.end_line(html.len());
    if let Some(last) = reader.lines.last_mut() {
        last.place.end = html.len();
    }
    reader.lines
}

/// Where a tag ends; a `>` in quotes is none.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate().take(20_000) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') if tag[..at].ends_with('=') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.find('>')
}

fn end_of_hidden(html: &str, at: usize, name: &str) -> Option<usize> {
    let close = format!("</{name}");
    let windows = html.as_bytes()[at..].windows(close.len());
    Some(at + windows.into_iter().position(|window| window.eq_ignore_ascii_case(close.as_bytes()))?)
}

struct Reader {
    lines: Vec<Line>,
    open: Vec<(String, Role)>,
    text: String,
    began: usize,
    older: bool,
    line: Line,
}

impl Reader {
    fn say(&mut self, text: &str) {
        if text.trim().is_empty() {
            self.text.push(' ');
            return;
        }
        if self.text.trim().is_empty() {
            let has = |role: Role| self.open.iter().any(|(_, known)| *known == role);
            self.line.quoted = has(Role::Quote);
            self.line.signature = has(Role::Signature);
            self.line.attribution = has(Role::Attribution);
            self.line.older = std::mem::take(&mut self.older);
        }
        if self.text.len() < 2000 {
            let end = (0..=text.len().min(2000)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            self.text.push_str(&text[..end]);
        }
    }

    /// A line without any text goes to the one before it.
    fn end_line(&mut self, at: usize) {
        if self.text.trim().is_empty() && !self.lines.is_empty() {
            self.text.clear();
            return;
        }
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        if let Some(last) = self.lines.last_mut() {
            last.place.end = self.began;
        }
        let mut line = std::mem::take(&mut self.line);
        line.folded = folded(&html_escape::decode_html_entities(&text));
        line.place = self.began..at;
        // An > that was typed, or quoted as text.
        line.quoted |= line.folded.starts_with('>');
        self.began = at;
        self.lines.push(line);
    }

    fn open(&mut self, name: &str, tag: &str) {
        let tag = tag.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| tag.contains(word));
        let role = match name {
            "blockquote" => Role::Quote,
            _ if has(&[
                "class=\"yahoo_quoted",
                "class=\"protonmail_quote",
                "class=\"tutanota_quote",
                "class=\"zmail_extra",
            ]) =>
            {
                Role::Quote
            }
            _ if has(&["gmail_attr", "moz-cite-prefix", "id=\"reply-intro"]) => Role::Attribution,
            _ if has(&["gmail_signature", "moz-signature", "id=\"signature", "ms-outlook-mobile-signature"]) => {
                Role::Signature
            }
            _ => Role::None,
        };
        // Outlook, in its many forms, and Zimbra.
        self.older |= has(&[
            "divrplyfwdmsg",
            "appendonsend",
            "mail-editor-reference-message",
            "ms-outlook-mobile-reference-message",
            "zwchr",
            "stopspelling",
        ]);
        if !EMPTY.contains(&name) && !tag.ends_with('/') && self.open.len() < DEPTH {
            self.open.push((name.to_owned(), role));
        }
    }

    fn close(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            self.open.truncate(at);
        }
    }
}
