//! Who a Gestan user is in GestSup: the technicians' matching, read the other way round. Pure.

use crate::config::Matching;
use crate::mapping::{Directory, Found};
use crate::model::Person;
use std::collections::HashMap;

/// GestSup's technicians by the code of the Gestan user that each is.
pub(super) struct Counterparts<'a>(HashMap<String, Vec<&'a Person>>);

/// Who a code is.
pub(super) enum Who<'a> {
    /// This person.
    One(&'a Person),
    /// Nobody in GestSup.
    Nobody,
    /// One of these: never guessed.
    Several(Vec<String>),
}

impl<'a> Counterparts<'a> {
    pub(super) fn new(staff: &'a [Person], directory: &Directory, rules: &Matching) -> Self {
        let mut by_code: HashMap<String, Vec<&Person>> = HashMap::new();
        for person in staff.iter().filter(|person| !person.disabled && !person.is_forgotten()) {
            if let Found::One(code, _) = directory.technician(rules, person) {
                by_code.entry(code.to_uppercase()).or_default().push(person);
            }
        }
        Self(by_code)
    }

    /// Who a user code is; where several are, the one in charge already.
    pub(super) fn of(&self, code: &str, in_charge: Option<&Person>) -> Who<'a> {
        match self.0.get(&code.trim().to_uppercase()).map(Vec::as_slice) {
            None | Some([]) => Who::Nobody,
            Some([one]) => Who::One(one),
            Some(several) => match several.iter().find(|person| Some(person.id) == in_charge.map(|known| known.id)) {
                Some(one) => Who::One(one),
                None => Who::Several(several.iter().map(|person| person.display_name()).collect()),
            },
        }
    }

    /// The author of what a Gestan user did: this user in GestSup, else the technician in charge, else GestSup itself.
    pub(super) fn author(&self, code: Option<&str>, in_charge: Option<&Person>) -> i64 {
        match code.map(|code| self.of(code, in_charge)) {
            Some(Who::One(person)) => person.id,
            _ => in_charge.map_or(0, |person| person.id),
        }
    }
}
