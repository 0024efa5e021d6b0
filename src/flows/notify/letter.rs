//! A mail to somebody, as it is kept from the moment it was decided until it is sent.

use super::templates::{TemplateError, Templates};
use crate::config::Locale;
use crate::model::MailAddress;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The occasion of a mail by which an administrator tries the mail server.
pub const TEST: &str = "test";

/// Something for the reader's calendar (RFC 5546).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// `REQUEST` or `CANCEL`.
    pub method: String,
    /// The iCalendar object.
    pub text: String,
}

/// What a mail says, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Whom it is for.
    pub to: MailAddress,
    /// One line.
    pub subject: String,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
    /// Message-IDs of the ticket's earlier mails, oldest first, without brackets.
    pub references: Vec<String>,
    /// The comment that it quotes (`tthreads.id`): nobody gets it a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<i64>,
    /// An invitation that comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
}

/// How people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// By mail.
    Mail,
    /// By an action in Gestan: the letter's subject is its title, the plain text its comment, the id what tells it from others.
    Action,
}

impl Means {
    /// Name in the state and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Action => "action",
        }
    }
}

/// A mail for the outbox, or an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewMail {
    /// Which of both.
    pub kind: Means,
    /// The ticket that it is about, where it is about one.
    pub ticket: Option<i64>,
    /// `opened`, `state`, `appointment`, `digest` or `test`.
    pub occasion: String,
    /// Why this person gets it: `requester`, `technician`, …
    pub audience: String,
    /// Its `Message-ID` without brackets.
    pub message_id: String,
    /// What it says.
    pub letter: Letter,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for its digest.
    Held,
    /// It waits to be sent.
    Waiting,
    /// It was begun; whether it arrived is not known.
    Sending,
    /// The server took it.
    Sent,
    /// It is part of a digest.
    Merged,
    /// It was given up, until `notify retry`.
    Failed,
    /// Somebody took it back.
    Dropped,
}

impl Phase {
    /// Name in the state and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Merged => "merged",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// A mail of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outgoing {
    /// Its number.
    pub id: i64,
    /// When it was decided: the mail's own date.
    pub at: DateTime<Utc>,
    /// The mail.
    #[serde(flatten)]
    pub mail: NewMail,
    /// Where it stands.
    pub phase: Phase,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before this.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was sent or given up.
    pub settled_at: Option<DateTime<Utc>>,
    /// Why it was not sent; empty where it was.
    pub reason: String,
}

/// A `Message-ID` of ours: never given twice. `domain` is the sender's.
pub(super) fn message_id(ticket: Option<i64>, domain: &str) -> String {
    let about = ticket.map_or_else(|| "0".to_owned(), |ticket| ticket.to_string());
    format!("gestan-connector.{about}.{}@{domain}", Uuid::now_v7().simple())
}

/// A mail by which an administrator tries the mail server.
///
/// # Errors
/// When a template of the administrator's own is wrong.
pub fn test_mail(templates: &Templates, locale: Locale, to: &str, domain: &str) -> Result<NewMail, TemplateError> {
    let (subject, text, html) = templates.render(locale, TEST, &minijinja::context! {})?;
    Ok(NewMail {
        kind: Means::Mail,
        ticket: None,
        occasion: TEST.to_owned(),
        audience: TEST.to_owned(),
        message_id: message_id(None, domain),
        letter: Letter {
            to: MailAddress { name: None, address: to.to_owned() },
            subject,
            text,
            html,
            references: Vec::new(),
            comment: None,
            calendar: None,
        },
    })
}
