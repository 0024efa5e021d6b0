//! What is sent to support names nobody: addresses, quoted texts and free texts are told by their length.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Keys whose values are the program's own words, or dates.
const TOLD: [&str; 34] = [
    "action",
    "agreed_status",
    "at",
    "code",
    "created",
    "created_at",
    "due",
    "end",
    "ended",
    "etag",
    "extension",
    "first_seen",
    "flow",
    "id",
    "key",
    "kind",
    "last_seen",
    "level",
    "mode",
    "modified",
    "next_attempt",
    "outcome",
    "phase",
    "policy",
    "resolved_at",
    "rule",
    "run_id",
    "source",
    "start",
    "started",
    "status",
    "step_type",
    "trouble",
    "verb",
];

#[allow(clippy::unwrap_used)] // Constants, compiled by a test.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w.+'-]+@([\w-]+\.)+\w+").unwrap());
#[allow(clippy::unwrap_used)]
static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new("“([^”]*)”").unwrap());

/// A sentence of the program without what it quotes of people's texts, and without addresses.
pub(super) fn sentence(text: &str) -> String {
    let quoted = QUOTED.replace_all(text, |found: &regex::Captures<'_>| format!("“{}”", length(&found[1])));
    ADDRESS.replace_all(&quoted, "…@…").into_owned()
}

/// A document in which only the program's own words, numbers and dates are left; sentences lose what they quote.
pub(super) fn document(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(document).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::String(text) if TOLD.contains(&name.as_str()) => Value::String(text),
                        Value::String(text) if ["message", "reason", "error"].contains(&name.as_str()) => {
                            Value::String(sentence(&text))
                        }
                        other => document(other),
                    };
                    (name, value)
                })
                .collect(),
        ),
        Value::String(text) => Value::String(length(&text)),
        other => other,
    }
}

fn length(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("({} characters)", text.chars().count()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_sentence_keeps_its_words_and_loses_names_and_addresses() {
        assert_eq!(
            sentence("No client is called “Boulangerie Martin” (jeanne.d'arc@martin-pain.fr): add it"),
            "No client is called “(18 characters)” (…@…): add it"
        );
    }

    #[test]
    fn a_document_keeps_codes_numbers_and_dates_and_tells_the_length_of_the_rest() {
        let before = json!({"ticket": 3, "title": "Écran cassé", "code": "client-unknown", "steps": [{"text": "Bonjour", "minutes": 5}],
                            "reason": "“Dupont” is unknown", "mail": ""});
        let after = json!({"ticket": 3, "title": "(11 characters)", "code": "client-unknown",
                           "steps": [{"text": "(7 characters)", "minutes": 5}], "reason": "“(6 characters)” is unknown", "mail": ""});
        assert_eq!(document(before), after);
    }

    proptest! {
        #[test]
        fn no_word_of_a_ticket_is_left(secret in "[a-zé]{12,20}", depth in 0usize..4) {
            let mut value = json!({"title": secret, "people": [secret], "description": [[{"text": format!("x {secret} y")}]]});
            for _ in 0..depth {
                value = json!({"inside": [value]});
            }
            prop_assert!(!document(value).to_string().contains(&secret));
        }
    }
}
