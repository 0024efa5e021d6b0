//! The three-way comparison of one intervention: what GestSup asks for now, what was last agreed, and
//! what Gestan holds. Pure.

use super::operation::{EntryChange, FieldChange};
use super::ports::{AgreedEntry, Link};
use crate::config::{Policies, Policy};
use crate::gestan::contract::ObjectState;
use crate::mapping::{ProjectedEntry, Projection};
use crate::model::{Entry, EntryMark, Field, Fields, RichText, Status, Value};
use chrono::DateTime;
use std::collections::BTreeMap;

/// The outcome for the fields.
#[derive(Debug, Default)]
pub(super) struct MergedFields {
    /// Fields to set.
    pub changes: Vec<FieldChange>,
    /// What GestSup's side then counts as having asked for.
    pub sent: Fields,
    /// What a person should know.
    pub remarks: Vec<String>,
}

/// Compares the fields. `held` is what Gestan holds now as far as known: what was agreed, or what a
/// refused write showed.
pub(super) fn merge_fields(projection: &Projection, link: &Link, held: &Fields, policies: &Policies) -> MergedFields {
    let mut merged = MergedFields { sent: link.sent.clone(), ..MergedFields::default() };
    let not_started =
        held.get(&Field::Status).and_then(Value::as_status).is_none_or(|status| status == Status::Planned);
    for (&field, value) in projection.fields.iter() {
        // A base without the column for it (no Z83 table, say) never answers the field.
        let Some(held_now) = held.get(&field) else { continue };
        let sent = link.sent.get(&field);
        let held_before = link.held.get(&field);
        let gestsup_changed = sent != Some(value);
        let gestan_changed = held_before.is_some_and(|before| before != held_now);
        let change = || FieldChange { field, from: Some(held_now.clone()), to: value.clone() };
        let policy = if projection.settled.contains(&field) { Policy::Always } else { policies.of(link.kind, field) };
        match policy {
            Policy::Never => {}
            Policy::CreateOnly => {
                // A date that Gestan's users never filled in contradicts nothing.
                if gestsup_changed && value != held_now && sent.is_some() && !held_now.is_nothing() {
                    merged.remarks.push(format!(
                        "{field} is now “{value}” in GestSup and stays “{held_now}” in Gestan: it is set once, when the {} is made",
                        link.kind
                    ));
                }
                merged.sent.insert(field, value.clone());
            }
            Policy::UntilStarted => {
                // Somebody set it in Gestan since it was last agreed: from then on it is Gestan's.
                let taken_over = gestan_changed || (sent.is_some() && held_before != sent);
                if gestan_changed {
                    merged.remarks.push(format!("{field} was set to “{held_now}” in Gestan and is left to Gestan"));
                }
                // A date that nobody has filled in yet is in nobody's way; people are decided about together.
                let is_date = matches!(field, Field::PlannedStart | Field::PlannedEnd);
                let is_open = not_started || (is_date && held_now.is_nothing() && gestsup_changed);
                if !is_open || taken_over {
                    continue;
                }
                if gestsup_changed && value != held_now {
                    merged.changes.push(change());
                }
                merged.sent.insert(field, value.clone());
            }
            Policy::Always => {
                if gestan_changed && held_now != value {
                    let what =
                        if gestsup_changed || policies.put_back { "GestSup's value is written" } else { "it is left" };
                    let before = held_before.unwrap_or(&Value::Null);
                    merged.remarks.push(format!(
                        "{field} was changed in Gestan from “{before}” to “{held_now}”, GestSup says “{value}”: {what}"
                    ));
                }
                let write = gestsup_changed || (gestan_changed && policies.put_back);
                if write && held_now != value {
                    merged.changes.push(change());
                }
                merged.sent.insert(field, value.clone());
            }
        }
    }
    merged
}

/// The outcome for the entries of the memo.
#[derive(Debug, Default)]
pub(super) struct MergedEntries {
    /// Entries to write.
    pub entries: Vec<Entry>,
    /// The same, for people.
    pub changes: Vec<EntryChange>,
    /// What is then agreed.
    pub agreed: BTreeMap<String, AgreedEntry>,
}

/// Compares the entries: new ones are added; edited ones are written anew with a mark; steps that are
/// gone (or private now) lose their text and keep their heading, with a mark.
pub(super) fn merge_entries(projection: &Projection, before: &BTreeMap<String, AgreedEntry>) -> MergedEntries {
    merge(projection.entries.iter(), projection, before)
}

/// The same without new ones, for a ticket that nobody is in charge of: what was carried over already must not
/// go on saying what was hidden, deleted or replaced.
pub(super) fn merge_known(projection: &Projection, before: &BTreeMap<String, AgreedEntry>) -> MergedEntries {
    let known = projection.entries.iter().filter(|projected| before.contains_key(&projected.entry.key));
    merge(known, projection, before)
}

