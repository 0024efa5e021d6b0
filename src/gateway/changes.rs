//! What a PUT comes to, given what Gestan holds: pure.

use super::base::{BaseError, Row};
use super::catalogue::Structure;
use super::columns::is_billed;
use super::conso::Counting;
use super::memo::{Block, HEAD, Known, Memo, Placement};
use super::objects::{Found, Wanted};
use super::sheet::{How, Sheet};
use super::steps::{Step, StoredEntry};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::{EntryOutcome, ObjectPut, Precondition};
use crate::model::{Entry, EntryMark, Field, Fields, Line, Value};
use std::collections::HashMap;

/// An entry as it is to be stored.
pub(super) struct Written {
    pub entry: Entry,
    /// As it reads in the memo.
    pub text: String,
    pub outcome: EntryOutcome,
    pub counting: Counting,
}

impl Written {
    /// As it is to be stored; `added` is the key of the CONSO row that it was given.
    pub(super) fn step(&self, added: Option<i64>) -> Step<'_> {
        Step { entry: &self.entry, text: &self.text, conso: added.or(self.counting.row()) }
    }

    fn is_stored_in(&self, stored: &StoredEntry) -> bool {
        stored.hash == self.entry.hash()
            && stored.known.text == self.text
            && stored.minutes == self.entry.minutes
            && !self.counting.changes()
    }
}

/// What is to be written for one PUT.
pub(super) struct Change {
    pub sheet: &'static Sheet,
    /// What is there already; `None`: it is created.
    pub found: Option<Found>,
    /// The client, which a CONSO row and the target of an anomaly name too.
    pub client: Option<i64>,
    /// The fields that get another value.
    pub fields: Fields,
    /// The memo, where it changes.
    pub memo: Option<String>,
    /// Every entry of the request.
    pub entries: Vec<Written>,
}

impl Change {
    /// The entries whose rows are to be written, with what is stored of each.
    pub(super) fn stale_entries(&self) -> Vec<(&Written, Option<&StoredEntry>)> {
        let stored: HashMap<&str, &StoredEntry> =
            self.found.iter().flat_map(|found| &found.stored).map(|entry| (entry.known.key.as_str(), entry)).collect();
        let with_stored = self.entries.iter().map(|written| (written, stored.get(written.entry.key.as_str()).copied()));
        with_stored.filter(|(written, stored)| !stored.is_some_and(|stored| written.is_stored_in(stored))).collect()
    }
}

impl Gateway {
    /// Decides what is to be written; a fault is a refusal. `consos` are the CONSO rows of what is stored.
    pub(super) fn change(
        &self,
        catalogue: &Catalogue,
        wanted: &Wanted<'_>,
        found: Option<Found>,
        consos: &HashMap<i64, Row>,
    ) -> Result<Change, GatewayFault> {
        let sheet = Sheet::of(wanted.put.kind);
        match found {
            None => self.creation(catalogue, wanted, sheet, consos),
            Some(found) => self.correction(catalogue, wanted, sheet, found, consos),
        }
    }

    fn creation(
        &self,
        catalogue: &Catalogue,
        wanted: &Wanted<'_>,
        sheet: &'static Sheet,
        consos: &HashMap<i64, Row>,
    ) -> Result<Change, GatewayFault> {
        let put = wanted.put;
        if let Some(Precondition::Match(_)) = wanted.precondition {
            return Err(GatewayFault::Precondition(None));
        }
        self.refuse_unsupported(catalogue, sheet)?;
        for field in [Field::Title, Field::Client, Field::Status] {
            if put.fields.get(&field).is_none_or(|value| *value == Value::Null) {
                return Err(GatewayFault::Invalid(format!("a new {} needs its {field}", sheet.kind)));
            }
        }
        let client = client(&put.fields);
        let (mut blocks, mut entries) = (Vec::new(), Vec::new());
        for entry in entries_of(put) {
            let block = block_of(&entry);
            let text = block.visible_lines().join("\n");
            blocks.push(block);
            let counting = self.counting(catalogue, client, &entry, None, consos)?;
            entries.push(Written { entry, text, outcome: EntryOutcome::Added, counting });
        }
        let mut fields = self.supported(catalogue, sheet, &put.fields);
        // Without a machine an anomaly points at its client; one that points nowhere belongs to nobody.
        if sheet.homes(None).any(|(_, home)| home.how == How::Target) {
            fields.entry(Field::Machine).or_insert(Value::Null);
        }
        let memo = Some(Memo::of(self.memo, &blocks));
        Ok(Change { sheet, found: None, client, fields, memo, entries })
    }

