//! Whether a write was done: its rows are found by their marks, or, where this GestSup has no place for one, by what they
//! say; what adds no row is found by its values.

use super::super::GestsupError;
use super::super::rows::{number, parse_local, text};
use super::GestsupPen;
use super::html::to_html;
use super::statements::{day, local};
use crate::flows::follow_up::{EventChange, NewStep, TicketChange, Written};
use std::collections::HashMap;

/// A mark without the hash at its end: what stays when the text changes.
pub(super) fn stem(mark: &str) -> &str {
    mark.rsplit_once(':').map_or(mark, |(stem, _)| stem)
}

impl GestsupPen {
    /// Where the rows of a write stand; `None` if it was not done.
    pub(super) async fn look_up(&mut self, change: &TicketChange) -> Result<Option<Written>, GestsupError> {
        let mut written = Written::default();
        let marked: Vec<String> = change.marks().map(str::to_owned).collect();
        if !marked.is_empty() {
            let known = if self.has("tthreads", "dest_mail") {
                self.marked(change.number).await?
            } else {
                self.by_content(change).await?
            };
            for mark in marked {
                // All of them came in one transaction.
                let Some(step) = known.get(stem(&mark)) else { return Ok(None) };
                written.steps.insert(mark, *step);
            }
        } else if !self.holds(change).await? {
            return Ok(None);
        }
        self.attached(change, &mut written).await?;
        if let Some(EventChange::Create { technician, start, end }) = &change.event {
            written.event = self.event(change.number, *technician, &self.local(*start), &self.local(*end)).await?;
        }
        Ok(Some(written))
    }

    /// Steps of a ticket that came from Gestan, by the stem of their mark.
    pub(super) async fn marked(&mut self, ticket: i64) -> Result<HashMap<String, i64>, GestsupError> {
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id, dest_mail AS mark FROM tthreads WHERE ticket = {ticket} AND type <> 3 AND dest_mail LIKE 'gestan:%' ORDER BY id DESC"
        );
        let rows = self.rows(sql).await?;
        Ok(rows.iter().map(|row| (stem(&text(row, "mark")).to_owned(), number(row, "id"))).collect())
    }

    /// The same by type, date, author and text.
    async fn by_content(&mut self, change: &TicketChange) -> Result<HashMap<String, i64>, GestsupError> {
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id, CAST(type AS SIGNED) AS type, CAST(author AS SIGNED) AS author, text FROM tthreads WHERE ticket = {} AND date = '{}' ORDER BY id DESC",
            change.number,
            self.local(change.at)
        );
        let rows = self.rows(sql).await?;
        let mut known = HashMap::new();
        let of_type = |wanted: &[i64]| {
            let is_it = |kind: i64, author: i64| wanted.contains(&kind) && author == change.author;
            rows.iter().find(|row| is_it(number(row, "type"), number(row, "author"))).map(|row| number(row, "id"))
        };
        if let Some((state, id)) = change.state.as_ref().zip(of_type(&[4, 5])) {
            known.insert(stem(&state.mark).to_owned(), id);
        }
        if let Some((technician, id)) = change.technician.as_ref().zip(of_type(&[1, 2])) {
            known.insert(stem(&technician.mark).to_owned(), id);
        }
        for NewStep { mark, author, text: lines, .. } in &change.steps {
            let html = to_html(lines, self.latin1);
            let found = rows
                .iter()
                .find(|row| number(row, "type") == 0 && number(row, "author") == *author && text(row, "text") == html);
            if let Some(row) = found {
                known.insert(stem(mark).to_owned(), number(row, "id"));
            }
        }
        Ok(known)
    }

    /// Whether the ticket holds all that the change sets.
    async fn holds(&mut self, change: &TicketChange) -> Result<bool, GestsupError> {
        let ticket = change.number;
        let mut conditions = Vec::new();
        if let Some(due) = &change.due {
            conditions.push(format!("t.date_hope = '{}'", day(due.to)));
        }
        if let Some(estimate) = &change.estimate {
            conditions.push(format!("t.time_hope = {}", estimate.to));
        }
        if let Some(total) = &change.total {
            conditions.push(format!("t.time = {}", total.to));
        }
        match &change.event {
            Some(EventChange::Create { technician, start, end }) => {
                let (start, end) = (self.local(*start), self.local(*end));
                if self.event(ticket, *technician, &start, &end).await?.is_none() {
                    return Ok(false);
                }
            }
            Some(EventChange::Move { id, start, end, .. }) => conditions.push(format!(
                "EXISTS (SELECT 1 FROM tevents e WHERE e.id = {id} AND e.date_start = '{}' AND e.date_end = '{}')",
                self.local(*start),
                self.local(*end)
            )),
            Some(EventChange::Cancel { id }) => {
                conditions.push(format!("EXISTS (SELECT 1 FROM tevents e WHERE e.id = {id} AND e.disable = 1)"));
            }
            None => {}
        }
        for minutes in &change.minutes {
            conditions.push(format!(
                "EXISTS (SELECT 1 FROM tthreads h WHERE h.id = {} AND h.time = {})",
                minutes.step, minutes.to
            ));
        }
        for edit in &change.edits {
            let sql = format!("SELECT text FROM tthreads WHERE id = {} AND ticket = {ticket}", edit.step);
            let html = to_html(&edit.text, self.latin1);
            if self.rows(sql).await?.first().is_none_or(|row| text(row, "text") != html) {
                return Ok(false);
            }
        }
        conditions.push("TRUE".to_owned());
        let sql = format!("SELECT 1 FROM tincidents t WHERE t.id = {ticket} AND {}", conditions.join(" AND "));
        Ok(!self.rows(sql).await?.is_empty())
    }

    /// An appointment of the ticket for somebody at a time.
    pub(super) async fn event(
        &mut self,
        ticket: i64,
        technician: i64,
        start: &str,
        end: &str,
    ) -> Result<Option<i64>, GestsupError> {
        let disable = self.catalogue.column("e", "tevents", "disable", "0");
        let sql = format!(
            "SELECT CAST(e.id AS SIGNED) AS id FROM tevents e WHERE e.incident = {ticket} AND e.type = 2 AND {disable} = 0 \
             AND e.technician = {technician} AND e.date_start = '{start}' AND e.date_end = '{end}' ORDER BY e.id DESC LIMIT 1"
        );
        Ok(self.rows(sql).await?.first().map(|row| number(row, "id")))
    }

    /// A point in time as GestSup stores it.
    pub(in crate::gestsup) fn local(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        local(at, self.gestsup.zone)
    }
}

/// A stored date as a day; `None` for a zero date.
pub(super) fn stored_day(text: &str) -> Option<chrono::NaiveDate> {
    parse_local(text).map(|time| time.date())
}
