//! How connections to a MySQL or MariaDB server are made, GestSup's and the copy of Gestan's alike.

use crate::config::{DatabaseTls, GestanBase, Gestsup};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

/// A database on a server, as a table of the configuration names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server<'a> {
    host: &'a str,
    port: u16,
    database: &'a str,
    user: &'a str,
    tls: DatabaseTls,
}

impl<'a> From<&'a Gestsup> for Server<'a> {
    fn from(config: &'a Gestsup) -> Self {
        let Gestsup { host, port, database, user, tls, .. } = config;
        Self { host, port: *port, database, user, tls: *tls }
    }
}

impl<'a> From<&'a GestanBase> for Server<'a> {
    fn from(config: &'a GestanBase) -> Self {
        let GestanBase { host, database, user, tls, .. } = config;
        Self { host, port: config.port(), database, user, tls: *tls }
    }
}

/// What a connection needs. Statements are not logged: they carry people's data.
pub(crate) fn options<'a>(server: impl Into<Server<'a>>, password: &SecretString) -> MySqlConnectOptions {
    let Server { host, port, database, user, tls } = server.into();
    let tls = match tls {
        DatabaseTls::Off => MySqlSslMode::Disabled,
        DatabaseTls::Preferred => MySqlSslMode::Preferred,
        DatabaseTls::Required => MySqlSslMode::VerifyIdentity,
    };
    MySqlConnectOptions::new()
        .host(host)
        .port(port)
        .database(database)
        .username(user)
        .password(password.expose_secret())
        .ssl_mode(tls)
        .charset("utf8mb4")
        .disable_statement_logging()
}
