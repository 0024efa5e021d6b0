//! Files of a ticket that came from Gestan: a row, and the file in GestSup's folder of uploaded files.

use super::super::GestsupError;
use super::super::mail::files;
use super::super::rows::{number, text};
use super::GestsupPen;
use crate::flows::PortError;
use crate::flows::follow_up::{TicketChange, Written};
use crate::model::{PartContent, unguessable};
use sqlx::AssertSqlSafe;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

impl GestsupPen {
    /// Adds the row of a file; every column that must have a value gets one, and columns that this version lacks are left out.
    pub(in crate::gestsup) async fn attachment(
        &mut self,
        ticket: i64,
        stored_as: &str,
        name: &str,
    ) -> Result<i64, GestsupError> {
        let (mut columns, mut values, mut texts) = (vec!["ticket_id"], vec!["?".to_owned()], Vec::new());
        let given =
            [("uid", unguessable()), ("storage_filename", stored_as.to_owned()), ("real_filename", name.to_owned())];
        for (column, value) in given {
            if self.has("tattachments", column) {
                columns.push(column);
                values.push("?".to_owned());
                texts.push(value);
            }
        }
        let mut names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        for (column, nothing) in self.required.beside("tattachments", &columns) {
            names.push(format!("`{column}`"));
            values.push(nothing.to_owned());
        }
        let sql = format!("INSERT INTO tattachments ({}) VALUES ({})", names.join(", "), values.join(", "));
        let query = texts.into_iter().fold(sqlx::query(AssertSqlSafe(sql)).bind(ticket), sqlx::query::Query::bind);
        self.execute(query).await
    }

    /// The rows of the files of a change.
    pub(super) async fn attach(&mut self, change: &TicketChange, written: &mut Written) -> Result<(), GestsupError> {
        for file in &change.files {
            let id = self.attachment(change.number, &file.stored_as, &file.name).await?;
            written.files.insert(file.stored_as.clone(), id);
        }
        Ok(())
    }

    /// The rows of files that a change added.
    pub(super) async fn attached(&mut self, change: &TicketChange, written: &mut Written) -> Result<(), GestsupError> {
        if change.files.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id, storage_filename FROM tattachments WHERE ticket_id = {}",
            change.number
        );
        for row in self.rows(sql).await? {
            let stored_as = text(&row, "storage_filename");
            if change.files.iter().any(|file| file.stored_as == stored_as) {
                written.files.insert(stored_as, number(&row, "id"));
            }
        }
        Ok(())
    }

    /// Puts the files of a change in their places.
    pub(super) async fn place(&self, change: &TicketChange, contents: &[Vec<u8>]) -> Result<(), PortError> {
        for (path, content) in self.paths(change)?.iter().zip(contents) {
            let content = PartContent::Bytes(content.clone());
            files::write(path, &content).await.map_err(|error| files::trouble(path, &error))?;
        }
        Ok(())
    }

    /// Removes what a write that was not done left there.
    pub(super) async fn remove(&self, change: &TicketChange) {
        for path in self.paths(change).unwrap_or_default() {
            let _ = tokio::fs::remove_file(path).await;
        }
    }

    fn paths(&self, change: &TicketChange) -> Result<Vec<PathBuf>, PortError> {
        let Some(folder) = &self.folder else {
            let nowhere = Error::new(ErrorKind::NotFound, "[mail.attachments] or [documents] folder is not set");
            return if change.files.is_empty() {
                Ok(Vec::new())
            } else {
                Err(files::trouble("upload".as_ref(), &nowhere))
            };
        };
        Ok(change.files.iter().map(|file| files::path_of(folder, &file.stored_as)).collect())
    }
}
