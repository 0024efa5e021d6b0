//! How the rules of the configuration decide: the first one whose conditions all hold. And how it is told
//! that one never can.

use super::fold::fold;
use crate::config::{Condition, Pattern, When};
use crate::model::{Label, Ticket};
use std::fmt;

/// What rules look at: the ticket, and what was decided of it already.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// The genre that was decided, for billing rules.
    pub genre: Option<&'a str>,
    /// Whether a maintenance contract covers it, for billing rules.
    pub covered: bool,
}

impl<'a> Facts<'a> {
    /// A ticket of which nothing was decided yet.
    pub fn of(ticket: &'a Ticket) -> Self {
        Self { ticket, genre: None, covered: false }
    }

    /// The text behind a key of `when`, empty where there is none.
    fn text(&self, key: &str) -> String {
        let ticket = self.ticket;
        let label = |label: &Option<Label>| label.as_ref().map(|label| label.name.clone());
        match key {
            "type" => label(&ticket.kind),
            "category" => label(&ticket.category),
            "subcategory" => label(&ticket.subcategory),
            "service" => label(&ticket.service),
            "client" => ticket.client().map(|company| company.name.clone()),
            "technician" => ticket.technician.as_ref().map(|person| person.login.clone()),
            "group" => ticket.group.as_ref().map(|group| group.name.clone()),
            "priority" => label(&ticket.priority),
            "criticality" => label(&ticket.criticality),
            "project" => label(&ticket.project),
            "state" => Some(ticket.state.id.to_string()),
            "title" => Some(ticket.title.clone()),
            "genre" => self.genre.map(str::to_owned),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn tick(&self, key: &str) -> bool {
        if key == "contract" { self.covered } else { self.ticket.billable }
    }
}

impl When {
    /// Whether every condition that is given holds.
    pub fn applies_to(&self, facts: &Facts<'_>) -> bool {
        let texts_hold = self
            .conditions()
            .into_iter()
            .all(|(key, condition)| condition.is_none_or(|condition| condition.holds(&facts.text(key))));
        texts_hold && self.ticks().into_iter().all(|(key, tick)| tick.is_none_or(|tick| tick == facts.tick(key)))
    }

    /// Whether this applies wherever `other` does, as far as the conditions alone can tell.
    pub fn covers(&self, other: &Self) -> bool {
        let texts = self.conditions().into_iter().zip(other.conditions()).all(|((_, mine), (_, theirs))| {
            match (mine, theirs) {
                (None, _) => true,
                (Some(mine), Some(theirs)) => mine.covers(theirs),
                (Some(_), None) => false,
            }
        });
        texts
            && self
                .ticks()
                .into_iter()
                .zip(other.ticks())
                .all(|((_, mine), (_, theirs))| mine.is_none() || mine == theirs)
    }
}

impl Condition {
    /// Whether a text is one of those that are meant. Case and accents do not count.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.holds(text),
            _ => {
                let folded = fold(text);
                self.values().iter().any(|value| fold(value) == folded)
            }
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Pattern(theirs) => match self {
                Self::Pattern(mine) => mine == theirs || mine.matches.is_none() && mine.starts_like(theirs),
                _ => false,
            },
            _ => other.values().iter().all(|value| self.holds(value)),
        }
    }
}

impl Pattern {
    fn holds(&self, text: &str) -> bool {
        let begins = self.starts_with.as_ref().is_none_or(|start| plain(text).starts_with(&plain(start)));
        begins && self.matches.as_ref().is_none_or(|expression| expression.is_match(text))
    }

    fn starts_like(&self, other: &Self) -> bool {
        match (&self.starts_with, &other.starts_with) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => plain(theirs).starts_with(&plain(mine)),
            (Some(_), None) => false,
        }
    }
}

/// Without case and accents, but with every word: `fold` leaves legal forms out, which a beginning must not lose.
fn plain(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;
    text.trim().nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The first rule that applies: its number, counted from 1, and the rule.
pub fn first<'r, R>(rules: &'r [R], facts: &Facts<'_>, when: impl Fn(&R) -> &When) -> Option<(usize, &'r R)> {
    rules.iter().enumerate().find(|(_, rule)| when(rule).applies_to(facts)).map(|(index, rule)| (index + 1, rule))
}

