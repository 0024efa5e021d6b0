//! The one rule form of the configuration: a list of tables with `when = { … }`; the first that
//! applies decides.

use super::fold::fold;
use crate::config::{OneOrMany, When};
use crate::model::Ticket;

impl When {
    /// Whether every condition that is given holds for the ticket.
    pub fn applies_to(&self, ticket: &Ticket) -> bool {
        let label = |label: &Option<crate::model::Label>| label.as_ref().map(|label| label.name.clone());
        let named = [
            (&self.kind, label(&ticket.kind)),
            (&self.category, label(&ticket.category)),
            (&self.subcategory, label(&ticket.subcategory)),
            (&self.service, label(&ticket.service)),
            (&self.client, ticket.client().map(|company| company.name.clone())),
            (&self.group, ticket.group.as_ref().map(|group| group.name.clone())),
            (&self.priority, label(&ticket.priority)),
        ];
        let names_hold = named.iter().all(|(wanted, name)| is_one_of(wanted.as_ref(), name.as_deref()));
        names_hold && self.billable.is_none_or(|billable| billable == ticket.billable)
    }
}

fn is_one_of(wanted: Option<&OneOrMany>, name: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    let folded = fold(name.unwrap_or_default());
    wanted.values().iter().any(|value| fold(value) == folded)
}
