//! The loop of `run`: a pass at every interval until a signal ends it, each pass under a deadline of
//! patience rather than of time: a record that was begun is finished.

use super::signals::StopSignals;
use super::site::{PassResult, Site};
use crate::flows::tickets::{Outcome, PassOptions};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Works until SIGTERM or SIGINT. The pass that is under way ends between two records; a second
/// signal ends the process at once.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn serve(site: &Site) -> anyhow::Result<()> {
    let cancel = CancellationToken::new();
    let mut signals = StopSignals::listen()?;
    let stop = cancel.clone();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: the record under way is finished first");
        stop.cancel();
        signals.next().await;
        tracing::warn!("stopped at once by a second signal; the next start goes on from here");
        std::process::exit(0);
    });
    let tickets = &site.config().tickets;
    let every = Duration::from_secs(tickets.every_seconds);
    let full_every = Duration::from_secs(tickets.full_every_seconds);
    tracing::info!(every_seconds = tickets.every_seconds, "gestan-connector {} is at work", env!("CARGO_PKG_VERSION"));
    let mut last_full: Option<Instant> = None;
    while !cancel.is_cancelled() {
        let full = last_full.is_none_or(|at| at.elapsed() >= full_every);
        if one_pass(site, full, &cancel).await && full {
            last_full = Some(Instant::now());
        }
        tokio::select! {
            () = cancel.cancelled() => {},
            () = tokio::time::sleep(every) => {},
        }
    }
    site.store().checkpoint().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Whether the pass was made to its end.
async fn one_pass(site: &Site, full: bool, cancel: &CancellationToken) -> bool {
    let options = PassOptions { full, ..PassOptions::default() };
    match site.pass(&options, cancel).await {
        Ok(PassResult::Done(report)) => {
            for reason in &report.brake {
                tracing::error!(
                    flow = "tickets",
                    run_id = report.run_id,
                    "stopped by the brake: {reason}; run `gestan-connector sync --allow-mass-change` if this is meant"
                );
            }
            let failed = report.count(Outcome::Failed) + report.count(Outcome::Quarantined);
            tracing::info!(
                flow = "tickets",
                run_id = report.run_id,
                tickets = report.tickets,
                read = report.read,
                writes = report.writes(),
                waiting = report.count(Outcome::Waiting),
                failed,
                milliseconds = report.milliseconds,
                "pass done"
            );
            report.brake.is_empty() && !report.interrupted
        }
        Ok(PassResult::CircuitOpen(sentence)) => {
            tracing::warn!(flow = "tickets", "{sentence}");
            false
        }
        Err(error) => {
            tracing::error!(flow = "tickets", "pass failed: {error:#}");
            false
        }
    }
}
