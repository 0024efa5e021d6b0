//! Both bases side by side, read without the connector: what the demonstration is judged by.

use super::sandbox::{Sandbox, code};
use crate::gateway::memo::Memo;
use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

/// A ticket and its newest intervention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub ticket: i64,
    pub title: String,
    pub state: i64,
    state_name: String,
    billable: bool,
    in_charge: String,
    minutes: i64,
    /// Public comments, as texts.
    comments: Vec<String>,
    pub intervention: Option<Side>,
}

/// The side of Gestan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    pub id: i64,
    pub status: i64,
    pub technician: String,
    pub time_spent: i64,
    /// Visible text of the memos of all the ticket's interventions.
    pub memo: String,
    /// How many interventions the ticket has.
    pub count: i64,
}

const STATUS: [(i64, &str); 7] = [
    (code::PLANNED, "planifiée"),
    (code::IN_PROGRESS, "en cours"),
    (code::DONE, "terminée"),
    (code::WAITING, "en attente"),
    (code::BILLED, "facturée"),
    (code::TO_BILL, "à facturer"),
    (code::CANCELLED, "annulée"),
];

impl Pair {
    pub(super) const HEADERS: [&'static str; 10] =
        ["ticket", "title", "state", "in charge", "min", "│", "intervention", "status", "who", "time"];

    pub(super) fn row(&self) -> Vec<String> {
        let left = [
            self.ticket.to_string(),
            crate::mapping::cut_on_word(&self.title, 34),
            self.state_name.clone(),
            self.in_charge.clone(),
            self.minutes.to_string(),
            "│".to_owned(),
        ];
        let right = match &self.intervention {
            None => ["–".to_owned(), String::new(), String::new(), String::new()],
            Some(side) => {
                let status = STATUS.iter().find(|(code, _)| *code == side.status).map_or("?", |(_, name)| name);
                let more = if side.count > 1 { format!(" ({} in all)", side.count) } else { String::new() };
                [format!("{}{more}", side.id), status.to_owned(), side.technician.clone(), side.time_spent.to_string()]
            }
        };
        [left.to_vec(), right.to_vec()].concat()
    }

    /// Why this pair is not as it should be, judged from both bases alone.
    pub(super) fn fault(&self) -> Option<String> {
        let Some(side) = &self.intervention else { return None };
        let expected = match self.state {
            1 | 5 => vec![code::PLANNED, code::IN_PROGRESS],
            2 => vec![code::IN_PROGRESS],
            6 => vec![code::WAITING],
            3 if self.billable => vec![code::TO_BILL, code::BILLED],
            3 => vec![code::DONE],
            4 => vec![code::CANCELLED],
            _ => return None,
        };
        if !expected.contains(&side.status) {
            return Some(format!(
                "ticket {} is {}, its intervention has status {}",
                self.ticket, self.state_name, side.status
            ));
        }
        let missing = self.comments.iter().find(|comment| side.memo.matches(comment.as_str()).count() != 1);
        missing.map(|comment| format!("ticket {}: “{comment}” is not exactly once in Gestan", self.ticket))
    }

    /// Public comments that the memo holds.
    pub(super) fn comments(&self) -> usize {
        if self.intervention.is_some() { self.comments.len() } else { 0 }
    }
}

/// What is not on both sides as it should be, judged from the bases alone: a sentence for each ticket.
///
/// # Errors
/// When one of the bases does not answer.
pub async fn faults(sandbox: &Sandbox) -> anyhow::Result<Vec<String>> {
    Ok(pairs(sandbox).await?.iter().filter_map(Pair::fault).collect())
}

/// Every ticket of GestSup with what Gestan holds for it.
pub(super) async fn pairs(sandbox: &Sandbox) -> anyhow::Result<Vec<Pair>> {
    let mut base = MySqlConnection::connect(&sandbox.url(&sandbox.gestsup)).await.context("while comparing")?;
    let gestan = &sandbox.gestan;
    let tickets = format!(
        "SELECT CAST(t.id AS SIGNED) AS id, t.title, CAST(t.state AS SIGNED) AS state, s.name AS state_name, CAST(t.billable = 1 AND COALESCE(c.name, '') <> 'Garantie' \
         AND NOT EXISTS (SELECT 1 FROM {gestan}.Z90_TICKET z WHERE z.NUMERO = t.id AND z.CONTRAT <> '') AS SIGNED) AS billable, \
         COALESCE(NULLIF(TRIM(CONCAT(u.firstname, ' ', u.lastname)), 'Aucun'), g.name, '–') AS who, CAST(t.technician AS SIGNED) AS technician, \
         COALESCE(g.name, '') AS group_name, CAST(t.time AS SIGNED) AS minutes, \
         CAST((SELECT MAX(IDINTERVENTION) FROM {gestan}.Z90_TICKET z WHERE z.NUMERO = t.id) AS SIGNED) AS intervention, \
         CAST((SELECT COUNT(*) FROM {gestan}.Z90_TICKET z WHERE z.NUMERO = t.id) AS SIGNED) AS count \
         FROM tincidents t LEFT JOIN tstates s ON s.id = t.state LEFT JOIN tusers u ON u.id = t.technician AND u.id <> 0 \
         LEFT JOIN tgroups g ON g.id = t.t_group AND g.id <> 0 LEFT JOIN tcategory c ON c.id = t.category ORDER BY t.id"
    );
    let rows = sqlx::query(AssertSqlSafe(tickets)).fetch_all(&mut base).await?;
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        let ticket: i64 = row.try_get("id")?;
        let comments: Vec<String> =
            sqlx::query_scalar("SELECT text FROM tthreads WHERE ticket = ? AND type = 0 AND private = 0 ORDER BY id")
                .bind(ticket)
                .fetch_all(&mut base)
                .await?;
        let comments = comments
            .iter()
            .filter_map(|html| crate::gestsup::html_to_rich_text(html).0.last().map(crate::model::Line::to_plain))
            .collect();
        let intervention: Option<i64> = row.try_get("intervention")?;
        let side = match intervention {
            None => None,
            Some(id) => Some(side(&mut base, gestan, ticket, id, row.try_get("count")?).await?),
        };
        pairs.push(Pair {
            ticket,
            title: crate::gestsup::decode(&row.try_get::<String, _>("title")?),
            state: row.try_get("state")?,
            state_name: crate::gestsup::decode_listed(&row.try_get::<String, _>("state_name")?),
            billable: row.try_get::<i64, _>("billable")? != 0,
            in_charge: row.try_get("who")?,
            minutes: row.try_get("minutes")?,
            comments,
            intervention: side,
        });
    }
    Ok(pairs)
}

