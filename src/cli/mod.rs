//! The command line: one file a subcommand. Everything printed here is for people, or with `--json`
//! for programs; nothing else in the program prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

/// As the standard library's, but that a reader who has seen enough (`| head`) is no reason to panic.
macro_rules! println {
    ($($what:tt)*) => { crate::cli::screen::put(format_args!("{}\n", format_args!($($what)*))) };
}
macro_rules! print {
    ($($what:tt)*) => { crate::cli::screen::put(format_args!($($what)*)) };
}

mod activity;
mod billing;
mod check;
mod demo;
mod doctor;
mod exit;
mod explain;
mod follow_up;
mod gateway;
mod generate;
mod grants;
mod healthcheck;
mod init;
mod journal;
mod link;
mod mail;
mod notify;
mod odbc_worker;
mod output;
mod reconcile;
mod reference;
mod remote;
mod retry;
mod run;
mod screen;
mod show;
mod state;
mod status;
mod sync;
mod undo;
#[cfg(windows)]
mod windows;

pub use exit::{ExitCode, exit_code};
pub use output::{report_error, table};

use crate::config::{self, Config, Loaded, LogFormat, Role};
use crate::daemon::Site;
use crate::telemetry::{self, Destination, LogHandle};
use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The configuration that is read where no other one is named.
const CONFIG: &str = if cfg!(windows) {
    r"C:\ProgramData\gestan-connector\connector.toml"
} else {
    "/etc/gestan-connector/connector.toml"
};

/// Keeps a GestSup help-desk and a Gestan ERP in step.
#[derive(Debug, Parser)]
#[command(name = "gestan-connector", version, about, max_term_width = 100)]
pub struct Cli {
    /// Configuration file.
    #[arg(long, short, global = true, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// Print JSON instead of text, for programs.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set the connector up: four short screens, each system tried on the spot, and a configuration that works.
    Init(Box<init::Init>),
    /// Work as a service: a pass at every interval, until a signal ends it.
    Run(run::Run),
    /// Make one pass now.
    Sync(sync::Sync),
    /// Check the configuration; with --online, both systems too.
    Check(check::Check),
    /// Ask the running service whether it does its work.
    Healthcheck(healthcheck::Healthcheck),
    /// Say what is in step, what waits and what failed.
    Status(status::Status),
    /// Print what was done, and why not.
    Journal(journal::Journal),
    /// Say how many tickets were opened and resolved in a period, and the time spent on them.
    Activity(activity::Activity),
    /// Explain a code or a message of the log: its cause, and what to do.
    Explain(explain::Explain),
    /// List mails and what became of them, or take one in after all.
    Mail(mail::Mail),
    /// Tell the whole story of one ticket.
    Show(show::Show),
    /// Have tickets that were set aside, or wait for their next attempt, tried on the next pass.
    Retry(retry::Retry),
    /// Take a pass back: show, and with --yes put back, the values that it set in Gestan and that nobody changed since.
    Undo(undo::Undo),
    /// Show where both sides differ, and bring Gestan in line.
    Reconcile(reconcile::Reconcile),
    /// Make interventions that people made by hand the tickets' own.
    Link(link::Link),
    /// Decide which row of GestSup a client, contact, machine or user of Gestan is.
    Reference(reference::Reference),
    /// Write one archive for support: versions, configuration without secrets, checks, journal, samples without names.
    Doctor(doctor::Doctor),
    /// See the mails that go out, send one again, or take one back.
    Notify(notify::Notify),
    /// Copy, restore, check or rebuild what the connector remembers.
    State(state::State),
    /// Print the GRANT statements for the database accounts: what the flows that are on need, and no more.
    Grants(grants::Grants),
    /// Serve Gestan's base to a connector elsewhere, install what it needs, or look for its codes.
    Gateway(gateway::Gateway),
    /// See the connector at work on servers of its own, without touching yours.
    Demo(demo::Demo),
    /// Write manual pages and completions, for a package.
    #[command(hide = true)]
    Generate(generate::Generate),
    #[command(hide = true)]
    OdbcWorker(odbc_worker::OdbcWorker),
}

impl Cli {
    /// Carries the command out.
    ///
    /// # Errors
    /// A chain that reads as a sentence; [`exit_code`] tells the exit code for it.
    pub async fn execute(self) -> anyhow::Result<ExitCode> {
        let code = self.carry_out().await?;
        match screen::lost() {
            Some(error) => bail!("what was printed could not be written ({error}): it is not whole"),
            None => Ok(code),
        }
    }

