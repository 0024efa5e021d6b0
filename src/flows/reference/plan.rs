//! Pure: what is to become of every record of a kind. Compared are three values per field: what Gestan has now, what
//! both last agreed on, and what GestSup holds.

use super::diff::{Diff, UNKNOWN};
use super::matching::{Match, Rows};
use super::people::Residents;
use super::ports::{Decision, FieldChange, ReferenceCase, ReferenceLink, RegisterPen, RowChange};
use super::record::{Field, Kind, Projected, Row, Values};
use super::scene::{Scene, Work};
use crate::config::Reference;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};

/// What is to become of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub key: String,
    pub name: String,
    /// What is written, if anything.
    pub change: Option<RowChange>,
    /// The link as it will be; the id of a new row comes with the write.
    pub link: Option<ReferenceLink>,
    /// Keys whose links no longer hold.
    pub unlinked: Vec<String>,
    /// A case that is new or told otherwise.
    pub case: Option<ReferenceCase>,
    /// A case that is over.
    pub settled: bool,
    /// What is done, in a word.
    pub code: &'static str,
    /// What is done, in a sentence; empty where only the memory changes.
    pub message: String,
    /// What a person should know: a code and a sentence.
    pub notes: Vec<(&'static str, String)>,
    /// Why it waits: a code and a sentence.
    pub waits: Option<(&'static str, String)>,
    /// The print of the record.
    pub print: u64,
}

impl Planned {
    fn new(projected: &Projected) -> Self {
        Self {
            key: projected.key.clone(),
            name: projected.name.clone(),
            change: None,
            link: None,
            unlinked: Vec::new(),
            case: None,
            settled: false,
            code: "",
            message: String::new(),
            notes: Vec::new(),
            waits: None,
            print: 0,
        }
    }

    /// Whether anything is to be done or told.
    pub(super) fn matters(&self) -> bool {
        self.change.is_some()
            || self.link.is_some()
            || self.case.is_some()
            || self.settled
            || !self.unlinked.is_empty()
            || self.waits.is_some()
    }
}

/// What decides for one kind.
pub(super) struct Planner<'a> {
    pub kind: Kind,
    pub settings: &'a Reference,
    pub pen: &'a dyn RegisterPen,
    pub scene: &'a Scene<'a>,
    pub residents: &'a Residents,
    pub now: DateTime<Utc>,
}

