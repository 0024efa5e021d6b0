//! Several changes at once make one mail that lists them.

use super::plan::{Draft, Shown, name_of};
use minijinja::context;
use std::collections::BTreeMap;

/// A mail to be written.
pub(super) enum Mailing {
    /// About one ticket.
    One(Box<Draft>),
    /// To one person, about several.
    Several(Vec<Draft>),
}

/// Puts together what one person would get too many of, in the order of the first of them.
pub(super) fn gathered(drafts: Vec<Draft>, above: u32) -> Vec<Mailing> {
    let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
    for draft in &drafts {
        *by_address.entry(draft.recipient.to.address.clone()).or_default() += 1;
    }
    let above = usize::try_from(above).unwrap_or(usize::MAX);
    let mut mailings: Vec<Mailing> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for draft in drafts {
        let address = draft.recipient.to.address.clone();
        if by_address.get(&address).is_none_or(|count| *count <= above) {
            mailings.push(Mailing::One(Box::new(draft)));
        } else if let Some(Mailing::Several(all)) = places.get(&address).and_then(|place| mailings.get_mut(*place)) {
            all.push(draft);
        } else {
            places.insert(address, mailings.len());
            mailings.push(Mailing::Several(vec![draft]));
        }
    }
    mailings
}

/// What the template of a digest is given.
pub(super) fn values(drafts: &[Draft], sender: &str) -> minijinja::Value {
    let tickets: Vec<&Shown> = drafts.iter().map(|draft| &draft.shown).collect();
    let name = drafts.first().map(|draft| name_of(&draft.recipient)).unwrap_or_default();
    context! { name, sender, tickets => minijinja::Value::from(minijinja::value::Serde(tickets)) }
}
