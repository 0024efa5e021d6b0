//! `[service]`: how `run` works.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `[service]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// Time zone of schedules that are cron expressions; by itself `[gestsup] time_zone`.
    #[schemars(with = "Option<String>", example = &"Europe/Paris")]
    pub time_zone: Option<Tz>,
    /// Passes begin up to so many seconds later than their schedule says, at random: for several sites on one server.
    pub jitter_seconds: u64,
    /// A pass that takes longer is told to end between two records; the next one goes on where it ended.
    pub deadline_minutes: u64,
    /// Address for `/healthz`, `/readyz` and `/metrics` (Prometheus), on this machine only. Without it nothing listens.
    #[schemars(with = "Option<String>", example = &"127.0.0.1:9480")]
    pub listen: Option<SocketAddr>,
    /// Socket by which commands such as `sync` reach the running service; by itself `service.sock` beside the state.
    #[schemars(example = &"/run/gestan-connector/service.sock")]
    pub socket: Option<PathBuf>,
}

impl Default for Service {
    fn default() -> Self {
        Self { time_zone: None, jitter_seconds: 0, deadline_minutes: 60, listen: None, socket: None }
    }
}
