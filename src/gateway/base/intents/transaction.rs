//! The transaction that others see: it notes and writes, and undoes what it noted where it is dropped.

use super::super::{AddColumn, BaseError, CountBy, CreateTable, Insert, InsertMany, Row, Select, Transaction, Update};
use super::{DONE, Work};
use async_trait::async_trait;

fn over() -> BaseError {
    BaseError::Refused("the transaction is over".to_owned())
}

/// A transaction of notes.
pub(super) struct NotedTransaction {
    /// None when it is over.
    work: Option<Work>,
}

impl NotedTransaction {
    /// Begins it: first what was broken off is undone.
    pub(super) async fn begin(work: Work) -> Result<Box<dyn Transaction>, BaseError> {
        let mut noted = Self { work: Some(work) };
        noted.work()?.recover().await?;
        Ok(Box::new(noted))
    }

    fn work(&mut self) -> Result<&mut Work, BaseError> {
        self.work.as_mut().ok_or_else(over)
    }
}

impl Drop for NotedTransaction {
    fn drop(&mut self) {
        let Some(mut work) = self.work.take().filter(|work| !work.acts.is_empty()) else { return };
        // It keeps its turn until everything is undone; where that fails, the next one does it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                match work.undo().await {
                    Ok(()) => work.held.clean = true,
                    Err(error) => tracing::debug!(%error, "what was written is undone by the next transaction"),
                }
            });
        }
    }
}

#[async_trait]
impl Transaction for NotedTransaction {
    async fn select(&mut self, select: &Select) -> Result<Vec<Row>, BaseError> {
        // It is alone.
        self.work()?.inner.select(&Select { lock: false, ..select.clone() }).await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Option<i64>, BaseError> {
        let Insert { table, values, key } = insert.clone();
        let (columns, row) = values.into_iter().unzip();
        let made = self.work()?.add(InsertMany { table, columns, rows: vec![row], key }).await?;
        Ok(made.first().copied())
    }

    async fn insert_many(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError> {
        self.work()?.add(insert).await
    }

    async fn update(&mut self, update: &Update) -> Result<u64, BaseError> {
        self.work()?.change(update).await
    }

    async fn count_by(&mut self, count: &CountBy) -> Result<Vec<(Option<i64>, i64)>, BaseError> {
        self.work()?.inner.count_by(count).await
    }

    async fn create(&mut self, table: &CreateTable) -> Result<(), BaseError> {
        self.work()?.inner.create(table).await
    }

    async fn add_column(&mut self, column: &AddColumn) -> Result<(), BaseError> {
        self.work()?.inner.add_column(column).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), BaseError> {
        let Some(mut work) = self.work.take() else { return Err(over()) };
        if !work.acts.is_empty() {
            work.acts.clear();
            // Where this fails, nobody knows whether it is done: the row says so.
            work.say(DONE).await?;
            work.held.clean = true;
        }
        work.inner.commit().await
    }
}
