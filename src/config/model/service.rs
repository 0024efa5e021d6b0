//! `[service]`: how `run` works.

use crate::config::Secret;
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
    /// Address for `/healthz`, `/readyz`, `/metrics` (Prometheus) and the status page, on this machine only. Without it nothing listens.
    #[schemars(with = "Option<String>", example = &"127.0.0.1:9480")]
    pub listen: Option<SocketAddr>,
    /// Socket by which commands such as `sync` reach the running service; by itself `service.sock` beside the state.
    #[schemars(example = &"/run/gestan-connector/service.sock")]
    pub socket: Option<PathBuf>,
    /// The status page for support staff, at the address `listen`: what is in step, what waits and why, each ticket's story, activity, the money report and the journal. Off unless `enabled` is set.
    pub page: Page,
}

/// `[service.page]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    /// Whether the page is served.
    pub enabled: bool,
    /// Names, with the port if it is another than 80 or 443, under which a reverse proxy or a tunnel leads to the page. Under any other but the address itself and localhost it does not answer.
    #[schemars(example = &["connecteur.example.fr"])]
    pub hosts: Vec<String>,
    /// Password for the buttons of the page: try again, ignore, take a mail in, run now. Without it it only shows.
    #[schemars(example = &"CHANGE-ME-TO-FOUR-WORDS")]
    pub actions_password: Option<Secret>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            time_zone: None,
            jitter_seconds: 0,
            deadline_minutes: 60,
            listen: None,
            socket: None,
            page: Page::default(),
        }
    }
}
