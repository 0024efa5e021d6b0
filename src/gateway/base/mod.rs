//! The way to Gestan's tables: statements described once, as data, and carried out by an adapter per
//! kind of base. Above this line nothing assumes SQL beyond SQL-92, parameters, generated keys or a
//! catalogue of columns that can be queried.

mod hfsql;
mod intents;
mod mysql;
mod mysql_errors;
mod mysql_text;
mod statement;

pub use hfsql::HfsqlBase;
#[cfg(all(feature = "hfsql", feature = "failpoints"))]
pub(in crate::gateway) use hfsql::tokens;
#[cfg(feature = "hfsql")]
pub(in crate::gateway) use hfsql::wire;
pub(in crate::gateway) use intents::{TABLE as INTENT_TABLE, columns as intent_columns};
pub use mysql::MySqlBase;
pub use statement::{
    AddColumn, Column, Condition, CountBy, CreateTable, Insert, InsertMany, Kind, NewColumn, NewType, Row, Select,
    SqlValue, Update,
};

use async_trait::async_trait;
use std::collections::HashSet;

/// An error of a base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It does not answer: later it may.
    #[error("Gestan's base does not answer ({0}): check that its server runs and that [gateway.base] names it rightly")]
    Unavailable(String),
    /// A connection broke: another one may work.
    #[error(
        "the connection to Gestan's base broke ({0}): its server was restarted, or somebody ended it; the next attempt connects again"
    )]
    Broken(String),
    /// It takes no more work.
    #[error(
        "Gestan's server takes no more connections ({0}): see who holds them (SHOW PROCESSLIST), or raise max_connections"
    )]
    Busy(String),
    /// It is locked as a whole, or overloaded.
    #[error(
        "Gestan's base took more than {0} s for one statement: it is overloaded or locked by a backup, or [gateway.base] timeout_seconds is too small for it"
    )]
    Slow(u64),
    /// It may not be written.
    #[error(
        "Gestan's base may only be read now ({0}): make its server writable again, or name the right one in [gateway.base]"
    )]
    ReadOnly(String),
    /// There is no room.
    #[error("the disk of Gestan's server is full ({0}): free some room")]
    Full(String),
    /// The database is not there.
    #[error(
        "Gestan's database is not there ({0}): check [gateway.base] database, and whether somebody dropped or restores it"
    )]
    NoDatabase(String),
    /// It refuses the account.
    #[error(
        "Gestan's base refuses the gateway's account ({0}): check [gateway.base] user and password, and its rights"
    )]
    Denied(String),
    /// Something was begun and not finished, perhaps by a process that goes on with it.
    #[error(
        "another gateway is writing to Gestan's base, or one ended in the middle of it; this one undoes it in {0} s at most: one base has one gateway"
    )]
    Unfinished(u64),
    /// Two transactions stood in each other's way: the same again may work.
    #[error("Gestan's base gave way to another writer ({0})")]
    Conflict(String),
    /// Somebody else holds a row for longer than is worth waiting.
    #[error("somebody is changing the same intervention in Gestan's base and holds it ({0})")]
    Locked(String),
    /// A row of that key exists.
    #[error("a row of that key exists already ({0})")]
    Duplicate(String),
    /// A table or column is missing.
    #[error(
        "Gestan's base lacks a table or column ({0}): `gestan-connector gateway install` creates the connector's own; the others belong to Gestan's version"
    )]
    Structure(String),
    /// A value cannot be stored.
    #[error("Gestan's base cannot store a value ({0})")]
    Value(String),
    /// Anything else.
    #[error("Gestan's base refused a statement ({0})")]
    Refused(String),
}

impl BaseError {
    /// Whether the base as a whole does no work now, whatever is asked.
    pub fn is_of_the_base(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Broken(_)
            | Self::Busy(_)
            | Self::Slow(_)
            | Self::ReadOnly(_)
            | Self::Full(_)
            | Self::NoDatabase(_)
            | Self::Denied(_)
            | Self::Unfinished(_)
            | Self::Structure(_) => true,
            Self::Conflict(_) | Self::Locked(_) | Self::Duplicate(_) | Self::Value(_) | Self::Refused(_) => false,
        }
    }
}

/// A Gestan base.
#[async_trait]
pub trait Base: Send + Sync + std::fmt::Debug {
    /// `mysql` or `hfsql`.
    fn kind(&self) -> &'static str;

    /// Whether it answers, said soon.
    async fn answers(&self) -> Result<(), BaseError> {
        self.begin().await.map(|_| ())
    }

    /// Whether the base, as far as is known, keeps transactions by itself; where it does not, the connector notes what
    /// it writes, and does one thing at a time.
    fn keeps_transactions(&self) -> bool {
        true
    }

    /// Begins a transaction.
    async fn begin(&self) -> Result<Box<dyn Transaction>, BaseError>;

    /// Rows of an administrator's SELECT, at most so many: those of these columns that it has. It is run in a
    /// transaction that cannot write.
    async fn query(&self, select: &str, columns: &[Column], limit: u32) -> Result<Vec<Row>, BaseError>;

    /// The tables and columns that exist, of these tables.
    async fn columns(&self, tables: &[&str]) -> Result<HashSet<(String, String)>, BaseError>;
}

/// A transaction; dropping it without a commit undoes it.
#[async_trait]
pub trait Transaction: Send {
    /// Reads rows.
    async fn select(&mut self, select: &Select) -> Result<Vec<Row>, BaseError>;

    /// Adds a row; returns the key that the base generated for it, where it does and one is asked for.
    async fn insert(&mut self, insert: &Insert) -> Result<Option<i64>, BaseError>;

    /// Adds rows; returns the keys that the base generated for them, in the order of the rows, where it
    /// does and they are asked for.
    async fn insert_many(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError>;

    /// Changes rows; returns how many were found.
    async fn update(&mut self, update: &Update) -> Result<u64, BaseError>;

    /// Counts the distinct values of a column, most frequent first.
    async fn count_by(&mut self, count: &CountBy) -> Result<Vec<(Option<i64>, i64)>, BaseError>;

    /// Creates a table.
    async fn create(&mut self, table: &CreateTable) -> Result<(), BaseError>;

    /// Adds a column to a table.
    async fn add_column(&mut self, column: &AddColumn) -> Result<(), BaseError>;

    /// Makes everything lasting.
    async fn commit(self: Box<Self>) -> Result<(), BaseError>;
}
