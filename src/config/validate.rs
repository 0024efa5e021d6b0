//! What the model's types cannot say: values that contradict each other, names that do not exist,
//! rules that can never apply.

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::load::Role;
use super::validate_gateway::{door, gateway_values, is_loopback, served, unused};
use super::validate_mailbox::mail;
use super::validate_mapping::{codes, mapping};
use super::validate_notify::notify;
use super::validate_service::service;
use super::{Config, TextPolicy};
use crate::telemetry;

/// Collects findings with their places.
pub(super) struct Check<'a> {
    document: &'a Document<'a>,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    /// A finding at the value of a key.
    pub(super) fn at(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let parts: Vec<&str> = path.split('/').collect();
        let span = self.document.locate(&parts);
        self.found.push(Diagnostic::new(&path.replace('/', "."), span, message, help));
    }

    /// A finding at the name of a key.
    pub(super) fn at_key(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let parts: Vec<&str> = path.split('/').collect();
        let span = self.document.locate_key(&parts);
        self.found.push(Diagnostic::new(&path.replace('/', "."), span, message, help));
    }

    pub(super) fn at_least(&mut self, path: &str, value: u64, least: u64) {
        if value < least {
            self.at(
                path,
                format!("`{}` must be at least {least}", path.replace('/', ".")),
                format!("write {least} or more"),
            );
        }
    }
}

/// Everything that is wrong. Paths are written with `/`, since keys of mapping tables may hold dots.
pub(super) fn check(config: &Config, document: &Document<'_>, role: Role) -> Vec<Diagnostic> {
    let mut check = Check { document, found: Vec::new() };
    match role {
        Role::Daemon => daemon(config, &mut check),
        Role::Gateway | Role::Install => match &config.gateway {
            None => check.at(
                "gateway",
                "the table [gateway] is missing",
                "see connector.toml.example; the gateway needs no other table",
            ),
            Some(gateway) => {
                if role == Role::Gateway {
                    served(gateway, &mut check);
                }
            }
        },
    }
    if let Some(gateway) = &config.gateway {
        gateway_values(gateway, &mut check);
        if role != Role::Install {
            codes(config, gateway, &mut check);
        }
    }
    if !telemetry::is_level(&config.log.level) {
        check.at(
            "log/level",
            format!("\"{}\" is no log level", config.log.level),
            "write error, warn, info, debug or trace",
        );
    }
    check.found
}

fn daemon(config: &Config, check: &mut Check<'_>) {
    mail(&config.mail, check);
    match &config.gestsup {
        None => check.at("gestsup", "the table [gestsup] is missing", "see connector.toml.example"),
        Some(gestsup) => {
            let source_ok = (1..=20).contains(&gestsup.source.len())
                && gestsup.source.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !source_ok {
                check.at(
                    "gestsup/source",
                    format!("\"{}\" cannot name a source", gestsup.source),
                    "write 1 to 20 lower-case letters, digits or dashes",
                );
            }
            for (path, value) in [
                ("gestsup/host", &gestsup.host),
                ("gestsup/database", &gestsup.database),
                ("gestsup/user", &gestsup.user),
            ] {
                if value.trim().is_empty() {
                    check.at(path, format!("`{}` is empty", path.replace('/', ".")), "fill it in");
                }
            }
            check.at_least("gestsup/timeout_seconds", gestsup.timeout_seconds, 1);
        }
    }
    match &config.gestan {
        None => check.at(
            "gestan",
            "the table [gestan] is missing",
            "add [gestan] with gateway = \"embedded\" or the gateway's address",
        ),
        Some(gestan) if gestan.gateway == "embedded" => {
            if config.gateway.is_none() {
                check.at(
                    "gestan/gateway",
                    "the gateway is embedded, and the table [gateway] is missing",
                    "add [gateway] (see connector.toml.example), or write the address of a gateway beside Gestan",
                );
            }
        }
        Some(gestan) => {
            check.at_least("gestan/timeout_seconds", gestan.timeout_seconds, 1);
            door(gestan, check);
            match url::Url::parse(&gestan.gateway) {
                Ok(url) if url.scheme() == "https" && url.has_host() => {}
                Ok(url) if url.scheme() == "http" && is_loopback(&url) => {}
                Ok(url) if url.scheme() == "http" => {
                    check.at(
                        "gestan/gateway",
                        "a gateway on another machine must be reached by https",
                        "give the gateway a certificate ([gateway.tls]) and write https://…",
                    );
                }
                _ => check.at(
                    "gestan/gateway",
                    format!("\"{}\" is no gateway", gestan.gateway),
                    "write \"embedded\", or an address such as \"https://gestan.example.fr:8480\"",
                ),
            }
            if gestan.token.is_none() {
                check.at(
                    "gestan",
                    "`token` is missing in [gestan]",
                    "write the gateway's token, as in token = { file = \"/etc/gestan-connector/gateway-token\" }",
                );
            }
        }
    }
    service(config, check);
    tickets(config, check);
    follow_up(config, check);
    reference(config, check);
    notify(config, check);
    mapping(config, check);
    let documents = &config.documents;
    if documents.enabled && documents.folder.is_none() {
        check.at(
            "documents/enabled",
            "the files of tickets are to be sent, and it is not said where GestSup keeps them",
            "add folder = \"…/upload\", the folder beside GestSup's index.php",
        );
    }
    if !(1..=200).contains(&documents.max_mib) {
        check.at("documents/max_mib", "a file is sent whole: 1 to 200 MiB", "write a number from 1 to 200");
    }
}

