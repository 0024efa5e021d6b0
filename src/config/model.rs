//! The tables and keys of `connector.toml`. Their documentation is what an operator reads in
//! `connector.toml.example`, so it is written for one.

use super::Secret;
use crate::model::{Field, Rounding, Status, StepType, TimeUnit};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// The tickets flow: which tickets are taken, how often, and how much one pass may change.
    pub tickets: Tickets,
    /// How GestSup's values become Gestan's.
    pub mapping: Mapping,
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
}

/// `[gateway]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Address and port to listen on. Elsewhere than on loopback, `tls` must be set. Not used when embedded.
    #[serde(default = "default_listen")]
    pub listen: std::net::SocketAddr,
    /// What callers must present (Authorization: Bearer …), at least 24 characters. Not used when embedded.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Certificate and key, so that the gateway may listen on the network.
    #[serde(default)]
    pub tls: Option<GatewayTls>,
    /// Time zone of Gestan's dates.
    #[schemars(with = "String", example = &"Europe/Paris")]
    pub time_zone: Tz,
    /// User code (at most 3 letters) that Gestan shows as author of what the connector writes (USCRE, USMOD). Create a Gestan user of that code.
    #[serde(default = "default_user_code")]
    pub user_code: String,
    /// Prefix of the tables that `gateway install` creates for the links; Gestan's convention is a Z and two digits.
    #[serde(default = "default_extension_prefix")]
    pub extension_prefix: String,
    /// How the memo of a new intervention is written: Gestan's editor shows rtf.
    #[serde(default)]
    pub memo: MemoFormat,
    /// Largest request in KiB.
    #[serde(default = "default_max_body_kib")]
    pub max_body_kib: u32,
    /// The Gestan base.
    pub base: GestanBase,
    /// Gestan's numeric codes. They are not the same in every installation: `gestan-connector gateway probe` shows the ones in use and prints this table ready to paste.
    #[serde(default)]
    pub codes: Codes,
}

/// How a new memo is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoFormat {
    /// Rich text, as Gestan's own editor writes it.
    #[default]
    Rtf,
    /// Plain text.
    Text,
}

/// `[gateway.tls]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayTls {
    /// Certificate chain, PEM.
    #[schemars(example = &"/etc/gestan-connector/gateway.pem")]
    pub certificate: PathBuf,
    /// Private key, PEM.
    #[schemars(example = &"/etc/gestan-connector/gateway.key")]
    pub key: PathBuf,
}

/// The kinds of Gestan base that the gateway can talk to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaseKind {
    /// A MySQL or MariaDB copy of Gestan's base, with Gestan's table and column names.
    #[default]
    Mysql,
}

/// `[gateway.base]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GestanBase {
    /// Kind of base.
    #[serde(default)]
    pub kind: BaseKind,
    /// Host name or address of its server.
    #[schemars(example = &"127.0.0.1")]
    pub host: String,
    /// TCP port.
    #[serde(default = "default_mysql_port")]
    pub port: u16,
    /// Name of the database.
    #[schemars(example = &"gestan")]
    pub database: String,
    /// Account of the gateway.
    #[schemars(example = &"gateway")]
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Encryption of the connection.
    #[serde(default)]
    pub tls: DatabaseTls,
    /// Seconds that one statement may take.
    #[serde(default = "default_gestsup_timeout")]
    pub timeout_seconds: u64,
}

/// `[gateway.codes]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// INTERVENTION.ST_INTER: the number behind each status. `billed` is only read: it tells what must not change any more. These numbers are examples: replace them.
    #[schemars(extend("x-live" = true, "examples" = [{"planned": 0, "in_progress": 1, "waiting": 3, "done": 2, "to_bill": 5, "billed": 4, "cancelled": 10}]))]
    pub status: BTreeMap<Status, i64>,
    /// INTERVENTION.ID2GENRE_INTER: a name of your choice for each genre; `[mapping.genre]` uses these names.
    #[schemars(extend("examples" = [{"depannage": 1, "installation": 2}]))]
    pub genre: BTreeMap<String, i64>,
    /// Z83_INTERVENTION.PRIORITE: a name of your choice for each priority; `[mapping.priority]` uses these names.
    #[schemars(extend("examples" = [{"haute": 1, "normale": 2}]))]
    pub priority: BTreeMap<String, i64>,
}

