//! The tables and keys of `connector.toml`. Their documentation is what an operator reads in
//! `connector.toml.example`, so it is written for one.

mod billing;
mod documents;
mod follow_up;
mod gateway;
mod mail;
mod mailbox;
mod mapping;
mod notify;
mod reference;
mod rules;
mod schedule;
mod service;

pub use billing::*;
pub use documents::*;
pub use follow_up::*;
pub use gateway::*;
pub use mail::*;
pub use mailbox::*;
pub use mapping::*;
pub use notify::*;
pub use reference::*;
pub use rules::*;
pub use schedule::*;
pub use service::*;

use super::Secret;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Configuration of gestan-connector.
///
/// The daemon (`run`, `sync`, …) reads every table; a gateway that runs on a machine of its own needs
/// `[gateway]` and `[log]` only.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The GestSup base: where tickets come from. The account needs no more than SELECT.
    pub gestsup: Option<Gestsup>,
    /// How the daemon reaches Gestan: always through a gateway.
    pub gestan: Option<Gestan>,
    /// The gateway beside Gestan: the only part that knows Gestan's tables and numeric codes.
    pub gateway: Option<Gateway>,
    /// The daemon's own memory: what was linked, what was last agreed, what failed.
    pub state: State,
    /// The log.
    pub log: Log,
    /// The service (`run`).
    pub service: Service,
    /// The tickets flow: which tickets are taken, how often, and how much one pass may change.
    pub tickets: Tickets,
    /// Files of tickets, which become documents in Gestan.
    pub documents: Documents,
    /// The follow-up flow: what Gestan's users do shows in GestSup. Off unless `enabled` is set.
    pub follow_up: FollowUp,
    /// The reference flow: Gestan's clients, contact persons, equipment and users show in GestSup. Off unless `enabled` is set.
    pub reference: Reference,
    /// The mail flow: mails of the support mailboxes become tickets and replies. Off unless `enabled` is set.
    pub mail: MailFlow,
    /// The notify flow: mails to people when tickets change. Off unless `enabled` is set.
    pub notify: Notify,
    /// How GestSup's values become Gestan's.
    pub mapping: Mapping,
}

impl Config {
    /// Whether nothing is to be written to Gestan (`[gestan] shadow`).
    pub fn is_shadow(&self) -> bool {
        self.gestan.as_ref().is_some_and(|gestan| gestan.shadow)
    }

    /// GestSup's folder of uploaded files, where files of mails are put.
    pub fn upload_folder(&self) -> Option<PathBuf> {
        self.mail.attachments.folder.clone().or_else(|| self.documents.folder.clone())
    }

    /// The socket of the running service.
    pub fn socket(&self) -> PathBuf {
        self.service.socket.clone().unwrap_or_else(|| self.state.path.with_file_name("service.sock"))
    }

    /// The state's file; shadow mode has one of its own, so that nothing that was not done is remembered
    /// as done.
    pub fn state_file(&self) -> PathBuf {
        if self.is_shadow() { self.state.path.with_extension("shadow.db") } else { self.state.path.clone() }
    }
}

/// Whether a connection to a database server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseTls {
    /// Never: for a server on this machine or behind a tunnel.
    Off,
    /// When the server offers it.
    #[default]
    Preferred,
    /// Always, and the server's certificate must be valid.
    Required,
}

/// `[gestsup]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gestsup {
    /// Host name or address of the MySQL/MariaDB server of GestSup. Write 127.0.0.1 rather than localhost.
    #[schemars(example = &"127.0.0.1")]
    pub host: String,
    /// TCP port of that server.
    #[serde(default = "default_mysql_port")]
    pub port: u16,
    /// Name of GestSup's database (`$db_name` in GestSup's connect.php).
    #[schemars(example = &"bsup")]
    pub database: String,
    /// Account of the connector. Give it one of its own: GRANT SELECT ON bsup.* TO 'connector'@'…'.
    #[schemars(example = &"connector")]
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Encryption of the connection.
    #[serde(default)]
    pub tls: DatabaseTls,
    /// Time zone of the dates in GestSup's base, which carry none: the zone of its PHP (date.timezone), or the one set in GestSup's parameters.
    #[schemars(with = "String", example = &"Europe/Paris")]
    pub time_zone: Tz,
    /// Address of GestSup's pages; tickets are linked from Gestan when it is given.
    #[schemars(example = &"https://support.example.fr")]
    #[serde(default)]
    pub url: Option<url::Url>,
    /// Short name of this GestSup, part of every link's key in Gestan. Never change it once tickets were sent.
    #[serde(default = "default_source")]
    pub source: String,
    /// Seconds that one statement may take.
    #[serde(default = "default_gestsup_timeout")]
    pub timeout_seconds: u64,
}

/// `[gestan]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gestan {
    /// "embedded": the gateway of this same file, inside the daemon, without a port; or the address of a gateway that runs beside Gestan.
    #[serde(default = "default_gateway")]
    #[schemars(example = &"https://gestan.example.fr:8480")]
    pub gateway: String,
    /// The gateway's token (`[gateway] token` over there). Not needed when it is embedded.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Certificate (PEM) of the authority that signed the gateway's certificate, when it is not a public one.
    #[serde(default)]
    #[schemars(example = &"/etc/gestan-connector/gateway-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Seconds that one request may take.
    #[serde(default = "default_gestan_timeout")]
    pub timeout_seconds: u64,
    /// Shadow mode, for the first week: everything is planned, journaled and shown, and nothing is written to Gestan. `gestan-connector reconcile` then compares it with what people do by hand.
    #[serde(default)]
    pub shadow: bool,
    /// Where a gateway is let in that dials out of its office; without this table none is.
    #[serde(default)]
    pub door: Option<Door>,
}

