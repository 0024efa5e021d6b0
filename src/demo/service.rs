//! The real service, as systemd would run it: the story's people work while it does, and commands reach it by its socket.

use anyhow::{Context as _, bail};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// The unit that is delivered.
const UNIT: &str = include_str!("../../systemd/gestan-connector.service");
/// How long the service may take to begin, or to see something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `gestan-connector run`; it ends with this value.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    health: String,
    log: PathBuf,
}

/// What the configuration says of it, and the address that it then listens at.
///
/// # Errors
/// When no port is free.
pub(super) fn settings() -> anyhow::Result<(String, String)> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
    let address = format!("127.0.0.1:{port}");
    Ok((format!("\n[service]\nlisten = \"{address}\"\n"), address))
}

impl Service {
    /// Starts it and waits until it says that it is well.
    ///
    /// # Errors
    /// When it ends at once, or does not begin in time.
    pub(super) async fn start(config: &Path, address: &str) -> anyhow::Result<Self> {
        let log = config.with_file_name("service.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let child = Command::new(std::env::current_exe().context("while looking for this program")?)
            .arg("--config")
            .arg(config)
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .context("while starting the service")?;
        let mut service = Self { child, health: format!("http://{address}/healthz"), log };
        let begun = Instant::now();
        while !service.is_well().await {
            if let Some(status) = service.child.try_wait()? {
                bail!("the service ended with {status}: {}", service.last_words());
            }
            if begun.elapsed() > PATIENCE {
                bail!("the service did not begin within {} s: {}", PATIENCE.as_secs(), service.last_words());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(service)
    }

    /// Whether `/healthz` says that it does its work.
    pub(super) async fn is_well(&self) -> bool {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build();
        let Ok(client) = client else { return false };
        client.get(&self.health).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Has it read its configuration again.
    ///
    /// # Errors
    /// When it is not there any more.
    pub(super) fn reload(&self) -> anyhow::Result<()> {
        self.signal("-HUP")
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().context("the service is not there any more")?;
        let sent = std::process::Command::new("kill").args([name, &pid.to_string()]).status()?;
        anyhow::ensure!(sent.success(), "the service could not be sent {name}");
        Ok(())
    }

    /// Stops it as systemd would; says how long that took, and whether it ended well.
    ///
    /// # Errors
    /// When it is not there any more.
    pub(super) async fn stop(mut self) -> anyhow::Result<(Duration, bool)> {
        self.signal("-TERM")?;
        let begun = Instant::now();
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        Ok((begun.elapsed(), matches!(ended, Ok(Ok(status)) if status.success())))
    }

    /// The last lines of its log.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }
}

/// How exposed the delivered unit is, from 0 to 10 as `systemd-analyze security` counts; `None` where it is not installed.
pub(super) fn exposure() -> Option<f64> {
    let folder = tempfile::tempdir().ok()?;
    let unit = folder.path().join("gestan-connector.service");
    let program = std::env::current_exe().ok()?;
    std::fs::write(&unit, UNIT.replace("/usr/bin/gestan-connector", program.to_str()?)).ok()?;
    let output = std::process::Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--no-pager"])
        .arg(&unit)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().find(|line| line.contains("exposure level"))?;
    line.split(": ").nth(1)?.split_whitespace().next()?.parse().ok()
}
