//! Statements and texts as the driver takes them: on Linux bytes of Windows-1252, which no `str` of Rust can hold; on
//! Windows UTF-16. The only place of the program that Rust does not check.
#![allow(unsafe_code)]

#[cfg(windows)]
use super::session::told;
use crate::gateway::base::wire::Diagnostic;
use odbc_api::handles::{Record, SqlChar, StatementImpl};
use odbc_api::{CursorImpl, CursorRow, Error};

/// Runs a statement. A warning of class 01000 counts as a failure: after one, HFSQL's driver is to be connected anew.
#[cfg(not(windows))]
pub(super) fn execute(handle: &mut StatementImpl<'_>, sql: &str) -> Result<(), Diagnostic> {
    use odbc_api::handles::Statement as _;
    use odbc_api::sys::{SQLExecDirect, SqlReturn};
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(sql);
    let failed = |message: String| Diagnostic { state: "HY000".to_owned(), native: 0, message };
    let length = i32::try_from(bytes.len()).map_err(|_| failed("the statement is too long".to_owned()))?;
    // SAFETY: the handle is allocated for as long as it is borrowed, no parameters are bound, and the text is as long
    // as is said, and only read during the call.
    let result = unsafe { SQLExecDirect(handle.as_sys(), bytes.as_ptr(), length) };
    let mut record = Record::with_capacity(512);
    match result {
        SqlReturn::SUCCESS | SqlReturn::NO_DATA => Ok(()),
        SqlReturn::SUCCESS_WITH_INFO => {
            let warned = record.fill_from(&*handle, 1).then(|| diagnostic(&record));
            warned.filter(|told| told.state == "01000").map_or(Ok(()), Err)
        }
        _ if record.fill_from(&*handle, 1) => Err(diagnostic(&record)),
        other => Err(failed(format!("the driver refuses a statement and does not say why ({other:?})"))),
    }
}

/// Runs a statement.
#[cfg(windows)]
pub(super) fn execute(handle: &mut StatementImpl<'_>, sql: &str) -> Result<(), Diagnostic> {
    use odbc_api::handles::{SqlText, Statement as _};
    // SAFETY: no parameters are bound.
    let result = unsafe { handle.exec_direct(&SqlText::new(sql)) };
    result.into_result_bool(&*handle).map(|_| ()).map_err(told)
}

/// The rows that a statement found.
pub(super) fn cursor(handle: StatementImpl<'_>) -> CursorImpl<StatementImpl<'_>> {
    // SAFETY: it was executed, and its result has columns.
    unsafe { CursorImpl::new(handle) }
}

/// A text of the driver.
#[cfg(not(windows))]
pub(super) fn text(bytes: &[SqlChar]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

/// A text of the driver.
#[cfg(windows)]
pub(super) fn text(units: &[SqlChar]) -> String {
    String::from_utf16_lossy(units)
}

/// What a record of diagnostics says.
pub(super) fn diagnostic(record: &Record) -> Diagnostic {
    Diagnostic { state: record.state.as_str().to_owned(), native: record.native_error, message: text(&record.message) }
}

/// A place that cells are read into.
#[derive(Default)]
pub(super) struct Cell(Vec<SqlChar>);

impl Cell {
    /// A cell as text; `None` where it is NULL.
    #[cfg(not(windows))]
    pub(super) fn read(&mut self, row: &mut CursorRow<'_>, column: u16) -> Result<Option<String>, Error> {
        Ok(row.get_text(column, &mut self.0)?.then(|| text(&self.0)))
    }

    /// A cell as text; `None` where it is NULL.
    #[cfg(windows)]
    pub(super) fn read(&mut self, row: &mut CursorRow<'_>, column: u16) -> Result<Option<String>, Error> {
        Ok(row.get_wide_text(column, &mut self.0)?.then(|| text(&self.0)))
    }
}
