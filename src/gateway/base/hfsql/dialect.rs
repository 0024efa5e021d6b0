//! Statements in the words of HFSQL: every value a literal, every column named, every name between brackets,
//! one row an INSERT.

use super::text::{named, plain, quoted};
use crate::gateway::base::{
    AddColumn, Condition, CountBy, CreateTable, Insert, NewColumn, NewType, Select, SqlValue, Update,
};

/// Rows that have one of so many values are asked for by one statement.
const VALUES: usize = 500;

/// The words of a base.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    /// What the names of the connector's own tables begin with.
    pub prefix: String,
}

impl Dialect {
    /// Whether a table is the connector's own.
    pub(super) fn is_own(&self, table: &str) -> bool {
        table.starts_with(&self.prefix)
    }

    fn literal(&self, table: &str, value: &SqlValue) -> String {
        match value {
            SqlValue::Null => "NULL".to_owned(),
            SqlValue::Int(number) => number.to_string(),
            SqlValue::Text(text) if self.is_own(table) => quoted(&named(text)),
            SqlValue::Text(text) => quoted(&plain(text)),
            SqlValue::Date(date) => date.format("'%Y%m%d'").to_string(),
            SqlValue::Time(time) => time.format("'%H%M%S'").to_string(),
            SqlValue::DateTime(moment) => moment.format("'%Y%m%d%H%M%S'").to_string(),
        }
    }

    fn filter(&self, table: &str, conditions: &[Condition]) -> String {
        let mut sql = String::new();
        for (index, condition) in conditions.iter().enumerate() {
            sql.push_str(if index == 0 { " WHERE " } else { " AND " });
            sql.push_str(&match condition {
                Condition::Equals(column, value) => format!("{} = {}", name(column), self.literal(table, value)),
                Condition::Greater(column, value) => format!("{} > {}", name(column), self.literal(table, value)),
                Condition::In(_, values) if values.is_empty() => "1 = 0".to_owned(),
                Condition::In(column, values) => {
                    let values: Vec<String> = values.iter().map(|value| self.literal(table, value)).collect();
                    format!("{} IN ({})", name(column), values.join(", "))
                }
            });
        }
        sql
    }

    /// The statements that read what is asked for; several where there are many values to look for. The number
    /// of rows is limited by whoever reads them: not every version knows LIMIT.
    pub(super) fn select(&self, select: &Select) -> Vec<String> {
        let columns: Vec<String> = select.columns.iter().map(|column| name(column.name)).collect();
        let order = select.order.map_or_else(String::new, |(column, descending)| {
            format!(" ORDER BY {}{}", name(column), if descending { " DESC" } else { "" })
        });
        self.parts(select)
            .iter()
            .map(|filter| {
                let filter = self.filter(&select.table, filter);
                format!("SELECT {} FROM {}{filter}{order}", columns.join(", "), name(&select.table))
            })
            .collect()
    }

    /// The statements that keep from other writers what is asked for. There is no FOR UPDATE: a row that a
    /// transaction has written is held until its end, and every table has this column.
    pub(super) fn hold(&self, select: &Select) -> Vec<String> {
        self.parts(select)
            .iter()
            .map(|filter| {
                let filter = self.filter(&select.table, filter);
                format!("UPDATE {} SET [DHMOD] = [DHMOD]{filter}", name(&select.table))
            })
            .collect()
    }

    /// The conditions of each statement: a list of many values is cut, unless rows are to be in an order.
    fn parts(&self, select: &Select) -> Vec<Vec<Condition>> {
        let long = select.filter.iter().position(|c| matches!(c, Condition::In(_, values) if values.len() > VALUES));
        let Some((at, Condition::In(column, values))) = long.map(|at| (at, &select.filter[at])) else {
            return vec![select.filter.clone()];
        };
        if select.order.is_some() {
            return vec![select.filter.clone()];
        }
        let part = |values: &[SqlValue]| {
            let mut filter = select.filter.clone();
            filter[at] = Condition::In(column, values.to_vec());
            filter
        };
        // A value that stands twice must not find its rows twice.
        let mut distinct: Vec<SqlValue> = Vec::with_capacity(values.len());
        let mut seen = std::collections::HashSet::new();
        for value in values {
            if seen.insert(format!("{value:?}")) {
                distinct.push(value.clone());
            }
        }
        distinct.chunks(VALUES).map(part).collect()
    }

