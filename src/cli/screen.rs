//! Where results go: to this process' standard output, or, for a command that a running service carries out, to whoever
//! gave it.

use crate::daemon::Served;
use std::fmt;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
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
        None => put(format_args!("{text}\n")),
    }
}

/// A result that ends with a line break of its own.
pub(super) fn say_all(text: &str) {
    match asker() {
        Some(asker) => asker.say(text.to_owned()),
        None => put(format_args!("{text}")),
    }
}

/// Columns below which a terminal does not know how wide it is.
const NARROWEST: u16 = 20;

/// Set once nobody reads what is printed any more.
static UNREAD: AtomicBool = AtomicBool::new(false);
/// Set once something that was printed could not be written.
static LOST: OnceLock<String> = OnceLock::new();

/// Prints for whoever reads this process' output. Where nobody does any more, the work goes on without.
pub(super) fn put(text: fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => UNREAD.store(true, Ordering::Relaxed),
        Err(error) => {
            let _ = LOST.set(error.to_string());
        }
        Ok(()) => {}
    }
}

/// Why something that was printed could not be written, as into a file on a full disk.
pub(super) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Whether anybody still reads what is printed, as far as is known.
pub(super) fn is_read() -> bool {
    !UNREAD.load(Ordering::Relaxed) && LOST.get().is_none()
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

/// How wide the terminal is that results are read on.
pub(super) fn width() -> Option<u16> {
    let width = match asker() {
        Some(asker) => asker.asked.width,
        None => comfy_table::Table::new().width(),
    };
    // A console that was never told how wide it is says 0.
    width.filter(|width| *width >= NARROWEST)
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
