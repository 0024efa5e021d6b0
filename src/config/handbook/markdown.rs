//! Tables and text as Markdown that reads well as it stands, in a terminal, too.

use std::fmt::Write as _;

/// A longer cell does not widen the cells below it.
const WIDEST: usize = 26;

/// A table, its cells filled up so that the columns stand below each other.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.filter(|width| *width <= WIDEST).max().unwrap_or(0).max(title.chars().count())
        })
        .collect();
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (place, (cell, width)) in cells.zip(&widths).enumerate() {
            // Nothing stands behind the last one.
            let width = if place + 1 == widths.len() { 0 } else { *width };
            let _ = write!(out, "| {cell:width$} ");
        }
        out.push_str("|\n");
    };
    line(&mut head.iter().copied());
    line(&mut std::iter::repeat_n("---", head.len()));
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    out
}

/// A text of the model, which may hold code and *words set apart*, so that nothing else in it means anything.
pub(super) fn text(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('`').enumerate() {
        if place > 0 {
            out.push('`');
        }
        let part = part.split_whitespace().fold(leading(part), |all, word| {
            let gap = if all.is_empty() || all.ends_with(' ') { "" } else { " " };
            format!("{all}{gap}{word}")
        }) + if part.trim().is_empty() { "" } else { trailing(part) };
        out.push_str(&if place % 2 == 1 { part.replace('|', "\\|") } else { escaped(&part) });
    }
    out
}

fn leading(part: &str) -> String {
    if part.starts_with(char::is_whitespace) { " ".to_owned() } else { String::new() }
}

fn trailing(part: &str) -> &'static str {
    if part.ends_with(char::is_whitespace) { " " } else { "" }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let after = &rest[sign.len_utf8()..];
        let apart = after.split_once('*').map(|(inside, _)| inside).filter(|inside| {
            let is_word = |c: char| c.is_alphabetic() || c == ' ';
            sign == '*' && !inside.is_empty() && inside.trim() == *inside && inside.chars().all(is_word)
        });
        if let Some(inside) = apart {
            let _ = write!(out, "*{inside}*");
            rest = &after[inside.len() + 1..];
            continue;
        }
        // Within a word it means nothing.
        let within = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let plain_underline = within(out.chars().last()) && within(after.chars().next());
        if matches!(sign, '|' | '<' | '*') || (sign == '_' && !plain_underline) {
            out.push('\\');
        }
        out.push(sign);
        rest = after;
    }
    out
}

/// A value as code, in a cell.
pub(super) fn code(value: &str) -> String {
    let value = value.replace('|', "\\|");
    if value.contains('`') { format!("`` {value} ``") } else { format!("`{value}`") }
}

/// A link to a heading.
pub(super) fn link(heading: &str) -> String {
    format!("[{heading}](#{})", anchor(heading))
}

/// What a heading is called in a link.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_means_more_than_it_says() {
        assert_eq!(text("a | b, `c | d`\nand <e>"), "a \\| b, `c \\| d` and \\<e>");
        assert_eq!(
            text("*utilisateur*: with * for anything, \"*@a\""),
            "*utilisateur*: with \\* for anything, \"\\*@a\""
        );
        assert_eq!(text("to_bill, CONTACT_… and `ok_`."), "to_bill, CONTACT\\_… and `ok_`.");
        assert_eq!(code("a|b"), "`a\\|b`");
    }
}