    fn correction(
        &self,
        catalogue: &Catalogue,
        wanted: &Wanted<'_>,
        sheet: &'static Sheet,
        found: Found,
        consos: &HashMap<i64, Row>,
    ) -> Result<Change, GatewayFault> {
        let put = wanted.put;
        if !found.link.origin.matches(&put.origin) {
            return Err(GatewayFault::OtherTicket {
                number: wanted.key.number,
                kind: found.link.kind,
                id: found.link.id,
                known: found.link.origin.created,
                given: put.origin.created.clone(),
            });
        }
        if found.link.kind != sheet.kind {
            let (held, id) = (found.link.kind, found.link.id);
            return Err(GatewayFault::OtherKind { number: wanted.key.number, held, id, asked: sheet.kind });
        }
        let holds = match wanted.precondition {
            None => true,
            Some(Precondition::Absent) => false,
            Some(Precondition::Match(etag)) => *etag == found.state.etag,
        };
        if !holds {
            return Err(GatewayFault::Precondition(Some(Box::new(found.state))));
        }
        let held = &found.state.fields;
        let fields: Fields = self
            .supported(catalogue, sheet, &put.fields)
            .iter()
            .filter(|(field, value)| held.get(field) != Some(*value))
            .map(|(field, value)| (*field, value.clone()))
            .collect();
        let client = client(held);
        let mut memo = found.memo.clone();
        let stored: HashMap<&str, &StoredEntry> =
            found.stored.iter().map(|entry| (entry.known.key.as_str(), entry)).collect();
        let mut entries = Vec::new();
        for (entry, text, outcome) in place(&mut memo, &found.stored, put) {
            let counting = self.counting(catalogue, client, &entry, stored.get(entry.key.as_str()).copied(), consos)?;
            entries.push(Written { entry, text, outcome, counting });
        }
        let memo_changed = entries.iter().any(|written| written.outcome != EntryOutcome::Unchanged);
        let counting_changes = entries.iter().any(|written| written.counting.changes());
        if (!fields.is_empty() || memo_changed || counting_changes) && is_billed(held) {
            return Err(GatewayFault::Billed(Box::new(found.state)));
        }
        if fields.contains_key(&Field::Client) {
            let text = format!("the client of an {} cannot change once it is made", sheet.kind);
            return Err(GatewayFault::Invalid(text));
        }
        let memo = memo_changed.then(|| memo.to_raw());
        Ok(Change { sheet, found: Some(found), client, fields, memo, entries })
    }

    /// Refuses a kind of sheet that this base has no place for.
    pub(super) fn refuse_unsupported(&self, catalogue: &Catalogue, sheet: &'static Sheet) -> Result<(), GatewayFault> {
        let missing = catalogue.missing(sheet);
        if sheet.optional && !missing.is_empty() {
            return Err(GatewayFault::Unsupported(format!(
                "this Gestan base has no place for an {}: it lacks {}; complete the copy of the base, or make no {} of tickets",
                sheet.kind,
                missing.join(", "),
                sheet.plural
            )));
        }
        // The tables of an earlier version have no column for what is kept beside it.
        let complete = has(catalogue, self.extension.ticket_table(), "IDCONTACT");
        if sheet.optional && !complete { Err(GatewayFault::NotInstalled) } else { Ok(()) }
    }

    /// The fields that this base has a column for, as they read once they are stored.
    fn supported(&self, catalogue: &Catalogue, sheet: &'static Sheet, fields: &Fields) -> Fields {
        let homes = catalogue.homes(sheet).iter();
        homes.filter_map(|(field, home)| Some((*field, home.how.stored(fields.get(field)?)))).collect()
    }
}

/// Columns that such a sheet cannot be without and that a base does not have.
pub(super) fn missing_of(catalogue: &Structure, sheet: &'static Sheet) -> Vec<String> {
    let columns = [sheet.key, sheet.memo].into_iter().chain(sheet.needed.iter().copied());
    if !catalogue.has_table(sheet.table) {
        return vec![sheet.table.to_owned()];
    }
    columns
        .filter(|column| !has(catalogue, sheet.table, column))
        .map(|column| format!("{}.{column}", sheet.table))
        .collect()
}

fn client(fields: &Fields) -> Option<i64> {
    fields.get(&Field::Client).and_then(Value::as_number)
}

/// A base whose keys are not generated.
pub(super) fn no_key(table: &str) -> GatewayFault {
    GatewayFault::Base(BaseError::Structure(format!(
        "the key of {table} is not generated by the base; it must be AUTO_INCREMENT"
    )))
}

/// Writes head and entries into a memo; per entry, what it now reads as and what was done.
fn place(memo: &mut Memo, stored: &[StoredEntry], put: &ObjectPut) -> Vec<(Entry, String, EntryOutcome)> {
    let mut known: Vec<Known> = stored.iter().map(|entry| entry.known.clone()).collect();
    let mut written = Vec::new();
    for entry in entries_of(put) {
        let block = block_of(&entry);
        let text = block.visible_lines().join("\n");
        let placement = memo.put(&block, &known);
        let before = known.iter().position(|known| known.key == block.key).map(|index| known.remove(index).text);
        let previous = before.filter(|before| *before != text).unwrap_or_default();
        known.push(Known { key: block.key, at: block.at, text: text.clone(), previous });
        let outcome = match placement {
            Placement::Added => EntryOutcome::Added,
            Placement::Replaced => EntryOutcome::Replaced,
            Placement::Unchanged => EntryOutcome::Unchanged,
        };
        written.push((entry, text, outcome));
    }
    written
}

/// What is to stand in the memo, the head included.
fn entries_of(put: &ObjectPut) -> impl Iterator<Item = Entry> {
    let head = put.head.as_ref().filter(|head| !head.0.is_empty()).map(head_entry);
    head.into_iter().chain(put.entries.iter().cloned())
}

/// The head as an entry: its first line is the heading.
fn head_entry(head: &crate::model::RichText) -> Entry {
    let mut lines = head.0.iter().cloned();
    let heading = lines.next().map(|line| line.to_plain()).unwrap_or_default();
    Entry {
        key: HEAD.to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        author: String::new(),
        kind: String::new(),
        minutes: 0,
        mark: EntryMark::None,
        heading,
        text: lines.collect(),
        conso: None,
    }
}

fn block_of(entry: &Entry) -> Block {
    let mut lines = vec![Line::bold(&entry.heading)];
    lines.extend(entry.text.0.iter().cloned());
    Block { key: entry.key.clone(), at: entry.at, lines }
}
