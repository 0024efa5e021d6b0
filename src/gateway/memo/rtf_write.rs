//! Our blocks as rich text that Windows' editor opens: a group per line that neither takes over nor
//! leaves any formatting, in 7-bit characters.

use super::Block;
use crate::model::{Line, Span};
use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A document without text.
pub(super) const EMPTY: &str = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}}\r\n\\viewkind4\\uc1\\pard\\f0\\fs20 }";

/// A document of these blocks and nothing else.
pub(super) fn document<'b>(blocks: impl Iterator<Item = &'b Block>) -> String {
    let mut document = EMPTY.trim_end_matches('}').to_owned();
    document.extend(blocks.map(block));
    document.push('}');
    document
}

/// A block as groups, a line each.
pub(super) fn block(block: &Block) -> String {
    let mut out = String::new();
    for (index, line) in block.lines.iter().enumerate() {
        // Space above the heading tells blocks apart, where a blank line would be a line of its own.
        let space = if index == 0 { "\\sb120" } else { "" };
        let _ = write!(out, "{{\\pard\\plain{space}\\f0\\fs20 ");
        for span in &line.0 {
            write_span(&mut out, span);
        }
        out.push_str("\\par}\r\n");
    }
    out
}

/// A line as a reader sees it, addresses of links included.
pub(super) fn visible(line: &Line) -> String {
    let mut visible = String::with_capacity(line.0.iter().map(|span| span.text.len()).sum());
    line.0.iter().for_each(|span| visible.push_str(&shown(span)));
    visible
}

fn shown(span: &Span) -> Cow<'_, str> {
    let unseen = |c: char| c.is_control() && c != '\t';
    let text = match span.text.contains(unseen) {
        true => Cow::Owned(span.text.replace(unseen, "")),
        false => Cow::Borrowed(span.text.as_str()),
    };
    match &span.link {
        Some(link) => format!("{text} <{}>", link.replace(char::is_control, "")).into(),
        None => text,
    }
}

fn write_span(out: &mut String, span: &Span) {
    let formats = [(span.bold, "\\b"), (span.italic, "\\i"), (span.underline, "\\ul")];
    let formatted = formats.iter().any(|(on, _)| *on);
    if formatted {
        out.push('{');
        formats.iter().filter(|(on, _)| *on).for_each(|(_, word)| out.push_str(word));
        out.push(' ');
    }
    escape(out, &shown(span));
    if formatted {
        out.push('}');
    }
}

fn escape(out: &mut String, text: &str) {
    let as_it_is = |c: char| matches!(c, ' '..='~') && !matches!(c, '\\' | '{' | '}');
    let mut rest = text;
    while let Some(at) = rest.find(|c| !as_it_is(c)) {
        let (run, other) = rest.split_at(at);
        out.push_str(run);
        let mut chars = other.chars();
        match chars.next() {
            Some(c @ ('\\' | '{' | '}')) => {
                out.push('\\');
                out.push(c);
            }
            Some('\t') => out.push_str("\\tab "),
            Some(c) => escape_other(out, c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

fn escape_other(out: &mut String, c: char) {
    let mut buffer = [0u8; 4];
    let (bytes, _, lost) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    match bytes.as_ref() {
        // C1 control characters have bytes there too, which readers take for other characters.
        [byte] if !lost && !c.is_control() => {
            let _ = write!(out, "\\'{byte:02x}");
        }
        _ => {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{}?", unit.cast_signed());
            }
        }
    }
}
