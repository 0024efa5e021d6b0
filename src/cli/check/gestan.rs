//! What `check --online` says of Gestan and its gateway.

use super::Section;
use crate::config::{BilledBy, Mapping, Mode};
use crate::daemon::Site;
use crate::gestan::contract::Capabilities;
use crate::gestsup::{Finding, Level};
use crate::model::Field;

pub(super) async fn gestan(site: &Site) -> Section {
    let capabilities = match site.gestan().capabilities().await {
        Ok(capabilities) => capabilities,
        Err(error) => {
            return Section { about: "Gestan", findings: vec![Finding::new(Level::Error, error.to_string())] };
        }
    };
    let mut findings = vec![Finding::new(
        Level::Ok,
        format!(
            "gateway {} answers, base {}, zone {}",
            site.gestan().place(),
            capabilities.base,
            capabilities.time_zone
        ),
    )];
    if !capabilities.blocking.is_empty() {
        let text = format!(
            "Gestan's base lacks {}: without them no intervention can be written; is [gateway.base] the right database?",
            capabilities.blocking.join(", ")
        );
        findings.push(Finding::new(Level::Error, text));
    }
    let optional: Vec<&str> =
        capabilities.missing.iter().filter(|name| !capabilities.blocking.contains(name)).map(String::as_str).collect();
    if !optional.is_empty() {
        let text = format!("Gestan's base lacks {}: what needs them is left out", optional.join(", "));
        findings.push(Finding::new(Level::Warning, text));
    }
    if !capabilities.extension_installed {
        let text = "the tables of the links are missing: run `gestan-connector gateway install` beside Gestan";
        findings.push(Finding::new(Level::Error, text));
    }
    // Where no ticket becomes an anomaly, their statuses need no number.
    let anomalies = makes_anomalies(&site.config().mapping);
    let needed = |code: &&String| anomalies || !code.starts_with("anomaly_status.");
    for code in capabilities.missing_codes.iter().filter(needed) {
        let text =
            format!("[gateway.codes] has no number for {code}: `gestan-connector gateway probe` shows the ones in use");
        findings.push(Finding::new(Level::Error, text));
    }
    findings.extend(codes(&site.config().mapping, &capabilities));
    findings.extend(abilities(&site.config().mapping, &capabilities));
    Section { about: "Gestan", findings }
}

/// Names that the mapping uses and that the gateway has no number for.
fn codes(mapping: &Mapping, capabilities: &Capabilities) -> Vec<Finding> {
    let known = |list: &str, name: &str| {
        capabilities.codes.get(list).is_some_and(|names| names.iter().any(|known| known == name))
    };
    let genres = mapping.genre.default.iter().chain(mapping.genre.rules.iter().map(|rule| &rule.genre));
    let anomalies = &mapping.anomalies;
    let types = anomalies.default_type.iter().chain(anomalies.types.iter().map(|rule| &rule.kind));
    let of_list = |list: &'static str| move |name| (list, name);
    let named = genres
        .map(of_list("genre"))
        .chain(mapping.priority.values().map(of_list("priority")))
        .chain(types.map(of_list("anomaly_type")))
        .chain(anomalies.priority.values().map(of_list("anomaly_priority")))
        .chain(anomalies.criticality.values().map(of_list("criticality")));
    let missing: std::collections::BTreeSet<(&str, &String)> =
        named.filter(|(list, name)| !known(list, name)).collect();
    let sentence = |(list, name): (&str, &String)| {
        let text = format!("the gateway knows no {list} “{name}”: add it to [gateway.codes.{list}] over there");
        Finding::new(Level::Error, text)
    };
    missing.into_iter().map(sentence).collect()
}

fn makes_anomalies(mapping: &Mapping) -> bool {
    let rules = mapping.mode.rules.iter().map(|rule| rule.mode);
    rules.chain([mapping.mode.default]).any(|mode| mode == Mode::Anomalies)
}

/// What the configuration asks of this Gestan and it cannot do.
fn abilities(mapping: &Mapping, capabilities: &Capabilities) -> Vec<Finding> {
    let anomalies = makes_anomalies(mapping);
    let has = |field: Field| capabilities.fields.contains(&field);
    let asked = [
        (
            anomalies && capabilities.anomaly_fields.is_empty(),
            "[mapping.mode] makes anomalies of some tickets, and Gestan's base has no table ANOMALIE: those tickets wait",
        ),
        (
            mapping.billing.contracts && !capabilities.contracts,
            "[mapping.billing] contracts = true needs [gateway.contracts] query beside Gestan",
        ),
        (
            mapping.billing.by == BilledBy::Quantity && !has(Field::Quantity),
            "[mapping.billing] by = \"quantity\" needs [gateway] quantity_column beside Gestan",
        ),
        (
            mapping.time.to_conso && !capabilities.consos,
            "[mapping.time] to_conso = true needs the table CONSO, which Gestan's base does not have",
        ),
        (
            mapping.survey && !has(Field::Satisfaction),
            "[mapping] survey = true needs Z83_INTERVENTION.SATISFACTION_CLIENT, which Gestan's base does not have",
        ),
    ];
    asked.into_iter().filter(|(lacks, _)| *lacks).map(|(_, text)| Finding::new(Level::Error, text)).collect()
}
