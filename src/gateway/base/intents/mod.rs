//! Transactions for a base that keeps none. Whatever is about to be written is noted first, with what undoes it, in the
//! one row of the connector's table of intents; that this row says "done" is the commit. What was broken off is undone
//! before anything else is read: changed rows get their values back, unless somebody changed them since; rows of the
//! connector's own are set aside; and those that it added to Gestan's tables, where it never deletes, are taken by the
//! next one to be added. One transaction at a time, readers too: they would see half of another one.

mod act;
mod holder;
mod transaction;
mod undo;

use super::{
    BaseError, Column, Condition, Insert, InsertMany, Kind, NewColumn, NewType, Select, SqlValue, Transaction, Update,
};
use act::{Act, Noted, Spare, blank};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use transaction::NotedTransaction;

/// Name of the table, after the prefix.
pub const TABLE: &str = "INTENT";
/// Its key.
const KEY: &str = "CC_INTENT";
/// The key of its one row.
const ROW: &str = "intent";
const OPEN: &str = "open";
const DONE: &str = "done";

/// Tables whose keys the base generates although nobody asks for them.
const GENERATED: [(&str, &str); 1] = [("DOCUMENT", "IDDOCUMENT")];

/// The columns of the table of intents beside its key and the audit columns.
pub fn columns() -> Vec<NewColumn> {
    let column = |name, kind| NewColumn { name, kind, unique: false };
    vec![
        NewColumn { name: KEY, kind: NewType::Text(60), unique: true },
        column("ETAT", NewType::Text(10)),
        column("PORTEUR", NewType::Text(60)),
        column("DEPUIS", NewType::Text(40)),
        column("ACTES", NewType::LongText),
    ]
}

/// The notes of one base.
#[derive(Debug, Clone)]
pub(super) struct Intents {
    /// What the names of the connector's own tables begin with.
    prefix: String,
    /// Who the connector is in Gestan.
    user: String,
    /// This process.
    holder: String,
    /// After so long without a word, another process that holds the row counts as dead.
    patience: Duration,
    held: Arc<Mutex<Held>>,
}

/// What is known of the row.
#[derive(Debug, Default)]
struct Held {
    /// Whether nothing is to be undone.
    clean: bool,
    spare: Vec<Spare>,
}

impl Intents {
    /// `timeout`: how long a statement may take.
    pub(super) fn new(prefix: &str, user: &str, timeout: Duration) -> Self {
        Self {
            prefix: prefix.to_owned(),
            user: user.to_owned(),
            holder: holder::this(),
            patience: timeout * 2 + Duration::from_secs(5),
            held: Arc::default(),
        }
    }

    /// Begins a transaction, when it is its turn.
    pub(super) async fn begin(
        &self,
        inner: Box<dyn Transaction>,
        timeout: Duration,
    ) -> Result<Box<dyn Transaction>, BaseError> {
        let held = tokio::time::timeout(timeout, Arc::clone(&self.held).lock_owned()).await;
        let held = held.map_err(|_| BaseError::Slow(timeout.as_secs()))?;
        let work = Work { intents: self.clone(), inner, held, acts: Vec::new() };
        NotedTransaction::begin(work).await
    }

    fn table(&self) -> String {
        format!("{}{TABLE}", self.prefix)
    }

    /// The column of the key of one of the connector's own tables.
    fn own_key(&self, table: &str) -> Option<String> {
        table.strip_prefix(&self.prefix).map(|name| format!("CC_{name}"))
    }
}

/// A transaction, and its turn.
struct Work {
    intents: Intents,
    inner: Box<dyn Transaction>,
    held: OwnedMutexGuard<Held>,
    /// What was written so far.
    acts: Vec<Act>,
}

