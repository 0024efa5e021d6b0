//! `notify`: the mails that go out, and what is done about them.

use super::exit::TryLater;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::{Config, Role};
use crate::daemon::{PassResult, Site};
use crate::flows::notify::{NotifyReport, Outgoing, Phase, Post as _, test_mail};
use crate::flows::tickets::{Outcome, PassOptions};
use crate::store::{OutboxFilter, Store};
use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use tokio_util::sync::CancellationToken;

/// See the mails that go out, send one again, or take one back.
#[derive(Debug, Args)]
pub struct Notify {
    #[command(subcommand)]
    what: What,
}

const PHASES: [&str; 7] = ["held", "waiting", "sending", "sent", "merged", "failed", "dropped"];

#[derive(Debug, Subcommand)]
enum What {
    /// List mails, the newest first.
    List {
        /// Those in this phase only.
        #[arg(long, value_parser = PHASES)]
        phase: Option<String>,
        /// Those about this ticket only.
        #[arg(long = "ticket", value_name = "N")]
        ticket: Option<i64>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one mail as it is sent.
    Show {
        /// Its number in the list.
        id: i64,
    },
    /// Have mails tried again on the next pass: those named, else all that failed.
    Retry {
        /// Their numbers in the list.
        ids: Vec<i64>,
    },
    /// Take mails back that were not sent.
    Drop {
        /// Their numbers in the list.
        #[arg(required_unless_present = "all")]
        ids: Vec<i64>,
        /// All that were not sent.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Tell nobody of what changed up to now.
    Skip,
    /// Send a mail that shows whether mails can be sent.
    Test {
        /// Where to.
        address: String,
    },
}

impl Notify {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        matches!(self.what, What::Retry { .. } | What::Drop { .. } | What::Skip)
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        match self.what {
            What::List { phase, ticket, limit } => {
                let phase = phase.map(|phase| serde_json::from_value::<Phase>(phase.into())).transpose()?;
                list(loaded.config, OutboxFilter { phase, ticket, limit }, globals.json).await
            }
            What::Show { id } => show(&loaded.config, id, globals.json).await,
            What::Test { address } => test(loaded.config, &address, globals.json).await,
            What::Retry { ids } => {
                let site = globals.site(loaded.config, true).await?;
                let _alone = site.alone_with_outbox().await;
                let count = site.store().retry_mails(&ids).await?;
                told(count, "is tried again on the next pass", "are tried again on the next pass", globals.json)
            }
            What::Drop { ids, all } => {
                let site = globals.site(loaded.config, true).await?;
                let _alone = site.alone_with_outbox().await;
                let ids = (!all).then_some(&ids[..]);
                let count = site.store().drop_mails(ids, Utc::now()).await?;
                told(count, "is not sent", "are not sent", globals.json)
            }
            What::Skip => {
                let site = globals.site(loaded.config, true).await?;
                let _alone = site.alone_with_outbox().await;
                let count = site.notices().skip(Utc::now()).await?;
                if globals.json {
                    output::json(&serde_json::json!({ "tickets": count }))?;
                } else {
                    let tickets = output::count(count, "ticket", "tickets");
                    screen::say(format_args!("Nobody is told of what changed up to now ({tickets})."));
                }
                Ok(ExitCode::Ok)
            }
        }
    }
}

fn told(count: u64, one: &str, many: &str, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::json(&serde_json::json!({ "mails": count }))?;
    } else {
        let sentence = if count == 1 { format!("1 mail {one}.") } else { format!("{count} mails {many}.") };
        screen::say(format_args!("{sentence}"));
    }
    Ok(ExitCode::Ok)
}

async fn list(config: Config, filter: OutboxFilter, json: bool) -> anyhow::Result<ExitCode> {
    let path = config.state_file();
    let mails = if path.exists() { Store::open_read_only(&path).await?.outbox(filter).await? } else { Vec::new() };
    if json {
        output::json(&mails)?;
        return Ok(ExitCode::Ok);
    }
    if mails.is_empty() {
        screen::say(format_args!("No mail."));
        return Ok(ExitCode::Ok);
    }
    let rows = mails.iter().map(|mail| {
        vec![
            mail.id.to_string(),
            output::local(mail.at),
            mail.phase.as_str().to_owned(),
            mail.mail.ticket.map_or_else(|| "–".to_owned(), |ticket| ticket.to_string()),
            mail.mail.letter.to.address.clone(),
            mail.mail.audience.clone(),
            output::short(&mail.mail.letter.subject, 50),
            mail.reason.clone(),
        ]
    });
    let headers = ["mail", "decided", "phase", "ticket", "to", "audience", "subject", "reason"];
    screen::say(format_args!("{}", output::table(&headers, rows)));
    Ok(ExitCode::Ok)
}

async fn show(config: &Config, id: i64, json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open_read_only(&config.state_file()).await?;
    let mail =
        store.outgoing_mail(id).await?.with_context(|| format!("there is no mail {id}: `notify list` shows them"))?;
    if json {
        output::json(&mail)?;
    } else {
        screen::say(format_args!("{}", story(&mail)));
    }
    Ok(ExitCode::Ok)
}

