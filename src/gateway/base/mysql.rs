//! The MySQL or MariaDB copy of a Gestan base.

use super::mysql_errors::{Trouble, base_error};
use super::mysql_text::{Statement, quote, rows_of_one_insert, selected, type_of};
use super::{
    AddColumn, Base, BaseError, Column, CountBy, CreateTable, Insert, InsertMany, Kind, Row, Select, SqlValue,
    Transaction, Update,
};
use crate::config::GestanBase;
use crate::mysql;
use async_trait::async_trait;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use secrecy::SecretString;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, MySql, Pool, Row as _,
    SqlSafeStr as _, Statement as _,
};
use std::collections::HashSet;
use std::time::Duration;

/// Connections kept to the base.
const CONNECTIONS: u32 = 8;
/// Seconds that a row is waited for that somebody else holds: well under the limit of a statement, or
/// one row in use would look like a base that does not answer.
const LOCK_WAIT: u64 = 3;

/// Statements that each connection keeps prepared: to close one costs more than to keep it.
const STATEMENTS: usize = 400;
/// A base on a MySQL or MariaDB server.
#[derive(Debug, Clone)]
pub struct MySqlBase {
    pool: Pool<MySql>,
    options: MySqlConnectOptions,
    timeout: Duration,
    trouble: Trouble,
}

impl MySqlBase {
    /// Prepares access; nothing is connected yet, so that a server that is down prevents no start.
    pub fn new(config: &GestanBase, password: &SecretString) -> Self {
        let options = mysql::options(config, password).statement_cache_capacity(STATEMENTS);
        let timeout = Duration::from_secs(config.timeout_seconds);
        let wait = format!("SET SESSION innodb_lock_wait_timeout = {}", LOCK_WAIT.min(config.timeout_seconds));
        let trouble = Trouble::default();
        let known = trouble.clone();
        let pool = MySqlPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(timeout.min(Duration::from_secs(5)))
            .before_acquire(move |_, connection| {
                let is_good = known.is_over_for(connection.age);
                Box::pin(async move { Ok(is_good) })
            })
            .after_connect(move |connection, _| {
                let wait = AssertSqlSafe(wait.clone());
                Box::pin(async move { connection.execute(wait).await.map(|_| ()) })
            })
            .connect_lazy_with(options.clone());
        Self { pool, options, timeout, trouble }
    }

    /// The pool only says that it waited in vain: a connection of its own says why.
    async fn why(&self) -> BaseError {
        match tokio::time::timeout(Duration::from_secs(5), self.options.connect()).await {
            Ok(Err(error)) => base_error(&error),
            Ok(Ok(_)) => BaseError::Busy("the gateway's own are all in use".to_owned()),
            Err(_) => BaseError::Unavailable("no answer within 5 s".to_owned()),
        }
    }
}

#[async_trait]
impl Base for MySqlBase {
    fn kind(&self) -> &'static str {
        "mysql"
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, BaseError> {
        match self.pool.begin().await {
            Ok(transaction) => {
                let trouble = self.trouble.clone();
                Ok(Box::new(MySqlTransaction { transaction, timeout: self.timeout, trouble, key_step: None }))
            }
            Err(sqlx::Error::PoolTimedOut) => Err(self.why().await),
            Err(error) => Err(base_error(&error)),
        }
    }

    async fn query(&self, select: &str, columns: &[Column], limit: u32) -> Result<Vec<Row>, BaseError> {
        let mut transaction = match self.pool.begin_with("START TRANSACTION READ ONLY").await {
            Ok(transaction) => transaction,
            Err(sqlx::Error::PoolTimedOut) => return Err(self.why().await),
            Err(error) => return Err(base_error(&error)),
        };
        // Prepared, it can be one statement only, and it says which columns it has.
        let prepared = transaction.prepare(AssertSqlSafe(select.to_owned()).into_sql_str());
        let prepared = MySqlTransaction::within(self.timeout, prepared).await?;
        let has =
            |column: &&Column| prepared.columns().iter().any(|known| known.name().eq_ignore_ascii_case(column.name));
        let columns: Vec<Column> = columns.iter().filter(has).copied().collect();
        let names = columns.iter().map(selected).collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "1".to_owned() } else { names };
        let sql = format!("SELECT {names} FROM ({select}\n) AS q LIMIT {limit}");
        let rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *transaction);
        let rows = MySqlTransaction::within(self.timeout, rows).await?;
        rows_of(&rows, &columns)
    }

    async fn columns(&self, tables: &[&str]) -> Result<HashSet<(String, String)>, BaseError> {
        let sql = "SELECT CAST(table_name AS CHAR) AS t, CAST(column_name AS CHAR) AS c FROM information_schema.columns WHERE table_schema = DATABASE()";
        let rows = match sqlx::query(sql).fetch_all(&self.pool).await {
            Ok(rows) => rows,
            Err(sqlx::Error::PoolTimedOut) => return Err(self.why().await),
            Err(error) => return Err(base_error(&error)),
        };
        let wanted: HashSet<String> = tables.iter().map(|table| table.to_uppercase()).collect();
        let columns = rows.iter().map(|row| {
            let text = |column: &str| row.try_get::<String, _>(column).unwrap_or_default().to_uppercase();
            (text("t"), text("c"))
        });
        Ok(columns.filter(|(table, _)| wanted.contains(table)).collect())
    }
}

