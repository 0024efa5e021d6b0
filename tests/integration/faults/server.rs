//! A database server of these tests' own, on which faults of a whole server are made: one test at a time.

use gestan_connector::demo::mariadb::PrivateMariaDb;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use std::sync::OnceLock;
use tokio::sync::{Mutex, MutexGuard};

static FRAGILE: OnceLock<Mutex<PrivateMariaDb>> = OnceLock::new();

/// The server, for one test.
pub async fn fragile() -> MutexGuard<'static, PrivateMariaDb> {
    let mutex = tokio::task::spawn_blocking(|| {
        FRAGILE.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            Mutex::new(PrivateMariaDb::start().expect("a private MariaDB (apt-get install mariadb-server)"))
        })
    });
    let server = mutex.await.unwrap().lock().await;
    if MySqlConnection::connect(&server.url("mysql")).await.is_err() {
        // A test before failed while it was down.
        server.start_again().unwrap();
    }
    // What is committed must outlast a crash of the server here, as it does on a server that matters.
    let settings = "SET GLOBAL innodb_flush_log_at_trx_commit = 2, GLOBAL read_only = 0, GLOBAL max_connections = 400";
    administer(&server, &[settings]).await;
    server
}

/// An administrator of the server.
pub async fn root(server: &PrivateMariaDb) -> MySqlConnection {
    MySqlConnection::connect(&server.url("mysql")).await.unwrap()
}

/// Runs statements as the administrator.
pub async fn administer(server: &PrivateMariaDb, statements: &[&str]) {
    let mut root = root(server).await;
    for statement in statements {
        root.execute(AssertSqlSafe((*statement).to_owned())).await.unwrap();
    }
}

/// Connections of this account, until the server gives no more.
pub async fn all_connections(url: &str) -> Vec<MySqlConnection> {
    let mut held = Vec::new();
    while let Ok(connection) = MySqlConnection::connect(url).await {
        held.push(connection);
    }
    held
}

/// Moves every table of a database into another one, which is created; the empty one stays.
pub async fn move_database(root: &mut MySqlConnection, from: &str, to: &str) {
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = ?")
            .bind(from)
            .fetch_all(&mut *root)
            .await
            .unwrap();
    let renames: Vec<String> = tables.iter().map(|(name,)| format!("{from}.{name} TO {to}.{name}")).collect();
    for sql in [format!("CREATE DATABASE {to}"), format!("RENAME TABLE {}", renames.join(", "))] {
        root.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}
