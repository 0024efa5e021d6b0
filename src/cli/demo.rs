//! `demo`: the connector at work on servers of its own.

use super::{ExitCode, Globals};
use clap::Args;

/// See the connector at work on servers of its own, without touching yours.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the servers up at the end, and say how to look at them.
    #[arg(long)]
    keep: bool,
    /// What Gestan's base is: a MySQL copy, or one behind an ODBC driver that stands in for HFSQL's.
    #[arg(long, value_enum, default_value_t)]
    gestan: Gestan,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Gestan {
    #[default]
    Mysql,
    Odbc,
}

impl Demo {
    #[cfg(unix)]
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let ok = crate::demo::run(self.keep, globals.json, self.gestan == Gestan::Odbc).await?;
        Ok(if ok { ExitCode::Ok } else { ExitCode::Records })
    }

    #[cfg(not(unix))]
    #[allow(clippy::unused_async)]
    pub(super) async fn execute(self, _: &Globals) -> anyhow::Result<ExitCode> {
        anyhow::bail!("the demonstration starts servers of Linux: see it there")
    }
}