async fn side(base: &mut MySqlConnection, gestan: &str, ticket: i64, id: i64, count: i64) -> anyhow::Result<Side> {
    let sql = format!(
        "SELECT CAST(i.ST_INTER AS SIGNED) AS status, COALESCE(NULLIF(i.CDUSER, ''), i.US_TEAM, '') AS who, CAST(COALESCE(z.TPS_PASSE, 0) AS SIGNED) AS spent \
         FROM {gestan}.INTERVENTION i LEFT JOIN {gestan}.Z83_INTERVENTION z ON z.IDINTERVENTION = i.IDINTERVENTION WHERE i.IDINTERVENTION = {id}"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *base).await?;
    let sql = format!(
        "SELECT i.LIB_INTERVENTION FROM {gestan}.INTERVENTION i JOIN {gestan}.Z90_TICKET z ON z.IDINTERVENTION = i.IDINTERVENTION WHERE z.NUMERO = {ticket} ORDER BY i.IDINTERVENTION"
    );
    let memos: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *base).await?;
    Ok(Side {
        id,
        status: row.try_get("status")?,
        technician: row.try_get("who")?,
        time_spent: row.try_get("spent")?,
        memo: memos.iter().map(|memo| Memo::parse(memo).visible_text()).collect::<Vec<_>>().join("\n"),
        count,
    })
}