/// `[gestan.door]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// Address and port where the gateway dials in (`[gateway.dial] url` over there). Elsewhere than on loopback, `tls` must be set. `[gestan] gateway` is then an address of this machine, such as http://127.0.0.1:8480, at which the service itself passes requests on.
    #[schemars(example = &"0.0.0.0:8490")]
    pub listen: std::net::SocketAddr,
    /// Certificate and key of this address; not needed behind a proxy on this machine.
    #[serde(default)]
    pub tls: Option<GatewayTls>,
}

/// `[state]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// The state's SQLite file. Back it up with `gestan-connector state backup FILE`, never by copying a file in use.
    pub path: PathBuf,
    /// Days that the journal goes back, and that senders and subjects of mails are remembered; the service forgets what is older once a day.
    pub journal_days: u32,
}

impl Default for State {
    fn default() -> Self {
        let path = match cfg!(windows) {
            true => r"C:\ProgramData\gestan-connector\state.db",
            false => "/var/lib/gestan-connector/state.db",
        };
        Self { path: PathBuf::from(path), journal_days: 730 }
    }
}

/// Format of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// A line of text per event.
    #[default]
    Text,
    /// A JSON object per event.
    Json,
    /// Into systemd's journal, with fields of their own: `journalctl TICKET=123`, `journalctl FLOW=tickets`.
    Journald,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// error, warn, info, debug or trace, optionally per part: "info,gestan_connector::gateway=debug". At trace level the log may hold people's data.
    pub level: String,
    /// Format of the log.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// `[tickets]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tickets {
    /// When `run` makes a pass: "every 2 min", or a cron expression in the zone of `[service]`, as in "*/5 7-19 * * mon-fri".
    pub schedule: Schedule,
    /// Seconds between the beginnings of two looks at every ticket, old closed ones included. Each pass does a part of it.
    pub full_every_seconds: u64,
    /// Seconds of a pass that may go into that look.
    pub full_seconds_per_pass: u64,
    /// Tickets of which that look asks GestSup's server at a time.
    pub full_slice: usize,
    /// Seconds between the beginnings of two comparisons of what Gestan holds with what was agreed: paragraphs that somebody saved over are written again, what was changed or deleted is reported. Each pass does a part of it.
    pub compare_every_seconds: u64,
    /// Seconds of a pass that may go into that comparison.
    pub compare_seconds_per_pass: u64,
    /// Tickets closed before this moment (GestSup's local time) are history and are never sent. Set it to the day the connector starts work.
    #[schemars(with = "Option<String>", example = &"2026-01-01T00:00:00")]
    pub start_at: Option<NaiveDateTime>,
    /// Days after its resolution during which a ticket is still looked at on every pass.
    pub recently_closed_days: u32,
    /// Private comments are sent too.
    pub private_steps: bool,
    /// What happens to the intervention of a ticket that is taken away from its technician.
    pub unattributed: Unattributed,
    /// Attempts before a record that keeps failing is set aside until `gestan-connector retry`.
    pub attempts: u32,
    /// How much one pass may change before it stops and asks for `--allow-mass-change`.
    pub brake: Brake,
}

impl Default for Tickets {
    fn default() -> Self {
        Self {
            schedule: Schedule::every(Duration::from_secs(120)),
            full_every_seconds: 3600,
            full_seconds_per_pass: 5,
            full_slice: 5_000,
            compare_every_seconds: 3600,
            compare_seconds_per_pass: 5,
            start_at: None,
            recently_closed_days: 30,
            private_steps: false,
            unattributed: Unattributed::default(),
            attempts: 8,
            brake: Brake::default(),
        }
    }
}

/// What happens to the intervention of a ticket that nobody is in charge of any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unattributed {
    /// The intervention stays as it is, with a note in its memo.
    #[default]
    KeepAndNote,
    /// It is cancelled if nobody started it; otherwise as above.
    CancelIfNotStarted,
}

/// A limit of `[tickets.brake]`, `[follow_up.brake]` or `[reference]`: the larger of a number and a share applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// So many are always allowed.
    pub number: u32,
    /// So many percent of the open linked tickets are allowed.
    pub percent: u32,
}

impl Limit {
    /// How many of `open` linked tickets are allowed.
    pub fn of(self, open: usize) -> usize {
        let share = open * self.percent as usize / 100;
        share.max(self.number as usize)
    }
}

/// `[tickets.brake]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Brake {
    /// Interventions created in one pass.
    pub create: Limit,
    /// Interventions closed (done) in one pass.
    pub close: Limit,
    /// Interventions set to be billed in one pass.
    pub bill: Limit,
    /// Interventions cancelled in one pass, those of deleted tickets included.
    pub cancel: Limit,
    /// Tickets found deleted in one pass.
    pub deleted: Limit,
}

impl Default for Brake {
    fn default() -> Self {
        let limit = |number, percent| Limit { number, percent };
        Self {
            create: limit(200, 50),
            close: limit(100, 30),
            bill: limit(50, 20),
            cancel: limit(20, 10),
            deleted: limit(20, 10),
        }
    }
}

fn default_mysql_port() -> u16 {
    3306
}

fn default_source() -> String {
    "gestsup".to_owned()
}

fn default_gestsup_timeout() -> u64 {
    30
}

fn default_gateway() -> String {
    "embedded".to_owned()
}

fn default_gestan_timeout() -> u64 {
    60
}
