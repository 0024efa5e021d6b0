//! The sweep: one fingerprint per ticket, computed in the database so that no text is fetched. Rows
//! are hashed one by one with their id and summed, never XOR-ed: a swap between two steps must show.

use super::GestsupError;
use super::features::{APPOINTMENTS, ATTACHMENTS, COMPANIES, EQUIPMENT, GROUP_MEMBERS, GROUPS, PROJECTS, SURVEY};
use super::rows::{list, number, text, time};
use super::snapshot::GestsupSnapshot;
use crate::flows::tickets::{Fingerprint, Scope, Sighting};
use chrono::NaiveDateTime;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;

/// Tickets whose steps are summed in one statement.
const CHUNK: usize = 5_000;

/// Columns of `tincidents` that are projected, or that decide what is.
const TICKET: [&str; 29] = [
    "id",
    "type",
    "technician",
    "t_group",
    "title",
    "description",
    "user",
    "u_group",
    "u_service",
    "date_create",
    "date_hope",
    "date_res",
    "billable",
    "state",
    "priority",
    "criticality",
    "time",
    "time_hope",
    "creator",
    "category",
    "subcat",
    "asset_id",
    "user_validation",
    "place",
    // Attachments of 3.1; since 3.1.49 they are rows of tattachments and these do not change any more.
    "img1",
    "img2",
    "img3",
    "img4",
    "img5",
];
const STEP: [&str; 12] =
    ["id", "date", "author", "text", "type", "tech1", "tech2", "group1", "group2", "state", "private", "time"];

/// 60 bits of a hash over columns; `CONCAT_WS` leaves out NULLs, so each is made a text first. SHA-2
/// because MySQL 9.7 has no MD5 any more, and all servers that are about have this one.
fn hash(columns: &[String]) -> String {
    let parts: Vec<String> = columns.iter().map(|column| format!("COALESCE({column},'')")).collect();
    format!("CONV(LEFT(SHA2(CONCAT_WS(CHAR(31),{}),256),15),16,10)", parts.join(","))
}

fn sum(columns: &[String]) -> String {
    format!("CAST(SUM(CAST({} AS DECIMAL(30,0))) AS CHAR)", hash(columns))
}

/// What a ticket sees of its neighbours, by ticket.
type Parts = HashMap<i64, Vec<String>>;

