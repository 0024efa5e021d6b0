//! How a pass is made: under the locks, unless a circuit is open, and remembered however it ends.

use super::flow::{Flow, LINKS, MAIL, NOTICES};
use super::pulse::Ending;
use super::report::Report;
use super::site::{OTHER_DAEMON, PassResult, Site};
use super::voice;
use crate::flows::tickets::{Commit, JournalEntry, Memory as _, Outcome, PassOptions};
use crate::flows::{Blast, PortError, System};
use chrono::{DateTime, Utc};
use std::time::Instant;
use uuid::Uuid;

/// Since when no pass can be made, and what for: told in the journal once.
const TROUBLE: &str = "trouble";

/// Each flow has a trouble of its own: the one may fail where the other does not.
fn trouble_of(flow: Flow) -> String {
    if flow == Flow::Tickets { TROUBLE.to_owned() } else { format!("{TROUBLE}.{}", flow.as_str()) }
}

impl Site {
    /// Makes a pass as the options say: a dry run looks, and leaves no trace; of another it is remembered how it ended, and a
    /// patient one is put off while a circuit is open.
    pub(super) async fn make<R: Report>(
        &self,
        flow: Flow,
        options: &PassOptions,
        patient: bool,
        work: impl AsyncFnOnce(&str) -> Result<R, PortError>,
    ) -> anyhow::Result<PassResult<R>> {
        if options.dry_run {
            return Ok(PassResult::Done(Box::new(work(&Uuid::now_v7().to_string()).await?)));
        }
        self.remembered(flow, patient, work).await
    }

    /// Does work under the locks and remembers how it ended.
    pub(super) async fn remembered<R: Report>(
        &self,
        flow: Flow,
        patient: bool,
        work: impl AsyncFnOnce(&str) -> Result<R, PortError>,
    ) -> anyhow::Result<PassResult<R>> {
        let _alone = match flow.lane() {
            LINKS => Some(self.alone().await),
            NOTICES => Some(self.alone_with_outbox().await),
            MAIL => Some(self.alone_with_mails().await),
            _ => None,
        };
        let result = self.attempt(flow, patient, work).await;
        let ending = match &result {
            Ok(PassResult::Done(report)) if report.head().brake.is_empty() => Ending::Done,
            Ok(PassResult::Done(_)) => Ending::Braked,
            Ok(PassResult::CircuitOpen(_)) => Ending::PutOff,
            Err(_) => Ending::Failed,
        };
        self.pulse.ended(flow, ending);
        result
    }

    async fn attempt<R: Report>(
        &self,
        flow: Flow,
        patient: bool,
        work: impl AsyncFnOnce(&str) -> Result<R, PortError>,
    ) -> anyhow::Result<PassResult<R>> {
        let run_id = Uuid::now_v7().to_string();
        for system in flow.systems() {
            let circuit = self.store().circuit(*system).await?;
            if patient && circuit.is_open(Utc::now()) {
                return Ok(PassResult::CircuitOpen(circuit.sentence()));
            }
        }
        let locked = self.lock_gestsup().await;
        if let Ok(false) = locked {
            return Ok(PassResult::CircuitOpen(OTHER_DAEMON.to_owned()));
        }
        let clock = Instant::now();
        self.store().start_run(&run_id, flow.as_str(), Utc::now()).await?;
        let worked = match locked {
            Ok(_) => work(&run_id).await,
            Err(error) => Err(error),
        };
        match worked {
            Ok(report) => {
                for system in flow.systems() {
                    self.store().record_success(*system).await?;
                }
                self.recovered(flow, &run_id).await?;
                let (counts, brake) = (report.counts(), report.head().brake);
                let ending = if brake.is_empty() { "done" } else { "braked" };
                let error =
                    (!brake.is_empty()).then(|| brake.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
                self.store().end_run(&run_id, Utc::now(), ending, &counts, error.as_deref()).await?;
                self.pulse.made(flow, clock.elapsed(), &report);
                Ok(PassResult::Done(Box::new(report)))
            }
            Err(error) => Err(self.failed(flow, &run_id, error).await.into()),
        }
    }

    /// Counts a failure of a whole system against its circuit. What cannot be remembered, since it is the
    /// state that fails, is told all the same.
    async fn failed(&self, flow: Flow, run_id: &str, mut error: PortError) -> PortError {
        if matches!(error.blast, Blast::Retry | Blast::Record) {
            // It stopped a pass: no record is to blame for it.
            error.blast = Blast::System;
        }
        let now = Utc::now();
        if error.system != System::State && error.blast == Blast::System {
            let _ = self.store().record_failure(error.system, &error.message, error.retry_after, now).await;
        }
        let _ = self.troubled(flow, run_id, &error).await;
        let _ = self.store().end_run(run_id, now, "failed", &serde_json::Value::Null, Some(&error.message)).await;
        error
    }

    /// The journal tells once that passes fail, and why.
    async fn troubled(&self, flow: Flow, run_id: &str, error: &PortError) -> Result<(), PortError> {
        let kind = format!("{}/{:?}", error.system.as_str(), error.blast);
        let known = self.store().value(&trouble_of(flow)).await?.unwrap_or_default();
        if known.split_once(' ').is_some_and(|(_, known)| known == kind) {
            return Ok(());
        }
        let since = known.split_once(' ').map_or_else(|| Utc::now().to_rfc3339(), |(since, _)| since.to_owned());
        self.store().set_value(&trouble_of(flow), &format!("{since} {kind}")).await?;
        self.tell(flow, run_id, Outcome::Failed, format!("No pass can be made: {}", error.message)).await
    }

    /// The journal tells that passes are made again.
    async fn recovered(&self, flow: Flow, run_id: &str) -> Result<(), PortError> {
        let known = self.store().value(&trouble_of(flow)).await?.unwrap_or_default();
        let Some((since, _)) = known.split_once(' ') else { return Ok(()) };
        let lasted = DateTime::parse_from_rfc3339(since).map(|since| voice::lasted(Utc::now() - since.to_utc()));
        self.store().set_value(&trouble_of(flow), "").await?;
        let message = format!("Passes are made again, after {} without", lasted.unwrap_or_default());
        self.tell(flow, run_id, Outcome::Done, message).await
    }

    async fn tell(&self, flow: Flow, run_id: &str, outcome: Outcome, message: String) -> Result<(), PortError> {
        let line = JournalEntry {
            at: Utc::now(),
            run_id: run_id.to_owned(),
            flow: flow.as_str().to_owned(),
            ticket: None,
            gestan_id: None,
            action: "pass".to_owned(),
            outcome,
            message,
            detail: serde_json::Value::Null,
        };
        self.store().commit(vec![Commit { journal: vec![line], ..Commit::default() }]).await
    }
}
