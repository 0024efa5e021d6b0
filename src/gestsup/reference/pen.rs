//! The connection that reads and writes the lists.

use super::super::rows::{list as numbers, number, text};
use super::super::{Gestsup, GestsupError, decode, decode_listed};
use super::columns::{Columns, MANUFACTURERS, MODELS, TYPES, condition, fields, list};
use super::fitting;
use crate::flows::PortError;
use crate::flows::reference::{Field, Fitted, Kind, Place, RegisterPen, Row, RowChange, Staged, Values, print_of};
use async_trait::async_trait;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection};
use std::collections::HashMap;

/// The look-up lists of equipment.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// Names by table and id.
    pub names: HashMap<(&'static str, i64), String>,
    /// Ids by table, what it belongs to (type and brand of a model), and folded name.
    pub ids: HashMap<(&'static str, i64, i64, String), i64>,
}

/// A connection that may write the lists.
#[derive(Debug)]
pub(super) struct GestsupRegister {
    gestsup: Gestsup,
    pub connection: MySqlConnection,
    pub columns: Columns,
    pub lookups: Option<Lookups>,
    open: bool,
    /// By how much the server numbers on from row to row.
    step: Option<i64>,
}

impl GestsupRegister {
    pub(super) fn new(gestsup: Gestsup, connection: MySqlConnection, columns: Columns) -> Self {
        Self { gestsup, connection, columns, lookups: None, open: false, step: None }
    }

    pub(super) async fn query(&mut self, sql: String) -> Result<Vec<MySqlRow>, GestsupError> {
        // Put together from our own names and from numbers.
        self.gestsup.within(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection)).await
    }

    pub(super) async fn run(&mut self, sql: String) -> Result<(), GestsupError> {
        self.gestsup.within(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection)).await.map(|_| ())
    }

    /// Runs a statement with values; returns the id of the row that it added.
    pub(super) async fn execute(&mut self, query: Query<'_, MySql, MySqlArguments>) -> Result<i64, GestsupError> {
        let done = self.gestsup.within(query.execute(&mut self.connection)).await?;
        Ok(i64::try_from(done.last_insert_id()).unwrap_or(0))
    }

    /// By how much the server numbers on from row to row: members of a cluster leave room for each other.
    pub(super) async fn step(&mut self) -> Result<i64, GestsupError> {
        if let Some(step) = self.step {
            return Ok(step);
        }
        let rows = self.query("SELECT CAST(@@SESSION.auto_increment_increment AS SIGNED) AS n".to_owned()).await?;
        let step = rows.first().map_or(1, |row| number(row, "n")).max(1);
        self.step = Some(step);
        Ok(step)
    }

    /// Begins the transaction of what is staged.
    pub(super) async fn begin(&mut self) -> Result<(), GestsupError> {
        if !self.open {
            self.run("START TRANSACTION".to_owned()).await?;
            self.open = true;
        }
        Ok(())
    }

    /// The look-up lists, read when they are first needed.
    pub(super) async fn lookups(&mut self) -> Result<&mut Lookups, GestsupError> {
        if self.lookups.is_none() {
            let mut lookups = Lookups::default();
            for table in [TYPES, MANUFACTURERS, MODELS] {
                if !self.columns.has(table, "name") {
                    continue;
                }
                let of = if table == MODELS {
                    "CAST(type AS SIGNED) AS t, CAST(manufacturer AS SIGNED) AS m"
                } else {
                    "0 AS t, 0 AS m"
                };
                let sql = format!("SELECT CAST(id AS SIGNED) AS id, name, {of} FROM {table} ORDER BY id DESC");
                for row in self.query(sql).await? {
                    let (id, name) = (number(&row, "id"), decode_listed(&text(&row, "name")));
                    // Of several of one name the oldest counts.
                    lookups.ids.insert((table, number(&row, "t"), number(&row, "m"), crate::mapping::fold(&name)), id);
                    lookups.names.insert((table, id), name);
                }
            }
            self.lookups = Some(lookups);
        }
        Ok(self.lookups.get_or_insert_default())
    }

    /// Rows of a place that fit a condition, with these fields; `None`: all.
    pub(super) async fn select(
        &mut self,
        place: Place,
        wanted: Option<&[Field]>,
        condition: &str,
    ) -> Result<Vec<Row>, GestsupError> {
        let table = place.table();
        if !self.columns.has(table, "id") {
            return Ok(Vec::new());
        }
        let known: Vec<(Field, &str)> = fields(place)
            .filter(|(field, column)| {
                self.columns.has(table, column) && wanted.is_none_or(|wanted| wanted.contains(field))
            })
            .collect();
        let columns: String =
            known.iter().map(|(_, column)| format!(", CAST(`{column}` AS CHAR) AS `{column}`")).collect();
        let sql = format!("SELECT CAST(id AS SIGNED) AS id{columns} FROM {table} WHERE {condition}");
        let found = self.query(sql).await?;
        let lookups = self.lookups().await?;
        let value = |row: &MySqlRow, field: Field, column: &str| {
            let stored = text(row, column);
            match (list(field), field) {
                (Some(list), _) => {
                    stored.parse().ok().and_then(|id| lookups.names.get(&(list, id)).cloned()).unwrap_or_default()
                }
                (_, Field::Installed | Field::Warranty) if stored.starts_with("0000") => String::new(),
                _ => decode(&stored),
            }
        };
        let read = |row: &MySqlRow| {
            let values: Values = known.iter().map(|(field, column)| (*field, value(row, *field, column))).collect();
            Row { id: number(row, "id"), values }
        };
        Ok(found.iter().map(read).collect())
    }

    /// Ids and prints of the rows of a place that fit a condition.
    pub(super) async fn prints_where(
        &mut self,
        place: Place,
        condition: &str,
    ) -> Result<Vec<(i64, u64)>, GestsupError> {
        let table = place.table();
        if !self.columns.has(table, "id") {
            return Ok(Vec::new());
        }
        let known: Vec<(Field, &str)> = fields(place).filter(|(_, column)| self.columns.has(table, column)).collect();
        let (listed, plain): (Vec<_>, Vec<_>) = known.into_iter().partition(|(field, _)| list(*field).is_some());
        let mut parts: Vec<String> =
            plain.iter().map(|(_, column)| format!("COALESCE(CAST(g.`{column}` AS CHAR), '')")).collect();
        let mut from = format!("{table} g");
        if place == Place::Equipment && self.columns.has("tusers", "company") {
            // Whose equipment is, its owner's company decides.
            from.push_str(" LEFT JOIN tusers o ON o.id = g.user");
            parts.push("COALESCE(CAST(o.company AS CHAR), '')".to_owned());
        }
        let more: String =
            listed.iter().map(|(_, column)| format!(", CAST(g.`{column}` AS SIGNED) AS `{column}`")).collect();
        let sql = format!(
            "SELECT CAST(g.id AS SIGNED) AS id, CAST(CRC32(CONCAT_WS(CHAR(31), {})) AS SIGNED) AS p{more} FROM {from} WHERE {condition}",
            parts.join(", ")
        );
        let found = self.query(sql).await?;
        let lookups = self.lookups().await?;
        let print = |row: &MySqlRow| {
            // The name of a model may change, and its number not.
            let names: Vec<&str> = listed
                .iter()
                .filter_map(|(field, column)| Some(lookups.names.get(&(list(*field)?, number(row, column)))?.as_str()))
                .collect();
            (number(row, "id"), print_of(&(number(row, "p"), names)))
        };
        Ok(found.iter().map(print).collect())
    }
}

