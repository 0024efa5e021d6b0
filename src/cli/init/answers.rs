//! What was answered, by flags or by a person, and the configuration that it makes.

use crate::config::{BaseKind, Billable, BilledBy, MailSecurity, Mode, Secret};
use crate::model::{Status, TimeUnit};
use chrono_tz::Tz;
use clap::Args;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the product comes from that an intervention is billed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Product {
    /// One for all.
    Single,
    /// The genre of the intervention.
    Genre,
    /// The project's task.
    Task,
    /// The client's maintenance contract.
    Contract,
}

/// Answers; what is missing was not answered yet. An empty text is an answer: there is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Args)]
#[serde(default)]
pub(super) struct Answers {
    /// Which tickets are billable: flag (as ticked in GestSup), always or never.
    #[arg(long, value_name = "WHICH", value_parser = word::<Billable>, help_heading = "1. Billing")]
    pub(super) billable: Option<Billable>,
    /// What decides on the product that is billed: single (the same for all), genre, task or contract.
    #[arg(long, value_name = "WHAT", value_parser = word::<Product>, help_heading = "1. Billing")]
    pub(super) product_from: Option<Product>,
    /// Product code (CD_PRODUIT) where nothing else gives one; "" for none.
    #[arg(long, value_name = "CODE", help_heading = "1. Billing")]
    pub(super) product: Option<String>,
    /// What Gestan computes the price from: time_spent, hours or quantity.
    #[arg(long, value_name = "WHAT", value_parser = word::<BilledBy>, help_heading = "1. Billing")]
    pub(super) billed_by: Option<BilledBy>,
    /// What tickets become: interventions or anomalies.
    #[arg(long, value_name = "WHAT", value_parser = word::<Mode>, help_heading = "2. Interventions or anomalies")]
    pub(super) mode: Option<Mode>,
    /// Whether Gestan's clients, equipment, technicians and projects come into GestSup ([reference]): true or false.
    #[arg(long, value_name = "BOOL", help_heading = "2. Interventions or anomalies")]
    pub(super) reference: Option<bool>,
    /// Whether what Gestan's users do comes back to the tickets (the follow-up): true or false.
    #[arg(long, value_name = "BOOL", help_heading = "2. Interventions or anomalies")]
    pub(super) follow_up: Option<bool>,
    /// Unit of Gestan's general settings: minute, hour or day.
    #[arg(long, value_name = "UNIT", value_parser = word::<TimeUnit>, help_heading = "3. Time")]
    pub(super) unit: Option<TimeUnit>,
    /// Hours in a day, with --unit day.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=24), help_heading = "3. Time")]
    pub(super) hours_per_day: Option<u32>,
    /// GestSup's folder, where it is on this machine: its server and database are read from its connect.php. "" if it is elsewhere.
    #[arg(long, value_name = "FOLDER", help_heading = "4. GestSup")]
    pub(super) gestsup_folder: Option<String>,
    /// Address of GestSup's pages; "" for none.
    #[arg(long, value_name = "URL", help_heading = "4. GestSup")]
    pub(super) gestsup_url: Option<String>,
    /// Server of GestSup's database.
    #[arg(long, value_name = "HOST", help_heading = "4. GestSup")]
    pub(super) gestsup_host: Option<String>,
    /// Its port.
    #[arg(long, value_name = "PORT", help_heading = "4. GestSup")]
    pub(super) gestsup_port: Option<u16>,
    /// GestSup's database.
    #[arg(long, value_name = "NAME", help_heading = "4. GestSup")]
    pub(super) gestsup_database: Option<String>,
    /// The connector's account there.
    #[arg(long, value_name = "USER", help_heading = "4. GestSup")]
    pub(super) gestsup_user: Option<String>,
    /// File that holds its password.
    #[arg(long, value_name = "FILE", help_heading = "4. GestSup")]
    pub(super) gestsup_password_file: Option<PathBuf>,
    /// Time zone of both systems' dates, such as Europe/Paris.
    #[arg(long, value_name = "ZONE", help_heading = "4. GestSup")]
    pub(super) time_zone: Option<Tz>,
    /// Status of the tickets in a state of your own, as 7=waiting; may be repeated.
    #[arg(long, value_name = "STATE=STATUS", value_parser = state, help_heading = "4. GestSup")]
    pub(super) state: Vec<String>,
    /// How Gestan is reached: embedded (its base, from here), or the address of a gateway beside it.
    #[arg(long, value_name = "WHERE", help_heading = "4. Gestan")]
    pub(super) gateway: Option<String>,
    /// File that holds that gateway's token.
    #[arg(long, value_name = "FILE", help_heading = "4. Gestan")]
    pub(super) gateway_token_file: Option<PathBuf>,
    /// Certificate of the authority that signed that gateway's; "" for a public one.
    #[arg(long, value_name = "FILE", help_heading = "4. Gestan")]
    pub(super) gateway_ca_file: Option<String>,
    /// Kind of Gestan's base: mysql (a copy on a MySQL or MariaDB server), or hfsql (its own, over ODBC).
    #[arg(long, value_name = "KIND", value_parser = word::<BaseKind>, help_heading = "4. Gestan")]
    pub(super) gestan_kind: Option<BaseKind>,
    /// ODBC driver of an hfsql base: its name in odbcinst.ini, or its file.
    #[arg(long, value_name = "DRIVER", help_heading = "4. Gestan")]
    pub(super) gestan_driver: Option<String>,
    /// Data source of odbc.ini, in place of driver, server, port and database; "" for none.
    #[arg(long, value_name = "NAME", help_heading = "4. Gestan")]
    pub(super) gestan_dsn: Option<String>,
    /// What else the connection string of an hfsql base says, as IntegrityCheck=1; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "4. Gestan")]
    pub(super) gestan_option: Vec<String>,
    /// Whether the transactions of an hfsql base's driver are relied on: true or false. `gateway selftest --write` says so.
    #[arg(long, value_name = "BOOL", help_heading = "4. Gestan")]
    pub(super) gestan_transactions: Option<bool>,
    /// Server of Gestan's base.
    #[arg(long, value_name = "HOST", help_heading = "4. Gestan")]
    pub(super) gestan_host: Option<String>,
    /// Its port.
    #[arg(long, value_name = "PORT", help_heading = "4. Gestan")]
    pub(super) gestan_port: Option<u16>,
    /// Gestan's database.
    #[arg(long, value_name = "NAME", help_heading = "4. Gestan")]
    pub(super) gestan_database: Option<String>,
    /// The gateway's account there.
    #[arg(long, value_name = "USER", help_heading = "4. Gestan")]
    pub(super) gestan_user: Option<String>,
    /// File that holds its password.
    #[arg(long, value_name = "FILE", help_heading = "4. Gestan")]
    pub(super) gestan_password_file: Option<PathBuf>,
    /// Number behind a status of interventions, as planned=0; one for each of planned, in_progress, waiting, done, to_bill, billed and cancelled.
    #[arg(long, value_name = "STATUS=NUMBER", value_parser = status_code, help_heading = "4. Gestan")]
    pub(super) status: Vec<String>,
    /// Number behind a status of anomalies, as planned=0.
    #[arg(long, value_name = "STATUS=NUMBER", value_parser = status_code, help_heading = "4. Gestan")]
    pub(super) anomaly_status: Vec<String>,
    /// Name and number of a genre of interventions, as depannage=1; may be repeated.
    #[arg(long, value_name = "NAME=NUMBER", value_parser = code, help_heading = "4. Gestan")]
    pub(super) genre: Vec<String>,
    /// Genre of an intervention where no rule says another; "" for none.
    #[arg(long, value_name = "NAME", help_heading = "4. Gestan")]
    pub(super) default_genre: Option<String>,
    /// Product that a genre is billed as, as depannage=MO-DEPAN; may be repeated.
    #[arg(long, value_name = "GENRE=CODE", value_parser = pair, help_heading = "4. Gestan")]
    pub(super) genre_product: Vec<String>,
    /// IMAP server of the support mailbox; "" for none.
    #[arg(long, value_name = "HOST", help_heading = "4. Mailbox")]
    pub(super) mailbox: Option<String>,
    /// How its connection is encrypted: tls, starttls or none.
    #[arg(long, value_name = "HOW", value_parser = word::<MailSecurity>, help_heading = "4. Mailbox")]
    pub(super) mailbox_security: Option<MailSecurity>,
    /// Its port; by itself 993, or 143 without tls.
    #[arg(long, value_name = "PORT", help_heading = "4. Mailbox")]
    pub(super) mailbox_port: Option<u16>,
    /// Account of the mailbox.
    #[arg(long, value_name = "USER", help_heading = "4. Mailbox")]
    pub(super) mailbox_user: Option<String>,
    /// File that holds its password.
    #[arg(long, value_name = "FILE", help_heading = "4. Mailbox")]
    pub(super) mailbox_password_file: Option<PathBuf>,
    /// Certificate of the authority that signed its server's, where that is not a public one; "" for a public one.
    #[arg(long, value_name = "FILE", help_heading = "4. Mailbox")]
    pub(super) mailbox_ca_file: Option<String>,
    /// GestSup's folder of uploaded files, as seen from here; "" for none.
    #[arg(long, value_name = "FOLDER", help_heading = "4. Mailbox")]
    pub(super) upload_folder: Option<String>,
    /// Whether people are told by mail what becomes of their tickets (notifications): true or false.
    #[arg(long, value_name = "BOOL", help_heading = "4. Notifications")]
    pub(super) notify: Option<bool>,
    /// Sender of these mails, as in "Support <support@example.fr>".
    #[arg(long, value_name = "ADDRESS", value_parser = sender, help_heading = "4. Notifications")]
    pub(super) notify_from: Option<String>,
    /// SMTP server that they are sent through.
    #[arg(long, value_name = "HOST", help_heading = "4. Notifications")]
    pub(super) smtp: Option<String>,
    /// How its connection is encrypted: tls, starttls or none.
    #[arg(long, value_name = "HOW", value_parser = word::<MailSecurity>, help_heading = "4. Notifications")]
    pub(super) smtp_security: Option<MailSecurity>,
    /// Its port; by itself 465, 587 with starttls, or 25 with none.
    #[arg(long, value_name = "PORT", help_heading = "4. Notifications")]
    pub(super) smtp_port: Option<u16>,
    /// Account there; "" where the server wants none.
    #[arg(long, value_name = "USER", help_heading = "4. Notifications")]
    pub(super) smtp_user: Option<String>,
    /// File that holds its password.
    #[arg(long, value_name = "FILE", help_heading = "4. Notifications")]
    pub(super) smtp_password_file: Option<PathBuf>,
    /// Certificate of the authority that signed its server's, where that is not a public one; "" for a public one.
    #[arg(long, value_name = "FILE", help_heading = "4. Notifications")]
    pub(super) smtp_ca_file: Option<String>,
    /// From when on closed tickets are sent: today, a date such as 2026-01-31, or all.
    #[arg(long, value_name = "DAY", value_parser = start, help_heading = "The start")]
    pub(super) start_at: Option<String>,
    /// Whether to begin in shadow mode (nothing is written to Gestan): true or false.
    #[arg(long, value_name = "BOOL", help_heading = "The start")]
    pub(super) shadow: Option<bool>,
    /// The state's file, if not in /var/lib/gestan-connector.
    #[arg(long, value_name = "FILE", help_heading = "The start")]
    pub(super) state_file: Option<PathBuf>,
    /// Passwords that were typed, by the file that they will be in; they are kept nowhere else.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) typed: BTreeMap<PathBuf, Typed>,
}

