//! What the program's messages and codes mean and what to do, in both languages: the tables of `docs/messages.md` and
//! `docs/messages-fr.md`, which a test keeps complete, read by `explain` and by whoever shows a message.

use crate::config::Locale;
use serde::Serialize;
use std::sync::LazyLock;

/// What stands for what differs from case to case.
const GAP: &str = "…";
/// What stands in a cell where nothing is to be done.
const NOTHING: &str = "–";
/// The flow that the first tables are about.
const FIRST: &str = "tickets";
/// Characters of a message's fixed words from which they name it.
const TELLING: usize = 8;

static FRENCH: LazyLock<Vec<Explanation>> = LazyLock::new(|| read(include_str!("../docs/messages-fr.md")));
static ENGLISH: LazyLock<Vec<Explanation>> = LazyLock::new(|| read(include_str!("../docs/messages.md")));

/// The language of a locale such as `fr_FR.UTF-8`: French, or else English.
pub fn of_locale(locale: &str) -> Locale {
    let name = locale.trim().to_lowercase();
    let french = name.strip_prefix("fr").is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-', '.']));
    if french { Locale::Fr } else { Locale::En }
}

/// A row of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The heading that it stands under.
    pub about: String,
    /// The flow whose journal has it, where it is a code.
    pub flow: String,
    /// The code, or the message with “…” for what differs.
    pub message: String,
    /// What brings it about; names of keys and commands stand between backticks.
    pub cause: String,
    /// What a person does about it; empty where nothing is to be done.
    pub cure: String,
}

impl Explanation {
    fn is_code(&self, code: &str) -> bool {
        self.message.starts_with('`') && self.message.split('`').skip(1).step_by(2).any(|known| known == code)
    }
}

/// Every row, in the order of the guide.
pub fn all(language: Locale) -> &'static [Explanation] {
    match language {
        Locale::Fr => &FRENCH,
        Locale::En => &ENGLISH,
    }
}

/// What a code means in this flow.
pub fn explain(language: Locale, flow: &str, code: &str) -> Option<&'static Explanation> {
    let of = |flow: &str| all(language).iter().find(|row| row.flow == flow && row.is_code(code));
    // A code that several flows have is explained where it first occurs.
    of(flow).or_else(|| of(FIRST))
}

fn read(text: &str) -> Vec<Explanation> {
    let mut rows = Vec::new();
    let (mut about, mut flow) = (String::new(), FIRST.to_owned());
    let rules = |line: &str| line.starts_with("|---");
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            heading.trim().clone_into(&mut about);
        }
        if line.starts_with("Lines of the journal of the flow") || line.starts_with("Lignes du journal du flux") {
            flow = line.split('`').nth(1).unwrap_or(FIRST).to_owned();
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
        let [message, cause, cure] = row.split(" | ").collect::<Vec<_>>()[..] else { continue };
        if !lines.peek().is_some_and(|next| rules(next)) {
            let cure = if cure == NOTHING { "" } else { cure };
            let [message, cause, cure] = [message, cause, cure].map(|cell| cell.trim().to_owned());
            rows.push(Explanation { about: about.clone(), flow: flow.clone(), message, cause, cure });
        }
    }
    rows
}

/// What explains a code, or a line of the log that holds a message; the closest first, none where nothing does.
pub fn find(language: Locale, asked: &str) -> Vec<&'static Explanation> {
    let asked = asked.trim();
    let mut found: Vec<(usize, &Explanation)> =
        all(language).iter().filter_map(|row| Some((closeness(row, asked)?, row))).collect();
    found.sort_by_key(|(closeness, _)| std::cmp::Reverse(*closeness));
    // A line names its message; what only shares a few words with it would distract.
    let best = found.first().map_or(0, |(closeness, _)| *closeness);
    found.into_iter().filter(|(closeness, _)| *closeness * 2 >= best).map(|(_, row)| row).collect()
}

/// How much of what was asked a row's own words are: `None` where it is about something else.
fn closeness(row: &Explanation, asked: &str) -> Option<usize> {
    let message = row.message.as_str();
    if message.starts_with('`') {
        return row.is_code(asked).then_some(usize::MAX / 4);
    }
    if message == asked {
        return Some(usize::MAX / 4);
    }
    message.split(" / ").filter_map(|one| holds(asked, one)).max()
}

/// Characters of a message's fixed words, where a text holds them all in their order.
fn holds(text: &str, message: &str) -> Option<usize> {
    let fold = |text: &str| text.to_lowercase().replace(['“', '”', '«', '»', '\u{a0}', '\u{202f}'], " ");
    let (text, message) = (fold(text), fold(message));
    let mut rest = text.as_str();
    let mut length = 0;
    for piece in message.split(GAP).map(|piece| piece.trim_matches([' ', '(', ')', ':', ';'])) {
        let (_, behind) = rest.split_once(piece)?;
        rest = behind;
        length += piece.chars().count();
    }
    (length >= TELLING).then_some(length)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_row_of_both_tables_has_a_message_a_cause_and_a_cure() {
        let [english, french] = [all(Locale::En), all(Locale::Fr)];
        assert!(english.len() > 120, "{}", english.len());
        assert_eq!(english.len(), french.len(), "a row in one language has its like in the other");
        for row in english.iter().chain(french) {
            assert!(![&row.about, &row.message, &row.cause].iter().any(|cell| cell.is_empty()), "{row:?}");
        }
        for (english, french) in english.iter().zip(french) {
            if english.message.starts_with('`') {
                assert_eq!(english.message, french.message, "the tables have one order");
            }
        }
    }

    #[test]
    fn a_code_is_explained_by_its_own_row() {
        let found = find(Locale::En, "client-unknown");
        assert_eq!(found.len(), 1);
        assert!(found[0].cure.contains("[mapping.clients.table]"), "{found:?}");
        let french = find(Locale::Fr, " client-unknown ");
        assert_eq!(french.len(), 1);
        assert_ne!(french[0].cause, found[0].cause);
        assert_eq!(find(Locale::En, "login-taken").len(), 1, "a row may have several codes");
    }

    #[test]
    fn a_whole_line_of_the_log_is_explained_by_the_message_in_it() {
        let line = "2026-01-05T08:00:00Z ERROR flow=\"tickets\" pass failed: GestSup's database server 10.0.0.5:3306 does not answer \
                    (connection refused): check that it runs and that this machine may reach it ([gestsup] host and port)";
        let found = find(Locale::En, line);
        assert_eq!(found[0].message, "GestSup's database server … does not answer (…)");
        assert!(found.len() <= 2, "{found:#?}");
    }

    #[test]
    fn every_message_of_the_tables_is_found_by_itself() {
        for language in [Locale::En, Locale::Fr] {
            for row in all(language).iter().filter(|row| !row.message.starts_with('`')) {
                let said = row.message.replace(GAP, "abc").replace(" / ", " ");
                let found = find(language, &said);
                assert!(found.iter().any(|found| found.message == row.message), "{said}: {found:#?}");
            }
        }
    }

    #[test]
    fn what_nobody_says_is_not_explained() {
        assert!(find(Locale::En, "bonjour").is_empty());
        assert!(find(Locale::En, "").is_empty());
    }

    #[test]
    fn the_language_is_that_of_the_locale() {
        for (locale, language) in [
            ("fr_FR.UTF-8", Locale::Fr),
            ("fr", Locale::Fr),
            ("en_US.UTF-8", Locale::En),
            ("C", Locale::En),
            ("frp_FR", Locale::En),
        ] {
            assert_eq!(of_locale(locale), language, "{locale}");
        }
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
