//! `show`: the whole story of one ticket: both sides, what was last agreed, what happened, and what
//! would happen next.

use super::{ExitCode, Globals, LogTo, output};
use crate::config::Role;
use crate::daemon::{PassResult, Site};
use crate::flows::PortError;
use crate::flows::follow_up::{FollowMemory as _, FollowRecord, Following};
use crate::flows::tickets::{Asked, Interventions as _, Operation};
use crate::flows::tickets::{JournalEntry, Link, Memory as _, PassOptions, Verdict};
use crate::gestan::contract::{ObjectState, TicketKey};
use crate::model::{Field, Ticket, Value};
use crate::store::JournalFilter;
use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

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

#[derive(Debug, Serialize)]
struct Story {
    number: i64,
    ticket: Option<Ticket>,
    links: Vec<Link>,
    gestan: Option<ObjectState>,
    next: Next,
    attention: Option<crate::flows::tickets::Attention>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_up: Option<Following>,
    /// What the follow-up would do next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    follow_up_next: Vec<FollowRecord>,
    asked: Option<Asked>,
    journal: Vec<JournalEntry>,
    /// Why a system could not be asked: then only what is remembered is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// What would happen next.
#[derive(Debug, Serialize)]
pub(super) struct Next {
    code: String,
    message: String,
    operation: Option<Operation>,
}

impl Show {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let site = Site::open_to_look(loaded.config).await?;
        let links = site.store().links(&[self.ticket]).await?;
        let asked = match links.last() {
            Some(link) => {
                let source = site.config().gestsup.as_ref().map(|gestsup| gestsup.source.clone()).unwrap_or_default();
                let key = TicketKey { source, number: self.ticket, sequence: link.sequence };
                site.gestan().get(&key, link.kind).await
            }
            None => Ok(None),
        };
        let flow = site.tickets()?;
        let asked = match asked {
            Ok(gestan) => {
                let preview = flow.preview(self.ticket, gestan.as_ref(), chrono::Utc::now()).await;
                preview.map(|preview| (gestan, preview))
            }
            Err(error) => Err(error),
        };
        let (gestan, preview) = match asked {
            Ok(answers) => answers,
            Err(error) => return self.remembered(globals, &site, links, error).await,
        };
        if preview.ticket.is_none() && links.is_empty() {
            anyhow::bail!("there is no ticket n°{} in GestSup, and none was ever sent under that number", self.ticket);
        }
        let story = Story {
            number: self.ticket,
            next: next(&preview.verdict),
            ticket: preview.ticket,
            links,
            gestan,
            attention: site.store().attention().await?.remove(&self.ticket),
            follow_up: site.store().followings(&[self.ticket]).await?.remove(&self.ticket),
            follow_up_next: self.follow_up_next(&site).await,
            asked: preview.asked,
            journal: self.journal(&site).await?,
            trouble: None,
        };
        if globals.json {
            output::json(&story)?;
        } else {
            print(&story, self.memo, self.why);
        }
        Ok(ExitCode::Ok)
    }

    /// What the follow-up would do; nothing where it is off, or cannot look.
    async fn follow_up_next(&self, site: &Site) -> Vec<FollowRecord> {
        if !site.follows_up() {
            return Vec::new();
        }
        let options = PassOptions { dry_run: true, only: vec![self.ticket], ..PassOptions::default() };
        match site.follow(&options, &CancellationToken::new()).await {
            Ok(PassResult::Done(report)) => report.records,
            Ok(PassResult::CircuitOpen(_)) | Err(_) => Vec::new(),
        }
    }

    async fn journal(&self, site: &Site) -> anyhow::Result<Vec<JournalEntry>> {
        let filter = JournalFilter { ticket: Some(self.ticket), ..JournalFilter::default() };
        Ok(site.store().journal(&filter).await?)
    }

    /// A system does not answer: what is remembered of the ticket is told, and why it is not more.
    async fn remembered(
        &self,
        globals: &Globals,
        site: &Site,
        links: Vec<Link>,
        error: PortError,
    ) -> anyhow::Result<ExitCode> {
        let attention = site.store().attention().await?.remove(&self.ticket);
        let journal = self.journal(site).await?;
        if links.is_empty() && attention.is_none() && journal.is_empty() {
            return Err(error.into());
        }
        let message = format!("unknown until both systems can be asked: {error}");
        let story = Story {
            number: self.ticket,
            ticket: None,
            links,
            gestan: None,
            next: Next { code: "unknown".to_owned(), message, operation: None },
            attention,
            follow_up: site.store().followings(&[self.ticket]).await?.remove(&self.ticket),
            follow_up_next: Vec::new(),
            asked: None,
            journal,
            trouble: Some(error.to_string()),
        };
        if globals.json {
            output::json(&story)?;
        } else {
            print(&story, false, false);
        }
        Ok(super::exit_code(&error.into()))
    }
}

pub(super) fn next(verdict: &Verdict) -> Next {
    let (code, message, operation) = match verdict {
        Verdict::NotOurs => (
            "not-ours",
            "Nothing: it is not attributed, or was closed before it ever was a matter for Gestan.".to_owned(),
            None,
        ),
        Verdict::InStep(_) => ("in-step", "Nothing: both sides agree.".to_owned(), None),
        Verdict::Write(operation) => (operation.verb.as_str(), operation.sentence(), Some(operation.as_ref().clone())),
        Verdict::Report { code, message, .. } => (*code, message.clone(), None),
        Verdict::Wait { code, reason } | Verdict::Quarantine { code, reason } => (*code, reason.clone(), None),
    };
    Next { code: code.to_owned(), message, operation }
}

/// Which rule decided what, as a table.
fn why(asked: &Asked) -> String {
    let becomes = vec!["what it is".to_owned(), asked.kind.to_string(), asked.why_kind.clone()];
    let rows = Field::ALL.iter().filter_map(|field| {
        let value = asked.fields.get(field)?;
        // Taken from the ticket as it is.
        Some(vec![field.to_string(), value.to_string(), asked.reason(*field).unwrap_or("the ticket").to_owned()])
    });
    output::table(&["field", "gestsup asks for", "decided by"], std::iter::once(becomes).chain(rows))
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
        let shown = |value: Option<&Value>| value.map_or_else(String::new, ToString::to_string);
        let rows = Field::ALL.iter().filter(|field| link.held.contains_key(field)).map(|field| {
            let now = story.gestan.as_ref().and_then(|state| state.fields.get(field));
            vec![field.to_string(), shown(link.sent.get(field)), shown(link.held.get(field)), shown(now)]
        });
        println!("\n{}", output::table(&["field", "gestsup asked", "then agreed", "gestan holds"], rows));
    }
    if let Some(asked) = story.asked.as_ref().filter(|_| with_why) {
        println!("\n{}", why(asked));
    }
    if let Some(attention) = &story.attention {
        println!(
            "\nSince {} it {}: {}",
            output::local(attention.since),
            super::journal::trouble(attention.trouble),
            attention.reason
        );
    }
    if let Some(told) = story.follow_up.as_ref().map(super::follow_up::tell).filter(|told| !told.is_empty()) {
        println!("\n{told}");
    }
    for record in &story.follow_up_next {
        println!("\nNext: {}", record.message);
    }
    println!("\nNext: {}", story.next.message);
    if memo && let Some(state) = &story.gestan {
        println!("\nMemo in Gestan:");
        for line in state.memo.lines() {
            println!("  {}", output::one_line(line));
        }
    }
    if !story.journal.is_empty() {
        println!("\n{}", super::journal::render(&story.journal));
    }
}
