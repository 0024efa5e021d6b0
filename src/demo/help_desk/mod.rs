//! People at work in GestSup: each method issues the same kinds of statements, in the same order, as
//! the application does for that action, down to the columns that it forgets to update.

mod api;
mod form;
mod lists;
mod mail;
mod nightly;
mod people;
mod web;

pub use form::{Comment, Form, Saving};
pub use mail::{Mail, MailHeader};

use anyhow::Context as _;
use chrono::{Duration, NaiveDateTime};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};

/// States of a fresh GestSup (`tstates`).
pub mod state {
    /// Attente PEC.
    pub const WAITING_TO_BE_TAKEN: i64 = 1;
    /// En cours.
    pub const IN_PROGRESS: i64 = 2;
    /// Résolu.
    pub const RESOLVED: i64 = 3;
    /// Rejeté.
    pub const REJECTED: i64 = 4;
    /// Non attribué.
    pub const NOT_ATTRIBUTED: i64 = 5;
    /// Attente retour.
    pub const WAITING_FOR_REQUESTER: i64 = 6;
}

/// The administrator's account of a fresh GestSup.
pub const ADMIN: i64 = 1;

/// A GestSup base with people at work in it. Every action takes a second of its clock.
#[derive(Debug)]
pub struct HelpDesk {
    base: MySqlConnection,
    /// The local time at which the next action happens.
    pub clock: NaiveDateTime,
    /// `tparameters.ticket_time_response_element = 1`: time belongs to comments, and every save of a
    /// ticket's page adds the first choice of the list of times.
    pub time_per_comment: bool,
}

impl HelpDesk {
    /// Connects as GestSup does: `sql_mode` empty.
    ///
    /// # Errors
    /// When the base cannot be reached.
    pub async fn connect(url: &str, clock: NaiveDateTime) -> anyhow::Result<Self> {
        let mut base = MySqlConnection::connect(url).await.context("while connecting to the GestSup base")?;
        base.execute("SET sql_mode = ''").await?;
        Ok(Self { base, clock, time_per_comment: false })
    }

    fn now(&mut self) -> NaiveDateTime {
        self.clock += Duration::seconds(1);
        self.clock
    }

    async fn insert(&mut self, sql: String, texts: &[&str]) -> anyhow::Result<i64> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for text in texts {
            query = query.bind((*text).to_owned());
        }
        let id = query.execute(&mut self.base).await?.last_insert_id();
        Ok(i64::try_from(id)?)
    }

    /// Runs a statement as it is.
    ///
    /// # Errors
    /// When the base refuses it, as for everything else here.
    pub async fn run(&mut self, sql: impl Into<String>) -> anyhow::Result<()> {
        let sql = sql.into();
        self.base.execute(AssertSqlSafe(sql.clone())).await.with_context(|| format!("while running {sql}"))?;
        Ok(())
    }

    /// The first column of the rows that a statement finds, as texts.
    ///
    /// # Errors
    /// When the base refuses it.
    pub async fn ask(&mut self, sql: impl Into<String>) -> anyhow::Result<Vec<String>> {
        let sql = sql.into();
        let rows = self
            .base
            .fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.clone())))
            .await
            .with_context(|| format!("while running {sql}"))?;
        rows.iter().map(|row| Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default())).collect()
    }

    /// A number that a statement finds, 0 where it finds none.
    async fn number(&mut self, what: &str) -> anyhow::Result<i64> {
        let found = self.ask(format!("SELECT CAST({what} AS CHAR)")).await?;
        Ok(found.first().and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    async fn step(
        &mut self,
        ticket: i64,
        at: NaiveDateTime,
        author: i64,
        kind: i64,
        columns: &str,
    ) -> anyhow::Result<()> {
        let more = if columns.is_empty() { String::new() } else { format!(", {columns}") };
        self.run(format!(
            "INSERT INTO tthreads SET ticket = {ticket}, date = '{at}', author = {author}, type = {kind}{more}"
        ))
        .await
    }

    async fn touch(&mut self, ticket: i64, at: NaiveDateTime) -> anyhow::Result<()> {
        self.run(format!("UPDATE tincidents SET date_modif = '{at}' WHERE id = {ticket}")).await
    }
}

/// Short texts are stored with these five characters as entities, and nothing outside the BMP survives.
pub fn encode(text: &str) -> String {
    bmp(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

/// A title as it is stored: cut at the column's width once it is encoded.
pub fn encoded_title(title: &str) -> String {
    encode(title).chars().take(100).collect()
}

/// GestSup's connection is 3-byte UTF-8: a character outside the BMP arrives as four question marks.
fn bmp(text: &str) -> String {
    text.chars().map(|c| if u32::from(c) > 0xFFFF { "????".to_owned() } else { c.to_string() }).collect()
}
