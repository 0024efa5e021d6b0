//! Exit codes, after sysexits: a script or systemd can tell a mistake in the configuration from a
//! system that is down.

use crate::config::ConfigErrors;
use crate::flows::{Blast, PortError};
use crate::store::StoreError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// All well.
    Ok = 0,
    /// Some records failed, or the brake stopped a pass.
    Records = 1,
    /// The command line makes no sense.
    Usage = 64,
    /// A system does not answer.
    Unavailable = 69,
    /// Another connector is at work, or a circuit is open: try later.
    TryLater = 75,
    /// The configuration is wrong.
    Config = 78,
}

impl ExitCode {
    /// The one of this number, as a running service tells it.
    pub(super) fn of(code: u8) -> Self {
        let all = [Self::Ok, Self::Usage, Self::Unavailable, Self::TryLater, Self::Config];
        all.into_iter().find(|known| *known as u8 == code).unwrap_or(Self::Records)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Something that cannot be done right now.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TryLater(pub String);

/// A state that is in use is let go of, a disk that is full is emptied; the rest waits for a person, and
/// a service that starts again meets the same.
fn of_state(error: &StoreError) -> ExitCode {
    match error {
        StoreError::Locked { .. } | StoreError::Busy { .. } => ExitCode::TryLater,
        StoreError::Full { .. } | StoreError::Disk { .. } | StoreError::Sqlite { .. } => ExitCode::Unavailable,
        StoreError::Missing { .. } | StoreError::Older { .. } => ExitCode::Records,
        StoreError::File { .. }
        | StoreError::Newer { .. }
        | StoreError::NotAState { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::Content { .. } => ExitCode::Config,
    }
}

/// The exit code that an error calls for.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    for cause in error.chain() {
        if cause.is::<ConfigErrors>() {
            return ExitCode::Config;
        }
        if let Some(error) = cause.downcast_ref::<PortError>() {
            return match error.blast {
                Blast::Configuration => ExitCode::Config,
                Blast::System => ExitCode::Unavailable,
                Blast::Retry => ExitCode::TryLater,
                Blast::Record => ExitCode::Records,
            };
        }
        if let Some(error) = cause.downcast_ref::<StoreError>() {
            return of_state(error);
        }
        if cause.is::<TryLater>() {
            return ExitCode::TryLater;
        }
    }
    ExitCode::Records
}
