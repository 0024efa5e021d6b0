//! The statements of one write, in the order in which GestSup's own page issues them: people, state, comments, closing.

use super::super::GestsupError;
use super::super::html_to_rich_text;
use super::super::rows::text;
use super::GestsupPen;
use super::html::to_html;
use super::look::{stem, stored_day};
use crate::failpoint::reached;
use crate::flows::follow_up::{EventChange, NewStep, StateChange, TechnicianChange, TicketChange, Written, Wrote};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlRow;
use std::collections::HashMap;

/// The state of a resolved ticket (`tstates.id`).
const RESOLVED: i64 = 3;
const NO_TIME: &str = "0000-00-00 00:00:00";

/// A point in time as GestSup stores it.
pub(super) fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A day as GestSup stores it.
pub(super) fn day(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "0000-00-00".to_owned(), |day| day.to_string())
}

/// A step as a row: the columns beside ticket, date and mark.
struct Row<'a> {
    mark: &'a str,
    author: i64,
    kind: i64,
    numbers: Vec<(&'static str, i64)>,
    html: Option<String>,
}

impl GestsupPen {
    pub(super) async fn write_in_transaction(&mut self, change: &TicketChange) -> Result<Wrote, GestsupError> {
        let ticket = change.number;
        let columns: Vec<String> = ["state", "technician", "t_group", "time", "time_hope", "date_hope"]
            .into_iter()
            .map(|column| {
                let stored = self.catalogue.column("t", "tincidents", column, "''");
                format!("CAST({stored} AS CHAR) AS {column}")
            })
            .collect();
        // Whoever saves the ticket's page meanwhile waits for these few statements.
        let sql = format!(
            "SELECT {} FROM tincidents t WHERE t.id = {ticket} AND {} FOR UPDATE",
            columns.join(", "),
            self.catalogue.not_deleted("t")
        );
        let rows = self.rows(sql).await?;
        let Some(row) = rows.first() else {
            return Ok(Wrote::Stale(format!("Ticket n°{ticket} is gone from GestSup.")));
        };
        let marked = change.marks().next().is_some() && self.has("tthreads", "dest_mail");
        let known = if marked { self.marked(ticket).await? } else { HashMap::new() };
        if marked && change.marks().all(|mark| known.contains_key(stem(mark))) {
            // It was done already and never confirmed.
            return Ok(self.look_up(change).await?.map_or_else(|| stale(ticket), Wrote::Done));
        }
        if !holds(row, change) || !self.steps_hold(change).await? {
            return Ok(stale(ticket));
        }
        let mut written = Written::default();
        if let Some(technician) = &change.technician {
            self.technician(change, technician, &mut written).await?;
        }
        if let Some(state) = change.state.as_ref().filter(|state| state.to != RESOLVED) {
            self.state(change, state, &mut written).await?;
        }
        self.ticket(change).await?;
        reached("gestsup: ticket changed");
        for step in &change.steps {
            self.comment(change, step, &mut written).await?;
        }
        self.attach(change, &mut written).await?;
        for edit in &change.edits {
            self.edit(edit.step, ticket, &edit.mark, &edit.text).await?;
        }
        for minutes in &change.minutes {
            let sql =
                format!("UPDATE tthreads SET time = {} WHERE id = {} AND ticket = {ticket}", minutes.to, minutes.step);
            self.run(sql).await?;
        }
        if let Some(state) = change.state.as_ref().filter(|state| state.to == RESOLVED) {
            self.state(change, state, &mut written).await?;
        }
        self.appointment(change, &mut written).await?;
        Ok(Wrote::Done(written))
    }

