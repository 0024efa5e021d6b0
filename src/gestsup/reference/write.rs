//! The statements of one row: added with everything that strict SQL asks for, or changed in what differs and nothing
//! else. A row that GestSup itself needs is never touched, whatever a plan says.

use super::super::GestsupError;
use super::columns::{MANUFACTURERS, MODELS, TYPES, column, constants, list};
use super::fitting::{encode, stored};
use super::pen::GestsupRegister;
use crate::flows::reference::{Field, RowChange, Staged};
use crate::mapping::fold;
use sqlx::AssertSqlSafe;

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

impl GestsupRegister {
    pub(super) async fn write(&mut self, change: &RowChange) -> Result<Staged, GestsupError> {
        let place = change.kind.place();
        if let Some(id) = change.id {
            if id <= place.reserved() {
                return Ok(Staged::Stale);
            }
            // Whoever saves the page of this row meanwhile waits for these few statements.
            let found = self.select(place, &format!("id = {id} FOR UPDATE")).await?;
            let as_planned = |(field, planned): (&Field, &crate::flows::reference::FieldChange)| {
                found.first().is_some_and(|row| row.get(*field) == planned.from)
            };
            if !change.fields.iter().all(as_planned) {
                return Ok(Staged::Stale);
            }
        }
        let listed = self.listed(change).await?;
        let (mut columns, mut values, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (field, planned) in &change.fields {
            // A model's type and brand stand with it though they did not change.
            if change.id.is_some() && planned.from == planned.to && list(*field).is_none() {
                continue;
            }
            let Some(column) = column(place, *field) else { continue };
            columns.push(column);
            // Every value is a parameter: the statement is the same for all rows of a kind, and prepared once.
            values.push("?".to_owned());
            texts.push(match listed.iter().find(|(of, _)| of == field) {
                Some((_, id)) => id.to_string(),
                None => literal(*field, &planned.to).unwrap_or_else(|| stored(*field, &planned.to)),
            });
        }
        let table = place.table();
        let sql = match change.id {
            Some(id) => {
                let sets: Vec<String> =
                    columns.iter().zip(&values).map(|(column, value)| format!("`{column}` = {value}")).collect();
                texts.push(id.to_string());
                format!("UPDATE {table} SET {} WHERE id = ?", sets.join(", "))
            }
            None => {
                for (column, value) in constants(place).iter().filter(|(column, _)| self.columns.has(table, column)) {
                    columns.push(column);
                    values.push((*value).to_owned());
                }
                self.insert_sql(table, &columns, &values)
            }
        };
        let query = texts.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), sqlx::query::Query::bind);
        let added = self.execute(query).await?;
        Ok(Staged::Done(change.id.unwrap_or(added)))
    }

    fn insert_sql(&self, table: &str, columns: &[&str], values: &[String]) -> String {
        let beside: Vec<(&str, &str)> = self.columns.beside(table, columns).collect();
        let names: Vec<String> = columns
            .iter()
            .copied()
            .chain(beside.iter().map(|(column, _)| *column))
            .map(|column| format!("`{column}`"))
            .collect();
        let values: Vec<&str> =
            values.iter().map(String::as_str).chain(beside.iter().map(|(_, nothing)| *nothing)).collect();
        format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
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
        let (mut columns, mut values) = (vec!["name"], vec!["?".to_owned()]);
        if table == MODELS {
            columns.extend(["type", "manufacturer"]);
            values.extend([of.0.to_string(), of.1.to_string()]);
        }
        let sql = self.insert_sql(table, &columns, &values);
        let id = self.execute(sqlx::query(AssertSqlSafe(sql)).bind(encode(name))).await?;
        let lookups = self.lookups().await?;
        lookups.ids.insert(key, id);
        lookups.names.insert((table, id), name.to_owned());
        Ok(id)
    }
}