/// `[state]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// The state's SQLite file. Back it up with `sqlite3 state.db .backup`, never by copying a file in use.
    pub path: PathBuf,
}

impl Default for State {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/gestan-connector/state.db") }
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
    /// Seconds between two passes of `run`.
    pub every_seconds: u64,
    /// Seconds between two looks at every ticket, old closed ones included.
    pub full_every_seconds: u64,
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
            every_seconds: 120,
            full_every_seconds: 3600,
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

/// A limit of `[tickets.brake]`: the larger of a number and a share applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// So many are always allowed.
    pub number: u32,
    /// So many percent of the open linked tickets are allowed.
    pub percent: u32,
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

/// Language of the texts that are written into Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

/// `[mapping]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Language of the texts that are written into Gestan.
    pub locale: Locale,
    /// GestSup state (its number in tstates) ⇒ status of the intervention. A ticket in a state that is not listed waits. State 3 (Résolu) becomes to_bill instead of done when the ticket is billable.
    pub status: StatusMap,
    /// Which client of Gestan a GestSup company is.
    #[schemars(extend("x-table" = {"Boulangerie Martin": 1042}))]
    pub clients: Matching,
    /// Which Gestan user a GestSup technician is.
    #[schemars(extend("x-table" = {"paul.durand": "PDU"}))]
    pub technicians: Matching,
    /// Which machine of Gestan a GestSup asset is.
    #[schemars(extend("x-table" = {"SRV-COMPTA": 318}))]
    pub equipment: Matching,
    /// Which project and task of Gestan a GestSup project is.
    pub projects: ProjectMatching,
    /// Genre of an intervention.
    pub genre: GenreMapping,
    /// GestSup priority (name) ⇒ name of a priority in `[gateway.codes.priority]`. A priority that is not listed is not sent.
    #[schemars(extend("examples" = [{"Urgent": "haute"}]))]
    pub priority: BTreeMap<String, String>,
    /// Planned start and end of an intervention whose ticket has no appointment in GestSup's calendar.
    pub planning: Planning,
    /// What is billed, and as which product.
    pub billing: Billing,
    /// Gestan's unit of time.
    pub time: TimeMapping,
    /// What each kind of step is called, and which steps are sent: the first rule that matches decides.
    pub steps: Steps,
    /// Texts written into Gestan. `{…}` is replaced by a value, `[…]` is left out when a value inside it is empty; what is not set here is written in the language of `locale`.
    pub texts: Texts,
    /// Who decides about each field of an intervention once it exists.
    pub policies: Policies,
}

/// `[mapping.status]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusMap(pub BTreeMap<String, Status>);

impl Default for StatusMap {
    fn default() -> Self {
        let standard = [
            ("1", Status::Planned),
            ("2", Status::InProgress),
            ("3", Status::Done),
            ("4", Status::Cancelled),
            ("5", Status::Planned),
            ("6", Status::Waiting),
        ];
        Self(standard.into_iter().map(|(state, status)| (state.to_owned(), status)).collect())
    }
}

/// What happens to a ticket whose client, technician or equipment is not found in Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// The ticket waits, and its reason shows in `status`.
    #[default]
    Wait,
    /// The intervention is made without it. Not possible for the client.
    Without,
}

/// `[mapping.clients]`, `[mapping.technicians]`, `[mapping.equipment]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Matching {
    /// What is not in `table` is looked up: clients by name or mail, technicians by login, mail or name, equipment by serial number. Two candidates are never guessed between.
    pub search: bool,
    /// What happens to a ticket when nothing, or more than one, is found.
    pub unmatched: Unmatched,
    /// GestSup name (company name, technician's login, asset name) ⇒ Gestan key (client number, user code, machine number).
    pub table: BTreeMap<String, GestanKey>,
}

impl Default for Matching {
    fn default() -> Self {
        Self { search: true, unmatched: Unmatched::Wait, table: BTreeMap::new() }
    }
}

