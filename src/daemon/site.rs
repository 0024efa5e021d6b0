//! Everything that one pair of GestSup and Gestan needs, put together from the configuration: no
//! process-wide state, so that a host can one day serve several.

use super::voice;
use crate::config::Config;
use crate::flows::follow_up::{EVERY_PASS, FollowReport, FollowUpFlow};
use crate::flows::reference::{Kind, ReferenceFlow, ReferenceReport};
use crate::flows::tickets::{
    BrakeReason, Commit, Files, Interventions, JournalEntry, Memory as _, Outcome, PassOptions, PassReport, Shadow,
    TicketsFlow,
};
use crate::flows::{Blast, PortError, System};
use crate::gateway::Gateway;
use crate::gestan::GatewayClient;
use crate::gestsup::{DaemonLock, Gestsup, UploadFolder};
use crate::store::{StateLock, Store};
use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Why a second daemon must not work on a base.
pub const OTHER_DAEMON: &str = "another gestan-connector works on this GestSup base, with a state of its own: stop it first (SHOW PROCESSLIST on GestSup's server tells from which machine)";

/// Since when no pass can be made, and what for: told in the journal once.
const TROUBLE: &str = "trouble";
/// Names of the flows, in the journal and the log.
const TICKETS: &str = "tickets";
const FOLLOW_UP: &str = "follow_up";
const REFERENCE: &str = "reference";

/// Each flow has a trouble of its own: the one may fail where the other does not.
fn trouble_of(flow: &str) -> String {
    if flow == TICKETS { TROUBLE.to_owned() } else { format!("{TROUBLE}.{flow}") }
}

/// What is remembered of a pass, whatever the flow.
trait Ran {
    fn counts(&self) -> serde_json::Value;
    fn brake(&self) -> &[BrakeReason];
}

impl Ran for PassReport {
    fn counts(&self) -> serde_json::Value {
        serde_json::json!({
            "tickets": self.tickets,
            "looked_at": self.looked_at,
            "read": self.read,
            "writes": self.writes(),
            "full": self.full,
        })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }
}

impl Ran for FollowReport {
    fn counts(&self) -> serde_json::Value {
        serde_json::json!({ "looked_at": self.looked_at, "changed": self.changed, "writes": self.writes() })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }
}

impl Ran for ReferenceReport {
    fn counts(&self) -> serde_json::Value {
        serde_json::json!({ "listed": self.listed, "writes": self.writes })
    }

    fn brake(&self) -> &[BrakeReason] {
        &self.brake
    }
}

/// Told how far a long pass is: kind, done, of how many.
pub type Progress<'p> = &'p (dyn Fn(Kind, usize, usize) + Sync);

/// The systems and the memory of one site.
#[derive(Debug)]
pub struct Site {
    config: Config,
    store: Store,
    gestsup: Gestsup,
    gestan: GatewayClient,
    /// Stands before Gestan where nothing is to be written.
    shadow: Option<Shadow<GatewayClient, Store>>,
    files: Option<UploadFolder>,
    _lock: Option<StateLock>,
    /// Held from the first pass on, for as long as its connection lives.
    daemon_lock: Mutex<Option<DaemonLock>>,
}

/// How an attempt at a pass ended when no system refused.
#[derive(Debug)]
pub enum PassResult<R = PassReport> {
    /// The pass was made.
    Done(Box<R>),
    /// A system failed before and is left alone for a while: a sentence.
    CircuitOpen(String),
}

