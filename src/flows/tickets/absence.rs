//! What becomes of an intervention whose ticket is gone, or nobody's any more; and the notes that tell of it.
//! Pure.

use super::merge::{MergedEntries, MergedFields, merge_known};
use super::operation::{FieldChange, Verb, Verdict};
use super::plan::Planner;
use super::ports::{Link, LinkPhase};
use crate::config::Unattributed;
use crate::gestan::contract::ObjectState;
use crate::mapping::Projection;
use crate::model::{Entry, EntryMark, Field, Fields, LastKnown, RichText, Status, Ticket, Value};
use std::sync::Arc;

pub(super) const UNATTRIBUTED: &str = "note:unattributed:";
pub(super) const ATTRIBUTED: &str = "note:attributed:";

pub(super) fn notes(link: &Link, prefix: &str) -> usize {
    link.entries.keys().filter(|key| key.starts_with(prefix)).count()
}

impl Planner<'_> {
    /// Plans a ticket that no longer exists in GestSup.
    pub fn plan_gone(&self, links: &[Link], merged_into: Option<i64>, current: Option<&ObjectState>) -> Verdict {
        let Some(link) = links.last() else { return Verdict::NotOurs };
        if link.phase == LinkPhase::Gone {
            return Verdict::InStep(None);
        }
        let held = current.map_or(&link.held, |current| &current.fields);
        let held_status = held.get(&Field::Status).and_then(Value::as_status);
        let wording = self.wording();
        let what = wording.note_gone(merged_into);
        if held_status == Some(Status::Billed) {
            let link = Link { phase: LinkPhase::Gone, held: held.clone(), ..link.clone() };
            let message = format!("{what} Its intervention {} is billed and stays as it is.", link.gestan_id);
            return Verdict::Report { link: Box::new(link), code: "gone", message };
        }
        let mut entries = unchanged(link);
        entries.note(self.note("note:gone".to_owned(), &what));
        let mut fields = MergedFields { sent: link.sent.clone(), ..MergedFields::default() };
        if held_status == Some(Status::Planned) {
            set_status(&mut fields, held, Status::Cancelled);
        }
        let mut write = self.write(link, current, fields, entries);
        Arc::make_mut(&mut write.operation).verb = Verb::Gone;
        write.draft.phase = LinkPhase::Gone;
        Verdict::Write(Arc::new(write))
    }

    pub(super) fn plan_unattributed(
        &self,
        ticket: &Ticket,
        link: &Link,
        projection: &Projection,
        held: &Fields,
        current: Option<&ObjectState>,
    ) -> Verdict {
        let noted = notes(link, UNATTRIBUTED);
        // What was hidden, deleted or replaced is so whoever is in charge; what is new waits until somebody is.
        let mut entries = merge_known(projection, &link.entries);
        if noted == notes(link, ATTRIBUTED) {
            entries.note(self.note(format!("{UNATTRIBUTED}{}", noted + 1), self.wording().note_unattributed()));
        }
        let mut fields = MergedFields { sent: link.sent.clone(), ..MergedFields::default() };
        let held_status = held.get(&Field::Status).and_then(Value::as_status);
        if self.unattributed == Unattributed::CancelIfNotStarted && held_status == Some(Status::Planned) {
            set_status(&mut fields, held, Status::Cancelled);
        }
        let mut write = self.write(link, current, fields, entries);
        Arc::make_mut(&mut write.operation).title.clone_from(&ticket.title);
        write.draft.phase = LinkPhase::Live;
        write.draft.last_known = LastKnown { mode: link.last_known.mode, ..ticket.last_known() };
        self.finish(write, link, held, current)
    }

    pub(super) fn note(&self, key: String, text: &str) -> Entry {
        let heading = format!("{} – {text}", self.wording().date(self.now));
        Entry {
            key,
            at: self.now,
            author: String::new(),
            kind: String::new(),
            minutes: 0,
            mark: EntryMark::None,
            heading,
            text: RichText::default(),
            conso: None,
        }
    }
}

fn unchanged(link: &Link) -> MergedEntries {
    MergedEntries { agreed: link.entries.clone(), ..MergedEntries::default() }
}

fn set_status(fields: &mut MergedFields, held: &Fields, status: Status) {
    fields.changes.push(FieldChange {
        field: Field::Status,
        from: held.get(&Field::Status).cloned(),
        to: status.into(),
    });
    fields.sent.insert(Field::Status, status.into());
}
