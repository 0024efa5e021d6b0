//! The tables of the gateway: where it listens, the Gestan base and its codes.

use super::{DatabaseTls, default_gestsup_timeout, default_mysql_port};
use crate::config::Secret;
use crate::model::Status;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// Where the gateway connects to by itself, so that nobody has to reach it; with this table it does not listen. Not used when embedded.
    #[serde(default)]
    pub dial: Option<GatewayDial>,
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
    /// Largest request in KiB; documents have a limit of their own.
    #[serde(default = "default_max_body_kib")]
    pub max_body_kib: u32,
    /// Column of INTERVENTION that holds the quantity (gross hours) which Gestan bills an intervention by. Its name is not public: USDEF_NUM is the number that users may name as they like. Without it, no quantity is written.
    #[serde(default)]
    #[schemars(extend("examples" = ["USDEF_NUM"]))]
    pub quantity_column: Option<String>,
    /// The Gestan base.
    pub base: GestanBase,
    /// Gestan's numeric codes. They are not the same in every installation: `gestan-connector gateway probe` shows the ones in use and prints this table ready to paste.
    #[serde(default)]
    pub codes: Codes,
    /// What anomalies point at.
    #[serde(default)]
    pub anomalies: AnomalyTargets,
    /// Which contacts count as clients.
    #[serde(default)]
    pub clients: GatewayClients,
    /// Which contacts are users' own; without this table nothing is done about them.
    #[serde(default)]
    pub psp: Option<GatewayPsp>,
    /// How actions are written, by which changes of tickets show in Gestan; without this table none are.
    #[serde(default)]
    pub actions: Option<GatewayActions>,
    /// Where the files of documents are; without this table no documents are stored.
    #[serde(default)]
    pub documents: Option<GatewayDocuments>,
    /// Where maintenance contracts are; without this table there are none.
    #[serde(default)]
    pub contracts: Option<GatewayContracts>,
    /// Where tasks of projects are; without this table projects have none.
    #[serde(default)]
    pub tasks: Option<GatewayTasks>,
}

/// `[gateway.anomalies]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnomalyTargets {
    /// Letters that ANOMALIE.TRGCIBLE holds before the number of a machine of the maintenance park. They are not public, and this is a guess: `gestan-connector gateway probe` shows the ones in use.
    pub machine: String,
    /// The same for a contact, which an anomaly without a machine points at.
    pub contact: String,
}

impl Default for AnomalyTargets {
    fn default() -> Self {
        Self { machine: "MNT".to_owned(), contact: "CTC".to_owned() }
    }
}

/// `[gateway.clients]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayClients {
    /// CONTACT.CTG_CONTACT of the contacts that count as clients. Empty: all of them. The numbers are not public: `SELECT CTG_CONTACT, COUNT(*) FROM CONTACT GROUP BY 1` shows the ones in use.
    #[schemars(extend("examples" = [[1]]))]
    pub groups: Vec<i64>,
    /// CONTACT.CTG_CONTACT of those that do not, such as partners and service providers (PSP).
    #[schemars(extend("examples" = [[3]]))]
    pub except_groups: Vec<i64>,
    /// CONTACT.ID2TYP_CLIENT of the contacts that count. Empty: whatever it is.
    #[schemars(extend("examples" = [[1, 2]]))]
    pub types: Vec<i64>,
    /// CONTACT.ID2GENRE_CONTACT of the contacts that count. Empty: whatever it is.
    #[schemars(extend("examples" = [[1]]))]
    pub genres: Vec<i64>,
}

/// `[gateway.psp]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayPsp {
    /// CONTACT.CTG_CONTACT of partners, services and providers (PSP). A user's own contact is the one of this category whose LOGIN is the user code. The number is not public: `SELECT CTG_CONTACT, COUNT(*) FROM CONTACT GROUP BY 1` shows the ones in use.
    #[schemars(example = &3)]
    pub group: i64,
    /// Whether the gateway may create the contact of a user who has none. It is the only row of CONTACT that it ever adds; false: `check --online` lists those to create by hand.
    #[serde(default)]
    pub create: bool,
    /// SOCIETE.IDSOCIETE of your own company, which contacts that are created belong to: they are one client in GestSup then. Without it each is one by itself.
    #[serde(default)]
    #[schemars(extend("examples" = [1]))]
    pub company: Option<i64>,
}

/// `[gateway.actions]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayActions {
    /// ACTION.TYPACT of the actions that are written (telephone, information, work, …). The number is not public: `SELECT TYPACT, COUNT(*) FROM ACTION GROUP BY 1` shows the ones in use.
    #[schemars(example = &5)]
    pub kind: i64,
    /// ACTION.ST_ACTION of an action that is done. Without it Gestan's own default stands.
    #[serde(default)]
    #[schemars(extend("examples" = [2]))]
    pub status: Option<i64>,
}

/// `[gateway.documents]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayDocuments {
    /// Gestan's folder DOCUMENTS, which the gateway must be able to write: it holds a folder CONTACT_… with its number for each contact.
    #[schemars(example = &"/mnt/gestan/DOCUMENTS")]
    pub folder: PathBuf,
    /// Largest document in MiB.
    #[serde(default = "default_max_mib")]
    pub max_mib: u32,
    /// Endings of file names that are stored, without the dot. Empty: all but those of programs and scripts.
    #[serde(default)]
    #[schemars(extend("examples" = [["pdf", "png", "jpg", "docx", "xlsx"]]))]
    pub extensions: Vec<String>,
    /// Letters that DOCUMENT.TRGCIBLE holds before the number of an anomaly. They are not public, and this is a guess; those of an intervention are INT.
    #[serde(default = "default_anomaly_trigram")]
    pub anomaly: String,
}

