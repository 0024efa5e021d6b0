//! The loop of `run`: a pass at every interval until a signal ends it, each pass under a deadline of
//! patience rather than of time: a record that was begun is finished.

use super::signals::StopSignals;
use super::site::{PassResult, Site};
use super::voice::{Voice, Word};
use crate::flows::tickets::{BrakeReason, Outcome, PassOptions};
use crate::flows::{PortError, System};
use chrono::Utc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const TICKETS: &str = "tickets";

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
    tracing::info!(every_seconds = tickets.every_seconds, "gestan-connector {} is at work", env!("CARGO_PKG_VERSION"));
    if site.config().is_shadow() {
        tracing::warn!("shadow mode ([gestan] shadow = true): nothing is written to Gestan");
    }
    let (mut voice, mut follow_voice) = (Voice::default(), Voice::default());
    let follow_every = Duration::from_secs(site.config().follow_up.every_seconds);
    let mut followed: Option<Instant> = None;
    let mut refer_voice = Voice::default();
    let refer_every = Duration::from_secs(site.config().reference.every_seconds);
    let mut referred: Option<Instant> = None;
    while !cancel.is_cancelled() {
        // Clients and equipment come before the tickets that are about them.
        if site.refers() && referred.is_none_or(|last| last.elapsed() >= refer_every) {
            referred = Some(Instant::now());
            refer(site, &mut refer_voice, &cancel).await;
        }
        // What Gestan's users did comes first: the tickets flow then finds both sides agreed about it.
        if site.follows_up() && followed.is_none_or(|last| last.elapsed() >= follow_every) {
            followed = Some(Instant::now());
            follow(site, &mut follow_voice, &cancel).await;
        }
        one_pass(site, &mut voice, &cancel).await;
        tokio::select! {
            () = cancel.cancelled() => {},
            () = tokio::time::sleep(every) => {},
        }
    }
    site.store().checkpoint().await?;
    tracing::info!("stopped");
    Ok(())
}

async fn refer(site: &Site, voice: &mut Voice, cancel: &CancellationToken) {
    const FLOW: &str = "reference";
    match site.refer(&PassOptions::default(), None, cancel).await {
        Ok(PassResult::Done(report)) => {
            made(FLOW, voice);
            if let Some(sentence) = &report.held {
                tracing::warn!(flow = FLOW, run_id = report.run_id, "{sentence}");
            }
            braked(FLOW, &report.run_id, &report.brake, "sync reference");
            tracing::info!(
                flow = FLOW,
                run_id = report.run_id,
                writes = report.writes,
                waiting = report.count(Outcome::Waiting),
                failed = report.count(Outcome::Failed) + report.count(Outcome::Quarantined),
                milliseconds = report.milliseconds,
                "pass done"
            );
        }
        Ok(PassResult::CircuitOpen(sentence)) => put_off(FLOW, voice, &sentence),
        Err(error) => failed(FLOW, site, voice, &error).await,
    }
}

async fn follow(site: &Site, voice: &mut Voice, cancel: &CancellationToken) {
    const FLOW: &str = "follow_up";
    match site.follow(&PassOptions::default(), cancel).await {
        Ok(PassResult::Done(report)) => {
            made(FLOW, voice);
            if let Some(sentence) = &report.held {
                tracing::warn!(flow = FLOW, run_id = report.run_id, "{sentence}");
            }
            braked(FLOW, &report.run_id, &report.brake, "sync follow_up");
            tracing::info!(
                flow = FLOW,
                run_id = report.run_id,
                looked_at = report.looked_at,
                changed = report.changed,
                writes = report.writes(),
                failed = report.count(Outcome::Failed) + report.count(Outcome::Quarantined),
                milliseconds = report.milliseconds,
                "pass done"
            );
        }
        Ok(PassResult::CircuitOpen(sentence)) => put_off(FLOW, voice, &sentence),
        Err(error) => failed(FLOW, site, voice, &error).await,
    }
}

async fn one_pass(site: &Site, voice: &mut Voice, cancel: &CancellationToken) {
    match site.pass(&PassOptions::default(), cancel).await {
        Ok(PassResult::Done(report)) => {
            made(TICKETS, voice);
            if let Some(sentence) = &report.rewound {
                tracing::error!(flow = "tickets", run_id = report.run_id, "{sentence}");
            }
            braked(TICKETS, &report.run_id, &report.brake, "sync");
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
        }
        Ok(PassResult::CircuitOpen(sentence)) => put_off(TICKETS, voice, &sentence),
        Err(error) => failed(TICKETS, site, voice, &error).await,
    }
}

/// A pass was made: said where the ones before it could not be.
fn made(flow: &'static str, voice: &mut Voice) {
    if let Some((lasted, passes)) = voice.well(Utc::now()) {
        tracing::info!(flow, passes, "passes are made again, after {lasted} without");
    }
}

/// What the brake stopped, and the command that lets it through.
fn braked(flow: &'static str, run_id: &str, reasons: &[BrakeReason], command: &str) {
    for reason in reasons {
        tracing::error!(
            flow,
            run_id,
            "stopped by the brake: {reason}; run `gestan-connector {command} --allow-mass-change` if this is meant"
        );
    }
}

fn put_off(flow: &'static str, voice: &mut Voice, sentence: &str) {
    match voice.put_off(Utc::now()) {
        Word::New => tracing::warn!(flow, "{sentence}. Told again every 15 minutes, and when it is over"),
        Word::StillThere(since) => tracing::warn!(flow, "{sentence} (no pass was made: {since})"),
        Word::Nothing => tracing::debug!(flow, "{sentence}"),
    }
}

/// A trouble that lasts is told once and then at intervals; the first lines of a log must not be all
/// that is left of it.
async fn failed(flow: &'static str, site: &Site, voice: &mut Voice, error: &anyhow::Error) {
    let port = error.chain().find_map(|cause| cause.downcast_ref::<PortError>());
    let kind = port.map_or_else(|| "other".to_owned(), |port| format!("{}/{:?}", port.system, port.blast));
    match voice.failed(&kind, Utc::now()) {
        Word::New => tracing::error!(flow, "pass failed: {error:#}"),
        Word::StillThere(since) => tracing::error!(flow, "pass failed: {error:#} ({since})"),
        Word::Nothing => tracing::debug!(flow, "pass failed: {error:#}"),
    }
    let system = port.map(|port| port.system).filter(|system| *system != System::State);
    if let Some(system) = system
        && let Ok(circuit) = site.store().circuit(system).await
        && circuit.is_open(Utc::now())
    {
        put_off(flow, voice, &circuit.sentence());
    }
}
