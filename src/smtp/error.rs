//! What can go wrong with the mail server that mails are sent through, and what to do.

use crate::flows::{Blast, PortError, System};

/// An error of the server as a whole.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// It cannot be reached, or the connection ended.
    #[error(
        "the sending mail server {place} does not answer ({reason}): check that it runs and that `host` and `port` of [notify.smtp] name it"
    )]
    Unreachable {
        /// Host and port.
        place: String,
        /// What happened.
        reason: String,
    },
    /// It takes connections and says nothing.
    #[error(
        "the sending mail server {place} said nothing for {seconds} s (during {command}): it is tried again; a larger timeout_seconds helps where it is only slow"
    )]
    Silent {
        /// Host and port.
        place: String,
        /// What was asked.
        command: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// No encrypted connection can be made.
    #[error(
        "the sending mail server {place} cannot be trusted ({reason}): `host` must be the name in its certificate, and where its authority is not a public one, ca_file must name that authority's certificate"
    )]
    Tls {
        /// Host and port.
        place: String,
        /// What the TLS library says.
        reason: String,
    },
    /// STARTTLS is wanted and not offered.
    #[error(
        "the sending mail server {place} offers no STARTTLS: nothing was sent to it; try security = \"tls\" (port 465)"
    )]
    NoStarttls {
        /// Host and port.
        place: String,
    },
    /// The account is refused.
    #[error(
        "the sending mail server {place} refuses the account {user} ({reason}): check `user` and `password` of [notify.smtp]"
    )]
    Refused {
        /// Host and port.
        place: String,
        /// The account.
        user: String,
        /// What the server says.
        reason: String,
    },
    /// It refuses whatever is sent.
    #[error("the sending mail server {place} refuses {command} ({reason}): check that the account may send as `from`")]
    Denied {
        /// Host and port.
        place: String,
        /// What was asked.
        command: &'static str,
        /// What it says.
        reason: String,
        /// It may pass.
        passing: bool,
    },
    /// No password can be had.
    #[error("no password or token for the sending mail server: {reason}")]
    Secret {
        /// What happened and what to do.
        reason: String,
    },
}

/// What is being asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Connection,
    Login,
    Sender,
    Recipient,
    Content,
}

impl Moment {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "the connection",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Content => "the mail",
        }
    }
}

impl SmtpError {
    /// What an error of the library means at this moment.
    pub(super) fn of(place: &str, moment: Moment, error: &lettre::transport::smtp::Error) -> Self {
        let place = place.to_owned();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            // The library says some causes in its own words already.
            let more = cause.to_string();
            if !reason.contains(&more) {
                reason = format!("{reason}: {more}");
            }
            source = cause.source();
        }
        let reason = tidy(&reason);
        // 421: it closes the session, whatever it was asked.
        let leaves = error.status().is_some_and(|code| code.to_string() == "421");
        if error.is_tls() || (moment == Moment::Connection && reason.contains("certificate")) {
            Self::Tls { place, reason }
        } else if leaves || !(error.is_permanent() || error.is_transient()) || moment == Moment::Connection {
            Self::Unreachable { place, reason }
        } else {
            Self::Denied { place, command: moment.as_str(), reason, passing: error.is_transient() }
        }
    }

    fn blast(&self) -> Blast {
        match self {
            Self::Tls { .. } | Self::NoStarttls { .. } | Self::Refused { .. } | Self::Secret { .. } => {
                Blast::Configuration
            }
            Self::Denied { passing: false, .. } => Blast::Configuration,
            Self::Unreachable { .. } | Self::Silent { .. } | Self::Denied { .. } => Blast::System,
        }
    }
}

impl From<SmtpError> for PortError {
    fn from(error: SmtpError) -> Self {
        Self { system: System::Smtp, blast: error.blast(), retry_after: None, message: error.to_string() }
    }
}

/// What a server says goes into a message as one short line, whatever it holds.
pub(super) fn tidy(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
