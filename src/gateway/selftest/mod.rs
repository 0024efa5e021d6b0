//! `gateway selftest`: what a base is tried with before anybody relies on it. Whether an HFSQL of a certain version keeps
//! transactions, unique keys and texts over ODBC is not public; this finds out, and makes a report that can be sent on.

mod reading;
mod writing;

use super::{Gateway, GatewayFault};
use serde::Serialize;
use std::time::Instant;

/// What was tried, and how it went.
#[derive(Debug, Serialize)]
pub struct Selftest {
    /// This program.
    pub version: &'static str,
    /// `mysql` or `hfsql`.
    pub base: &'static str,
    /// Whether it was written to.
    pub wrote: bool,
    /// In the order in which it was tried.
    pub trials: Vec<Trial>,
}

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub struct Trial {
    /// What.
    pub what: &'static str,
    /// Whether the connector can work with what came of it.
    pub fine: bool,
    /// What came of it: a sentence.
    pub told: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

impl Selftest {
    /// Whether all went as it should.
    pub fn is_fine(&self) -> bool {
        self.trials.iter().all(|trial| trial.fine)
    }
}

/// What came of a trial: a sentence, or what is wrong.
type Told = Result<String, String>;

impl Gateway {
    /// Tries the base: reads what the connector reads; with `write`, also writes one intervention that says what it is,
    /// always the same, and leaves it cancelled.
    pub async fn selftest(&self, write: bool) -> Selftest {
        let mut tried = Tried { trials: Vec::new() };
        // Nothing else can be tried without an answer.
        if tried.told("the base answers", self.answers()).await {
            self.try_reading(&mut tried).await;
            if write {
                self.try_writing(&mut tried).await;
            }
        }
        let trials = tried.trials;
        Selftest { version: env!("CARGO_PKG_VERSION"), base: self.base.kind(), wrote: write, trials }
    }

    async fn answers(&self) -> Told {
        self.base.begin().await.map(|_| "yes".to_owned()).map_err(|error| error.to_string())
    }
}

/// The trials so far.
struct Tried {
    trials: Vec<Trial>,
}

impl Tried {
    /// Makes a trial; returns whether it went as it should.
    async fn told(&mut self, what: &'static str, trial: impl Future<Output = Told>) -> bool {
        let begun = Instant::now();
        let told = trial.await;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (fine, told) = match told {
            Ok(told) => (true, told),
            Err(told) => (false, told),
        };
        self.trials.push(Trial { what, fine, told, millis });
        fine
    }
}

fn said(fault: impl Into<GatewayFault>) -> String {
    fault.into().to_string()
}
