//! The service's socket: commands that need the state are carried out by the service that holds it. One line of JSON
//! asks; lines of JSON answer, the last one with the exit code.

use super::flow::Flow;
use super::lane::Wakes;
use super::local::{self, Listener, Stream};
use super::site::Site;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The longest request: a file that a command names comes with it.
const LONGEST: u64 = 32 << 20;
/// How long somebody who connected may take to ask.
const ASKS_WITHIN: Duration = Duration::from_secs(10);

/// A command for the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// Version of the program that asks: another one may mean other things by the same words.
    pub version: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Results are read on a terminal.
    pub terminal: bool,
    /// Progress is.
    pub progress: bool,
    /// How wide the terminal is.
    pub width: Option<u16>,
    /// Files that the arguments name.
    pub files: BTreeMap<PathBuf, String>,
}

/// A piece of the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// For standard output.
    Out(String),
    /// For standard error.
    Err(String),
    /// The command ended.
    Exit(u8),
}

/// A command that the service is carrying out.
#[derive(Debug)]
pub struct Served {
    /// The site of the service.
    pub site: Arc<Site>,
    /// What was asked.
    pub asked: Asked,
    /// Whoever asked is gone.
    pub cancel: CancellationToken,
    wakes: Arc<Wakes>,
    answer: mpsc::UnboundedSender<Told>,
}

impl Served {
    /// A result.
    pub fn say(&self, text: String) {
        // Nobody may listen any more; the work is ended by the token.
        let _ = self.answer.send(Told::Out(text));
    }

    /// What is no result.
    pub fn hint(&self, text: String) {
        let _ = self.answer.send(Told::Err(text));
    }

    /// Has a flow make a pass as soon as its lane is free.
    pub fn wake(&self, flow: Flow) {
        self.wakes.wake(flow);
    }
}

/// Those who know the commands.
#[async_trait]
pub trait Commands: Send + Sync {
    /// Carries one out; its exit code.
    async fn carry_out(&self, served: Arc<Served>) -> u8;
}

/// Where the service listens.
pub(super) struct Socket {
    listener: Listener,
    path: PathBuf,
}

impl Socket {
    /// Listens; a socket that a killed service left behind is replaced.
    ///
    /// # Errors
    /// When the system refuses, or something else has the name.
    pub(super) fn listen(path: &Path) -> io::Result<Self> {
        Ok(Self { listener: local::listen(path)?, path: path.to_owned() })
    }

    /// Serves until it is cancelled.
    pub(super) async fn serve(
        self,
        sites: watch::Receiver<Arc<Site>>,
        wakes: Arc<Wakes>,
        commands: Arc<dyn Commands>,
        cancel: CancellationToken,
    ) {
        loop {
            let stream = tokio::select! {
                () = cancel.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!("a command could not be heard: {error}");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                },
            };
            let site = Arc::clone(&sites.borrow());
            let (wakes, commands, cancel) = (Arc::clone(&wakes), Arc::clone(&commands), cancel.child_token());
            tokio::spawn(async move {
                if let Err(error) = answer(stream, site, wakes, commands, cancel).await {
                    tracing::debug!("a command was not answered to its end: {error}");
                }
            });
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(
    stream: Stream,
    site: Arc<Site>,
    wakes: Arc<Wakes>,
    commands: Arc<dyn Commands>,
    cancel: CancellationToken,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(LONGEST));
    let mut line = String::new();
    tokio::time::timeout(ASKS_WITHIN, reader.read_line(&mut line)).await??;
    let asked: Asked = serde_json::from_str(&line)?;
    tracing::info!(arguments = asked.arguments.join(" ").escape_debug().to_string(), "a command is carried out");
    let (sender, mut told) = mpsc::unbounded_channel();
    let gone = cancel.clone();
    tokio::spawn(async move {
        // Whoever asked says nothing more; the end of it means that he is gone.
        let mut rest = [0u8; 1];
        let _ = reader.read(&mut rest).await;
        gone.cancel();
    });
    let served = Arc::new(Served { site, asked, cancel: cancel.clone(), wakes, answer: sender.clone() });
    let work = tokio::spawn(async move {
        let code = commands.carry_out(served).await;
        let _ = sender.send(Told::Exit(code));
    });
    while let Some(piece) = told.recv().await {
        let mut line = serde_json::to_vec(&piece)?;
        line.push(b'\n');
        if let Err(error) = writer.write_all(&line).await {
            cancel.cancel();
            // The work goes on to its next safe end.
            let _ = work.await;
            return Err(error);
        }
        if matches!(piece, Told::Exit(_)) {
            break;
        }
    }
    writer.shutdown().await
}