struct MySqlTransaction {
    transaction: sqlx::Transaction<'static, MySql>,
    timeout: Duration,
    trouble: Trouble,
    /// Between two generated keys, once it was asked for.
    key_step: Option<i64>,
}

/// A value by its place, which is that of its column among those that were asked for.
fn read(row: &MySqlRow, index: usize, kind: Kind) -> Result<SqlValue, sqlx::Error> {
    if kind == Kind::Int {
        return Ok(row.try_get::<Option<i64>, _>(index)?.map_or(SqlValue::Null, SqlValue::Int));
    }
    let Some(text) = row.try_get::<Option<String>, _>(index)? else { return Ok(SqlValue::Null) };
    let value = match kind {
        Kind::Date => NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(SqlValue::Date),
        Kind::Time => NaiveTime::parse_from_str(&text, "%H:%M:%S%.f").ok().map(SqlValue::Time),
        Kind::DateTime => NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok().map(SqlValue::DateTime),
        Kind::Int | Kind::Text => Some(SqlValue::Text(text)),
    };
    // A zero date is no date.
    Ok(value.unwrap_or(SqlValue::Null))
}

fn rows_of(rows: &[MySqlRow], columns: &[Column]) -> Result<Vec<Row>, BaseError> {
    rows.iter()
        .map(|row| {
            let of_column = |(index, column): (usize, &Column)| Ok((column.name, read(row, index, column.kind)?));
            columns
                .iter()
                .enumerate()
                .map(of_column)
                .collect::<Result<_, sqlx::Error>>()
                .map(Row::new)
                .map_err(|error| base_error(&error))
        })
        .collect()
}

