//! `run`: the service.

use super::exit::TryLater;
use super::remote::OwnCommands;
use super::{ExitCode, Globals, LogTo};
use crate::config::{self, Role};
use crate::daemon::{self, Site};
use clap::Args;
use std::sync::Arc;

/// Work as a service: a pass at every interval, until a signal ends it.
#[derive(Debug, Args)]
pub struct Run {}

impl Run {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        if cfg!(not(unix)) {
            anyhow::bail!("the daemon runs on Linux; only the gateway runs here: start it by `gateway`");
        }
        let loaded = globals.load(Role::Daemon, LogTo::Service)?;
        let site = Site::open(loaded.config).await?;
        // A GestSup that is down is waited for; one that another daemon works on is left to it.
        if let Ok(false) = site.lock_gestsup().await {
            return Err(TryLater(daemon::OTHER_DAEMON.to_owned()).into());
        }
        let (path, log) = (loaded.path, globals.log.get().cloned());
        let reload = move || {
            let loaded = config::load(&path, Role::Daemon)?;
            for warning in &loaded.warnings {
                tracing::warn!("{}", warning.summary());
            }
            if let Some(log) = &log {
                log.set_level(&loaded.config.log.level)?;
            }
            Ok(loaded.config)
        };
        let commands = OwnCommands { config: globals.config.clone() };
        daemon::serve(site, Box::new(reload), Arc::new(commands)).await?;
        Ok(ExitCode::Ok)
    }
}