    /// Whether steps that are to be changed are as the plan assumed.
    async fn steps_hold(&mut self, change: &TicketChange) -> Result<bool, GestsupError> {
        for minutes in &change.minutes {
            let sql = format!(
                "SELECT 1 FROM tthreads WHERE id = {} AND ticket = {} AND time = {}",
                minutes.step, change.number, minutes.from
            );
            if self.rows(sql).await?.is_empty() {
                return Ok(false);
            }
        }
        for edit in &change.edits {
            let sql = format!("SELECT text FROM tthreads WHERE id = {} AND ticket = {}", edit.step, change.number);
            let rows = self.rows(sql).await?;
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let stands = rows.first().map(|row| words(&html_to_rich_text(&text(row, "text")).to_plain()));
            if stands != Some(words(&html_to_rich_text(&to_html(&edit.from, self.latin1)).to_plain())) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn technician(
        &mut self,
        change: &TicketChange,
        to: &TechnicianChange,
        written: &mut Written,
    ) -> Result<(), GestsupError> {
        let (kind, numbers) = match (to.from, to.from_group) {
            (0, 0) => (1, vec![("tech1", to.to)]),
            (0, group) => (2, vec![("group1", group), ("tech2", to.to)]),
            (from, _) => (2, vec![("tech1", from), ("tech2", to.to)]),
        };
        self.insert(change, Row { mark: &to.mark, author: change.author, kind, numbers, html: None }, written).await?;
        if to.with_events {
            let sql =
                format!("UPDATE tevents SET technician = {} WHERE incident = {} AND type = 2", to.to, change.number);
            self.run(sql).await?;
        }
        Ok(())
    }

    async fn state(
        &mut self,
        change: &TicketChange,
        to: &StateChange,
        written: &mut Written,
    ) -> Result<(), GestsupError> {
        let (kind, numbers) = if to.to == RESOLVED { (4, Vec::new()) } else { (5, vec![("state", to.to)]) };
        self.insert(change, Row { mark: &to.mark, author: change.author, kind, numbers, html: None }, written).await
    }

    async fn comment(
        &mut self,
        change: &TicketChange,
        step: &NewStep,
        written: &mut Written,
    ) -> Result<(), GestsupError> {
        let numbers = vec![("private", i64::from(step.private)), ("time", step.minutes)];
        let html = Some(to_html(&step.text, self.latin1));
        self.insert(change, Row { mark: &step.mark, author: step.author, kind: 0, numbers, html }, written).await
    }

    async fn edit(&mut self, step: i64, ticket: i64, mark: &str, text: &str) -> Result<(), GestsupError> {
        let marked = if self.has("tthreads", "dest_mail") { ", dest_mail = ?" } else { "" };
        let sql = format!("UPDATE tthreads SET text = ?{marked} WHERE id = {step} AND ticket = {ticket}");
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(to_html(text, self.latin1));
        if !marked.is_empty() {
            query = query.bind(mark.to_owned());
        }
        self.execute(query).await?;
        Ok(())
    }

    /// Adds a step; every column that must have a value gets one.
    async fn insert(&mut self, change: &TicketChange, row: Row<'_>, written: &mut Written) -> Result<(), GestsupError> {
        let marked = self.has("tthreads", "dest_mail");
        let mut columns = vec!["ticket", "date", "author", "type", "text"];
        let numbers: Vec<_> = row.numbers.into_iter().filter(|(column, _)| self.has("tthreads", column)).collect();
        columns.extend(numbers.iter().map(|(column, _)| *column));
        // All bound: the same statement serves every step.
        let mut values = vec!["?".to_owned(); columns.len()];
        if marked {
            columns.push("dest_mail");
            values.push("?".to_owned());
        }
        let mut names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        for (column, nothing) in self.required.beside("tthreads", &columns) {
            names.push(format!("`{column}`"));
            values.push(nothing.to_owned());
        }
        let sql = format!("INSERT INTO tthreads ({}) VALUES ({})", names.join(", "), values.join(", "));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(change.number).bind(self.local(change.at).to_string());
        let mut query = query.bind(row.author).bind(row.kind).bind(row.html.unwrap_or_default());
        for (_, number) in numbers {
            query = query.bind(number);
        }
        if marked {
            query = query.bind(row.mark.to_owned());
        }
        let id = self.execute(query).await?;
        written.steps.insert(row.mark.to_owned(), id);
        reached("gestsup: step inserted");
        Ok(())
    }

    /// The ticket's own columns, only those that change.
    async fn ticket(&mut self, change: &TicketChange) -> Result<(), GestsupError> {
        let now = self.local(change.at);
        let mut sets: Vec<(&str, String)> = Vec::new();
        if let Some(state) = &change.state {
            sets.push(("state", state.to.to_string()));
            if state.to == RESOLVED {
                let at = state.resolved_at.map_or_else(|| now.clone(), |at| self.local(at));
                sets.push(("date_res", format!("'{at}'")));
            } else if state.from == RESOLVED {
                sets.push(("date_res", format!("'{NO_TIME}'")));
            }
        }
        if let Some(technician) = &change.technician {
            sets.push(("technician", technician.to.to_string()));
            sets.push(("t_group", "0".to_owned()));
        }
        if let Some(due) = &change.due {
            sets.push(("date_hope", format!("'{}'", day(due.to))));
        }
        if let Some(estimate) = &change.estimate {
            sets.push(("time_hope", estimate.to.to_string()));
        }
        let moved: i64 = change.minutes.iter().map(|minutes| minutes.to - minutes.from).sum();
        if let Some(total) = &change.total {
            sets.push(("time", total.to.to_string()));
        } else if moved != 0 {
            sets.push(("time", format!("GREATEST(time + ({moved}), 0)")));
        }
        let says = !change.steps.is_empty() || !change.edits.is_empty();
        if says || change.state.is_some() || change.technician.is_some() {
            sets.push(("date_modif", format!("'{now}'")));
        }
        // What the technician did not write himself is unread to him, and so is a new answer to the requester.
        if change.steps.iter().any(|step| step.author != 0) {
            sets.push(("techread", format!("IF(technician = {}, techread, 0)", change.author)));
        }
        if change.is_seen_by_requester() {
            sets.push(("userread", "0".to_owned()));
        }
        let sets: Vec<String> = sets
            .into_iter()
            .filter(|(column, _)| self.has("tincidents", column))
            .map(|(column, value)| format!("`{column}` = {value}"))
            .collect();
        if sets.is_empty() {
            return Ok(());
        }
        self.run(format!("UPDATE tincidents SET {} WHERE id = {}", sets.join(", "), change.number)).await
    }

    async fn appointment(&mut self, change: &TicketChange, written: &mut Written) -> Result<(), GestsupError> {
        let ticket = change.number;
        match &change.event {
            None => {}
            Some(EventChange::Cancel { id }) => {
                self.run(format!("UPDATE tevents SET disable = 1 WHERE id = {id} AND incident = {ticket}")).await?;
            }
            Some(EventChange::Move { id, technician, start, end }) => {
                let (start, end) = (self.local(*start), self.local(*end));
                self.run(format!(
                    "UPDATE tevents SET technician = {technician}, date_start = '{start}', date_end = '{end}' WHERE id = {id} AND incident = {ticket}"
                ))
                .await?;
                written.event = Some(*id);
            }
            Some(EventChange::Create { technician, start, end }) => {
                let (start, end) = (self.local(*start), self.local(*end));
                written.event = match self.event(ticket, *technician, &start, &end).await? {
                    Some(id) => Some(id),
                    None => Some(self.new_event(ticket, *technician, &start, &end).await?),
                };
            }
        }
        Ok(())
    }

    /// As the ticket's page plans one: the title is stored as the ticket's is, entities and all.
    async fn new_event(&mut self, ticket: i64, technician: i64, start: &str, end: &str) -> Result<i64, GestsupError> {
        let mut columns = vec!["technician", "incident", "date_start", "date_end", "type"];
        let mut values =
            vec![technician.to_string(), ticket.to_string(), format!("'{start}'"), format!("'{end}'"), "2".to_owned()];
        for (column, value) in
            [("title", "LEFT(CONCAT('Ticket ', t.id, ' : ', t.title), 150)"), ("classname", "'badge-success'")]
        {
            if self.has("tevents", column) {
                columns.push(column);
                values.push(value.to_owned());
            }
        }
        let mut names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        for (column, nothing) in self.required.beside("tevents", &columns) {
            names.push(format!("`{column}`"));
            values.push(nothing.to_owned());
        }
        let sql = format!(
            "INSERT INTO tevents ({}) SELECT {} FROM tincidents t WHERE t.id = {ticket}",
            names.join(", "),
            values.join(", ")
        );
        self.execute(sqlx::query(AssertSqlSafe(sql))).await
    }
}

fn stale(ticket: i64) -> Wrote {
    Wrote::Stale(format!("Somebody changed ticket n°{ticket} in GestSup meanwhile: it is looked at again."))
}

/// Whether the ticket is as the plan assumed, in what is to be changed.
fn holds(row: &MySqlRow, change: &TicketChange) -> bool {
    let stored = |column: &str| text(row, column).parse::<i64>().unwrap_or(0);
    change.state.as_ref().is_none_or(|state| stored("state") == state.from)
        && change.technician.as_ref().is_none_or(|technician| {
            stored("technician") == technician.from
                && (technician.from != 0 || stored("t_group") == technician.from_group)
        })
        && change.estimate.as_ref().is_none_or(|estimate| stored("time_hope") == estimate.from)
        && change.total.as_ref().is_none_or(|total| stored("time") == total.from)
        && change.due.as_ref().is_none_or(|due| stored_day(&text(row, "date_hope")) == due.from)
}