impl MySqlTransaction {
    async fn within<T>(
        timeout: Duration,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, BaseError> {
        match tokio::time::timeout(timeout, work).await {
            Ok(result) => result.map_err(|error| base_error(&error)),
            Err(_) => Err(BaseError::Slow(timeout.as_secs())),
        }
    }

    async fn key_step(&mut self) -> Result<i64, BaseError> {
        if let Some(step) = self.key_step {
            return Ok(step);
        }
        let query = sqlx::query_scalar("SELECT CAST(@@SESSION.auto_increment_increment AS SIGNED)");
        let step: i64 = Self::within(self.timeout, query.fetch_one(&mut *self.transaction)).await?;
        self.key_step = Some(step);
        Ok(step)
    }

    async fn execute(&mut self, statement: Statement) -> Result<sqlx::mysql::MySqlQueryResult, BaseError> {
        let done = Self::within(self.timeout, statement.query().execute(&mut *self.transaction)).await;
        self.forget_after(done).await
    }

    /// A server that wants statements prepared anew (error 1615) may go on wanting it of those that the
    /// connection remembers; after a trouble of the whole base the connection itself is not used again.
    async fn forget_after<T>(&mut self, result: Result<T, BaseError>) -> Result<T, BaseError> {
        self.trouble.note(&result);
        if let Err(BaseError::Conflict(_)) = &result {
            let _ = self.transaction.clear_cached_statements().await;
        }
        result
    }
}

#[async_trait]
impl Transaction for MySqlTransaction {
    async fn select(&mut self, select: &Select) -> Result<Vec<Row>, BaseError> {
        let columns: Vec<String> = select.columns.iter().map(selected).collect();
        let mut statement = Statement::new(format!("SELECT {} FROM {}", columns.join(", "), quote(&select.table)))
            .filter(&select.filter);
        if let Some((column, descending)) = select.order {
            // The bare column, not the cast one of the same name: an index can then serve.
            let order = if descending { " DESC" } else { "" };
            statement.sql.push_str(&format!(" ORDER BY {}.{}{order}", quote(&select.table), quote(column)));
        }
        if let Some(limit) = select.limit {
            statement.sql.push_str(&format!(" LIMIT {limit}"));
        }
        if select.lock {
            statement.sql.push_str(" FOR UPDATE");
        }
        let rows = Self::within(self.timeout, statement.query().fetch_all(&mut *self.transaction)).await;
        let rows = self.forget_after(rows).await?;
        rows_of(&rows, &select.columns)
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Option<i64>, BaseError> {
        let columns: Vec<String> = insert.values.iter().map(|(column, _)| quote(column)).collect();
        let marks = vec!["?"; insert.values.len()].join(", ");
        let statement = Statement {
            sql: format!("INSERT INTO {} ({}) VALUES ({marks})", quote(&insert.table), columns.join(", ")),
            values: insert.values.iter().map(|(_, value)| value.clone()).collect(),
        };
        let done = self.execute(statement).await?;
        Ok(i64::try_from(done.last_insert_id()).ok().filter(|key| *key != 0))
    }

    async fn insert_many(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError> {
        let columns = insert.columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ");
        let marks = format!("({})", vec!["?"; insert.columns.len()].join(", "));
        let mut keys = Vec::with_capacity(insert.rows.len());
        let mut rows = insert.rows;
        while !rows.is_empty() {
            let count = rows_of_one_insert(&rows);
            let rest = rows.split_off(count);
            let values = std::mem::replace(&mut rows, rest).into_iter().flatten().collect();
            let sql = format!(
                "INSERT INTO {} ({columns}) VALUES {}",
                quote(&insert.table),
                vec![marks.as_str(); count].join(", ")
            );
            let done = self.execute(Statement { sql, values }).await?;
            // The keys of an INSERT with a known number of rows have no gaps, in every lock mode of InnoDB;
            // servers that replicate among each other go on in larger steps.
            if let Some(first) = i64::try_from(done.last_insert_id()).ok().filter(|key| *key != 0) {
                let step = if count > 1 { self.key_step().await? } else { 1 };
                keys.extend((0..i64::try_from(count).unwrap_or(0)).map(|index| first + index * step));
            }
        }
        Ok(keys)
    }

    async fn update(&mut self, update: &Update) -> Result<u64, BaseError> {
        let sets: Vec<String> = update.values.iter().map(|(column, _)| format!("{} = ?", quote(column))).collect();
        let statement = Statement {
            sql: format!("UPDATE {} SET {}", quote(&update.table), sets.join(", ")),
            values: update.values.iter().map(|(_, value)| value.clone()).collect(),
        };
        Ok(self.execute(statement.filter(&update.filter)).await?.rows_affected())
    }

    async fn count_by(&mut self, count: &CountBy) -> Result<Vec<(Option<i64>, i64)>, BaseError> {
        let sql = format!(
            "SELECT CAST({column} AS SIGNED) AS v, CAST(COUNT(*) AS SIGNED) AS n FROM {table} GROUP BY {column} ORDER BY n DESC, v",
            column = quote(count.column),
            table = quote(&count.table)
        );
        let rows = Self::within(self.timeout, Statement::new(sql).query().fetch_all(&mut *self.transaction)).await;
        let rows = self.forget_after(rows).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("v")?, row.try_get("n")?)))
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| base_error(&error))
    }

    async fn create(&mut self, table: &CreateTable) -> Result<(), BaseError> {
        let mut parts: Vec<String> = Vec::new();
        for column in &table.columns {
            parts.push(format!("{} {}", quote(column.name), type_of(column)));
            if column.unique {
                parts.push(format!("UNIQUE KEY ({})", quote(column.name)));
            }
        }
        parts.extend(table.indexes.iter().map(|column| format!("KEY ({})", quote(column))));
        let sql = format!(
            "CREATE TABLE {} ({}) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
            quote(&table.table),
            parts.join(", ")
        );
        self.execute(Statement::new(sql)).await.map(|_| ())
    }

    async fn add_column(&mut self, added: &AddColumn) -> Result<(), BaseError> {
        let (name, kind) = (quote(added.column.name), type_of(&added.column));
        let index = if added.indexed { format!(", ADD KEY ({name})") } else { String::new() };
        let sql = format!("ALTER TABLE {} ADD COLUMN {name} {kind}{index}", quote(&added.table));
        self.execute(Statement::new(sql)).await.map(|_| ())
    }

    async fn commit(self: Box<Self>) -> Result<(), BaseError> {
        let committed = Self::within(self.timeout, self.transaction.commit()).await;
        self.trouble.note(&committed);
        committed
    }
}
