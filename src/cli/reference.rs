//! The reference flow on the command line: what a pass did, how records and rows stand, and decisions about them.

use super::exit::TryLater;
use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::{Config, Role};
use crate::daemon::{PassResult, Site};
use crate::flows::reference::{
    Catalogues as _, Decision, Kind, ReferenceMemory as _, ReferenceReport, Register as _, Standing, SurveyLine,
    project_keys,
};
use crate::flows::tickets::{Outcome, PassOptions};
use anyhow::{Context as _, bail, ensure};
use chrono::Utc;
use clap::{Args, Subcommand};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Decide which row of GestSup a client, contact, machine or user of Gestan is.
#[derive(Debug, Args)]
pub struct Reference {
    #[command(subcommand)]
    decide: Decide,
}

const KINDS: [&str; 5] = ["client", "contact", "equipment", "technician", "project"];

#[derive(Debug, Subcommand)]
enum Decide {
    /// It is this row.
    Link {
        /// client, contact, equipment, technician or project.
        #[arg(value_parser = KINDS)]
        kind: String,
        /// Its number in Gestan, or the user code.
        gestan: String,
        /// Its id in GestSup; or "new": it is none of the rows that are there.
        gestsup: String,
    },
    /// It is not synchronised; its row in GestSup, if it has one, is left as it is.
    Ignore {
        /// client, contact, equipment, technician or project.
        #[arg(value_parser = KINDS)]
        kind: String,
        /// Its number in Gestan, or the user code.
        gestan: String,
    },
    /// Take a decision back: the next pass looks at it anew.
    Reconsider {
        /// client, contact, equipment, technician or project.
        #[arg(value_parser = KINDS)]
        kind: String,
        /// Its number in Gestan, or the user code.
        gestan: String,
    },
    /// Decide as a file says: one that `reconcile --flow reference --csv` wrote, where the column `decision` was filled
    /// with an id in GestSup, "new" or "ignore".
    Apply {
        /// The file.
        file: PathBuf,
    },
}

/// One decision.
struct Wish {
    kind: Kind,
    key: String,
    wish: String,
}

impl Reference {
    /// Files that it names.
    pub(super) fn files(&self) -> Vec<&Path> {
        match &self.decide {
            Decide::Apply { file } => vec![file],
            _ => Vec::new(),
        }
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let wish = |kind: &str, key: String, wish: &str| -> anyhow::Result<Wish> {
            let kind = Kind::named(kind).with_context(|| format!("there is no kind “{kind}”"))?;
            Ok(Wish { kind, key, wish: wish.to_owned() })
        };
        let wishes = match self.decide {
            Decide::Link { kind, gestan, gestsup } => vec![wish(&kind, gestan, &gestsup)?],
            Decide::Ignore { kind, gestan } => vec![wish(&kind, gestan, "ignore")?],
            Decide::Reconsider { kind, gestan } => vec![wish(&kind, gestan, "reconsider")?],
            Decide::Apply { file } => read_csv(&file)?,
        };
        let site = globals.site(loaded.config, true).await?;
        let _alone = site.alone().await;
        let mut known: BTreeMap<Kind, HashSet<String>> = BTreeMap::new();
        let mut told = Vec::new();
        for wish in &wishes {
            let listed = match known.entry(wish.kind) {
                Entry::Occupied(listed) => listed.into_mut(),
                Entry::Vacant(listed) => listed.insert(keys(&site, wish.kind).await?),
            };
            ensure!(
                listed.contains(&wish.key),
                "Gestan has no {} “{}”: `reconcile --flow reference` lists them",
                wish.kind,
                wish.key
            );
            told.push(decide(&site, wish).await?);
        }
        if globals.json {
            output::json(&told)?;
        } else {
            for sentence in told {
                screen::say(format_args!("{sentence}"));
            }
        }
        Ok(ExitCode::Ok)
    }
}

/// What Gestan lists of a kind.
async fn keys(site: &Site, kind: Kind) -> anyhow::Result<HashSet<String>> {
    let gestan = site.gestan();
    Ok(match kind {
        Kind::Client | Kind::Owner => gestan.all_clients().await?.iter().map(|client| client.id.to_string()).collect(),
        Kind::Contact => gestan.all_contacts().await?.iter().map(|contact| contact.id.to_string()).collect(),
        Kind::Equipment => gestan.all_machines().await?.iter().map(|machine| machine.id.to_string()).collect(),
        Kind::Project => {
            let (projects, tasks) = (gestan.all_projects().await?, gestan.all_tasks().await?);
            project_keys(&projects, &tasks)
        }
        Kind::Absence => HashSet::new(),
        Kind::Technician => gestan.all_users().await?.into_iter().map(|user| user.code).collect(),
    })
}

