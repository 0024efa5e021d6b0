//! A pair of bases on a private server, with the connector configured for them: what the
//! demonstration and the tests start from.

use super::erp::Erp;
use super::help_desk::HelpDesk;
use super::mariadb::PrivateMariaDb;
use crate::gateway::Writes;
use crate::grants::{self, Need, Writer};
use anyhow::Context as _;
use chrono::NaiveDateTime;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use std::path::Path;

/// Our schema of a GestSup base.
pub const GESTSUP_SCHEMA: &str = include_str!("gestsup.sql");
/// Our schema of a Gestan base.
pub const GESTAN_SCHEMA: &str = include_str!("gestan.sql");

/// Numbers that the sandbox's Gestan uses for its statuses.
pub mod code {
    /// À planifier.
    pub const PLANNED: i64 = 0;
    /// En cours.
    pub const IN_PROGRESS: i64 = 1;
    /// Terminé.
    pub const DONE: i64 = 2;
    /// En attente.
    pub const WAITING: i64 = 3;
    /// Facturé.
    pub const BILLED: i64 = 4;
    /// À facturer.
    pub const TO_BILL: i64 = 5;
    /// Annulé.
    pub const CANCELLED: i64 = 10;
}

/// Names and addresses of a pair of bases.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Database of GestSup.
    pub gestsup: String,
    /// Database of Gestan.
    pub gestan: String,
    port: u16,
    /// What `[gateway.base]` says beside address, account and password.
    base: String,
}

impl Sandbox {
    /// Lets the connector write what the follow-up writes into GestSup.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn let_it_follow_up(&self) -> anyhow::Result<()> {
        self.grant(&Writer::FollowUp.most(), &self.gestsup, "connector").await
    }

    /// Lets the connector write what the reference flow writes into GestSup.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn let_it_refer(&self) -> anyhow::Result<()> {
        self.grant(&Writer::Reference.most(), &self.gestsup, "connector").await
    }

    /// Lets the connector write what mails become into GestSup.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn let_it_take_mails(&self) -> anyhow::Result<()> {
        self.grant(&Writer::Mail.most(), &self.gestsup, "connector").await
    }

    /// Gives an account what the guide says that it needs, and no more.
    async fn grant(&self, need: &Need, database: &str, user: &str) -> anyhow::Result<()> {
        let mut root = MySqlConnection::connect(&self.url("mysql")).await?;
        for statement in grants::statements(need, database, user, "%") {
            root.execute(AssertSqlSafe(statement.sql.clone())).await.with_context(|| statement.sql)?;
        }
        Ok(())
    }

    /// Creates both bases under names of their own, with the accounts that the guide tells an
    /// administrator to create: one that may only read GestSup, one for the gateway.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create(server: &PrivateMariaDb, name: &str) -> anyhow::Result<Self> {
        let this = Self {
            gestsup: format!("gestsup_{name}"),
            gestan: format!("gestan_{name}"),
            port: server.port(),
            base: String::new(),
        };
        let mut root =
            MySqlConnection::connect(&server.url("mysql")).await.context("while connecting to the private server")?;
        root.execute("SET sql_mode = ''").await?;
        for (database, schema) in [(&this.gestsup, GESTSUP_SCHEMA), (&this.gestan, GESTAN_SCHEMA)] {
            root.execute(sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {database}; USE {database};")))).await?;
            root.execute(sqlx::raw_sql(schema)).await.with_context(|| format!("while loading {database}"))?;
        }
        let accounts = "CREATE USER IF NOT EXISTS connector@'%' IDENTIFIED BY 'lecture-seule'; \
                        CREATE USER IF NOT EXISTS gateway@'%' IDENTIFIED BY 'passerelle';";
        root.execute(sqlx::raw_sql(accounts)).await?;
        this.grant(&grants::READING, &this.gestsup, "connector").await?;
        for need in grants::gateway_needs(&Writes::most(), true) {
            this.grant(&need, &this.gestan, "gateway").await?;
        }
        Ok(this)
    }

    /// Has the gateway wait so many seconds for a statement.
    #[must_use]
    pub fn patient(mut self, seconds: u64) -> Self {
        self.base.push_str(&format!("timeout_seconds = {seconds}\n"));
        self
    }

    /// Has the gateway reach Gestan's base over ODBC, by a driver that stands in for HFSQL's.
    ///
    /// # Errors
    /// When the server refuses the rights that it takes.
    #[cfg(all(feature = "hfsql", feature = "failpoints"))]
    pub async fn over_odbc(self, stand_in: &super::odbc::StandIn) -> anyhow::Result<Self> {
        for need in grants::gateway_needs(&Writes::most().over_odbc(!stand_in.transactions), true) {
            self.grant(&need, &self.gestan, "gateway").await?;
        }
        Ok(Self { base: stand_in.settings(), ..self })
    }

    /// People at work in GestSup, from this local time on.
    ///
    /// # Errors
    /// When the base cannot be reached.
    pub async fn help_desk(&self, clock: NaiveDateTime) -> anyhow::Result<HelpDesk> {
        HelpDesk::connect(&self.url(&self.gestsup), clock).await
    }

    /// People at work in Gestan.
    ///
    /// # Errors
    /// When the base cannot be reached.
    pub async fn erp(&self) -> anyhow::Result<Erp> {
        Erp::connect(&self.url(&self.gestan)).await
    }

    /// `mysql://` address of a database, as root.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// A configuration with the embedded gateway; `more` is added at its end.
    pub fn config(&self, state: &Path, more: &str) -> String {
        format!(
            r#"[gestsup]
host = "127.0.0.1"
port = {port}
database = "{gestsup}"
user = "connector"
password = "lecture-seule"
time_zone = "Europe/Paris"
url = "https://support.example.fr"

[gestan]
gateway = "embedded"

[gateway]
time_zone = "Europe/Paris"

[gateway.base]
{base}host = "127.0.0.1"
port = {port}
database = "{gestan}"
user = "gateway"
password = "passerelle"

[gateway.codes.status]
planned = {planned}
in_progress = {in_progress}
waiting = {waiting}
done = {done}
to_bill = {to_bill}
billed = {billed}
cancelled = {cancelled}

[gateway.codes.genre]
depannage = 1
installation = 2

[gateway.codes.priority]
haute = 1
normale = 2

[gateway.codes.anomaly_status]
planned = 0
in_progress = 1
waiting = 3
done = 2
cancelled = 9

[gateway.codes.anomaly_type]
logiciel = 4
materiel = 5

[gateway.codes.anomaly_priority]
haute = 1

[gateway.codes.criticality]
bloquante = 7
mineure = 8

[state]
path = "{state}"

{more}"#,
            base = self.base,
            port = self.port,
            gestsup = self.gestsup,
            gestan = self.gestan,
            planned = code::PLANNED,
            in_progress = code::IN_PROGRESS,
            waiting = code::WAITING,
            done = code::DONE,
            to_bill = code::TO_BILL,
            billed = code::BILLED,
            cancelled = code::CANCELLED,
            state = state.display(),
        )
    }
}
