//! `reconcile`: where both sides differ, and mending it.

use super::exit::TryLater;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::{PassResult, Site};
use crate::flows::tickets::{Drift, DriftKind, MoneyOptions};
use crate::model::local_to_utc;
use chrono::{NaiveDate, Utc};
use clap::Args;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Show where both sides differ, and bring Gestan in line.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Flow to look at: "reference" shows which rows of GestSup Gestan's clients, contacts, machines and users are, and writes nothing.
    #[arg(long, value_name = "FLOW", value_parser = ["tickets", "reference"])]
    flow: Option<String>,
    /// Bring Gestan in line with GestSup as it is now, what a restored base held back included.
    #[arg(long)]
    fix: bool,
    /// With --fix: go on although more records would change than `[tickets.brake]` allows.
    #[arg(long, requires = "fix")]
    allow_mass_change: bool,
    /// Print lines for a spreadsheet, separated by semicolons.
    #[arg(long, conflicts_with = "fix")]
    csv: bool,
    /// The money report: billable tickets that Gestan would not bill, work billed twice or with another time, hours by client.
    #[arg(long, conflicts_with = "fix")]
    billing: bool,
    /// With --billing: only tickets closed since then.
    #[arg(long, value_name = "DATE", requires = "billing")]
    since: Option<NaiveDate>,
    /// With --billing: days that an intervention may stay to be billed before it is listed.
    #[arg(long, value_name = "DAYS", default_value_t = 31, requires = "billing")]
    patience: u16,
}

impl Reconcile {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        self.fix
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        if self.flow.as_deref() == Some("reference") {
            anyhow::ensure!(
                !self.fix && !self.billing,
                "`reconcile --flow reference` only looks: `sync reference` writes"
            );
            return super::reference::reconcile(loaded.config, self.csv, globals.json).await;
        }
        let shadow = loaded.config.is_shadow();
        if self.fix {
            let site = globals.site(loaded.config, true).await?;
            return match site.mend(self.allow_mass_change, &screen::cancel()).await? {
                PassResult::Done(report) => {
                    if globals.json {
                        output::json(&report)?;
                    } else {
                        screen::say(format_args!("{}", super::sync::render(&report)));
                    }
                    Ok(if report.has_failures() { ExitCode::Records } else { ExitCode::Ok })
                }
                PassResult::CircuitOpen(sentence) => Err(TryLater(sentence).into()),
            };
        }
        let site = Site::open_to_look(loaded.config).await?;
        let flow = site.tickets()?;
        if self.billing {
            let since = self.since.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| local_to_utc(day, flow.zone));
            let report = flow.money(&MoneyOptions { since, patience_days: self.patience.into() }, Utc::now()).await?;
            if globals.json {
                output::json(&report)?;
            } else if self.csv {
                screen::say_all(&super::billing::csv(&report));
            } else {
                screen::say(format_args!("{}", super::billing::render(&report)));
            }
            return Ok(if report.findings.is_empty() { ExitCode::Ok } else { ExitCode::Records });
        }
        let mut drifts = flow.drifts(&Uuid::now_v7().to_string(), Utc::now()).await?;
        if shadow {
            drifts.extend(flow.beside_people(Utc::now()).await?);
        }
        if globals.json {
            output::json(&drifts)?;
        } else if self.csv {
            screen::say_all(&csv(&drifts));
        } else {
            if shadow {
                screen::say(format_args!("{}\n", output::SHADOW));
            }
            screen::say(format_args!("{}", render(&drifts)));
        }
        let differs = drifts.iter().any(|drift| !matches!(drift.kind, DriftKind::ByHand | DriftKind::NotByHand));
        Ok(if differs { ExitCode::Records } else { ExitCode::Ok })
    }
}

fn render(drifts: &[Drift]) -> String {
    if drifts.is_empty() {
        return "Nothing differs: every ticket and its intervention agree.".to_owned();
    }
    let mut by_kind: BTreeMap<DriftKind, Vec<&Drift>> = BTreeMap::new();
    for drift in drifts {
        by_kind.entry(drift.kind).or_default().push(drift);
    }
    let mut parts = Vec::new();
    for (kind, drifts) in &by_kind {
        let rows = drifts.iter().map(|drift| {
            vec![
                drift.ticket.to_string(),
                drift.gestan_id.map_or_else(|| "–".to_owned(), |id| id.to_string()),
                output::short(&drift.title, 40),
                drift.detail.clone(),
            ]
        });
        let table = output::told(&["ticket", "intervention", "title", "what differs"], rows);
        parts.push(format!("{} ({})\n{table}", kind.title(), drifts.len()));
    }
    let mendable = drifts.iter().filter(|drift| drift.kind.is_mendable()).count();
    parts.push(if mendable == 0 {
        output::wrapped("None of it is for `gestan-connector reconcile --fix` to mend; the reasons say what to do.", 0)
    } else {
        format!(
            "`gestan-connector reconcile --fix` brings Gestan in line for {}.",
            output::count(mendable, "ticket", "tickets")
        )
    });
    parts.join("\n\n")
}

/// As spreadsheets here read it: semicolons, quotes doubled.
fn csv(drifts: &[Drift]) -> String {
    let mut text = "kind;ticket;intervention;title;detail\n".to_owned();
    for drift in drifts {
        let id = drift.gestan_id.map(|id| id.to_string()).unwrap_or_default();
        let cells = [
            output::cell(drift.kind.title()),
            drift.ticket.to_string(),
            id,
            output::cell(&drift.title),
            output::cell(&drift.detail),
        ];
        text.push_str(&cells.join(";"));
        text.push('\n');
    }
    text
}