/// The fields of each kind that `[reference.keep]` may name.
const KEPT: [(&str, &[&str]); 4] = [
    ("clients", &["name", "address", "zip", "city", "country", "siret", "vat", "comment", "disabled"]),
    (
        "contacts",
        &[
            "first_name",
            "last_name",
            "mail",
            "phone",
            "mobile",
            "function",
            "company",
            "address1",
            "address2",
            "zip",
            "city",
            "disabled",
        ],
    ),
    (
        "equipment",
        &["name", "serial", "internal", "type", "manufacturer", "model", "owner", "installed", "warranty", "disabled"],
    ),
    ("technicians", &["first_name", "last_name", "mail", "phone", "mobile", "function", "company", "disabled"]),
];

fn reference(config: &Config, check: &mut Check<'_>) {
    let reference = &config.reference;
    check.not_oftener("reference/schedule", &reference.schedule, 60);
    if reference.brake.percent > 100 {
        let message = format!("{} % is more than all of them", reference.brake.percent);
        check.at("reference/brake", message, "write a percentage from 0 to 100");
    }
    let keep = &reference.keep;
    let kept = [&keep.clients, &keep.contacts, &keep.equipment, &keep.technicians];
    for ((kind, known), named) in KEPT.into_iter().zip(kept) {
        for field in named.iter().filter(|field| !known.contains(&field.as_str())) {
            let message = format!("{kind} have no field “{field}”");
            check.at(&format!("reference/keep/{kind}"), message, format!("known here: {}", known.join(", ")));
        }
    }
    if (reference.contacts || reference.equipment) && !reference.clients && reference.enabled {
        check.at(
            "reference/clients",
            "contact persons and equipment belong to clients",
            "set clients = true, or contacts and equipment = false",
        );
    }
}

fn follow_up(config: &Config, check: &mut Check<'_>) {
    let follow_up = &config.follow_up;
    check.not_oftener("follow_up/schedule", &follow_up.schedule, 5);
    check.at_least("follow_up/full_every_seconds", follow_up.full_every_seconds, 60);
    if follow_up.brake.state.percent > 100 {
        let message = format!("{} % is more than all of them", follow_up.brake.state.percent);
        check.at("follow_up/brake/state", message, "write a percentage from 0 to 100");
    }
    if follow_up.documents != TextPolicy::Off && config.upload_folder().is_none() {
        check.at(
            "follow_up/documents",
            "documents of Gestan are to become files of tickets, and it is not said where GestSup keeps them",
            "add folder = \"…/upload\" to [documents], the folder beside GestSup's index.php",
        );
    }
    for (status, state) in &follow_up.states.0 {
        if *state < 1 {
            let message = format!("{state} is no GestSup state");
            check.at(&format!("follow_up/states/{status}"), message, "write the state's number, the id in tstates");
        }
    }
}

fn tickets(config: &Config, check: &mut Check<'_>) {
    let tickets = &config.tickets;
    check.not_oftener("tickets/schedule", &tickets.schedule, 5);
    check.at_least("tickets/full_every_seconds", tickets.full_every_seconds, 60);
    check.at_least("tickets/compare_every_seconds", tickets.compare_every_seconds, 60);
    check.at_least("tickets/full_slice", u64::try_from(tickets.full_slice).unwrap_or(u64::MAX), 1);
    check.at_least("tickets/attempts", tickets.attempts.into(), 1);
    let brake = &tickets.brake;
    for (name, limit) in [
        ("create", brake.create),
        ("close", brake.close),
        ("bill", brake.bill),
        ("cancel", brake.cancel),
        ("deleted", brake.deleted),
    ] {
        if limit.percent > 100 {
            check.at(
                &format!("tickets/brake/{name}"),
                format!("{} % is more than all of them", limit.percent),
                "write a percentage from 0 to 100",
            );
        }
    }
}

/// What is allowed and unwise.
pub(super) fn warnings(config: &Config, document: &Document<'_>) -> Vec<Diagnostic> {
    let mut check = Check { document, found: Vec::new() };
    if config.state.path.is_relative() {
        check.at(
            "state/path",
            format!(
                "the state's path {} depends on the folder that the command is run from",
                config.state.path.display()
            ),
            "write a whole path",
        );
    }
    if let Some(gateway) = &config.gateway {
        unused(&gateway.base, &mut check);
    }
    check.found
}
