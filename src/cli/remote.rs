//! Commands that a running service carries out: it holds the state, and must not be stopped for them.

use super::exit::ExitCode;
use super::{Cli, Command, Globals, output, screen};
use crate::config::{self, Role};
use crate::daemon::{Asked, Commands, Served, Stream, Told};
use anyhow::Context as _;
use async_trait::async_trait;
use clap::Parser as _;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

/// The program's version: what it means by a command.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Has a running service carry out the command of this process. `None`: no service listens, so it is for this process to do.
///
/// # Errors
/// When the service ends in the middle.
pub(super) async fn ask(config: &Path, files: &[&Path]) -> anyhow::Result<Option<u8>> {
    // Mistakes of the configuration are told by the command itself.
    let Ok(loaded) = config::load(config, Role::Daemon) else { return Ok(None) };
    let Ok(stream) = Stream::connect(loaded.config.socket()).await else { return Ok(None) };
    let mut contents = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("while reading {}", file.display()))?;
        contents.insert((*file).to_owned(), text);
    }
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let asked = Asked {
        version: VERSION.to_owned(),
        arguments,
        terminal: std::io::stdout().is_terminal(),
        progress: std::io::stderr().is_terminal(),
        width: comfy_table::Table::new().width(),
        files: contents,
    };
    let (reader, mut writer) = stream.into_split();
    let mut line = serde_json::to_vec(&asked)?;
    line.push(b'\n');
    writer.write_all(&line).await.context("while asking the running service")?;
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await.context("while listening to the running service")? {
        match serde_json::from_str(&line).context("while listening to the running service")? {
            Told::Out(text) => {
                print!("{text}");
                let _ = std::io::stdout().flush();
            }
            Told::Err(text) => eprint!("{text}"),
            Told::Exit(code) => return Ok(Some(code)),
        }
    }
    anyhow::bail!("the running service ended before it had answered: give the command again")
}

/// The commands of the program, for the service.
#[derive(Debug)]
pub(super) struct OwnCommands {
    pub config: PathBuf,
}

#[async_trait]
impl Commands for OwnCommands {
    async fn carry_out(&self, served: Arc<Served>) -> u8 {
        let done = screen::served(Arc::clone(&served), self.execute(&served)).await;
        done.unwrap_or_else(|error| {
            let json = served.asked.arguments.iter().any(|argument| argument == "--json");
            let (out, err) = output::error_texts(&error, json);
            served.say(out);
            served.hint(err);
            super::exit_code(&error) as u8
        })
    }
}

impl OwnCommands {
    async fn execute(&self, served: &Served) -> anyhow::Result<u8> {
        let asked = &served.asked;
        if asked.version != VERSION {
            anyhow::bail!(
                "the running service is gestan-connector {VERSION}, this command {}: restart the service first",
                asked.version
            );
        }
        let arguments = std::iter::once("gestan-connector").chain(asked.arguments.iter().map(String::as_str));
        let cli = match Cli::try_parse_from(arguments) {
            Ok(cli) => cli,
            Err(error) => {
                served.hint(error.to_string());
                return Ok(ExitCode::Usage as u8);
            }
        };
        let globals = Globals::new(self.config.clone(), cli.json);
        let code = match cli.command {
            Command::Sync(sync) => sync.execute(&globals).await,
            Command::Retry(retry) => retry.execute(&globals).await,
            Command::Reconcile(reconcile) => reconcile.execute(&globals).await,
            Command::Link(link) => link.execute(&globals).await,
            Command::Reference(reference) => reference.execute(&globals).await,
            Command::Notify(notify) => notify.execute(&globals).await,
            Command::Mail(mail) => mail.execute(&globals).await,
            Command::Undo(undo) => undo.execute(&globals).await,
            _ => anyhow::bail!("this command is not one for a running service"),
        };
        code.map(|code| code as u8)
    }
}
