//! One daemon per GestSup base, whatever state it has: a lock by name on GestSup's own server.

use super::{Gestsup, GestsupError};
use crate::model::sha256_hex;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

/// Seconds that a lock is waited for.
const PATIENCE: u32 = 3;

/// Locks are of the whole server, which may serve several GestSup bases; their names have 64
/// characters at most.
pub(super) fn lock_name(what: &str, database: &str, source: &str) -> String {
    let name = format!("{what}:{source}:{database}");
    if name.len() <= 64 { name } else { format!("{what}:{}", &sha256_hex(&name)[..40]) }
}

/// The lock; it lasts as long as its connection.
#[derive(Debug)]
pub struct DaemonLock {
    connection: MySqlConnection,
}

impl Gestsup {
    /// Takes the lock of a source; `None` when somebody else holds it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn lock(&self, source: &str) -> Result<Option<DaemonLock>, GestsupError> {
        let mut connection = self.connect().await?;
        // The server keeps idle connections for wait_timeout, which some set to a minute.
        let keep = sqlx::query("SET SESSION wait_timeout = 31536000");
        let _ = self.within(keep.execute(&mut connection)).await;
        // The server notices a holder that was killed only when it next looks at the connection.
        let sql = format!("SELECT CAST(GET_LOCK(?, {PATIENCE}) AS SIGNED)");
        let name = lock_name("gestan-connector", &self.place.database, source);
        let query = sqlx::query_scalar::<_, Option<i64>>(AssertSqlSafe(sql)).bind(name);
        let taken = self.within(query.fetch_one(&mut connection)).await?;
        Ok((taken == Some(1)).then_some(DaemonLock { connection }))
    }
}

impl DaemonLock {
    /// Whether the connection, and with it the lock, still lives.
    pub async fn is_held(&mut self) -> bool {
        self.connection.ping().await.is_ok()
    }
}
