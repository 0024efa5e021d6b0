//! The statements of a ticket and of a comment that a mail becomes.

use super::super::GestsupError;
use super::super::reference::fitting::{encode, fit};
use super::super::rows::{number, text};
use super::super::text::holds;
use super::GestsupMailPen;
use crate::failpoint::reached;
use crate::flows::mail::{Stage, Staged};
use crate::flows::reference::Field;
use crate::mapping::mail::{NewContact, NewReply, NewTicket, Requester, only_held};
use crate::model::unguessable;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

/// The state that GestSup gives a ticket that nobody is in charge of, and the one of a ticket that was just given to somebody.
const NOT_ATTRIBUTED: i64 = 5;
const TO_BE_TAKEN: i64 = 1;
/// What GestSup's own connector writes.
const CRITICALITY: i64 = 4;
const BY_MAIL: i64 = 6;
/// Characters of columns.
const TITLE: usize = 100;
const NAME: usize = 40;
const MAIL: usize = 100;
/// Bytes of one text: what a server takes at once has a limit.
const TEXT: usize = 8 * 1024 * 1024;
const NO_TIME: &str = "'0000-00-00 00:00:00'";

/// A value of a column.
enum Value {
    Number(i64),
    Text(String),
}

/// A row to be added: columns with their values. All are bound: statements that differ in a number would each be
/// prepared anew; and when the old ones are closed to make room, the next statement waits for an acknowledgement of
/// that, some 40 ms.
#[derive(Default)]
struct Row(Vec<(&'static str, Value)>);

impl Row {
    fn number(&mut self, column: &'static str, value: i64) {
        self.0.push((column, Value::Number(value)));
    }

    fn text(&mut self, column: &'static str, value: String) {
        self.0.push((column, Value::Text(value)));
    }
}

impl GestsupMailPen {
    /// Adds a row; every column that must have a value gets one, and columns that this version lacks are left out.
    async fn insert(&mut self, table: &'static str, row: Row) -> Result<i64, GestsupError> {
        let columns: Vec<&str> = row.0.iter().map(|(column, _)| *column).collect();
        let (mut names, mut given, mut bound) = (Vec::new(), Vec::new(), Vec::new());
        for (column, value) in row.0 {
            if self.pen.has(table, column) {
                names.push(format!("`{column}`"));
                given.push("?");
                bound.push(value);
            }
        }
        for (column, nothing) in self.pen.required.beside(table, &columns) {
            names.push(format!("`{column}`"));
            given.push(nothing);
        }
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), given.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in bound {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        let id = self.pen.execute(query).await?;
        reached("mail: row inserted");
        Ok(id)
    }

    fn html(&self, html: &str) -> String {
        let latin1 = self.pen.latin1;
        let end = (0..=TEXT.min(html.len())).rev().find(|at| html.is_char_boundary(*at)).unwrap_or(0);
        only_held(&html[..end], &|c| holds(c, latin1) && (!c.is_control() || matches!(c, '\n' | '\t'))).into_owned()
    }

    fn short(&self, text: &str, room: usize) -> String {
        encode(&fit(Field::Name, text, room, self.pen.latin1).text)
    }

    fn local(&self, at: DateTime<Utc>) -> String {
        self.pen.local(at).to_string()
    }

    pub(super) async fn ticket(&mut self, ticket: &NewTicket) -> Result<Stage, GestsupError> {
        let user = match &ticket.requester {
            Requester::Nobody => 0,
            Requester::Known(id) => *id,
            Requester::New(contact) => self.contact(contact).await?,
        };
        let given = |key: &str| ticket.attributes.get(key).copied();
        let (mut technician, group) = (given("technician").unwrap_or(0), given("group").unwrap_or(0));
        let by_rule = technician != 0 || group != 0;
        if !by_rule {
            technician = self.first("tusers_tech", "tech", &format!("user = {user} AND user <> 0")).await?;
        }
        let state = self.parameter("ticket_default_state").await?.trim().parse().unwrap_or(NOT_ATTRIBUTED);
        let taken = by_rule && state == NOT_ATTRIBUTED;
        let category = match (given("category"), given("subcategory")) {
            (Some(category), _) => category,
            (None, Some(subcategory)) => self.first("tsubcat", "cat", &format!("id = {subcategory}")).await?,
            (None, None) => 0,
        };
        let date = self.local(ticket.opened_at);
        let mut row = Row::default();
        row.number("user", user);
        row.number("creator", user);
        row.number("sender_service", self.service_of(user).await?);
        row.number("technician", technician);
        row.number("t_group", group);
        row.text("title", self.short(&ticket.title, TITLE));
        row.text("description", self.html(&ticket.html));
        row.text("date_create", date.clone());
        row.text("date_modif", date.clone());
        row.number("techread", 0);
        row.number("state", if taken { TO_BE_TAKEN } else { state });
        row.number("criticality", given("criticality").unwrap_or(CRITICALITY));
        row.number("priority", given("priority").unwrap_or(0));
        row.number("type", given("type").unwrap_or(0));
        row.number("category", category);
        row.number("subcat", given("subcategory").unwrap_or(0));
        row.number("u_service", given("service").unwrap_or(0));
        row.number("disable", 0);
        for (column, observer) in ["observer1", "observer2", "observer3"].into_iter().zip(&ticket.observers) {
            row.number(column, *observer);
        }
        let id = self.insert("tincidents", row).await?;
        let step = self.step(id, &date, 0, BY_MAIL, &[], "").await?;
        if by_rule {
            let whose = if technician != 0 { ("tech1", technician) } else { ("group1", group) };
            self.step(id, &date, 0, 1, &[whose], "").await?;
            if taken {
                self.step(id, &date, 0, 5, &[("state", TO_BE_TAKEN)], "").await?;
            }
        }
        Ok(Stage::Ready(Staged { ticket: id, step, files: Vec::new(), date }))
    }

    /// An account for a sender, unless somebody made one meanwhile. Where one was switched off, nobody asks: none is made.
    async fn contact(&mut self, contact: &NewContact) -> Result<i64, GestsupError> {
        let enabled = self.pen.catalogue.column("u", "tusers", "disable", "0");
        let sql = format!(
            "SELECT CAST(u.id AS SIGNED) AS id, CAST({enabled} AS SIGNED) AS off FROM tusers u WHERE u.mail = ? OR u.login = ? ORDER BY off, id"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(contact.mail.clone()).bind(contact.mail.clone());
        let rows = self.pen.gestsup.within(query.fetch_all(&mut self.pen.connection)).await?;
        if let Some(row) = rows.first() {
            return Ok(if number(row, "off") == 0 { number(row, "id") } else { 0 });
        }
        let mail = fit(Field::Mail, &contact.mail, MAIL, self.pen.latin1);
        if mail.cut || mail.text.is_empty() {
            return Ok(0);
        }
        let mut row = Row::default();
        row.text("login", self.short(&contact.mail, MAIL));
        row.text("mail", mail.text);
        row.text("firstname", self.short(&contact.first_name, NAME));
        row.text("lastname", self.short(&contact.last_name, NAME));
        row.number("profile", 2);
        row.number("company", contact.company);
        row.number("disable", 0);
        self.insert("tusers", row).await
    }

    /// The service of a requester.
    async fn service_of(&mut self, user: i64) -> Result<i64, GestsupError> {
        self.first("tusers_services", "service_id", &format!("user_id = {user} AND user_id <> 0 ORDER BY id DESC"))
            .await
    }

    /// A number of the first row; 0 where there is none.
    async fn first(&mut self, table: &str, column: &str, condition: &str) -> Result<i64, GestsupError> {
        if !self.pen.has(table, column) {
            return Ok(0);
        }
        let sql = format!("SELECT CAST({column} AS SIGNED) AS n FROM {table} WHERE {condition} LIMIT 1");
        Ok(self.pen.rows(sql).await?.first().map_or(0, |row| number(row, "n")))
    }

    async fn step(
        &mut self,
        ticket: i64,
        date: &str,
        author: i64,
        kind: i64,
        more: &[(&'static str, i64)],
        html: &str,
    ) -> Result<i64, GestsupError> {
        let mut row = Row::default();
        row.number("ticket", ticket);
        row.text("date", date.to_owned());
        row.number("author", author);
        row.number("type", kind);
        row.text("text", self.html(html));
        for (column, value) in more {
            row.number(column, *value);
        }
        self.insert("tthreads", row).await
    }

    pub(super) async fn reply(&mut self, reply: &NewReply) -> Result<Stage, GestsupError> {
        let ticket = reply.ticket;
        let stored = self.pen.catalogue.column("t", "tincidents", "state", "0");
        let sql = format!(
            "SELECT CAST({stored} AS CHAR) AS state FROM tincidents t WHERE t.id = {ticket} AND {} FOR UPDATE",
            self.pen.catalogue.not_deleted("t")
        );
        let rows = self.pen.rows(sql).await?;
        if rows.first().is_none_or(|row| text(row, "state") != reply.state.to_string()) {
            return Ok(Stage::Stale(format!("somebody changed ticket n°{ticket} in GestSup meanwhile")));
        }
        let (date, now) = (self.local(reply.at), self.local(Utc::now()));
        if let Some(state) = reply.to_state {
            self.step(ticket, &date, reply.author, 5, &[("state", state)], "").await?;
        }
        let step = self.step(ticket, &date, reply.author, 0, &[], &reply.html).await?;
        let mut sets = vec![("date_modif", format!("'{now}'"))];
        if let Some(state) = reply.to_state {
            sets.push(("state", state.to_string()));
        }
        if reply.reopens {
            sets.push(("date_res", NO_TIME.to_owned()));
        }
        // What the other side has not read yet.
        sets.push((if reply.by_staff { "userread" } else { "techread" }, "0".to_owned()));
        let sets: Vec<String> = sets
            .into_iter()
            .filter(|(column, _)| self.pen.has("tincidents", column))
            .map(|(column, value)| format!("`{column}` = {value}"))
            .collect();
        self.pen.run(format!("UPDATE tincidents SET {} WHERE id = {ticket}", sets.join(", "))).await?;
        Ok(Stage::Ready(Staged { ticket, step, files: Vec::new(), date }))
    }

    /// Adds the rows of the files; where each will lie is told.
    pub(super) async fn attach(
        &mut self,
        staged: &mut Staged,
        files: &[crate::mapping::mail::NewFile],
    ) -> Result<(), GestsupError> {
        for file in files {
            let stored = format!("{}_{}", staged.ticket, unguessable());
            self.pen.attachment(staged.ticket, &stored, &file.name).await?;
            reached("mail: row inserted");
            staged.files.push(stored);
        }
        Ok(())
    }
}
