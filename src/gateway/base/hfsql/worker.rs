//! One process of the driver, and what is asked of it. Whatever it does, it is waited for no longer than is said.

use super::faults::base_error;
use super::wire::{self, Ask, Found, Statement, Told};
use crate::gateway::base::BaseError;
use secrecy::{ExposeSecret as _, SecretString};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The hidden subcommand of this program that is the driver's process.
const SUBCOMMAND: &str = "odbc-worker";

/// A process with a connection. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// When it last answered.
    pub used: Instant,
    /// Whether it can be asked again: nothing of an earlier question is on its way.
    pub sound: bool,
    /// Whether the driver keeps transactions.
    pub transactions: bool,
}

impl Worker {
    /// Starts a process, and connects; `transactions`: whether they are to be tried.
    pub(super) async fn connect(
        program: &Path,
        connection: &SecretString,
        transactions: bool,
        wait: Duration,
    ) -> Result<Self, BaseError> {
        let mut child = Command::new(program)
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| BaseError::Unavailable(format!("the driver's process cannot be started: {error}")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BaseError::Unavailable("the driver's process cannot be spoken to".to_owned()));
        };
        let output = BufReader::new(output);
        let mut worker = Self { child, input, output, used: Instant::now(), sound: true, transactions };
        let ask = Ask::Connect { text: connection.expose_secret().to_owned(), transactions };
        match worker.ask(&ask, wait, true).await {
            Ok(found) => Ok(Self { transactions: found.changed == Some(1), ..worker }),
            Err(BaseError::Slow(seconds)) => Err(BaseError::Unavailable(format!(
                "the driver was not connected after {seconds} s: check [gateway.base] host, port and database, which is case-sensitive"
            ))),
            Err(BaseError::Broken(reason)) => Err(BaseError::Unavailable(reason)),
            Err(error) => Err(error),
        }
    }

    /// Runs statements up to the first that fails: what each of them found.
    pub(super) async fn run(&mut self, statements: Vec<Statement>, wait: Duration) -> Result<Vec<Found>, BaseError> {
        let count = statements.len();
        let deadline = tokio::time::Instant::now() + wait;
        self.send(&Ask::Run(statements), deadline, wait).await?;
        let mut found = Vec::with_capacity(count);
        for _ in 0..count {
            // Each has the whole time for itself.
            found.push(self.receive(wait, false).await?);
        }
        self.sound = true;
        Ok(found)
    }

    /// Asks what is answered once.
    pub(super) async fn ask(&mut self, ask: &Ask, wait: Duration, connecting: bool) -> Result<Found, BaseError> {
        let deadline = tokio::time::Instant::now() + wait;
        self.send(ask, deadline, wait).await?;
        let found = self.receive(wait, connecting).await?;
        self.sound = true;
        Ok(found)
    }

    async fn send(&mut self, ask: &Ask, deadline: tokio::time::Instant, wait: Duration) -> Result<(), BaseError> {
        let frame = wire::framed(ask).map_err(|error| BaseError::Value(error.to_string()))?;
        self.sound = false;
        let sent = tokio::time::timeout_at(deadline, async {
            self.input.write_all(&frame).await?;
            self.input.flush().await
        });
        match sent.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.ended(&error).await),
            Err(_) => Err(BaseError::Slow(wait.as_secs())),
        }
    }

    async fn receive(&mut self, wait: Duration, connecting: bool) -> Result<Found, BaseError> {
        let answer = async {
            let mut head = [0; 4];
            self.output.read_exact(&mut head).await?;
            let mut body = vec![0; wire::length(head)?];
            self.output.read_exact(&mut body).await?;
            wire::message::<Told>(&body)
        };
        match tokio::time::timeout(wait, answer).await {
            Ok(Ok(Told::Done(found))) => {
                self.used = Instant::now();
                Ok(found)
            }
            Ok(Ok(Told::Failed(diagnostic))) => {
                let error = base_error(&diagnostic, connecting);
                self.sound = !super::faults::ends_the_connection(&error);
                Err(error)
            }
            Ok(Err(error)) => Err(self.ended(&error).await),
            // It hangs: nothing but its end helps.
            Err(_) => {
                let _ = self.child.start_kill();
                Err(BaseError::Slow(wait.as_secs()))
            }
        }
    }

    /// What became of a process that no longer answers.
    async fn ended(&mut self, error: &io::Error) -> BaseError {
        let status = tokio::time::timeout(Duration::from_secs(1), self.child.wait()).await;
        let _ = self.child.start_kill();
        BaseError::Broken(match status {
            Ok(Ok(status)) => format!("the process of the ODBC driver ended by itself, {status}"),
            _ => format!("the process of the ODBC driver is not understood: {error}"),
        })
    }
}
