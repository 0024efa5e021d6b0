//! What can go wrong with GestSup's base, and what to do.

use super::Place;
use crate::flows::{Blast, PortError, System};
use std::fmt;
use std::time::Duration;

/// An error of GestSup's base.
#[derive(Debug, thiserror::Error)]
pub enum GestsupError {
    /// No server answers.
    #[error(
        "GestSup's database server {place} does not answer ({reason}): check that it runs and that this machine may reach it ([gestsup] host and port)"
    )]
    Unreachable {
        /// Which server.
        place: Place,
        /// What the system says.
        reason: String,
    },
    /// The account is refused.
    #[error("GestSup's database refuses the account “{}” ({reason}): check [gestsup] user and password, and GRANT SELECT ON `{}`.* to it for this machine", place.user, place.database)]
    Denied {
        /// Which server and account.
        place: Place,
        /// What the server says.
        reason: String,
    },
    /// The account may read and not write.
    #[error(
        "GestSup's database does not let the account “{}” write ({reason}): the flows towards GestSup need a few rights more than SELECT, `gestan-connector check --online` lists the ones that are missing", place.user
    )]
    MayNotWrite {
        /// Which server and account.
        place: Place,
        /// What the server says.
        reason: String,
    },
    /// Somebody else is at the same rows.
    #[error("somebody in GestSup holds a row that is to be written ({reason})")]
    Locked {
        /// What the server says.
        reason: String,
    },
    /// A row is refused for what is in it.
    #[error("GestSup's database refuses what is to be written: {reason}")]
    Value {
        /// What the server says.
        reason: String,
    },
    /// The database does not exist.
    #[error("there is no database “{}” on {place}: check [gestsup] database against $db_name in GestSup's connect.php", place.database)]
    NoDatabase {
        /// Which server and database.
        place: Place,
    },
    /// It is not a GestSup base.
    #[error("the database “{}” on {place} does not look like a GestSup base ({missing} is missing): check [gestsup] database", place.database)]
    NotGestsup {
        /// Which server and database.
        place: Place,
        /// The table or column.
        missing: String,
    },
    /// A statement took too long.
    #[error(
        "GestSup's database {place} took more than {seconds} s for one statement: it is overloaded, or [gestsup] timeout_seconds is too small for it"
    )]
    Timeout {
        /// Which server.
        place: Place,
        /// The limit.
        seconds: u64,
    },
    /// It takes no more connections.
    #[error(
        "GestSup's database server {place} takes no more connections ({reason}): see who holds them (SHOW PROCESSLIST), or raise max_connections"
    )]
    Busy {
        /// Which server.
        place: Place,
        /// What the server says.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection to GestSup's database {place} broke ({reason}): the next pass connects again")]
    Broken {
        /// Which server.
        place: Place,
        /// What happened.
        reason: String,
    },
    /// Rows that were added together were not numbered one after the other: somebody else's came between.
    #[error("rows that were added to {table} together were not numbered in a row: each is added alone")]
    Interleaved {
        /// The table.
        table: &'static str,
    },
    /// Anything else.
    #[error("GestSup's database {place} refused a statement: {reason}")]
    Refused {
        /// Which server.
        place: Place,
        /// What the server says.
        reason: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl GestsupError {
    /// `limit` is how long a statement may take.
    pub(super) fn from_sqlx(place: &Place, limit: Duration, error: sqlx::Error) -> Self {
        let place = place.clone();
        let reason = error.to_string();
        if let sqlx::Error::Database(database) = &error {
            let number = database
                .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
            let reason = database.message().to_owned();
            let writes = ["INSERT command", "UPDATE command"].iter().any(|verb| reason.starts_with(verb));
            return match number {
                1142 | 1143 if writes => Self::MayNotWrite { place, reason },
                1205 | 1213 => Self::Locked { reason },
                1048 | 1264 | 1265 | 1292 | 1364 | 1366 | 1406 => Self::Value { reason },
                1044 | 1045 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => {
                    Self::Denied { place, reason }
                }
                1049 => Self::NoDatabase { place },
                1146 | 1054 => Self::NotGestsup { place, missing: reason },
                1969 | 3024 => Self::Timeout { place, seconds: limit.as_secs() },
                1040 | 1041 | 1135 | 1203 | 1226 => Self::Busy { place, reason },
                // Shutting down, killed, a table altered under the snapshot, to be prepared anew: a new
                // connection helps.
                1053 | 1152 | 1317 | 1412 | 1615 | 1927 => Self::Broken { place, reason },
                1129 => Self::Unreachable { place, reason },
                _ => Self::Refused { place, reason },
            };
        }
        match error {
            sqlx::Error::Io(error) => match error.kind() {
                std::io::ErrorKind::UnexpectedEof
                | std::io::ErrorKind::ConnectionReset
                | std::io::ErrorKind::ConnectionAborted
                | std::io::ErrorKind::BrokenPipe => Self::Broken { place, reason },
                _ => Self::Unreachable { place, reason: error.to_string() },
            },
            // What accounts of MySQL 8 are made with takes a password over TLS, or over an RSA exchange that we
            // do not speak.
            sqlx::Error::Configuration(_) if reason.contains("RSA auth backend") => Self::Denied {
                place,
                reason: "its password is taken over an encrypted connection only: [gestsup] tls must not be \"off\", and the server must offer TLS".to_owned(),
            },
            sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => Self::Unreachable { place, reason },
            _ => Self::Refused { place, reason },
        }
    }

    /// How far it reaches.
    pub fn blast(&self) -> Blast {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::Broken { .. }
            | Self::Refused { .. } => Blast::System,
            Self::Locked { .. } | Self::Interleaved { .. } => Blast::Retry,
            Self::Value { .. } => Blast::Record,
            Self::MayNotWrite { .. } | Self::Denied { .. } | Self::NoDatabase { .. } | Self::NotGestsup { .. } => {
                Blast::Configuration
            }
        }
    }
}

impl From<GestsupError> for PortError {
    fn from(error: GestsupError) -> Self {
        Self { system: System::Gestsup, blast: error.blast(), retry_after: None, message: error.to_string() }
    }
}
