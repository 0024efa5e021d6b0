//! What each code of a ticket, a reference record or a journal line means and what to do about it, in both languages:
//! the tables of `docs/messages.md` and `docs/messages-fr.md`, which the program carries with it.

use crate::config::Locale;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A row of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why it is so; names of keys and commands stand between backticks.
    pub cause: String,
    /// What a person does about it; empty where nothing is to be done.
    pub cure: String,
}

/// Rows by flow and code.
type Table = HashMap<(String, String), Explanation>;

static FRENCH: LazyLock<Table> = LazyLock::new(|| read(include_str!("../docs/messages-fr.md")));
static ENGLISH: LazyLock<Table> = LazyLock::new(|| read(include_str!("../docs/messages.md")));

/// What a code means in this flow.
pub fn explain(locale: Locale, flow: &str, code: &str) -> Option<&'static Explanation> {
    let table: &'static Table = match locale {
        Locale::Fr => &FRENCH,
        Locale::En => &ENGLISH,
    };
    let of = |flow: &str| table.get(&(flow.to_owned(), code.to_owned()));
    // A code that several flows have is explained where it first occurs.
    of(flow).or_else(|| of("tickets"))
}

fn read(text: &str) -> Table {
    let mut table = Table::new();
    let (mut flow, mut inside) = ("tickets", false);
    for line in text.lines() {
        if line.starts_with("Lines of the journal of the flow") || line.starts_with("Lignes du journal du flux") {
            flow = line.split('`').nth(1).unwrap_or(flow);
        }
        if !line.starts_with('|') {
            inside = false;
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
        let mut cells = row.split(" | ");
        let (Some(codes), Some(cause), Some(cure), None) = (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        if codes == "Code" {
            inside = true;
            continue;
        }
        if !inside || !codes.starts_with('`') {
            continue;
        }
        let cure = if cure == "–" { "" } else { cure };
        for code in codes.split('`').skip(1).step_by(2) {
            let explanation = Explanation { cause: cause.to_owned(), cure: cure.to_owned() };
            table.entry((flow.to_owned(), code.to_owned())).or_insert(explanation);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_explain_the_same_codes() {
        let missing = |of: &Table, than: &Table| {
            let mut missing: Vec<_> = than.keys().filter(|key| !of.contains_key(*key)).cloned().collect();
            missing.sort();
            missing
        };
        assert!(ENGLISH.len() > 60, "{}", ENGLISH.len());
        assert_eq!(missing(&FRENCH, &ENGLISH), []);
        assert_eq!(missing(&ENGLISH, &FRENCH), []);
    }

    #[test]
    fn a_code_is_explained_as_its_flow_means_it() {
        let told = |flow| explain(Locale::En, flow, "failed").map(|told| told.cause.as_str());
        assert_eq!(told("tickets"), Some("Gestan failed on this ticket; the reason says how."));
        assert!(told("follow_up").is_some_and(|told| told.starts_with("GestSup's base did not take it")));
        let french = explain(Locale::Fr, "tickets", "client-unknown").map(|told| told.cure.as_str());
        assert_eq!(french, Some("Le créer, ou l'ajouter à `[mapping.clients.table]`."));
        assert_eq!(explain(Locale::En, "tickets", "create").map(|told| told.cure.as_str()), Some(""));
        assert_eq!(explain(Locale::En, "tickets", "nonsense"), None);
    }
}
