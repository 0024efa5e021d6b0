//! `journal`: what was done, and why not.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Site;
use crate::flows::tickets::{JournalEntry, Outcome, Trouble};
use crate::store::{JournalFilter, OfClient, Store};
use anyhow::Context as _;
use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, Utc};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::time::Duration;

/// Print what was done, and why not.
#[derive(Debug, Args)]
pub struct Journal {
    /// One ticket only.
    #[arg(long, value_name = "N")]
    ticket: Option<i64>,
    /// One client only: its number in Gestan, or the name of its company in GestSup, or a part of that.
    #[arg(long, value_name = "NAME_OR_ID")]
    client: Option<String>,
    /// One flow only.
    #[arg(long, value_name = "FLOW", value_parser = ["reference", "follow_up", "tickets", "mail", "notify"])]
    flow: Option<String>,
    /// One outcome only.
    #[arg(long)]
    outcome: Option<OutcomeArg>,
    /// From this moment on: 2026-01-31, "2026-01-31 14:00", or a while ago as in 90m, 12h, 7d.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<DateTime<Utc>>,
    /// Until this moment.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<DateTime<Utc>>,
    /// The newest so many lines.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on printing lines as they are written, until Ctrl+C.
    #[arg(long, short, conflicts_with_all = ["until", "csv"])]
    follow: bool,
    /// Print CSV, for a spreadsheet.
    #[arg(long)]
    csv: bool,
}

/// How often new lines are looked for.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OutcomeArg {
    Done,
    Waiting,
    Failed,
    Quarantined,
    Reported,
}

impl Journal {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        // Only a client needs GestSup, which may be down while somebody looks for the reason.
        let store = Store::open_read_only(&loaded.config.state_file()).await?;
        let client = match &self.client {
            Some(asked) => Some((Site::open_to_look(loaded.config).await?, asked.as_str())),
            None => None,
        };
        let filter = JournalFilter {
            ticket: self.ticket,
            client: match &client {
                Some((site, asked)) => Some(of_client(site, asked).await?),
                None => None,
            },
            flow: self.flow,
            outcome: self.outcome.map(|outcome| match outcome {
                OutcomeArg::Done => Outcome::Done,
                OutcomeArg::Waiting => Outcome::Waiting,
                OutcomeArg::Failed => Outcome::Failed,
                OutcomeArg::Quarantined => Outcome::Quarantined,
                OutcomeArg::Reported => Outcome::Reported,
            }),
            since: self.since,
            until: self.until,
            limit: Some(self.limit),
            ..JournalFilter::default()
        };
        if self.follow {
            return follow(&store, filter, client, globals.json).await;
        }
        let lines = store.journal(&filter).await?;
        if globals.json {
            output::json(&lines)?;
        } else if self.csv {
            screen::say_all(&csv(&lines));
        } else if lines.is_empty() {
            screen::say(format_args!("The journal holds nothing of the kind."));
        } else {
            screen::say(format_args!("{}", render(&lines)));
        }
        Ok(ExitCode::Ok)
    }
}

/// What is about a client.
async fn of_client(site: &Site, asked: &str) -> anyhow::Result<OfClient> {
    site.of_client(asked).await?.with_context(|| {
        format!(
            "no company of GestSup has “{asked}” in its name, and no ticket went to a client of Gestan of that number; \
             `gestan-connector show N` prints the client of a ticket"
        )
    })
}

/// Prints the newest lines, then every new one; as JSON an object a line.
async fn follow(
    store: &Store,
    mut filter: JournalFilter,
    client: Option<(Site, &str)>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    loop {
        // What is written between the two statements is for the next look.
        let last = Some(store.last_line().await?);
        if let Some((site, asked)) = client.as_ref().filter(|_| filter.behind.is_some() && last != filter.behind) {
            // A new line may be of a ticket that was not there a moment ago.
            filter.client = Some(of_client(site, asked).await?);
        }
        filter.up_to = last;
        for line in store.journal(&filter).await? {
            if json {
                screen::say(format_args!("{}", serde_json::to_string(&line)?));
            } else {
                screen::say(format_args!("{}", one(&line)));
            }
        }
        if !screen::is_read() {
            return Ok(ExitCode::Ok);
        }
        (filter.behind, filter.limit) = (filter.up_to, None);
        tokio::time::sleep(LOOK).await;
    }
}

/// A line by itself: there is no table whose columns it could follow.
fn one(line: &JournalEntry) -> String {
    let ticket = line.ticket.map_or_else(String::new, |ticket| format!("  ticket {ticket}"));
    let gestan = line.gestan_id.map_or_else(String::new, |id| format!("  → {id}"));
    let (action, outcome) = (&line.action, line.outcome.as_str());
    output::one_line(&format!("{}  {outcome:<11}{ticket}{gestan}  {action}: {}", output::local(line.at), line.message))
}

fn csv(lines: &[JournalEntry]) -> String {
    let number = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    let mut text = "when;flow;run;ticket;gestan;what;outcome;detail\n".to_owned();
    for line in lines {
        let cells = [&line.flow, &line.run_id].map(|cell| output::cell(cell)).join(";");
        let said = [&line.action, line.outcome.as_str(), &line.message].map(output::cell).join(";");
        let (ticket, gestan) = (number(line.ticket), number(line.gestan_id));
        let _ = writeln!(text, "{};{cells};{ticket};{gestan};{said}", output::local(line.at));
    }
    text
}

/// Journal lines as people read them.
pub(super) fn render(lines: &[JournalEntry]) -> String {
    let rows = lines.iter().map(|line| {
        vec![
            output::local(line.at),
            line.ticket.map_or_else(|| "–".to_owned(), |ticket| ticket.to_string()),
            line.gestan_id.map_or_else(|| "–".to_owned(), |id| id.to_string()),
            line.action.clone(),
            line.outcome.as_str().to_owned(),
            line.message.clone(),
        ]
    });
    output::told(&["when", "ticket", "intervention", "what", "outcome", "detail"], rows)
}

/// A trouble in a word or two.
pub(super) fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Waiting => "waits",
        Trouble::Retrying => "will be retried",
        Trouble::Quarantined => "set aside",
    }
}

fn when(text: &str) -> Result<DateTime<Utc>, String> {
    if let Some((number, unit)) = text.char_indices().next_back().map(|(at, unit)| (&text[..at], unit)) {
        let ago = number.parse::<i64>().ok().and_then(|number| match unit {
            'm' => chrono::Duration::try_minutes(number),
            'h' => chrono::Duration::try_hours(number),
            'd' => chrono::Duration::try_days(number),
            _ => None,
        });
        if let Some(time) = ago.and_then(|ago| Utc::now().checked_sub_signed(ago)) {
            return Ok(time);
        }
    }
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0)));
    local
        .and_then(|local| local.and_local_timezone(Local).earliest())
        .map(|time| time.with_timezone(&Utc))
        .ok_or_else(|| "write 2026-01-31, \"2026-01-31 14:00\", or a while ago as in 90m, 12h, 7d".to_owned())
}
