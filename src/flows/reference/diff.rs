//! Pure: what differs between a record and its row, and who decides about each field.

use super::matching::Rows;
use super::plan::Planner;
use super::ports::FieldChange;
use super::record::{Field, Kind, Projected, Row, Values};
use crate::mapping::fold;
use std::collections::BTreeMap;

/// What stands in the lists of GestSup for a type, brand or model that Gestan does not have: its pages leave out
/// equipment without one.
pub(super) const UNKNOWN: &str = "Non renseigné";

/// How often a page that encodes again may have been saved.
const SAVES: usize = 12;

/// Whether nobody typed what differs: GestSup's page of equipment encodes the name once more each time that it is saved.
fn encoded_again(current: &str, target: &str) -> bool {
    let mut text = current.to_owned();
    (0..SAVES).any(|_| {
        text = html_escape::decode_html_entities(&text).into_owned();
        text == target
    })
}

/// What differs.
pub(super) struct Diff {
    pub fields: BTreeMap<Field, FieldChange>,
    pub back: Vec<Field>,
    pub cut: Vec<Field>,
    pub agreed: Values,
    pub taken: Option<(Vec<i64>, String)>,
}

impl Planner<'_> {
    pub(super) fn keeps(&self, field: Field) -> bool {
        let keep = &self.settings.keep;
        let kept = match self.kind {
            Kind::Client => &keep.clients,
            Kind::Contact => &keep.contacts,
            Kind::Equipment => &keep.equipment,
            Kind::Technician => &keep.technicians,
            Kind::Owner => return matches!(field, Field::Profile),
            Kind::Project | Kind::Absence => return false,
        };
        // Rights and logins are GestSup's own once an account is there; so is where equipment stands.
        matches!(field, Field::Login | Field::Profile | Field::State) || kept.iter().any(|kept| kept == field.as_str())
    }

    fn same(field: Field, one: &str, other: &str) -> bool {
        one == other || (Field::LISTED.contains(&field) && fold(one) == fold(other))
    }

    /// Whether an owner in GestSup is one of the client's people.
    fn belongs(&self, owner: &str, company: Option<i64>) -> bool {
        let of = owner.parse().ok().and_then(|owner| self.residents.company_of(owner));
        company.is_some() && of == company
    }

    /// What differs between a record and its row.
    pub(super) fn diff(&self, record: &Projected, row: &Row, agreed: Option<&Values>, table: &Rows<'_>) -> Diff {
        let mut diff =
            Diff { fields: BTreeMap::new(), back: Vec::new(), cut: Vec::new(), agreed: Values::new(), taken: None };
        for (field, raw) in &record.values {
            let field = *field;
            let last = agreed.and_then(|agreed| agreed.get(&field)).map(String::as_str);
            let waits = raw.is_empty() && matches!(field, Field::Company | Field::Owner);
            if !self.pen.has(self.kind, field) || waits {
                continue;
            }
            let fitted = self.pen.fit(self.kind, field, raw);
            let (target, current) = (fitted.text, row.get(field));
            if field == Field::Mail && !Self::same(field, current, &target) && self.kind.is_account() {
                diff.taken = table.mail_taken(&target, Some(row.id));
                if diff.taken.is_some() {
                    diff.agreed.extend(last.map(|last| (field, last.to_owned())));
                    continue;
                }
            }
            diff.agreed.insert(field, target.clone());
            let unchanged = last == Some(target.as_str());
            let leave = Self::same(field, current, &target)
                || (field == Field::Owner && self.belongs(current, record.of_company))
                || self.keeps(field)
                // Where Gestan says nothing, and never did, what GestSup says stands.
                || (target.is_empty() && last.is_none_or(str::is_empty))
                // A company that people chose for a technician stands.
                || (field == Field::Company && self.kind == Kind::Technician && current != "0" && last != Some(current))
                // Whoever locked an account in GestSup had a reason; only Gestan's own change counts.
                || (field == Field::Disabled && self.kind.is_account() && (unchanged || last.is_none()))
                || (target.is_empty() && Field::LISTED.contains(&field) && current == UNKNOWN);
            if leave {
                continue;
            }
            if unchanged && !encoded_again(current, &target) {
                diff.back.push(field);
            }
            if fitted.cut {
                diff.cut.push(field);
            }
            let to = if target.is_empty() && Field::LISTED.contains(&field) { UNKNOWN.to_owned() } else { target };
            diff.fields.insert(field, FieldChange { from: current.to_owned(), to });
        }
        self.complete(&mut diff, row);
        diff
    }

    /// A model belongs to a type and a brand: the three are written together.
    fn complete(&self, diff: &mut Diff, row: &Row) {
        if Field::LISTED.iter().any(|field| diff.fields.contains_key(field)) {
            for field in Field::LISTED {
                let current = row.get(field);
                let to = if current.is_empty() { UNKNOWN } else { current };
                let as_it_is = FieldChange { from: current.to_owned(), to: to.to_owned() };
                diff.fields.entry(field).or_insert(as_it_is);
            }
        }
    }
}
