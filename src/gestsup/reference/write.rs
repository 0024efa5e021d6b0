//! The statements of rows: added with everything that strict SQL asks for, or changed in what differs and nothing
//! else. A row that GestSup itself needs is never touched, whatever a plan says.

use super::super::GestsupError;
use super::super::rows::list as numbers;
use super::columns::{MANUFACTURERS, MODELS, TYPES, column, constants, list};
use super::fitting::{encode, stored};
use super::pen::GestsupRegister;
use crate::failpoint::reached;
use crate::flows::reference::{Field, Place, Row, RowChange, Staged, TELLING};
use crate::mapping::fold;
use sqlx::AssertSqlSafe;
use sqlx::query::Query;
use std::collections::{BTreeMap, HashMap};

/// Columns that hold no entities of text: numbers and dates.
fn literal(field: Field, value: &str) -> Option<String> {
    match field {
        Field::Company | Field::Owner | Field::Profile | Field::State | Field::Disabled => {
            Some(value.parse::<i64>().unwrap_or(0).to_string())
        }
        Field::Installed | Field::Warranty => {
            let day = value.parse::<chrono::NaiveDate>();
            Some(day.map_or_else(|_| "0000-00-00".to_owned(), |day| day.to_string()))
        }
        _ => None,
    }
}

/// A row as a statement writes it: where the change stands in the list, and its values in the order of the columns.
type Cells = (usize, Vec<String>);

/// Rows of one statement, and bytes of their values: servers refuse large packets.
const ROWS: usize = 200;
const BYTES: usize = 256 * 1024;

/// Rows statement by statement.
fn parts(rows: &[Cells]) -> Vec<&[Cells]> {
    let (mut parts, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, (_, values)) in rows.iter().enumerate() {
        let more: usize = values.iter().map(String::len).sum();
        if at > from && (at - from == ROWS || bytes + more > BYTES) {
            parts.push(&rows[from..at]);
            (from, bytes) = (at, 0);
        }
        bytes += more;
    }
    parts.push(&rows[from..]);
    parts
}