impl Planner<'_> {
    /// Plans records; `links` by their ids in GestSup, `rows` those that the records are or may be.
    pub(super) fn plan(
        &self,
        works: &[Work],
        links: &HashMap<i64, ReferenceLink>,
        rows: &[Row],
        table: &mut Rows<'_>,
    ) -> Vec<Planned> {
        let by_id: HashMap<i64, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let mut plans = Vec::new();
        for work in works.iter().filter(|work| !self.scene.is_ignored(&work.record)) {
            let mut plan = match work.row {
                Some(id) => match (links.get(&id), by_id.get(&id)) {
                    (Some(link), Some(row)) => self.linked(&work.record, link, row, table),
                    // It went just now: the next pass looks again.
                    _ => continue,
                },
                None => self.unlinked(&work.record, work.lost.and_then(|id| links.get(&id)), table, &by_id),
            };
            plan.print = self.scene.print_of(&work.record);
            plans.push(plan);
        }
        plans.retain(Planned::matters);
        plans
    }

    fn linked(&self, record: &Projected, link: &ReferenceLink, row: &Row, table: &Rows<'_>) -> Planned {
        let agreed = Some(&link.agreed).filter(|agreed| !agreed.is_empty());
        let diff = self.diff(record, row, agreed, table);
        let mut plan = self.updated(record, row, diff, &link.evidence);
        let is_same = plan.link.as_ref().is_some_and(|new| new == link);
        if is_same && plan.change.is_none() {
            plan.link = None;
        }
        if link.key != record.key {
            plan.unlinked.push(link.key.clone());
        }
        plan
    }

    /// A row gets what differs.
    fn updated(&self, record: &Projected, row: &Row, diff: Diff, evidence: &str) -> Planned {
        let mut plan = Planned::new(record);
        plan.link = Some(ReferenceLink {
            kind: self.kind,
            key: record.key.clone(),
            id: row.id,
            agreed: diff.agreed,
            evidence: evidence.to_owned(),
            // Where something is written, its row will have another print.
            seal: if diff.fields.is_empty() { self.scene.seal_of(record, row.id) } else { 0 },
        });
        match diff.taken {
            Some((rows, reason)) => plan.case = self.case(record, "mail-taken", reason, rows),
            None => plan.settled = self.has_open_case(&record.key),
        }
        if diff.fields.is_empty() {
            return plan;
        }
        plan.code = match diff.fields.get(&Field::Disabled).map(|change| change.to.as_str()) {
            Some("1") => "reference-disable",
            Some(_) => "reference-enable",
            None => "reference-update",
        };
        let told: Vec<String> = diff
            .fields
            .iter()
            .filter(|(_, change)| change.from != change.to)
            .map(|(field, change)| format!("{field} “{}” instead of “{}”", change.to, change.from))
            .collect();
        plan.message = format!("{} “{}” is {}: {}", self.kind, record.name, row.id, told.join("; "));
        if !diff.back.is_empty() {
            let fields: Vec<&str> = diff.back.iter().map(|field| field.as_str()).collect();
            plan.notes.push((
                "edited-in-gestsup",
                format!(
                    "{} of {} “{}” was changed in GestSup and is put back: Gestan is where to change it, or name it in [reference.keep]",
                    fields.join(", "),
                    self.kind,
                    record.name
                ),
            ));
        }
        plan.notes.extend(self.told_cut(record, &diff.cut));
        plan.change = Some(RowChange { kind: self.kind, id: Some(row.id), fields: diff.fields });
        plan
    }

    fn told_cut(&self, record: &Projected, cut: &[Field]) -> Option<(&'static str, String)> {
        let fields: Vec<&str> = cut.iter().map(|field| field.as_str()).collect();
        (!cut.is_empty()).then(|| {
            let sentence = format!(
                "{} of {} “{}” does not fit into GestSup as it is and was shortened",
                fields.join(", "),
                self.kind,
                record.name
            );
            ("shortened", sentence)
        })
    }

    fn has_open_case(&self, key: &str) -> bool {
        self.scene.cases.get(key).is_some_and(|case| case.decision.is_none())
    }

    /// A case, unless it is known already.
    fn case(
        &self,
        record: &Projected,
        code: &'static str,
        reason: String,
        candidates: Vec<i64>,
    ) -> Option<ReferenceCase> {
        let known = self.scene.cases.get(&record.key);
        if known.is_some_and(|case| case.code == code && case.reason == reason) {
            return None;
        }
        Some(ReferenceCase {
            kind: self.kind,
            key: record.key.clone(),
            name: record.name.clone(),
            code: code.to_owned(),
            reason,
            candidates,
            since: known.map_or(self.now, |case| case.since),
            decision: known.and_then(|case| case.decision),
        })
    }

    /// A record that is not linked: found, made or set aside.
    fn unlinked(
        &self,
        record: &Projected,
        lost: Option<&ReferenceLink>,
        table: &mut Rows<'_>,
        by_id: &HashMap<i64, &Row>,
    ) -> Planned {
        let decided = self.scene.cases.get(&record.key).and_then(|case| case.decision);
        let found = match (&record.waits, record.is_archived(), decided) {
            (Some(_), ..) | (_, true, _) => None,
            (.., Some(Decision::Create)) => Some(table.refused(record).unwrap_or(Match::New)),
            _ => Some(table.find(record)),
        };
        let mut plan = match found {
            None => {
                let mut plan = Planned::new(record);
                plan.waits.clone_from(&record.waits);
                plan.settled = record.is_archived() && self.has_open_case(&record.key);
                plan
            }
            Some(Match::One(id, evidence)) => {
                let claims = self.scene.claims.get(&id).map(Vec::as_slice).unwrap_or_default();
                match (claims, by_id.get(&id)) {
                    ([_], Some(row)) => self.adopted(record, row, evidence, table),
                    _ => {
                        let names = claims.join(", ");
                        let reason = format!("{names} in Gestan may all be {id} in GestSup ({evidence})");
                        self.set_aside(record, "ambiguous", reason, vec![id])
                    }
                }
            }
            Some(Match::Unclear(code, reason, rows)) => self.set_aside(record, code, reason, rows),
            // What an earlier one of this list is about to get counts too.
            Some(Match::New) => match table.refused(record) {
                Some(Match::Unclear(code, reason, rows)) => self.set_aside(record, code, reason, rows),
                _ => {
                    table.promise(record, true);
                    self.created(record)
                }
            },
        };
        if let Some(link) = lost {
            plan.unlinked.push(link.key.clone());
            plan.notes.push((
                "gone-in-gestsup",
                format!("{} “{}” was {} in GestSup, which is no longer there", self.kind, record.name, link.id),
            ));
        }
        plan
    }

    fn set_aside(&self, record: &Projected, code: &'static str, reason: String, rows: Vec<i64>) -> Planned {
        let mut plan = Planned::new(record);
        plan.case = self.case(record, code, reason, rows);
        plan
    }

    fn adopted(&self, record: &Projected, row: &Row, evidence: &'static str, table: &Rows<'_>) -> Planned {
        let diff = self.diff(record, row, None, table);
        let mut plan = self.updated(record, row, diff, evidence);
        let rest = plan.message.split_once(": ").map(|(_, rest)| format!("; {rest}")).unwrap_or_default();
        plan.message = format!("{} “{}” is {} ({evidence}){rest}", self.kind, record.name, row.name());
        plan.code = "reference-link";
        plan
    }

    fn created(&self, record: &Projected) -> Planned {
        let mut plan = Planned::new(record);
        let (mut fields, mut agreed, mut cut) = (BTreeMap::new(), Values::new(), Vec::new());
        for (field, raw) in record.values.iter().filter(|(field, _)| self.pen.has(self.kind, **field)) {
            let fitted = self.pen.fit(self.kind, *field, raw);
            agreed.insert(*field, fitted.text.clone());
            if fitted.cut {
                cut.push(*field);
            }
            let unknown = fitted.text.is_empty() && Field::LISTED.contains(field);
            let to = if unknown { UNKNOWN.to_owned() } else { fitted.text };
            fields.insert(*field, FieldChange { from: String::new(), to });
        }
        plan.code = "reference-create";
        plan.message = format!("{} “{}” (n°{} in Gestan) is made", self.kind, record.name, record.key);
        plan.notes.extend(record.note.iter().map(|note| ("serial-shared", note.clone())));
        plan.notes.extend(self.told_cut(record, &cut));
        plan.settled = self.has_open_case(&record.key);
        plan.link = Some(ReferenceLink {
            kind: self.kind,
            key: record.key.clone(),
            id: 0,
            agreed,
            evidence: "made by the connector".to_owned(),
            seal: 0,
        });
        plan.change = Some(RowChange { kind: self.kind, id: None, fields });
        plan
    }

    /// A linked record that Gestan no longer lists.
    pub(super) fn vanished(&self, link: &ReferenceLink, row: Option<&Row>) -> Planned {
        let name = row.map_or_else(|| link.key.clone(), Row::name);
        let record = Projected {
            key: link.key.clone(),
            aliases: Vec::new(),
            name: name.clone(),
            values: Values::from([(Field::Disabled, "1".to_owned())]),
            of_company: None,
            waits: None,
            note: None,
        };
        let mut plan = Planned::new(&record);
        let Some(row) = row else {
            plan.unlinked.push(link.key.clone());
            return plan;
        };
        let last = link.agreed.get(&Field::Disabled).map(String::as_str);
        let settled = row.get(Field::Disabled) == "1" || self.kind.is_account() || self.keeps(Field::Disabled);
        if last == Some("1") && settled {
            return plan;
        }
        let mut agreed = link.agreed.clone();
        agreed.insert(Field::Disabled, "1".to_owned());
        plan.link = Some(ReferenceLink { agreed, seal: 0, ..link.clone() });
        if row.get(Field::Disabled) != "1" && !self.keeps(Field::Disabled) {
            let change = FieldChange { from: row.get(Field::Disabled).to_owned(), to: "1".to_owned() };
            plan.code = "reference-disable";
            plan.message = format!("{} {name} is disabled: Gestan no longer lists n°{}", self.kind, link.key);
            plan.change = Some(RowChange {
                kind: self.kind,
                id: Some(row.id),
                fields: BTreeMap::from([(Field::Disabled, change)]),
            });
        }
        plan
    }
}
