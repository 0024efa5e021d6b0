//! An HFSQL base over ODBC: the original, where there is no copy of it. The driver is never loaded here: it runs in
//! processes of its own ([`pool`]), which this side speaks to.

mod cells;
mod connection;
mod dialect;
mod faults;
mod pool;
mod text;
pub(in crate::gateway) mod tokens;
pub(in crate::gateway) mod wire;
mod worker;

use super::intents::Intents;
use super::{
    AddColumn, Base, BaseError, Column, CountBy, CreateTable, Insert, InsertMany, Kind, Row, Select, SqlValue,
    Transaction, Update,
};
use crate::config::GestanBase;
use async_trait::async_trait;
use dialect::Dialect;
use pool::{Lease, Pool};
use secrecy::SecretString;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use wire::{Ask, Found, Statement};

/// A table that every Gestan base has.
const USER: &str = "USER";

/// The column that says who made a row.
const MAKER: &str = "USCRE";

/// An HFSQL base.
#[derive(Debug)]
pub struct HfsqlBase {
    pool: Arc<Pool>,
    dialect: Dialect,
    user_code: String,
    /// Held by the transaction that writes: one after the other, so that what the base numbers is told apart.
    writer: Arc<Mutex<()>>,
    /// For a driver that keeps no transactions.
    intents: Intents,
    /// Whether it does, as the last connection said.
    keeps: AtomicBool,
}

impl HfsqlBase {
    /// Prepares access; nothing is started yet. `program` is this program, `prefix` what the names of the connector's
    /// own tables begin with, `user_code` who it is in Gestan.
    pub fn new(config: &GestanBase, password: &SecretString, program: PathBuf, prefix: &str, user_code: &str) -> Self {
        let connection = connection::string(config, password);
        let timeout = Duration::from_secs(config.timeout_seconds);
        Self {
            pool: Pool::new(program, (connection, config.transactions), timeout, USER),
            dialect: Dialect { prefix: prefix.to_owned() },
            user_code: user_code.to_owned(),
            writer: Arc::default(),
            intents: Intents::new(prefix, user_code, timeout),
            keeps: AtomicBool::new(config.transactions),
        }
    }

    async fn open(&self) -> Result<HfsqlTransaction, BaseError> {
        Ok(HfsqlTransaction {
            lease: Some(self.pool.lease().await?),
            dialect: self.dialect.clone(),
            user_code: self.user_code.clone(),
            writer: Arc::clone(&self.writer),
            turn: None,
        })
    }
}

#[async_trait]
impl Base for HfsqlBase {
    fn kind(&self) -> &'static str {
        "hfsql"
    }

    fn keeps_transactions(&self) -> bool {
        self.keeps.load(Ordering::Relaxed)
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, BaseError> {
        let transaction = self.open().await?;
        let keeps = transaction.lease.as_ref().is_some_and(Lease::keeps_transactions);
        self.keeps.store(keeps, Ordering::Relaxed);
        if keeps {
            Ok(Box::new(transaction))
        } else {
            self.intents.begin(Box::new(transaction), self.pool.timeout).await
        }
    }

    async fn answers(&self) -> Result<(), BaseError> {
        self.pool.glance().await
    }

    async fn query(&self, select: &str, columns: &[Column], limit: u32) -> Result<Vec<Row>, BaseError> {
        let sql = tokens::one_select(select).map_err(BaseError::Refused)?;
        let mut transaction = self.open().await?;
        let found = transaction.run(vec![Statement { sql, limit: Some(limit) }]).await?;
        let Some(found) = found.into_iter().next() else { return Ok(Vec::new()) };
        let known: Vec<(usize, Column)> = columns
            .iter()
            .filter_map(|column| {
                let at = found.names.iter().position(|name| name.eq_ignore_ascii_case(column.name))?;
                Some((at, *column))
            })
            .collect();
        found
            .rows
            .iter()
            .map(|row| {
                let cell = |at: usize| row.get(at).and_then(Option::as_deref);
                let values = known
                    .iter()
                    .map(|(at, column)| Ok((column.name, cells::value(cell(*at), column.kind, false)?)))
                    .collect::<Result<_, BaseError>>()?;
                Ok(Row::new(values))
            })
            .collect()
    }

    async fn columns(&self, tables: &[&str]) -> Result<HashSet<(String, String)>, BaseError> {
        let mut transaction = self.open().await?;
        let ask = Ask::Columns(tables.iter().map(ToString::to_string).collect());
        let found = transaction.ask(&ask).await?;
        let pair = |row: Vec<Option<String>>| {
            let mut names = row.into_iter().map(|name| name.unwrap_or_default().to_uppercase());
            Some((names.next()?, names.next()?))
        };
        Ok(found.rows.into_iter().filter_map(pair).collect())
    }
}

