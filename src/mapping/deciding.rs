//! What the operator's rules decide of a ticket: what it becomes, where it stands, genre, project, and what
//! is billed as what.

use super::directory::{LINKED, Product};
use super::fold::fold;
use super::matching::wait;
use super::projection::{Context, Decisions, Wait};
use super::rules::{Facts, first};
use crate::config::{Billable, Mapping, ProductSource, ProjectKey, When};
use crate::model::{Contract, Field, ObjectKind, Status, Ticket};
use std::collections::BTreeMap;

/// How a rule is named to people.
fn rule(number: usize, table: &str, when: &When) -> String {
    format!("rule {number} of [{table}]: {when}")
}

/// What a ticket becomes, and by which rule.
pub(super) fn mode(ticket: &Ticket, mapping: &Mapping) -> (ObjectKind, String) {
    let mode = &mapping.mode;
    match first(&mode.rules, &Facts::of(ticket), |rule| &rule.when) {
        Some((number, decided)) => (decided.mode.kind(), rule(number, "mapping.mode", &decided.when)),
        None => (mode.default.kind(), "default of [mapping.mode]".to_owned()),
    }
}

/// What is billed: decided by a rule, a contract, or the ticket.
#[derive(Debug, Default)]
pub(super) struct Billed {
    pub genre: Option<String>,
    pub product: Option<String>,
    pub contract: Option<String>,
    billable: bool,
    why: String,
}

/// Genre, product and contract of an intervention, and whether it is billed.
pub(super) fn billed(
    ticket: &Ticket,
    context: &Context,
    project: Option<ProjectKey>,
    machine: Option<i64>,
    client: i64,
    out: &mut Decisions,
) -> Billed {
    let mapping = context.mapping;
    let genre = genre(ticket, mapping, out);
    let contract = match mapping.billing.contracts {
        true => context.directory.contract(client, machine, ticket.created_at.unwrap_or(context.now), context.zone),
        false => None,
    };
    if let Some(contract) = contract {
        out.because(Field::Contract, "the client's maintenance contract that runs on the day the ticket was opened");
        tracing::trace!(number = %contract.number, "a contract covers a ticket");
    }
    let facts = Facts { genre: genre.as_deref(), covered: contract.is_some(), ..Facts::of(ticket) };
    let (billable, why) = billable(&facts, mapping, contract);
    let product = product(&facts, mapping, contract, project, out);
    Billed { genre, product, contract: contract.map(|contract| contract.number.clone()), billable, why }
}

fn billable(facts: &Facts<'_>, mapping: &Mapping, contract: Option<&Contract>) -> (bool, String) {
    let billing = &mapping.billing;
    let deciding =
        billing.rules.iter().enumerate().find(|(_, rule)| rule.billable.is_some() && rule.when.applies_to(facts));
    if let Some((index, decided)) = deciding {
        return (decided.billable == Some(true), rule(index + 1, "mapping.billing", &decided.when));
    }
    if let Some(contract) = contract {
        return match &contract.product {
            None => (false, format!("contract {}, which covers it", contract.number)),
            Some(product) => (true, format!("contract {}, which bills it as {product}", contract.number)),
        };
    }
    match billing.billable {
        Billable::Flag => (facts.ticket.billable, "the ticket's billable tick".to_owned()),
        Billable::Always => (true, "[mapping.billing] billable = \"always\"".to_owned()),
        Billable::Never => (false, "[mapping.billing] billable = \"never\"".to_owned()),
    }
}

/// Where an object stands.
pub(super) fn status(
    ticket: &Ticket,
    context: &Context,
    kind: ObjectKind,
    billed: &Billed,
    out: &mut Decisions,
) -> Result<Status, Wait> {
    let mapping = context.mapping;
    let by_rule = first(&mapping.status_rules, &Facts::of(ticket), |rule| &rule.when);
    let (status, reason) = match (by_rule, mapping.status.0.get(&ticket.state.id.to_string())) {
        (Some((number, decided)), _) => (decided.status, rule(number, "mapping.status_rules", &decided.when)),
        (None, Some(status)) => (*status, format!("state “{}”", ticket.state.name)),
        (None, None) => {
            return wait(
                "state-unmapped",
                format!(
                    "The ticket's state “{}” (n°{}) has no status in Gestan. Add `{} = \"…\"` to [mapping.status].",
                    ticket.state.name, ticket.state.id, ticket.state.id
                ),
            );
        }
    };
    if kind == ObjectKind::Anomaly {
        out.because(Field::Status, reason);
        return Ok(if status == Status::ToBill { Status::Done } else { status });
    }
    if status != Status::Done {
        out.because(Field::Status, reason);
        return Ok(status);
    }
    out.because(Field::Status, format!("{reason}, billable or not by {}", billed.why));
    Ok(if billed.billable { Status::ToBill } else { Status::Done })
}