/// `[gateway.contracts]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayContracts {
    /// One SELECT that finds the maintenance contracts that run: `number` and `client` (CONTACT.IDCONTACT), and where they are known `machine` (MACHINE_MNT.IDMACHINE), `product` (CD_PRODUIT that covered work is billed as), `valid_from` and `valid_until` (dates). Gestan's own tables of contracts are not public.
    #[schemars(example = &"SELECT NUM_CONTRAT AS number, IDCONTACT AS client, DT_DEBUT AS valid_from, DT_FIN AS valid_until FROM CONTRAT WHERE ST_CONTRAT = 1")]
    pub query: String,
}

/// `[gateway.tasks]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayTasks {
    /// One SELECT that finds the tasks of projects: `task` (TACHE.IDTACHE), `project` (PROJET.IDPROJET), `label`, and where it is known `closed` (0 or 1). The columns of Gestan's table of tasks are not public.
    #[schemars(example = &"SELECT IDTACHE AS task, IDPROJET AS project, NOMTACHE AS label FROM TACHE")]
    pub query: String,
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

/// `[gateway.dial]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayDial {
    /// Address of the daemon's door (`[gestan.door]` over there).
    #[schemars(example = &"https://connecteur.example.fr:8490")]
    pub url: url::Url,
    /// Certificate (PEM) of the authority that signed the door's certificate, when it is not a public one.
    #[serde(default)]
    #[schemars(example = &"/etc/gestan-connector/door-ca.pem")]
    pub ca_file: Option<PathBuf>,
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
    /// Gestan's own HFSQL Client/Server base, over PC SOFT's ODBC driver.
    Hfsql,
}

/// `[gateway.base]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GestanBase {
    /// Kind of base: mysql (a copy of Gestan's base on a MySQL or MariaDB server) or hfsql (Gestan's own, over the ODBC driver of its editor, in a program that was built with it).
    #[serde(default)]
    pub kind: BaseKind,
    /// Host name or address of its server.
    #[schemars(example = &"127.0.0.1")]
    pub host: String,
    /// TCP port; without it 3306, or 4900 for hfsql.
    #[serde(default)]
    #[schemars(extend("examples" = [3306]))]
    pub port: Option<u16>,
    /// Name of the database; that of an hfsql base is case-sensitive.
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
    /// For hfsql: the ODBC driver, by its name in odbcinst.ini or by the path of its file. Without it: HFSQL.
    #[serde(default)]
    #[schemars(extend("examples" = ["HFSQL"]))]
    pub driver: Option<String>,
    /// For hfsql: a data source of odbc.ini, in place of driver, host, port and database.
    #[serde(default)]
    #[schemars(extend("examples" = ["Gestan"]))]
    pub dsn: Option<String>,
    /// For hfsql: whether the driver's transactions are relied on. Where it keeps none, the connector notes what it writes, undoes what was broken off, and does one thing at a time; a driver that says so itself needs no setting. Set it to false where `gateway selftest --write` says that what was not committed stays.
    #[serde(default = "default_transactions")]
    pub transactions: bool,
    /// For hfsql: what else the connection string says. The driver crashes on keys that it does not know.
    #[serde(default = "default_odbc_options")]
    pub options: BTreeMap<String, String>,
}

impl GestanBase {
    /// The TCP port of its server.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.kind {
            BaseKind::Mysql => default_mysql_port(),
            BaseKind::Hfsql => 4900,
        })
    }
}

fn default_transactions() -> bool {
    true
}

fn default_odbc_options() -> BTreeMap<String, String> {
    BTreeMap::from([("IntegrityCheck".to_owned(), "1".to_owned())])
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
    /// ANOMALIE.ST_ANOM: the number behind each status, where tickets become anomalies; those are never billed.
    #[schemars(extend("examples" = [{"planned": 0, "in_progress": 1, "waiting": 3, "done": 2, "cancelled": 9}]))]
    pub anomaly_status: BTreeMap<Status, i64>,
    /// ANOMALIE.ID2_TYPANOM: a name of your choice for each type; `[mapping.anomalies]` uses these names.
    #[schemars(extend("examples" = [{"logiciel": 1, "materiel": 2}]))]
    pub anomaly_type: BTreeMap<String, i64>,
    /// ANOMALIE.PRIORITE: a name of your choice for each priority; `[mapping.anomalies]` uses these names.
    #[schemars(extend("examples" = [{"haute": 1, "normale": 2}]))]
    pub anomaly_priority: BTreeMap<String, i64>,
    /// ANOMALIE.CRITICITE: a name of your choice for each criticality; `[mapping.anomalies]` uses these names.
    #[schemars(extend("examples" = [{"bloquante": 1, "critique": 2, "mineure": 3}]))]
    pub criticality: BTreeMap<String, i64>,
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

fn default_max_mib() -> u32 {
    25
}

fn default_anomaly_trigram() -> String {
    "ANO".to_owned()
}