/// A transaction on a process of the driver.
struct HfsqlTransaction {
    /// None when it is over.
    lease: Option<Lease>,
    dialect: Dialect,
    user_code: String,
    writer: Arc<Mutex<()>>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl HfsqlTransaction {
    async fn run(&mut self, statements: Vec<Statement>) -> Result<Vec<Found>, BaseError> {
        let lease = self.lease.as_mut().ok_or_else(over)?;
        let timeout = lease.timeout();
        lease.worker().run(statements, timeout).await
    }

    async fn ask(&mut self, ask: &Ask) -> Result<Found, BaseError> {
        let lease = self.lease.as_mut().ok_or_else(over)?;
        let timeout = lease.timeout();
        lease.worker().ask(ask, timeout, false).await
    }

    /// Runs what writes, when it is this transaction's turn.
    async fn write(&mut self, statements: Vec<String>) -> Result<Vec<Found>, BaseError> {
        self.take_turn().await?;
        self.run(statements.into_iter().map(statement).collect()).await
    }

    async fn take_turn(&mut self) -> Result<(), BaseError> {
        if self.turn.is_none() {
            let timeout = self.lease.as_ref().ok_or_else(over)?.timeout();
            let turn = tokio::time::timeout(timeout, Arc::clone(&self.writer).lock_owned()).await;
            self.turn = Some(turn.map_err(|_| BaseError::Slow(timeout.as_secs()))?);
        }
        Ok(())
    }

    /// Adds rows by these statements; returns the keys that the base gave them where a key is asked for. There is no
    /// RETURNING: rows after the greatest key before are the ones, since it is this transaction's turn; those of this
    /// user, where the table says who made a row.
    async fn add(
        &mut self,
        table: &str,
        (key, says_who): (Option<&'static str>, bool),
        statements: Vec<String>,
    ) -> Result<Vec<i64>, BaseError> {
        let count = statements.len();
        let Some(key) = key.filter(|_| count > 0) else {
            self.write(statements).await?;
            return Ok(Vec::new());
        };
        let greatest = self.write(vec![self.dialect.greatest(table, key)]).await?;
        let numbers = |found: &[Found]| {
            let rows = found.first().map(|found| found.rows.as_slice()).unwrap_or_default();
            rows.iter()
                .map(|row| cells::value(row.first().and_then(Option::as_deref), Kind::Int, false))
                .collect::<Result<Vec<SqlValue>, BaseError>>()
        };
        let before = match numbers(&greatest)?.first() {
            Some(SqlValue::Int(greatest)) => *greatest,
            _ => 0,
        };
        let mut all = statements;
        let user = says_who.then_some(self.user_code.as_str());
        all.push(self.dialect.keys_after(table, key, before, user));
        let mut found = self.write(all).await?;
        let made = numbers(&found.split_off(count))?;
        let keys: Vec<i64> =
            made.iter().filter_map(|value| if let SqlValue::Int(key) = value { Some(*key) } else { None }).collect();
        if keys.len() != count {
            return Err(BaseError::Conflict(format!(
                "{count} rows of {table} were added, and {} are there after the last one: somebody else added some at the same time",
                keys.len()
            )));
        }
        Ok(keys)
    }
}

fn over() -> BaseError {
    BaseError::Refused("the transaction is over".to_owned())
}

fn statement(sql: String) -> Statement {
    Statement { sql, limit: None }
}

impl Drop for HfsqlTransaction {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        let turn = self.turn.take();
        // What it wrote is undone before another one has its turn.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let timeout = lease.timeout();
                if lease.worker().sound && lease.worker().ask(&Ask::Rollback, timeout, false).await.is_ok() {
                    lease.give_back();
                }
                drop(turn);
            });
        }
    }
}

