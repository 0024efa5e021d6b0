//! Where results go: to this process' standard output, or, for a command that a running service carries out, to whoever
//! gave it.

use crate::daemon::Served;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    /// Set while the service carries out somebody's command.
    static SERVED: Arc<Served>;
}

/// Carries out a command for somebody else.
pub(super) async fn served<F: Future>(served: Arc<Served>, work: F) -> F::Output {
    SERVED.scope(served, work).await
}

/// Whoever gave the command, where it was not this process.
pub(super) fn asker() -> Option<Arc<Served>> {
    SERVED.try_with(Arc::clone).ok()
}

/// A result.
pub(super) fn say(text: fmt::Arguments<'_>) {
    match asker() {
        Some(asker) => asker.say(format!("{text}\n")),
        None => println!("{text}"),
    }
}

/// A result that ends with a line break of its own.
pub(super) fn say_all(text: &str) {
    match asker() {
        Some(asker) => asker.say(text.to_owned()),
        None => print!("{text}"),
    }
}

/// Progress, and what else is no result.
pub(super) fn hint(text: &str) {
    match asker() {
        Some(asker) => asker.hint(text.to_owned()),
        None => {
            eprint!("{text}");
            let _ = std::io::stderr().flush();
        }
    }
}

/// Whether results are read on a terminal.
pub(super) fn is_terminal() -> bool {
    asker().map_or_else(|| std::io::stdout().is_terminal(), |asker| asker.asked.terminal)
}

/// Whether progress is.
pub(super) fn shows_progress() -> bool {
    asker().map_or_else(|| std::io::stderr().is_terminal(), |asker| asker.asked.progress)
}

/// How wide that terminal is, where another one is written to.
pub(super) fn width() -> Option<u16> {
    asker().and_then(|asker| asker.asked.width)
}

/// A file that the command names, as whoever gave it sees it.
pub(super) fn read_file(file: &Path) -> std::io::Result<String> {
    let sent = asker().and_then(|asker| asker.asked.files.get(file).cloned());
    sent.map_or_else(|| std::fs::read_to_string(file), Ok)
}

/// Ends what the command does, once whoever gave it is gone.
pub(super) fn cancel() -> CancellationToken {
    asker().map_or_else(CancellationToken::new, |asker| asker.cancel.clone())
}
