//! What the notify flow reads beside tickets: the state of all of them, observers, and what GestSup itself sends.

use super::people::{person, person_columns};
use super::rows::{list, number, text, time};
use super::snapshot::GestsupSnapshot;
use super::{Gestsup, GestsupError};
use crate::flows::PortError;
use crate::flows::notify::{NoticeDesk, NoticeView, OwnMail, OwnMails};
use crate::flows::tickets::{Marks, Snapshot, Witness};
use crate::model::{Person, Ticket};
use async_trait::async_trait;
use std::collections::HashMap;

/// Tickets of one row: as many as the bits of a number that is surely not negative.
const BLOCK: i64 = 60;
/// `tincidents.observer1` to `observer3`.
const OBSERVERS: [&str; 3] = ["observer1", "observer2", "observer3"];

#[async_trait]
impl NoticeDesk for Gestsup {
    async fn view(&self) -> Result<Box<dyn NoticeView>, PortError> {
        Ok(Box::new(self.open().await?))
    }
}

#[async_trait]
impl NoticeView for GestsupSnapshot {
    async fn states(&mut self) -> Result<HashMap<i64, i64>, PortError> {
        Ok(self.states_of_all().await?)
    }

    async fn marks(&mut self) -> Result<Marks, PortError> {
        Snapshot::marks(self).await
    }

    async fn witnesses(&mut self, steps: &[i64]) -> Result<Vec<Witness>, PortError> {
        Snapshot::witnesses(self, steps).await
    }

    async fn load(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, PortError> {
        Snapshot::load(self, numbers).await
    }

    async fn observers(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Vec<Person>>, PortError> {
        Ok(self.observers_of(numbers).await?)
    }

    async fn own_mails(&mut self) -> Result<OwnMails, PortError> {
        Ok(self.mails_of_gestsup().await?)
    }

    async fn sent_by_gestsup(&mut self, numbers: &[i64]) -> Result<Option<HashMap<i64, Vec<OwnMail>>>, PortError> {
        Ok(self.automatic_mails(numbers).await?)
    }
}

impl GestsupSnapshot {
    /// A row for the tickets of a block that are in one state, a bit for each.
    async fn states_of_all(&mut self) -> Result<HashMap<i64, i64>, GestsupError> {
        let sql = format!(
            "SELECT CAST(t.state AS SIGNED) AS state, CAST(t.id DIV {BLOCK} AS SIGNED) AS block, \
             CAST(BIT_OR(1 << (t.id % {BLOCK})) AS SIGNED) AS bits FROM tincidents t \
             WHERE {} AND t.id > 0 GROUP BY t.state, t.id DIV {BLOCK}",
            self.catalogue.not_deleted("t")
        );
        let mut states = HashMap::new();
        for row in self.fetch(sql).await? {
            let [state, block, bits] = ["state", "block", "bits"].map(|name| number(&row, name));
            let tickets = (0..BLOCK).filter(|bit| bits >> bit & 1 == 1).map(|bit| block * BLOCK + bit);
            states.extend(tickets.map(|ticket| (ticket, state)));
        }
        Ok(states)
    }

    async fn observers_of(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Vec<Person>>, GestsupError> {
        let mut observers: HashMap<i64, Vec<Person>> = HashMap::new();
        let columns = self.catalogue.present("t", "tincidents", &OBSERVERS);
        if columns.is_empty() || numbers.is_empty() {
            return Ok(observers);
        }
        let sql = format!(
            "SELECT CAST(t.id AS SIGNED) AS ticket, {} FROM tincidents t JOIN tusers u ON u.id IN ({}) \
             WHERE t.id IN ({}) AND u.id <> 0 ORDER BY t.id, u.id",
            person_columns(&self.catalogue, "u", "u"),
            columns.join(", "),
            list(numbers)
        );
        for row in self.fetch(sql).await? {
            if let Some(person) = person(&row, "u", None) {
                observers.entry(number(&row, "ticket")).or_default().push(person);
            }
        }
        Ok(observers)
    }

    /// GestSup adds a step for each mail that it sends; what it sends by itself has no author.
    async fn automatic_mails(&mut self, numbers: &[i64]) -> Result<Option<HashMap<i64, Vec<OwnMail>>>, GestsupError> {
        if !self.catalogue.has("tthreads", "dest_mail") {
            return Ok(None);
        }
        let mut mails: HashMap<i64, Vec<OwnMail>> = HashMap::new();
        if numbers.is_empty() {
            return Ok(Some(mails));
        }
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id, CAST(ticket AS SIGNED) AS ticket, CAST(date AS CHAR) AS date, dest_mail AS whom FROM tthreads \
             WHERE type = 3 AND author = 0 AND ticket IN ({})",
            list(numbers)
        );
        for row in self.fetch(sql).await? {
            let at = time(&row, "date", self.gestsup.zone);
            let mail = OwnMail { step: number(&row, "id"), at, to: text(&row, "whom") };
            mails.entry(number(&row, "ticket")).or_default().push(mail);
        }
        Ok(Some(mails))
    }

    async fn mails_of_gestsup(&mut self) -> Result<OwnMails, GestsupError> {
        if !self.catalogue.has_table("tparameters") {
            return Ok(OwnMails::default());
        }
        let numbers = [
            "mail",
            "mail_auto",
            "mail_auto_user_modify",
            "mail_auto_user_newticket",
            "mail_auto_tech_attribution",
            "ticket_observer",
            "imap",
            "imap_reply",
        ];
        let texts = ["mail_from_adr", "imap_user", "mail_username"];
        let known = &self.catalogue;
        let of = |name: &&str, kind: &str, neutral: &str| {
            format!("CAST({} AS {kind}) AS {name}", known.column("p", "tparameters", name, neutral))
        };
        let mut columns: Vec<String> = numbers.iter().map(|name| of(name, "SIGNED", "0")).collect();
        columns.extend(texts.iter().map(|name| of(name, "CHAR", "''")));
        let rows = self.fetch(format!("SELECT {} FROM tparameters p LIMIT 1", columns.join(", "))).await?;
        let Some(row) = rows.first() else { return Ok(OwnMails::default()) };
        let is_on = |name: &str| number(row, "mail") == 1 && number(row, name) == 1;
        let mut addresses: Vec<String> = texts.iter().map(|name| text(row, name)).collect();
        let takes_answers = number(row, "imap") == 1 && number(row, "imap_reply") == 1;
        let mut own = OwnMails {
            to_opener: is_on("mail_auto_user_newticket"),
            to_requester: is_on("mail_auto"),
            to_commented: is_on("mail_auto_user_modify"),
            copies_observers: is_on("ticket_observer"),
            to_attributed: is_on("mail_auto_tech_attribution"),
            takes_answers,
            addresses: Vec::new(),
        };
        if self.catalogue.has("tparameters_imap_multi_mailbox", "mail") {
            let sql = "SELECT CAST(mail AS CHAR) AS mail FROM tparameters_imap_multi_mailbox".to_owned();
            addresses.extend(self.fetch(sql).await?.iter().map(|row| text(row, "mail")));
        }
        let clean = addresses.iter().map(|address| super::decode(address).trim().to_lowercase());
        own.addresses = clean.filter(|address| address.contains('@')).collect();
        Ok(own)
    }
}
