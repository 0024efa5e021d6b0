//! What the gateway and the process of the driver tell each other: JSON behind its length, over standard input and
//! output.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;

/// Bytes of one message at most: a base that answers more is asked for less.
const MOST: u32 = 512 * 1024 * 1024;

/// What the gateway asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) enum Ask {
    /// A connection; answered once, with the number of what it changes: 1 where it keeps transactions, else 0.
    Connect {
        /// Its string.
        text: String,
        /// Whether transactions are to be tried.
        transactions: bool,
    },
    /// These statements, one after the other up to the first that fails; each answered by itself.
    Run(Vec<Statement>),
    /// The columns of tables; answered once, a row for each with its table.
    Columns(Vec<String>),
    /// The end of the transaction, all of it lasting; answered once.
    Commit,
    /// The end of the transaction, all of it undone; answered once.
    Rollback,
}

/// A statement.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Statement {
    /// Its words.
    pub sql: String,
    /// Rows that are read at most.
    pub limit: Option<u32>,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) enum Told {
    /// It is done.
    Done(Found),
    /// It failed; of several statements none after it was run.
    Failed(Diagnostic),
}

/// What a statement found, or how many rows it changed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::gateway) struct Found {
    /// Names of the columns.
    pub names: Vec<String>,
    /// Of each row the cells, as text.
    pub rows: Vec<Vec<Option<String>>>,
    /// Rows that were changed, where the driver says so.
    pub changed: Option<u64>,
}

/// What a driver says of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::gateway) struct Diagnostic {
    /// SQLSTATE, five characters.
    pub state: String,
    /// The driver's own number.
    pub native: i32,
    /// In its own words.
    pub message: String,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}, {}]", self.message.trim(), self.state, self.native)
    }
}

/// A message as it is sent.
pub(in crate::gateway) fn framed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).ok().filter(|length| *length <= MOST);
    let length = length.ok_or_else(|| io::Error::other("a message is too long"))?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// The length that stands before a message.
pub(in crate::gateway) fn length(head: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(head);
    if length > MOST {
        // Some drivers write to standard output what they mean for a person.
        return Err(io::Error::other("what comes is no message"));
    }
    usize::try_from(length).map_err(io::Error::other)
}

/// A message from what was sent.
pub(in crate::gateway) fn message<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(body)?)
}
