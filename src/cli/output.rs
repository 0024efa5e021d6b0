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
