//! How results look: tables that align, plain words, colour on a terminal only.

use super::exit::exit_code;
use super::screen;
use crate::config::ConfigErrors;
use chrono::{DateTime, Local, Utc};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// What a person is told wherever results are those of shadow mode.
pub const SHADOW: &str =
    "Shadow mode ([gestan] shadow = true): nothing is written to Gestan; what is told is what would be.";

/// Columns below which a terminal is narrow.
const NARROW: u16 = 110;

/// A table with aligned columns and no frame.
pub fn table(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = screen::width() {
        table.set_width(width);
    }
    if !screen::is_terminal() {
        // What is piped or logged is not wrapped: a line stays a line for grep.
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(headers.iter().map(|header| header.to_uppercase()));
    for row in rows {
        table.add_row(row.into_iter().map(|cell| one_line(&cell)));
    }
    let text = table.to_string();
    text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A table whose last column is a text. On a narrow terminal, where a column would leave it a word a line, it stands below the
/// rest of its row.
pub fn told(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let (Some(width), true) = (screen::width(), is_narrow()) else { return table(headers, rows) };
    told_at(headers, rows, usize::from(width))
}

fn told_at(headers: &[&str], rows: Vec<Vec<String>>, width: usize) -> String {
    let texts: Vec<String> = rows.iter().filter_map(|row| row.last().cloned()).collect();
    let columns = headers.len().saturating_sub(1);
    let rest = rows.iter().map(|row| row.iter().take(columns).cloned().collect());
    let above = table(&headers[..columns], rest);
    let lines: Vec<&str> = above.lines().collect();
    if lines.len() != texts.len() + 1 {
        // A row took more than a line: they cannot be told apart.
        return table(headers, rows);
    }
    let mut text = lines[0].to_owned();
    for (line, told) in lines[1..].iter().zip(texts) {
        text.push_str(&format!("\n{line}"));
        if !told.is_empty() {
            text.push_str(&format!("\n{}", wrapped_at(&format!("     {}", one_line(&told)), 5, width)));
        }
    }
    text
}

/// A text for a terminal, its lines broken between words; those after the first begin under this column. What is piped stays
/// a line.
pub fn wrapped(text: &str, indent: usize) -> String {
    match screen::width().filter(|_| screen::is_terminal()) {
        Some(width) => wrapped_at(text, indent, usize::from(width)),
        None => text.to_owned(),
    }
}

/// Whether a table of many columns has no room on this terminal.
fn is_narrow() -> bool {
    screen::is_terminal() && screen::width().is_some_and(|width| width < NARROW)
}

fn wrapped_at(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let own = paragraph.len() - paragraph.trim_start_matches(' ').len();
        let mut line = " ".repeat(own);
        let mut length = own;
        let mut is_empty = true;
        // Columns within a line stay where they are.
        for word in paragraph[own..].split_inclusive(' ') {
            let of_word = word.trim_end().chars().count();
            if !is_empty && length + of_word > width {
                lines.push(line.trim_end().to_owned());
                line = " ".repeat(indent);
                length = indent;
            }
            line.push_str(word);
            length += word.chars().count();
            is_empty = false;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// Text from tickets is never trusted: no line break, and no control character that a terminal obeys.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The first `max` characters.
pub fn short(text: &str, max: usize) -> String {
    crate::mapping::cut_on_word(text, max)
}

/// A point in time in the machine's zone.
pub fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A text as a cell of a spreadsheet's file: in quotes, without line breaks, and never a formula.
pub fn cell(text: &str) -> String {
    let line = one_line(text).replace('"', "\"\"");
    let guard = if line.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{line}\"")
}

/// A word as it begins a sentence.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `n` things.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// One JSON document on standard output.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    screen::say(format_args!("{}", serde_json::to_string_pretty(value)?));
    Ok(())
}

/// An error as it is told, on standard output and on standard error.
pub(super) fn error_texts(error: &anyhow::Error, json: bool) -> (String, String) {
    let config = error.chain().find_map(|cause| cause.downcast_ref::<ConfigErrors>());
    if json {
        let mut document = serde_json::json!({ "error": format!("{error:#}"), "exit_code": exit_code(error) as u8 });
        if let Some(errors) = config {
            document["error"] = serde_json::json!("the configuration has mistakes");
            document["diagnostics"] = serde_json::to_value(errors).unwrap_or_default();
        }
        return (format!("{document}\n"), String::new());
    }
    let told = match config {
        Some(errors) => format!("{errors}\n"),
        None => format!("error: {}\n", error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")),
    };
    (String::new(), told)
}

/// The one place that prints an error.
pub fn report_error(error: &anyhow::Error, json: bool) {
    let (out, err) = error_texts(error, json);
    print!("{out}");
    eprint!("{err}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_row_stands_below_it_where_there_is_no_room_beside() {
        let rows = vec![vec!["1".to_owned(), "waits".to_owned(), "No client of Gestan matches".to_owned()]];
        let told = told_at(&["ticket", "state", "reason"], rows, 20);
        assert_eq!(told, " TICKET  STATE\n 1       waits\n     No client of\n     Gestan matches");
    }

    #[test]
    fn lines_break_between_words_and_go_on_under_their_text() {
        let told = wrapped_at("  ERROR    the mail server does not answer", 11, 30);
        assert_eq!(told, "  ERROR    the mail server\n           does not answer");
        assert_eq!(wrapped_at("un deux\n\ntrois", 2, 80), "un deux\n\ntrois", "breaks of its own stay");
        let long = "x".repeat(50);
        assert_eq!(wrapped_at(&format!("a {long} b"), 2, 20), format!("a\n  {long}\n  b"), "a long word is left whole");
    }
}
