//! What can go wrong with the state file, and what to do.

use crate::flows::{Blast, PortError, System};
use std::path::{Path, PathBuf};

/// An error of the state file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no state at {path} yet: run `gestan-connector sync` first, or set [state] path")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("cannot open the state {path}: {source}; check the folder, its owner and [state] path")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A newer program wrote it.
    #[error(
        "the state {path} was written by a newer gestan-connector (structure {found}, this program knows {known}): install that version again, or restore the copy of the state made before it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of its structure.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// It must be brought up to date first.
    #[error(
        "the state {path} is of an older version: start the service, or run `gestan-connector sync`, which brings it up to date"
    )]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error(
        "{path} is not a state of gestan-connector, or it is damaged ({message}): put a copy in its place with `gestan-connector state restore FILE`, learn it again with `state rebuild --force`, or set another [state] path"
    )]
    NotAState {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// Another connector is at work.
    #[error(
        "another gestan-connector (process {pid}) is at work on the state {path} since {since}: stop it first, or let it do the work"
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// Its process.
        pid: String,
        /// Since when.
        since: String,
    },
    /// The disk is full.
    #[error("the disk of the state {path} is full: free some room; nothing is lost, the next pass goes on")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The disk refuses.
    #[error(
        "the disk of the state {path} fails ({message}): check its room, its health, and quotas and limits on the size of files; nothing is lost, the next pass goes on"
    )]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// It may not be written.
    #[error("the state {path} cannot be written: give its file and folder to the service's user")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// It is busy.
    #[error("the state {path} is busy: another command holds it for too long")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A value in it cannot be understood.
    #[error(
        "the state {path} holds something that cannot be understood ({message}): put a copy in its place with `gestan-connector state restore FILE`, or learn it again with `state rebuild --force`"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What.
        message: String,
    },
    /// Anything else that SQLite says.
    #[error("the state {path} failed: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// SQLite's primary result codes, from an error of the driver.
    pub(super) fn from_sqlx(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        let code = error.as_database_error().and_then(|error| error.code().and_then(|code| code.parse::<i32>().ok()));
        match code.map(|code| code & 0xFF) {
            Some(5 | 6) => Self::Busy { path },
            Some(8) => Self::ReadOnly { path },
            Some(13) => Self::Full { path },
            Some(10) => Self::Disk { path, message: error.to_string() },
            Some(11 | 26) => Self::NotAState { path, message: error.to_string() },
            Some(14) => Self::File { path, source: std::io::Error::other(error.to_string()) },
            _ => Self::Sqlite { path, source: error },
        }
    }

    /// Whether trying again may help.
    pub fn retryable(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Full { .. } | Self::Disk { .. } | Self::Locked { .. } | Self::Sqlite { .. }
        )
    }
}

impl From<StoreError> for PortError {
    fn from(error: StoreError) -> Self {
        let blast = if error.retryable() { Blast::System } else { Blast::Configuration };
        Self { system: System::State, blast, retry_after: None, message: error.to_string() }
    }
}
