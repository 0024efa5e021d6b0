//! The pen: writes to a ticket what came from Gestan, as GestSup's own pages would, in one short transaction.

mod files;
mod html;
mod look;
mod rights;
pub(super) mod rows;
mod statements;

pub use rights::follow_up_need;

use super::catalogue::Catalogue;
use super::people::{person, person_columns};
use super::rows::{number, text};
use super::text::decode_listed;
use super::{Gestsup, GestsupError};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::follow_up::{Desk, DeskFacts, Pen, TicketChange, Written, Wrote};
use crate::model::Label;
use async_trait::async_trait;
use rows::Required;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor as _, MySql, MySqlConnection};
use std::path::PathBuf;

/// As strict as GestSup's tables allow: zero dates are its way to say none.
const SQL_MODE: &str = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
/// Seconds that we wait for a row that somebody in GestSup is just saving.
const LOCK_WAIT: &str = "SET SESSION innodb_lock_wait_timeout = 5";

/// A connection that may write.
#[derive(Debug)]
pub(super) struct GestsupPen {
    pub(super) gestsup: Gestsup,
    pub(super) connection: MySqlConnection,
    pub(super) catalogue: Catalogue,
    pub(super) required: Required,
    /// The folder of uploaded files, where files are attached.
    pub(super) folder: Option<PathBuf>,
    /// Texts hold no more than Windows-1252 (GestSup before 3.2.54).
    pub(super) latin1: bool,
}

/// GestSup as the follow-up writes to it.
#[derive(Debug, Clone)]
pub struct TicketDesk {
    gestsup: Gestsup,
    folder: Option<PathBuf>,
}

impl TicketDesk {
    /// For this base and its folder of uploaded files, where there is one.
    pub fn new(gestsup: Gestsup, folder: Option<PathBuf>) -> Self {
        Self { gestsup, folder }
    }
}

#[async_trait]
impl Desk for TicketDesk {
    async fn pen(&self) -> Result<Box<dyn Pen>, PortError> {
        let pen = self.gestsup.open_to_write().await?;
        Ok(Box::new(GestsupPen { folder: self.folder.clone(), ..pen }))
    }
}

impl Gestsup {
    pub(super) async fn open_to_write(&self) -> Result<GestsupPen, GestsupError> {
        let mut connection = self.connect().await?;
        let catalogue = Catalogue::read(self, &mut connection).await?;
        for setting in [SQL_MODE, LOCK_WAIT, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"] {
            self.within(connection.execute(setting)).await?;
        }
        let required = Required::read(self, &mut connection).await?;
        let latin1 = required.latin1;
        Ok(GestsupPen { gestsup: self.clone(), connection, catalogue, required, folder: None, latin1 })
    }
}

#[async_trait]
impl Pen for GestsupPen {
    async fn facts(&mut self) -> Result<DeskFacts, PortError> {
        Ok(self.read_facts().await?)
    }

    async fn find(&mut self, change: &TicketChange) -> Result<Option<Written>, PortError> {
        let found = self.look_up(change).await?;
        if found.is_none() {
            self.remove(change).await;
        }
        Ok(found)
    }

    async fn write_with(&mut self, change: &TicketChange, contents: &[Vec<u8>]) -> Result<Wrote, PortError> {
        self.run("START TRANSACTION".to_owned()).await?;
        let wrote = match self.write_in_transaction(change).await {
            Ok(Wrote::Done(written)) => {
                // In their places before a row names them.
                if let Err(error) = self.place(change, contents).await {
                    let _ = self.run("ROLLBACK".to_owned()).await;
                    self.remove(change).await;
                    return Err(error);
                }
                reached("gestsup: before COMMIT");
                self.run("COMMIT".to_owned()).await.map(|()| Wrote::Done(written))
            }
            other => other,
        };
        reached("gestsup: after COMMIT");
        if !matches!(wrote, Ok(Wrote::Done(_))) {
            // A connection that broke takes its transaction with it.
            let _ = self.run("ROLLBACK".to_owned()).await;
        }
        Ok(wrote?)
    }
}

impl GestsupPen {
    pub(super) async fn rows(&mut self, sql: String) -> Result<Vec<MySqlRow>, GestsupError> {
        // Put together from our own names and from numbers.
        self.gestsup.within(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection)).await
    }

    pub(super) async fn run(&mut self, sql: String) -> Result<(), GestsupError> {
        self.gestsup.within(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection)).await.map(|_| ())
    }

    /// Runs a statement with values; returns the id of the row that it added.
    pub(super) async fn execute(&mut self, query: Query<'_, MySql, MySqlArguments>) -> Result<i64, GestsupError> {
        let done = self.gestsup.within(query.execute(&mut self.connection)).await?;
        Ok(i64::try_from(done.last_insert_id()).unwrap_or(0))
    }

    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.catalogue.has(table, column)
    }

    async fn read_facts(&mut self) -> Result<DeskFacts, GestsupError> {
        let enabled = self.catalogue.column("u", "tusers", "disable", "0");
        let columns = person_columns(&self.catalogue, "u", "u");
        let staff = self
            .rows(format!("SELECT {columns} FROM tusers u WHERE u.id > 0 AND u.profile IN (0, 3, 4) AND {enabled} = 0"))
            .await?;
        let states = self.rows("SELECT CAST(id AS SIGNED) AS id, name FROM tstates".to_owned()).await?;
        let mut step_time = false;
        if self.has("tthreads", "time") && self.has("tparameters", "ticket_time_response_element") {
            let sql = "SELECT CAST(MAX(ticket_time_response_element) AS SIGNED) AS n FROM tparameters";
            step_time = self.rows(sql.to_owned()).await?.first().is_some_and(|row| number(row, "n") == 1);
        }
        Ok(DeskFacts {
            staff: staff.iter().filter_map(|row| person(row, "u", None)).collect(),
            states: states
                .iter()
                .map(|row| Label { id: number(row, "id"), name: decode_listed(&text(row, "name")) })
                .collect(),
            step_time,
            calendar: rows::EVENT.iter().all(|column| self.has("tevents", column)),
        })
    }
}