/// A Gestan key in a mapping table: a number, or a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum GestanKey {
    /// An automatic identifier.
    Number(i64),
    /// A code.
    Code(String),
}

/// `[mapping.projects]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectMatching {
    /// Name of a GestSup project ⇒ project and task of Gestan. Tickets of other projects are sent without one.
    #[schemars(extend("examples" = [{"Migration serveurs": {"project": 12, "task": 40}}]))]
    pub table: BTreeMap<String, ProjectKey>,
}

/// A project and task of Gestan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectKey {
    /// PROJET.IDPROJET.
    pub project: i64,
    /// TACHE.IDTACHE.
    #[serde(default)]
    pub task: Option<i64>,
}

/// One value or several of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// When a rule applies: all the conditions that are given must hold. Names are GestSup's, compared without case and accents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Type of the ticket, as in type = "Incident" or type = ["Incident", "Demande"].
    #[serde(rename = "type")]
    pub kind: Option<OneOrMany>,
    /// Category.
    pub category: Option<OneOrMany>,
    /// Sub-category.
    pub subcategory: Option<OneOrMany>,
    /// Service the ticket is addressed to.
    pub service: Option<OneOrMany>,
    /// Client (company of the requester).
    pub client: Option<OneOrMany>,
    /// Technician group.
    pub group: Option<OneOrMany>,
    /// Priority.
    pub priority: Option<OneOrMany>,
    /// The ticket's own billable tick.
    pub billable: Option<bool>,
}

/// `[mapping.genre]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GenreMapping {
    /// Genre where no rule matches: a name of `[gateway.codes.genre]`. Without it, no genre is written.
    #[schemars(example = &"depannage")]
    pub default: Option<String>,
    /// The first rule that matches decides.
    #[schemars(extend("examples" = [{"when": {"type": "Demande"}, "genre": "installation"}]))]
    pub rules: Vec<GenreRule>,
}

/// One of `[[mapping.genre.rules]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenreRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// The genre: a name of `[gateway.codes.genre]`.
    pub genre: String,
}

/// `[mapping.planning]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Planning {
    /// Use the ticket's planned resolution date as planned day.
    pub from_due_date: bool,
    /// Hour of the day (GestSup's local time) at which an intervention without appointment starts.
    pub start_hour: u32,
    /// Minutes that an intervention without an estimate lasts.
    pub default_minutes: u32,
}

impl Default for Planning {
    fn default() -> Self {
        Self { from_due_date: true, start_hour: 9, default_minutes: 60 }
    }
}

/// Who decides whether a ticket is billable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billable {
    /// The ticket's billable tick in GestSup.
    #[default]
    Flag,
    /// Every ticket is billable.
    Always,
    /// No ticket is billable.
    Never,
}

/// `[mapping.billing]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Billing {
    /// Who decides whether a ticket is billable where no rule does.
    pub billable: Billable,
    /// Product code (CD_PRODUIT) where no rule gives one. Without it, no product is written.
    #[schemars(example = &"MO-HEURE")]
    pub product: Option<String>,
    /// Genre ⇒ product code; comes after the rules and before the default.
    #[schemars(extend("examples" = [{"depannage": "MO-DEPAN"}]))]
    pub by_genre: BTreeMap<String, String>,
    /// The first rule that matches decides about each of billable and product.
    #[schemars(extend("examples" = [{"when": {"category": "Garantie"}, "billable": false}]))]
    pub rules: Vec<BillingRule>,
}

/// One of `[[mapping.billing.rules]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// Whether the ticket is billed.
    #[serde(default)]
    pub billable: Option<bool>,
    /// The product code.
    #[serde(default)]
    pub product: Option<String>,
}

/// `[mapping.time]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeMapping {
    /// Unit of Gestan's general settings.
    pub unit: TimeUnit,
    /// Hours in a day, for unit = "day".
    pub hours_per_day: u32,
    /// How a part of a unit is rounded.
    pub rounding: Rounding,
    /// Minutes of a ticket that count as "nothing spent": GestSup puts 1 on every ticket that a technician opens.
    pub ignore_up_to_minutes: i64,
}

