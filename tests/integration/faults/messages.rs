//! The tables of messages: nothing that the program may say is missing in them, in either language.

use std::collections::BTreeSet;
use std::path::Path;

/// The text of a source file without its tests, and where it is.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
            if path.is_dir() {
                walk(&path, found);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.push((name, code));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.retain(|(name, _)| !name.starts_with("src/demo") && !name.starts_with("src/config/model"));
    found
}

/// String literals that follow `mark` and only blanks.
fn literals_after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = String> + 'a {
    text.match_indices(mark).filter_map(move |(at, _)| literal(text[at + mark.len()..].trim_start()))
}

/// The string literal at the beginning of a text.
fn literal(text: &str) -> Option<String> {
    let inside = text.strip_prefix('"')?;
    let mut end = 0;
    while !inside[end..].starts_with('"') {
        end += inside[end..].chars().next().map(char::len_utf8)?;
        if inside[..end].ends_with('\\') {
            end += inside[end..].chars().next().map(char::len_utf8)?;
        }
    }
    Some(inside[..end].to_owned())
}

fn is_code(text: &str) -> bool {
    text.len() > 3 && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// Every code that a ticket, a problem or a line of the journal may have.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (name, text) in sources() {
        let mut marks = vec!["wait(", "code: ", "set_aside(work, operation, ", "Trouble::Retrying, ", "action: "];
        if name == "src/flows/tickets/apply.rs" {
            marks.extend(["Some(Outcome::Failed), ", "Refused { code: "]);
        }
        if name.starts_with("src/flows/follow_up") {
            marks.extend(["self.remark(", "Outcome::Done, ", "self.failed(&work, "]);
        }
        if name.starts_with("src/gateway/http") {
            marks.extend(["BAD_REQUEST,", "NOT_FOUND,", "UNAUTHORIZED,", "METHOD_NOT_ALLOWED,", "SERVER_ERROR,"]);
            marks.extend(["SERVICE_UNAVAILABLE,", "ENTITY,", "TOO_LARGE,", "(status,"]);
        }
        if name == "src/gateway/error.rs" {
            marks.extend(["(500, ", "(503, ", "(409, ", "(412, ", "(404, ", "(422, "]);
        }
        if name == "src/daemon/story.rs" {
            marks.extend(["=> (", "InStep(_) => ("]);
        }
        codes.extend(marks.into_iter().flat_map(|mark| literals_after(&text, mark)).filter(|code| is_code(code)));
        // Constants that are said to be codes.
        for (at, _) in text.match_indices("/// Code of a") {
            let constant = text[at..].lines().find(|line| line.contains("const "));
            let value = constant.and_then(|line| line.split(" = ").nth(1)).and_then(literal);
            codes.insert(value.unwrap_or_else(|| panic!("a code without a constant in {name}")));
        }
    }
    codes.remove("string");
    codes
}

/// What every message of an error begins with, up to its advice, with “…” for what varies.
fn messages() -> BTreeSet<String> {
    let mut messages = BTreeSet::new();
    for (_, text) in sources() {
        for message in literals_after(&text, "#[error(") {
            let mut shown = String::new();
            for (index, piece) in message.split('{').enumerate() {
                match piece.split_once('}') {
                    Some((_, rest)) if index > 0 => shown = format!("{shown}…{rest}"),
                    _ => shown.push_str(piece),
                }
            }
            let head = shown.split(": ").next().unwrap_or_default();
            messages.insert(head.split("; ").next().unwrap_or_default().to_owned());
        }
    }
    messages.remove("…");
    messages
}

#[test]
fn every_code_and_every_message_is_explained_in_both_languages() {
    let (codes, messages) = (codes(), messages());
    // The search itself is tried on some that must be there.
    for code in [
        "client-unknown",
        "attempts-exhausted",
        "too-large",
        "locked",
        "not-installed",
        "deleted-in-gestan",
        "unreadable",
        "text-conflict",
        "follow",
    ] {
        assert!(codes.contains(code), "{code} is not found in {codes:?}");
    }
    assert!(codes.len() >= 35 && messages.len() >= 40, "{} codes, {} messages", codes.len(), messages.len());
    for table in ["docs/messages.md", "docs/messages-fr.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(table)).unwrap();
        let missing: Vec<&String> = codes.iter().filter(|code| !text.contains(&format!("`{code}`"))).collect();
        assert!(missing.is_empty(), "codes that {table} does not explain: {missing:?}");
        let missing: Vec<&String> = messages.iter().filter(|message| !text.contains(message.as_str())).collect();
        assert!(missing.is_empty(), "messages that {table} does not explain: {missing:?}");
    }
}
