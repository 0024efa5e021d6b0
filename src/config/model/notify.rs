//! `[notify]`: mails to people when tickets change.

use super::{Locale, MailOauth, MailSecurity, Schedule, When};
use crate::config::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Whom a mail goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever asked for the work.
    Requester,
    /// The technician in charge.
    Technician,
    /// Every member of the group in charge.
    Group,
    /// The ticket's observers.
    Observers,
    /// The rule's own `addresses`.
    Addresses,
}

impl Audience {
    /// Name in the state and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Technician => "technician",
            Self::Group => "group",
            Self::Observers => "observers",
            Self::Addresses => "addresses",
        }
    }
}

/// What a mail tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The ticket was opened.
    Opened,
    /// Its state changed.
    State,
}

impl Occasion {
    /// Name in the state, in `--json` and in templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::State => "state",
        }
    }
}

/// One of `[[notify.rules]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyRule {
    /// The conditions, of which `state` is the state that the ticket now has.
    #[serde(default)]
    pub when: When,
    /// "opened", "state" (any later change), or both.
    #[serde(default = "both")]
    pub on: Vec<Occasion>,
    /// Who gets a mail: "requester", "technician", "group", "observers". An empty list: nobody.
    pub to: Vec<Audience>,
    /// These addresses get one too.
    #[serde(default)]
    pub addresses: Vec<String>,
}

fn both() -> Vec<Occasion> {
    vec![Occasion::Opened, Occasion::State]
}

/// `[notify.smtp]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// The server that mails are given to.
    #[schemars(example = &"smtp.example.fr")]
    pub host: String,
    /// Its port; by itself 465 with "tls", 587 with "starttls", 25 with "none".
    #[serde(default)]
    #[schemars(example = 465)]
    pub port: Option<u16>,
    /// "tls", "starttls" or "none" (a server on this machine only).
    #[serde(default)]
    pub security: MailSecurity,
    /// Certificate (PEM) of the authority that signed the server's, when it is not a public one.
    #[serde(default)]
    #[schemars(example = &"/etc/gestan-connector/mail-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Account; left out where the server wants none.
    #[serde(default)]
    #[schemars(example = &"support@example.fr")]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Access by token in the place of `password` (XOAUTH2), as for a mailbox. The scope must be one for sending.
    #[serde(default)]
    #[schemars(extend("examples" = [{"provider": "microsoft", "tenant": "example.onmicrosoft.com", "client_id": "…", "refresh_token_file": "/var/lib/gestan-connector/smtp-token"}]))]
    pub oauth: Option<MailOauth>,
    /// Seconds that the server may take for one command.
    #[serde(default = "timeout")]
    pub timeout_seconds: u64,
}

impl Smtp {
    /// Its port, chosen or usual.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MailSecurity::Tls => 465,
            MailSecurity::Starttls => 587,
            MailSecurity::None => 25,
        })
    }
}

fn timeout() -> u64 {
    30
}

/// `[notify.languages]`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Languages {
    /// Of mails to requesters and observers; without it that of `[mapping] locale`.
    pub requester: Option<Locale>,
    /// Of mails to technicians and groups; without it that of `[mapping] locale`.
    pub technician: Option<Locale>,
    /// Of mails to fixed addresses; without it that of `[mapping] locale`.
    pub addresses: Option<Locale>,
}

/// `[notify.action]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyAction {
    /// Switches it on: changes of an attributed ticket show in Gestan as actions, once it has an intervention or anomaly there. The gateway needs [gateway.actions].
    pub enabled: bool,
    /// States of GestSup (numbers in tstates) that are told so. Empty: all of them.
    #[schemars(extend("examples" = [[2, 3]]))]
    pub states: Vec<i64>,
}

/// `[notify]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// Switches the flow on. From then on changes are told; what was before is not.
    pub enabled: bool,
    /// When `run` looks for changes and sends what waits, written as for `[tickets]`; it is also woken by the other flows.
    pub schedule: Schedule,
    /// Sender of the mails, as in "Support <support@example.fr>". Answers come back to it: the mail flow should read that mailbox.
    #[schemars(example = &"Support <support@example.fr>")]
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    #[schemars(example = &"support@example.fr")]
    pub reply_to: Option<String>,
    /// Hours after which a change is too old to be told. After a long stop, or in a base that was restored, nobody gets old news.
    pub max_age_hours: u32,
    /// Somebody who would get more mails than this in one pass gets a single one that lists the changes.
    pub digest_above: u32,
    /// More mails than this in one pass stop it before the first, until somebody decides: `sync notify --allow-mass-change`, or `notify skip`.
    pub most_per_pass: u32,
    /// Attempts before a mail that the server keeps refusing is given up, until `gestan-connector notify retry`.
    pub attempts: u32,
    /// Folder with templates of your own, by language: fr/ticket.html replaces that one; what it does not hold is as delivered. The operator guide lists them.
    #[schemars(example = &"/etc/gestan-connector/templates")]
    pub templates: Option<PathBuf>,
    /// Who gets an invitation for the calendar when the time of an intervention is set, moved or cancelled: "requester", "technician", "group", "observers".
    pub appointments: Vec<Audience>,
    /// Languages of the mails.
    pub languages: Languages,
    /// Actions in Gestan beside, or instead of, the mails.
    pub action: NotifyAction,
    /// The server that mails are sent through.
    pub smtp: Option<Smtp>,
    /// Who is told of what: the first rule that matches decides. Without any, the requester is told of every change.
    #[schemars(extend("examples" = [
        {"when": {"state": "1"}, "on": ["opened"], "to": ["requester", "technician", "group"]},
        {"when": {"state": ["3", "4"]}, "to": ["requester", "observers"], "addresses": ["direction@example.fr"]}
    ]))]
    pub rules: Vec<NotifyRule>,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            enabled: false,
            schedule: Schedule::every(Duration::from_secs(60)),
            from: None,
            reply_to: None,
            max_age_hours: 72,
            digest_above: 5,
            most_per_pass: 200,
            attempts: 10,
            templates: None,
            appointments: Vec::new(),
            languages: Languages::default(),
            action: NotifyAction::default(),
            smtp: None,
            rules: Vec::new(),
        }
    }
}

impl Notify {
    /// Language of mails to these people.
    pub fn locale(&self, audience: Audience, usual: Locale) -> Locale {
        let languages = &self.languages;
        let chosen = match audience {
            Audience::Requester | Audience::Observers => languages.requester,
            Audience::Technician | Audience::Group => languages.technician,
            Audience::Addresses => languages.addresses,
        };
        chosen.unwrap_or(usual)
    }
}
