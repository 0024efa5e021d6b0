//! The memory of the reference flow.

use super::memory::Writing;
use super::{Store, StoreError};
use crate::flows::PortError;
use crate::flows::reference::{
    Decision, Key, Kind, KnownLink, KnownLinks, LEARNT, ReferenceCase, ReferenceCommit, ReferenceIntent, ReferenceLink,
    ReferenceMemory, project_key,
};
use crate::flows::tickets::Commit;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

/// Rows of one statement.
const ROWS: usize = 100;

/// Key, id, agreed values, evidence, seal.
type LinkRow = (String, i64, String, String, i64);

impl Store {
    async fn load_reference_links(&self, kind: Kind) -> Result<Vec<ReferenceLink>, StoreError> {
        let sql = "SELECT gestan_key, gestsup_id, agreed, evidence, seal FROM reference_link WHERE kind = ? ORDER BY gestsup_id";
        let rows = self.done(sqlx::query_as(sql).bind(kind.as_str()).fetch_all(&self.pool).await)?;
        self.reference_links(kind, rows)
    }

    fn reference_links(&self, kind: Kind, rows: Vec<LinkRow>) -> Result<Vec<ReferenceLink>, StoreError> {
        let link = |(key, id, agreed, evidence, seal): LinkRow| {
            Ok(ReferenceLink { kind, key, id, agreed: self.json(&agreed)?, evidence, seal })
        };
        rows.into_iter().map(link).collect()
    }

