//! Comparing and shortening names as a person would.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Legal forms that a company's name may carry in one system and not in the other.
const LEGAL_FORMS: [&str; 14] =
    ["sarl", "sas", "sasu", "sa", "eurl", "sci", "snc", "scp", "selarl", "scop", "ei", "eirl", "gmbh", "ltd"];

/// A name without case, accents, punctuation, repeated white space or legal form: two names that fold
/// alike mean the same to a reader.
pub fn fold(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    // "S.A.R.L." has become "s a r l": initials are put together again before legal forms are looked for.
    let mut words: Vec<String> = Vec::new();
    let mut initials = false;
    for word in plain.split_whitespace() {
        let initial = word.chars().count() == 1;
        match words.last_mut() {
            Some(last) if initial && initials => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        initials = initial;
    }
    let significant: Vec<&str> = words.iter().map(String::as_str).filter(|word| !LEGAL_FORMS.contains(word)).collect();
    if significant.is_empty() || significant.len() == words.len() {
        return words.join(" ");
    }
    // Initials that stood on both sides of a legal form are together now.
    fold(&significant.join(" "))
}

/// The beginning of a text, at most `max` characters long and ending on a word where one ends in its
/// last third; a cut text ends with an ellipsis.
pub fn cut_on_word(text: &str, max: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= max {
        return text;
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    let next_is_space = text.chars().nth(kept.chars().count()).is_none_or(char::is_whitespace);
    let end = if next_is_space { kept.len() } else { kept.rfind(' ').unwrap_or(kept.len()) };
    let end = if kept[..end].chars().count() * 3 < max * 2 { kept.len() } else { end };
    let body = kept[..end].trim_end_matches(|c: char| c.is_whitespace() || ",;:-–(".contains(c));
    format!("{body}…").chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_fold_alike_whatever_their_case_accents_punctuation_and_legal_form() {
        for name in [
            "Boulangerie Hélène",
            "BOULANGERIE  HELENE SARL",
            "S.A.R.L. Boulangerie-Helene",
            "boulangerie hélène (SAS)",
        ] {
            assert_eq!(fold(name), "boulangerie helene", "{name}");
        }
    }

    #[test]
    fn a_company_that_is_only_a_legal_form_keeps_it() {
        assert_eq!(fold("S.A."), "sa");
    }

    #[test]
    fn a_long_title_is_cut_on_a_word() {
        let title = "Impossible d'imprimer depuis le poste de la comptabilité";
        assert_eq!(cut_on_word(title, 50), "Impossible d'imprimer depuis le poste de la…");
        assert_eq!(cut_on_word("court", 50), "court");
        assert_eq!(cut_on_word(&"x".repeat(60), 50), format!("{}…", "x".repeat(49)));
    }

    proptest! {
        #[test]
        fn a_cut_text_never_exceeds_its_column(text in "\\PC{0,120}", max in 1usize..60) {
            prop_assert!(cut_on_word(&text, max).chars().count() <= max);
        }

        #[test]
        fn folding_twice_changes_nothing(name in "\\PC{0,60}") {
            let once = fold(&name);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
