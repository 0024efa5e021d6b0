//! What was opened and resolved in a period, for the activity report: a row a ticket, without any text.

use super::rows::{number, text};
use super::{Gestsup, GestsupError, decode, decode_listed};
use chrono::NaiveDate;

/// A ticket that was opened or resolved in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Active {
    /// Name of its state now (`tstates.name`).
    pub state: String,
    /// Whoever is in charge: the technician's name, or the group's; empty where nobody is.
    pub in_charge: String,
    /// The requester's company; empty where there is none.
    pub client: String,
    /// Day on which it was opened (`date_create`), where that is in the period.
    pub opened: Option<NaiveDate>,
    /// Day on which it was resolved (`date_res`), where that is in the period and the ticket is still closed.
    pub resolved: Option<NaiveDate>,
    /// Minutes spent on it (`tincidents.time`).
    pub minutes: i64,
}

/// GestSup's closed states: résolu and rejeté.
const CLOSED: &str = "3, 4";

impl Gestsup {
    /// The tickets that were opened or resolved from one day to another, both included, in GestSup's local time. At most
    /// `limit` of them, the newest.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn activity(&self, from: NaiveDate, to: NaiveDate, limit: u32) -> Result<Vec<Active>, GestsupError> {
        let mut snapshot = self.open().await?;
        let within = |column: &str| format!("t.{column} >= '{from} 00:00:00' AND t.{column} <= '{to} 23:59:59'");
        let (opened, resolved) = (within("date_create"), within("date_res"));
        let sql = format!(
            "SELECT s.name AS state, TRIM(CONCAT(u.firstname, ' ', u.lastname)) AS technician, g.name AS team, \
             c.name AS client, CAST(t.time AS SIGNED) AS minutes, \
             IF({opened}, DATE_FORMAT(t.date_create, '%Y-%m-%d'), '') AS opened, \
             IF({resolved} AND t.state IN ({CLOSED}), DATE_FORMAT(t.date_res, '%Y-%m-%d'), '') AS resolved \
             FROM tincidents t LEFT JOIN tstates s ON s.id = t.state LEFT JOIN tusers u ON u.id = t.technician AND u.id <> 0 \
             LEFT JOIN tgroups g ON g.id = t.t_group AND g.id <> 0 LEFT JOIN tusers r ON r.id = t.user AND r.id <> 0 \
             LEFT JOIN tcompany c ON c.id = r.company AND c.id <> 0 \
             WHERE {} AND (({opened}) OR ({resolved} AND t.state IN ({CLOSED}))) ORDER BY t.id DESC LIMIT {limit}",
            snapshot.catalogue.not_deleted("t")
        );
        let day = |text: String| text.parse().ok();
        Ok(snapshot
            .fetch(sql)
            .await?
            .iter()
            .map(|row| {
                let technician = decode(&text(row, "technician"));
                Active {
                    state: decode_listed(&text(row, "state")),
                    in_charge: if technician.is_empty() { decode(&text(row, "team")) } else { technician },
                    client: decode(&text(row, "client")),
                    opened: day(text(row, "opened")),
                    resolved: day(text(row, "resolved")),
                    minutes: number(row, "minutes"),
                }
            })
            .collect())
    }
}
