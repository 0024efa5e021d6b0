//! The description and the steps of a ticket as paragraphs of the memo.

use super::projection::{Before, Context};
use super::steps::named_steps;
use super::texts::{Kind, Wording};
use crate::model::{Entry, EntryMark, Person, RichText, Status, Ticket, sha256_hex};
use chrono::{DateTime, Utc};

/// An entry, with what is needed to recognise it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectedEntry {
    /// As it reads without a mark.
    pub entry: Entry,
    /// Hash of what GestSup says, whatever the templates make of it.
    pub content: String,
    /// The heading once it was edited.
    pub heading_edited: String,
    /// The heading once it was withdrawn.
    pub heading_withdrawn: String,
    /// GestSup no longer knows who wrote it or whom it names: what was written while it did is worth more.
    pub forgotten: bool,
}

/// The paragraphs that an intervention is to have, without those of earlier ones.
pub(super) fn entries(
    ticket: &Ticket,
    before: &Before,
    context: &Context,
    wording: &Wording,
    requester: &str,
) -> Vec<ProjectedEntry> {
    let rejected = |state: i64| context.mapping.status.0.get(&state.to_string()) == Some(&Status::Cancelled);
    let opened = ticket.created_at.or_else(|| ticket.steps.iter().find_map(|step| step.at)).unwrap_or_default();
    let mut entries = Vec::new();
    if !ticket.description.is_blank() {
        let kind = wording.kind(Kind::Request).to_owned();
        entries.push(entry("description".to_owned(), opened, requester, kind, 0, ticket.description.clone(), wording));
    }
    for named in named_steps(ticket, &context.mapping.steps, wording, context.private_steps, &rejected) {
        let key = format!("step:{}", named.step.id);
        if before.entries.contains(&key) {
            continue;
        }
        let author = named.step.author.as_ref().map(Person::display_name).unwrap_or_default();
        let at = named.step.at.unwrap_or(opened);
        let mut entry = entry(key, at, &author, named.kind, named.step.minutes, named.text, wording);
        // What an event says is made of names of people and states: whose name changes edits no step.
        entry.content = content(at, named.step.minutes, &named.step.text);
        entry.forgotten = named.step.forgotten;
        entries.push(entry);
    }
    entries
}

fn entry(
    key: String,
    at: DateTime<Utc>,
    author: &str,
    kind: String,
    minutes: i64,
    text: RichText,
    wording: &Wording,
) -> ProjectedEntry {
    let heading = wording.heading(at, author, &kind, minutes);
    ProjectedEntry {
        content: content(at, minutes, &text),
        heading_edited: heading.with(EntryMark::Edited),
        heading_withdrawn: heading.with(EntryMark::Withdrawn),
        forgotten: false,
        entry: Entry {
            key,
            at,
            author: author.to_owned(),
            kind,
            minutes,
            mark: EntryMark::None,
            heading: heading.with(EntryMark::None),
            text,
            conso: None,
        },
    }
}

/// Author and kind are left out: a person who is renamed, or a kind that depends on what follows, is no edit.
fn content(at: DateTime<Utc>, minutes: i64, text: &RichText) -> String {
    sha256_hex(&format!("{}\n{minutes}\n{}", at.to_rfc3339(), text.to_plain()))
}
