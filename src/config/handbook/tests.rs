#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::sha256_hex;

/// Types that the reference tells in its own words.
const IN_PROSE: [&str; 3] = ["Secret", "Condition", "GestanKey"];

/// Every key and value of the model with its English text: its type, its name, the text.
fn english() -> Vec<(String, String, String)> {
    let schema = schema();
    let types = schema["$defs"].as_object().unwrap();
    let all = types.iter().map(|(name, known)| (name.as_str(), known)).chain([("Config", schema)]);
    let mut found = Vec::new();
    for (owner, known) in all.filter(|(owner, _)| !IN_PROSE.contains(owner)) {
        let keys = known.get("properties").and_then(Json::as_object).into_iter().flatten();
        let keys = keys.map(|(name, key)| (name.clone(), key));
        let choices = known.get("oneOf").and_then(Json::as_array).into_iter().flatten();
        let choices = choices.map(|choice| (choice_name(choice), choice));
        found.extend(keys.chain(choices).map(|(name, described)| {
            let text = described.get("description").and_then(Json::as_str).unwrap_or_default();
            (owner.to_owned(), name, text.to_owned())
        }));
    }
    found
}

#[test]
fn every_key_has_a_french_text_that_was_made_for_the_english_it_has_now() {
    let french = french().unwrap();
    let english = english();
    assert!(english.len() > 400, "{}", english.len());
    let mut mistakes = Vec::new();
    for (owner, name, text) in &english {
        // The example breaks lines by itself; a break within a sentence would stay one.
        let broken =
            text.lines().rev().skip(1).any(|line| !line.is_empty() && !line.ends_with(['.', ':', ';', '—', '…']));
        if broken && !text.contains("   ") {
            mistakes.push(format!("[{owner}] {name} breaks within a sentence: {text}"));
        }
        let of = &sha256_hex(text)[..8];
        match french.get(owner).and_then(|known| known.get(name)) {
            None => mistakes.push(format!(
                "[{owner}] {name} has no French text: {name} = {{ of = \"{of}\", fr = \"…\" }} for: {text}"
            )),
            Some(entry) if entry.of != of => {
                mistakes.push(format!("[{owner}] {name}: look at the French again, then write of = \"{of}\": {text}"));
            }
            Some(entry) if entry.fr.trim().is_empty() => {
                mistakes.push(format!("[{owner}] {name}: the French is empty"));
            }
            Some(_) => {}
        }
    }
    for (owner, known) in &french {
        for name in known.keys().filter(|name| !english.iter().any(|(of, key, _)| of == owner && key == *name)) {
            mistakes.push(format!("[{owner}] {name}: the model has no such key any more, take its French out"));
        }
    }
    assert!(mistakes.is_empty(), "src/config/model/fr.toml:\n{}", mistakes.join("\n"));
}

#[test]
fn the_french_follows_the_rules_of_french_typography() {
    let mut mistakes = Vec::new();
    for (owner, known) in french().unwrap() {
        for (name, entry) in known {
            // What stands in code, and an address, is no French.
            let prose: String = entry.fr.split('`').step_by(2).collect::<Vec<_>>().join("x");
            let words = prose.split(' ').filter(|word| !word.contains("://") && word.len() > 1);
            let glued = words
                .filter(|word| word.ends_with([';', '?', '!', ':']) || word.starts_with(':') || word.contains('"'));
            let guillemets = prose.matches('«').count() == prose.matches("« ").count()
                && prose.matches('»').count() == prose.matches(" »").count();
            mistakes.extend(glued.map(|word| format!("[{owner}] {name}: {word}")));
            if !guillemets || prose.contains("  ") || prose.contains('’') {
                mistakes.push(format!("[{owner}] {name}: {prose}"));
            }
        }
    }
    mistakes.retain(|one| !one.contains("Authorization:"));
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn the_references_in_the_repository_are_what_the_program_generates() {
    for (locale, committed) in [
        (Locale::En, include_str!("../../../docs/en/reference.md")),
        (Locale::Fr, include_str!("../../../docs/fr/reference.md")),
    ] {
        let stale =
            "docs/en/reference.md or docs/fr/reference.md is stale: run `cargo run -- generate --reference docs`";
        assert!(committed == handbook(locale).unwrap(), "{stale}");
    }
}

#[test]
fn every_table_of_the_example_has_its_chapter_and_every_heading_is_another() {
    let reference = handbook(Locale::En).unwrap();
    let headings: Vec<&str> = reference.lines().filter(|line| line.starts_with('#')).collect();
    for line in crate::config::example().lines() {
        let table = line.trim_start_matches('#');
        if table.starts_with('[') && table.ends_with(']') {
            let heading = format!("`{table}`");
            assert!(headings.iter().any(|known| known.ends_with(&heading)), "{heading}");
        }
    }
    let mut anchors: Vec<String> = headings.iter().map(|heading| markdown::anchor(heading)).collect();
    anchors.sort();
    let all = anchors.len();
    anchors.dedup();
    assert_eq!(anchors.len(), all, "two headings have the same link");
}
