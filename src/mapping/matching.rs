//! Which client, people and machine of Gestan a ticket is about, or why that cannot be said yet.

use super::directory::Found;
use super::projection::{Context, Decisions, Wait};
use crate::config::Unmatched;
use crate::model::{Field, Group, Ticket};

/// Characters that Gestan keeps of a team (`US_TEAM`).
const TEAM: usize = 50;

pub(super) fn wait<T>(code: &'static str, reason: String) -> Result<T, Wait> {
    Err(Wait { code, reason })
}

pub(super) fn client(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<i64, Wait> {
    let name = match (ticket.client(), &ticket.requester, &ticket.requester_group) {
        (Some(company), ..) => format!("the company “{}”", company.name),
        (None, Some(requester), _) => format!("the requester {} (who has no company)", requester.display_name()),
        (None, None, group) => {
            let who = match group {
                Some(group) => {
                    format!("its requester is the group “{}”, whose members are not all of one company", group.name)
                }
                None => "it has no known requester".to_owned(),
            };
            return wait(
                "no-requester",
                format!("The client cannot be told: {who}. Set a requester of the client in GestSup."),
            );
        }
    };
    match context.directory.client(&context.mapping.clients, ticket.client(), ticket.requester.as_ref()) {
        Found::One(id, how) => {
            out.because(Field::Client, how);
            Ok(id)
        }
        Found::Nothing => wait(
            "client-unknown",
            format!(
                "No client of Gestan matches {name}. Create it in Gestan under the same name, or add it to [mapping.clients.table]."
            ),
        ),
        Found::Several(names) => wait(
            "client-ambiguous",
            format!(
                "Several clients of Gestan match {name}: {}. Say which in [mapping.clients.table].",
                names.join(", ")
            ),
        ),
    }
}

/// Intervenant and team: a technician alone, or the members of a group.
pub(super) fn people(
    ticket: &Ticket,
    context: &Context,
    out: &mut Decisions,
) -> Result<(Option<String>, Vec<String>), Wait> {
    let rules = &context.mapping.technicians;
    let without = rules.unmatched == Unmatched::Without;
    if let Some(person) = &ticket.technician {
        let name = person.display_name();
        return match context.directory.technician(rules, person) {
            Found::One(code, how) => {
                out.because(Field::Technician, how);
                Ok((Some(code), Vec::new()))
            }
            _ if without => Ok((None, Vec::new())),
            Found::Nothing => wait(
                "technician-unknown",
                format!(
                    "No Gestan user matches the technician {name} (login “{}”). Give both the same mail, or add the login to [mapping.technicians.table].",
                    person.login
                ),
            ),
            Found::Several(names) => wait(
                "technician-ambiguous",
                format!(
                    "Several Gestan users match the technician {name}: {}. Say which in [mapping.technicians.table].",
                    names.join(", ")
                ),
            ),
        };
    }
    match &ticket.group {
        Some(group) => Ok((None, team(group, context, without, out)?)),
        None => Ok((None, Vec::new())),
    }
}

fn team(group: &Group, context: &Context, without: bool, out: &mut Decisions) -> Result<Vec<String>, Wait> {
    let mut codes: Vec<String> = Vec::new();
    let mut unknown = Vec::new();
    for member in &group.members {
        match context.directory.technician(&context.mapping.technicians, member) {
            Found::One(code, _) if codes.contains(&code) => {}
            // Codes are joined by ";" in a column of 50 characters.
            Found::One(code, _) if codes.iter().map(|c| c.len() + 1).sum::<usize>() + code.len() > TEAM => {
                unknown.push(format!("{code} (no room left in Gestan's team)"));
            }
            Found::One(code, _) => codes.push(code),
            Found::Nothing => unknown.push(member.display_name()),
            Found::Several(names) if !without => {
                return wait(
                    "technician-ambiguous",
                    format!(
                        "Several Gestan users match {}, of the group “{}”: {}. Say which in [mapping.technicians.table].",
                        member.display_name(),
                        group.name,
                        names.join(", ")
                    ),
                );
            }
            Found::Several(_) => unknown.push(member.display_name()),
        }
    }
    if codes.is_empty() && !without {
        return wait(
            "group-unknown",
            format!(
                "No member of the group “{}” matches a Gestan user. Add members to the group in GestSup, or their logins to [mapping.technicians.table].",
                group.name
            ),
        );
    }
    let mut reason = format!("members of the group “{}”", group.name);
    if !unknown.is_empty() {
        reason = format!("{reason}, without {}", unknown.join(", "));
    }
    out.because(Field::Team, reason);
    Ok(codes)
}

pub(super) fn machine(ticket: &Ticket, context: &Context, out: &mut Decisions) -> Result<Option<i64>, Wait> {
    let Some(equipment) = &ticket.equipment else { return Ok(None) };
    let rules = &context.mapping.equipment;
    match context.directory.machine(rules, equipment) {
        Found::One(id, how) => {
            out.because(Field::Machine, how);
            Ok(Some(id))
        }
        _ if rules.unmatched == Unmatched::Without => Ok(None),
        Found::Nothing => wait(
            "equipment-unknown",
            format!(
                "No machine of Gestan matches the equipment “{}” (serial “{}”). Give the machine this serial number in Gestan, add the equipment to [mapping.equipment.table], or set [mapping.equipment] unmatched = \"without\".",
                equipment.name, equipment.serial
            ),
        ),
        Found::Several(names) => wait(
            "equipment-ambiguous",
            format!(
                "Several machines of Gestan match the equipment “{}”: {}. Say which in [mapping.equipment.table].",
                equipment.name,
                names.join(", ")
            ),
        ),
    }
}