async fn decide(site: &Site, wish: &Wish) -> anyhow::Result<String> {
    let Wish { kind, key, wish } = wish;
    let store = site.store();
    let decision = match wish.as_str() {
        "ignore" => Some(Decision::Ignore),
        "new" => Some(Decision::Create),
        "reconsider" => None,
        id => {
            let id: i64 = id.parse().with_context(|| format!("“{id}” is no id in GestSup: write one, or new"))?;
            let table = kind.place().table();
            ensure!(id > kind.place().reserved(), "row {id} of {table} is one that GestSup itself needs");
            let row = site.gestsup().register().await?.row(kind.place(), id).await?;
            let row = row.with_context(|| format!("GestSup has no row {id} in {table}"))?;
            for other in Kind::ALL.into_iter().filter(|other| other.place() == kind.place()) {
                let links = store.reference_links(other).await?;
                let taken = links.iter().find(|link| link.id == id && (link.kind, &link.key) != (*kind, key));
                if let Some(link) = taken {
                    bail!("row {id} is {} “{}” already: ignore that one first", link.kind, link.key);
                }
            }
            store.link_reference(*kind, key, id).await?;
            return Ok(format!("{kind} {key} is {}; the next pass brings it in line with Gestan", row.name()));
        }
    };
    store.decide_reference(*kind, key, decision, Utc::now()).await?;
    Ok(match decision {
        Some(Decision::Ignore) => format!("{kind} {key} is not synchronised any more"),
        Some(Decision::Create) => format!("{kind} {key} is a row of its own: the next pass makes it"),
        None => format!("the next pass looks at {kind} {key} anew"),
    })
}

const COLUMNS: &str = "standing;kind;gestan;gestsup;name;detail;decision";

/// The lines of a file in which something was decided. Names may hold separators, in quotes.
fn read_csv(file: &Path) -> anyhow::Result<Vec<Wish>> {
    let text = screen::read_file(file).with_context(|| format!("while reading {}", file.display()))?;
    let mut wishes = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with("standing;") {
            continue;
        }
        let cells = cells(line);
        let [_, kind, key, .., wish] = &cells[..] else {
            bail!("line {} of {}: the columns must be {COLUMNS}", number + 1, file.display());
        };
        if wish.is_empty() || cells.len() < 7 {
            continue;
        }
        let kind = Kind::named(kind).with_context(|| format!("line {}: there is no kind “{kind}”", number + 1))?;
        wishes.push(Wish { kind, key: key.clone(), wish: wish.to_lowercase() });
    }
    ensure!(!wishes.is_empty(), "nothing is decided in {}: fill its column decision", file.display());
    Ok(wishes)
}

/// The cells of a line, quotes taken off.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut chars = line.trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                if let Some(cell) = cells.last_mut() {
                    cell.push('"');
                }
            }
            '"' => quoted = !quoted,
            ';' if !quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// `reconcile --flow reference`: looks, and writes nothing.
pub(super) async fn reconcile(config: Config, csv: bool, json: bool) -> anyhow::Result<ExitCode> {
    let site = Site::open_to_look(config).await?;
    let mut lines = site.reference(None).survey(&Uuid::now_v7().to_string(), Utc::now()).await?;
    lines.sort_by_key(|line| (line.standing, line.kind));
    if json {
        output::json(&lines)?;
    } else if csv {
        screen::say_all(&to_csv(&lines));
    } else {
        screen::say(format_args!("{}", render_survey(&lines)));
    }
    let unclear = lines.iter().any(|line| line.standing == Standing::Unclear);
    Ok(if unclear { ExitCode::Records } else { ExitCode::Ok })
}

