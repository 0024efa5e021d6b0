//! Which intervention that people made is for which ticket, judged from what both say. Pure. Two
//! candidates are never guessed between.

use crate::gestan::contract::ObjectRecord;
use crate::mapping::fold;
use crate::model::{Field, Ticket, Value};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use std::collections::HashMap;

/// How long before a ticket was opened its intervention may have been made, and how long after.
const EARLIER: Duration = Duration::days(1);
const LATER: Duration = Duration::days(45);
/// Shorter titles ("panne") say too little to be looked for in a memo.
const TELLING: usize = 10;
/// Characters of a title that Gestan keeps.
const TITLE: usize = 45;

/// What speaks for a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The intervention names the ticket's number.
    Number,
    /// It has the ticket's title.
    Title,
    /// The ticket's title stands in its memo.
    TitleInMemo,
    /// It is for the ticket's client.
    Client,
    /// It was made when the ticket was.
    Date,
}

impl Evidence {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "names the ticket's number",
            Self::Title => "same title",
            Self::TitleInMemo => "the ticket's title in its memo",
            Self::Client => "same client",
            Self::Date => "made at that time",
        }
    }
}

/// An intervention that may be a ticket's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// `tincidents.id`.
    pub ticket: i64,
    /// The ticket's title.
    pub title: String,
    /// `INTERVENTION.IDINTERVENTION`.
    pub intervention: i64,
    /// The intervention's title.
    pub intervention_title: String,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// Nothing speaks for another pair of either: it can be linked without asking.
    pub certain: bool,
}

impl Pair {
    /// What speaks for it, in words.
    pub fn reasons(&self) -> String {
        self.evidence.iter().map(|evidence| evidence.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether it alone, were there no other candidate, is enough.
    fn is_strong(&self) -> bool {
        let has = |evidence| self.evidence.contains(&evidence);
        let about = has(Evidence::Title) || has(Evidence::TitleInMemo);
        has(Evidence::Number) || (about && has(Evidence::Client) && has(Evidence::Date))
    }
}

/// A ticket to find an intervention for, with its client in Gestan as far as known.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// `CONTACT.IDCONTACT`.
    pub client: Option<i64>,
}

/// Pairs of tickets and interventions that are not linked, by ticket, the likeliest first.
pub fn pairs(tickets: &[Wanted<'_>], records: &[ObjectRecord]) -> Vec<Pair> {
    let free: Vec<Folded<'_>> = records.iter().filter(|record| record.ticket.is_none()).map(Folded::new).collect();
    let mut pairs: Vec<Pair> =
        tickets.iter().flat_map(|wanted| free.iter().filter_map(|record| pair(wanted, record))).collect();
    let mut by_ticket: HashMap<i64, usize> = HashMap::new();
    let mut by_intervention: HashMap<i64, usize> = HashMap::new();
    for pair in pairs.iter().filter(|pair| pair.is_strong()) {
        *by_ticket.entry(pair.ticket).or_default() += 1;
        *by_intervention.entry(pair.intervention).or_default() += 1;
    }
    for pair in &mut pairs {
        pair.certain = pair.is_strong()
            && by_ticket.get(&pair.ticket) == Some(&1)
            && by_intervention.get(&pair.intervention) == Some(&1);
    }
    pairs.sort_by_key(|pair| (pair.ticket, !pair.certain, !pair.is_strong(), pair.intervention));
    pairs
}

/// An intervention as it is compared.
struct Folded<'a> {
    record: &'a ObjectRecord,
    title: String,
    memo: String,
    client: Option<i64>,
    at: Option<DateTime<Utc>>,
}

impl<'a> Folded<'a> {
    fn new(record: &'a ObjectRecord) -> Self {
        let planned = record.fields.get(&Field::PlannedStart).and_then(|value| match value {
            Value::Time(time) => Some(*time),
            _ => None,
        });
        Self {
            record,
            title: fold(title_of(record)),
            memo: fold(&record.memo),
            client: record.fields.get(&Field::Client).and_then(Value::as_number),
            at: record.created.or(planned),
        }
    }
}

fn title_of(record: &ObjectRecord) -> &str {
    record.fields.get(&Field::Title).and_then(Value::as_text).unwrap_or_default()
}

fn pair(wanted: &Wanted<'_>, folded: &Folded<'_>) -> Option<Pair> {
    let (ticket, record) = (wanted.ticket, folded.record);
    let same_client = match (wanted.client, folded.client) {
        (Some(ours), Some(theirs)) if ours != theirs => return None,
        (Some(_), Some(_)) => true,
        _ => false,
    };
    let title = fold(&ticket.title);
    let shortened: String = title.chars().take(TITLE).collect();
    let mut evidence = Vec::new();
    if names(title_of(record), ticket.number) || names(&record.memo, ticket.number) {
        evidence.push(Evidence::Number);
    }
    if !title.is_empty() && (folded.title == title || (is_telling(&shortened) && folded.title.starts_with(&shortened)))
    {
        evidence.push(Evidence::Title);
    } else if is_telling(&title) && folded.memo.contains(&title) {
        evidence.push(Evidence::TitleInMemo);
    }
    if evidence.is_empty() {
        return None;
    }
    if same_client {
        evidence.push(Evidence::Client);
    }
    let in_time = |at: DateTime<Utc>| {
        ticket.created_at.is_some_and(|opened| {
            at >= opened - EARLIER && at <= ticket.resolved_at.unwrap_or(opened).max(opened) + LATER
        })
    };
    if folded.at.is_some_and(in_time) {
        evidence.push(Evidence::Date);
    }
    Some(Pair {
        ticket: ticket.number,
        title: ticket.title.clone(),
        intervention: record.id,
        intervention_title: title_of(record).to_owned(),
        evidence,
        certain: false,
    })
}

fn is_telling(title: &str) -> bool {
    title.chars().count() >= TELLING
}

/// Whether a text names a ticket by its number.
fn names(text: &str, number: i64) -> bool {
    named(text).contains(&number)
}

/// The tickets that a text names by their numbers: `n°42`, `#42`, `ticket 42`, or the address of a page.
pub(super) fn named(text: &str) -> Vec<i64> {
    const MARKS: [&str; 8] = ["n°", "n\u{ba}", "no", "#", "ticket", "gestsup", "?id=", "&id="];
    let lower = text.to_lowercase();
    let mut numbers = Vec::new();
    let mut rest = 0;
    while let Some(at) = lower[rest..].find(|c: char| c.is_ascii_digit()).map(|at| rest + at) {
        let end = lower[at..].find(|c: char| !c.is_ascii_digit()).map_or(lower.len(), |length| at + length);
        let before = lower[..at].trim_end();
        if MARKS.iter().any(|mark| before.ends_with(mark)) {
            numbers.extend(lower[at..end].parse::<i64>());
        }
        rest = end;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_only_where_it_is_marked_as_a_tickets_and_stands_alone() {
        for text in
            ["Ticket n°42", "cf. #42.", "ticket 42 : vu", "voir https://s.fr/index.php?page=ticket&id=42", "N° 42"]
        {
            assert!(names(text, 42), "{text}");
        }
        for text in ["42 rue du Bac", "n°421", "n°142", "le 42", "ticket 4 2"] {
            assert!(!names(text, 42), "{text}");
        }
    }
}
