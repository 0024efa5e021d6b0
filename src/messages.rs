//! What the program's messages and codes mean and what to do, in both languages: the tables of `docs/messages.md` and
//! `docs/messages-fr.md`, which a test keeps complete, read by `explain` and by whoever shows a message.

use serde::Serialize;

/// What stands for what differs from case to case.
const GAP: &str = "…";
/// Characters of a message's fixed words from which they name it.
const TELLING: usize = 8;

/// A language that the tables are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// The language of a locale such as `fr_FR.UTF-8`: French, or else English.
    pub fn of_locale(locale: &str) -> Self {
        let french = locale.trim().to_lowercase();
        if french == "fr" || french.starts_with("fr_") || french.starts_with("fr-") || french.starts_with("fr.") {
            Self::French
        } else {
            Self::English
        }
    }

    fn tables(self) -> &'static str {
        match self {
            Self::English => include_str!("../docs/messages.md"),
            Self::French => include_str!("../docs/messages-fr.md"),
        }
    }
}

/// A row of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The heading that it stands under.
    pub about: String,
    /// The code, or the message with “…” for what differs.
    pub message: String,
    /// What brings it about.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

/// Every row, in the order of the guide.
pub fn all(language: Language) -> Vec<Explanation> {
    let mut rows = Vec::new();
    let mut about = String::new();
    let mut lines = language.tables().lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            heading.trim().clone_into(&mut about);
        }
        let Some(cells) = line.strip_prefix('|') else { continue };
        let cells: Vec<&str> = cells.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
        let [message, cause, cure] = cells[..] else { continue };
        let rules = |line: &str| line.starts_with("|---");
        if !rules(line) && !lines.peek().is_some_and(|next| rules(next)) {
            let [message, cause, cure] = [message, cause, cure].map(str::to_owned);
            rows.push(Explanation { about: about.clone(), message, cause, cure });
        }
    }
    rows
}

/// What explains a code, or a line of the log that holds a message; the closest first, none where nothing does.
pub fn find(language: Language, asked: &str) -> Vec<Explanation> {
    let asked = asked.trim();
    let mut found: Vec<(usize, Explanation)> =
        all(language).into_iter().filter_map(|row| Some((closeness(&row.message, asked)?, row))).collect();
    found.sort_by_key(|(closeness, _)| std::cmp::Reverse(*closeness));
    // A line names its message; what only shares a few words with it would distract.
    let best = found.first().map_or(0, |(closeness, _)| *closeness);
    found.into_iter().filter(|(closeness, _)| *closeness * 2 >= best).map(|(_, row)| row).collect()
}

/// How much of what was asked a row's own words are: `None` where it is about something else.
fn closeness(message: &str, asked: &str) -> Option<usize> {
    if message.starts_with('`') {
        let code = |code: &str| code.trim().trim_matches('`') == asked;
        return message.split(", ").any(code).then_some(usize::MAX / 4);
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
        let [english, french] = [all(Language::English), all(Language::French)];
        assert!(english.len() > 120, "{}", english.len());
        assert_eq!(english.len(), french.len(), "a row in one language has its like in the other");
        for row in english.iter().chain(&french) {
            assert!(![&row.about, &row.message, &row.cause, &row.cure].iter().any(|cell| cell.is_empty()), "{row:?}");
        }
        for (english, french) in english.iter().zip(&french) {
            if english.message.starts_with('`') {
                assert_eq!(english.message, french.message, "the tables have one order");
            }
        }
    }

    #[test]
    fn a_code_is_explained_by_its_own_row() {
        let found = find(Language::English, "client-unknown");
        assert_eq!(found.len(), 1);
        assert!(found[0].cure.contains("[mapping.clients.table]"), "{found:?}");
        let french = find(Language::French, " client-unknown ");
        assert_eq!(french.len(), 1);
        assert_ne!(french[0].cause, found[0].cause);
        assert_eq!(find(Language::English, "login-taken").len(), 1, "a row may have several codes");
    }

    #[test]
    fn a_whole_line_of_the_log_is_explained_by_the_message_in_it() {
        let line = "2026-01-05T08:00:00Z ERROR flow=\"tickets\" pass failed: GestSup's database server 10.0.0.5:3306 does not answer \
                    (connection refused): check that it runs and that this machine may reach it ([gestsup] host and port)";
        let found = find(Language::English, line);
        assert_eq!(found[0].message, "GestSup's database server … does not answer (…)");
        assert!(found.len() <= 2, "{found:#?}");
    }

    #[test]
    fn every_message_of_the_tables_is_found_by_itself() {
        for language in [Language::English, Language::French] {
            for row in all(language).iter().filter(|row| !row.message.starts_with('`')) {
                let said = row.message.replace(GAP, "abc").replace(" / ", " ");
                let found = find(language, &said);
                assert!(found.iter().any(|found| found.message == row.message), "{said}: {found:#?}");
            }
        }
    }

    #[test]
    fn what_nobody_says_is_not_explained() {
        assert!(find(Language::English, "bonjour").is_empty());
        assert!(find(Language::English, "").is_empty());
    }

    #[test]
    fn the_language_is_that_of_the_locale() {
        for (locale, language) in [
            ("fr_FR.UTF-8", Language::French),
            ("fr", Language::French),
            ("en_US.UTF-8", Language::English),
            ("C", Language::English),
            ("frp_FR", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }
}
