//! The one place that knows the log crate. The log goes to standard error: standard output is for
//! results.

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// The log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is not understood.
    #[error("the log level “{level}” is not understood: write error, warn, info, debug or trace")]
    Level {
        /// As configured.
        level: String,
    },
}

/// Whether a log level can be understood.
pub fn is_level(level: &str) -> bool {
    filter(level).is_ok()
}

/// Starts the log. A second call changes nothing, so that tests and commands may both ask for it.
///
/// # Errors
/// When the level is not understood.
pub fn init(level: &str, format: LogFormat, to_terminal: bool) -> Result<(), TelemetryError> {
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter(level)?).with_writer(std::io::stderr).with_ansi(to_terminal);
    let _ = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    // A bare word that is no level would be taken for the name of a target, and silence everything.
    let known = |word: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&word);
    let words_ok = level.split(',').all(|part| part.contains('=') || known(part.trim()));
    let filter = EnvFilter::builder().parse(level).ok().filter(|_| words_ok && !level.trim().is_empty());
    // At the level trace the IMAP library tells every line that it sends, and the password is one of them.
    let quiet = "async_imap::imap_stream=info".parse().ok();
    filter
        .and_then(|filter| Some(filter.add_directive(quiet?)))
        .ok_or_else(|| TelemetryError::Level { level: level.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_refused_instead_of_silencing_the_log() {
        assert!(is_level("info"));
        assert!(is_level("warn,gestan_connector::gateway=debug"));
        for level in ["infos", "", "gestan_connector=loud", "warn,inof"] {
            assert!(!is_level(level), "{level}");
        }
    }
}
