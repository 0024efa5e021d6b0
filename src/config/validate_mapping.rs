//! What the types of `[mapping]` cannot say: texts with unknown values, rules that can never apply, names
//! that the gateway of this file does not know.

use super::schema::nearest;
use super::validate::Check;
use super::{Billable, Config, Gateway, Mapping, Mode, Unmatched, When};
use crate::mapping::{PLACEHOLDERS_HEAD, PLACEHOLDERS_HEADING, PLACEHOLDERS_TITLE, shadowed};
use crate::model::{ObjectKind, Status};

pub(super) fn mapping(config: &Config, check: &mut Check<'_>) {
    let mapping = &config.mapping;
    for (state, status) in &mapping.status.0 {
        let path = format!("mapping/status/{state}");
        if state.parse::<u32>().is_err() {
            check.at_key(
                &path,
                format!("\"{state}\" is no GestSup state"),
                "write the state's number, the id in GestSup's tstates (1 is Attente PEC)",
            );
        }
        if *status == Status::Billed {
            check.at(&path, "`billed` is set by Gestan's billing alone", "write to_bill, or done");
        }
    }
    if mapping.clients.unmatched == Unmatched::Without {
        check.at(
            "mapping/clients/unmatched",
            "an intervention cannot be made without a client",
            "write \"wait\", and list the clients that differ in [mapping.clients.table]",
        );
    }
    if !(1..=24).contains(&mapping.time.hours_per_day) {
        check.at(
            "mapping/time/hours_per_day",
            "a day has 1 to 24 hours",
            "write the hours of a working day, such as 7",
        );
    }
    if mapping.planning.start_hour > 23 {
        check.at("mapping/planning/start_hour", "there is no such hour", "write an hour from 0 to 23");
    }
    let texts = &mapping.texts;
    if let Some(title) = &texts.title {
        template("mapping/texts/title", title, &PLACEHOLDERS_TITLE, check);
    }
    if let Some(heading) = &texts.heading {
        template("mapping/texts/heading", heading, &PLACEHOLDERS_HEADING, check);
    }
    for line in texts.head.iter().flatten() {
        template("mapping/texts/head", line, &PLACEHOLDERS_HEAD, check);
    }
    rules(mapping, check);
    anomalies(mapping, check);
}

