//! `gateway`: serve Gestan's base, install what it needs, look for its codes.

use super::{ExitCode, Globals, LogTo, output};
use crate::config::Role;
use crate::daemon::{self, StopSignals, embedded_gateway};
use crate::gateway::{Selftest, http};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Serve Gestan's base to a connector elsewhere, install what it needs, or look for its codes.
#[derive(Debug, Args)]
pub struct Gateway {
    /// Be a service of Windows, as whose command this is given; the log is beside the configuration.
    #[cfg(windows)]
    #[arg(long)]
    service: bool,
    #[command(subcommand)]
    command: Option<GatewayCommand>,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// Create the tables that hold the links, beside Gestan's own; may be repeated.
    Install {
        /// Only print what they are made of: for a base where they have to be created by hand.
        #[arg(long)]
        print: bool,
    },
    /// Print the codes that Gestan's base uses, as a table and as TOML to paste into the configuration.
    Probe,
    /// Try what the connector does with Gestan's base, and print a report: ten minutes well spent before the first ticket.
    Selftest {
        /// Write too: one intervention that says what it is, the same at every run; it stays, cancelled.
        #[arg(long)]
        write: bool,
    },
}

impl Gateway {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        match self.command {
            #[cfg(windows)]
            None if self.service => super::windows::serve(globals).await,
            None => serve(globals, CancellationToken::new()).await,
            Some(GatewayCommand::Install { print: true }) => print_tables(globals),
            Some(GatewayCommand::Install { print: false }) => install(globals).await,
            Some(GatewayCommand::Probe) => probe(globals).await,
            Some(GatewayCommand::Selftest { write }) => selftest(globals, write).await,
        }
    }
}

/// Serves until a signal ends it, or it is cancelled.
pub(super) async fn serve(globals: &Globals, cancel: CancellationToken) -> anyhow::Result<ExitCode> {
    let loaded = globals.load(Role::Gateway, LogTo::Service)?;
    let gateway = Arc::new(embedded_gateway(&loaded.config)?);
    let settings = loaded.config.gateway.as_ref().context("[gateway] is missing")?;
    let token = settings.token.as_ref().context("[gateway] token is missing")?;
    let token = token.resolve().context("while reading [gateway] token")?;
    let stop = cancel.clone();
    let mut signals = StopSignals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        stop.cancel();
    });
    match &settings.dial {
        Some(dial) => {
            daemon::ready("dialling out");
            http::dial(gateway, &dial.url, token, dial.ca_file.as_deref(), cancel).await?;
        }
        None => {
            let ready = || daemon::ready("serving");
            http::serve(gateway, settings.listen, token, settings.tls.as_ref(), cancel, ready).await?;
        }
    }
    Ok(ExitCode::Ok)
}

async fn install(globals: &Globals) -> anyhow::Result<ExitCode> {
    let loaded = globals.load(Role::Install, LogTo::Command)?;
    let created = embedded_gateway(&loaded.config)?.install().await?;
    if globals.json {
        output::json(&serde_json::json!({ "created": created }))?;
    } else if created.is_empty() {
        println!("The extension tables were already there; nothing was changed.");
    } else {
        println!("Created: {}. Gestan's own tables were not touched.", created.join(", "));
    }
    Ok(ExitCode::Ok)
}

fn print_tables(globals: &Globals) -> anyhow::Result<ExitCode> {
    let loaded = globals.load(Role::Install, LogTo::Command)?;
    let columns = embedded_gateway(&loaded.config)?.own_columns();
    if globals.json {
        output::json(&columns)?;
    } else {
        let rows = columns.into_iter().map(|it| vec![it.table, it.column.to_owned(), it.kind, it.key.to_owned()]);
        println!("{}", output::table(&["table", "column", "type", "key"], rows));
    }
    Ok(ExitCode::Ok)
}

async fn probe(globals: &Globals) -> anyhow::Result<ExitCode> {
    let loaded = globals.load(Role::Install, LogTo::Command)?;
    let probe = embedded_gateway(&loaded.config)?.probe().await?;
    if globals.json {
        output::json(&probe)?;
    } else {
        let headers = ["list", "column", "code", "rows", "labels of paramlib", "newest"];
        println!("{}\n", output::table(&headers, probe.rows()));
        if !probe.targets.is_empty() {
            let headers = ["column", "letters before the number", "of the newest rows", "newest"];
            println!("{}\n", output::table(&headers, probe.target_rows()));
        }
        println!("{}", probe.to_toml());
    }
    Ok(ExitCode::Ok)
}

async fn selftest(globals: &Globals, write: bool) -> anyhow::Result<ExitCode> {
    let loaded = globals.load(Role::Install, LogTo::Command)?;
    let tried = embedded_gateway(&loaded.config)?.selftest(write).await;
    if globals.json {
        output::json(&tried)?;
    } else {
        println!("gestan-connector {}, base {}\n", tried.version, tried.base);
        let rows = tried.trials.iter().map(|trial| {
            let mark = if trial.fine { "✓" } else { "✗" };
            vec![mark.to_owned(), trial.what.to_owned(), format!("{} ms", trial.millis), trial.told.clone()]
        });
        println!("{}\n", output::table(&["", "tried", "took", "what came of it"], rows));
        println!("{}", conclusion(&tried));
    }
    Ok(if tried.is_fine() { ExitCode::Ok } else { ExitCode::Records })
}

fn conclusion(tried: &Selftest) -> &'static str {
    match (tried.is_fine(), tried.wrote) {
        (true, true) => "The connector can work with this base.",
        (true, false) => "The connector can read this base. Nothing was written: add --write to try that too.",
        (false, _) => "The connector cannot work with this base as it is: see the lines with ✗.",
    }
}
