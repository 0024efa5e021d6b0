//! French for the sentences that the flows make in English and the state keeps: `templates/sentences.toml` has them as patterns. What is
//! no sentence of its own, or is none of these, has no French.

use super::language;
use crate::config::Locale;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Steps after which a text is given up: it may be anything that people wrote.
const STEPS: u32 = 100;
/// Bytes of the longest text that is looked at.
const LONGEST: usize = 4000;

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| read(include_str!("templates/sentences.toml")));

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
            Some(b'=') => Becomes::Status,
            _ => Becomes::Same,
        };
        pieces.push(Piece::Gap { name: name.trim_start_matches(['*', '=']), becomes });
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
                Becomes::Status => language::find(Locale::Fr, &format!("status.{group}"))?.to_owned(),
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

fn read(text: &str) -> Vec<Pattern> {
    let pairs: HashMap<String, String> = toml::from_str(text).unwrap_or_default();
    let mut patterns: Vec<Pattern> =
        pairs.iter().filter_map(|(english, french)| Pattern::new(english, french)).collect();
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
pub(super) fn in_french(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    look(text, &mut { STEPS })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::Path;

    /// The texts between quotes of a source file, without its tests and comments.
    fn literals(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]").next().unwrap();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
        let quoted = Regex::new(r#"(?s)"((?:[^"\\]|\\.)*)""#).unwrap();
        let joined = Regex::new(r"\\\n\s*").unwrap();
        let texts = quoted.captures_iter(&code).map(|found| joined.replace_all(&found[1], "").replace("\\\"", "\""));
        texts.collect()
    }

    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") && path.file_name().unwrap() != "said.rs" {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    fn all_sources() -> Vec<(String, String)> {
        let mut found = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        found
    }

    fn pairs() -> HashMap<String, String> {
        toml::from_str(include_str!("templates/sentences.toml")).unwrap()
    }

    #[test]
    fn every_pattern_is_whole_and_its_french_has_the_same_gaps() {
        assert_eq!(PATTERNS.len(), pairs().len());
        for (english, french) in pairs() {
            let gaps = |text: &str| {
                let mut gaps: Vec<String> = pieces(text)
                    .iter()
                    .filter_map(|piece| match piece {
                        Piece::Gap { name, .. } => Some((*name).to_owned()),
                        Piece::Fixed(_) => None,
                    })
                    .collect();
                gaps.sort();
                gaps
            };
            assert_eq!(gaps(&english), gaps(&french), "{english}");
        }
    }

    #[test]
    fn every_pattern_is_said_by_the_source() {
        let joined = Regex::new(r"\\\n\s*").unwrap();
        let sources: Vec<String> = all_sources().into_iter().map(|(_, source)| source).collect();
        let said = joined.replace_all(&sources.join("\n"), "").replace("\\\"", "\"");
        for english in pairs().keys() {
            for piece in pieces(english) {
                let Piece::Fixed(text) = piece else { continue };
                // What stands alone between two gaps may be put together.
                let text = text.trim_matches([' ', ',', ';', '“', '”', ':', '.', '[', ']', '(', ')', '–']);
                // The name of a field.
                let text = text.strip_prefix("status ").unwrap_or(text);
                assert!(text.len() < 8 || said.contains(text), "“{text}” of “{english}” is nowhere in the source");
            }
        }
    }

    #[test]
    fn every_reason_of_the_mapping_has_its_french() {
        let files = ["matching.rs", "deciding.rs", "planning.rs", "projection.rs", "directory.rs"];
        let gap = Regex::new(r"\{[^}]*\}").unwrap();
        let mut missing = Vec::new();
        for (path, source) in all_sources() {
            if !path.contains("/mapping/") || !files.iter().any(|file| path.ends_with(file)) {
                continue;
            }
            for text in literals(&source) {
                let is_sentence = text.split(' ').filter(|word| word.len() > 2).count() > 1;
                // A date, titles, a line of the log, and what another test puts together.
                let others = [
                    "%d/",
                    "n°{number}",
                    "Ticket n°",
                    "a contract covers",
                    "{code} (no room",
                    "rule {",
                    "{reason}, without",
                ];
                if !is_sentence || others.iter().any(|other| text.starts_with(other)) {
                    continue;
                }
                // A gap may stand for a sentence: one that is known.
                let filled = gap.replace_all(&text, "12");
                let nested = gap.replace_all(&text, "client of the same name");
                let who = gap.replace_all(&text, "the company “12”");
                if ![&*filled, &*nested, &*who].iter().any(|text| in_french(text).is_some()) {
                    missing.push(format!("{path}: {text}"));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn sentences_within_sentences_are_french_as_a_whole() {
        let told = |text: &str| in_french(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            told(
                "No client of Gestan matches the company “Dupont & <b>”. Create it in Gestan under the same name, or add it to [mapping.clients.table]."
            ),
            "Aucun client de Gestan ne correspond : la société « Dupont & <b> ». Créez-le dans Gestan sous le même nom, ou ajoutez-le à [mapping.clients.table]."
        );
        assert_eq!(
            told(
                "rule 2 of [mapping.billing]: type is “Incident” or “Demande”, client starts with “M”, billable is false"
            ),
            "règle 2 de [mapping.billing] : type est « Incident » ou « Demande », client commence par « M », billable est faux"
        );
        assert_eq!(
            told("state “Résolu”, billable or not by the ticket's billable tick"),
            "état « Résolu » ; facturable ou non d'après la case « Facturable » du ticket"
        );
        assert_eq!(
            told(
                "updated; title, planned_start; 2 new entries – title was set to “HS” in Gestan and is left to Gestan"
            ),
            "mis à jour ; titre, début prévu ; 2 nouveaux paragraphes – titre : mis à « HS » dans Gestan, et laissé à Gestan"
        );
        assert_eq!(
            told("status was changed in Gestan from “to_bill” to “done”, GestSup says “to_bill”: it is left"),
            "statut : changé dans Gestan de « à facturer » en « terminée », GestSup dit « à facturer » ; c'est laissé tel quel"
        );
        assert_eq!(told("members of the group “N1”, without Zoé"), "membres du groupe « N1 », sans Zoé");
        assert_eq!(told("new intervention"), "nouveau dans Gestan : intervention");
    }

    #[test]
    fn what_is_not_wholly_known_stays_as_it_is_and_costs_little() {
        assert_eq!(in_french("updated; something new"), None);
        assert_eq!(in_french(""), None);
        let begun = std::time::Instant::now();
        assert_eq!(in_french(&"title, title; title – ".repeat(150)), None);
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}
