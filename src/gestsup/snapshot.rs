//! A consistent view of GestSup's base, for one pass.

use super::catalogue::Catalogue;
use super::features::DELETION_LOG;
use super::rows::{list, number, text};
use super::{Gestsup, GestsupError, version};
use crate::flows::PortError;
use crate::flows::tickets::{Marks, Scope, Sighting, Snapshot, TicketSource, Witness};
use crate::model::Ticket;
use async_trait::async_trait;
use sqlx::{Executor as _, MySqlConnection};
use std::collections::{HashMap, HashSet};

/// Steps by which the base is recognised.
const WITNESSES: usize = 20;

/// One instant of the base: everything read through it was true at once.
#[derive(Debug)]
pub(super) struct GestsupSnapshot {
    pub(super) gestsup: Gestsup,
    pub(super) connection: MySqlConnection,
    pub(super) catalogue: Catalogue,
}

impl Gestsup {
    pub(super) async fn open(&self) -> Result<GestsupSnapshot, GestsupError> {
        let mut connection = self.connect().await?;
        let catalogue = Catalogue::read(self, &mut connection).await?;
        // READ COMMITTED would let a ticket and its steps come from two instants.
        self.within(connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")).await?;
        self.within(connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")).await?;
        Ok(GestsupSnapshot { gestsup: self.clone(), connection, catalogue })
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
        let rows = self
            .fetch(format!(
                "SELECT CAST(t.id AS SIGNED) AS id FROM tincidents t WHERE {} AND t.id > 0 ORDER BY t.id",
                self.catalogue.not_deleted("t")
            ))
            .await?;
        Ok(rows.iter().map(|row| number(row, "id")).collect())
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
        let newest = self.steps_where(&format!("TRUE ORDER BY id DESC LIMIT {WITNESSES}")).await?;
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

impl GestsupSnapshot {
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

    /// GestSup says of a merge only what it writes at the head of each comment that it copies.
    async fn merges(&mut self, gone: &[i64]) -> Result<HashMap<i64, i64>, GestsupError> {
        let mut merged = HashMap::new();
        if gone.is_empty() {
            return Ok(merged);
        }
        // A merge inserts its comments after everything that the merged ticket ever had.
        let sql = format!(
            "SELECT CAST(ticket AS SIGNED) AS ticket, LEFT(text, 400) AS head FROM tthreads WHERE type = 0 AND ticket NOT IN ({}) \
             AND ({}) ORDER BY id",
            list(gone),
            MERGED.map(|words| format!("LEFT(text, 400) LIKE '%{words}%'")).join(" OR ")
        );
        for row in self.fetch(sql).await? {
            let numbers = numbers_of_merge(&super::html_to_rich_text(&text(&row, "head")).to_plain());
            let into = number(&row, "ticket");
            if let [from, to] = numbers[..]
                && to == into
                && gone.contains(&from)
            {
                merged.insert(from, into);
            }
        }
        Ok(merged)
    }
}

/// How GestSup's languages begin the sentence before a merged comment (fr, en, de, es, it). The signs before
/// the two numbers are as different: n°, #, Nr, n. °.
const MERGED: [&str; 5] = [
    "fusionn%ticket n",
    "Merged comment%ticket",
    "Zusammengef%Ticket",
    "Comentario combinado%ticket",
    "Commento unito%ticket",
];

/// The numbers of that sentence, whose first comma comes after both.
fn numbers_of_merge(text: &str) -> Vec<i64> {
    let sentence = text.split(',').next().unwrap_or_default();
    sentence.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}