    /// The statement that adds a row. What is nothing is left out: an empty date is the default of its column.
    pub(super) fn insert(&self, insert: &Insert) -> String {
        let given: Vec<&(&str, SqlValue)> =
            insert.values.iter().filter(|(_, value)| *value != SqlValue::Null).collect();
        let columns: Vec<String> = given.iter().map(|(column, _)| name(column)).collect();
        let values: Vec<String> = given.iter().map(|(_, value)| self.literal(&insert.table, value)).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", name(&insert.table), columns.join(", "), values.join(", "))
    }

    /// The statement that changes rows.
    pub(super) fn update(&self, update: &Update) -> String {
        let values: Vec<String> = update
            .values
            .iter()
            .map(|(column, value)| format!("{} = {}", name(column), self.literal(&update.table, value)))
            .collect();
        let filter = self.filter(&update.table, &update.filter);
        format!("UPDATE {} SET {}{filter}", name(&update.table), values.join(", "))
    }

    /// The statement that counts the values of a column: value and number.
    pub(super) fn count_by(&self, count: &CountBy) -> String {
        let (column, table) = (name(count.column), name(&count.table));
        format!("SELECT {column} AS [v], COUNT(*) AS [n] FROM {table} GROUP BY {column}")
    }

    /// The statement that finds the greatest key of a table.
    pub(super) fn greatest(&self, table: &str, key: &str) -> String {
        format!("SELECT MAX({}) AS [k] FROM {}", name(key), name(table))
    }

    /// The statement that finds the keys after one; of rows that a user made, where one is named.
    pub(super) fn keys_after(&self, table: &str, key: &str, after: i64, user: Option<&str>) -> String {
        let key = name(key);
        let by_user = user.map_or_else(String::new, |user| format!(" AND [USCRE] = {}", quoted(&plain(user))));
        format!("SELECT {key} FROM {} WHERE {key} > {after}{by_user} ORDER BY {key}", name(table))
    }

    /// The statements that create a table and its indexes.
    pub(super) fn create(&self, table: &CreateTable) -> Vec<String> {
        let columns: Vec<String> = table.columns.iter().map(definition).collect();
        let mut statements = vec![format!("CREATE TABLE {} ({})", name(&table.table), columns.join(", "))];
        statements.extend(table.indexes.iter().map(|column| index(&table.table, column)));
        statements
    }

    /// The statements that add a column and its index.
    pub(super) fn add_column(&self, added: &AddColumn) -> Vec<String> {
        let mut statements = vec![format!("ALTER TABLE {} ADD {}", name(&added.table), definition(&added.column))];
        statements.extend(added.indexed.then(|| index(&added.table, added.column.name)));
        statements
    }
}

/// Names are our own or configured: a bracket in one must not end it.
fn name(name: &str) -> String {
    format!("[{}]", name.replace(['[', ']'], ""))
}

fn definition(column: &NewColumn) -> String {
    let kind = match column.kind {
        NewType::Key => "BIGINT AUTO_INCREMENT PRIMARY KEY".to_owned(),
        NewType::Int => "BIGINT".to_owned(),
        NewType::Text(length) => format!("VARCHAR({length})"),
        NewType::LongText => "LONGTEXT".to_owned(),
        NewType::DateTime => "DATETIME".to_owned(),
    };
    format!("{} {kind}{}", name(column.name), if column.unique { " UNIQUE" } else { "" })
}