fn ids(line: &SurveyLine) -> String {
    line.gestsup.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

fn to_csv(lines: &[SurveyLine]) -> String {
    let mut text = format!("{COLUMNS}\n");
    for line in lines {
        let cells = [
            output::cell(line.standing.title()),
            line.kind.to_string(),
            // A number or a user code.
            if line.key.chars().all(char::is_alphanumeric) { line.key.clone() } else { output::cell(&line.key) },
            ids(line),
            output::cell(&line.name),
            output::cell(&line.detail),
            String::new(),
        ];
        let _ = writeln!(text, "{}", cells.join(";"));
    }
    text
}

/// Lines of a standing that are shown on a terminal.
const SHOWN: usize = 200;

fn render_survey(lines: &[SurveyLine]) -> String {
    let mut by_standing: BTreeMap<Standing, Vec<&SurveyLine>> = BTreeMap::new();
    for line in lines {
        by_standing.entry(line.standing).or_default().push(line);
    }
    let mut parts = Vec::new();
    for (standing, lines) in &by_standing {
        let rows = lines.iter().take(SHOWN).map(|line| {
            vec![
                line.kind.to_string(),
                if line.key.is_empty() { "–".to_owned() } else { line.key.clone() },
                if line.gestsup.is_empty() { "–".to_owned() } else { ids(line) },
                output::short(&line.name, 40),
                line.detail.clone(),
            ]
        });
        let table = output::table(&["kind", "gestan", "gestsup", "name", "why"], rows);
        let more = lines.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\n… and {more} more: --csv lists all") } else { String::new() };
        parts.push(format!("{} ({})\n{table}{more}", output::capital(standing.title()), lines.len()));
    }
    parts.push("Nothing was written. `gestan-connector reference link|ignore` decides what is unclear, `gestan-connector sync reference` carries it out.".to_owned());
    parts.join("\n\n")
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Print {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Not at all: standard output is another flow's one document.
    Nothing,
}

/// Makes a pass and prints what it did; returns whether something failed.
pub(super) async fn pass(
    site: &Site,
    options: &PassOptions,
    cancel: &CancellationToken,
    print: Print,
) -> anyhow::Result<bool> {
    let terminal = screen::shows_progress();
    let progress = move |kind: Kind, done: usize, total: usize| {
        if terminal {
            let filled = done * 30 / total.max(1);
            let end = if done >= total { "\n" } else { "" };
            let (full, empty) = ("█".repeat(filled), " ".repeat(30 - filled));
            screen::hint(&format!("\r{kind:<11} [{full}{empty}] {done} of {total}{end}"));
        } else if done.is_multiple_of(1000) || done >= total {
            screen::hint(&format!("{kind}: {done} of {total}\n"));
        }
    };
    // Ctrl-C ends it between two records, and what was done is remembered; a second one ends the program at once.
    if screen::asker().is_none() {
        let stop = cancel.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if stop.is_cancelled() {
                    std::process::exit(130);
                }
                stop.cancel();
            }
        });
    }
    let result = site.refer(options, Some(&progress), cancel).await;
    let report = match result? {
        PassResult::Done(report) => report,
        PassResult::CircuitOpen(sentence) => return Err(TryLater(sentence).into()),
    };
    match print {
        Print::Text => screen::say(format_args!("{}\n", render(&report))),
        Print::Json => output::json(&report)?,
        Print::Nothing => {}
    }
    Ok(report.has_failures())
}

/// A report as people read it.
fn render(report: &ReferenceReport) -> String {
    let mut text = String::new();
    if !report.records.is_empty() {
        let rows = report.records.iter().take(SHOWN).map(|record| {
            let what = match record.outcome {
                Some(Outcome::Failed) => "failed",
                Some(Outcome::Quarantined) => "set aside",
                Some(Outcome::Waiting) => "waits",
                Some(Outcome::Reported) => "reported",
                _ => record.code.trim_start_matches("reference-"),
            };
            vec![record.kind.to_string(), record.key.clone(), what.to_owned(), record.message.clone()]
        });
        let _ = writeln!(text, "{}\n", output::table(&["kind", "gestan", "what", "detail"], rows));
    }
    match report.records.len().saturating_sub(SHOWN) + report.more {
        0 => {}
        more => {
            let _ = writeln!(text, "… and {more} more: `gestan-connector journal` tells of all.\n");
        }
    }
    if let Some(sentence) = &report.held {
        let _ = writeln!(text, "{sentence}");
    }
    for reason in &report.brake {
        let _ = writeln!(
            text,
            "Stopped before the first write: {reason}. If this is what you want, run `gestan-connector sync reference --allow-mass-change`."
        );
    }
    if report.interrupted {
        let _ = writeln!(text, "Interrupted between two records; the next pass goes on where this one ended.");
    }
    let what = match (report.writes, report.dry_run) {
        (0, _) => "nothing to write".to_owned(),
        (writes, true) => format!("{} to be written, nothing was", output::count(writes, "row", "rows")),
        (writes, false) => format!("{} written", output::count(writes, "row", "rows")),
    };
    let listed: Vec<String> = report.listed.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let seconds = std::time::Duration::from_millis(report.milliseconds).as_secs_f64();
    let _ = write!(text, "Reference data: {what}. In Gestan: {}; {seconds:.2} s.", listed.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_spreadsheet_is_read_as_it_was_written() {
        let line = r#"unclear;client;12;3 4;"Dupont; ""fils""";why;new"#;
        assert_eq!(cells(line), ["unclear", "client", "12", "3 4", r#"Dupont; "fils""#, "why", "new"]);
    }
}
