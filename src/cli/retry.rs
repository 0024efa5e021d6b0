//! `retry`: tickets that were set aside get another chance.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Flow;
use crate::store::Store;
use clap::Args;

/// Have tickets that were set aside, or wait for their next attempt, tried on the next pass.
#[derive(Debug, Args)]
pub struct Retry {
    /// Ticket numbers. One whose intervention was deleted in Gestan gets a new one, unless it was restored there.
    #[arg(value_name = "N", required_unless_present = "all", value_parser = clap::value_parser!(i64).range(1..))]
    tickets: Vec<i64>,
    /// All of them; a deleted intervention is made anew only for a ticket that is named.
    #[arg(long, conflicts_with = "tickets")]
    all: bool,
}

impl Retry {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let wanted = (!self.all).then_some(self.tickets.as_slice());
        let count = match screen::asker() {
            Some(asker) => {
                let count = asker.site.store().retry(wanted).await?;
                asker.wake(Flow::Tickets);
                count
            }
            None => Store::open(&loaded.config.state_file()).await?.retry(wanted).await?,
        };
        if globals.json {
            output::json(&serde_json::json!({ "cleared": count }))?;
        } else if count == 0 {
            screen::say(format_args!("None of these tickets was set aside or waiting for an attempt."));
        } else {
            let what = output::count(usize::try_from(count).unwrap_or(usize::MAX), "ticket is", "tickets are");
            screen::say(format_args!(
                "{what} tried again on the next pass: `gestan-connector sync` makes one now, a running service makes one by itself."
            ));
        }
        Ok(ExitCode::Ok)
    }
}
