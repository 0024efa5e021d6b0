//! What the mail flow did, mail by mail: `mail list`, `mail show`, `mail replay`, `mail drop`; and how its passes are told.

use super::exit::TryLater;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::{PassResult, Site};
use crate::flows::mail::{MailFilter, MailMemory as _, MailOutcome, MailReport, MailRow};
use crate::flows::tickets::PassOptions;
use crate::messages;
use crate::store::Store;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use tokio_util::sync::CancellationToken;

/// List mails and what became of them, or take one in after all.
#[derive(Debug, Args)]
pub struct Mail {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// List the newest mails and what became of them.
    List(List),
    /// Tell all that is known of one mail.
    Show {
        /// Its number, as `mail list` shows it.
        id: i64,
    },
    /// Take mails off the list of those that were not taken in: somebody looked after them. Nothing is done with them.
    Drop {
        /// Their numbers, as `mail list` shows them.
        #[arg(required = true)]
        ids: Vec<i64>,
    },
    /// Take mails in that were excluded or set aside, whatever the rules say.
    Replay {
        /// Their numbers, as `mail list` shows them.
        #[arg(required = true)]
        ids: Vec<i64>,
    },
}

#[derive(Debug, Args)]
struct List {
    /// One outcome only.
    #[arg(long, value_parser = MailOutcome::ALL.map(MailOutcome::as_str))]
    outcome: Option<String>,
    /// One mailbox only.
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// One ticket only.
    #[arg(long, value_name = "N")]
    ticket: Option<i64>,
    /// The newest so many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Mail {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        matches!(self.command, MailCommand::Replay { .. } | MailCommand::Drop { .. })
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        match self.command {
            MailCommand::List(list) => {
                let store = Store::open_read_only(&loaded.config.state_file()).await?;
                let outcome = MailOutcome::ALL.into_iter().find(|one| list.outcome.as_deref() == Some(one.as_str()));
                let filter = MailFilter {
                    outcome,
                    mailbox: list.mailbox,
                    ticket: list.ticket,
                    since: None,
                    limit: Some(list.limit),
                };
                let rows = store.mails(&filter).await?;
                if globals.json {
                    output::json(&rows)?;
                } else if rows.is_empty() {
                    println!("No mail of the kind was taken.");
                } else {
                    println!("{}", table(&rows));
                }
            }
            MailCommand::Show { id } => {
                let store = Store::open_read_only(&loaded.config.state_file()).await?;
                let row = store.mail(id).await?.ok_or_else(|| anyhow!("there is no mail {id}"))?;
                if globals.json {
                    output::json(&row)?;
                } else {
                    println!("{}", whole(&row));
                }
            }
            MailCommand::Drop { ids } => {
                let site = globals.site(loaded.config, true).await?;
                let mut rows = Vec::new();
                for id in ids {
                    let row = site.store().mail(id).await?.ok_or_else(|| anyhow!("there is no mail {id}"))?;
                    let row = site.drop_mail(row).await?;
                    if !globals.json {
                        screen::say(format_args!("Mail {id} is taken off the list."));
                    }
                    rows.push(row);
                }
                if globals.json {
                    output::json(&rows)?;
                }
            }
            MailCommand::Replay { ids } => {
                let site = globals.site(loaded.config, true).await?;
                let mut rows = Vec::new();
                for id in ids {
                    let row = site.store().mail(id).await?.ok_or_else(|| anyhow!("there is no mail {id}"))?;
                    let row = site.replay_mail(row).await?;
                    if !globals.json {
                        screen::say(format_args!(
                            "Mail {id} from {}, “{}” is taken in by the next pass.",
                            row.sender, row.subject
                        ));
                    }
                    rows.push(row);
                }
                if let Some(asker) = screen::asker() {
                    asker.wake(crate::daemon::Flow::Mail);
                }
                if globals.json {
                    output::json(&rows)?;
                }
            }
        }
        Ok(ExitCode::Ok)
    }
}

pub(super) fn table(rows: &[MailRow]) -> String {
    let cells = rows.iter().map(|row| {
        vec![
            row.id.to_string(),
            output::local(row.at),
            row.sender.clone(),
            output::short(&output::one_line(&row.subject), 40),
            row.outcome.as_str().to_owned(),
            row.ticket.map_or_else(|| "–".to_owned(), |ticket| ticket.to_string()),
            row.code.clone(),
        ]
    });
    output::table(&["mail", "when", "from", "subject", "became", "ticket", "why"], cells)
}

