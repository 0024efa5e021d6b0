//! What `check --online` says of the names and numbers in the configuration: which of them nothing in the two
//! systems answers to. A rule with such a name never applies, and nobody would notice.

use super::Section;
use crate::config::{Condition, GestanKey, Mapping, Matching, When};
use crate::daemon::Site;
use crate::flows::PortError;
use crate::flows::tickets::Interventions as _;
use crate::gestsup::{Finding, Level, Names};
use crate::mapping::fold;
use std::collections::{BTreeMap, BTreeSet};

/// Names that are listed of one place.
const LISTED: usize = 8;

pub(super) async fn names(site: &Site) -> Section {
    let mapping = &site.config().mapping;
    let mut findings = match site.gestsup().names().await {
        Ok(known) => of_gestsup(mapping, &known),
        Err(error) => vec![Finding::new(Level::Error, error.to_string())],
    };
    match of_gestan(site, mapping).await {
        Ok(more) => findings.extend(more),
        Err(error) => findings.push(Finding::new(Level::Error, error.to_string())),
    }
    if findings.is_empty() {
        findings.push(Finding::new(Level::Ok, "every name in [mapping] is known to the system that it belongs to"));
    }
    Section { about: "Mapping", findings }
}

/// The conditions of all rules, with the table that each stands in.
fn rules(mapping: &Mapping) -> Vec<(&'static str, usize, &When)> {
    fn of<'m, R>(table: &'static str, rules: &'m [R], when: fn(&R) -> &When) -> Vec<(&'static str, usize, &'m When)> {
        rules.iter().enumerate().map(|(index, rule)| (table, index + 1, when(rule))).collect()
    }
    [
        of("mapping.mode", &mapping.mode.rules, |rule| &rule.when),
        of("mapping.status_rules", &mapping.status_rules, |rule| &rule.when),
        of("mapping.genre", &mapping.genre.rules, |rule| &rule.when),
        of("mapping.projects", &mapping.projects.rules, |rule| &rule.when),
        of("mapping.anomalies.types", &mapping.anomalies.types, |rule| &rule.when),
        of("mapping.billing", &mapping.billing.rules, |rule| &rule.when),
    ]
    .concat()
}

fn of_gestsup(mapping: &Mapping, known: &Names) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (table, number, when) in rules(mapping) {
        for (key, condition) in when.conditions() {
            let (Some(condition), Some(names)) = (condition, known.of(key)) else { continue };
            let missing: Vec<&str> = match condition {
                Condition::Pattern(_) if names.iter().any(|name| condition.holds(name)) => Vec::new(),
                Condition::Pattern(_) => vec!["a name of that form"],
                _ => {
                    let there = |value: &String| names.iter().any(|name| fold(name) == fold(value));
                    condition.values().iter().filter(|value| !there(value)).map(String::as_str).collect()
                }
            };
            if !missing.is_empty() {
                let text = format!(
                    "rule {number} of [{table}]: GestSup has no {key} {}, so it never applies to one",
                    quoted(missing.into_iter())
                );
                findings.push(Finding::new(Level::Warning, text));
            }
        }
    }
    let tables = [
        ("mapping.clients.table", "client", keys(&mapping.clients.table)),
        ("mapping.technicians.table", "technician", keys(&mapping.technicians.table)),
        ("mapping.equipment.table", "equipment", keys(&mapping.equipment.table)),
        ("mapping.projects.table", "project", keys(&mapping.projects.table)),
        ("mapping.priority", "priority", keys(&mapping.priority)),
        ("mapping.anomalies.priority", "priority", keys(&mapping.anomalies.priority)),
        ("mapping.anomalies.criticality", "criticality", keys(&mapping.anomalies.criticality)),
    ];
    for (table, key, listed) in tables {
        let Some(names) = known.of(key) else { continue };
        let there: BTreeSet<String> = names.iter().map(|name| fold(name)).collect();
        let missing: Vec<&str> = listed.into_iter().filter(|name| !there.contains(&fold(name))).collect();
        if !missing.is_empty() {
            let text = format!("[{table}]: GestSup has no {key} {}", quoted(missing.into_iter()));
            findings.push(Finding::new(Level::Warning, text));
        }
    }
    findings
}

fn keys<V>(table: &BTreeMap<String, V>) -> Vec<&str> {
    table.keys().map(String::as_str).collect()
}

async fn of_gestan(site: &Site, mapping: &Mapping) -> Result<Vec<Finding>, PortError> {
    let gestan = site.gestan();
    let mut findings = Vec::new();
    let mut missing = |table: &str, what: &str, missing: Vec<String>| {
        if !missing.is_empty() {
            let text = format!("[{table}]: Gestan has no {what} {}", quoted(missing.iter().map(String::as_str)));
            findings.push(Finding::new(Level::Error, text));
        }
    };
    let numbers = |table: &Matching, known: &BTreeSet<i64>| -> Vec<String> {
        let asked = table.table.values().filter_map(|key| match key {
            GestanKey::Number(number) => Some(*number),
            GestanKey::Code(code) => code.trim().parse().ok(),
        });
        asked.filter(|number| !known.contains(number)).map(|number| number.to_string()).collect()
    };
    if !mapping.clients.table.is_empty() {
        let known = gestan.clients().await?.iter().map(|client| client.id).collect();
        missing("mapping.clients.table", "client", numbers(&mapping.clients, &known));
    }
    if !mapping.equipment.table.is_empty() {
        let known = gestan.machines().await?.iter().map(|machine| machine.id).collect();
        missing("mapping.equipment.table", "machine", numbers(&mapping.equipment, &known));
    }
    let responsible = mapping.anomalies.responsible.iter().cloned();
    let codes = mapping.technicians.table.values().map(|key| match key {
        GestanKey::Code(code) => code.clone(),
        GestanKey::Number(number) => number.to_string(),
    });
    let codes: BTreeSet<String> = codes.chain(responsible).collect();
    if !codes.is_empty() {
        let known: BTreeSet<String> = gestan.users().await?.into_iter().map(|user| user.code).collect();
        missing("mapping.technicians.table", "user", codes.difference(&known).cloned().collect());
    }
    let products: BTreeSet<&str> = mapping.billing.products().collect();
    if !products.is_empty() {
        let catalogue = gestan.products().await?;
        let of = |code: &str| catalogue.iter().find(|product| product.code.eq_ignore_ascii_case(code));
        let none = products.iter().filter(|code| of(code).is_none());
        missing("mapping.billing", "product", none.map(|code| (*code).to_owned()).collect());
        let retired = products.iter().filter(|code| of(code).is_some_and(|product| product.out_of_catalogue));
        let retired: Vec<&str> = retired.copied().collect();
        if !retired.is_empty() {
            let text = format!(
                "[mapping.billing]: out of Gestan's catalogue, so that tickets that need it wait: {}",
                quoted(retired.into_iter())
            );
            findings.push(Finding::new(Level::Error, text));
        }
    }
    if mapping.billing.contracts {
        let contracts = gestan.contracts().await?.len();
        findings
            .push(Finding::new(Level::Ok, format!("[gateway.contracts] query finds {contracts} contracts that run")));
    }
    Ok(findings)
}

fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("“{name}”")).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
