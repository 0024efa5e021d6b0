//! `run`: the lanes at work, and the loop around them that hears signals, reloads the configuration, notices that the
//! clock was set, and tells systemd that all goes on.

use super::clock::{Ticker, jump_sentence};
use super::flow::Flow;
use super::lane::{Lane, Wakes};
use super::signals::{Asked, Signals};
use super::site::Site;
use super::socket::{Commands, Socket};
use super::watch::watch;
use super::{door, monitor, systemd};
use crate::config::Config;
use anyhow::Context as _;
use chrono::Utc;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Reads the configuration again, all mistakes at once.
pub type Reload = Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>;

/// How long passes may take to end once the service is asked to: systemd and people wait no longer than ten seconds.
const STOPS_WITHIN: Duration = Duration::from_secs(8);
/// A lane that has not looked for work in so long does not go on.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// How often old lines of the journal are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How often the line of `systemctl status` is written again.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// Works until SIGTERM or SIGINT. What is under way ends between two records, within ten seconds; a second signal ends the
/// process at once. SIGHUP reads the configuration again: a bad one is refused, and the old one stays.
///
/// # Errors
/// When signals cannot be listened to, or the state cannot be closed.
pub async fn serve(site: Site, reload: Reload, commands: Arc<dyn Commands>) -> anyhow::Result<()> {
    let cancel = CancellationToken::new();
    let mut signals = Signals::listen().context("while listening to signals")?;
    let mut ticker = Ticker::start().await.context("while starting the clock")?;
    tracing::info!(
        flows = flows(&site).join(","),
        schedule = %site.config().tickets.schedule,
        "gestan-connector {} is at work",
        env!("CARGO_PKG_VERSION")
    );
    if site.config().is_shadow() {
        tracing::warn!("shadow mode ([gestan] shadow = true): nothing is written to Gestan");
    }
    door::open(&site, &cancel).await?;
    let (sender, sites) = watch::channel(Arc::new(site));
    let wakes = Arc::new(Wakes::default());
    let mut lanes = JoinSet::new();
    for name in Flow::ALL.into_iter().map(Flow::lane).collect::<BTreeSet<_>>() {
        let (sites, ticks) = (sites.clone(), ticker.ticks());
        let lane = Lane { name, sites, ticks, wakes: Arc::clone(&wakes), cancel: cancel.clone() };
        lanes.spawn(lane.work());
    }
    lanes.spawn(watch(sites.clone(), Arc::clone(&wakes), cancel.clone()));
    let path = sites.borrow().config().socket();
    let socket = Socket::listen(&path)
        .with_context(|| format!("while listening at {} for commands ([service] socket)", path.display()))?;
    let listening = tokio::spawn(socket.serve(sites.clone(), Arc::clone(&wakes), commands, cancel.clone()));
    // Never in the condition itself: what was borrowed there would stay so while the service listens, and hold up a reload.
    let address = sites.borrow().config().service.listen;
    if let Some(address) = address {
        monitor::listen(address, sites.clone(), cancel.clone())
            .await
            .with_context(|| format!("while listening at {address} for monitoring ([service] listen)"))?;
    }
    systemd::ready("at work");
    let (mut told, mut tidied) = (Instant::now(), None::<Instant>);
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Reload => renew(&sender, &reload),
            },
            jump = ticker.tick() => if let Some(jump) = jump {
                tracing::warn!("{}", jump_sentence(jump));
                if jump < chrono::TimeDelta::zero() {
                    // What was left alone until a time that is now further away is tried again.
                    let site = Arc::clone(&sites.borrow());
                    let _ = site.store().forget_pauses().await;
                }
            },
            Some(ended) = lanes.join_next() => {
                // A lane ends when it is told to, which it was not.
                let why = ended.err().map(|error| error.to_string()).unwrap_or_default();
                tracing::error!("the service ends, since a part of it did: {why}");
                anyhow::bail!("a part of the service ended by itself: {why}");
            }
        }
        let site = Arc::clone(&sites.borrow());
        if tidied.is_none_or(|last| last.elapsed() >= TIDY_EVERY) {
            tidied = Some(Instant::now());
            tokio::spawn(tidy(Arc::clone(&site)));
        }
        match site.pulse.stuck(SILENCE) {
            None => systemd::alive(),
            Some(sentence) => tracing::error!("{sentence}; systemd will start the service again"),
        }
        if told.elapsed() >= STATUS_EVERY {
            told = Instant::now();
            systemd::status(&status(&site));
        }
    }
    tracing::info!("stopping: the record under way is finished first");
    systemd::stopping();
    cancel.cancel();
    tokio::spawn(async move {
        signals.stop().await;
        tracing::warn!("stopped at once by a second signal; the next start goes on from here");
        std::process::exit(0);
    });
    let ended = async {
        while lanes.join_next().await.is_some() {}
        let _ = listening.await;
    };
    if tokio::time::timeout(STOPS_WITHIN, ended).await.is_err() {
        tracing::warn!("a record takes too long: stopped all the same; the next start looks at it again");
    }
    ticker.stop().await;
    let site = Arc::clone(&sites.borrow());
    site.store().checkpoint().await?;
    tracing::info!("stopped");
    Ok(())
}

/// The flows that are on.
fn flows(site: &Site) -> Vec<&'static str> {
    Flow::on(site).map(Flow::as_str).collect()
}

/// Puts a new configuration in the place of the old one, unless it has mistakes.
fn renew(sites: &watch::Sender<Arc<Site>>, reload: &Reload) {
    systemd::reloading();
    let renewed = reload().and_then(|config| sites.borrow().reconfigured(config));
    match renewed {
        Ok(site) => {
            tracing::info!(
                flows = flows(&site).join(","),
                "the configuration was read again: it counts from the next pass on"
            );
            sites.send_replace(Arc::new(site));
            systemd::ready("at work");
        }
        Err(error) => {
            tracing::error!("the new configuration is refused, the old one stays: {error:#}");
            systemd::ready("at work with the old configuration: the new one is refused, see the log");
        }
    }
}

/// Has the state forget what is older than it is to remember.
async fn tidy(site: Arc<Site>) {
    let moment = Utc::now() - chrono::TimeDelta::days(site.config().state.journal_days.into());
    match site.store().forget_before(moment).await {
        Ok(0) => {}
        Ok(lines) => tracing::info!(
            lines,
            "the journal goes back {} days: older lines are gone",
            site.config().state.journal_days
        ),
        Err(error) => tracing::warn!("the journal could not be made shorter: {error}"),
    }
}

/// The line of `systemctl status`.
fn status(site: &Site) -> String {
    let counts = site.pulse.counts();
    let flows = counts.iter().map(|(flow, counts)| {
        let ending = counts.last_ending.map_or("", super::pulse::Ending::as_str);
        format!("{}: {} passes, {} writes, last {ending}", flow.as_str(), counts.passes, counts.writes)
    });
    let text = flows.collect::<Vec<_>>().join("; ");
    if text.is_empty() { "at work".to_owned() } else { text }
}
