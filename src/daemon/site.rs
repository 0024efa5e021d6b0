//! Everything that one pair of GestSup and Gestan needs, put together from the configuration: no
//! process-wide state, so that a host can one day serve several.

use super::flow::Flow;
use super::pulse::Pulse;
use crate::config::Config;
use crate::flows::PortError;
use crate::flows::follow_up::{EVERY_PASS, FollowReport, FollowUpFlow};
use crate::flows::notify::{NotifyFlow, NotifyReport, Post, Templates};
use crate::flows::reference::{Kind, Mirror, ReferenceFlow, ReferenceReport};
use crate::flows::tickets::{Files, Interventions, PassOptions, PassReport, Shadow, TicketsFlow};
use crate::gateway::Gateway;
use crate::gestan::GatewayClient;
use crate::gestsup::{DaemonLock, Gestsup, MailRoom, UploadFolder};
use crate::mailbox::ImapMailboxes;
use crate::smtp::MailServer;
use crate::store::{StateLock, Store};
use anyhow::{Context as _, anyhow, bail};
use chrono::Utc;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// Why a second daemon must not work on a base.
pub const OTHER_DAEMON: &str = "another gestan-connector works on this GestSup base, with a state of its own: stop it first (SHOW PROCESSLIST on GestSup's server tells from which machine)";

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
    pub(super) mailboxes: ImapMailboxes,
    pub(super) mail_room: MailRoom,
    lock: Option<Arc<StateLock>>,
    /// Held from the first pass on, for as long as its connection lives.
    daemon_lock: Arc<Mutex<Option<DaemonLock>>>,
    /// Held by whoever works on the links between tickets and Gestan.
    links: Arc<Mutex<()>>,
    /// Held by whoever works on the outbox.
    outbox: Arc<Mutex<()>>,
    templates: Templates,
    post: Option<MailServer>,
    /// Held by whoever works on the mailboxes.
    pub(super) mails: Arc<Mutex<()>>,
    /// Gestan's lists as the reference flow last read them; another configuration reads them anew.
    mirror: Mutex<Option<Mirror>>,
    /// Where they lie.
    scratch: PathBuf,
    pub(super) pulse: Arc<Pulse>,
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
        let lock = Arc::new(store.lock()?);
        Self::assemble(config, store, Some(lock))
    }

    /// Opens the site to look: nothing will be written, and a service may be at work on it.
    ///
    /// # Errors
    /// As for [`Site::open`], but for the lock.
    pub async fn open_to_look(config: Config) -> anyhow::Result<Self> {
        let path = config.state_file();
        let store = if path.exists() { Store::open_read_only(&path).await? } else { Store::in_memory().await? };
        Self::assemble(config, store, None)
    }

    /// The same site with another configuration: what is under way goes on with the old one.
    ///
    /// # Errors
    /// When it names another GestSup or another state, for which the service must be started again; or a secret is missing.
    pub fn reconfigured(&self, config: Config) -> anyhow::Result<Self> {
        let base = |config: &Config| {
            let gestsup = config.gestsup.as_ref();
            gestsup.map(|known| (known.source.clone(), known.host.clone(), known.port, known.database.clone()))
        };
        if config.state_file() != self.config.state_file() {
            bail!("another state ([state] path, or [gestan] shadow) needs a restart of the service");
        }
        if base(&config) != base(&self.config) {
            bail!("another GestSup ([gestsup] source, host, port or database) needs a restart of the service");
        }
        let door = |config: &Config| {
            config.gestan.as_ref().and_then(|gestan| Some((gestan.gateway.clone(), gestan.door.clone()?)))
        };
        if door(&config) != door(&self.config) {
            bail!("another door for gateways ([gestan.door]) needs a restart of the service");
        }
        let mut site = Self::assemble(config, self.store.clone(), self.lock.clone())?;
        site.daemon_lock = Arc::clone(&self.daemon_lock);
        site.links = Arc::clone(&self.links);
        site.outbox = Arc::clone(&self.outbox);
        site.mails = Arc::clone(&self.mails);
        site.pulse = Arc::clone(&self.pulse);
        Ok(site)
    }

    fn assemble(config: Config, store: Store, lock: Option<Arc<StateLock>>) -> anyhow::Result<Self> {
        let gestsup_config = config.gestsup.as_ref().ok_or_else(|| anyhow!("[gestsup] is missing"))?;
        let password = gestsup_config.password.resolve().context("while reading [gestsup] password")?;
        let gestsup = Gestsup::new(gestsup_config, &password);
        let gestan = gestan_client(&config)?;
        let shadow = config.is_shadow().then(|| Shadow { real: gestan.clone(), memory: store.clone() });
        let documents = &config.documents;
        let folder = documents.folder.clone().filter(|_| documents.enabled);
        let files = folder.map(|folder| UploadFolder::new(folder, gestsup.clone()));
        let templates = Templates::load(config.notify.templates.as_deref())?;
        let post = MailServer::new(&config.notify);
        let mailboxes = ImapMailboxes::new(&config.mail.mailboxes);
        let mail_room = MailRoom::new(gestsup.clone(), &gestsup_config.source, config.upload_folder());
        let beside = store.path().parent().filter(|folder| !folder.as_os_str().is_empty());
        let scratch = beside.map_or_else(std::env::temp_dir, std::path::Path::to_owned);
        Ok(Self {
            mirror: Mutex::default(),
            scratch,
            config,
            store,
            gestsup,
            gestan,
            shadow,
            files,
            mailboxes,
            mail_room,
            lock,
            daemon_lock: Arc::default(),
            links: Arc::default(),
            outbox: Arc::default(),
            templates,
            post,
            mails: Arc::default(),
            pulse: Arc::default(),
        })
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
        let patient = options.only.is_empty();
        self.make(Flow::FollowUp, options, patient, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await)
            .await
    }

    /// The reference flow of this site.
    pub fn reference<'s>(&'s self, progress: Option<Progress<'s>>) -> ReferenceFlow<'s> {
        ReferenceFlow {
            gestan: &self.gestan,
            gestsup: &self.gestsup,
            memory: &self.store,
            source: self.config.gestsup.as_ref().map_or("gestsup", |gestsup| gestsup.source.as_str()),
            settings: &self.config.reference,
            zone: self.gestsup.zone(),
            mirror: &self.mirror,
            scratch: &self.scratch,
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
        self.make(Flow::Reference, options, true, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await)
            .await
    }

    /// The notify flow of this site.
    pub fn notices(&self) -> NotifyFlow<'_> {
        NotifyFlow {
            desk: &self.gestsup,
            post: self.post.as_ref().map(|post| post as &dyn Post),
            actions: &self.gestan,
            source_name: self.config.gestsup.as_ref().map_or("gestsup", |gestsup| gestsup.source.as_str()),
            memory: &self.store,
            templates: &self.templates,
            config: &self.config,
            zone: self.gestsup.zone(),
            url: self.config.gestsup.as_ref().and_then(|gestsup| gestsup.url.as_ref()),
        }
    }

    /// The server that mails are sent through.
    pub fn mail_server(&self) -> Option<&MailServer> {
        self.post.as_ref()
    }

    /// The texts of mails.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// Whether the notify flow is switched on. In shadow mode nobody is told anything.
    pub fn notifies(&self) -> bool {
        self.config.notify.enabled && !self.config.is_shadow()
    }

    /// Makes a pass of the notify flow, unless a circuit is open; remembers how it ended.
    ///
    /// # Errors
    /// When GestSup does not answer.
    pub async fn notify(
        &self,
        options: &PassOptions,
        cancel: &CancellationToken,
    ) -> anyhow::Result<PassResult<NotifyReport>> {
        let flow = self.notices();
        let patient = options.only.is_empty();
        self.make(Flow::Notify, options, patient, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await)
            .await
    }

    /// Waits until nobody works on the outbox, and keeps others away.
    pub async fn alone_with_outbox(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.outbox).lock_owned().await
    }

    /// Waits until nobody works on the links, and keeps others away: for decisions that people make.
    pub async fn alone(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.links).lock_owned().await
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
        // A pass that a person asked for is worth an attempt.
        let patient = options.only.is_empty();
        self.make(Flow::Tickets, options, patient, async |run_id| flow.pass(options, run_id, Utc::now(), cancel).await)
            .await
    }

    /// Brings Gestan in line with GestSup, what a restored base held back included.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn mend(&self, allow_mass_change: bool, cancel: &CancellationToken) -> anyhow::Result<PassResult> {
        let flow = self.tickets()?;
        self.remembered(Flow::Tickets, false, async |run_id| {
            flow.mend(allow_mass_change, run_id, Utc::now(), cancel).await
        })
        .await
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
