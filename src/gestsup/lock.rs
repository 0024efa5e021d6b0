//! One daemon per GestSup base, whatever state it has: a lock by name on GestSup's own server.

use super::{Gestsup, GestsupError};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

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
        let name: String = format!("gestan-connector:{source}").chars().take(64).collect();
        let query =
            sqlx::query_scalar::<_, Option<i64>>(AssertSqlSafe("SELECT CAST(GET_LOCK(?, 0) AS SIGNED)".to_owned()))
                .bind(name);
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
