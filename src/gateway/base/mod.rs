//! The way to Gestan's tables: statements described once, as data, and carried out by an adapter per
//! kind of base. Above this line nothing assumes SQL beyond SQL-92, parameters, generated keys or a
//! catalogue of columns that can be queried.

mod mysql;
mod statement;

pub use mysql::MySqlBase;
pub use statement::{
    Column, Condition, CountBy, CreateTable, Insert, InsertMany, Kind, NewColumn, NewType, Row, Select, SqlValue,
    Update,
};

use async_trait::async_trait;
use std::collections::HashSet;

/// An error of a base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// It does not answer, or takes no more work: later it may.
    #[error("Gestan's base does not answer ({0}): check that its server runs and that [gateway.base] names it rightly")]
    Unavailable(String),
    /// It refuses the account.
    #[error(
        "Gestan's base refuses the gateway's account ({0}): check [gateway.base] user and password, and its rights"
    )]
    Denied(String),
    /// Two transactions stood in each other's way: the same again may work.
    #[error("Gestan's base gave way to another writer ({0})")]
    Conflict(String),
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

/// A Gestan base.
#[async_trait]
pub trait Base: Send + Sync + std::fmt::Debug {
    /// `mysql` or `hfsql`.
    fn kind(&self) -> &'static str;

    /// Begins a transaction.
    async fn begin(&self) -> Result<Box<dyn Transaction>, BaseError>;

    /// The tables and columns that exist, of these tables.
    async fn columns(&self, tables: &[&str]) -> Result<HashSet<(String, String)>, BaseError>;
}

/// A transaction; dropping it without a commit undoes it.
#[async_trait]
pub trait Transaction: Send {
    /// Reads rows.
    async fn select(&mut self, select: &Select) -> Result<Vec<Row>, BaseError>;

    /// Adds a row; returns the key that the base generated for it, where it does.
    async fn insert(&mut self, insert: &Insert) -> Result<Option<i64>, BaseError>;

    /// Adds rows; returns the keys that the base generated for them, in the order of the rows, where it
    /// does.
    async fn insert_many(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError>;

    /// Changes rows; returns how many were found.
    async fn update(&mut self, update: &Update) -> Result<u64, BaseError>;

    /// Counts the distinct values of a column, most frequent first.
    async fn count_by(&mut self, count: &CountBy) -> Result<Vec<(Option<i64>, i64)>, BaseError>;

    /// Creates a table.
    async fn create(&mut self, table: &CreateTable) -> Result<(), BaseError>;

    /// Makes everything lasting.
    async fn commit(self: Box<Self>) -> Result<(), BaseError>;
}
