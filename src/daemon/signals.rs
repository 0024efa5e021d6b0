//! The signals that ask a process to end, or to read its configuration again.

use system::{Hangup, Interrupt, Terminate};

#[cfg(unix)]
mod system {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) type Terminate = Signal;
    pub(super) type Interrupt = Signal;
    pub(super) type Hangup = Signal;

    pub(super) fn terminate() -> std::io::Result<Terminate> {
        signal(SignalKind::terminate())
    }

    pub(super) fn interrupt() -> std::io::Result<Interrupt> {
        signal(SignalKind::interrupt())
    }

    pub(super) fn hangup() -> std::io::Result<Hangup> {
        signal(SignalKind::hangup())
    }
}

/// What a console has in their place: its window is closed, Ctrl-C, Ctrl-Break.
#[cfg(windows)]
mod system {
    pub(super) use tokio::signal::windows::{CtrlBreak as Hangup, CtrlC as Interrupt, CtrlClose as Terminate};
    pub(super) use tokio::signal::windows::{ctrl_break as hangup, ctrl_c as interrupt, ctrl_close as terminate};
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// SIGTERM or SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
}

/// Listens to SIGTERM and SIGINT.
#[derive(Debug)]
pub struct StopSignals {
    terminate: Terminate,
    interrupt: Interrupt,
}

impl StopSignals {
    /// From now on these signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: system::terminate()?, interrupt: system::interrupt()? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {},
            _ = self.interrupt.recv() => {},
        }
    }
}

/// The same, and SIGHUP.
#[derive(Debug)]
pub(super) struct Signals {
    stops: StopSignals,
    hangup: Hangup,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { stops: StopSignals::listen()?, hangup: system::hangup()? })
    }

    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            () = self.stops.next() => Asked::Stop,
            _ = self.hangup.recv() => Asked::Reload,
        }
    }

    /// Waits for one that asks to end.
    pub(super) async fn stop(&mut self) {
        self.stops.next().await;
    }
}