/// Rules that can never decide, or that ask what is not known where they are tried.
fn rules(mapping: &Mapping, check: &mut Check<'_>) {
    fn whens<R>(rules: &[R], when: impl Fn(&R) -> &When) -> Vec<(usize, &When)> {
        rules.iter().map(when).enumerate().collect()
    }
    let billing = &mapping.billing.rules;
    let mut tables = vec![
        ("mapping/mode/rules", whens(&mapping.mode.rules, |rule| &rule.when)),
        ("mapping/status_rules", whens(&mapping.status_rules, |rule| &rule.when)),
        ("mapping/genre/rules", whens(&mapping.genre.rules, |rule| &rule.when)),
        ("mapping/projects/rules", whens(&mapping.projects.rules, |rule| &rule.when)),
        ("mapping/anomalies/types", whens(&mapping.anomalies.types, |rule| &rule.when)),
    ];
    for (path, rules) in &tables {
        for (index, when) in rules {
            let late = [("genre", when.genre.is_some()), ("contract", when.contract.is_some())];
            for (key, _) in late.into_iter().filter(|(_, given)| *given) {
                check.at_key(
                    &format!("{path}/{index}/when/{key}"),
                    format!("`{key}` is not known yet where this rule is tried"),
                    "only rules of [mapping.billing] can ask for it",
                );
            }
        }
    }
    // A billing rule decides about two things: only one that decides no more than an earlier one is in its shadow.
    for (decides, of) in [
        (billing.iter().map(|rule| rule.billable.is_some()).collect::<Vec<_>>(), "billable"),
        (billing.iter().map(|rule| rule.product.is_some()).collect(), "product"),
    ] {
        let rules: Vec<(usize, &When)> =
            whens(billing, |rule| &rule.when).into_iter().filter(|(index, _)| decides[*index]).collect();
        tables.push((if of == "billable" { "mapping/billing/rules" } else { "mapping/billing/rules/" }, rules));
    }
    let mut told = std::collections::BTreeMap::new();
    for (path, rules) in &tables {
        for (later, earlier) in shadowed(rules.iter().map(|(_, when)| *when)) {
            let (later, earlier) = (rules[later - 1].0, rules[earlier - 1].0);
            told.entry((path.trim_end_matches('/'), later)).or_insert_with(Vec::new).push(earlier);
        }
    }
    for ((path, later), earlier) in told {
        // A billing rule that decides both is dead only where both of its decisions are.
        let both =
            path == "mapping/billing/rules" && billing[later].billable.is_some() && billing[later].product.is_some();
        if both && earlier.len() < 2 {
            continue;
        }
        check.at(
            &format!("{path}/{later}"),
            format!("this rule can never apply: rule {} applies wherever it would", earlier[0] + 1),
            "put the narrower rule first, or take this one out",
        );
    }
    for (index, rule) in billing.iter().enumerate() {
        if rule.billable.is_none() && rule.product.is_none() {
            check.at(
                &format!("mapping/billing/rules/{index}"),
                "this rule decides nothing",
                "add billable = true or false, or product = \"…\"",
            );
        }
    }
    for (index, rule) in mapping.status_rules.iter().enumerate() {
        if rule.status == Status::Billed {
            check.at(
                &format!("mapping/status_rules/{index}/status"),
                "`billed` is set by Gestan's billing alone",
                "write to_bill, or done",
            );
        }
    }
    for task in mapping.billing.by_task.keys().filter(|task| task.parse::<i64>().is_err()) {
        check.at_key(
            &format!("mapping/billing/by_task/{task}"),
            format!("\"{task}\" is no task"),
            "write the number of the task (TACHE.IDTACHE)",
        );
    }
}

fn anomalies(mapping: &Mapping, check: &mut Check<'_>) {
    let anomalies = &mapping.anomalies;
    template("mapping/anomalies/reference", &anomalies.reference, &["number"], check);
    for (path, policies, kind) in [
        ("mapping/policies/fields", &mapping.policies.fields, ObjectKind::Intervention),
        ("mapping/policies/anomalies", &mapping.policies.anomalies, ObjectKind::Anomaly),
    ] {
        for field in policies.keys().filter(|field| !field.is_of(kind)) {
            check.at_key(&format!("{path}/{field}"), format!("an {kind} has no {field}"), "take the line out");
        }
    }
}

fn template(path: &str, text: &str, known: &[&str], check: &mut Check<'_>) {
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            check.at(path, "a { is not closed", "write } after the name of the value");
            return;
        };
        let name = &rest[open + 1..open + close];
        if !known.contains(&name) {
            let help = nearest(name, known).map_or_else(
                || format!("known here: {{{}}}", known.join("} {")),
                |near| format!("did you mean {{{near}}}?"),
            );
            check.at(path, format!("there is no value {{{name}}} here"), help);
        }
        rest = &rest[open + close + 1..];
    }
    if text.matches('[').count() != text.matches(']').count() {
        check.at(
            path,
            "a [ is not closed, or a ] has no [",
            "what stands between [ and ] is left out when a value inside it is empty",
        );
    }
}

