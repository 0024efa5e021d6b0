//! The one place that knows the log crate. The log goes to standard error: standard output is for
//! results. Only a service of Windows has files of its own.

use crate::config::LogFormat;
use std::io::IsTerminal as _;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

/// The log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is not understood.
    #[error("the log level “{level}” is not understood: write error, warn, info, debug or trace")]
    Level {
        /// As configured.
        level: String,
    },
    /// The journal does not answer.
    #[error("systemd's journal cannot be written to ({source}): set [log] format = \"text\" outside of systemd")]
    Journal {
        /// What the system says.
        source: std::io::Error,
    },
    /// The files of a service of Windows.
    #[cfg(windows)]
    #[error("no log can be written in {folder} ({reason}): let the account of the service write there", folder = folder.display())]
    Folder {
        /// Where they would be.
        folder: std::path::PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// Where the log goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// To whoever started the program.
    StandardError,
    /// Into a folder, a file a day, of which the last thirty are kept: nobody hears a service of Windows.
    #[cfg(windows)]
    Folder(std::path::PathBuf),
}

impl Destination {
    /// What to write to, and whether that shows colours.
    fn open(&self) -> Result<(BoxMakeWriter, bool), TelemetryError> {
        match self {
            Self::StandardError => Ok((BoxMakeWriter::new(std::io::stderr), std::io::stderr().is_terminal())),
            #[cfg(windows)]
            Self::Folder(folder) => {
                use tracing_appender::rolling::{RollingFileAppender, Rotation};
                let files = RollingFileAppender::builder()
                    .rotation(Rotation::DAILY)
                    .filename_prefix("gateway")
                    .filename_suffix("log")
                    .max_log_files(30)
                    .build(folder)
                    .map_err(|error| TelemetryError::Folder { folder: folder.clone(), reason: error.to_string() })?;
                Ok((BoxMakeWriter::new(files), false))
            }
        }
    }
}

/// Whether a log level can be understood.
pub fn is_level(level: &str) -> bool {
    filter(level).is_ok()
}

/// The log that was started.
#[derive(Debug, Clone)]
pub struct LogHandle {
    /// `None`: another one was started before, by this process' tests.
    filter: Option<reload::Handle<EnvFilter, Registry>>,
}

impl LogHandle {
    /// Changes what is logged from now on.
    ///
    /// # Errors
    /// When the level is not understood.
    pub fn set_level(&self, level: &str) -> Result<(), TelemetryError> {
        let wanted = filter(level)?;
        if let Some(handle) = &self.filter {
            // It fails only where the log is gone.
            let _ = handle.reload(wanted);
        }
        Ok(())
    }
}

/// Starts the log. A second call changes nothing, so that tests and commands may both ask for it.
///
/// # Errors
/// When the level is not understood, or there is no journal or file to write to.
pub fn init(level: &str, format: LogFormat, destination: &Destination) -> Result<LogHandle, TelemetryError> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let (writer, colours) = destination.open()?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    let out: Box<dyn Layer<_> + Send + Sync> = match format {
        // The journal of systemd notes the time by itself.
        LogFormat::Text if is_journal() => lines.with_target(false).without_time().boxed(),
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Journald => {
            let journal = tracing_journald::layer().map_err(|source| TelemetryError::Journal { source })?;
            // Fields are asked for by name: journalctl TICKET=12.
            journal.with_field_prefix(None).with_syslog_identifier("gestan-connector".to_owned()).boxed()
        }
    };
    let started = tracing_subscriber::registry().with(filter).with(out).try_init();
    Ok(LogHandle { filter: started.is_ok().then_some(handle) })
}

/// Whether standard error is a stream into systemd's journal, as systemd itself says: by its device and number.
fn is_journal() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let Some(told) = std::env::var("JOURNAL_STREAM").ok() else { return false };
        std::fs::metadata("/proc/self/fd/2").is_ok_and(|stream| told == format!("{}:{}", stream.dev(), stream.ino()))
    }
    #[cfg(not(unix))]
    false
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    // A bare word that is no level would be taken for the name of a target, and silence everything.
    let known = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
    let words_ok = level.split(',').all(|part| part.contains('=') || known(part.trim()));
    let filter = EnvFilter::builder().parse(level).ok().filter(|_| words_ok && !level.trim().is_empty());
    // At the level trace the IMAP library tells every line that it sends, and the password is one of them. The parser of HTML
    // warns of what it makes of a mail's markup, which is nobody's concern.
    // The clock of schedules tells of its own beginning, and its end.
    let quiet = ["async_imap::imap_stream=info", "html5ever=error", "tokio_cron_scheduler=warn"];
    filter
        .and_then(|filter| {
            quiet.iter().try_fold(filter, |filter, quiet| Some(filter.add_directive(quiet.parse().ok()?)))
        })
        .ok_or_else(|| TelemetryError::Level { level: level.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_markup_in_a_mail_is_not_warned_of_at_any_level() {
        for level in ["info", "debug", "trace"] {
            assert!(filter(level).unwrap().to_string().contains("html5ever=error"), "{level}");
        }
    }

    #[test]
    fn a_misspelt_level_is_refused_instead_of_silencing_the_log() {
        assert!(is_level("info"));
        assert!(is_level("warn,gestan_connector::gateway=debug"));
        for level in ["infos", "", "gestan_connector=loud", "warn,inof"] {
            assert!(!is_level(level), "{level}");
        }
    }
}
