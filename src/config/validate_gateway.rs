//! `[gateway]`: how the base is reached, who may call and from where, and the names in it; and the door for a gateway that
//! dials in.

use super::validate::Check;
use super::{BaseKind, Gateway, GatewayDocuments, Gestan, GestanBase, Secret};

/// What cannot work.
fn base(base: &GestanBase, check: &mut Check<'_>) {
    check.at_least("gateway/base/timeout_seconds", base.timeout_seconds, 1);
    if base.kind == BaseKind::Hfsql && cfg!(not(feature = "hfsql")) {
        check.at(
            "gateway/base/kind",
            "this program was built without ODBC, by which an HFSQL base is reached",
            "take the program that was built with it: cargo build --release --features hfsql",
        );
    }
    for key in base.options.keys() {
        if key.contains([';', '=', '{', '}', '\0']) || key.trim() != key || key.is_empty() {
            check.at(
                "gateway/base/options",
                format!("\"{key}\" cannot be a key of a connection string"),
                "write the name of a key that the driver knows",
            );
        }
    }
}

/// What says nothing to this kind of base.
pub(super) fn unused(base: &GestanBase, check: &mut Check<'_>) {
    let odbc = [("gateway/base/driver", base.driver.is_some()), ("gateway/base/dsn", base.dsn.is_some())];
    for (path, is_set) in odbc.into_iter().filter(|_| base.kind == BaseKind::Mysql) {
        if is_set {
            check.at(
                path,
                "this is for an ODBC driver, and the base is one of MySQL",
                "write kind = \"hfsql\" in [gateway.base], or leave it out",
            );
        }
    }
}

/// Of a gateway that serves a daemon elsewhere.
pub(super) fn served(gateway: &Gateway, check: &mut Check<'_>) {
    if gateway.token.is_none() {
        check.at("gateway", "`token` is missing in [gateway]", "choose one of at least 24 characters, for example with `openssl rand -hex 24`, and write token = { file = \"…\" }");
    }
    if let Some(Secret::Inline(token)) = &gateway.token
        && token.chars().count() < 24
    {
        check.at(
            "gateway/token",
            "the token is too short to be safe",
            "choose one of at least 24 characters, for example with `openssl rand -hex 24`",
        );
    }
    if let Some(dial) = &gateway.dial {
        let is_safe = dial.url.scheme() == "https" || (dial.url.scheme() == "http" && is_loopback(&dial.url));
        if !is_safe {
            check.at(
                "gateway/dial/url",
                format!("{} would carry the token and people's data in the clear", dial.url),
                "write an address that begins with https://, where [gestan.door.tls] or a proxy has a certificate",
            );
        }
    } else if !gateway.listen.ip().is_loopback() && gateway.tls.is_none() {
        check.at(
            "gateway/listen",
            format!("{} can be reached from other machines, and there is no certificate", gateway.listen),
            "add [gateway.tls] with certificate and key, or listen on 127.0.0.1",
        );
    }
}

/// Of a gateway, wherever it runs.
pub(super) fn gateway_values(gateway: &Gateway, check: &mut Check<'_>) {
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
    base(&gateway.base, check);
    check.at_least("gateway/max_body_kib", gateway.max_body_kib.into(), 64);
    if gateway.quantity_column.as_ref().is_some_and(|column| !is_column(column)) {
        check.at(
            "gateway/quantity_column",
            "this cannot be the name of a column",
            "write the name of a column of INTERVENTION, such as \"USDEF_NUM\"",
        );
    }
    let mut letters = vec![
        ("gateway/anomalies/machine", &gateway.anomalies.machine),
        ("gateway/anomalies/contact", &gateway.anomalies.contact),
    ];
    letters.extend(gateway.documents.iter().map(|documents| ("gateway/documents/anomaly", &documents.anomaly)));
    for (path, letters) in letters {
        if !(1..=3).contains(&letters.len()) || !letters.chars().all(|c| c.is_ascii_uppercase()) {
            check.at(
                path,
                format!("\"{letters}\" cannot stand before a number in TRGCIBLE"),
                "write 1 to 3 capital letters; `gestan-connector gateway probe` shows the ones in use",
            );
        }
    }
    if gateway.anomalies.machine == gateway.anomalies.contact {
        check.at(
            "gateway/anomalies",
            format!("machines and contacts are both told by \"{}\"", gateway.anomalies.machine),
            "write different letters: an anomaly could not be read back",
        );
    }
    let mut seen = std::collections::BTreeMap::new();
    for (status, number) in &gateway.codes.anomaly_status {
        if let Some(other) = seen.insert(number, status) {
            check.at(
                &format!("gateway/codes/anomaly_status/{status}"),
                format!("{number} already stands for {other}"),
                "every status needs a number of its own, else it cannot be read back",
            );
        }
    }
    if let Some(documents) = &gateway.documents {
        stored(documents, check);
    }
    if let Some(contracts) = &gateway.contracts {
        let query = contracts.query.trim().trim_end_matches(';');
        let begins = query.split_whitespace().next().unwrap_or_default().to_uppercase();
        if begins != "SELECT" || query.contains(';') {
            check.at(
                "gateway/contracts/query",
                "this is not one SELECT",
                "write one statement that begins with SELECT and has columns named number and client",
            );
        }
    }
}

fn is_column(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn stored(documents: &GatewayDocuments, check: &mut Check<'_>) {
    if !documents.folder.is_absolute() {
        check.at(
            "gateway/documents/folder",
            "the folder depends on where the gateway is run from",
            "write a whole path, such as \"/mnt/gestan/DOCUMENTS\"",
        );
    }
    if !(1..=1024).contains(&documents.max_mib) {
        check.at("gateway/documents/max_mib", "a document has 1 to 1024 MiB", "write a number from 1 to 1024");
    }
    for (index, extension) in documents.extensions.iter().enumerate() {
        let letters = extension.trim_start_matches('.');
        if letters.is_empty() || !letters.chars().all(|c| c.is_ascii_alphanumeric()) {
            check.at(
                &format!("gateway/documents/extensions/{index}"),
                format!("\"{extension}\" is no extension"),
                "write letters and digits only, such as \"pdf\"",
            );
        }
    }
}

/// Of the door for a gateway that dials in.
pub(super) fn door(gestan: &Gestan, check: &mut Check<'_>) {
    let Some(door) = &gestan.door else { return };
    let inside = url::Url::parse(&gestan.gateway).ok();
    if !inside.is_some_and(|url| url.scheme() == "http" && is_loopback(&url)) {
        check.at(
            "gestan/gateway",
            "with [gestan.door] the service itself passes requests on to the gateway, from an address of this machine",
            "write for example gateway = \"http://127.0.0.1:8480\"",
        );
    }
    if gestan.token.is_none() {
        check.at(
            "gestan",
            "`token` is missing in [gestan]: whoever knows the door could come in",
            "write the token that is in [gateway] beside Gestan",
        );
    }
    if !door.listen.ip().is_loopback() && door.tls.is_none() {
        check.at(
            "gestan/door/listen",
            format!("{} can be reached from other machines, and there is no certificate", door.listen),
            "add [gestan.door.tls] with certificate and key, or listen on 127.0.0.1 behind a proxy that has them",
        );
    }
}

/// Whether it is an address of this machine.
pub(super) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
