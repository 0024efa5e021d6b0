//! `status`: what is in step, what waits, what failed.

use super::{ExitCode, Globals, LogTo, output};
use crate::config::Role;
use crate::flows::mail::{MailOutcome, MailRow};
use crate::store::Store;
use clap::Args;

/// Mails that could not be taken in and are told one by one.
const MAILS: usize = 20;

/// Say what is in step, what waits and what failed.
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let path = &loaded.config.state_file();
        if !path.exists() {
            anyhow::bail!(
                "there is no state at {} yet: run `gestan-connector sync --dry-run`, then `gestan-connector sync`",
                path.display()
            );
        }
        let store = Store::open_read_only(path).await?;
        let report = store.status().await?;
        if globals.json {
            output::json(&report)?;
            return Ok(ExitCode::Ok);
        }
        if loaded.config.is_shadow() {
            println!("{}", output::SHADOW);
        }
        for run in &report.last_runs {
            let ended = run.ended.map_or_else(|| "still under way, or killed".to_owned(), output::local);
            println!(
                "Last pass of {}: began {}, ended {}: {}",
                run.flow,
                output::local(run.started),
                ended,
                run.outcome
            );
            if let Some(error) = &run.error {
                println!("{}", output::wrapped(&format!("  {}", output::one_line(error)), 2));
            }
        }
        for run in &report.last_successes {
            println!("Last successful pass of {}: {}", run.flow, output::local(run.started));
        }
        println!("{}.", report.sweep.sentence("Every ticket", "looked at"));
        println!("{}.", report.comparison.sentence("Every intervention", "compared with Gestan"));
        if let Some(sentence) = &report.rewound {
            println!("{}", output::wrapped(sentence, 2));
        }
        if report.last_runs.is_empty() {
            println!("No pass was made yet.");
        }
        let links: Vec<String> = report.links.iter().map(|(phase, count)| format!("{count} {phase}")).collect();
        println!("Linked tickets: {}", if links.is_empty() { "none".to_owned() } else { links.join(", ") });
        for circuit in &report.circuits {
            println!("{}", output::wrapped(&circuit.sentence(), 2));
        }
        if report.unconfirmed > 0 {
            println!(
                "{} begun and not confirmed: the next pass looks at them again",
                output::count(report.unconfirmed, "write was", "writes were")
            );
        }
        if !report.outbox.is_empty() {
            let phases: Vec<String> = report.outbox.iter().map(|(phase, count)| format!("{count} {phase}")).collect();
            println!("Mails and actions not sent: {} (`gestan-connector notify list` shows them)", phases.join(", "));
        }
        let listed: usize = report.mail_troubles.len().min(MAILS);
        for mail in &report.mail_troubles[..listed] {
            println!("{}", output::wrapped(&told(mail), 2));
        }
        let more = report.mails.values().sum::<usize>().saturating_sub(listed);
        if more > 0 {
            println!(
                "And {more} more mails that were not taken in: `gestan-connector mail list --outcome parked` (or failed) lists them."
            );
        }
        for attention in &report.follow_up {
            let text = format!(
                "Follow-up of ticket {} {} since {}: {}",
                attention.number,
                super::journal::trouble(attention.trouble),
                output::local(attention.since),
                attention.reason
            );
            println!("{}", output::wrapped(&text, 2));
        }
        if !report.reference_links.is_empty() {
            let links = report.reference_links.iter().map(|(kind, count)| format!("{count} {kind}"));
            let text = format!("Reference data linked: {}", links.collect::<Vec<_>>().join(", "));
            println!("{}", output::wrapped(&text, 2));
        }
        for case in &report.reference_cases {
            let text = format!(
                "{} “{}” (n°{} in Gestan) waits for a decision since {}: {}",
                case.kind,
                case.name,
                case.key,
                output::local(case.since),
                case.reason
            );
            println!("{}", output::wrapped(&text, 2));
        }
        if report.attention.is_empty() && !report.mails.is_empty() {
            println!("No ticket waits and none failed.");
        } else if report.attention.is_empty() {
            println!("Nothing waits and nothing failed.");
        } else {
            let rows = report.attention.iter().map(|attention| {
                vec![
                    attention.number.to_string(),
                    super::journal::trouble(attention.trouble).to_owned(),
                    output::local(attention.since),
                    attention.next_at.map_or_else(|| "–".to_owned(), output::local),
                    attention.reason.clone(),
                ]
            });
            println!("\n{}", output::told(&["ticket", "state", "since", "next attempt", "reason"], rows));
        }
        Ok(ExitCode::Ok)
    }
}

/// A mail that could not be taken in, and what to do about it.
fn told(mail: &MailRow) -> String {
    let what = match (mail.outcome, mail.next_at) {
        (MailOutcome::Failed, Some(next)) => format!("is tried again from {}", output::local(next)),
        (MailOutcome::Failed, None) => "is tried again".to_owned(),
        _ => format!("is set aside since {}", output::local(mail.at)),
    };
    let reason = output::one_line(&mail.reason);
    let cure = super::mail::cure(mail).unwrap_or_default();
    format!(
        "Mail {} from {}, “{}”, {what} ({}): {reason}{} {cure}",
        mail.id,
        if mail.sender.is_empty() { "nobody" } else { &mail.sender },
        output::short(&output::one_line(&mail.subject), 60),
        mail.code,
        if reason.ends_with(['.', '!', '?']) { "" } else { "." },
    )
}