fn whole(row: &MailRow) -> String {
    let mut text = match (row.sender.as_str(), row.subject.as_str(), row.received_at) {
        ("", "", None) => {
            format!("Mail {}, of which only what became of it is still known ([state] journal_days):\n", row.id)
        }
        (sender, subject, _) => format!("Mail {} from {sender}: “{}”\n", row.id, output::one_line(subject)),
    };
    let mut line = |what: &str, value: String| {
        let _ = writeln!(text, "  {what:<12} {value}");
    };
    let ticket = row.ticket.map(|ticket| format!(" n°{ticket}")).unwrap_or_default();
    line("became", format!("{}{ticket} ({})", row.outcome.as_str(), row.code));
    if !row.reason.is_empty() {
        line("why", row.reason.clone());
    }
    line("lies in", format!("{} / {} (uid {})", row.spot.mailbox, row.spot.folder, row.spot.uid));
    if let Some(received) = row.received_at {
        line("received", output::local(received));
    }
    line("taken", output::local(row.at));
    if let Some(id) = &row.message_id {
        line("Message-ID", id.clone());
    }
    line("size", format!("{} KiB", row.size.div_ceil(1024)));
    if row.attempts > 0 {
        let next = row.next_at.map(|next| format!(", the next one from {}", output::local(next))).unwrap_or_default();
        line("attempts", format!("{}{next}", row.attempts));
    }
    if !row.filed {
        line("filing", "not done yet".to_owned());
    }
    if let Some(explained) = messages::explain(super::explain::of_terminal(), "mail", &row.code) {
        line("means", super::explain::plain(&explained.cause));
    }
    if let Some(cure) = cure(row) {
        let _ = writeln!(text, "{cure}");
    }
    text.trim_end().to_owned()
}

/// What a person does about a mail that was not taken in.
pub(super) fn cure(row: &MailRow) -> Option<String> {
    let [replay, drop] = ["replay", "drop"].map(|what| format!("`gestan-connector mail {what} {}`", row.id));
    match row.outcome {
        MailOutcome::Parked if row.code.ends_with("-by-gestsup") => {
            Some(format!("Look at it in its mailbox; {drop} takes it off this list."))
        }
        MailOutcome::Excluded => Some(format!("{replay} takes it in after all.")),
        MailOutcome::Parked => {
            Some(format!("Mend the cause; {replay} then takes it in. {drop} takes it off this list instead."))
        }
        MailOutcome::Failed => Some(format!("It is tried again by itself; {replay} has it tried at once.")),
        _ => None,
    }
}

/// Makes passes of the mail flow until there is nothing more to take; says whether something failed.
pub(super) async fn pass(
    site: &Site,
    options: &PassOptions,
    cancel: &CancellationToken,
    json: bool,
    shown: bool,
) -> anyhow::Result<bool> {
    let mut whole: Option<MailReport> = None;
    loop {
        let report = match site.take_mails(options, cancel).await? {
            PassResult::Done(report) => *report,
            PassResult::CircuitOpen(sentence) => return Err(TryLater(sentence).into()),
        };
        let more = report.more && !report.interrupted && !options.dry_run;
        match &mut whole {
            Some(whole) => whole.absorb(report),
            None => whole = Some(report),
        }
        if !more {
            break;
        }
    }
    let Some(report) = whole else { return Ok(false) };
    if shown && json {
        output::json(&report)?;
    } else if shown {
        screen::say(format_args!("{}\n", render(&report)));
    }
    Ok(report.has_failures())
}

/// A report as people read it.
fn render(report: &MailReport) -> String {
    let mut text = String::new();
    if !report.records.is_empty() {
        let rows = report.records.iter().map(|record| {
            vec![
                record.sender.clone(),
                output::short(&output::one_line(&record.subject), 40),
                record.outcome.as_str().to_owned(),
                record.ticket.map_or_else(|| "–".to_owned(), |ticket| ticket.to_string()),
                if record.message.is_empty() { record.code.clone() } else { record.message.clone() },
            ]
        });
        let _ = writeln!(text, "{}\n", output::table(&["from", "subject", "becomes", "ticket", "why"], rows));
    }
    for trouble in &report.troubles {
        let _ = writeln!(text, "Mailbox {}: {}", trouble.mailbox, trouble.message);
    }
    for sentence in report.paused.iter().chain(&report.remarks) {
        let _ = writeln!(text, "{sentence}");
    }
    if report.interrupted {
        let _ = writeln!(text, "Interrupted between two mails; the next pass goes on where this one ended.");
    }
    let parts: Vec<String> = [
        (report.tickets, "ticket", "tickets"),
        (report.replies, "reply", "replies"),
        (report.excluded, "excluded", "excluded"),
        (report.duplicates, "known already", "known already"),
        (report.failed, "failed", "failed"),
        (report.parked, "set aside", "set aside"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| output::count(count, one, many))
    .collect();
    let what = match (parts.is_empty(), report.dry_run) {
        (true, _) => "no new mail".to_owned(),
        (false, true) => format!("to be made of them, nothing was written: {}", parts.join(", ")),
        (false, false) => parts.join(", "),
    };
    let seconds = std::time::Duration::from_millis(report.milliseconds).as_secs_f64();
    let _ =
        write!(text, "Mail: {what}. {} looked at; {seconds:.2} s.", output::count(report.looked_at, "mail", "mails"));
    text
}
