//! What every integration test starts from: the shared server and a fresh database on it.

use gestan_connector::demo::mariadb::PrivateMariaDb;
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

static SERVER: OnceLock<PrivateMariaDb> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The one private server of this test run.
pub fn server() -> &'static PrivateMariaDb {
    SERVER.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        PrivateMariaDb::start().expect("a private MariaDB (apt-get install mariadb-server)")
    })
}

/// Creates a database with a name of its own, loads `schema` into it, and returns the name.
pub async fn database(prefix: &str, schema: &'static str) -> String {
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    let name = format!("{prefix}_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut root = MySqlConnection::connect(&server.url("mysql")).await.unwrap();
    root.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    drop(root);
    let mut connection = connect(&name).await;
    connection.execute("SET sql_mode = ''").await.unwrap();
    connection.execute(sqlx::raw_sql(schema)).await.unwrap();
    name
}

/// A connection to a database of the private server, as root.
pub async fn connect(database: &str) -> MySqlConnection {
    MySqlConnection::connect(&server().url(database)).await.unwrap()
}

#[tokio::test]
async fn the_private_server_answers_and_keeps_databases_apart() {
    let first = database("a", "CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2);").await;
    let second = database("a", "CREATE TABLE t (id INT);").await;
    let count = "SELECT COUNT(*) FROM t";
    let one: i64 = sqlx::query_scalar(count).fetch_one(&mut connect(&first).await).await.unwrap();
    let two: i64 = sqlx::query_scalar(count).fetch_one(&mut connect(&second).await).await.unwrap();
    assert_eq!((one, two), (2, 0));
}