/// A password that was typed.
#[derive(Debug, Clone)]
pub(super) struct Typed(pub(super) SecretString);

/// A word of the configuration as a value of a flag.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(json!(text.replace('-', "_"))).map_err(|error| {
        // “unknown variant `x`, expected `a` or `b`”: what is expected is what helps.
        let error = error.to_string();
        error.split_once("expected ").map_or(error.clone(), |(_, expected)| format!("write {expected}"))
    })
}

fn pair(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(text.to_owned()),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn code(text: &str) -> Result<String, String> {
    let number = pair(text)?.split_once('=').and_then(|(_, number)| number.parse::<i64>().ok());
    number.map(|_| text.to_owned()).ok_or_else(|| "a number must stand after =".to_owned())
}

fn status_code(text: &str) -> Result<String, String> {
    let text = code(text)?;
    let name = text.split('=').next().unwrap_or_default();
    match Status::from_name(name) {
        Some(_) => Ok(text),
        None => Err(format!("“{name}” is none of {}", Status::ALL.map(Status::as_str).join(", "))),
    }
}

fn state(text: &str) -> Result<String, String> {
    let text = pair(text)?;
    let (number, status) = text.split_once('=').unwrap_or_default();
    let known = number.parse::<i64>().is_ok() && Status::from_name(status).is_some();
    known.then_some(text).ok_or_else(|| "write a state's number, =, and a status, as in 7=waiting".to_owned())
}

/// A mail address, with or without a name.
pub(super) fn sender(text: &str) -> Result<String, String> {
    match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write support@example.fr, or Support <support@example.fr>".to_owned()),
    }
}

