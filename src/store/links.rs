//! Links of tickets in the state, whole ones and, without reading these, their phases.

use super::memory::{LOOKED_UP, ROWS, Writing};
use super::{Store, StoreError};
use crate::flows::tickets::{Commit, Link, LinkPhase};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use std::collections::HashMap;

/// Numbers in one `IN (…)`.
const CHUNK: usize = 500;

impl Store {
    fn link(&self, row: &SqliteRow) -> Result<Link, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        let number = |column: &str| self.done(row.try_get::<i64, _>(column));
        Ok(Link {
            number: number("number")?,
            sequence: self.done(row.try_get("sequence"))?,
            kind: self.named(text("kind")?)?,
            gestan_id: number("gestan_id")?,
            etag: text("etag")?,
            identity: self.json(&text("identity")?)?,
            phase: self.named(text("phase")?)?,
            minutes_before: number("minutes_before")?,
            minutes: number("minutes")?,
            sent: self.json(&text("sent")?)?,
            held: self.json(&text("held")?)?,
            followed: self.json(&text("followed")?)?,
            documents: self.json(&text("documents")?)?,
            head_hash: text("head_hash")?,
            entries: self.json(&text("entries")?)?,
            last_known: self.json(&text("last_known")?)?,
        })
    }

    pub(super) async fn load_links(&self, numbers: &[i64]) -> Result<Vec<Link>, StoreError> {
        let mut links = Vec::new();
        for chunk in numbers.chunks(CHUNK) {
            let mut sql = QueryBuilder::<Sqlite>::new("SELECT * FROM link WHERE number IN (");
            let mut list = sql.separated(", ");
            for number in chunk {
                list.push_bind(*number);
            }
            sql.push(") ORDER BY number, sequence");
            for row in self.done(sql.build().fetch_all(&self.pool).await)? {
                links.push(self.link(&row)?);
            }
        }
        Ok(links)
    }

    pub(super) async fn store_links(
        &self,
        transaction: &mut Writing<'_>,
        commits: &[Commit],
    ) -> Result<(), StoreError> {
        let links: Vec<&Link> = commits.iter().flat_map(|commit| &commit.links).collect();
        for links in links.chunks(ROWS) {
            let mut rows = Vec::with_capacity(links.len());
            for link in links {
                let names = [self.name(&link.phase)?, self.name(&link.kind)?, self.text(&link.documents)?];
                let identity = self.text(&link.identity)?;
                let fields = [self.text(&link.sent)?, self.text(&link.held)?, self.text(&link.followed)?];
                rows.push((*link, names, identity, fields, self.text(&link.entries)?, self.text(&link.last_known)?));
            }
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO link (number, sequence, gestan_id, etag, identity, phase, minutes_before, minutes, sent, held, followed, head_hash, entries, last_known, kind, documents) ",
            );
            sql.push_values(
                rows,
                |mut row, (link, [phase, kind, documents], identity, fields, entries, last_known)| {
                    row.push_bind(link.number).push_bind(link.sequence).push_bind(link.gestan_id).push_bind(&link.etag);
                    row.push_bind(identity).push_bind(phase).push_bind(link.minutes_before).push_bind(link.minutes);
                    for fields in fields {
                        row.push_bind(fields);
                    }
                    row.push_bind(&link.head_hash).push_bind(entries).push_bind(last_known).push_bind(kind);
                    row.push_bind(documents);
                },
            );
            self.done(sql.build().execute(&mut **transaction).await)?;
        }
        Ok(())
    }

    pub(super) async fn load_linked(&self) -> Result<HashMap<i64, LinkPhase>, StoreError> {
        let mut linked = HashMap::new();
        let sql = "SELECT phase, group_concat(number) FROM link GROUP BY phase";
        let phases: Vec<(String, String)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        for (phase, numbers) in phases {
            let phase = self.named(phase)?;
            let numbers = numbers.split(',').filter_map(|number| number.parse().ok());
            linked.extend(numbers.map(|number: i64| (number, phase)));
        }
        linked.extend(self.load_later().await?);
        Ok(linked)
    }

    /// Of several links of a ticket the newest counts: the phases of those that have several.
    async fn load_later(&self) -> Result<HashMap<i64, LinkPhase>, StoreError> {
        let sql = "SELECT number, phase FROM link WHERE sequence > 1 ORDER BY number, sequence";
        let rows: Vec<(i64, String)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        rows.into_iter().map(|(number, phase)| Ok((number, self.named(phase)?))).collect()
    }

    pub(super) async fn load_phases(&self, numbers: &[i64]) -> Result<HashMap<i64, LinkPhase>, StoreError> {
        let mut phases = HashMap::new();
        for chunk in numbers.chunks(LOOKED_UP) {
            let mut sql = QueryBuilder::<Sqlite>::new("SELECT number, phase FROM link WHERE number IN (");
            let mut list = sql.separated(",");
            for number in chunk {
                list.push(*number);
            }
            sql.push(") ORDER BY number, sequence");
            let rows: Vec<(i64, String)> =
                self.done(sql.build_query_as().persistent(false).fetch_all(&self.pool).await)?;
            for (number, phase) in rows {
                phases.insert(number, self.named(phase)?);
            }
        }
        Ok(phases)
    }

    pub(super) async fn load_live(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT group_concat(number) FROM link WHERE phase = 'live'";
        let numbers: Option<String> = self.done(sqlx::query_scalar(sql).fetch_one(&self.pool).await)?;
        let later = self.load_later().await?;
        let is_live = |number: &i64| later.get(number).is_none_or(|phase| *phase == LinkPhase::Live);
        let mut live: Vec<i64> =
            numbers.unwrap_or_default().split(',').filter_map(|number| number.parse().ok()).filter(is_live).collect();
        live.sort_unstable();
        live.dedup();
        Ok(live)
    }
}
