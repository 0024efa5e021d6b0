//! `sync`: one pass now.

use super::exit::TryLater;
use super::reference::Print;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::PassResult;
use crate::flows::tickets::{Outcome, PassOptions, PassReport, RecordReport};
use clap::Args;
use std::fmt::Write as _;

/// Make one pass now.
#[derive(Debug, Args)]
pub struct Sync {
    /// Flows to run; all of them when none is named.
    #[arg(value_name = "FLOW", value_parser = ["reference", "follow_up", "mail", "tickets", "notify"])]
    flows: Vec<String>,
    /// Show what would be written; write nothing, on either side or in the state.
    #[arg(long)]
    dry_run: bool,
    /// This ticket only (may be given several times).
    #[arg(long = "ticket", value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    tickets: Vec<i64>,
    /// Look at every ticket, old closed ones included.
    #[arg(long)]
    full: bool,
    /// Go on although more records would change than `[tickets.brake]` allows.
    #[arg(long)]
    allow_mass_change: bool,
}

impl Sync {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        !self.dry_run
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let options = PassOptions {
            dry_run: self.dry_run,
            full: self.full,
            only: self.tickets.clone(),
            allow_mass_change: self.allow_mass_change,
            settle: false,
        };
        let shadow = loaded.config.is_shadow();
        let site = globals.site(loaded.config, self.works()).await?;
        let named = |flow: &str| self.flows.iter().any(|named| named == flow);
        let follows = if self.flows.is_empty() { site.follows_up() } else { named("follow_up") };
        if follows && !site.follows_up() {
            anyhow::bail!(
                "the follow-up is off: set [follow_up] enabled = true (in shadow mode nothing is written to GestSup either)"
            );
        }
        let refers = if self.flows.is_empty() { site.refers() } else { named("reference") };
        if refers && !site.refers() {
            anyhow::bail!(
                "the reference flow is off: set [reference] enabled = true (in shadow mode nothing is written to GestSup either)"
            );
        }
        let notifies = if self.flows.is_empty() { site.notifies() } else { named("notify") };
        if notifies && !site.notifies() {
            anyhow::bail!(
                "notifications are off: set [notify] enabled = true (in shadow mode nobody is told anything)"
            );
        }
        // One ticket is no matter of mails.
        let takes_mails =
            if self.flows.is_empty() { site.takes_mails() && self.tickets.is_empty() } else { named("mail") };
        if takes_mails && !site.takes_mails() {
            anyhow::bail!(
                "the mail flow is off: set [mail] enabled = true (in shadow mode nothing is written to GestSup either)"
            );
        }
        let cancel = screen::cancel();
        let mut failures = false;
        // A flow towards GestSup that cannot be made holds up no ticket; what it could not do is told at the end.
        let mut trouble = None;
        // One ticket is no matter of clients and equipment.
        if refers && (self.tickets.is_empty() || named("reference")) {
            let print = match (globals.json, &self.flows[..]) {
                (false, _) => Print::Text,
                (true, [_]) => Print::Json,
                (true, _) => Print::Nothing,
            };
            match super::reference::pass(&site, &options, &cancel, print).await {
                Ok(failed) => failures |= failed,
                Err(error) => trouble = Some(error),
            }
        }
        if follows {
            match site.follow(&options, &cancel).await {
                Ok(PassResult::Done(report)) => {
                    failures |= report.has_failures();
                    // One document on standard output: that of the tickets, unless only this flow was asked for.
                    if !globals.json {
                        screen::say(format_args!("{}\n", super::follow_up::render(&report)));
                    } else if !self.flows.is_empty() && !named("tickets") && !named("notify") {
                        output::json(&report)?;
                    }
                }
                Ok(PassResult::CircuitOpen(sentence)) => return Err(TryLater(sentence).into()),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        if takes_mails {
            let shown = !globals.json || matches!(&self.flows[..], [_]);
            match super::mail::pass(&site, &options, &cancel, globals.json, shown).await {
                Ok(failed) => failures |= failed,
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        if self.flows.is_empty() || named("tickets") {
            let report = match site.pass(&options, &cancel).await? {
                PassResult::Done(report) => report,
                PassResult::CircuitOpen(sentence) => return Err(TryLater(sentence).into()),
            };
            if globals.json {
                output::json(&report)?;
            } else {
                if shadow {
                    screen::say(format_args!("{}\n", output::SHADOW));
                }
                screen::say(format_args!("{}", render(&report)));
            }
            failures |= report.has_failures();
        }
        if notifies {
            let alone = self.flows.len() == 1;
            if !globals.json && !alone {
                screen::say(format_args!(""));
            }
            match super::notify::pass(&site, &options, &cancel, alone || !globals.json, globals.json).await {
                Ok(failed) => failures |= failed,
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        if let Some(error) = trouble {
            return Err(error);
        }
        Ok(if failures { ExitCode::Records } else { ExitCode::Ok })
    }
}

/// The report as people read it.
pub(super) fn render(report: &PassReport) -> String {
    let mut text = String::new();
    if !report.records.is_empty() {
        let rows = report.records.iter().map(|record| {
            vec![
                record.ticket.to_string(),
                record.gestan_id.map_or_else(|| "–".to_owned(), |id| id.to_string()),
                action(record).to_owned(),
                output::short(&record.title, 40),
                record.message.clone(),
            ]
        });
        let _ = writeln!(text, "{}\n", output::told(&["ticket", "intervention", "what", "title", "detail"], rows));
    }
    match report.unlisted.values().sum() {
        0 => {}
        more => {
            let _ = writeln!(text, "… and {more} more: `gestan-connector journal` tells of all.\n");
        }
    }
    if let Some(sentence) = &report.rewound {
        let _ = writeln!(text, "{}\n", output::wrapped(sentence, 0));
    }
    for reason in &report.brake {
        let reason = format!("Stopped before the first write: {reason}.");
        let _ = writeln!(text, "{}", output::wrapped(&reason, 2));
    }
    if !report.brake.is_empty() {
        let advice = "If this is what you want, run `gestan-connector sync --allow-mass-change`; otherwise look for a restored base or a changed mapping first.";
        let _ = writeln!(text, "{}\n", output::wrapped(advice, 0));
    }
    if report.interrupted {
        let _ = writeln!(text, "Interrupted between two records; the next pass goes on where this one ended.");
    }
    let _ = write!(text, "{}", output::wrapped(&summary(report), 2));
    text
}

fn action(record: &RecordReport) -> &str {
    match record.outcome {
        Some(Outcome::Waiting) => "waits",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Quarantined) => "set aside",
        Some(Outcome::Reported) => "reported",
        Some(Outcome::Done) | None => &record.code,
    }
}

/// The last line: what it all came to.
pub(super) fn summary(report: &PassReport) -> String {
    let looked = format!(
        "{} in GestSup, {} looked at, {} read",
        output::count(report.tickets, "ticket", "tickets"),
        report.looked_at,
        report.read
    );
    let seconds = format!("{:.2} s", std::time::Duration::from_millis(report.milliseconds).as_secs_f64());
    let stopped = !report.brake.is_empty();
    let mut parts: Vec<String> = report
        .by_verb()
        .into_iter()
        .map(|(verb, count)| match report.dry_run || stopped {
            true => format!("{count} to {verb}"),
            false => format!("{count} {}", past(verb.as_str())),
        })
        .collect();
    for (outcome, what) in [
        (Outcome::Waiting, "waiting"),
        (Outcome::Failed, "failed"),
        (Outcome::Quarantined, "set aside"),
        (Outcome::Reported, "reported"),
    ] {
        match report.count(outcome) {
            0 => {}
            count => parts.push(format!("{count} {what}")),
        }
    }
    let what = match (parts.is_empty(), report.dry_run) {
        (true, _) => "Nothing to do: both sides agree".to_owned(),
        (false, true) => format!("Dry run, nothing was written: {}", parts.join(", ")),
        (false, false) if stopped => format!("Nothing was written: {}", parts.join(", ")),
        (false, false) => format!("Done: {}", parts.join(", ")),
    };
    format!("{what}. {looked}; {seconds}.")
}

fn past(verb: &str) -> &str {
    match verb {
        "create" => "created",
        "update" => "updated",
        "close" => "closed",
        "bill" => "to be billed",
        "cancel" => "cancelled",
        "reopen" => "reopened",
        "gone" => "noted as gone",
        other => other,
    }
}