/// Rules that can never decide anything, since an earlier one applies wherever they do: their numbers, and
/// that of the earlier one, counted from 1.
pub fn shadowed<'w>(rules: impl Iterator<Item = &'w When>) -> Vec<(usize, usize)> {
    let rules: Vec<&When> = rules.collect();
    let earlier = |index: usize| (0..index).find(|before| rules[*before].covers(rules[index]));
    (0..rules.len()).filter_map(|index| earlier(index).map(|before| (index + 1, before + 1))).collect()
}

impl fmt::Display for When {
    /// The conditions as people read them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.conditions().into_iter().filter_map(|(key, condition)| Some(format!("{key} {}", condition?)));
        let ticks = self
            .ticks()
            .into_iter()
            .filter_map(|(key, tick)| Some(format!("{key} is {}", if tick? { "true" } else { "false" })));
        let all: Vec<String> = texts.chain(ticks).collect();
        f.write_str(if all.is_empty() { "always" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted =
            |values: &[String]| values.iter().map(|value| format!("“{value}”")).collect::<Vec<_>>().join(" or ");
        match self {
            Self::One(value) => write!(f, "is “{value}”"),
            Self::Many(values) => write!(f, "is {}", quoted(values)),
            Self::Pattern(pattern) => {
                let starts = pattern.starts_with.as_ref().map(|start| format!("starts with “{start}”"));
                let matches = pattern.matches.as_ref().map(|expression| format!("matches “{expression}”"));
                f.write_str(&starts.into_iter().chain(matches).collect::<Vec<_>>().join(" and "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn when(text: &str) -> When {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_text_is_compared_without_case_and_accents() {
        assert!(when("type = \"Réseau\"").kind.unwrap().holds("RESEAU"));
        assert!(when("type = [\"a\", \"Réseau\"]").kind.unwrap().holds("reseau"));
        assert!(when("type = { starts_with = \"Rés\" }").kind.unwrap().holds("RESEAU local"));
        assert!(!when("type = { starts_with = \"Rés\" }").kind.unwrap().holds("un réseau"));
        assert!(when("type = { matches = \"^pc-[0-9]+$\" }").kind.unwrap().holds("PC-12"));
        assert!(!when("type = { starts_with = \"P\", matches = \"[0-9]\" }").kind.unwrap().holds("PC"));
    }

    #[test]
    fn a_rule_behind_one_that_applies_wherever_it_does_is_told() {
        let rules = [
            when("type = [\"Incident\", \"Demande\"]"),
            when("type = \"incident\"\nclient = \"Martin\""),
            when("client = { starts_with = \"Mar\" }"),
            when("client = { starts_with = \"Martin\" }"),
            when("client = [\"Martin\", \"Durand\"]"),
            when("billable = true"),
            when(""),
            when("genre = \"x\""),
        ];
        assert_eq!(shadowed(rules.iter()), vec![(2, 1), (4, 3), (8, 7)]);
    }

    #[test]
    fn a_rule_reads_as_people_would_say_it() {
        let rule = when("type = [\"Incident\", \"Demande\"]\nclient = { starts_with = \"M\" }\nbillable = false");
        assert_eq!(rule.to_string(), "type is “Incident” or “Demande”, client starts with “M”, billable is false");
        assert_eq!(when("").to_string(), "always");
    }

    fn condition() -> impl Strategy<Value = Option<Condition>> {
        let text = "[abé]{0,3}";
        proptest::option::of(prop_oneof![
            text.prop_map(Condition::One),
            proptest::collection::vec(text, 1..3).prop_map(Condition::Many),
            text.prop_map(|start| Condition::Pattern(Pattern { starts_with: Some(start), matches: None })),
        ])
    }

    proptest! {
        #[test]
        fn what_a_covered_condition_accepts_the_covering_one_accepts(
            mine in condition(), theirs in condition(), text in "[abéA]{0,3}"
        ) {
            let (mine, theirs) = (When { title: mine, ..When::default() }, When { title: theirs, ..When::default() });
            let holds = |when: &When| when.title.as_ref().is_none_or(|condition| condition.holds(&text));
            if mine.covers(&theirs) && holds(&theirs) {
                prop_assert!(holds(&mine));
            }
        }
    }
}
