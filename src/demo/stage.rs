//! What the story is played on: the bases, the real program with a configuration file, and a place to
//! print.

use super::compare::{Pair, pairs};
use super::dovecot::PrivateDovecot;
use super::erp::Erp;
use super::help_desk::HelpDesk;
use super::mails_out;
use super::mariadb::PrivateMariaDb;
use super::sandbox::Sandbox;
use super::service::{self, Service};
use super::smtp::PrivateSmtp;
use anyhow::{Context as _, bail};
use chrono::NaiveDateTime;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// The bases and the program.
#[derive(Debug)]
pub(super) struct Stage {
    pub desk: HelpDesk,
    pub erp: Erp,
    pub sandbox: Sandbox,
    /// The server that mails are sent to; `None` where it is not installed.
    pub smtp: Option<PrivateSmtp>,
    config: PathBuf,
    folder: PathBuf,
    /// Where the service listens.
    address: String,
    service: Option<Service>,
    /// The mail server, and the configuration before it.
    mail: Option<(PrivateDovecot, String)>,
    acts: u32,
    /// What was not as the story says.
    pub failed: Vec<String>,
}

/// Configuration of the demonstration, beyond the servers.
const MORE: &str = r#"[tickets]
start_at = "2026-01-01T00:00:00"

[mapping.equipment]
unmatched = "without"

[mapping.genre]
default = "depannage"
rules = [{ when = { type = "Demande" }, genre = "installation" }]

[mapping.priority]
"Urgent" = "haute"
"Haute" = "haute"
"Moyenne" = "normale"

[mapping.billing]
product = "MO-HEURE"
by_genre = { installation = "MO-INST" }
rules = [{ when = { category = "Garantie" }, billable = false }]
contracts = true

[mapping.mode]
rules = [{ when = { type = "Incident", category = "Logiciel" }, mode = "anomalies" }]

[mapping.anomalies]
default_type = "logiciel"

[mapping.time]
to_conso = true

[follow_up]
enabled = true

[reference]
enabled = true

[gateway.psp]
group = 3
create = true

[gateway.tasks]
query = "SELECT IDTACHE AS task, PROJET AS project, NOM AS label, FINIE AS closed FROM TACHES"

[gateway.contracts]
query = "SELECT NUM_CONTRAT AS number, IDCONTACT AS client FROM CONTRAT WHERE ST_CONTRAT = 1"
"#;

#[cfg(all(feature = "hfsql", feature = "failpoints"))]
async fn behind_odbc(sandbox: Sandbox, server: &PrivateMariaDb) -> anyhow::Result<Sandbox> {
    sandbox.over_odbc(&super::odbc::StandIn::in_folder(server.folder())?).await
}

#[cfg(not(all(feature = "hfsql", feature = "failpoints")))]
async fn behind_odbc(_: Sandbox, _: &PrivateMariaDb) -> anyhow::Result<Sandbox> {
    anyhow::bail!("this program was built without what stands in for HFSQL: ./scripts/demo --gestan odbc builds it")
}

