//! A consistent view of GestSup's base, for one pass.

use super::catalogue::Catalogue;
use super::features::DELETION_LOG;
use super::rows::{list, number, text};
use super::{Gestsup, GestsupError, version};
use crate::flows::PortError;
use crate::flows::tickets::{Census, Counted, FACTOR, Marks, Scope, Sighting, Snapshot, TicketSource, Witness};
use crate::model::Ticket;
use async_trait::async_trait;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Executor as _, MySqlConnection};
use std::collections::{HashMap, HashSet};

/// Steps by which the base is recognised.
const WITNESSES: usize = 20;

/// One instant of the base: everything read through it was true at once.
#[derive(Debug)]
pub(super) struct GestsupSnapshot {
    pub(super) gestsup: Gestsup,
    pub(super) connection: MySqlConnection,
    pub(super) catalogue: Catalogue,
    /// The tickets that exist, where a sweep counted them: after which number, and what it found.
    pub(super) counted: Option<(i64, Counted)>,
}

impl Gestsup {
    pub(super) async fn open(&self) -> Result<GestsupSnapshot, GestsupError> {
        let mut connection = self.connect().await?;
        let catalogue = Catalogue::read(self, &mut connection).await?;
        // READ COMMITTED would let a ticket and its steps come from two instants.
        self.within(connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")).await?;
        self.within(connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")).await?;
        self.within(connection.execute(AssertSqlSafe(format!("SET SESSION group_concat_max_len = {LISTED}")))).await?;
        Ok(GestsupSnapshot { gestsup: self.clone(), connection, catalogue, counted: None })
    }
}

#[async_trait]
impl TicketSource for Gestsup {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, PortError> {
        Ok(Box::new(self.open().await?))
    }
}

#[async_trait]
impl Snapshot for GestsupSnapshot {
    async fn numbers(&mut self) -> Result<Vec<i64>, PortError> {
        Ok(self.listed("FALSE").await?.0)
    }

    async fn counted(&mut self, after: i64) -> Result<Counted, PortError> {
        if self.counted.as_ref().is_none_or(|(counted_after, _)| *counted_after != after) {
            self.count("FALSE", after).await?;
        }
        Ok(self.counted.as_ref().map(|(_, counted)| counted.clone()).unwrap_or_default())
    }

    async fn marks(&mut self) -> Result<Marks, PortError> {
        let sql = "SELECT LOWER(CAST(table_name AS CHAR)) AS t, CAST(COALESCE(auto_increment, 0) AS SIGNED) AS n, VERSION() AS server \
                   FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('tincidents', 'tthreads')";
        let rows = self.fetch(sql.to_owned()).await?;
        // Older servers forget the counters of InnoDB when they restart and give numbers again.
        if rows.first().is_some_and(|row| !version::keeps_counters(&text(row, "server"))) {
            return Ok(Marks::default());
        }
        let next = |table: &str| rows.iter().find(|row| text(row, "t") == table).map_or(0, |row| number(row, "n"));
        let (next_ticket, next_step) = (next("tincidents"), next("tthreads"));
        // The bare column, not the cast one of the same name, which would sort the whole table.
        let newest = self.steps_where(&format!("TRUE ORDER BY tthreads.id DESC LIMIT {WITNESSES}")).await?;
        Ok(Marks { next_ticket, next_step, newest })
    }

    async fn witnesses(&mut self, steps: &[i64]) -> Result<Vec<Witness>, PortError> {
        Ok(self.steps_where(&format!("id IN ({})", list(steps))).await?)
    }

    async fn deletions(&mut self, gone: &[i64]) -> Result<Option<HashSet<i64>>, PortError> {
        Ok(self.recorded_deletions(gone).await?)
    }

    async fn sweep(&mut self, scope: &Scope) -> Result<Vec<Sighting>, PortError> {
        Ok(self.sightings(scope).await?)
    }

    async fn load(&mut self, numbers: &[i64]) -> Result<Vec<Ticket>, PortError> {
        Ok(self.tickets(numbers).await?)
    }

    async fn merged_into(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, PortError> {
        Ok(self.merges(gone).await?)
    }
}

/// Tickets of one row of the list: as many as the bits of a number that is surely not negative.
const BLOCK: i64 = 60;
/// Bytes of a list of numbers that the server is asked to put together.
const LISTED: usize = 512 * 1024;
/// Digits of the greatest number, and a comma.
const NUMBER: usize = 21;

impl GestsupSnapshot {
    /// Counts the tickets, in one scan that also lists, ascending, those that a condition tells and those after a number.
    pub(super) async fn count(&mut self, condition: &str, after: i64) -> Result<Vec<i64>, GestsupError> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS CHAR) AS tickets, CAST(SUM(t.id) AS CHAR) AS total, CAST(BIT_XOR(t.id * {FACTOR}) AS CHAR) AS mix, \
             GROUP_CONCAT(IF({condition} OR t.id > {after}, t.id, NULL)) AS told, \
             CAST(LEAST(@@group_concat_max_len, @@max_allowed_packet) AS CHAR) AS most FROM tincidents t WHERE {} AND t.id > 0",
            self.catalogue.not_deleted("t")
        );
        let rows = self.fetch(sql).await?;
        let of = |column: &str| rows.first().map(|row| text(row, column)).unwrap_or_default();
        let told = of("told");
        let sum = |column: &str| of(column).parse::<u64>().unwrap_or(0);
        // What is longer than that was cut off, and the server says so nowhere.
        let is_whole = u64::try_from(told.len() + NUMBER).is_ok_and(|length| length < sum("most"));
        let (all, mut numbers) = if is_whole {
            let all = Census { tickets: sum("tickets"), sum: sum("total"), mix: sum("mix") };
            (all, told.split(',').filter_map(|number| number.parse().ok()).collect())
        } else {
            let (all, told) = self.listed(&format!("{condition} OR t.id > {after}")).await?;
            (Census::of(all), told)
        };
        numbers.sort_unstable();
        let newest = numbers[numbers.partition_point(|number| *number <= after)..].to_vec();
        self.counted = Some((after, Counted { all, newest }));
        Ok(numbers)
    }