    async fn load_reference_links_of(&self, kind: Kind, ids: &[i64]) -> Result<Vec<ReferenceLink>, StoreError> {
        let mut links = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ROWS) {
            let mut sql = QueryBuilder::<Sqlite>::new(
                "SELECT gestan_key, gestsup_id, agreed, evidence, seal FROM reference_link WHERE place = ",
            );
            sql.push_bind(kind.place().table()).push(" AND kind = ").push_bind(kind.as_str());
            sql.push(" AND gestsup_id IN (");
            let mut list = sql.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            sql.push(")");
            let rows = self.done(sql.build_query_as().fetch_all(&self.pool).await)?;
            links.extend(self.reference_links(kind, rows)?);
        }
        Ok(links)
    }

    async fn load_known_reference_links(&self, kind: Kind) -> Result<Vec<KnownLink>, StoreError> {
        // One row for many: a row costs more than what is in it.
        let sql = "SELECT group_concat(line, char(10)) FROM (\
                   SELECT gestsup_id || ' ' || seal || ' ' || (instr(agreed, '\"disabled\":\"0\"') > 0) || ' ' || gestan_key AS line \
                   FROM reference_link WHERE place = ? AND kind = ? AND gestsup_id > ? ORDER BY gestsup_id LIMIT 5000)";
        let (mut links, mut after) = (Vec::new(), i64::MIN);
        loop {
            let query = sqlx::query_scalar(sql).bind(kind.place().table()).bind(kind.as_str()).bind(after);
            let lines: Option<String> = self.done(query.fetch_one(&self.pool).await)?;
            let Some(lines) = lines else { return Ok(links) };
            links.extend(lines.lines().filter_map(|line| {
                let mut parts = line.splitn(4, ' ');
                let mut number = || parts.next()?.parse::<i64>().ok();
                let (id, seal, enabled) = (number()?, number()?, number()? == 1);
                Some(KnownLink { key: Key::new(parts.next()?), id, seal, enabled })
            }));
            after = links.last().map_or(i64::MAX, |link: &KnownLink| link.id);
        }
    }

    fn reference_case(&self, row: &SqliteRow) -> Result<ReferenceCase, StoreError> {
        let text = |column: &str| self.done(row.try_get::<String, _>(column));
        let decision = self.done(row.try_get::<Option<String>, _>("decision"))?;
        Ok(ReferenceCase {
            kind: self.named(text("kind")?)?,
            key: text("gestan_key")?,
            name: text("name")?,
            code: text("code")?,
            reason: text("reason")?,
            candidates: self.json(&text("candidates")?)?,
            since: self.done(row.try_get("since"))?,
            decision: decision.map(|decision| self.named(decision)).transpose()?,
        })
    }

    pub(super) async fn load_reference_cases(&self) -> Result<Vec<ReferenceCase>, StoreError> {
        let sql = "SELECT * FROM reference_case ORDER BY kind, gestan_key";
        let rows = self.done(sqlx::query(sql).fetch_all(&self.pool).await)?;
        rows.iter().map(|row| self.reference_case(row)).collect()
    }

    /// Links are one to one: an older one of the same record or row goes.
    async fn store_reference_links(
        &self,
        writing: &mut Writing<'_>,
        links: &[ReferenceLink],
    ) -> Result<(), StoreError> {
        let now = Utc::now();
        for links in links.chunks(ROWS) {
            let agreed = links.iter().map(|link| self.text(&link.agreed)).collect::<Result<Vec<_>, _>>()?;
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO reference_link (kind, gestan_key, place, gestsup_id, agreed, linked_at, evidence, seal) ",
            );
            sql.push_values(links.iter().zip(agreed), |mut row, (link, agreed)| {
                row.push_bind(link.kind.as_str()).push_bind(&link.key).push_bind(link.kind.place().table());
                row.push_bind(link.id).push_bind(agreed).push_bind(now).push_bind(&link.evidence).push_bind(link.seal);
            });
            self.done(sql.build().execute(&mut **writing).await)?;
            let mut sql =
                QueryBuilder::<Sqlite>::new("DELETE FROM reference_intent WHERE (kind, gestan_key) IN (VALUES ");
            let mut list = sql.separated(", ");
            for link in links {
                list.push("(").push_bind_unseparated(link.kind.as_str()).push_unseparated(", ");
                list.push_bind_unseparated(&link.key).push_unseparated(")");
            }
            sql.push(")");
            self.done(sql.build().execute(&mut **writing).await)?;
        }
        Ok(())
    }

    async fn forget(
        &self,
        writing: &mut Writing<'_>,
        table: &'static str,
        kind: Kind,
        key: &str,
    ) -> Result<(), StoreError> {
        let sql = match table {
            "reference_link" => "DELETE FROM reference_link WHERE kind = ? AND gestan_key = ?",
            _ => "DELETE FROM reference_case WHERE kind = ? AND gestan_key = ?",
        };
        let query = sqlx::query(sql).bind(kind.as_str()).bind(key);
        self.done(query.execute(&mut **writing).await).map(|_| ())
    }

    async fn store_reference_case(&self, writing: &mut Writing<'_>, case: &ReferenceCase) -> Result<(), StoreError> {
        let decision = case.decision.map(|decision| self.name(&decision)).transpose()?;
        let sql = "INSERT OR REPLACE INTO reference_case (kind, gestan_key, name, code, reason, candidates, since, decision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(case.kind.as_str())
            .bind(&case.key)
            .bind(&case.name)
            .bind(&case.code)
            .bind(&case.reason)
            .bind(self.text(&case.candidates)?)
            .bind(case.since)
            .bind(decision);
        self.done(query.execute(&mut **writing).await).map(|_| ())
    }

    async fn store_reference(&self, commit: ReferenceCommit) -> Result<(), StoreError> {
        let mut writing = self.begin().await?;
        for (kind, key) in &commit.unlinked {
            self.forget(&mut writing, "reference_link", *kind, key).await?;
        }
        self.store_reference_links(&mut writing, &commit.links).await?;
        for (kind, key) in &commit.settled {
            self.forget(&mut writing, "reference_case", *kind, key).await?;
        }
        for case in &commit.cases {
            self.store_reference_case(&mut writing, case).await?;
        }
        let lines = [Commit { journal: commit.journal, ..Commit::default() }];
        self.store_journal(&mut writing, &lines).await?;
        self.done(writing.commit().await)
    }

    /// A person says that a record of Gestan is this row of GestSup; the next pass brings it in line.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn link_reference(&self, kind: Kind, key: &str, id: i64) -> Result<(), StoreError> {
        let link = ReferenceLink {
            kind,
            key: key.to_owned(),
            id,
            agreed: Default::default(),
            evidence: "a person linked it".to_owned(),
            seal: 0,
        };
        let settled = vec![(kind, key.to_owned())];
        self.store_reference(ReferenceCommit { links: vec![link], settled, ..ReferenceCommit::default() }).await
    }

    /// The next pass takes over links that stand beside Gestan and that this state does not know.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn learn_reference_again(&self) -> Result<(), StoreError> {
        let forget = sqlx::query("DELETE FROM value WHERE name = ?").bind(LEARNT);
        self.done(forget.execute(&self.pool).await).map(|_| ())
    }

    /// The next pass compares every record and row anew.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn break_reference_seals(&self) -> Result<(), StoreError> {
        self.done(sqlx::query("UPDATE reference_link SET seal = 0").execute(&self.pool).await).map(|_| ())
    }

    /// A person decides about a record: it is left out from now on, or is a row of its own. `None` takes a decision back.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn decide_reference(
        &self,
        kind: Kind,
        key: &str,
        decision: Option<Decision>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let record = (kind, key.to_owned());
        let mut commit = ReferenceCommit::default();
        match decision {
            None => commit.settled.push(record),
            Some(decision) => {
                if decision == Decision::Ignore {
                    commit.unlinked.push(record);
                }
                let known = self.load_reference_cases().await?;
                let known = known.into_iter().find(|case| case.kind == kind && case.key == key);
                commit.cases.push(ReferenceCase {
                    decision: Some(decision),
                    ..known.unwrap_or_else(|| ReferenceCase {
                        kind,
                        key: key.to_owned(),
                        name: String::new(),
                        code: "decided".to_owned(),
                        reason: "a person decided".to_owned(),
                        candidates: Vec::new(),
                        since: now,
                        decision: None,
                    })
                });
            }
        }
        self.store_reference(commit).await
    }

    /// Number of links by kind.
    pub(super) async fn count_reference_links(&self) -> Result<std::collections::BTreeMap<String, usize>, StoreError> {
        let sql = "SELECT kind, COUNT(*) FROM reference_link GROUP BY kind";
        let rows: Vec<(String, i64)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        Ok(rows.into_iter().map(|(kind, count)| (kind, usize::try_from(count).unwrap_or(0))).collect())
    }

    pub(super) async fn load_known_links(&self) -> Result<KnownLinks, StoreError> {
        let sql = "SELECT kind, gestan_key, gestsup_id FROM reference_link WHERE kind IN ('client', 'equipment', 'technician', 'project')";
        let rows: Vec<(String, String, i64)> = self.done(sqlx::query_as(sql).fetch_all(&self.pool).await)?;
        let mut known = KnownLinks::default();
        for (kind, key, id) in rows {
            match (kind.as_str(), key.parse()) {
                ("client", Ok(number)) => known.clients.insert(id, number).map(|_| ()),
                ("equipment", Ok(number)) => known.machines.insert(id, number).map(|_| ()),
                ("technician", _) => known.users.insert(id, key).map(|_| ()),
                ("project", _) => project_key(&key).and_then(|key| known.projects.insert(id, key)).map(|_| ()),
                _ => None,
            };
        }
        Ok(known)
    }
}

