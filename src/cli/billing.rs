//! `reconcile --billing`: the money report, as tables, for a spreadsheet or as JSON.

use super::output;
use crate::flows::tickets::{ClientHours, MoneyFinding, MoneyKind, MoneyReport};
use std::collections::BTreeMap;

/// Clients that are listed on a terminal.
const CLIENTS: usize = 20;

/// Minutes as hours and minutes.
pub(super) fn hours(minutes: i64) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn ids(finding: &MoneyFinding) -> String {
    let ids: Vec<String> = finding.interventions.iter().map(i64::to_string).collect();
    if ids.is_empty() { "–".to_owned() } else { ids.join(", ") }
}

/// For people.
pub(super) fn render(report: &MoneyReport) -> String {
    let mut by_kind: BTreeMap<MoneyKind, Vec<&MoneyFinding>> = BTreeMap::new();
    for finding in &report.findings {
        by_kind.entry(finding.kind).or_default().push(finding);
    }
    let mut parts = Vec::new();
    for (kind, findings) in &by_kind {
        let rows = findings.iter().map(|finding| {
            vec![
                finding.ticket.to_string(),
                ids(finding),
                output::short(&finding.client, 24),
                output::short(&finding.title, 32),
                hours(finding.minutes),
                hours(finding.gestan_minutes),
            ]
        });
        let table = output::table(&["ticket", "intervention", "client", "title", "gestsup", "gestan"], rows);
        let mut told: Vec<&str> = Vec::new();
        for finding in findings.iter().filter(|_| *kind != MoneyKind::NotBilled) {
            if !told.contains(&finding.detail.as_str()) && told.len() < 5 {
                told.push(&finding.detail);
            }
        }
        parts.push(format!(
            "{} ({})\n{table}{}",
            kind.title(),
            findings.len(),
            told.iter().map(|line| format!("\n  {line}")).collect::<String>()
        ));
    }
    if parts.is_empty() {
        parts.push(format!(
            "Nothing to mend: {} and what Gestan bills agree.",
            output::count(report.tickets, "closed ticket", "closed tickets")
        ));
    }
    if !report.clients.is_empty() {
        parts.push(format!(
            "Hours by client (billable: to be billed by GestSup; billed: billed by Gestan, or to be)\n{}",
            clients(report)
        ));
    }
    parts.join("\n\n")
}

fn clients(report: &MoneyReport) -> String {
    let row = |hours_of: &ClientHours| {
        vec![
            output::short(&hours_of.client, 32),
            hours_of.tickets.to_string(),
            hours(hours_of.gestsup_minutes),
            hours(hours_of.gestan_minutes),
            hours(hours_of.billable_minutes),
            hours(hours_of.billed_minutes),
            hours(hours_of.billed_minutes - hours_of.billable_minutes),
        ]
    };
    let mut rows: Vec<Vec<String>> = report.clients.iter().take(CLIENTS).map(row).collect();
    rows.push(row(&ClientHours { client: "all of them".to_owned(), ..ClientHours::total(&report.clients) }));
    let mut text = output::table(&["client", "tickets", "gestsup", "gestan", "billable", "billed", "difference"], rows);
    let more = report.clients.len().saturating_sub(CLIENTS);
    if more > 0 {
        text.push_str(&format!("\n  and {} more: --csv lists them all", output::count(more, "client", "clients")));
    }
    text
}

/// For a spreadsheet: the findings, then the clients.
pub(super) fn csv(report: &MoneyReport) -> String {
    let mut lines = vec!["kind;ticket;interventions;client;title;gestsup_minutes;gestan_minutes;detail".to_owned()];
    for finding in &report.findings {
        let cells = [
            output::cell(finding.kind.title()),
            finding.ticket.to_string(),
            output::cell(&ids(finding)),
            output::cell(&finding.client),
            output::cell(&finding.title),
            finding.minutes.to_string(),
            finding.gestan_minutes.to_string(),
            output::cell(&finding.detail),
        ];
        lines.push(cells.join(";"));
    }
    lines.push(String::new());
    lines.push("client;tickets;gestsup_minutes;gestan_minutes;billable_minutes;billed_minutes".to_owned());
    for hours in &report.clients {
        let numbers = [hours.gestsup_minutes, hours.gestan_minutes, hours.billable_minutes, hours.billed_minutes];
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        lines.push(format!("{};{};{}", output::cell(&hours.client), hours.tickets, numbers.join(";")));
    }
    lines.join("\n") + "\n"
}