/// `today`, `all` or a date.
pub(super) fn start(text: &str) -> Result<String, String> {
    let known = text == "today" || text == "all" || text.parse::<chrono::NaiveDate>().is_ok();
    known.then(|| text.to_owned()).ok_or_else(|| "write today, all, or a date such as 2026-01-31".to_owned())
}

/// The pairs of a list of `name=value`.
pub(super) fn pairs(list: &[String]) -> BTreeMap<String, String> {
    list.iter()
        .filter_map(|text| text.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Numbers by name.
pub(super) fn numbers(list: &[String]) -> BTreeMap<String, i64> {
    pairs(list).into_iter().filter_map(|(name, number)| Some((name, number.parse().ok()?))).collect()
}

/// What was given, unless that is the answer that there is none.
pub(super) fn some(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.trim().is_empty())
}

impl Answers {
    /// These answers, and for what they do not answer, others.
    pub(super) fn or(self, others: Self) -> anyhow::Result<Self> {
        let (mut all, own) = (serde_json::to_value(others)?, serde_json::to_value(&self)?);
        if let (Json::Object(all), Json::Object(own)) = (&mut all, own) {
            let given = |value: &Json| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
            all.extend(own.into_iter().filter(|(_, value)| given(value)));
        }
        Ok(Self { typed: self.typed, ..serde_json::from_value(all)? })
    }

    /// Whether the gateway is part of the daemon.
    pub(super) fn is_embedded(&self) -> bool {
        self.gateway.as_deref() == Some("embedded")
    }

    /// Whether Gestan's base is HFSQL, reached from here.
    pub(super) fn is_hfsql(&self) -> bool {
        self.is_embedded() && self.gestan_kind == Some(BaseKind::Hfsql)
    }

    /// Whether a data source says where the base is.
    pub(super) fn has_dsn(&self) -> bool {
        some(self.gestan_dsn.as_ref()).is_some()
    }

    /// The port that a base of that kind listens on.
    pub(super) fn usual_port(&self) -> u16 {
        if self.is_hfsql() { 4900 } else { 3306 }
    }

    /// Whether there is a mailbox.
    pub(super) fn has_mailbox(&self) -> bool {
        some(self.mailbox.as_ref()).is_some()
    }

    /// Whether people are told by mail.
    pub(super) fn notifies(&self) -> bool {
        self.notify == Some(true)
    }

    /// Whether the server that mails are sent through wants an account.
    pub(super) fn has_smtp_account(&self) -> bool {
        self.notifies() && some(self.smtp_user.as_ref()).is_some()
    }

    /// A password that was typed, for the file that it will be in.
    pub(super) fn type_in(&mut self, file: PathBuf, text: SecretString) {
        self.typed.insert(file, Typed(text));
    }

    /// Whether a password can be had: typed just now, or in its file.
    pub(super) fn has_secret(&self, file: Option<&PathBuf>) -> bool {
        file.is_some_and(|file| self.typed.contains_key(file) || Secret::File { file: file.clone() }.resolve().is_ok())
    }
}

/// A server with its port, as it is shown.
pub(super) fn with_port(host: Option<&String>, port: Option<u16>) -> Option<String> {
    let host = some(host)?;
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// A server, and the port that stands behind it.
pub(super) fn without_port(text: &str) -> (String, Option<u16>) {
    match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        // What has more colons is an address of its own.
        Some((host, Ok(port))) if !host.contains(':') => (host.to_owned(), Some(port)),
        _ => (text.to_owned(), None),
    }
}

/// The file of the answers of a set-up that was interrupted.
pub(super) fn kept_in(config: &Path) -> PathBuf {
    config.with_extension("init.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_written_with_its_port_and_shown_so_when_it_is_asked_for_again() {
        let of = without_port;
        assert_eq!(of("imap.exemple.fr:1993"), ("imap.exemple.fr".to_owned(), Some(1993)));
        assert_eq!(of("imap.exemple.fr"), ("imap.exemple.fr".to_owned(), None));
        assert_eq!(of("::1"), ("::1".to_owned(), None));
        assert_eq!(of(""), (String::new(), None));
        assert_eq!(with_port(Some(&"a".to_owned()), Some(14)).as_deref(), Some("a:14"));
        assert_eq!(with_port(Some(&String::new()), Some(14)), None);
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        assert!(sender("Support du Val <support@val.example>").is_ok() && sender("support@val.example").is_ok());
        assert!(sender("support").is_err() && sender("").is_err());
    }
}
