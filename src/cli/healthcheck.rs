//! `healthcheck`: whether the running service does its work, for scripts and containers.

use super::exit::TryLater;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Health;
use crate::gestan::root_cause;
use anyhow::Context as _;
use clap::Args;
use std::time::Duration;

/// Ask the running service whether it does its work; needs `[service] listen`.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Only whether the process goes on, whatever the systems that it talks to do.
    #[arg(long)]
    alive: bool,
}

impl Healthcheck {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let address =
            loaded.config.service.listen.context(
                "[service] listen is not set: write listen = \"127.0.0.1:9480\" there and restart the service",
            )?;
        let path = if self.alive { "healthz" } else { "readyz" };
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let answer = client.get(format!("http://{address}/{path}")).send().await.map_err(|error| {
            TryLater(format!("the service does not answer at {address} ({}): is it running?", root_cause(&error)))
        })?;
        let health: Health = answer.json().await.context("while reading what the service said of its health")?;
        let well = health.problems.is_empty();
        if globals.json {
            output::json(&health)?;
        } else if well {
            screen::say(format_args!("The service (gestan-connector {}) does its work.", health.version));
        } else {
            for problem in &health.problems {
                screen::say(format_args!("{problem}"));
            }
        }
        Ok(if well { ExitCode::Ok } else { ExitCode::Unavailable })
    }
}
