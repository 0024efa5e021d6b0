//! The pen of the mail flow: tickets and comments as GestSup's own mail connector would write them, each in one transaction that
//! stays open until its ids are remembered. The session holds a lock on the server: who gets it knows that no former session of
//! ours has a transaction open any more.

mod facts;
pub(super) mod files;
mod observed;
mod rights;
mod strays;
mod write;

pub use rights::mail_need;

use super::lock::lock_name;
use super::rows::{number, text};
use super::writing::GestsupPen;
use super::{Gestsup, GestsupError};
use crate::failpoint::reached;
use crate::flows::mail::{MailDesk, MailPen, Seen, Stage, Staged, Stray};
use crate::flows::{Blast, PortError, System};
use crate::mapping::mail::{DeskFacts, MailWrite, NewFile, Sight, TicketFacts};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use std::path::PathBuf;

/// Seconds that a former session is given to end.
const PATIENCE: u32 = 15;
/// Seconds after which the server ends a session that says nothing, its transaction with it: ours may end without a word.
const SILENCE: u32 = 600;

/// GestSup as the mail flow writes to it.
#[derive(Debug, Clone)]
pub struct MailRoom {
    gestsup: Gestsup,
    /// Short name of this GestSup, part of the lock's name.
    source: String,
    /// The folder of uploaded files; `None` where files cannot be attached.
    folder: Option<PathBuf>,
}

impl MailRoom {
    /// For this base and its folder of uploaded files.
    pub fn new(gestsup: Gestsup, source: &str, folder: Option<PathBuf>) -> Self {
        Self { gestsup, source: source.to_owned(), folder }
    }
}

/// A connection of it.
#[derive(Debug)]
pub(super) struct GestsupMailPen {
    pen: GestsupPen,
    folder: Option<PathBuf>,
}

#[async_trait]
impl MailDesk for MailRoom {
    async fn mail_pen(&self, writes: bool) -> Result<Box<dyn MailPen>, PortError> {
        let mut pen = self.gestsup.open_to_write().await?;
        if writes {
            pen.run(format!("SET SESSION wait_timeout = {SILENCE}")).await?;
            let name = lock_name("gestan-mail", &self.gestsup.place.database, &self.source);
            let sql = format!("SELECT CAST(GET_LOCK('{name}', {PATIENCE}) AS SIGNED) AS n");
            if pen.rows(sql).await?.first().is_none_or(|row| number(row, "n") != 1) {
                return Err(PortError {
                    system: System::Gestsup,
                    blast: Blast::System,
                    retry_after: None,
                    message: "a session of the mail flow that did not come to its end is still open on GestSup's database server: it is waited for, since nobody knows yet what it wrote".to_owned(),
                });
            }
        }
        Ok(Box::new(GestsupMailPen { pen, folder: self.folder.clone() }))
    }
}

#[async_trait]
impl MailPen for GestsupMailPen {
    async fn facts(&mut self) -> Result<DeskFacts, PortError> {
        Ok(self.read_facts().await?)
    }

    async fn tickets(&mut self, numbers: &[i64]) -> Result<Vec<TicketFacts>, PortError> {
        Ok(self.read_tickets(numbers).await?)
    }

    async fn merged_into(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, PortError> {
        Ok(self.merges(gone).await?)
    }

    fn keeps_files(&self) -> bool {
        self.folder.is_some() && self.pen.has("tattachments", "storage_filename")
    }

    async fn stage(&mut self, write: &MailWrite, files: &[NewFile]) -> Result<Stage, PortError> {
        self.pen.run("START TRANSACTION".to_owned()).await?;
        let staged = match write {
            MailWrite::Ticket(ticket) => self.ticket(ticket).await,
            MailWrite::Reply(reply) => self.reply(reply).await,
        };
        let staged = match staged {
            Ok(Stage::Ready(mut staged)) => match self.attach(&mut staged, files).await {
                Ok(()) => Ok(Stage::Ready(staged)),
                Err(error) => Err(error),
            },
            other => other,
        };
        if !matches!(staged, Ok(Stage::Ready(_))) {
            // A connection that broke takes its transaction with it.
            let _ = self.pen.run("ROLLBACK".to_owned()).await;
        }
        Ok(staged?)
    }

    async fn commit(&mut self, staged: &Staged, files: &[NewFile]) -> Result<(), PortError> {
        if let Err(error) = self.place(staged, files).await {
            let _ = self.pen.run("ROLLBACK".to_owned()).await;
            self.remove(staged).await;
            return Err(error);
        }
        reached("mail: before COMMIT");
        self.pen.run("COMMIT".to_owned()).await?;
        reached("mail: after COMMIT");
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<(), PortError> {
        Ok(self.pen.run("ROLLBACK".to_owned()).await?)
    }

    async fn was_done(&mut self, staged: &Staged) -> Result<bool, PortError> {
        let sql = "SELECT CAST(COUNT(*) AS SIGNED) AS n FROM tthreads h JOIN tincidents t ON t.id = h.ticket \
                   WHERE h.id = ? AND h.ticket = ? AND CAST(h.date AS CHAR) = ?";
        let query = sqlx::query(AssertSqlSafe(sql)).bind(staged.step).bind(staged.ticket).bind(staged.date.clone());
        let row = self.pen.gestsup.within(query.fetch_one(&mut self.pen.connection)).await?;
        let done = number(&row, "n") > 0;
        if !done {
            self.remove(staged).await;
        }
        Ok(done)
    }

    async fn strays(&mut self, tickets: &[i64]) -> Result<Vec<Stray>, PortError> {
        Ok(self.find_strays(tickets).await?)
    }

    async fn made_of(&mut self, sight: &Sight) -> Result<Vec<Seen>, PortError> {
        Ok(self.look_for(sight).await?)
    }

    async fn give_back(&mut self, stray: &Stray) -> Result<(), PortError> {
        Ok(self.move_steps(stray).await?)
    }
}

impl GestsupMailPen {
    /// A value of GestSup's parameters, where it has it.
    async fn parameter(&mut self, name: &str) -> Result<String, GestsupError> {
        if !self.pen.has("tparameters", name) {
            return Ok(String::new());
        }
        let rows = self.pen.rows(format!("SELECT CAST(`{name}` AS CHAR) AS v FROM tparameters LIMIT 1")).await?;
        Ok(rows.first().map(|row| text(row, "v")).unwrap_or_default())
    }
}
