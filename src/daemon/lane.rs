//! A lane: the flows that must not work at the same time, one after the other, each when it is due or was woken.

use super::clock::{Due, Moment};
use super::flow::Flow;
use super::report::Report;
use super::site::{PassResult, Site};
use super::voice::{Voice, Word};
use crate::config::Config;
use crate::flows::tickets::{BrakeReason, Outcome, PassOptions};
use crate::flows::{PortError, System};
use chrono::Utc;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a pass that was told to end may take for it: the record under way is finished first.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// Flows that were woken by what another one found.
#[derive(Debug, Default)]
pub(super) struct Wakes(Mutex<HashSet<Flow>>);

impl Wakes {
    pub(super) fn wake(&self, flow: Flow) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(flow);
    }

    fn take(&self, flow: Flow) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&flow)
    }
}

/// One lane of the service.
pub(super) struct Lane {
    pub name: &'static str,
    pub sites: watch::Receiver<Arc<Site>>,
    pub ticks: watch::Receiver<u64>,
    pub wakes: Arc<Wakes>,
    pub cancel: CancellationToken,
}

impl Lane {
    /// Works until it is cancelled; a pass that is under way then ends between two records.
    pub(super) async fn work(mut self) {
        let mut due = Due::default();
        let mut voices: HashMap<Flow, Voice> = HashMap::new();
        while !self.cancel.is_cancelled() {
            // What was reloaded counts from the next pass on.
            let site = Arc::clone(&self.sites.borrow());
            site.pulse.beat(self.name);
            for flow in Flow::on(&site).filter(|flow| flow.lane() == self.name) {
                let (schedule, zone) = (flow.schedule(site.config()), zone(site.config()));
                let woken = self.wakes.take(flow);
                if self.cancel.is_cancelled() || !(due.is_due(flow, schedule, zone, Moment::now()) || woken) {
                    continue;
                }
                due.begins(flow, schedule, zone, Moment::now(), jitter(site.config().service.jitter_seconds));
                if self.pass(&site, flow, voices.entry(flow).or_default()).await {
                    for other in flow.wakes() {
                        self.wakes.wake(*other);
                    }
                }
            }
            tokio::select! {
                () = self.cancel.cancelled() => {},
                // The ticker ends with the service.
                changed = self.ticks.changed() => if changed.is_err() { break },
            }
        }
        self.sites.borrow().pulse.rests(self.name);
    }

    /// Makes a pass, under its deadline; whether it wrote something.
    async fn pass(&self, site: &Site, flow: Flow, voice: &mut Voice) -> bool {
        let deadline = Duration::from_secs(site.config().service.deadline_minutes * 60);
        site.pulse.begins(flow, deadline + PATIENCE);
        let cancel = self.cancel.child_token();
        let late = cancel.clone();
        let timer = tokio::spawn(async move {
            tokio::time::sleep(deadline).await;
            tracing::warn!(
                flow = flow.as_str(),
                "the pass takes longer than [service] deadline_minutes: it ends between two records, and the next one goes on"
            );
            late.cancel();
        });
        let options = PassOptions::default();
        let wrote = match flow {
            Flow::Reference => tell(flow, site, voice, site.refer(&options, None, &cancel).await).await,
            Flow::FollowUp => tell(flow, site, voice, site.follow(&options, &cancel).await).await,
            Flow::Mail => {
                let result = site.take_mails(&options, &cancel).await;
                if matches!(&result, Ok(PassResult::Done(report)) if report.more) {
                    self.wakes.wake(Flow::Mail);
                }
                tell(flow, site, voice, result).await
            }
            Flow::Tickets => tell(flow, site, voice, site.pass(&options, &cancel).await).await,
            Flow::Notify => tell(flow, site, voice, site.notify(&options, &cancel).await).await,
        };
        timer.abort();
        site.pulse.is_over(flow);
        wrote
    }
}

/// The zone of cron expressions.
fn zone(config: &Config) -> chrono_tz::Tz {
    let of_gestsup = || config.gestsup.as_ref().map(|gestsup| gestsup.time_zone);
    config.service.time_zone.or_else(of_gestsup).unwrap_or(chrono_tz::UTC)
}

/// Up to so many seconds, at random.
fn jitter(seconds: u64) -> Duration {
    // The low bits of such an id are random; milliseconds spread even a jitter of one second.
    let random = u64::try_from(Uuid::now_v7().as_u128() & 0xffff_ffff).unwrap_or(0);
    Duration::from_millis(random % (seconds * 1000 + 1))
}

/// Says in the log how a pass went; whether it wrote something.
async fn tell<R: Report>(flow: Flow, site: &Site, voice: &mut Voice, result: anyhow::Result<PassResult<R>>) -> bool {
    let name = flow.as_str();
    match result {
        Ok(PassResult::Done(report)) => {
            let head = report.head();
            match head.trouble {
                Some((kind, sentence)) => part(name, voice, &kind, &sentence),
                None => {
                    if let Some((lasted, passes)) = voice.well(Utc::now()) {
                        tracing::info!(flow = name, passes, "passes are made again, after {lasted} without");
                    }
                }
            }
            if let Some(sentence) = head.held {
                tracing::error!(flow = name, run_id = head.run_id, "{sentence}");
            }
            braked(flow, head.run_id, head.brake);
            tracing::info!(
                flow = name,
                run_id = head.run_id,
                looked_at = head.looked_at,
                writes = head.writes,
                waiting = report.count(Outcome::Waiting),
                failed = report.count(Outcome::Failed) + report.count(Outcome::Quarantined),
                milliseconds = head.milliseconds,
                "pass done"
            );
            head.writes > 0
        }
        Ok(PassResult::CircuitOpen(sentence)) => {
            put_off(name, voice, &sentence);
            false
        }
        Err(error) => {
            failed(name, site, voice, &error).await;
            false
        }
    }
}

/// A part of a pass that cannot be made is told like a pass that cannot.
fn part(flow: &'static str, voice: &mut Voice, kind: &str, sentence: &str) {
    match voice.failed(kind, Utc::now()) {
        Word::New => tracing::error!(flow, "{sentence}"),
        Word::StillThere(since) => tracing::error!(flow, "{sentence} ({since})"),
        Word::Nothing => tracing::debug!(flow, "{sentence}"),
    }
}

/// What the brake stopped, and the command that lets it through.
fn braked(flow: Flow, run_id: &str, reasons: &[BrakeReason]) {
    for reason in reasons {
        tracing::error!(
            flow = flow.as_str(),
            run_id,
            "stopped by the brake: {reason}; run `gestan-connector {} --allow-mass-change` if this is meant",
            flow.command()
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
