//! What can go wrong with a gateway as a whole, and what to do.

use super::contract::Problem;
use crate::flows::{Blast, PortError, System};
use axum::http::StatusCode;
use std::time::Duration;

/// An error of the gateway as a whole.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It cannot be reached.
    #[error("the gateway {place} does not answer ({reason}): check that it runs and that [gestan] gateway names it")]
    Unreachable {
        /// Its address.
        place: String,
        /// What happened.
        reason: String,
    },
    /// It refused the token.
    #[error("the gateway {place} refuses the token: [gestan] token here must be [gateway] token over there")]
    Unauthorized {
        /// Its address.
        place: String,
    },
    /// Something before the gateway answers in its place, or the gateway turns everything away.
    #[error(
        "the gateway {place} takes no requests (status {status}): what answers in its place is a proxy or a load limit; check that the gateway runs behind it"
    )]
    Unavailable {
        /// Its address.
        place: String,
        /// What was answered.
        status: StatusCode,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It does not know what this program asks.
    #[error(
        "the gateway {place} does not understand this program ({detail}): daemon and gateway must be of the same version, and [gestan] gateway must name the gateway"
    )]
    Version {
        /// Its address.
        place: String,
        /// What it says.
        detail: String,
    },
    /// It answered with a problem.
    #[error("the gateway {place} answered: {}", problem.detail)]
    Problem {
        /// Its address.
        place: String,
        /// The problem.
        problem: Box<Problem>,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// What answers is no gateway, or one of another version.
    #[error(
        "what answers at {place} is not a gateway of this version ({reason}): check [gestan] gateway and any proxy before it"
    )]
    Garbage {
        /// Its address.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The client cannot be set up.
    #[error("the gateway's address or certificate cannot be used ({reason}): check [gestan] gateway and ca_file")]
    Setup {
        /// What is wrong.
        reason: String,
    },
}

impl GatewayError {
    /// How far it reaches.
    pub fn blast(&self) -> Blast {
        match self {
            Self::Unreachable { .. } => Blast::System,
            Self::Unauthorized { .. } | Self::Setup { .. } => Blast::Configuration,
            // Both sides may be about to be updated, one after the other: nothing is to be blamed for it.
            Self::Garbage { .. } | Self::Version { .. } | Self::Unavailable { .. } => Blast::System,
            Self::Problem { problem, .. } => match problem.status {
                429 | 502..=504 => Blast::System,
                // It has no place for it, however often it is asked.
                501 => Blast::Record,
                500.. => Blast::Retry,
                _ => Blast::Record,
            },
        }
    }
}

impl From<GatewayError> for PortError {
    fn from(error: GatewayError) -> Self {
        let retry_after = match &error {
            GatewayError::Problem { retry_after, .. } | GatewayError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        Self { system: System::Gestan, blast: error.blast(), retry_after, message: error.to_string() }
    }
}