impl Site {
    /// Opens the site for work: state migrated and locked.
    ///
    /// # Errors
    /// When a secret is missing, or the state cannot be opened or is in use. Systems that are down do
    /// not prevent it.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let path = config.state_file();
        if config.is_shadow() && !path.exists() && config.state.path.exists() {
            // A shadow of a connector that was at work goes on from what is agreed.
            Store::open_read_only(&config.state.path).await?.copy_to(&path).await?;
        }
        let store = Store::open(&path).await?;
        let lock = store.lock()?;
        Self::assemble(config, store, Some(lock)).await
    }

    /// Opens the site to look: nothing will be written, and a service may be at work on it.
    ///
    /// # Errors
    /// As for [`Site::open`], but for the lock.
    pub async fn open_to_look(config: Config) -> anyhow::Result<Self> {
        let path = config.state_file();
        let store = if path.exists() { Store::open_read_only(&path).await? } else { Store::in_memory().await? };
        Self::assemble(config, store, None).await
    }

    async fn assemble(config: Config, store: Store, lock: Option<StateLock>) -> anyhow::Result<Self> {
        let gestsup_config = config.gestsup.as_ref().ok_or_else(|| anyhow!("[gestsup] is missing"))?;
        let password = gestsup_config.password.resolve().context("while reading [gestsup] password")?;
        let gestsup = Gestsup::new(gestsup_config, &password);
        let gestan = gestan_client(&config)?;
        let shadow = config.is_shadow().then(|| Shadow { real: gestan.clone(), memory: store.clone() });
        let documents = &config.documents;
        let folder = documents.folder.clone().filter(|_| documents.enabled);
        let files = folder.map(|folder| UploadFolder::new(folder, gestsup.clone()));
        Ok(Self { config, store, gestsup, gestan, shadow, files, _lock: lock, daemon_lock: Mutex::new(None) })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The memory.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// GestSup.
    pub fn gestsup(&self) -> &Gestsup {
        &self.gestsup
    }

    /// The folder of GestSup's files; `None` where they are not sent.
    pub fn files(&self) -> Option<&UploadFolder> {
        self.files.as_ref()
    }

    /// Gestan.
    pub fn gestan(&self) -> &GatewayClient {
        &self.gestan
    }

    /// The tickets flow of this site.
    ///
    /// # Errors
    /// When `[gestsup]` is missing.
    pub fn tickets(&self) -> anyhow::Result<TicketsFlow<'_>> {
        let gestsup = self.config.gestsup.as_ref().ok_or_else(|| anyhow!("[gestsup] is missing"))?;
        Ok(TicketsFlow {
            source: &self.gestsup,
            gestan: self.shadow.as_ref().map_or(&self.gestan as &dyn Interventions, |shadow| shadow),
            memory: &self.store,
            files: self.files.as_ref().map(|files| files as &dyn Files),
            config: &self.config,
            source_name: &gestsup.source,
            zone: gestsup.time_zone,
            url: gestsup.url.as_ref(),
        })
    }

    /// The follow-up flow of this site.
    ///
    /// # Errors
    /// When `[gestsup]` is missing.
    pub fn follow_up(&self) -> anyhow::Result<FollowUpFlow<'_>> {
        Ok(FollowUpFlow {
            tickets: self.tickets()?,
            changes: &self.gestan,
            desk: &self.gestsup,
            memory: &self.store,
            every_pass: EVERY_PASS,
        })
    }

    /// Whether the follow-up is switched on. In shadow mode nothing is written on either side.
    pub fn follows_up(&self) -> bool {
        self.config.follow_up.enabled && !self.config.is_shadow()
    }

    /// Makes a pass of the follow-up flow, unless a circuit is open; remembers how it ended.
    ///
    /// # Errors
    /// When a system does not answer, or GestSup's account may not write.
    pub async fn follow(
        &self,
        options: &PassOptions,
        cancel: &CancellationToken,
    ) -> anyhow::Result<PassResult<FollowReport>> {
        let flow = self.follow_up()?;
        if options.dry_run {
            let report = flow.pass(options, &Uuid::now_v7().to_string(), Utc::now(), cancel).await?;
            return Ok(PassResult::Done(Box::new(report)));
        }
        let patient = options.only.is_empty();
        self.remembered(FOLLOW_UP, patient, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await).await
    }

    /// The reference flow of this site.
    pub fn reference<'s>(&'s self, progress: Option<Progress<'s>>) -> ReferenceFlow<'s> {
        ReferenceFlow {
            gestan: &self.gestan,
            gestsup: &self.gestsup,
            memory: &self.store,
            settings: &self.config.reference,
            zone: self.gestsup.zone(),
            progress,
        }
    }

    /// Whether the reference flow is switched on. Shadow mode writes on neither side.
    pub fn refers(&self) -> bool {
        self.config.reference.enabled && !self.config.is_shadow()
    }

    /// Makes a pass of the reference flow, unless a circuit is open; remembers how it ended.
    ///
    /// # Errors
    /// When a system does not answer, or GestSup's account may not write.
    pub async fn refer(
        &self,
        options: &PassOptions,
        progress: Option<Progress<'_>>,
        cancel: &CancellationToken,
    ) -> anyhow::Result<PassResult<ReferenceReport>> {
        let flow = self.reference(progress);
        if options.dry_run {
            let report = flow.pass(options, &Uuid::now_v7().to_string(), Utc::now(), cancel).await?;
            return Ok(PassResult::Done(Box::new(report)));
        }
        self.remembered(REFERENCE, true, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await).await
    }

    /// Takes, or keeps, the lock on GestSup's server that keeps a second daemon away, whatever state it
    /// has. Says whether it is held.
    ///
    /// # Errors
    /// When GestSup does not answer.
    pub async fn lock_gestsup(&self) -> Result<bool, PortError> {
        let mut held = self.daemon_lock.lock().await;
        if let Some(lock) = held.as_mut()
            && lock.is_held().await
        {
            return Ok(true);
        }
        let source = self.config.gestsup.as_ref().map_or("gestsup", |gestsup| gestsup.source.as_str());
        *held = self.gestsup.lock(source).await?;
        Ok(held.is_some())
    }

    /// Makes a pass of the tickets flow, unless a circuit is open; remembers how it ended.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn pass(&self, options: &PassOptions, cancel: &CancellationToken) -> anyhow::Result<PassResult> {
        let flow = self.tickets()?;
        if options.dry_run {
            let report = flow.pass(options, &Uuid::now_v7().to_string(), Utc::now(), cancel).await?;
            return Ok(PassResult::Done(Box::new(report)));
        }
        // A pass that a person asked for is worth an attempt.
        let patient = options.only.is_empty();
        self.remembered(TICKETS, patient, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await).await
    }

    /// Brings Gestan in line with GestSup, what a restored base held back included.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn mend(&self, allow_mass_change: bool, cancel: &CancellationToken) -> anyhow::Result<PassResult> {
        let flow = self.tickets()?;
        self.remembered(TICKETS, false, async |run_id| flow.mend(allow_mass_change, run_id, Utc::now(), cancel).await)
            .await
    }

    /// Does work under GestSup's lock and remembers how it ended; a patient one is put off while a
    /// circuit is open.
    async fn remembered<R: Ran>(
        &self,
        flow: &'static str,
        patient: bool,
        work: impl AsyncFnOnce(&str) -> Result<R, PortError>,
    ) -> anyhow::Result<PassResult<R>> {
        let run_id = Uuid::now_v7().to_string();
        for system in [System::Gestsup, System::Gestan] {
            let circuit = self.store.circuit(system).await?;
            if patient && circuit.is_open(Utc::now()) {
                return Ok(PassResult::CircuitOpen(circuit.sentence()));
            }
        }
        let locked = self.lock_gestsup().await;
        if let Ok(false) = locked {
            return Ok(PassResult::CircuitOpen(OTHER_DAEMON.to_owned()));
        }
        self.store.start_run(&run_id, flow, Utc::now()).await?;
        let worked = match locked {
            Ok(_) => work(&run_id).await,
            Err(error) => Err(error),
        };
        match worked {
            Ok(report) => {
                for system in [System::Gestsup, System::Gestan] {
                    self.store.record_success(system).await?;
                }
                self.recovered(flow, &run_id).await?;
                let (counts, brake) = (report.counts(), report.brake());
                let ending = if brake.is_empty() { "done" } else { "braked" };
                let error =
                    (!brake.is_empty()).then(|| brake.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
                self.store.end_run(&run_id, Utc::now(), ending, &counts, error.as_deref()).await?;
                Ok(PassResult::Done(Box::new(report)))
            }
            Err(error) => Err(self.failed(flow, &run_id, error).await.into()),
        }
    }

    /// Counts a failure of a whole system against its circuit. What cannot be remembered, since it is the
    /// state that fails, is told all the same.
    async fn failed(&self, flow: &'static str, run_id: &str, mut error: PortError) -> PortError {
        if matches!(error.blast, Blast::Retry | Blast::Record) {
            // It stopped a pass: no record is to blame for it.
            error.blast = Blast::System;
        }
        let now = Utc::now();
        if error.system != System::State && error.blast == Blast::System {
            let _ = self.store.record_failure(error.system, &error.message, error.retry_after, now).await;
        }
        let _ = self.troubled(flow, run_id, &error).await;
        let _ = self.store.end_run(run_id, now, "failed", &serde_json::Value::Null, Some(&error.message)).await;
        error
    }

    /// The journal tells once that passes fail, and why.
    async fn troubled(&self, flow: &'static str, run_id: &str, error: &PortError) -> Result<(), PortError> {
        let kind = format!("{}/{:?}", error.system.as_str(), error.blast);
        let known = self.store.value(&trouble_of(flow)).await?.unwrap_or_default();
        if known.split_once(' ').is_some_and(|(_, known)| known == kind) {
            return Ok(());
        }
        let since = known.split_once(' ').map_or_else(|| Utc::now().to_rfc3339(), |(since, _)| since.to_owned());
        self.store.set_value(&trouble_of(flow), &format!("{since} {kind}")).await?;
        self.tell(flow, run_id, Outcome::Failed, format!("No pass can be made: {}", error.message)).await
    }

    /// The journal tells that passes are made again.
    async fn recovered(&self, flow: &'static str, run_id: &str) -> Result<(), PortError> {
        let known = self.store.value(&trouble_of(flow)).await?.unwrap_or_default();
        let Some((since, _)) = known.split_once(' ') else { return Ok(()) };
        let lasted = DateTime::parse_from_rfc3339(since).map(|since| voice::lasted(Utc::now() - since.to_utc()));
        self.store.set_value(&trouble_of(flow), "").await?;
        let message = format!("Passes are made again, after {} without", lasted.unwrap_or_default());
        self.tell(flow, run_id, Outcome::Done, message).await
    }

    async fn tell(&self, flow: &'static str, run_id: &str, outcome: Outcome, message: String) -> Result<(), PortError> {
        let line = JournalEntry {
            at: Utc::now(),
            run_id: run_id.to_owned(),
            flow: flow.to_owned(),
            ticket: None,
            gestan_id: None,
            action: "pass".to_owned(),
            outcome,
            message,
            detail: serde_json::Value::Null,
        };
        self.store.commit(vec![Commit { journal: vec![line], ..Commit::default() }]).await
    }
}

/// The client of the gateway that the configuration names.
///
/// # Errors
/// When a secret or a certificate cannot be read.
pub fn gestan_client(config: &Config) -> anyhow::Result<GatewayClient> {
    let gestan = config.gestan.as_ref().ok_or_else(|| anyhow!("[gestan] is missing"))?;
    if gestan.gateway == "embedded" {
        return Ok(GatewayClient::embedded(Arc::new(embedded_gateway(config)?)));
    }
    let token =
        gestan.token.as_ref().map(|token| token.resolve().context("while reading [gestan] token")).transpose()?;
    let timeout = Duration::from_secs(gestan.timeout_seconds);
    Ok(GatewayClient::remote(&gestan.gateway, token, gestan.ca_file.as_deref(), timeout)?)
}

/// The gateway of this configuration.
///
/// # Errors
/// When its base's password cannot be read.
pub fn embedded_gateway(config: &Config) -> anyhow::Result<Gateway> {
    let gateway = config.gateway.as_ref().ok_or_else(|| anyhow!("[gateway] is missing"))?;
    let password = gateway.base.password.resolve().context("while reading [gateway.base] password")?;
    Ok(Gateway::new(gateway, &password))
}