    /// The numbers of all tickets, and of those that a condition tells, both ascending, in one scan. A row
    /// stands for a block of numbers, a bit for a ticket: to fetch a row for each would cost more than
    /// the scan.
    async fn listed(&mut self, condition: &str) -> Result<(Vec<i64>, Vec<i64>), GestsupError> {
        let sql = format!(
            "SELECT CAST(t.id DIV {BLOCK} AS SIGNED) AS block, CAST(BIT_OR(1 << (t.id % {BLOCK})) AS SIGNED) AS existing, \
             CAST(BIT_OR(IF({condition}, 1 << (t.id % {BLOCK}), 0)) AS SIGNED) AS told FROM tincidents t \
             WHERE {} AND t.id > 0 GROUP BY t.id DIV {BLOCK}",
            self.catalogue.not_deleted("t")
        );
        let mut rows: Vec<[i64; 3]> = self
            .fetch(sql)
            .await?
            .iter()
            .map(|row| ["block", "existing", "told"].map(|name| number(row, name)))
            .collect();
        rows.sort_unstable();
        let numbers = |column: usize| {
            let tickets = |row: &[i64; 3]| {
                let (first, bits) = (row[0] * BLOCK, row[column]);
                (0..BLOCK).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| first + bit)
            };
            rows.iter().flat_map(tickets).collect()
        };
        Ok((numbers(1), numbers(2)))
    }

    async fn steps_where(&mut self, condition: &str) -> Result<Vec<Witness>, GestsupError> {
        let sql = format!(
            "SELECT CAST(id AS SIGNED) AS id, CAST(ticket AS SIGNED) AS ticket, CAST(date AS CHAR) AS date FROM tthreads WHERE {condition}"
        );
        let witness = |row| Witness { step: number(row, "id"), ticket: number(row, "ticket"), date: text(row, "date") };
        Ok(self.fetch(sql).await?.iter().map(witness).collect())
    }

    /// 3.2 deletes the row and writes a line into `tlogs`, where that is switched on; 3.1 keeps the row
    /// and sets `disable`.
    async fn recorded_deletions(&mut self, gone: &[i64]) -> Result<Option<HashSet<i64>>, GestsupError> {
        let mut recorded = HashSet::new();
        if gone.is_empty() {
            return Ok(Some(recorded));
        }
        if self.catalogue.has("tincidents", "disable") {
            let ids = list(gone);
            let sql = format!("SELECT CAST(id AS SIGNED) AS id FROM tincidents WHERE disable <> 0 AND id IN ({ids})");
            recorded.extend(self.fetch(sql).await?.iter().map(|row| number(row, "id")));
        }
        if !self.logs_deletions().await? {
            return Ok(gone.iter().all(|number| recorded.contains(number)).then_some(recorded));
        }
        let messages: Vec<String> = gone.iter().map(|number| format!("'Ticket {number} deleted'")).collect();
        let sql = format!(
            "SELECT DISTINCT TRIM(message) AS message FROM tlogs WHERE TRIM(message) IN ({})",
            messages.join(", ")
        );
        for row in self.fetch(sql).await? {
            recorded.extend(text(&row, "message").split(' ').nth(1).and_then(|number| number.parse::<i64>().ok()));
        }
        Ok(Some(recorded))
    }

    /// Whether this GestSup writes a line for each ticket that is deleted.
    async fn logs_deletions(&mut self) -> Result<bool, GestsupError> {
        if !self.catalogue.offers(&DELETION_LOG) {
            return Ok(false);
        }
        let version = self.catalogue.column("p", "tparameters", "version", "''");
        let sql = format!(
            "SELECT CAST(MAX(p.log) AS SIGNED) AS kept, CAST(MAX({version}) AS CHAR) AS version FROM tparameters p"
        );
        let rows = self.fetch(sql).await?;
        Ok(rows.first().is_some_and(|row| number(row, "kept") == 1 && version::logs_deletions(&text(row, "version"))))
    }

    /// GestSup says of a merge only what it writes at the head of each comment that it copies, in the
    /// language of whoever merges: "… n°12 … n°34". A comment that was copied twice tells of both.
    async fn merges(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, GestsupError> {
        if gone.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(merges_in(&self.fetch(merge_statement(gone)).await?, gone))
    }
}

