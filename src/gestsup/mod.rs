//! The adapter to GestSup's database: everything that knows one of its tables. It reads, and needs no right but
//! SELECT for it; `writing` writes where the follow-up is switched on, `reference` where the reference flow is.

mod activity;
mod beside;
mod catalogue;
mod check;
mod error;
mod features;
mod files;
mod fingerprint;
mod granted;
mod html;
mod load;
mod lock;
mod mail;
mod mail_header;
mod notices;
mod people;
mod pictures;
mod reference;
mod rows;
mod search;
mod settings;
mod snapshot;
mod text;
mod version;
mod writing;

pub use activity::Active;
pub use check::{Finding, Level, Names};
pub use error::GestsupError;
pub use files::UploadFolder;
pub use html::html_to_rich_text;
pub use lock::DaemonLock;
pub use mail::{MailRoom, mail_need};
pub use reference::reference_need;
pub use search::Found;
pub use text::{decode, decode_deeply, decode_listed};
pub use writing::{TicketDesk, follow_up_need};

use crate::config;
use crate::mysql;
use chrono_tz::Tz;
use secrecy::SecretString;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, MySqlConnection};
use std::time::Duration;

/// A GestSup base. Each snapshot has a connection of its own: there is one a pass, and a broken one
/// is never met again.
#[derive(Debug, Clone)]
pub struct Gestsup {
    options: MySqlConnectOptions,
    zone: Tz,
    timeout: Duration,
    /// How the server is named in messages.
    place: Place,
}

/// Which server, database and account: for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Account.
    pub user: String,
}

impl Gestsup {
    /// Prepares access to the base that the configuration names; nothing is connected yet.
    pub fn new(config: &config::Gestsup, password: &SecretString) -> Self {
        let options = mysql::options(config, password);
        let place = Place {
            host: config.host.clone(),
            port: config.port,
            database: config.database.clone(),
            user: config.user.clone(),
        };
        Self { options, zone: config.time_zone, timeout: Duration::from_secs(config.timeout_seconds), place }
    }

    /// The zone of its dates.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    async fn connect(&self) -> Result<MySqlConnection, GestsupError> {
        let mut connection = self.within(self.options.connect()).await?;
        // A statement that we gave up on must not go on on the server. MariaDB counts seconds and MySQL
        // milliseconds; each refuses the other's setting.
        let seconds = self.timeout.as_secs();
        let limit = format!("SET SESSION max_statement_time = {seconds}");
        if self.within(connection.execute(sqlx::AssertSqlSafe(limit))).await.is_err() {
            let limit = format!("SET SESSION max_execution_time = {}", seconds.saturating_mul(1000));
            let _ = self.within(connection.execute(sqlx::AssertSqlSafe(limit))).await;
            // MySQL 8 would otherwise answer with counters of yesterday; MySQL 5 has no such setting.
            let _ = self.within(connection.execute("SET SESSION information_schema_stats_expiry = 0")).await;
        }
        Ok(connection)
    }

    /// Runs something on the server, under the deadline of a statement.
    async fn within<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, GestsupError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result.map_err(|error| GestsupError::from_sqlx(&self.place, self.timeout, error)),
            Err(_) => Err(GestsupError::Timeout { place: self.place.clone(), seconds: self.timeout.as_secs() }),
        }
    }
}
