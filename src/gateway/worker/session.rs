//! One connection of the driver.

use super::narrow;
#[cfg(feature = "failpoints")]
use super::stand_in::StandIn;
use crate::gateway::base::wire::{Diagnostic, Found, Statement};
use odbc_api::handles::Statement as _;
use odbc_api::{Connection, ConnectionOptions, Cursor, Error};

/// A connection; everything on it is part of a transaction, where the driver keeps them.
pub(super) struct Session {
    connection: Connection<'static>,
    transactions: bool,
    #[cfg(feature = "failpoints")]
    stand_in: Option<StandIn>,
}

impl Session {
    /// Connects; `transactions`: whether they are to be tried.
    pub(super) fn connect(text: &str, transactions: bool) -> Result<Self, Diagnostic> {
        #[cfg(feature = "failpoints")]
        let (stand_in, text) = StandIn::of(text);
        #[cfg(feature = "failpoints")]
        let text = text.as_str();
        let environment = odbc_api::environment().map_err(told)?;
        // It goes over with its length; a driver that reads on all the same is to find its end there.
        let ended = format!("{text}\0");
        let text = ended.trim_end_matches('\0');
        let connection = environment.connect_with_connection_string(text, ConnectionOptions::default());
        let mut this = Self {
            connection: connection.map_err(told)?,
            transactions,
            #[cfg(feature = "failpoints")]
            stand_in,
        };
        #[cfg(feature = "failpoints")]
        if this.stand_in.is_some() {
            for sql in StandIn::PREPARE {
                this.execute(sql, None)?;
            }
        }
        #[cfg(feature = "failpoints")]
        if this.stand_in.as_ref().is_some_and(|stand_in| !stand_in.transactions) {
            this.transactions = false;
        }
        if this.transactions {
            // A driver that keeps none says so, more or less: it cannot do without committing each statement.
            this.transactions = this.connection.set_autocommit(false).is_ok();
        }
        Ok(this)
    }

    /// Whether what it writes can be undone.
    pub(super) fn keeps_transactions(&self) -> bool {
        self.transactions
    }

    /// Runs a statement.
    pub(super) fn run(&mut self, statement: &Statement) -> Result<Found, Diagnostic> {
        #[cfg(feature = "failpoints")]
        if let Some(stand_in) = &self.stand_in {
            let sql = stand_in.admit(&statement.sql)?;
            return stand_in.around(&statement.sql, || self.execute(&sql, statement.limit));
        }
        self.execute(&statement.sql, statement.limit)
    }

    fn execute(&self, sql: &str, limit: Option<u32>) -> Result<Found, Diagnostic> {
        let mut handle = self.connection.preallocate().map_err(told)?.into_handle();
        narrow::execute(&mut handle, sql)?;
        let count = handle.num_result_cols().into_result(&handle).map_err(told)?;
        let count = u16::try_from(count).unwrap_or(0);
        if count == 0 {
            let changed = handle.row_count().into_result(&handle).map_err(told)?;
            return Ok(Found { changed: u64::try_from(changed).ok(), ..Found::default() });
        }
        let mut names = Vec::with_capacity(usize::from(count));
        for column in 1..=count {
            let mut name = Vec::new();
            handle.col_name(column, &mut name).into_result(&handle).map_err(told)?;
            names.push(narrow::text(&name));
        }
        let mut cursor = narrow::cursor(handle);
        let rows = rows(&mut cursor, 1..=count, limit)?;
        Ok(Found { names, rows, changed: None })
    }

    /// The columns of tables: of each its table and its name.
    pub(super) fn columns(&self, tables: &[String]) -> Result<Found, Diagnostic> {
        let mut found = Found::default();
        for table in tables {
            // A `_` stands for any character: what is found has to be of this table.
            let mut statement = self.connection.preallocate().map_err(told)?;
            let mut cursor = statement.columns_cursor("", "", table, "%").map_err(told)?;
            let rows = rows(&mut cursor, 3..=4, None)?;
            found.rows.extend(rows.into_iter().filter(|row| {
                row.first().and_then(Option::as_ref).is_some_and(|name| name.eq_ignore_ascii_case(table))
            }));
        }
        Ok(found)
    }

    /// Makes everything lasting.
    pub(super) fn commit(&self) -> Result<Found, Diagnostic> {
        if !self.transactions {
            return Ok(Found::default());
        }
        let commit = || self.connection.commit().map(|()| Found::default()).map_err(told);
        #[cfg(feature = "failpoints")]
        if let Some(stand_in) = &self.stand_in {
            return stand_in.around("COMMIT", commit);
        }
        commit()
    }

    /// Undoes everything.
    pub(super) fn rollback(&self) -> Result<Found, Diagnostic> {
        if !self.transactions {
            return Ok(Found::default());
        }
        self.connection.rollback().map(|()| Found::default()).map_err(told)
    }
}

/// The rows of a cursor: these columns of each, no more rows than the limit.
fn rows(
    cursor: &mut impl Cursor,
    columns: std::ops::RangeInclusive<u16>,
    limit: Option<u32>,
) -> Result<Vec<Vec<Option<String>>>, Diagnostic> {
    let mut rows = Vec::new();
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut cell = narrow::Cell::default();
    while rows.len() < most {
        let Some(mut row) = cursor.next_row().map_err(told)? else { break };
        let cells = columns.clone().map(|column| cell.read(&mut row, column).map_err(told));
        rows.push(cells.collect::<Result<_, Diagnostic>>()?);
    }
    Ok(rows)
}

/// What the driver, or its manager, says of a failure.
pub(super) fn told(error: Error) -> Diagnostic {
    match error {
        Error::Diagnostics { record, .. } => narrow::diagnostic(&record),
        error => Diagnostic { state: "HY000".to_owned(), native: 0, message: error.to_string() },
    }
}
