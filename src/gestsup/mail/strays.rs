//! Steps that GestSup hung on the wrong ticket. Its page writes the first steps of a technician's new ticket before the ticket
//! itself, under the number that it expects: a ticket that we insert at that moment takes this number, and the steps.

use super::super::GestsupError;
use super::super::rows::{list, number, text};
use super::GestsupMailPen;
use crate::flows::mail::Stray;
use std::collections::BTreeMap;

/// How many numbers further the ticket may be that the steps belong to.
const FURTHER: i64 = 20;

impl GestsupMailPen {
    pub(super) async fn find_strays(&mut self, tickets: &[i64]) -> Result<Vec<Stray>, GestsupError> {
        if tickets.is_empty() {
            return Ok(Vec::new());
        }
        let group = self.pen.catalogue.column("t", "tincidents", "t_group", "0");
        let own = if self.pen.has("tthreads", "group1") { "h.group1" } else { "0" };
        // A first attribution to somebody who is not in charge, with no step that says how that came.
        let sql = format!(
            "SELECT CAST(h.ticket AS SIGNED) AS ticket, CAST(h.id AS SIGNED) AS id, CAST(h.author AS SIGNED) AS author, \
             CAST(h.tech1 AS SIGNED) AS tech, CAST({own} AS SIGNED) AS grp, CAST(h.date AS CHAR) AS date \
             FROM tthreads h JOIN tincidents t ON t.id = h.ticket WHERE h.ticket IN ({}) AND h.type = 1 AND h.author <> 0 \
             AND t.technician <> h.tech1 AND NOT ({own} <> 0 AND {group} = {own}) \
             AND NOT EXISTS (SELECT 1 FROM tthreads x WHERE x.ticket = h.ticket AND x.type = 2 AND x.id > h.id)",
            list(tickets)
        );
        let mut strays: BTreeMap<i64, Stray> = BTreeMap::new();
        for row in self.pen.rows(sql).await? {
            let (ticket, step, author) = (number(&row, "ticket"), number(&row, "id"), number(&row, "author"));
            let (tech, grp, date) = (number(&row, "tech"), number(&row, "grp"), text(&row, "date"));
            let whose = match (tech, grp) {
                (0, grp) => format!("{group} = {grp}"),
                (tech, _) => format!("t.technician = {tech}"),
            };
            let sql = format!(
                "SELECT CAST(t.id AS SIGNED) AS id FROM tincidents t WHERE t.id > {ticket} AND t.id <= {ticket} + {FURTHER} \
                 AND t.creator = {author} AND {whose} \
                 AND NOT EXISTS (SELECT 1 FROM tthreads x WHERE x.ticket = t.id AND x.type IN (1, 6)) LIMIT 2"
            );
            let meant = self.pen.rows(sql).await?;
            let meant = if meant.len() == 1 { meant.first().map(|row| number(row, "id")) } else { None };
            // What the same save wrote beside it.
            let sql = format!(
                "SELECT CAST(id AS SIGNED) AS id FROM tthreads WHERE ticket = {ticket} AND author = {author} AND date = '{date}' AND type IN (1, 5)"
            );
            let mut steps: Vec<i64> = self.pen.rows(sql).await?.iter().map(|row| number(row, "id")).collect();
            if !steps.contains(&step) {
                steps.push(step);
            }
            strays.insert(ticket, Stray { ticket, steps, meant });
        }
        Ok(strays.into_values().collect())
    }

    pub(super) async fn move_steps(&mut self, stray: &Stray) -> Result<(), GestsupError> {
        let Some(meant) = stray.meant else { return Ok(()) };
        let sql = format!(
            "UPDATE tthreads SET ticket = {meant} WHERE ticket = {} AND id IN ({})",
            stray.ticket,
            list(&stray.steps)
        );
        self.pen.run(sql).await
    }
}