#[async_trait]
impl RegisterPen for GestsupRegister {
    fn fit(&self, kind: Kind, field: Field, text: &str) -> Fitted {
        // GestSup's statistics put these names into a script as they stand, where a backslash would end no text.
        let drawn = (kind.place() == Place::Companies && field == Field::Name) || field == Field::Type;
        let text = if drawn { text.replace('\\', "/") } else { text.to_owned() };
        match self.columns.room(kind, field) {
            Some((room, latin1)) => fitting::fit(field, &text, room, latin1),
            None => Fitted { text, cut: false },
        }
    }

    fn has(&self, kind: Kind, field: Field) -> bool {
        self.columns.keeps(kind, field)
    }

    fn shape(&self, kind: Kind) -> u64 {
        let fields = Field::ALL.map(|field| (self.columns.keeps(kind, field), self.columns.room(kind, field)));
        print_of(&fields)
    }

    async fn rows_after(
        &mut self,
        place: Place,
        fields: &[Field],
        after: i64,
        limit: usize,
    ) -> Result<Vec<Row>, PortError> {
        let condition = format!("{} AND id > {after} ORDER BY id LIMIT {limit}", condition(place));
        Ok(self.select(place, Some(fields), &condition).await?)
    }

    async fn rows_of(&mut self, place: Place, ids: &[i64]) -> Result<Vec<Row>, PortError> {
        let condition = format!("{} AND id IN ({}) ORDER BY id", condition(place), numbers(ids));
        Ok(self.select(place, None, &condition).await?)
    }

    async fn prints(&mut self, place: Place, after: i64, limit: usize) -> Result<Vec<(i64, u64)>, PortError> {
        let condition = condition(place).replace("id <>", "g.id <>");
        Ok(self.prints_where(place, &format!("{condition} AND g.id > {after} ORDER BY g.id LIMIT {limit}")).await?)
    }

    async fn row(&mut self, place: Place, id: i64) -> Result<Option<Row>, PortError> {
        Ok(self.select(place, None, &format!("id = {id}")).await?.pop())
    }

    async fn stage(&mut self, changes: &[&RowChange]) -> Result<Vec<Staged>, PortError> {
        self.begin().await?;
        Ok(self.write(changes).await?)
    }

    async fn commit(&mut self) -> Result<(), PortError> {
        if self.open {
            self.run("COMMIT".to_owned()).await?;
            self.open = false;
        }
        Ok(())
    }

    async fn undo(&mut self) -> Result<(), PortError> {
        // Rows of the look-up lists that were added go too.
        self.lookups = None;
        if self.open {
            self.open = false;
            self.run("ROLLBACK".to_owned()).await?;
        }
        Ok(())
    }
}