#[async_trait]
impl ReferenceMemory for Store {
    async fn reference_links(&self, kind: Kind) -> Result<Vec<ReferenceLink>, PortError> {
        Ok(self.load_reference_links(kind).await?)
    }

    async fn known_reference_links(&self, kind: Kind) -> Result<Vec<KnownLink>, PortError> {
        Ok(self.load_known_reference_links(kind).await?)
    }

    async fn reference_links_of(&self, kind: Kind, ids: &[i64]) -> Result<Vec<ReferenceLink>, PortError> {
        Ok(self.load_reference_links_of(kind, ids).await?)
    }

    async fn reference_cases(&self) -> Result<Vec<ReferenceCase>, PortError> {
        Ok(self.load_reference_cases().await?)
    }

    async fn intend_reference(&self, intents: &[ReferenceIntent]) -> Result<(), PortError> {
        let mut writing = self.begin().await?;
        for intents in intents.chunks(ROWS) {
            let texts = intents.iter().map(|intent| self.text(intent)).collect::<Result<Vec<_>, _>>()?;
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO reference_intent (kind, gestan_key, gestsup_id, intent) ",
            );
            sql.push_values(intents.iter().zip(texts), |mut row, (intent, text)| {
                row.push_bind(intent.link.kind.as_str()).push_bind(&intent.link.key);
                row.push_bind(intent.link.id).push_bind(text);
            });
            self.done(sql.build().execute(&mut *writing).await)?;
        }
        self.done(writing.commit().await)?;
        Ok(())
    }

    async fn reference_intents(&self) -> Result<Vec<ReferenceIntent>, PortError> {
        let sql = "SELECT intent FROM reference_intent ORDER BY kind, gestan_key";
        let rows: Vec<String> = self.done(sqlx::query_scalar(sql).fetch_all(&self.pool).await)?;
        Ok(rows.iter().map(|intent| self.json(intent)).collect::<Result<_, _>>()?)
    }

    async fn commit_reference(&self, commit: ReferenceCommit) -> Result<(), PortError> {
        Ok(self.store_reference(commit).await?)
    }

    async fn forget_reference_intents(&self) -> Result<(), PortError> {
        self.done(sqlx::query("DELETE FROM reference_intent").execute(&self.pool).await)?;
        Ok(())
    }

    async fn unrecorded_links(&self, kind: Kind, limit: usize) -> Result<Vec<(String, Option<i64>)>, PortError> {
        let sql = "SELECT l.gestan_key, l.gestsup_id FROM reference_link l LEFT JOIN reference_recorded r ON r.kind = l.kind AND r.gestan_key = l.gestan_key \
                   WHERE l.kind = ?1 AND r.gestsup_id IS NOT l.gestsup_id \
                   UNION ALL SELECT r.gestan_key, NULL FROM reference_recorded r LEFT JOIN reference_link l ON l.kind = r.kind AND l.gestan_key = r.gestan_key \
                   WHERE r.kind = ?1 AND l.gestan_key IS NULL LIMIT ?2";
        let query = sqlx::query_as(sql).bind(kind.as_str()).bind(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(self.done(query.fetch_all(&self.pool).await)?)
    }

    async fn links_recorded(&self, kind: Kind, links: &[(String, Option<i64>)]) -> Result<(), PortError> {
        let mut writing = self.begin().await?;
        let (held, gone): (Vec<_>, Vec<_>) = links.iter().partition(|(_, id)| id.is_some());
        for links in held.chunks(ROWS) {
            let mut sql = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO reference_recorded (kind, gestan_key, gestsup_id) ",
            );
            sql.push_values(links, |mut row, (key, id)| {
                row.push_bind(kind.as_str()).push_bind(key).push_bind(id);
            });
            self.done(sql.build().execute(&mut *writing).await)?;
        }
        for (key, _) in gone {
            let query = sqlx::query("DELETE FROM reference_recorded WHERE kind = ? AND gestan_key = ?");
            self.done(query.bind(kind.as_str()).bind(key).execute(&mut *writing).await)?;
        }
        self.done(writing.commit().await)?;
        Ok(())
    }

    async fn reference_value(&self, name: &str) -> Result<Option<String>, PortError> {
        Ok(crate::flows::tickets::Memory::value(self, name).await?)
    }

    async fn set_reference_value(&self, name: &str, value: &str) -> Result<(), PortError> {
        crate::flows::tickets::Memory::set_value(self, name, value).await
    }
}