/// How a table is added to.
enum Way {
    /// The connector's own, by the column of its key.
    Own(&'static str),
    /// By keys that the base generates.
    Generated(&'static str),
    /// Beside a row of another table, by the key of that: the first column.
    Beside(&'static str),
}

impl Work {
    fn by_row(&self) -> Vec<Condition> {
        vec![Condition::Equals(KEY, SqlValue::Text(ROW.to_owned()))]
    }

    /// Says in the row how things stand.
    async fn say(&mut self, state: &str) -> Result<(), BaseError> {
        let noted = Noted { acts: self.acts.clone(), spare: self.held.spare.clone() };
        let noted = serde_json::to_string(&noted).map_err(|error| BaseError::Value(error.to_string()))?;
        let values = vec![
            ("ETAT", SqlValue::Text(state.to_owned())),
            ("PORTEUR", SqlValue::Text(self.intents.holder.clone())),
            ("DEPUIS", SqlValue::Text(Utc::now().to_rfc3339())),
            ("ACTES", SqlValue::Text(noted)),
        ];
        let update = Update { table: self.intents.table(), values, filter: self.by_row() };
        self.inner.update(&update).await.map(|_| ())
    }

    /// Notes what is about to be written.
    async fn note(&mut self, acts: impl IntoIterator<Item = Act>) -> Result<(), BaseError> {
        self.acts.extend(acts);
        // Until it is said to be done, it is not known whether the row was written.
        self.held.clean = false;
        self.say(OPEN).await
    }

    /// Undoes what an earlier transaction left half done, whoever made it.
    async fn recover(&mut self) -> Result<(), BaseError> {
        if self.held.clean {
            return Ok(());
        }
        let columns = ["ETAT", "PORTEUR", "DEPUIS", "ACTES"].map(Column::text);
        let select = Select::new(self.intents.table(), &columns, self.by_row());
        let rows = match self.inner.select(&select).await {
            Ok(rows) => rows,
            // Before it is installed nothing can be written, and so nothing was.
            Err(BaseError::Structure(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(row) = rows.first() else {
            let values = vec![(KEY, SqlValue::Text(ROW.to_owned())), ("ETAT", SqlValue::Text(DONE.to_owned()))];
            self.inner.insert(&Insert { table: self.intents.table(), values, key: None }).await?;
            self.held.clean = true;
            return Ok(());
        };
        let text = row.text("ACTES");
        let noted: Noted = if text.is_empty() { Noted::default() } else { understood(text)? };
        self.held.spare = noted.spare;
        if row.text("ETAT") == OPEN {
            let since = row.text("DEPUIS").parse::<DateTime<Utc>>().unwrap_or_default();
            let silent = (Utc::now() - since).to_std().unwrap_or_default();
            let by = row.text("PORTEUR");
            if by != self.intents.holder && !holder::is_dead(by) && silent < self.intents.patience {
                return Err(BaseError::Unfinished((self.intents.patience - silent).as_secs() + 1));
            }
            self.acts = noted.acts;
            self.undo().await?;
        }
        self.held.clean = true;
        Ok(())
    }

    fn way(&self, table: &str, columns: &[&'static str], key: Option<&'static str>) -> Result<Way, BaseError> {
        if let Some(own) = self.intents.own_key(table) {
            let column = columns.iter().find(|column| **column == own);
            return column.map(|column| Way::Own(column)).ok_or_else(|| cannot_undo(table));
        }
        let generated = GENERATED.iter().find(|(name, _)| *name == table).map(|(_, key)| *key);
        if let Some(key) = key.or(generated) {
            return Ok(Way::Generated(key));
        }
        let first = columns.first().filter(|column| column.starts_with("ID"));
        first.map(|column| Way::Beside(column)).ok_or_else(|| cannot_undo(table))
    }

    /// A row of a table that may be taken: it is there, and nobody has touched it.
    async fn spare_of(&mut self, table: &str, says_who: bool) -> Result<Option<Spare>, BaseError> {
        while let Some(at) = self.held.spare.iter().position(|spare| spare.is_of(table)) {
            let spare = self.held.spare.remove(at);
            if self.is_there(&spare, says_who).await? {
                return Ok(Some(spare));
            }
            tracing::warn!(table, key = ?spare.key, "a row that a broken transaction left is somebody's now, and is left to them");
        }
        Ok(None)
    }

    async fn is_there(&mut self, spare: &Spare, says_who: bool) -> Result<bool, BaseError> {
        let mut filter = spare.filter();
        if says_who && self.intents.own_key(&spare.table).is_none() {
            filter.push(Condition::Equals("USMOD", SqlValue::Text(self.intents.user.clone())));
        }
        let column = act::name(&spare.column);
        let kind = if matches!(spare.key, SqlValue::Int(_)) { Kind::Int } else { Kind::Text };
        let select = Select::new(&spare.table, &[Column { name: column, kind }], filter);
        Ok(!self.inner.select(&select).await?.is_empty())
    }

    async fn add(&mut self, insert: InsertMany) -> Result<Vec<i64>, BaseError> {
        let InsertMany { table, columns, rows, key } = insert;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let empty = blank(columns.iter().copied().zip(first));
        let says_who = columns.contains(&"USCRE");
        let way = self.way(&table, &columns, key)?;
        let added = |rows: &[Vec<SqlValue>], after: i64| match way {
            Way::Own(column) => Act::Own {
                table: table.clone(),
                column: column.to_owned(),
                keys: texts(&columns, column, rows),
                blank: empty.clone(),
            },
            Way::Generated(column) | Way::Beside(column) => {
                Act::Added { table: table.clone(), column: column.to_owned(), after, says_who, blank: empty.clone() }
            }
        };
        match way {
            Way::Own(column) => {
                let keys = texts(&columns, column, &rows).into_iter().map(SqlValue::Text).collect();
                let select = Select::new(&table, &[Column::text(column)], vec![Condition::In(column, keys)]);
                if let Some(row) = self.inner.select(&select).await?.first() {
                    return Err(BaseError::Duplicate(format!("{} in {table}", row.text(column))));
                }
            }
            Way::Beside(column) => {
                for row in rows {
                    self.beside(&table, column, columns.iter().copied().zip(row).collect()).await?;
                }
                return Ok(Vec::new());
            }
            Way::Generated(_) => {}
        }
        let mut keys = Vec::new();
        let mut rest = rows.into_iter();
        while !rest.as_slice().is_empty()
            && let Some(spare) = self.spare_of(&table, says_who).await?
        {
            let Some(row) = rest.next() else { break };
            let own = matches!(way, Way::Own(_)).then(|| added(std::slice::from_ref(&row), 0));
            self.note([Act::Taken(spare.clone())].into_iter().chain(own)).await?;
            let mut values: Vec<(&'static str, SqlValue)> = columns.iter().copied().zip(row).collect();
            let others = act::values(&spare.blank).into_iter().filter(|(column, _)| !columns.contains(column));
            values.extend(others.collect::<Vec<_>>());
            self.inner.update(&Update { table: table.clone(), values, filter: spare.filter() }).await?;
            keys.extend(if let SqlValue::Int(key) = spare.key { Some(key) } else { None });
        }
        let rest: Vec<Vec<SqlValue>> = rest.collect();
        if !rest.is_empty() {
            let after = match way {
                Way::Generated(column) => self.greatest(&table, column).await?,
                _ => 0,
            };
            self.note([added(&rest, after)]).await?;
            keys.extend(self.inner.insert_many(InsertMany { table: table.clone(), columns, rows: rest, key }).await?);
        }
        Ok(if key.is_some() { keys } else { Vec::new() })
    }

    /// A row beside another one's: what a broken transaction left there is changed. Alone it is nothing, so that it need
    /// not be undone.
    async fn beside(
        &mut self,
        table: &str,
        column: &'static str,
        values: Vec<(&'static str, SqlValue)>,
    ) -> Result<(), BaseError> {
        let key = values.first().map_or(SqlValue::Null, |(_, value)| value.clone());
        let filter = vec![Condition::Equals(column, key)];
        let found = self.inner.select(&Select::new(table, &[Column::int(column)], filter.clone())).await?;
        if found.is_empty() {
            self.inner.insert(&Insert { table: table.to_owned(), values, key: None }).await.map(|_| ())
        } else {
            self.change(&Update { table: table.to_owned(), values, filter }).await.map(|_| ())
        }
    }

    async fn greatest(&mut self, table: &str, column: &'static str) -> Result<i64, BaseError> {
        let select = Select {
            order: Some((column, true)),
            limit: Some(1),
            ..Select::new(table, &[Column::int(column)], Vec::new())
        };
        Ok(self.inner.select(&select).await?.first().and_then(|row| row.int(column)).unwrap_or_default())
    }

    async fn change(&mut self, update: &Update) -> Result<u64, BaseError> {
        let columns: Vec<Column> = update.values.iter().map(|(name, value)| column(name, value)).collect();
        let before = self.inner.select(&Select::new(&update.table, &columns, update.filter.clone())).await?;
        match before.as_slice() {
            [] => {}
            [row] => {
                let held = |(name, value): &(&'static str, SqlValue)| {
                    let held = match (row.get(name), value) {
                        // Where nothing is to be written the type of the column is not known; an empty one reads so.
                        (SqlValue::Text(text), SqlValue::Null) if text.trim().is_empty() => SqlValue::Null,
                        (held, _) => held.clone(),
                    };
                    ((*name).to_owned(), held)
                };
                let before = update.values.iter().map(held).collect();
                let mut filter = Vec::new();
                for condition in &update.filter {
                    let Condition::Equals(name, value) = condition else { return Err(cannot_undo(&update.table)) };
                    filter.push(((*name).to_owned(), value.clone()));
                }
                // As it was written: whoever has changed it since keeps what they wrote.
                let stamps = update.values.iter().filter(|(name, _)| matches!(*name, "DHMOD" | "USMOD"));
                filter.extend(stamps.map(|(name, value)| ((*name).to_owned(), value.clone())));
                self.note([Act::Changed { table: update.table.clone(), filter, before }]).await?;
            }
            _ => return Err(cannot_undo(&update.table)),
        }
        self.inner.update(update).await
    }
}

/// What a column is read as, by what is to be written to it.
fn column(name: &'static str, value: &SqlValue) -> Column {
    let kind = match value {
        SqlValue::Int(_) => Kind::Int,
        SqlValue::Date(_) => Kind::Date,
        SqlValue::Time(_) => Kind::Time,
        SqlValue::DateTime(_) => Kind::DateTime,
        SqlValue::Text(_) | SqlValue::Null => Kind::Text,
    };
    Column { name, kind }
}

/// The values of a column of texts.
fn texts(columns: &[&'static str], column: &str, rows: &[Vec<SqlValue>]) -> Vec<String> {
    let at = columns.iter().position(|name| *name == column);
    let text = |row: &Vec<SqlValue>| match at.and_then(|at| row.get(at)) {
        Some(SqlValue::Text(text)) => Some(text.clone()),
        _ => None,
    };
    rows.iter().filter_map(text).collect()
}

fn understood(text: &str) -> Result<Noted, BaseError> {
    serde_json::from_str(text)
        .map_err(|error| BaseError::Refused(format!("what a broken transaction noted cannot be understood ({error})")))
}

fn cannot_undo(table: &str) -> BaseError {
    BaseError::Refused(format!("the driver keeps no transactions, and such a change of {table} could not be undone"))
}
