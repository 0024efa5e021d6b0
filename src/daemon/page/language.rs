//! Every text of the page, in both languages, and which one a browser is answered in.

use crate::config::Locale;
use std::collections::HashMap;
use std::sync::LazyLock;

/// English, then French.
static TEXTS: LazyLock<HashMap<String, [String; 2]>> =
    LazyLock::new(|| toml::from_str(include_str!("templates/texts.toml")).unwrap_or_default());

/// A text; `{}` in it is replaced by the values, in turn. One that does not exist reads as its name.
pub(super) fn text(locale: Locale, name: &str, values: &[String]) -> String {
    let Some(text) = find(locale, name) else { return name.to_owned() };
    let mut pieces = text.split("{}");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for (index, piece) in pieces.enumerate() {
        filled.push_str(values.get(index).map_or("", String::as_str));
        filled.push_str(piece);
    }
    filled
}

/// A text that may not exist.
pub(super) fn find(locale: Locale, name: &str) -> Option<&'static str> {
    let index = match locale {
        Locale::En => 0,
        Locale::Fr => 1,
    };
    TEXTS.get(name).map(|texts| texts[index].as_str())
}

/// Its code in HTML.
pub(super) fn code(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "en",
        Locale::Fr => "fr",
    }
}

/// A language by its code.
pub(super) fn named(code: &str) -> Option<Locale> {
    match code {
        "fr" => Some(Locale::Fr),
        "en" => Some(Locale::En),
        _ => None,
    }
}

/// The language that a browser likes best, of those that there are.
pub(super) fn liked(accepted: &str) -> Option<Locale> {
    let mut best: Option<(Locale, f32)> = None;
    for item in accepted.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let known = named(tag.split('-').next().unwrap_or_default());
        if let Some(locale) = known.filter(|_| weight > best.map_or(0.0, |(_, most)| most)) {
            best = Some((locale, weight));
        }
    }
    best.map(|(locale, _)| locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_answered_in_the_language_that_it_likes_best() {
        assert_eq!(liked("fr-FR,fr;q=0.9,en;q=0.8"), Some(Locale::Fr));
        assert_eq!(liked("de,en-GB;q=0.7,fr;q=0.3"), Some(Locale::En));
        assert_eq!(liked("en;q=0, fr;q=0.1"), Some(Locale::Fr));
        assert_eq!(liked("de, *;q=0.5"), None);
        assert_eq!(liked(""), None);
    }

    #[test]
    fn every_text_is_there_in_both_languages_with_as_many_gaps() {
        assert!(TEXTS.len() > 50, "{}", TEXTS.len());
        for (name, [english, french]) in TEXTS.iter() {
            assert!(!english.is_empty() && !french.is_empty(), "{name}");
            assert_eq!(english.matches("{}").count(), french.matches("{}").count(), "{name}");
        }
    }

    #[test]
    fn values_fill_the_gaps_of_a_text() {
        assert_eq!(text(Locale::Fr, "nonsense", &[]), "nonsense");
        assert_eq!(text(Locale::En, "ticket.number", &["12".into()]), "Ticket n°12");
    }
}
