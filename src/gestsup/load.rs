//! Whole tickets: a few statements for a chunk of them, whatever their number of steps.

use super::beside::Beside;
use super::features::EQUIPMENT;
use super::mail_header::{with_breaks_behind_header, without_mail_header};
use super::people::{person, person_columns};
use super::pictures::pictures;
use super::rows::{list, number, text, time};
use super::snapshot::GestsupSnapshot;
use super::text::{decode, decode_deeply, decode_listed};
use super::{GestsupError, html_to_rich_text};
use crate::model::{
    Company, Equipment, FORGOTTEN, FROM_GESTAN, Group, Identity, Label, Person, Step, StepType, Ticket,
};
use chrono_tz::Tz;
use sqlx::mysql::MySqlRow;
use std::collections::HashMap;
use tokio::task::JoinError;

/// Tickets of one set of statements.
const CHUNK: usize = 200;

pub(super) fn label(row: &MySqlRow, id: &str, name: &str) -> Option<Label> {
    let id = number(row, id);
    (id != 0).then(|| Label { id, name: decode_listed(&text(row, name)) })
}

impl GestsupSnapshot {
    pub(super) async fn tickets(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, GestsupError> {
        let mut tickets = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(CHUNK) {
            tickets.extend(self.chunk(chunk).await?);
        }
        Ok(tickets)
    }

    async fn chunk(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, GestsupError> {
        let steps = self.step_rows(numbers).await?;
        let beside = self.beside(numbers).await?;
        let rows = self.fetch(self.load_statement(numbers)).await?;
        let asking: Vec<i64> = rows.iter().map(|row| number(row, "ug_id")).filter(|group| *group != 0).collect();
        let mut groups: Vec<i64> = rows.iter().map(|row| number(row, "t_group")).filter(|group| *group != 0).collect();
        groups.extend(&asking);
        let members = self.members(&groups).await?;
        let companies = self.group_companies(&asking).await?;
        let zone = self.gestsup.zone;
        let read = move || tickets_of(&rows, &steps, beside, &members, &companies, zone);
        // Their texts take a time: away from the threads that serve the network, and beside what is written meanwhile.
        let mut tickets = match tokio::task::spawn_blocking(read).await.map_err(JoinError::try_into_panic) {
            Ok(tickets) => tickets,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(ended)) => {
                return Err(GestsupError::Broken { place: self.gestsup.place.clone(), reason: ended.to_string() });
            }
        };
        let order: HashMap<i64, usize> = numbers.iter().enumerate().map(|(index, number)| (*number, index)).collect();
        tickets.sort_by_key(|ticket| order.get(&ticket.number).copied());
        Ok(tickets)
    }

    fn load_statement(&self, numbers: &[i64]) -> String {
        let known = &self.catalogue;
        let column = |name: &str| known.column("t", "tincidents", name, "0");
        let mut columns = vec![
            "CAST(t.id AS SIGNED) AS id".to_owned(),
            "t.title AS title".to_owned(),
            "t.description AS description".to_owned(),
            "CAST(t.state AS SIGNED) AS state".to_owned(),
            "CAST(t.date_create AS CHAR) AS date_create".to_owned(),
            person_columns(known, "u", "u"),
            person_columns(known, "k", "k"),
        ];
        for name in ["t_group", "u_group", "billable", "time", "time_hope", "creator"] {
            columns.push(format!("CAST({} AS SIGNED) AS {name}", column(name)));
        }
        for name in ["date_res", "date_hope"] {
            columns.push(format!("CAST({} AS CHAR) AS {name}", known.column("t", "tincidents", name, "''")));
        }
        let mut joins = " LEFT JOIN tusers u ON u.id = t.user LEFT JOIN tusers k ON k.id = t.technician".to_owned();
        for neighbour in known.neighbours() {
            let alias = neighbour.alias;
            joins.push_str(&neighbour.join());
            columns.push(format!("CAST({alias}.id AS SIGNED) AS {alias}_id, {alias}.name AS {alias}_name"));
        }
        if known.offers(&EQUIPMENT) {
            joins.push_str(" LEFT JOIN tassets a ON a.id = t.asset_id");
            columns.push(format!(
                "CAST(a.id AS SIGNED) AS a_id, a.netbios AS a_name, {} AS a_internal, {} AS a_serial",
                known.column("a", "tassets", "sn_internal", "''"),
                known.column("a", "tassets", "sn_manufacturer", "''")
            ));
        }
        format!(
            "SELECT {} FROM tincidents t{joins} WHERE {} AND t.id IN ({})",
            columns.join(", "),
            known.not_deleted("t"),
            list(numbers)
        )
    }

    async fn step_rows(&mut self, numbers: &[i64]) -> Result<Vec<MySqlRow>, GestsupError> {
        let known = &self.catalogue;
        let mut columns = vec![
            "CAST(h.id AS SIGNED) AS id, CAST(h.ticket AS SIGNED) AS ticket, CAST(h.date AS CHAR) AS date, h.text AS text, \
             CAST(h.type AS SIGNED) AS type"
                .to_owned(),
            person_columns(known, "u", "u"),
        ];
        for name in ["time", "private", "state", "tech1", "tech2", "group1", "group2"] {
            columns.push(format!("CAST({} AS SIGNED) AS {name}", known.column("h", "tthreads", name, "0")));
        }
        columns.push(format!("{} AS mark", known.column("h", "tthreads", "dest_mail", "''")));
        let mut joins = " LEFT JOIN tusers u ON u.id = h.author".to_owned();
        let mut join = |alias: &str, table: &str, on: &str, named: &str, shown: &str| {
            if known.has("tthreads", on) && known.has(table, "id") && known.has(table, named) {
                joins.push_str(&format!(" LEFT JOIN {table} {alias} ON {alias}.id = h.`{on}`"));
                columns.push(format!("CAST({alias}.id AS SIGNED) AS {alias}_id, {shown} AS {alias}_name"));
            }
        };
        join("s", "tstates", "state", "name", "s.name");
        for (alias, on) in [("t1", "tech1"), ("t2", "tech2")] {
            let shown =
                format!("{alias}.login AS {alias}_login, TRIM(CONCAT({alias}.firstname, ' ', {alias}.lastname))");
            join(alias, "tusers", on, "lastname", &shown);
        }
        for (alias, on) in [("g1", "group1"), ("g2", "group2")] {
            join(alias, "tgroups", on, "name", &format!("{alias}.name"));
        }
        let sql = format!("SELECT {} FROM tthreads h{joins} WHERE h.ticket IN ({})", columns.join(", "), list(numbers));
        self.fetch(sql).await
    }
}

/// The tickets that these rows are.
fn tickets_of(
    rows: &[MySqlRow],
    step_rows: &[MySqlRow],
    mut beside: Beside,
    members: &HashMap<i64, Vec<Person>>,
    companies: &HashMap<i64, Company>,
    zone: Tz,
) -> Vec<Ticket> {
    let mut steps: HashMap<i64, Vec<Step>> = HashMap::new();
    for row in step_rows {
        steps.entry(number(row, "ticket")).or_default().push(step(row, zone));
    }
    for steps in steps.values_mut() {
        // A zero date says nothing: such a step stands where its id puts it, as far as others tell.
        steps.sort_by_key(|step| (step.at, step.id));
    }
    let mut tickets = Vec::with_capacity(rows.len());
    for row in rows {
        let steps = steps.remove(&number(row, "id")).unwrap_or_default();
        let mut ticket = ticket(row, steps, &mut beside, members, zone);
        ticket.requester_group_company = companies.get(&number(row, "ug_id")).cloned();
        tickets.push(ticket);
    }
    tickets
}

fn ticket(
    row: &MySqlRow,
    steps: Vec<Step>,
    beside: &mut Beside,
    members: &HashMap<i64, Vec<Person>>,
    zone: Tz,
) -> Ticket {
    let company = label(row, "c_id", "c_name").map(|label| Company { id: label.id, name: label.name });
    // The one account that stands for people who were deleted is nobody.
    let technician = person(row, "k", None).filter(|person| !person.is_forgotten());
    let group = |id: &str, name: &str| {
        label(row, id, name).map(|label| Group {
            members: members.get(&label.id).cloned().unwrap_or_default(),
            id: label.id,
            name: label.name,
        })
    };
    let asset = number(row, "a_id");
    let (events, project, attachments, satisfaction) = beside.take(number(row, "id"));
    let timed: i64 = steps.iter().map(|step| step.minutes).sum();
    Ticket {
        number: number(row, "id"),
        identity: Identity {
            created: text(row, "date_create"),
            creator: number(row, "creator"),
            first_step: steps.iter().map(|step| step.id).min(),
        },
        title: decode(&text(row, "title")),
        pictures: pictures(&text(row, "description")),
        description: without_mail_header(
            html_to_rich_text(&with_breaks_behind_header(text(row, "description"))),
            number(row, "u_id") == 0,
        ),
        kind: label(row, "ty_id", "ty_name"),
        category: label(row, "ca_id", "ca_name"),
        subcategory: label(row, "sc_id", "sc_name"),
        service: label(row, "sv_id", "sv_name"),
        state: Label { id: number(row, "state"), name: decode_listed(&text(row, "s_name")) },
        priority: label(row, "pr_id", "pr_name"),
        criticality: label(row, "cr_id", "cr_name"),
        group: if technician.is_some() { None } else { group("g_id", "g_name") },
        technician,
        requester: person(row, "u", company),
        requester_group: group("ug_id", "ug_name"),
        requester_group_company: None,
        equipment: (asset != 0).then(|| Equipment {
            id: asset,
            name: decode_deeply(&text(row, "a_name")),
            serial: decode(&text(row, "a_serial")),
            internal_serial: decode_deeply(&text(row, "a_internal")),
        }),
        project,
        billable: number(row, "billable") != 0,
        // With a time per step, the ticket's own total is not to be trusted: edits add to it.
        minutes_spent: if timed > 0 { timed } else { number(row, "time") },
        minutes_estimated: number(row, "time_hope"),
        created_at: time(row, "date_create", zone),
        resolved_at: time(row, "date_res", zone),
        due: time(row, "date_hope", zone),
        events,
        steps,
        attachments,
        satisfaction,
    }
}

fn step(row: &MySqlRow, zone: Tz) -> Step {
    let names_nobody = ["tech1", "tech2", "group1", "group2"].iter().all(|name| number(row, name) == 0);
    let step_type = match number(row, "type") {
        // A copy of a model ticket has such rows: GestSup does not copy whom they name.
        1 | 2 if names_nobody => StepType::Unknown,
        0 => StepType::Comment,
        1 => StepType::Attribution,
        2 => StepType::Transfer,
        3 => StepType::MailSent,
        4 => StepType::Closed,
        5 => StepType::StateChanged,
        6 => StepType::CreatedByMail,
        _ => StepType::Unknown,
    };
    let named = |alias: &str| {
        let id = number(row, &format!("{alias}_id"));
        (id != 0).then(|| decode(&text(row, &format!("{alias}_name")))).filter(|name| !name.is_empty())
    };
    let assigned_to = match step_type {
        StepType::Attribution => named("t1").or_else(|| named("g1")),
        StepType::Transfer => named("t2").or_else(|| named("g2")),
        _ => None,
    };
    let author = person(row, "u", None);
    let named_person = if step_type == StepType::Attribution { "t1_login" } else { "t2_login" };
    Step {
        id: number(row, "id"),
        at: time(row, "date", zone),
        forgotten: author.as_ref().is_some_and(Person::is_forgotten) || text(row, named_person) == FORGOTTEN,
        author,
        step_type,
        text: html_to_rich_text(&text(row, "text")),
        minutes: number(row, "time").max(0),
        private: number(row, "private") != 0,
        state: label(row, "s_id", "s_name"),
        assigned_to,
        // A mail that was sent has its addresses there.
        from_gestan: Some(text(row, "mark"))
            .filter(|mark| mark.starts_with(FROM_GESTAN) && step_type != StepType::MailSent),
    }
}
