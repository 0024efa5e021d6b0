//! What the model's types cannot say: values that contradict each other, names that do not exist,
//! rules that can never apply.

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::load::Role;
use super::schema::nearest;
use super::{Billable, Config, Gateway, Unmatched, When};
use crate::mapping::{PLACEHOLDERS_HEAD, PLACEHOLDERS_HEADING, PLACEHOLDERS_TITLE};
use crate::model::Status;
use crate::telemetry;

/// Collects findings with their places.
struct Check<'a> {
    document: &'a Document<'a>,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    /// A finding at the value of a key.
    fn at(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let parts: Vec<&str> = path.split('/').collect();
        let span = self.document.locate(&parts);
        self.found.push(Diagnostic::new(&path.replace('/', "."), span, message, help));
    }

    /// A finding at the name of a key.
    fn at_key(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let parts: Vec<&str> = path.split('/').collect();
        let span = self.document.locate_key(&parts);
        self.found.push(Diagnostic::new(&path.replace('/', "."), span, message, help));
    }

    fn at_least(&mut self, path: &str, value: u64, least: u64) {
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
    tickets(config, check);
    mapping(config, check);
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn tickets(config: &Config, check: &mut Check<'_>) {
    let tickets = &config.tickets;
    check.at_least("tickets/every_seconds", tickets.every_seconds, 5);
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

fn mapping(config: &Config, check: &mut Check<'_>) {
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
    catch_all("mapping/genre/rules", mapping.genre.rules.iter().map(|rule| &rule.when), check);
    let deciding = mapping.billing.rules.iter().filter(|rule| rule.billable.is_some() && rule.product.is_some());
    if deciding.clone().count() == mapping.billing.rules.len() {
        catch_all("mapping/billing/rules", deciding.map(|rule| &rule.when), check);
    }
    for (index, rule) in mapping.billing.rules.iter().enumerate() {
        if rule.billable.is_none() && rule.product.is_none() {
            check.at(
                &format!("mapping/billing/rules/{index}"),
                "this rule decides nothing",
                "add billable = true or false, or product = \"…\"",
            );
        }
    }
}

/// A rule without a condition always applies: what follows it never does.
fn catch_all<'w>(path: &str, rules: impl Iterator<Item = &'w When>, check: &mut Check<'_>) {
    let rules: Vec<&When> = rules.collect();
    let Some(first) = rules.iter().position(|when| **when == When::default()) else { return };
    if first + 1 < rules.len() {
        check.at(
            &format!("{path}/{}", first + 1),
            "this rule can never apply: the one before it has no condition",
            "move the rule without condition to the end",
        );
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

fn served(gateway: &Gateway, check: &mut Check<'_>) {
    if gateway.token.is_none() {
        check.at("gateway", "`token` is missing in [gateway]", "choose one of at least 24 characters, for example with `openssl rand -hex 24`, and write token = { file = \"…\" }");
    }
    if let Some(super::Secret::Inline(token)) = &gateway.token
        && token.chars().count() < 24
    {
        check.at(
            "gateway/token",
            "the token is too short to be safe",
            "choose one of at least 24 characters, for example with `openssl rand -hex 24`",
        );
    }
    if !gateway.listen.ip().is_loopback() && gateway.tls.is_none() {
        check.at(
            "gateway/listen",
            format!("{} can be reached from other machines, and there is no certificate", gateway.listen),
            "add [gateway.tls] with certificate and key, or listen on 127.0.0.1",
        );
    }
}

fn gateway_values(gateway: &Gateway, check: &mut Check<'_>) {
    let code = &gateway.user_code;
    if !(1..=3).contains(&code.len()) || !code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        check.at(
            "gateway/user_code",
            format!("\"{code}\" is no user code of Gestan"),
            "write at most 3 capital letters or digits, such as \"GSC\"",
        );
    }
    let prefix = gateway.extension_prefix.as_bytes();
    if !matches!(prefix, [b'Z', b'0'..=b'9', b'0'..=b'9', b'_']) {
        check.at(
            "gateway/extension_prefix",
            format!("\"{}\" is no prefix for tables of an extension", gateway.extension_prefix),
            "write a Z, two digits and an underscore, such as \"Z90_\"",
        );
    }
    check.at_least("gateway/base/timeout_seconds", gateway.base.timeout_seconds, 1);
    check.at_least("gateway/max_body_kib", gateway.max_body_kib.into(), 64);
}

/// Names that the mapping uses must have a number in the gateway that this file configures.
fn codes(config: &Config, gateway: &Gateway, check: &mut Check<'_>) {
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
    check.found
}
