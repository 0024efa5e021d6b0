//! What the service knows of itself while it works: passes and their outcomes, for health, metrics and the watchdog.

use super::flow::Flow;
use super::metrics::Metrics;
use super::report::Report;
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
    pub passes: u64,
    pub writes: u64,
    /// How the last one ended.
    pub last_ending: Option<Ending>,
}

#[derive(Debug, Default)]
struct Inner {
    flows: BTreeMap<Flow, Counts>,
    /// Passes under way, and when they must have ended.
    under_way: BTreeMap<Flow, Instant>,
    /// When a lane last looked whether there is something to do.
    beats: BTreeMap<&'static str, Instant>,
}

/// Shared by everything of one site.
#[derive(Debug)]
pub(super) struct Pulse {
    inner: Mutex<Inner>,
    pub metrics: Metrics,
    /// When the service began.
    pub began: DateTime<Utc>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { inner: Mutex::default(), metrics: Metrics::default(), began: Utc::now() }
    }
}

impl Pulse {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves plain numbers behind.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pass begins, and is to have ended within `patience`.
    pub(super) fn begins(&self, flow: Flow, patience: Duration) {
        self.inner().under_way.insert(flow, Instant::now() + patience);
    }

    /// A pass that was made.
    pub(super) fn made(&self, flow: Flow, took: Duration, report: &dyn Report) {
        self.inner().flows.entry(flow).or_default().writes += report.head().writes as u64;
        self.metrics.made(flow, took, report);
    }

    /// The lane goes on: the pass is over.
    pub(super) fn is_over(&self, flow: Flow) {
        self.inner().under_way.remove(&flow);
    }

    /// How a pass ended.
    pub(super) fn ended(&self, flow: Flow, ending: Ending) {
        let mut inner = self.inner();
        let counts = inner.flows.entry(flow).or_default();
        counts.passes += 1;
        counts.last_ending = Some(ending);
        self.metrics.ended(flow, ending);
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
