//! What GestSup's own mail connector made of a mail.

use super::super::GestsupError;
use super::super::rows::{list, number, text};
use super::super::text::decode;
use super::GestsupMailPen;
use crate::flows::mail::Seen;
use crate::mapping::mail::Sight;

/// The newest steps that are looked through: the base has no index on their dates.
const NEWEST: i64 = 50_000;

impl GestsupMailPen {
    pub(super) async fn look_for(&mut self, sight: &Sight) -> Result<Vec<Seen>, GestsupError> {
        let (from, to) = (self.pen.local(sight.from), self.pen.local(sight.to));
        let authors = list(&sight.authors);
        let mut seen = Vec::new();
        if let Some(ticket) = sight.number {
            let sql = format!(
                "SELECT CAST(h.id AS SIGNED) AS id, CAST(LENGTH(h.text) AS SIGNED) AS n FROM tthreads h JOIN tincidents t ON t.id = h.ticket \
                 WHERE h.ticket = {ticket} AND h.type = 0 AND h.author IN ({authors}) AND h.date BETWEEN '{from}' AND '{to}' ORDER BY h.id"
            );
            for row in self.pen.rows(sql).await? {
                seen.push(Seen { ticket, step: number(&row, "id"), reply: true, empty: number(&row, "n") == 0 });
            }
        }
        let sql = format!(
            "SELECT CAST(t.id AS SIGNED) AS ticket, CAST(h.id AS SIGNED) AS id, t.title, CAST(LENGTH(t.description) AS SIGNED) AS n \
             FROM tthreads h JOIN tincidents t ON t.id = h.ticket WHERE h.id > (SELECT COALESCE(MAX(x.id), 0) - {NEWEST} FROM tthreads x) \
             AND h.type = 6 AND h.date BETWEEN '{from}' AND '{to}' AND t.user IN ({authors}) ORDER BY h.id"
        );
        for row in self.pen.rows(sql).await? {
            if sight.is_title(&decode(&text(&row, "title"))) {
                let (ticket, step) = (number(&row, "ticket"), number(&row, "id"));
                seen.push(Seen { ticket, step, reply: false, empty: number(&row, "n") == 0 });
            }
        }
        Ok(seen)
    }
}