impl GestsupRegister {
    /// Writes rows of one kind, with a statement for all that get the same columns.
    pub(super) async fn write(&mut self, changes: &[&RowChange]) -> Result<Vec<Staged>, GestsupError> {
        let mut staged = vec![Staged::Stale; changes.len()];
        let Some(place) = changes.first().map(|change| change.kind.place()) else { return Ok(staged) };
        let fresh = self.fresh(place, changes).await?;
        let mut done = Vec::new();
        let mut groups: BTreeMap<(bool, Vec<&'static str>), Vec<Cells>> = BTreeMap::new();
        for index in fresh {
            let (columns, values) = self.cells(place, changes[index]).await?;
            groups.entry((changes[index].id.is_none(), columns)).or_default().push((index, values));
        }
        for ((new, columns), rows) in groups {
            if new {
                for rows in parts(&rows) {
                    let ids = self.add(place, &columns, changes, rows).await?;
                    done.extend(rows.iter().zip(ids).map(|((index, _), id)| (*index, id)));
                }
            } else {
                let rows: Vec<(i64, usize, Vec<String>)> =
                    rows.into_iter().filter_map(|(index, values)| Some((changes[index].id?, index, values))).collect();
                self.change(place, &columns, &rows).await?;
                done.extend(rows.iter().map(|(id, index, _)| (*index, *id)));
            }
        }
        let ids: Vec<i64> = done.iter().map(|(_, id)| *id).collect();
        let prints: HashMap<i64, u64> = match ids.is_empty() {
            true => HashMap::new(),
            false => self.prints_where(place, &format!("g.id IN ({})", numbers(&ids))).await?.into_iter().collect(),
        };
        for (index, id) in done {
            staged[index] = Staged::Done { id, print: prints.get(&id).copied().unwrap_or(0) };
        }
        Ok(staged)
    }

    /// Which changes still stand as they were planned; new rows do. Whoever saves the page of such a row meanwhile waits
    /// for these few statements.
    async fn fresh(&mut self, place: Place, changes: &[&RowChange]) -> Result<Vec<usize>, GestsupError> {
        let ids: Vec<i64> = changes.iter().filter_map(|change| change.id).filter(|id| *id > place.reserved()).collect();
        let found = match ids.is_empty() {
            true => Vec::new(),
            false => self.select(place, None, &format!("id IN ({}) ORDER BY id FOR UPDATE", numbers(&ids))).await?,
        };
        let rows: HashMap<i64, &Row> = found.iter().map(|row| (row.id, row)).collect();
        let stands = |change: &RowChange| match change.id {
            None => true,
            Some(id) => rows
                .get(&id)
                .is_some_and(|row| change.fields.iter().all(|(field, planned)| row.get(*field) == planned.from)),
        };
        Ok((0..changes.len()).filter(|index| stands(changes[*index])).collect())
    }

    /// The columns that a row gets, and their values. Every value is a parameter.
    async fn cells(
        &mut self,
        place: Place,
        change: &RowChange,
    ) -> Result<(Vec<&'static str>, Vec<String>), GestsupError> {
        let listed = self.listed(change).await?;
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (field, planned) in &change.fields {
            // A model's type and brand stand with it though they did not change.
            if change.id.is_some() && planned.from == planned.to && list(*field).is_none() {
                continue;
            }
            let Some(column) = column(place, *field) else { continue };
            columns.push(column);
            values.push(match listed.iter().find(|(of, _)| of == field) {
                Some((_, id)) => id.to_string(),
                None => literal(*field, &planned.to).unwrap_or_else(|| stored(*field, &planned.to)),
            });
        }
        Ok((columns, values))
    }

    /// Adds rows; returns their ids. The server numbers the rows of one such statement one after the other, and says the
    /// first number only: the rows are read back, and where they are not in a row, each has to be added alone.
    async fn add(
        &mut self,
        place: Place,
        columns: &[&'static str],
        changes: &[&RowChange],
        rows: &[Cells],
    ) -> Result<Vec<i64>, GestsupError> {
        let table = place.table();
        let (mut names, mut values) = (columns.to_vec(), vec!["?"; columns.len()]);
        for (column, value) in constants(place).iter().filter(|(column, _)| self.columns.has(table, column)) {
            names.push(column);
            values.push(value);
        }
        let sql = self.insert_sql(table, &names, &values, rows.len());
        let texts = rows.iter().flat_map(|(_, values)| values);
        let first = self.execute(texts.fold(sqlx::query(AssertSqlSafe(sql)), Query::bind)).await?;
        reached("gestsup: reference row written");
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if count == 1 {
            return Ok(vec![first]);
        }
        let step = self.step().await?;
        let last = first + step * (count - 1);
        let mut found =
            self.select(place, Some(&TELLING), &format!("id BETWEEN {first} AND {last} ORDER BY id")).await?;
        found.retain(|row| (row.id - first) % step == 0);
        let is_it = |(row, (index, _)): (&Row, &Cells)| {
            let wanted = |field: Field| changes[*index].fields.get(&field).map(|change| change.to.as_str());
            TELLING.iter().all(|field| wanted(*field).is_none_or(|wanted| wanted == row.get(*field)))
        };
        if found.len() != rows.len() || !found.iter().zip(rows).all(is_it) {
            return Err(GestsupError::Interleaved { table });
        }
        Ok(found.iter().map(|row| row.id).collect())
    }

    /// Changes rows that get the same columns.
    async fn change(
        &mut self,
        place: Place,
        columns: &[&'static str],
        rows: &[(i64, usize, Vec<String>)],
    ) -> Result<(), GestsupError> {
        if columns.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let whens: String = rows.iter().map(|(id, ..)| format!(" WHEN {id} THEN ?")).collect();
        let sets: Vec<String> = columns.iter().map(|column| format!("`{column}` = CASE id{whens} END")).collect();
        let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
        let sql = format!("UPDATE {} SET {} WHERE id IN ({})", place.table(), sets.join(", "), numbers(&ids));
        let texts = (0..columns.len()).flat_map(|column| rows.iter().map(move |(.., values)| &values[column]));
        // Its text is another one each time.
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        self.execute(texts.fold(query, Query::bind)).await?;
        reached("gestsup: reference row written");
        Ok(())
    }

    fn insert_sql(&self, table: &str, columns: &[&str], values: &[&str], rows: usize) -> String {
        let beside: Vec<(&str, &str)> = self.columns.beside(table, columns).collect();
        let names: Vec<String> = columns
            .iter()
            .copied()
            .chain(beside.iter().map(|(column, _)| *column))
            .map(|column| format!("`{column}`"))
            .collect();
        let values: Vec<&str> = values.iter().copied().chain(beside.iter().map(|(_, nothing)| *nothing)).collect();
        let row = format!("({})", values.join(", "));
        format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), vec![row; rows].join(", "))
    }

    /// Ids of the look-up rows that a change names; those that are missing are added.
    async fn listed(&mut self, change: &RowChange) -> Result<Vec<(Field, i64)>, GestsupError> {
        let name = |field: Field| change.fields.get(&field).map(|change| change.to.clone());
        let (Some(of_type), Some(brand), Some(model)) =
            (name(Field::Type), name(Field::Manufacturer), name(Field::Model))
        else {
            return Ok(Vec::new());
        };
        let of_type = self.listed_row(TYPES, (0, 0), &of_type).await?;
        let brand = self.listed_row(MANUFACTURERS, (0, 0), &brand).await?;
        let model = self.listed_row(MODELS, (of_type, brand), &model).await?;
        Ok(vec![(Field::Type, of_type), (Field::Manufacturer, brand), (Field::Model, model)])
    }

    async fn listed_row(&mut self, table: &'static str, of: (i64, i64), name: &str) -> Result<i64, GestsupError> {
        let key = (table, of.0, of.1, fold(name));
        if let Some(id) = self.lookups().await?.ids.get(&key) {
            return Ok(*id);
        }
        let (of_type, brand) = (of.0.to_string(), of.1.to_string());
        let (mut columns, mut values) = (vec!["name"], vec!["?"]);
        if table == MODELS {
            columns.extend(["type", "manufacturer"]);
            values.extend([of_type.as_str(), brand.as_str()]);
        }
        let sql = self.insert_sql(table, &columns, &values, 1);
        let id = self.execute(sqlx::query(AssertSqlSafe(sql)).bind(encode(name))).await?;
        let lookups = self.lookups().await?;
        lookups.ids.insert(key, id);
        lookups.names.insert((table, id), name.to_owned());
        Ok(id)
    }
}
