//! `show`: the whole story of one ticket: both sides, what was last agreed, what happened, and what
//! would happen next.

use super::{ExitCode, Globals, LogTo, output};
use crate::config::Role;
use crate::daemon::{Notice, Site, Story};
use crate::flows::tickets::Asked;
use crate::model::{Field, Value};
use clap::Args;

/// Tell the whole story of one ticket.
#[derive(Debug, Args)]
pub struct Show {
    /// Ticket number.
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    ticket: i64,
    /// Print the memo of the intervention too.
    #[arg(long)]
    memo: bool,
    /// Print which rule decided each field.
    #[arg(long)]
    why: bool,
}

impl Show {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let site = Site::open_to_look(loaded.config).await?;
        let Some(story) = Story::of(&site, self.ticket).await? else {
            anyhow::bail!("there is no ticket n°{} in GestSup, and none was ever sent under that number", self.ticket);
        };
        if globals.json {
            output::json(&story)?;
        } else {
            print(&story, self.memo, self.why);
        }
        Ok(story.trouble.map_or(ExitCode::Ok, |error| super::exit_code(&error.into())))
    }
}

/// A value as people read it: times in the machine's zone.
fn shown(value: &Value) -> String {
    match value {
        value if value.is_nothing() => "–".to_owned(),
        Value::Time(time) => time.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string(),
        value => output::one_line(&value.to_string()),
    }
}

/// Which rule decided what, as a table.
fn why(asked: &Asked) -> String {
    let becomes = vec!["what it is".to_owned(), asked.kind.to_string(), asked.why_kind.clone()];
    let rows = Field::ALL.iter().filter_map(|field| {
        let value = asked.fields.get(field)?;
        // Taken from the ticket as it is.
        Some(vec![field.to_string(), shown(value), asked.reason(*field).unwrap_or("the ticket").to_owned()])
    });
    output::table(&["field", "gestsup asks for", "decided by"], std::iter::once(becomes).chain(rows))
}

fn notices(notices: &[Notice]) -> String {
    let rows = notices.iter().map(|notice| {
        vec![
            notice.id.to_string(),
            output::local(notice.at),
            notice.phase.as_str().to_owned(),
            notice.to.clone(),
            output::short(&output::one_line(&notice.subject), 50),
            output::one_line(&notice.reason),
        ]
    });
    output::table(&["mail", "when", "phase", "to", "subject", "why"], rows)
}

fn print(story: &Story, memo: bool, with_why: bool) {
    match &story.ticket {
        Some(ticket) => {
            let who = ticket.technician.as_ref().map(crate::model::Person::display_name);
            let who = who.or_else(|| ticket.group.as_ref().map(|group| format!("group {}", group.name)));
            println!("Ticket n°{}: {}", ticket.number, output::one_line(&ticket.title));
            println!(
                "  {} – {} – in charge: {} – client: {}",
                ticket.state.name,
                output::count(ticket.steps.len(), "step", "steps"),
                who.unwrap_or_else(|| "nobody".to_owned()),
                ticket.client().map_or("none", |company| company.name.as_str())
            );
        }
        None if story.trouble.is_some() => println!("Ticket n°{}, as far as is remembered:", story.number),
        None => println!("Ticket n°{} no longer exists in GestSup.", story.number),
    }
    for link in &story.links {
        let phase = serde_json::to_value(link.phase).ok().and_then(|phase| phase.as_str().map(str::to_owned));
        println!(
            "  {} {} (n°{} of this ticket): {}",
            output::capital(link.kind.as_str()),
            link.gestan_id,
            link.sequence,
            phase.unwrap_or_default()
        );
    }
    if let Some(link) = story.links.last() {
        let rows = Field::ALL.iter().filter(|field| link.held.contains_key(field)).filter_map(|field| {
            let now = story.gestan.as_ref().and_then(|state| state.fields.get(field));
            let values = [link.sent.get(field), link.held.get(field), now];
            // What no side has says nothing.
            values.iter().flatten().any(|value| !value.is_nothing()).then(|| {
                let shown = values.map(|value| value.map_or_else(|| "–".to_owned(), shown));
                std::iter::once(field.to_string()).chain(shown).collect()
            })
        });
        println!("\n{}", output::table(&["field", "gestsup asked", "then agreed", "gestan holds"], rows));
    }
    if let Some(asked) = story.asked.as_ref().filter(|_| with_why) {
        println!("\n{}", why(asked));
    }
    if let Some(attention) = &story.attention {
        let text = format!(
            "Since {} it {}: {}",
            output::local(attention.since),
            super::journal::trouble(attention.trouble),
            attention.reason
        );
        println!("\n{}", output::wrapped(&text, 2));
    }
    if let Some(told) = story.follow_up.as_ref().map(super::follow_up::tell).filter(|told| !told.is_empty()) {
        println!("\n{told}");
    }
    for record in &story.follow_up_next {
        println!("\n{}", output::wrapped(&format!("Next: {}", record.message), 2));
    }
    println!("\n{}", output::wrapped(&format!("Next: {}", story.next.message), 2));
    if memo && let Some(state) = &story.gestan {
        println!("\nMemo in Gestan:");
        for line in state.memo.lines() {
            println!("  {}", output::one_line(line));
        }
    }
    if !story.mails_in.is_empty() {
        println!("\nMails that came in:\n{}", super::mail::table(&story.mails_in));
    }
    if !story.mails_out.is_empty() {
        println!("\nNotifications:\n{}", notices(&story.mails_out));
    }
    if !story.journal.is_empty() {
        println!("\n{}", super::journal::render(&story.journal));
    }
}