impl Default for TimeMapping {
    fn default() -> Self {
        Self { unit: TimeUnit::Minute, hours_per_day: 7, rounding: Rounding::Up, ignore_up_to_minutes: 1 }
    }
}

/// Who wrote a step, in `[[mapping.steps.kinds]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepAuthor {
    /// The requester, or anybody who is no technician.
    Requester,
    /// A technician, supervisor or administrator.
    Technician,
    /// GestSup itself.
    System,
}

/// When a step rule applies: all the conditions that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepWhen {
    /// Type of the step in GestSup.
    #[serde(rename = "type")]
    pub step_type: Option<StepType>,
    /// Who wrote it.
    pub author: Option<StepAuthor>,
    /// Hidden from the requester.
    pub private: Option<bool>,
    /// It is the last comment before the ticket is resolved.
    pub closes: Option<bool>,
    /// It is the last comment before the ticket is rejected.
    pub rejects: Option<bool>,
    /// Who wrote the comment before it.
    pub follows: Option<StepAuthor>,
}

/// One of `[[mapping.steps.kinds]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRule {
    /// The conditions.
    #[serde(default)]
    pub when: StepWhen,
    /// Name of the kind as it stands in the memo: question, réponse, instruction, information, motif, événement, historique, document, solution or any other.
    pub kind: String,
    /// Whether such a step is sent.
    #[serde(default = "default_true")]
    pub send: bool,
}

/// `[mapping.steps]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Steps {
    /// Rules that come before the built-in ones (see docs/operator-guide.md).
    #[schemars(extend("examples" = [{"when": {"type": "comment", "author": "system"}, "kind": "information"}]))]
    pub kinds: Vec<StepRule>,
}

/// `[mapping.texts]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Title of an intervention; cut at 50 characters, on a word.
    #[schemars(example = &"{title}")]
    pub title: Option<String>,
    /// Lines at the head of the memo. Values: {number} {title} {url} {requester} {client} {criticality} {priority} {time} {previous}. A line whose values are all empty is left out.
    #[schemars(extend("examples" = [["Ticket GestSup n°{number}", "Demandeur : {requester} ({client})"]]))]
    pub head: Option<Vec<String>>,
    /// Line above each step. Values: {date} {author} {kind} {time} {mark}. What stands in […] is left out when a value inside it is empty.
    #[schemars(example = &"{date} – {author} ({kind}[, {time}])[ – {mark}]")]
    pub heading: Option<String>,
}

/// Who decides about a field of an intervention once it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// GestSup: every change there is written. What Gestan's users change is reported, and put back if `put_back` is set.
    Always,
    /// GestSup until the intervention is started or somebody changes the field in Gestan; then Gestan.
    UntilStarted,
    /// GestSup when the intervention is made; Gestan from then on.
    CreateOnly,
    /// Never written.
    Never,
}

/// `[mapping.policies]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// Field ⇒ policy, for the fields whose default does not suit. The client is frozen once the intervention is made, whatever is written here.
    #[schemars(extend("examples" = [{"genre": "create_only"}]))]
    pub fields: BTreeMap<Field, Policy>,
    /// Write GestSup's value again over what somebody changed in Gestan, for fields under the policy `always`.
    pub put_back: bool,
}

impl Policies {
    /// The policy of a field: the configured one, else the default of the product.
    pub fn of(&self, field: Field) -> Policy {
        if field == Field::Client {
            return Policy::CreateOnly;
        }
        self.fields.get(&field).copied().unwrap_or(match field {
            Field::PlannedStart | Field::PlannedEnd | Field::Technician | Field::Team | Field::Genre => {
                Policy::UntilStarted
            }
            _ => Policy::Always,
        })
    }
}

fn default_true() -> bool {
    true
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

fn default_listen() -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], 8480))
}

fn default_user_code() -> String {
    "GSC".to_owned()
}

fn default_extension_prefix() -> String {
    "Z90_".to_owned()
}

fn default_max_body_kib() -> u32 {
    8 * 1024
}
