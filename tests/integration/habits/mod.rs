//! What people do in GestSup, and that it reaches Gestan: a test per kind of write. Almost none of them
//! moves the ticket's own date of modification.

mod clocks;
mod closing;
mod fields;
mod opening;
mod steps;

use crate::support::World;
use chrono::NaiveDateTime;
use gestan_connector::demo::help_desk::{HelpDesk, Mail};
use gestan_connector::gateway::memo::Memo;

impl World {
    /// `date_modif` of a ticket.
    async fn touched(&mut self, ticket: i64) -> String {
        let sql = format!("SELECT CAST(date_modif AS CHAR) FROM tincidents WHERE id = {ticket}");
        self.desk.ask(sql).await.unwrap().remove(0)
    }

    /// Numbers of types of a ticket's steps, in order.
    async fn step_types(&mut self, ticket: i64) -> String {
        let sql = format!("SELECT CAST(type AS CHAR) FROM tthreads WHERE ticket = {ticket} ORDER BY id");
        self.desk.ask(sql).await.unwrap().concat()
    }

    /// A pass that finds nothing to do does not even read a ticket.
    async fn quiet(&mut self) {
        let report = self.pass().await;
        assert_eq!((report.read, report.records.len()), (0, 0), "{:#?}", report.records);
    }

    /// Visible text of each memo, by intervention.
    async fn memos(&mut self) -> Vec<String> {
        self.gestan().await.iter().map(|seen| Memo::parse(&seen.memo).visible_text()).collect()
    }
}

fn mail<'a>(sender: i64, subject: &'a str, html: &'a str, sent: NaiveDateTime) -> Mail<'a> {
    Mail { sender, from: "helene@helene.fr", subject, html, sent }
}

/// The second that the next action happens in.
fn next_second(desk: &HelpDesk) -> NaiveDateTime {
    desk.clock + chrono::Duration::seconds(1)
}
