//! What can go wrong with a mailbox, and what to do.

use crate::flows::{Blast, PortError, System};

/// An error of a mailbox.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The server cannot be reached, or the connection ended.
    #[error(
        "the mail server {place} does not answer ({reason}): check that it runs and that `host` and `port` name it"
    )]
    Unreachable {
        /// Host and port.
        place: String,
        /// What happened.
        reason: String,
    },
    /// It takes connections and says nothing, or stops in the middle.
    #[error(
        "the mail server {place} said nothing for {seconds} s (during {command}): it is tried again; a larger timeout_seconds helps where it is only slow"
    )]
    Silent {
        /// Host and port.
        place: String,
        /// What was asked.
        command: String,
        /// How long it was given.
        seconds: u64,
    },
    /// No encrypted connection can be made.
    #[error(
        "the mail server {place} cannot be trusted ({reason}): `host` must be the name in its certificate, and where its authority is not a public one, ca_file must name that authority's certificate"
    )]
    Tls {
        /// Host and port.
        place: String,
        /// What the TLS library says.
        reason: String,
    },
    /// STARTTLS is wanted and not offered.
    #[error(
        "the mail server {place} offers no STARTTLS ({reason}): nothing was sent to it; try security = \"tls\" (port 993)"
    )]
    NoStarttls {
        /// Host and port.
        place: String,
        /// What it says.
        reason: String,
    },
    /// Encryption is off, for a server elsewhere.
    #[error(
        "the mail server {place} is not on this machine: the password is not sent to it in clear; write security = \"tls\" or \"starttls\""
    )]
    InClear {
        /// Host and port.
        place: String,
    },
    /// The account is refused.
    #[error("the mail server {place} refuses {user} ({reason}): {advice}")]
    Refused {
        /// Host and port.
        place: String,
        /// The account.
        user: String,
        /// What the server says.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// No token, or no password, can be had.
    #[error("no token or password for the mailbox {mailbox}: {reason}")]
    Secret {
        /// Its name.
        mailbox: String,
        /// What happened and what to do.
        reason: String,
        /// It may pass.
        passing: bool,
    },
    /// A folder is not there.
    #[error("the mailbox {mailbox} has no folder “{folder}”: it has {known}; write one of them, or make the folder")]
    NoFolder {
        /// Name of the mailbox.
        mailbox: String,
        /// The folder.
        folder: String,
        /// The folders that there are.
        known: String,
    },
    /// The server says no to a command.
    #[error("the mail server {place} refuses {command} ({reason})")]
    Denied {
        /// Host and port.
        place: String,
        /// What was asked.
        command: String,
        /// What it says.
        reason: String,
    },
    /// It answers with what is no IMAP, or with far more than was asked for.
    #[error(
        "what answers at {place} is not understood ({reason}): check that `port` is the one of IMAP and what stands between"
    )]
    Garbage {
        /// Host and port.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// No mailbox has this name.
    #[error("no mailbox is named “{0}”: [[mail.mailboxes]] must have one of this name")]
    Unknown(String),
    /// The spool cannot be written.
    #[error(
        "a mail cannot be kept in the spool ({reason}): check that its folder can be written and that the disk has room"
    )]
    Spool {
        /// What the system says.
        reason: String,
    },
}

impl MailboxError {
    /// How far it reaches.
    pub fn blast(&self) -> Blast {
        match self {
            Self::Tls { .. }
            | Self::NoStarttls { .. }
            | Self::InClear { .. }
            | Self::Refused { .. }
            | Self::NoFolder { .. }
            | Self::Unknown(_)
            | Self::Secret { passing: false, .. } => Blast::Configuration,
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Garbage { .. }
            | Self::Spool { .. }
            | Self::Secret { passing: true, .. } => Blast::System,
            Self::Denied { .. } => Blast::Retry,
        }
    }
}

impl From<MailboxError> for PortError {
    fn from(error: MailboxError) -> Self {
        Self { system: System::Mailbox, blast: error.blast(), retry_after: None, message: error.to_string() }
    }
}

/// What a server says goes into a message as one short line, whatever it holds.
pub(super) fn tidy(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to do where an account is refused.
pub(super) fn advice(place: &str, reason: &str, by_token: bool) -> &'static str {
    let (place, reason) = (place.to_lowercase(), reason.to_lowercase());
    let microsoft = ["outlook.", "office365.", "hotmail."].iter().any(|name| place.contains(name))
        || reason.contains("basicauthblocked")
        || reason.contains("basic authentication");
    let google =
        place.contains("gmail.") || place.contains("google") || reason.contains("application-specific password");
    match (by_token, microsoft, google) {
        (false, true, _) => {
            "Microsoft 365 takes no passwords over IMAP any more: use [mail.mailboxes.oauth] with provider = \"microsoft\""
        }
        (false, _, true) => {
            "Google wants an application password (account, security, app passwords), or [mail.mailboxes.oauth] with provider = \"google\""
        }
        (true, true, _) => {
            "check that the application has the permission IMAP.AccessAsUser.All (or IMAP.AccessAsApp with Add-MailboxPermission), and that IMAP is on for this mailbox"
        }
        (true, ..) => "check that the token is for this account and has the scope of IMAP",
        (false, ..)
            if reason.contains("privacy") || reason.contains("plaintext") || reason.contains("logindisabled") =>
        {
            "it takes no password in clear: write security = \"tls\" or \"starttls\""
        }
        (false, ..) => "check `user` and `password`, and that IMAP is allowed for this account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_account_is_told_what_its_provider_wants() {
        assert!(advice("outlook.office365.com:993", "LOGIN failed.", false).contains("provider = \"microsoft\""));
        assert!(advice("imap.gmail.com:993", "Invalid credentials", false).contains("application password"));
        assert!(advice("imap.example.fr:993", "Authentication failed.", false).contains("check `user`"));
        assert!(advice("imap.example.fr:143", "[PRIVACYREQUIRED] Plaintext", false).contains("starttls"));
        assert!(advice("outlook.office365.com:993", "AUTHENTICATE failed.", true).contains("IMAP.AccessAsUser.All"));
    }

    #[test]
    fn what_a_server_says_is_one_short_line_in_a_message() {
        assert_eq!(tidy("Non\r\n\u{1b}[31mrouge"), "Non [31mrouge");
        assert_eq!(tidy(&"x".repeat(5000)).len(), 300);
    }
}