fn index(table: &str, column: &str) -> String {
    format!("CREATE INDEX {} ON {} ({})", name(&format!("K_{table}_{column}")), name(table), name(column))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{Token, tokens};
    use super::*;
    use crate::gateway::base::Column;
    use proptest::prelude::*;

    fn dialect() -> Dialect {
        Dialect { prefix: "Z90_".to_owned() }
    }

    fn moment() -> chrono::NaiveDateTime {
        "2026-11-27T14:30:05".parse().unwrap()
    }

    #[test]
    fn statements_name_every_column_and_carry_their_values() {
        let values = vec![
            ("LIB50", SqlValue::Text("L'écran 🎉".to_owned())),
            ("DT_INTER_DBT", SqlValue::Date(moment().date())),
            ("HR_DEBUT", SqlValue::Time(moment().time())),
            ("DT_INTER_FIN", SqlValue::Null),
            ("DHMOD", SqlValue::DateTime(moment())),
        ];
        let insert = Insert { table: "INTERVENTION".to_owned(), values: values.clone(), key: None };
        assert_eq!(
            dialect().insert(&insert),
            "INSERT INTO [INTERVENTION] ([LIB50], [DT_INTER_DBT], [HR_DEBUT], [DHMOD]) \
             VALUES ('L''écran ?', '20261127', '143005', '20261127143005')"
        );
        let filter = vec![Condition::Equals("IDINTERVENTION", SqlValue::Int(7))];
        let update = Update { table: "INTERVENTION".to_owned(), values, filter: filter.clone() };
        assert_eq!(
            dialect().update(&update),
            "UPDATE [INTERVENTION] SET [LIB50] = 'L''écran ?', [DT_INTER_DBT] = '20261127', [HR_DEBUT] = '143005', \
             [DT_INTER_FIN] = NULL, [DHMOD] = '20261127143005' WHERE [IDINTERVENTION] = 7"
        );
        let select = Select {
            order: Some(("IDINTERVENTION", true)),
            ..Select::new("INTERVENTION", &[Column::int("IDINTERVENTION"), Column::text("LIB50")], filter)
        };
        assert_eq!(
            dialect().select(&select),
            [
                "SELECT [IDINTERVENTION], [LIB50] FROM [INTERVENTION] WHERE [IDINTERVENTION] = 7 ORDER BY [IDINTERVENTION] DESC"
            ]
        );
    }

    #[test]
    fn many_values_are_looked_for_by_several_statements_that_find_no_row_twice() {
        let ids: Vec<SqlValue> = (0..1200).chain(0..10).map(SqlValue::Int).collect();
        let select = Select::new("CONTACT", &[Column::int("IDCONTACT")], vec![Condition::In("IDCONTACT", ids)]);
        let statements = dialect().select(&select);
        assert_eq!(statements.len(), 3);
        let numbers = statements.iter().flat_map(|sql| tokens(sql).unwrap());
        assert_eq!(numbers.filter(|token| matches!(token, Token::Number(_))).count(), 1200);
    }

    proptest! {
        #[test]
        fn no_text_changes_what_a_statement_says(text in any::<String>(), own in any::<bool>()) {
            let table = if own { "Z90_STEP" } else { "INTERVENTION" };
            let sql = |text: &str| {
                let value = SqlValue::Text(text.to_owned());
                let filter = vec![Condition::Equals("A", value.clone()), Condition::In("B", vec![value.clone(), value.clone()])];
                let update = Update { table: table.to_owned(), values: vec![("C", value)], filter };
                dialect().update(&update)
            };
            let shape = |sql: &str| -> Vec<Token> {
                tokens(sql).unwrap().into_iter().map(|token| match token { Token::Text(_) => Token::Text(String::new()), token => token }).collect()
            };
            let statement = sql(&text);
            prop_assert_eq!(shape(&statement), shape(&sql("")));
            let expected = if own { named(&text).into_owned() } else { plain(&text).into_owned() };
            for token in tokens(&statement).unwrap() {
                if let Token::Text(held) = token {
                    prop_assert_eq!(&held, &expected);
                }
            }
        }
    }
}
