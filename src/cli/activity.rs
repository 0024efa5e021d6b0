//! `activity`: how much was asked and done in a period, by technician, client, state or day.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Site;
use crate::daemon::activity::{ActivityReport, By, MOST_ACTIVE, Sum};
use anyhow::{Context as _, ensure};
use chrono::{NaiveDate, Utc};
use clap::Args;
use std::fmt::Write as _;

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

impl Activity {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let zone = loaded.config.gestsup.as_ref().context("[gestsup] is missing")?.time_zone;
        let today = Utc::now().with_timezone(&zone).date_naive();
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or(to.min(today));
        ensure!(from <= to, "the first day ({from}) is after the last one ({to})");
        let site = Site::open_to_look(loaded.config).await?;
        let tables: Vec<By> = self.by.map_or_else(|| By::ALL.to_vec(), |by| vec![by]);
        let report = ActivityReport::of(&site, from, to, &tables).await?;
        if globals.json {
            output::json(&report)?;
        } else if self.csv {
            screen::say_all(&csv(&report));
        } else {
            screen::say(format_args!("{}", render(&report, &tables)));
        }
        Ok(ExitCode::Ok)
    }
}

fn row(sum: &Sum) -> Vec<String> {
    let name = output::short(&sum.name, 40);
    vec![name, sum.opened.to_string(), sum.resolved.to_string(), super::billing::hours(sum.minutes)]
}

fn render(report: &ActivityReport, tables: &[By]) -> String {
    let ActivityReport { from, to, total, .. } = report;
    let period = if from == to { format!("On {from}") } else { format!("From {from} to {to}") };
    let mut text = format!(
        "{period}: {} opened, {} resolved, {} spent on those.",
        output::count(total.opened, "ticket", "tickets"),
        total.resolved,
        super::billing::hours(total.minutes)
    );
    if report.cut {
        let _ = write!(text, " Only the newest {MOST_ACTIVE} tickets were counted: ask for a shorter period.");
    }
    text = output::wrapped(&text, 2);
    for table in tables {
        let sums = report.table(*table);
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

fn csv(report: &ActivityReport) -> String {
    let mut text = "by;name;opened;resolved;minutes\n".to_owned();
    for (by, sums) in &report.by {
        for sum in sums {
            let _ = writeln!(text, "{by};{};{};{};{}", output::cell(&sum.name), sum.opened, sum.resolved, sum.minutes);
        }
    }
    text
}