    async fn carry_out(self) -> anyhow::Result<ExitCode> {
        let globals = Globals::new(self.config, self.json);
        if let Some(files) = self.command.needs_state()
            && let Some(code) = remote::ask(&globals.config, &files).await?
        {
            return Ok(ExitCode::of(code));
        }
        match self.command {
            Command::Init(init) => init.execute(&globals).await,
            Command::Run(run) => run.execute(&globals).await,
            Command::Sync(sync) => sync.execute(&globals).await,
            Command::Check(check) => check.execute(&globals).await,
            Command::Healthcheck(healthcheck) => healthcheck.execute(&globals).await,
            Command::State(state) => state.execute(&globals).await,
            Command::Status(status) => status.execute(&globals).await,
            Command::Journal(journal) => journal.execute(&globals).await,
            Command::Activity(activity) => activity.execute(&globals).await,
            Command::Explain(explain) => explain.execute(&globals),
            Command::Mail(mail) => mail.execute(&globals).await,
            Command::Show(show) => show.execute(&globals).await,
            Command::Retry(retry) => retry.execute(&globals).await,
            Command::Undo(undo) => undo.execute(&globals).await,
            Command::Reconcile(reconcile) => reconcile.execute(&globals).await,
            Command::Link(link) => link.execute(&globals).await,
            Command::Reference(reference) => reference.execute(&globals).await,
            Command::Doctor(doctor) => doctor.execute(&globals).await,
            Command::Notify(notify) => notify.execute(&globals).await,
            Command::Grants(grants) => grants.execute(&globals).await,
            Command::Gateway(gateway) => gateway.execute(&globals).await,
            Command::Demo(demo) => demo.execute(&globals).await,
            Command::Generate(generate) => generate.execute(),
            Command::OdbcWorker(worker) => worker.execute(),
        }
    }
}

/// What every command is given.
#[derive(Debug)]
struct Globals {
    config: PathBuf,
    json: bool,
    /// The log, once it is started.
    log: OnceLock<LogHandle>,
    log_goes: Destination,
}

impl Command {
    /// Whether it works on the state, which a running service holds: then the files that it names.
    fn needs_state(&self) -> Option<Vec<&Path>> {
        match self {
            Self::Sync(sync) => sync.works().then(Vec::new),
            Self::Reconcile(reconcile) => reconcile.works().then(Vec::new),
            Self::Undo(undo) => undo.works().then(Vec::new),
            Self::Link(link) => link.works().then(|| link.files()),
            Self::Reference(reference) => Some(reference.files()),
            Self::Notify(notify) => notify.works().then(Vec::new),
            Self::Mail(mail) => mail.works().then(Vec::new),
            Self::Retry(_) => Some(Vec::new()),
            _ => None,
        }
    }
}

impl Globals {
    fn new(config: PathBuf, json: bool) -> Self {
        Self { config, json, log: OnceLock::new(), log_goes: Destination::StandardError }
    }

    /// The site to work on: the running service's, where it carries out the command. A command that only looks needs
    /// none for itself.
    async fn site(&self, config: Config, works: bool) -> anyhow::Result<Arc<Site>> {
        match screen::asker() {
            _ if !works => Ok(Arc::new(Site::open_to_look(config).await?)),
            Some(asker) => Ok(Arc::clone(&asker.site)),
            None => Ok(Arc::new(Site::open(config).await?)),
        }
    }

    /// Reads the configuration, prints its warnings, and starts the log.
    fn load(&self, role: Role, log: LogTo) -> anyhow::Result<Loaded> {
        if let Some(asker) = screen::asker() {
            let config = asker.site.config().clone();
            return Ok(Loaded { config, path: self.config.clone(), warnings: Vec::new() });
        }
        let loaded = config::load(&self.config, role)?;
        let level = match log {
            LogTo::Service => loaded.config.log.level.as_str(),
            // A command says on its own what it did; its log only speaks of trouble.
            LogTo::Command | LogTo::Check => "warn,sqlx=error",
        };
        let format = match log {
            LogTo::Service => loaded.config.log.format,
            // Who gave the command reads it, not the journal.
            LogTo::Command | LogTo::Check => LogFormat::Text,
        };
        let handle = telemetry::init(level, format, &self.log_goes).context("while starting the log")?;
        let _ = self.log.set(handle);
        for warning in &loaded.warnings {
            match log {
                LogTo::Service => tracing::warn!("{}", warning.summary()),
                LogTo::Command => eprintln!("warning: {}", warning.summary()),
                LogTo::Check => {}
            }
        }
        Ok(loaded)
    }
}

/// Who the log is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogTo {
    Service,
    Command,
    /// As a command; the warnings of the configuration are shown among the results.
    Check,
}
