//! What a MySQL or MariaDB server's errors mean.

use super::BaseError;
use sqlx::mysql::MySqlDatabaseError;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// When the base as a whole last did no work. A connection made before that may know rights, a server or
/// a database that are no longer these.
#[derive(Debug, Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<Instant>>>);

impl Trouble {
    pub(super) fn note<T>(&self, result: &Result<T, BaseError>) {
        if result.as_ref().is_err_and(BaseError::is_of_the_base)
            && let Ok(mut last) = self.0.lock()
        {
            *last = Some(Instant::now());
        }
    }

    /// Whether a connection of this age was made since.
    pub(super) fn is_over_for(&self, age: Duration) -> bool {
        self.0.lock().is_ok_and(|last| last.is_none_or(|last| age < last.elapsed()))
    }
}

fn is_broken(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

pub(super) fn base_error(error: &sqlx::Error) -> BaseError {
    let text = error.to_string();
    let Some(database) = error.as_database_error() else {
        return match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                BaseError::Refused(text)
            }
            sqlx::Error::Io(error) if is_broken(error.kind()) => BaseError::Broken(error.to_string()),
            _ => BaseError::Unavailable(text),
        };
    };
    let message = database.message().to_owned();
    match database.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number) {
        1044 | 1045 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => BaseError::Denied(message),
        1046 | 1049 => BaseError::NoDatabase(message),
        // 1615: a statement that is to be prepared anew; the statements of the connection are forgotten first.
        1213 | 1020 | 1615 => BaseError::Conflict(message),
        1205 => BaseError::Locked(message),
        1062 => BaseError::Duplicate(message),
        1054 | 1146 => BaseError::Structure(message),
        1048 | 1264 | 1265 | 1292 | 1366 | 1364 | 1406 => BaseError::Value(message),
        1040 | 1041 | 1135 | 1203 | 1226 => BaseError::Busy(message),
        1053 | 1152 | 1317 | 1412 | 1927 => BaseError::Broken(message),
        1036 | 1290 | 1792 | 1836 | 1874 => BaseError::ReadOnly(message),
        1021 | 1114 => BaseError::Full(message),
        1129 | 1969 | 3024 => BaseError::Unavailable(message),
        _ => BaseError::Refused(message),
    }
}
