//! What the service knows of itself while it works: passes and their outcomes, for health, metrics and the watchdog.

use super::flow::Flow;
use super::report::Report;
use crate::flows::tickets::Outcome;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Ending {
    /// It was made.
    Done,
    /// The brake stopped it.
    Braked,
    /// A system does not answer and is left alone for a while.
    PutOff,
    /// It failed.
    Failed,
}

impl Ending {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Braked => "braked",
            Self::PutOff => "put_off",
            Self::Failed => "failed",
        }
    }
}

/// Counts of one flow since the service began.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub passes: BTreeMap<Ending, u64>,
    pub records: BTreeMap<Outcome, u64>,
    pub writes: u64,
    /// When the last pass that was made began.
    pub last_success: Option<DateTime<Utc>>,
    /// How the last one ended.
    pub last_ending: Option<Ending>,
    /// How long passes took: the sum, and how many took no longer than each of [`BOUNDS`].
    pub seconds: f64,
    pub within: [u64; BOUNDS.len()],
    pub timed: u64,
}

/// Bounds of the histogram of durations, in seconds.
pub(super) const BOUNDS: [f64; 9] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

#[derive(Debug, Default)]
struct Inner {
    flows: BTreeMap<Flow, Counts>,
    /// Passes under way, and when they must have ended.
    under_way: BTreeMap<Flow, Instant>,
    /// When a lane last looked whether there is something to do.
    beats: BTreeMap<&'static str, Instant>,
}

/// Shared by everything of one site.
#[derive(Debug, Default)]
pub(super) struct Pulse(Mutex<Inner>);

impl Pulse {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves plain numbers behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pass begins, and is to have ended within `patience`.
    pub(super) fn begins(&self, flow: Flow, patience: Duration) {
        self.inner().under_way.insert(flow, Instant::now() + patience);
    }

    /// A pass that was made.
    pub(super) fn made(&self, flow: Flow, began: DateTime<Utc>, took: Duration, report: &dyn Report) {
        let mut inner = self.inner();
        let counts = inner.flows.entry(flow).or_default();
        counts.last_success = Some(began);
        counts.writes += report.writes() as u64;
        for outcome in [Outcome::Done, Outcome::Waiting, Outcome::Failed, Outcome::Quarantined, Outcome::Reported] {
            *counts.records.entry(outcome).or_default() += report.count(outcome) as u64;
        }
        let seconds = took.as_secs_f64();
        counts.seconds += seconds;
        counts.timed += 1;
        for (bound, within) in BOUNDS.iter().zip(&mut counts.within) {
            *within += u64::from(seconds <= *bound);
        }
    }

    /// The lane goes on: the pass is over.
    pub(super) fn is_over(&self, flow: Flow) {
        self.inner().under_way.remove(&flow);
    }

    /// How a pass ended.
    pub(super) fn ended(&self, flow: Flow, ending: Ending) {
        let mut inner = self.inner();
        let counts = inner.flows.entry(flow).or_default();
        *counts.passes.entry(ending).or_default() += 1;
        counts.last_ending = Some(ending);
    }

    /// A lane is alive.
    pub(super) fn beat(&self, lane: &'static str) {
        self.inner().beats.insert(lane, Instant::now());
    }

    /// A lane has ended.
    pub(super) fn rests(&self, lane: &'static str) {
        self.inner().beats.remove(lane);
    }

    /// Counts by flow.
    pub(super) fn counts(&self) -> BTreeMap<Flow, Counts> {
        self.inner().flows.clone()
    }

    /// Whether every lane goes on: it looked lately, or makes a pass that has not outlived its patience. Else which does not.
    pub(super) fn stuck(&self, silence: Duration) -> Option<String> {
        let inner = self.inner();
        if let Some((flow, _)) = inner.under_way.iter().find(|(_, until)| until.elapsed() > Duration::ZERO) {
            return Some(format!("a pass of {} does not end", flow.as_str()));
        }
        let busy = |lane: &str| inner.under_way.keys().any(|flow| flow.lane() == lane);
        let silent = inner.beats.iter().find(|(lane, last)| !busy(lane) && last.elapsed() > silence);
        silent.map(|(lane, _)| format!("the {lane} lane does not go on"))
    }
}