impl Stage {
    pub(super) async fn build(server: &PrivateMariaDb, over_odbc: bool) -> anyhow::Result<Self> {
        let mut sandbox = Sandbox::create(server, "demo").await?;
        if over_odbc {
            sandbox = behind_odbc(sandbox, server).await?;
        }
        let monday: NaiveDateTime = "2026-11-16T08:30:00".parse()?;
        let desk = sandbox.help_desk(monday).await?;
        let erp = sandbox.erp().await?;
        // Beside the server's files, so that whatever ends the demonstration removes both.
        let config = server.folder().join("connector.toml");
        let folder = server.folder().to_owned();
        std::fs::create_dir_all(folder.join("upload/ticket"))?;
        std::fs::create_dir_all(folder.join("DOCUMENTS"))?;
        let more = format!(
            "{MORE}\n[documents]\nenabled = true\nfolder = \"{0}/upload\"\n\n[gateway.documents]\nfolder = \"{0}/DOCUMENTS\"\n",
            folder.display()
        );
        let smtp = PrivateSmtp::start().ok();
        let more = format!("{more}{}", smtp.as_ref().map(mails_out::settings).unwrap_or_default());
        let (listening, address) = service::settings()?;
        let more = format!("{more}{listening}");
        std::fs::write(&config, sandbox.config(&folder.join("state.db"), &more))?;
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            desk,
            erp,
            sandbox,
            smtp,
            config,
            folder,
            address,
            service: None,
            mail: None,
            acts: 0,
            failed: Vec::new(),
        })
    }

    /// Starts the service.
    pub(super) async fn start_service(&mut self) -> anyhow::Result<()> {
        println!("\n$ systemctl start gestan-connector        (here: gestan-connector run)");
        self.service = Some(Service::start(&self.config, &self.address).await?);
        Ok(())
    }

    /// Whether the service says that it is well.
    pub(super) async fn is_well(&self) -> bool {
        match &self.service {
            Some(service) => service.is_well().await,
            None => false,
        }
    }

    /// Changes the configuration, and has the running service take it.
    pub(super) fn reconfigure(&mut self, change: impl FnOnce(String) -> String) -> anyhow::Result<()> {
        std::fs::write(&self.config, change(std::fs::read_to_string(&self.config)?))?;
        println!("\n$ systemctl reload gestan-connector");
        self.service.as_ref().map_or(Ok(()), Service::reload)
    }

    /// Waits until something is so, without a command being given.
    pub(super) async fn wait_for(
        &mut self,
        mut so: impl AsyncFnMut(&mut Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while !so(self).await? {
            if begun.elapsed() > Duration::from_secs(60) {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(true)
    }

    /// Stops the service.
    pub(super) async fn stop_service(&mut self) -> anyhow::Result<()> {
        let Some(service) = self.service.take() else { return Ok(()) };
        println!("\n$ systemctl stop gestan-connector");
        let words = service.last_words();
        let (took, well) = service.stop().await?;
        if !well {
            println!("  {words}");
        }
        self.expect("the service ended within 10 seconds", well && took < Duration::from_secs(10));
        Ok(())
    }

    /// Adds a mail server, and what the connector is told of it.
    pub(super) fn add_mailbox(&mut self, server: PrivateDovecot, more: &str) -> anyhow::Result<()> {
        self.mail = Some((server, std::fs::read_to_string(&self.config)?));
        self.reconfigure(|text| format!("{text}{more}"))
    }

    /// Where the customers' mails arrive.
    pub(super) fn mailbox(&self) -> Option<&PrivateDovecot> {
        self.mail.as_ref().map(|(server, _)| server)
    }

    /// GestSup's folder of uploaded files.
    pub(super) fn upload(&self) -> PathBuf {
        self.folder.join("upload")
    }

    /// Gestan's folder of documents.
    pub(super) fn documents(&self) -> PathBuf {
        self.folder.join("DOCUMENTS")
    }

    /// Announces an act.
    pub(super) fn act(&mut self, title: &str) {
        self.acts += 1;
        println!("\n━━ {}. {title}", self.acts);
    }

    /// Runs the real program as an administrator would, and shows what it prints.
    pub(super) async fn run(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        println!("\n$ gestan-connector {}", arguments.join(" "));
        let (code, text) = self.call(arguments).await?;
        for line in text.lines() {
            println!("  {line}");
        }
        // 1: some records wait or failed, which the story tells of.
        if code != 0 && code != 1 {
            bail!("gestan-connector {} ended with exit code {code}", arguments.join(" "));
        }
        Ok(())
    }

    /// Runs the real program and returns the JSON that it prints.
    pub(super) async fn ask(&self, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
        let (_, text) = self.call(&[arguments, &["--json"]].concat()).await?;
        serde_json::from_str(&text).with_context(|| format!("gestan-connector {} printed: {text}", arguments.join(" ")))
    }

    async fn call(&self, arguments: &[&str]) -> anyhow::Result<(i32, String)> {
        let program = std::env::current_exe().context("while looking for this program")?;
        let output = Command::new(program)
            .arg("--config")
            .arg(&self.config)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let errors = String::from_utf8_lossy(&output.stderr);
        if !errors.trim().is_empty() {
            println!("  {}", errors.trim_end().replace('\n', "\n  "));
        }
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        Ok((output.status.code().unwrap_or(-1), text))
    }

    /// Shows both sides of these tickets; all of them when none is named.
    pub(super) async fn show(&mut self, tickets: &[i64]) -> anyhow::Result<Vec<Pair>> {
        let pairs = pairs(&self.sandbox).await?;
        let rows = pairs.iter().filter(|pair| tickets.is_empty() || tickets.contains(&pair.ticket)).map(Pair::row);
        println!();
        for line in crate::cli::table(&Pair::HEADERS, rows).lines() {
            println!("  {line}");
        }
        Ok(pairs)
    }

    /// Something that the story says must be so.
    pub(super) fn expect(&mut self, what: &str, so: bool) {
        if so {
            println!("  ✓ {what}");
        } else {
            println!("  ✗ {what}");
            self.failed.push(what.to_owned());
        }
    }

    /// How to look at servers that are kept.
    pub(super) fn explain(&self, server: &PrivateMariaDb) {
        if let Some((_, before)) = &self.mail {
            // The mail server does not stay.
            let _ = std::fs::write(&self.config, before);
        }
        let (socket, config) = (server.folder().join("s"), self.config.display());
        let program =
            std::env::current_exe().map_or_else(|_| "gestan-connector".to_owned(), |path| path.display().to_string());
        println!("\nThe servers stay up:");
        println!("  GestSup's base:    mariadb --socket={} {}", socket.display(), self.sandbox.gestsup);
        println!("  Gestan's base:     mariadb --socket={} {}", socket.display(), self.sandbox.gestan);
        println!("  the connector:     {program} --config {config} status");
    }
}