impl GestsupSnapshot {
    pub(super) async fn sightings(&mut self, scope: &Scope) -> Result<Vec<Sighting>, GestsupError> {
        let groups = self.group_hashes().await?;
        let numbers = match scope {
            Scope::Recent { after, steps_after, closed_since, also, closed_states } => {
                let living = self.living(closed_states, *closed_since);
                let mut numbers = self.count(&living, *after).await?;
                numbers.extend(also);
                if let Some(after) = steps_after {
                    numbers.extend(self.commented(*after).await?);
                }
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            }
            Scope::Only(numbers) => numbers.clone(),
            Scope::Full | Scope::Range(..) => Vec::new(),
        };
        let condition = match scope {
            Scope::Full => "TRUE".to_owned(),
            Scope::Range(first, last) => format!("t.id BETWEEN {first} AND {last}"),
            Scope::Only(_) | Scope::Recent { .. } => format!("t.id IN ({})", list(&numbers)),
        };
        let rows = self.fetch(self.ticket_statement(&condition)).await?;
        let mut sightings = Vec::with_capacity(rows.len());
        let mut closed = Vec::with_capacity(rows.len());
        let mut prints = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut print = text(row, "h");
            for group in ["t_group", "u_group"].map(|column| number(row, column)).into_iter().filter(|id| *id != 0) {
                print.push('g');
                print.push_str(groups.get(&group).map_or("", String::as_str));
            }
            let zone = self.gestsup.zone;
            closed.push((time(row, "date_res", zone), time(row, "date_create", zone)));
            prints.push(print);
            sightings.push(Sighting {
                number: number(row, "id"),
                fingerprint: Fingerprint::default(),
                attributed: number(row, "attributed") != 0,
                state: number(row, "state"),
                closed_at: None,
            });
        }
        drop(rows);
        let everything = matches!(scope, Scope::Full | Scope::Range(..));
        let numbers: Vec<i64> = sightings.iter().map(|sighting| sighting.number).collect();
        for (index, chunk) in numbers.chunks(CHUNK).enumerate() {
            let filter = match (everything, chunk.first(), chunk.last()) {
                // The numbers ascend, so a range reads the index in order.
                (true, Some(first), Some(last)) => format!("BETWEEN {first} AND {last}"),
                _ => format!("IN ({})", list(chunk)),
            };
            let mut parts = Parts::new();
            let mut dates = HashMap::new();
            for row in self.fetch(self.step_statement(&filter)).await? {
                let ticket = number(&row, "ticket");
                parts.entry(ticket).or_default().push(text(&row, "h"));
                let zone = self.gestsup.zone;
                dates.insert(ticket, (time(&row, "closed", zone), time(&row, "last", zone)));
            }
            for statement in self.neighbour_statements(&filter) {
                for row in self.fetch(statement).await? {
                    parts.entry(number(&row, "ticket")).or_default().push(format!(
                        "{}:{}",
                        text(&row, "k"),
                        text(&row, "h")
                    ));
                }
            }
            let from = index * CHUNK;
            let to = from + chunk.len();
            let of_chunk = sightings[from..to].iter_mut().zip(&closed[from..to]).zip(&prints[from..to]);
            for ((sighting, (resolved, created)), print) in of_chunk {
                let (closing, last) = dates.get(&sighting.number).copied().unwrap_or_default();
                // A resolution date may be older than the resolution: a reply by mail and the list leave it on
                // the open ticket, and the form then keeps it.
                sighting.closed_at = closing.or(*resolved).or(last).or(*created);
                let neighbours = parts.remove(&sighting.number).unwrap_or_default().join("|");
                sighting.fingerprint = Fingerprint::of(&format!("{print}|{neighbours}"));
            }
        }
        Ok(sightings)
    }

    /// Tickets with a step of a greater number: asked for by itself, so that only the end of the table is read.
    async fn commented(&mut self, after: i64) -> Result<Vec<i64>, GestsupError> {
        let sql = format!("SELECT DISTINCT CAST(ticket AS SIGNED) AS ticket FROM tthreads WHERE id > {after}");
        Ok(self.fetch(sql).await?.iter().map(|row| number(row, "ticket")).collect())
    }

    /// The condition that tells the tickets that live, by themselves.
    fn living(&self, closed_states: &[i64], closed_since: NaiveDateTime) -> String {
        let mut condition = format!("t.state NOT IN ({})", list(closed_states));
        if self.catalogue.has("tincidents", "date_res") {
            condition.push_str(&format!(" OR t.date_res >= '{}'", closed_since.format("%Y-%m-%d %H:%M:%S")));
        }
        condition
    }

    fn ticket_statement(&self, condition: &str) -> String {
        let known = &self.catalogue;
        let mut columns = known.present("t", "tincidents", &TICKET);
        columns.extend(known.present(
            "u",
            "tusers",
            &["id", "login", "firstname", "lastname", "mail", "company", "profile"],
        ));
        columns.extend(known.present("k", "tusers", &["id", "login", "firstname", "lastname", "mail"]));
        let mut joins = String::new();
        for neighbour in known.neighbours() {
            joins.push_str(&neighbour.join());
            columns.push(format!("{}.name", neighbour.alias));
        }
        if known.offers(&EQUIPMENT) {
            joins.push_str(" LEFT JOIN tassets a ON a.id = t.asset_id");
            columns.extend(known.present("a", "tassets", &["id", "netbios", "sn_internal", "sn_manufacturer"]));
        }
        // A group that has no name here is nobody.
        let group = if known.offers(&GROUPS) { "t.t_group" } else { "0" };
        format!(
            "SELECT CAST(t.id AS SIGNED) AS id, CAST(t.state AS SIGNED) AS state, CAST({group} AS SIGNED) AS t_group, CAST({} AS SIGNED) AS u_group, \
             CAST((k.id IS NOT NULL AND k.id <> 0 AND k.login <> 'delete_user_gs') OR {group} <> 0 AS SIGNED) AS attributed, \
             CAST({} AS CHAR) AS date_res, CAST(t.date_create AS CHAR) AS date_create, {} AS h \
             FROM tincidents t LEFT JOIN tusers u ON u.id = t.user LEFT JOIN tusers k ON k.id = t.technician{joins} \
             WHERE {} AND t.id > 0 AND {condition} ORDER BY t.id",
            known.column("t", "tincidents", "u_group", "0"),
            known.column("t", "tincidents", "date_res", "''"),
            hash(&columns),
            known.not_deleted("t"),
        )
    }

    fn step_statement(&self, filter: &str) -> String {
        let known = &self.catalogue;
        let mut columns = known.present("h", "tthreads", &STEP);
        columns.extend(known.present("u", "tusers", &["firstname", "lastname", "login", "profile"]));
        format!(
            "SELECT CAST(h.ticket AS SIGNED) AS ticket, {} AS h, \
             CAST(MAX(CASE WHEN h.type = 4 THEN h.date END) AS CHAR) AS closed, CAST(MAX(h.date) AS CHAR) AS last \
             FROM tthreads h LEFT JOIN tusers u ON u.id = h.author WHERE h.ticket {filter} GROUP BY h.ticket",
            sum(&columns)
        )
    }

    /// Appointments, project, attachments and survey: each told apart by a letter.
    fn neighbour_statements(&self, filter: &str) -> Vec<String> {
        let known = &self.catalogue;
        let mut statements = Vec::new();
        if known.offers(&APPOINTMENTS) {
            let columns =
                known.present("e", "tevents", &["id", "technician", "date_start", "date_end", "type", "disable"]);
            statements.push(format!(
                "SELECT 'e' AS k, CAST(e.incident AS SIGNED) AS ticket, {} AS h FROM tevents e WHERE e.incident {filter} GROUP BY e.incident",
                sum(&columns)
            ));
        }
        if known.offers(&PROJECTS) {
            let columns = ["p.id", "p.project_id", "j.name"].map(str::to_owned);
            statements.push(format!(
                "SELECT 'p' AS k, CAST(p.ticket_id AS SIGNED) AS ticket, {} AS h FROM tprojects_task p LEFT JOIN tprojects j ON j.id = p.project_id WHERE p.ticket_id {filter} GROUP BY p.ticket_id",
                sum(&columns)
            ));
        }
        if known.offers(&ATTACHMENTS) {
            let columns = known.present("f", "tattachments", &["id", "uid", "storage_filename", "real_filename"]);
            statements.push(format!(
                "SELECT 'f' AS k, CAST(f.ticket_id AS SIGNED) AS ticket, {} AS h FROM tattachments f WHERE f.ticket_id {filter} GROUP BY f.ticket_id",
                sum(&columns)
            ));
        }
        if known.offers(&SURVEY) {
            let columns = known.present("v", "tsurvey_answers", &["id", "question_id", "answer"]);
            statements.push(format!(
                "SELECT 'v' AS k, CAST(v.ticket_id AS SIGNED) AS ticket, {} AS h FROM tsurvey_answers v WHERE v.ticket_id {filter} GROUP BY v.ticket_id",
                sum(&columns)
            ));
        }
        statements
    }

    async fn group_hashes(&mut self) -> Result<HashMap<i64, String>, GestsupError> {
        if !self.catalogue.offers(&GROUP_MEMBERS) {
            return Ok(HashMap::new());
        }
        let person = ["id", "login", "firstname", "lastname", "mail", "disable", "company"];
        let mut columns = self.catalogue.present("u", "tusers", &person);
        let mut company = "";
        if self.catalogue.offers(&COMPANIES) {
            company = " LEFT JOIN tcompany c ON c.id = u.company";
            columns.push("c.`name`".to_owned());
        }
        let sql = format!(
            "SELECT CAST(a.`group` AS SIGNED) AS id, {} AS h FROM tgroups_assoc a JOIN tusers u ON u.id = a.user{company} GROUP BY a.`group`",
            sum(&columns),
        );
        let rows = self.fetch(sql).await?;
        Ok(rows.iter().map(|row| (number(row, "id"), text(row, "h"))).collect())
    }

    pub(super) async fn fetch(&mut self, sql: String) -> Result<Vec<sqlx::mysql::MySqlRow>, GestsupError> {
        // Every statement is put together from column names of our own and from numbers, and is used once:
        // preparing it would cost a round trip more, and 40 ms for closing it (Nagle's delay).
        self.gestsup.within(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection)).await
    }
}
