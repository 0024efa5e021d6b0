//! `activity`: how much was asked and done in a period, by technician, client, state or day.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Site;
use crate::gestsup::Active;
use anyhow::{Context as _, ensure};
use chrono::{NaiveDate, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Tickets that are counted, at most.
const MOST: u32 = 200_000;
/// Lines of a table on a terminal.
const LINES: usize = 30;

/// Say how many tickets were opened and resolved in a period, and the time spent on them.
#[derive(Debug, Args)]
pub struct Activity {
    /// First day, as 2026-01-31; by itself today.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last day; by itself today.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// One table only.
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,
    /// Print lines for a spreadsheet, separated by semicolons.
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Technician,
    Client,
    State,
    Day,
}

impl By {
    const ALL: [Self; 4] = [Self::Technician, Self::Client, Self::State, Self::Day];

    fn as_str(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Client => "client",
            Self::State => "state",
            Self::Day => "day",
        }
    }
}

/// What one technician, client, state or day comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Sum {
    name: String,
    opened: usize,
    resolved: usize,
    /// Minutes spent on the tickets that were resolved.
    minutes: i64,
}

#[derive(Debug, Serialize)]
struct Report {
    from: NaiveDate,
    to: NaiveDate,
    total: Sum,
    by: BTreeMap<&'static str, Vec<Sum>>,
}

impl Activity {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let zone = loaded.config.gestsup.as_ref().context("[gestsup] is missing")?.time_zone;
        let today = Utc::now().with_timezone(&zone).date_naive();
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or(to.min(today));
        ensure!(from <= to, "the first day ({from}) is after the last one ({to})");
        let site = Site::open_to_look(loaded.config).await?;
        let active = site.gestsup().activity(from, to, MOST).await?;
        let tables: Vec<By> = self.by.map_or_else(|| By::ALL.to_vec(), |by| vec![by]);
        let by = tables.iter().map(|by| (by.as_str(), sums(&active, *by))).collect();
        let report = Report { from, to, total: total(&active), by };
        if globals.json {
            output::json(&report)?;
        } else if self.csv {
            screen::say_all(&csv(&report));
        } else {
            screen::say(format_args!("{}", render(&report, &tables, active.len())));
        }
        Ok(ExitCode::Ok)
    }
}

fn add(sum: &mut Sum, ticket: &Active) {
    sum.opened += usize::from(ticket.opened.is_some());
    sum.resolved += usize::from(ticket.resolved.is_some());
    if ticket.resolved.is_some() {
        sum.minutes += ticket.minutes;
    }
}

fn total(active: &[Active]) -> Sum {
    let mut total = Sum::default();
    active.iter().for_each(|ticket| add(&mut total, ticket));
    total
}

/// The sums of each name, the busiest first; of days in their order.
fn sums(active: &[Active], by: By) -> Vec<Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for ticket in active {
        if by == By::Day {
            // Opened and resolved are each counted on their own day.
            let once = |opened, resolved| Active { opened, resolved, ..ticket.clone() };
            for (day, part) in
                [(ticket.opened, once(ticket.opened, None)), (ticket.resolved, once(None, ticket.resolved))]
            {
                if let Some(day) = day {
                    add(sums.entry(day.to_string()).or_default(), &part);
                }
            }
            continue;
        }
        let name = match by {
            By::Technician => &ticket.in_charge,
            By::Client => &ticket.client,
            By::State | By::Day => &ticket.state,
        };
        add(sums.entry(name.clone()).or_default(), ticket);
    }
    let named = |(name, sum): (String, Sum)| Sum { name: if name.is_empty() { "–".to_owned() } else { name }, ..sum };
    let mut sums: Vec<Sum> = sums.into_iter().map(named).collect();
    if by != By::Day {
        sums.sort_by_key(|sum| std::cmp::Reverse((sum.opened + sum.resolved, sum.minutes)));
    }
    sums
}

fn row(sum: &Sum) -> Vec<String> {
    let name = output::short(&sum.name, 40);
    vec![name, sum.opened.to_string(), sum.resolved.to_string(), super::billing::hours(sum.minutes)]
}

fn render(report: &Report, tables: &[By], counted: usize) -> String {
    let Report { from, to, total, by } = report;
    let period = if from == to { format!("On {from}") } else { format!("From {from} to {to}") };
    let mut text = format!(
        "{period}: {} opened, {} resolved, {} spent on those.",
        output::count(total.opened, "ticket", "tickets"),
        total.resolved,
        super::billing::hours(total.minutes)
    );
    if counted >= MOST as usize {
        let _ = write!(text, " Only the newest {MOST} tickets were counted: ask for a shorter period.");
    }
    for table in tables {
        let sums = by.get(table.as_str()).map(Vec::as_slice).unwrap_or_default();
        if sums.is_empty() {
            continue;
        }
        let headers = [table.as_str(), "opened", "resolved", "time"];
        let _ = write!(text, "\n\n{}", output::table(&headers, sums.iter().take(LINES).map(row)));
        if sums.len() > LINES {
            let _ = write!(text, "\n… and {} more: --csv or --json lists all.", sums.len() - LINES);
        }
    }
    text
}

fn csv(report: &Report) -> String {
    let mut text = "by;name;opened;resolved;minutes\n".to_owned();
    for (by, sums) in &report.by {
        for sum in sums {
            let _ = writeln!(text, "{by};{};{};{};{}", output::cell(&sum.name), sum.opened, sum.resolved, sum.minutes);
        }
    }
    text
}
