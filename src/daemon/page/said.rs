//! French for the sentences that the flows make in English and the state keeps, and for what a check finds: `templates/sentences/`
//! has them as patterns. What is no sentence of its own, or is none of these, has no French.

use super::language;
use crate::config::Locale;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Steps after which a text is given up: it may be anything that people wrote.
const STEPS: u32 = 100;
/// Bytes of the longest text that is looked at.
const LONGEST: usize = 4000;

/// The sentences of the tickets and the way back, of the other flows, of systems and passes as a whole, and of a check.
const LISTS: [&str; 6] = [
    include_str!("templates/sentences/tickets.toml"),
    include_str!("templates/sentences/reference.toml"),
    include_str!("templates/sentences/mail.toml"),
    include_str!("templates/sentences/notify.toml"),
    include_str!("templates/sentences/systems.toml"),
    include_str!("templates/sentences/check.toml"),
];

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| read(&LISTS));

/// A sentence with gaps, in both languages.
struct Pattern {
    /// The English one, and its gaps as groups, in their order.
    english: Regex,
    /// Names of the gaps, and what becomes of what stands there.
    gaps: Vec<(String, Becomes)>,
    french: String,
    /// Characters of its fixed words.
    fixed: usize,
}

/// What becomes of what stands in a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    /// It is taken over as it is.
    Same,
    /// It is a sentence, or a part of one, that is looked up here itself.
    French,
    /// The same where it has French; else it is taken over as it is: it may be another system's words.
    Either,
    /// It is the name of a status.
    Status,
}

/// A piece of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Fixed(&'t str),
    Gap { name: &'t str, becomes: Becomes },
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, behind)) = behind.split_once('}') else { break };
        pieces.push(Piece::Fixed(before));
        let becomes = match name.as_bytes().first() {
            Some(b'*') => Becomes::French,
            Some(b'~') => Becomes::Either,
            Some(b'=') => Becomes::Status,
            _ => Becomes::Same,
        };
        pieces.push(Piece::Gap { name: name.trim_start_matches(['*', '~', '=']), becomes });
        rest = behind;
    }
    pieces.push(Piece::Fixed(rest));
    pieces.retain(|piece| *piece != Piece::Fixed(""));
    pieces
}

impl Pattern {
    fn new(english: &str, french: &str) -> Option<Self> {
        let (mut expression, mut gaps, mut fixed) = ("(?s)^".to_owned(), Vec::new(), 0);
        let pieces = pieces(english);
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Fixed(text) => {
                    expression.push_str(&regex::escape(text));
                    fixed += text.chars().count();
                }
                Piece::Gap { name, becomes } => {
                    let is_quoted = index > 0 && matches!(pieces[index - 1], Piece::Fixed(text) if text.ends_with('“'));
                    expression.push_str(match *name {
                        "n" => r"(\d+)",
                        "key" => r"([a-z_]+)",
                        // What is quoted ends where the quotation does.
                        _ if is_quoted => r"([^“”]*)",
                        _ => r"(.+?)",
                    });
                    gaps.push(((*name).to_owned(), *becomes));
                }
            }
        }
        expression.push('$');
        Some(Self { english: Regex::new(&expression).ok()?, gaps, french: french.to_owned(), fixed })
    }

    /// The French of a text that is of this pattern.
    fn french(&self, text: &str, steps: &mut u32) -> Option<String> {
        let groups = self.english.captures(text)?;
        let mut values = HashMap::new();
        for ((name, becomes), group) in self.gaps.iter().zip(groups.iter().skip(1)) {
            let group = group.map_or("", |group| group.as_str());
            let value = match becomes {
                Becomes::Same => group.to_owned(),
                Becomes::French => look(group, steps)?,
                Becomes::Either => look(group, steps).unwrap_or_else(|| group.to_owned()),
                Becomes::Status => match language::find(Locale::Fr, &format!("status.{group}")) {
                    Some(status) => status.to_owned(),
                    None => look(group, steps)?,
                },
            };
            values.insert(name.as_str(), value);
        }
        let mut filled = String::new();
        for piece in pieces(&self.french) {
            match piece {
                Piece::Fixed(text) => filled.push_str(text),
                Piece::Gap { name, .. } => filled.push_str(values.get(name).map_or("", String::as_str)),
            }
        }
        Some(filled)
    }
}

fn read(lists: &[&str]) -> Vec<Pattern> {
    let pairs = lists.iter().flat_map(|list| toml::from_str::<HashMap<String, String>>(list).unwrap_or_default());
    let mut patterns: Vec<Pattern> = pairs.filter_map(|(english, french)| Pattern::new(&english, &french)).collect();
    // The one that says most comes first; the text decides among the rest, so that the order is always the same.
    patterns.sort_by(|a, b| b.fixed.cmp(&a.fixed).then_with(|| a.english.as_str().cmp(b.english.as_str())));
    patterns
}

fn look(text: &str, steps: &mut u32) -> Option<String> {
    if let Some(word) = word(text) {
        return Some(word);
    }
    for pattern in PATTERNS.iter() {
        if !pattern.english.is_match(text) {
            continue;
        }
        *steps = steps.checked_sub(1)?;
        if let Some(french) = pattern.french(text, steps) {
            return Some(french);
        }
    }
    None
}

/// Names of fields and kinds, as the page says them.
fn word(text: &str) -> Option<String> {
    if text.contains(' ') {
        return None;
    }
    let of = |group: &str| language::find(Locale::Fr, &format!("{group}.{text}"));
    of("field").or_else(|| of("object")).map(str::to_owned)
}

/// The French of a sentence of the program's; `None` where it has none.
pub(crate) fn in_french(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    look(text, &mut { STEPS })
}

#[cfg(test)]
mod tests;
