//! Figures for Prometheus: counted as passes end, and read from the state when they are asked for.

use super::flow::Flow;
use super::pulse::Ending;
use super::report::Report;
use crate::flows::tickets::{Attention, Outcome, Trouble};
use crate::store::StatusReport;
use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFlow {
    flow: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    flow: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labelled {
    kind: String,
}

/// Bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 9] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

type Gauges<L> = Family<L, Gauge<f64, AtomicU64>>;

/// The figures of one site.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    passes: Family<OfOutcome, Counter>,
    records: Family<OfOutcome, Counter>,
    writes: Family<OfFlow, Counter>,
    seconds: Family<OfFlow, Histogram, fn() -> Histogram>,
    lag: Gauges<OfFlow>,
    links: Gauges<Labelled>,
    waiting: Gauges<Labelled>,
    open: Gauges<Labelled>,
    unconfirmed: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let this = Self {
            registry: Registry::with_prefix("gestan_connector"),
            passes: Family::default(),
            records: Family::default(),
            writes: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            lag: Family::default(),
            links: Family::default(),
            waiting: Family::default(),
            open: Family::default(),
            unconfirmed: Gauge::default(),
        };
        this.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("passes", "Passes by how they ended", self.passes.clone());
        registry.register("records", "Records by what came of them", self.records.clone());
        registry.register("writes", "Writes that were done", self.writes.clone());
        registry.register("pass_seconds", "How long passes took", self.seconds.clone());
        registry.register("lag_seconds", "Time since the last pass that was made", self.lag.clone());
        registry.register("links", "Linked tickets by where they stand", self.links.clone());
        registry.register("attention", "Records that are not in step, by why", self.waiting.clone());
        registry.register("circuit_open", "1: the system does not answer and is left alone", self.open.clone());
        registry.register("unconfirmed_writes", "Writes that were begun and not confirmed", self.unconfirmed.clone());
        self
    }

    pub(super) fn made(&self, flow: Flow, took: Duration, report: &dyn Report) {
        let flow = flow.as_str();
        self.writes.get_or_create(&OfFlow { flow }).inc_by(report.head().writes as u64);
        for outcome in [Outcome::Done, Outcome::Waiting, Outcome::Failed, Outcome::Quarantined, Outcome::Reported] {
            let counter = self.records.get_or_create_owned(&OfOutcome { flow, outcome: outcome.as_str() });
            counter.inc_by(report.count(outcome) as u64);
        }
        self.seconds.get_or_create(&OfFlow { flow }).observe(took.as_secs_f64());
    }

    pub(super) fn ended(&self, flow: Flow, ending: Ending) {
        self.passes.get_or_create(&OfOutcome { flow: flow.as_str(), outcome: ending.as_str() }).inc();
    }

    /// All of them as Prometheus reads them.
    pub(super) fn text(&self, flows: &[Flow], status: &StatusReport, now: DateTime<Utc>) -> String {
        self.lag.clear();
        for flow in flows {
            let success = status.last_successes.iter().find(|run| run.flow == flow.as_str());
            let lag = success.map_or(f64::INFINITY, |run| (now - run.started).as_seconds_f64());
            self.lag.get_or_create(&OfFlow { flow: flow.as_str() }).set(lag);
        }
        self.links.clear();
        for (phase, count) in &status.links {
            self.links.get_or_create(&Labelled { kind: phase.clone() }).set(*count as f64);
        }
        let all: Vec<&Attention> = status.attention.iter().chain(&status.follow_up).collect();
        for (trouble, kind) in
            [(Trouble::Waiting, "waiting"), (Trouble::Retrying, "failed"), (Trouble::Quarantined, "quarantined")]
        {
            let count = all.iter().filter(|attention| attention.trouble == trouble).count();
            self.waiting.get_or_create(&Labelled { kind: kind.to_owned() }).set(count as f64);
        }
        self.waiting.get_or_create(&Labelled { kind: "undecided".to_owned() }).set(status.reference_cases.len() as f64);
        self.open.clear();
        for circuit in &status.circuits {
            let open = f64::from(u8::from(circuit.is_open(now)));
            self.open.get_or_create(&Labelled { kind: circuit.system.clone() }).set(open);
        }
        self.unconfirmed.set(status.unconfirmed as f64);
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