/// A mail as people read it.
fn story(mail: &Outgoing) -> String {
    let letter = &mail.mail.letter;
    let mut text = String::new();
    let to = match &letter.to.name {
        Some(name) => format!("{} <{}>", output::one_line(name), letter.to.address),
        None => letter.to.address.clone(),
    };
    let lines = [
        ("To", to),
        ("Subject", output::one_line(&letter.subject)),
        ("Message-ID", mail.mail.message_id.clone()),
        ("Decided", output::local(mail.at)),
        ("Phase", mail.phase.as_str().to_owned()),
        ("Attempts", mail.attempts.to_string()),
        ("Settled", mail.settled_at.map(output::local).unwrap_or_default()),
        ("Next attempt", mail.next_at.map(output::local).unwrap_or_default()),
        ("Reason", output::one_line(&mail.reason)),
    ];
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:<14}{value}");
    }
    for line in letter.text.lines() {
        let _ = write!(text, "\n  {}", output::one_line(line));
    }
    text
}

async fn test(config: Config, address: &str, json: bool) -> anyhow::Result<ExitCode> {
    let locale = config.mapping.locale;
    let site = Site::open_to_look(config).await?;
    let Some(server) = site.mail_server() else {
        bail!("there is no mail server to send through: set `from` in [notify], and `host` in [notify.smtp]");
    };
    if address.parse::<lettre::Address>().is_err() {
        bail!("“{}” is no mail address", output::one_line(address));
    }
    let mail = test_mail(site.templates(), locale, address, server.sender().email.domain())?;
    let now = Utc::now();
    let mail = Outgoing {
        id: 0,
        at: now,
        mail,
        phase: Phase::Sending,
        attempts: 1,
        next_at: None,
        settled_at: None,
        reason: String::new(),
    };
    let mut session = server.session().await?;
    let sent = session.send(&mail).await?;
    session.close().await;
    if let Err(why) = sent {
        let (crate::flows::notify::NotSent::Refused(reason) | crate::flows::notify::NotSent::Later(reason)) = why;
        bail!("the mail was not taken: {reason}");
    }
    if json {
        output::json(&serde_json::json!({ "sent": address, "through": server.place() }))?;
    } else {
        screen::say(format_args!("{} took a mail to {address}.", server.place()));
    }
    Ok(ExitCode::Ok)
}

/// Makes a pass for `sync`, and says what it did; whether something failed.
pub(super) async fn pass(
    site: &Site,
    options: &PassOptions,
    cancel: &CancellationToken,
    print: bool,
    json: bool,
) -> anyhow::Result<bool> {
    let report = match site.notify(options, cancel).await? {
        PassResult::Done(report) => report,
        PassResult::CircuitOpen(sentence) => return Err(TryLater(sentence).into()),
    };
    if print && json {
        output::json(&report)?;
    } else if print {
        screen::say(format_args!("{}", render(&report)));
    }
    Ok(report.has_failures())
}

/// A report as people read it.
fn render(report: &NotifyReport) -> String {
    let mut text = String::new();
    if !report.records.is_empty() {
        let rows = report.records.iter().map(|record| {
            let what = match record.outcome {
                None => "to be sent",
                Some(Outcome::Done) => "sent",
                Some(Outcome::Failed) => "later",
                Some(Outcome::Quarantined) => "given up",
                _ => record.code.as_str(),
            };
            vec![
                record.ticket.map_or_else(|| "–".to_owned(), |ticket| ticket.to_string()),
                what.to_owned(),
                record.to.clone(),
                record.message.clone(),
            ]
        });
        let _ = writeln!(text, "{}\n", output::table(&["ticket", "what", "to", "detail"], rows));
    }
    if let Some(sentence) = &report.held {
        let _ = writeln!(text, "{sentence}");
    }
    if let Some(sentence) = &report.mail_server {
        let _ = writeln!(text, "{sentence}");
    }
    for reason in &report.brake {
        let _ = writeln!(
            text,
            "Stopped before the first mail: {reason}. If this is what you want, run `gestan-connector sync notify --allow-mass-change`; if nobody is to be told, `gestan-connector notify skip`."
        );
    }
    if report.interrupted {
        let _ = writeln!(text, "Interrupted between two mails; the next pass goes on where this one ended.");
    }
    let mails = match report.dry_run {
        true => format!("{} to be sent, none was", output::count(report.queued, "mail", "mails")),
        false => format!("{} sent", output::count(report.sent, "mail", "mails")),
    };
    let seconds = std::time::Duration::from_millis(report.milliseconds).as_secs_f64();
    let _ = write!(
        text,
        "Notifications: {mails}, {} waiting, {} given up. {} looked at, {} changed; {seconds:.2} s.",
        report.waiting,
        report.given_up,
        output::count(report.looked_at, "ticket", "tickets"),
        report.changed
    );
    text
}