fn genre(ticket: &Ticket, mapping: &Mapping, out: &mut Decisions) -> Option<String> {
    let (genre, why) = match first(&mapping.genre.rules, &Facts::of(ticket), |rule| &rule.when) {
        Some((number, decided)) => (Some(decided.genre.clone()), rule(number, "mapping.genre", &decided.when)),
        None => (mapping.genre.default.clone(), "default of [mapping.genre]".to_owned()),
    };
    if genre.is_some() {
        out.because(Field::Genre, why);
    }
    genre
}

fn product(
    facts: &Facts<'_>,
    mapping: &Mapping,
    contract: Option<&Contract>,
    project: Option<ProjectKey>,
    out: &mut Decisions,
) -> Option<String> {
    let billing = &mapping.billing;
    let by_rule = billing.rules.iter().enumerate().find_map(|(index, decided)| {
        let product = decided.product.as_ref().filter(|_| decided.when.applies_to(facts))?;
        Some((product.clone(), rule(index + 1, "mapping.billing", &decided.when)))
    });
    let from = |source: &ProductSource| match source {
        ProductSource::Contract => {
            let contract = contract?;
            Some((contract.product.clone()?, format!("contract {}", contract.number)))
        }
        ProductSource::Task => {
            let task = project?.task?;
            let product = billing.by_task.get(&task.to_string())?;
            Some((product.clone(), format!("task {task}, by [mapping.billing.by_task]")))
        }
        ProductSource::Genre => {
            let genre = facts.genre?;
            let product = billing.by_genre.get(genre)?;
            Some((product.clone(), format!("genre {genre}, by [mapping.billing.by_genre]")))
        }
    };
    let default = || Some((billing.product.clone()?, "default of [mapping.billing]".to_owned()));
    let (product, why) = by_rule.or_else(|| billing.order.iter().find_map(from)).or_else(default)?;
    out.because(Field::Product, why);
    Some(product)
}

/// A product that Gestan does not sell stops the ticket that needs it.
pub(super) fn known_product(product: Option<&str>, context: &Context, out: &Decisions) -> Result<(), Wait> {
    let Some(code) = product else { return Ok(()) };
    let by = out.reason(Field::Product);
    match context.directory.product(code) {
        Product::Sold | Product::Unknown => Ok(()),
        Product::Missing => wait(
            "product-unknown",
            format!(
                "Gestan has no product “{code}” (chosen by {by}). Create it in Gestan, or mend the rule in connector.toml."
            ),
        ),
        Product::OutOfCatalogue => wait(
            "product-out-of-catalogue",
            format!(
                "The product “{code}” (chosen by {by}) is out of Gestan's catalogue. Put it back, or mend the rule in connector.toml."
            ),
        ),
    }
}

/// Name of a code by the name of a GestSup list's row.
pub(super) fn listed(map: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let name = fold(name);
    map.iter().find(|(listed, _)| fold(listed) == name).map(|(_, code)| code.clone())
}

/// Project and task of Gestan.
pub(super) fn project(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Option<ProjectKey> {
    let mapping = context.mapping;
    let in_table = ticket.project.as_ref().and_then(|project| {
        let name = fold(&project.name);
        mapping.projects.table.iter().find(|(listed, _)| fold(listed) == name).map(|(_, key)| *key)
    });
    if in_table.is_some() {
        out.because(Field::Project, "[mapping.projects.table]");
        return in_table;
    }
    let linked = ticket.project.as_ref().and_then(|project| context.directory.project(project.id));
    if linked.is_some() {
        out.because(Field::Project, LINKED);
        return linked;
    }
    let (number, decided) = first(&mapping.projects.rules, &Facts::of(ticket), |rule| &rule.when)?;
    out.because(Field::Project, rule(number, "mapping.projects", &decided.when));
    Some(ProjectKey { project: decided.project, task: decided.task })
}

/// Type of an anomaly.
pub(super) fn anomaly_type(ticket: &Ticket, mapping: &Mapping, out: &mut Decisions) -> Option<String> {
    let anomalies = &mapping.anomalies;
    let (kind, why) = match first(&anomalies.types, &Facts::of(ticket), |rule| &rule.when) {
        Some((number, decided)) => (decided.kind.clone(), rule(number, "mapping.anomalies.types", &decided.when)),
        None => (anomalies.default_type.clone()?, "default of [mapping.anomalies]".to_owned()),
    };
    out.because(Field::AnomalyType, why);
    Some(kind)
}