fn merge<'a>(
    entries: impl Iterator<Item = &'a ProjectedEntry>,
    projection: &Projection,
    before: &BTreeMap<String, AgreedEntry>,
) -> MergedEntries {
    let mut merged = MergedEntries { agreed: before.clone(), ..MergedEntries::default() };
    for projected in entries {
        let known = before.get(&projected.entry.key);
        let same = known.is_some_and(|known| known.content == projected.content);
        let stands = |known: &AgreedEntry| known.mark != EntryMark::Withdrawn && !known.is_missing();
        if projected.forgotten && same && known.is_some_and(stands) {
            // GestSup forgot who it was; the memo still tells.
            continue;
        }
        let mark = match known {
            None => EntryMark::None,
            // Hidden and shown again, nothing of it was edited.
            Some(known) if same && known.mark == EntryMark::Withdrawn => EntryMark::None,
            Some(known) if same => known.mark,
            Some(known) if known.rendered == projected.entry.hash() => EntryMark::None,
            Some(_) => EntryMark::Edited,
        };
        merged.write(marked(projected, mark), projected, known);
    }
    merged.withdraw(projection, before);
    merged
}

impl AgreedEntry {
    /// Whether it no longer stands in the memo as it was written.
    fn is_missing(&self) -> bool {
        self.rendered.is_empty()
    }

    fn is_withdrawn(&self) -> bool {
        self.mark == EntryMark::Withdrawn && !self.is_missing()
    }
}

/// The link without what Gestan no longer shows of it, so that it is written again.
pub(super) fn without_missing(link: &Link, current: &ObjectState) -> Link {
    let mut link = link.clone();
    let is_missing = |key: &str| current.entries.get(key).is_some_and(|entry| !entry.present);
    for (key, entry) in &mut link.entries {
        if is_missing(key) {
            entry.rendered.clear();
        }
    }
    if is_missing("head") {
        link.head_hash.clear();
    }
    link
}

fn marked(projected: &ProjectedEntry, mark: EntryMark) -> Entry {
    let heading = match mark {
        EntryMark::None => &projected.entry.heading,
        EntryMark::Edited => &projected.heading_edited,
        EntryMark::Withdrawn => &projected.heading_withdrawn,
    };
    Entry { mark, heading: heading.clone(), ..projected.entry.clone() }
}

impl MergedEntries {
    /// Steps that are gone, or private now, lose their text and keep their heading.
    fn withdraw(&mut self, projection: &Projection, before: &BTreeMap<String, AgreedEntry>) {
        let wanted: std::collections::HashSet<&str> =
            projection.entries.iter().map(|projected| projected.entry.key.as_str()).collect();
        for (key, known) in before {
            let note = key.starts_with("note:");
            // Of a link that was taken over from Gestan it is not known how its notes read.
            let stays =
                if note { !known.is_missing() || known.at == DateTime::UNIX_EPOCH } else { known.is_withdrawn() };
            if wanted.contains(key.as_str()) || stays {
                continue;
            }
            let mark = if note { EntryMark::None } else { EntryMark::Withdrawn };
            let entry = Entry {
                key: key.clone(),
                at: known.at,
                author: String::new(),
                kind: String::new(),
                minutes: 0,
                mark,
                heading: known.heading.clone(),
                text: RichText::default(),
                conso: None,
            };
            let agreed = AgreedEntry { rendered: entry.hash(), mark, ..known.clone() };
            self.push(entry, agreed, Some(known));
        }
    }

    fn write(&mut self, entry: Entry, projected: &ProjectedEntry, known: Option<&AgreedEntry>) {
        let rendered = entry.hash();
        let agreed = AgreedEntry {
            content: projected.content.clone(),
            rendered: rendered.clone(),
            mark: entry.mark,
            at: entry.at,
            minutes: entry.minutes,
            conso: entry.conso.clone(),
            heading: projected.heading_withdrawn.clone(),
        };
        match known {
            Some(known) if known.rendered == rendered && known.conso == entry.conso => {
                self.agreed.insert(entry.key, agreed);
            }
            known => self.push(entry, agreed, known),
        }
    }

    /// Adds a note of the connector's own.
    pub(super) fn note(&mut self, entry: Entry) {
        let agreed = AgreedEntry {
            content: entry.hash(),
            rendered: entry.hash(),
            mark: EntryMark::None,
            at: entry.at,
            minutes: 0,
            conso: None,
            heading: entry.heading.clone(),
        };
        self.push(entry, agreed, None);
    }

    fn push(&mut self, entry: Entry, agreed: AgreedEntry, known: Option<&AgreedEntry>) {
        self.changes.push(EntryChange {
            key: entry.key.clone(),
            mark: entry.mark,
            heading: entry.heading.clone(),
            new: known.is_none(),
            back: known.is_some_and(AgreedEntry::is_missing),
        });
        self.agreed.insert(entry.key.clone(), agreed);
        self.entries.push(entry);
    }
}
