//! What decisions about mails look at: people, lists, settings, tickets that may be answered.

use super::super::GestsupError;
use super::super::people::{person, person_columns};
use super::super::rows::{list, number, text, time};
use super::super::snapshot::{merge_statement, merges_in};
use super::super::text::{decode, decode_listed};
use super::GestsupMailPen;
use crate::mapping::mail::{Account, DeskFacts, TicketFacts};
use crate::model::Label;
use std::collections::{HashMap, HashSet};

/// Lists that rules name rows of: key, table, and a condition.
const LISTS: [(&str, &str, &str); 7] = [
    ("type", "ttypes", "TRUE"),
    ("category", "tcategory", "TRUE"),
    ("subcategory", "tsubcat", "TRUE"),
    ("priority", "tpriority", "TRUE"),
    ("criticality", "tcriticality", "TRUE"),
    ("service", "tservices", "TRUE"),
    ("group", "tgroups", "type = 1"),
];

impl GestsupMailPen {
    pub(super) async fn read_facts(&mut self) -> Result<DeskFacts, GestsupError> {
        let mut facts = DeskFacts::default();
        let enabled = self.pen.catalogue.column("u", "tusers", "disable", "0");
        let columns = person_columns(&self.pen.catalogue, "u", "u");
        let sql =
            format!("SELECT {columns}, CAST(u.company AS SIGNED) AS c FROM tusers u WHERE u.id > 0 AND {enabled} = 0");
        let mut clients: HashMap<String, HashSet<i64>> = HashMap::new();
        for row in self.pen.rows(sql).await? {
            let Some(person) = person(&row, "u", None).filter(|person| !person.is_forgotten()) else { continue };
            if person.role.is_staff() {
                facts.technicians.push(Label { id: person.id, name: person.login.clone() });
            }
            let (mail, company) = (person.mail.to_lowercase(), number(&row, "c"));
            let Some((_, domain)) = mail.rsplit_once('@') else { continue };
            if !person.role.is_staff() {
                clients.entry(domain.to_owned()).or_default().insert(company);
            }
            let name = person.display_name();
            let account = Account { id: person.id, name, login: person.login, role: person.role, company };
            facts.accounts.entry(mail).or_default().push(account);
        }
        for (domain, companies) in clients {
            // A domain that some people without a client have as well is no client's.
            if let [only] = companies.into_iter().collect::<Vec<_>>()[..]
                && only != 0
            {
                facts.domains.insert(domain, only);
            }
        }
        if self.pen.has("tcompany", "name") {
            for row in self.pen.rows("SELECT CAST(id AS SIGNED) AS id, name FROM tcompany".to_owned()).await? {
                facts.companies.insert(number(&row, "id"), decode(&text(&row, "name")));
            }
        }
        for (key, table, condition) in LISTS {
            if !self.pen.has(table, "name") || (condition != "TRUE" && !self.pen.has(table, "type")) {
                continue;
            }
            let sql = format!("SELECT CAST(id AS SIGNED) AS id, name FROM {table} WHERE {condition} ORDER BY id");
            let rows = self.pen.rows(sql).await?;
            let label = |row| Label { id: number(row, "id"), name: decode_listed(&text(row, "name")) };
            facts.lists.insert(key, rows.iter().map(label).collect());
        }
        self.read_settings(&mut facts).await?;
        Ok(facts)
    }