/// Names that the mapping uses must have a number in the gateway that this file configures.
pub(super) fn codes(config: &Config, gateway: &Gateway, check: &mut Check<'_>) {
    let mapping = &config.mapping;
    let bills = mapping.billing.billable != Billable::Never
        || mapping.billing.rules.iter().any(|rule| rule.billable == Some(true));
    let mut needed = vec![Status::Planned, Status::InProgress, Status::Done, Status::Cancelled];
    needed.extend(mapping.status.0.values());
    if bills {
        needed.push(Status::ToBill);
    }
    needed.sort_unstable();
    needed.dedup();
    for status in needed.into_iter().filter(|status| *status != Status::Billed) {
        if !gateway.codes.status.contains_key(&status) {
            check.at(
                "gateway/codes/status",
                format!("[gateway.codes.status] has no number for {status}"),
                "`gestan-connector gateway probe` shows the numbers that this Gestan uses",
            );
        }
    }
    anomaly_codes(mapping, gateway, check);
    let mut seen = std::collections::BTreeMap::new();
    for (status, number) in &gateway.codes.status {
        if let Some(other) = seen.insert(number, status) {
            check.at(
                &format!("gateway/codes/status/{status}"),
                format!("{number} already stands for {other}"),
                "every status needs a number of its own, else it cannot be read back",
            );
        }
    }
    let genres: Vec<&str> = gateway.codes.genre.keys().map(String::as_str).collect();
    if let Some(genre) = &mapping.genre.default {
        name("mapping/genre/default", genre, &genres, "genre", check);
    }
    for (index, rule) in mapping.genre.rules.iter().enumerate() {
        name(&format!("mapping/genre/rules/{index}/genre"), &rule.genre, &genres, "genre", check);
    }
    for genre in mapping.billing.by_genre.keys() {
        name(&format!("mapping/billing/by_genre/{genre}"), genre, &genres, "genre", check);
    }
    let priorities: Vec<&str> = gateway.codes.priority.keys().map(String::as_str).collect();
    for (from, to) in &mapping.priority {
        name(&format!("mapping/priority/{from}"), to, &priorities, "priority", check);
    }
}

fn name(path: &str, name: &str, known: &[&str], list: &str, check: &mut Check<'_>) {
    if known.contains(&name) {
        return;
    }
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("add a line such as {name} = 1 to [gateway.codes.{list}]"),
    };
    check.at(path, format!("there is no {list} \"{name}\" in [gateway.codes.{list}]"), help);
}

/// The same for tickets that become anomalies.
fn anomaly_codes(mapping: &Mapping, gateway: &Gateway, check: &mut Check<'_>) {
    let wanted =
        mapping.mode.default == Mode::Anomalies || mapping.mode.rules.iter().any(|rule| rule.mode == Mode::Anomalies);
    if wanted {
        let needed: std::collections::BTreeSet<Status> = mapping
            .status
            .0
            .values()
            .chain(mapping.status_rules.iter().map(|rule| &rule.status))
            .map(|status| if *status == Status::ToBill { Status::Done } else { *status })
            .filter(|status| *status != Status::Billed)
            .collect();
        for status in needed.into_iter().filter(|status| !gateway.codes.anomaly_status.contains_key(status)) {
            check.at(
                "gateway/codes/anomaly_status",
                format!("[gateway.codes.anomaly_status] has no number for {status}"),
                "`gestan-connector gateway probe` shows the numbers that this Gestan uses",
            );
        }
    }
    let anomalies = &mapping.anomalies;
    let types: Vec<&str> = gateway.codes.anomaly_type.keys().map(String::as_str).collect();
    if let Some(kind) = &anomalies.default_type {
        name("mapping/anomalies/default_type", kind, &types, "anomaly_type", check);
    }
    for (index, rule) in anomalies.types.iter().enumerate() {
        name(&format!("mapping/anomalies/types/{index}/type"), &rule.kind, &types, "anomaly_type", check);
    }
    for (table, map, codes, list) in [
        ("priority", &anomalies.priority, &gateway.codes.anomaly_priority, "anomaly_priority"),
        ("criticality", &anomalies.criticality, &gateway.codes.criticality, "criticality"),
    ] {
        let known: Vec<&str> = codes.keys().map(String::as_str).collect();
        for (from, to) in map {
            name(&format!("mapping/anomalies/{table}/{from}"), to, &known, list, check);
        }
    }
}