/// Comments that may have been copied from one of these tickets.
pub(super) fn merge_statement(gone: &[i64]) -> String {
    let likely: Vec<String> = gone.iter().map(|number| format!("LEFT(text, 600) LIKE '%{number}%'")).collect();
    format!(
        "SELECT CAST(ticket AS SIGNED) AS ticket, LEFT(text, 600) AS head FROM tthreads WHERE type = 0 AND ticket NOT IN ({}) \
         AND LEFT(text, 600) LIKE CONCAT('%', ticket, '%') AND ({}) ORDER BY id",
        list(gone),
        likely.join(" OR ")
    )
}

/// Which tickets these comments were copied from: each with the one that they were copied to.
pub(super) fn merges_in(rows: &[MySqlRow], gone: &[i64]) -> HashMap<i64, i64> {
    let mut merged = HashMap::new();
    for row in rows {
        let into = number(row, "ticket");
        let head = super::html_to_rich_text(&text(row, "head")).to_plain();
        let from = copied_from(&head, into).into_iter().filter(|from| gone.contains(from));
        merged.extend(from.map(|from| (from, into)));
    }
    merged
}

/// Characters of a copied comment's head in which each number must follow the one before.
const BETWEEN: usize = 90;

/// The tickets that a comment of `into` was copied from, the last one first.
fn copied_from(head: &str, into: i64) -> Vec<i64> {
    let mut from = Vec::new();
    let mut expected = into;
    let mut rest = head;
    while let Some((number, to, end)) = numbered(rest).and_then(|(number, at, end)| {
        let (to, next, length) = numbered(&rest[end..])?;
        (at <= BETWEEN && next <= BETWEEN).then_some((number, to, end + length))
    }) {
        if to != expected {
            break;
        }
        from.push(number);
        expected = number;
        rest = &rest[end..];
    }
    from
}

/// The first number that follows a sign (`n°`, `n °`, `#`, `Nr`): itself, the characters before it, and
/// the bytes up to its end.
fn numbered(text: &str) -> Option<(i64, usize, usize)> {
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|found| at + found) {
        let length = text[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - start);
        let before = text[..start].trim_end();
        let is_signed =
            ['°', 'º', '#'].iter().any(|sign| before.ends_with(*sign)) || before.to_lowercase().ends_with("nr");
        if let (true, Ok(number)) = (is_signed, text[start..start + length].parse()) {
            return Some((number, text[..start].chars().count(), start + length));
        }
        at = start + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_comment_tells_where_it_came_from_in_every_language_of_gestsup() {
        for head in [
            "Commentaire fusionné du ticket n°12 vers le ticket n°34 :\nBonjour",
            "Merged comment for ticket #12 to ticket n °34, created 3 days ago",
            "Kommentar #12 zur Fahrkarte Nr 34 hinzugefügt",
            "Comentario n. °12 al boleto n °34",
        ] {
            assert_eq!(copied_from(head, 34), [12], "{head}");
        }
    }

    #[test]
    fn a_comment_that_was_copied_twice_tells_of_both_tickets() {
        let head = "Commentaire fusionné du ticket n°20 vers le ticket n°34 :\nCommentaire fusionné du ticket n°12 vers le ticket n°20 :\nBonjour";
        assert_eq!(copied_from(head, 34), [20, 12]);
    }

    #[test]
    fn a_comment_that_only_names_tickets_was_not_copied() {
        for text in ["Voir le ticket 12, puis 34", "Écran n°12", "n°34 puis n°12", ""] {
            assert_eq!(copied_from(text, 34), [0i64; 0], "{text}");
        }
    }
}