    async fn read_settings(&mut self, facts: &mut DeskFacts) -> Result<(), GestsupError> {
        let language = self.parameter("server_language").await?;
        facts.french = language.is_empty() || language.starts_with("fr");
        let mut own = vec![self.parameter("mail_from_adr").await?, self.parameter("imap_user").await?];
        if self.pen.has("tparameters_imap_multi_mailbox", "mail") {
            let rows = self.pen.rows("SELECT mail FROM tparameters_imap_multi_mailbox".to_owned()).await?;
            own.extend(rows.iter().map(|row| text(row, "mail")));
        }
        let own = own.iter().map(|address| address.trim().to_lowercase()).filter(|address| address.contains('@'));
        facts.own_addresses = own.collect();
        if self.parameter("imap").await? == "1" {
            let server = self.parameter("imap_server").await?.trim().to_lowercase();
            let mut users = vec![self.parameter("imap_user").await?];
            if self.parameter("imap_mailbox_service").await? == "1"
                && self.pen.has("tparameters_imap_multi_mailbox", "mail")
            {
                let rows = self.pen.rows("SELECT mail FROM tparameters_imap_multi_mailbox".to_owned()).await?;
                users.extend(rows.iter().map(|row| text(row, "mail")));
            }
            let users = users.iter().map(|user| user.trim().to_lowercase()).filter(|user| !user.is_empty());
            facts.read_by_gestsup = users.map(|user| (user, server.clone())).collect();
        }
        Ok(())
    }

    pub(super) async fn merges(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, GestsupError> {
        if gone.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(merges_in(&self.pen.rows(merge_statement(gone)).await?, gone))
    }

    pub(super) async fn read_tickets(&mut self, numbers: &[i64]) -> Result<Vec<TicketFacts>, GestsupError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let known = &self.pen.catalogue;
        let of = |column: &str| format!("CAST({} AS SIGNED)", known.column("t", "tincidents", column, "0"));
        let sql = format!(
            "SELECT CAST(t.id AS SIGNED) AS id, t.title, {} AS state, {} AS user, {} AS u_group, {} AS technician, {} AS o1, {} AS o2, \
             {} AS o3, CAST({} AS CHAR) AS date_res, CAST(COALESCE(u.company, 0) AS SIGNED) AS company, COALESCE(u.mail, '') AS mail \
             FROM tincidents t LEFT JOIN tusers u ON u.id = t.user AND u.id <> 0 WHERE t.id IN ({}) AND {}",
            of("state"),
            of("user"),
            of("u_group"),
            of("technician"),
            of("observer1"),
            of("observer2"),
            of("observer3"),
            known.column("t", "tincidents", "date_res", "''"),
            list(numbers),
            known.not_deleted("t")
        );
        let rows = self.pen.rows(sql).await?;
        let mut tickets = Vec::new();
        for row in &rows {
            let observers: Vec<i64> =
                ["o1", "o2", "o3"].into_iter().map(|column| number(row, column)).filter(|id| *id > 0).collect();
            let mut ticket = TicketFacts {
                number: number(row, "id"),
                title: decode(&text(row, "title")),
                state: number(row, "state"),
                requester: number(row, "user"),
                requester_mails: vec![text(row, "mail").trim().to_lowercase()],
                company: number(row, "company"),
                observers: Vec::new(),
                group: Vec::new(),
                technician: number(row, "technician"),
                resolved_at: time(row, "date_res", self.pen.gestsup.zone),
            };
            if !observers.is_empty() {
                let sql = format!(
                    "SELECT CAST(id AS SIGNED) AS id, CAST(company AS SIGNED) AS c FROM tusers WHERE id IN ({})",
                    list(&observers)
                );
                let rows = self.pen.rows(sql).await?;
                ticket.observers = rows.iter().map(|row| (number(row, "id"), number(row, "c"))).collect();
            }
            let group = number(row, "u_group");
            if group > 0 && self.pen.has("tgroups_assoc", "group") {
                let sql = format!(
                    "SELECT CAST(u.id AS SIGNED) AS id, CAST(u.company AS SIGNED) AS c, u.mail FROM tgroups_assoc a JOIN tusers u ON u.id = a.user WHERE a.`group` = {group}"
                );
                let members = self.pen.rows(sql).await?;
                ticket.group = members.iter().map(|row| number(row, "id")).collect();
                ticket.requester_mails.extend(members.iter().map(|row| text(row, "mail").trim().to_lowercase()));
                let companies: HashSet<i64> = members.iter().map(|row| number(row, "c")).collect();
                if let [only] = companies.into_iter().collect::<Vec<_>>()[..] {
                    ticket.company = only;
                }
            }
            tickets.push(ticket);
        }
        Ok(tickets)
    }
}