#[async_trait]
impl Transaction for HfsqlTransaction {
    async fn select(&mut self, select: &Select) -> Result<Vec<Row>, BaseError> {
        let mut statements = Vec::new();
        if select.lock {
            self.take_turn().await?;
            statements.extend(self.dialect.hold(select).into_iter().map(statement));
        }
        let held = statements.len();
        statements.extend(self.dialect.select(select).into_iter().map(|sql| Statement { sql, limit: select.limit }));
        let found = self.run(statements).await?;
        let own = self.dialect.is_own(&select.table);
        found
            .into_iter()
            .skip(held)
            .flat_map(|found| found.rows)
            .map(|row| {
                let values = select.columns.iter().enumerate().map(|(at, column)| {
                    let cell = row.get(at).and_then(Option::as_deref);
                    cells::value(cell, column.kind, own).map(|value| (column.name, value))
                });
                values.collect::<Result<_, BaseError>>().map(Row::new)
            })
            .collect()
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Option<i64>, BaseError> {
        let statement = self.dialect.insert(insert);
        let says_who = insert.values.iter().any(|(column, _)| *column == MAKER);
        Ok(self.add(&insert.table, (insert.key, says_who), vec![statement]).await?.first().copied())
    }

    async fn insert_many(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError> {
        let InsertMany { table, columns, rows, key } = insert;
        let statements = rows
            .into_iter()
            .map(|row| {
                let values = columns.iter().copied().zip(row).collect();
                self.dialect.insert(&Insert { table: table.clone(), values, key })
            })
            .collect();
        self.add(&table, (key, columns.contains(&MAKER)), statements).await
    }

    async fn update(&mut self, update: &Update) -> Result<u64, BaseError> {
        let found = self.write(vec![self.dialect.update(update)]).await?;
        Ok(found.first().and_then(|found| found.changed).unwrap_or_default())
    }

    async fn count_by(&mut self, count: &CountBy) -> Result<Vec<(Option<i64>, i64)>, BaseError> {
        let found = self.run(vec![statement(self.dialect.count_by(count))]).await?;
        let rows = found.into_iter().flat_map(|found| found.rows);
        let mut counts = rows
            .map(|row| {
                let number = |at: usize| match cells::value(row.get(at).and_then(Option::as_deref), Kind::Int, false)? {
                    SqlValue::Int(number) => Ok(Some(number)),
                    _ => Ok::<_, BaseError>(None),
                };
                Ok((number(0)?, number(1)?.unwrap_or_default()))
            })
            .collect::<Result<Vec<_>, BaseError>>()?;
        counts.sort_by_key(|(value, number)| (std::cmp::Reverse(*number), *value));
        Ok(counts)
    }

    async fn create(&mut self, table: &CreateTable) -> Result<(), BaseError> {
        self.write(self.dialect.create(table)).await.map(|_| ())
    }

    async fn add_column(&mut self, added: &AddColumn) -> Result<(), BaseError> {
        self.write(self.dialect.add_column(added)).await.map(|_| ())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), BaseError> {
        self.ask(&Ask::Commit).await?;
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
        Ok(())
    }
}
