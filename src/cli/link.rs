//! `link`: tickets that people already handled by hand in Gestan.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::daemon::Site;
use crate::flows::tickets::{LinkOptions, Pair};
use crate::flows::{Blast, PortError};
use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Make an intervention that people made a ticket's, so that no second one is made.
#[derive(Debug, Args)]
pub struct Link {
    /// Ticket number.
    #[arg(value_name = "TICKET", requires = "intervention", value_parser = clap::value_parser!(i64).range(1..))]
    ticket: Option<i64>,
    /// Intervention number (IDINTERVENTION).
    #[arg(value_name = "INTERVENTION", value_parser = clap::value_parser!(i64).range(1..))]
    intervention: Option<i64>,
    /// A file with a ticket and an intervention on each line, separated by a comma, a semicolon or a tab.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ticket", "find"])]
    csv: Option<PathBuf>,
    /// Look for interventions that name a ticket's number, or have its title, client and date.
    #[arg(long, conflicts_with = "ticket")]
    find: bool,
    /// With --find: link the pairs that are certain.
    #[arg(long, requires = "find")]
    apply: bool,
    /// What the ticket says so far counts as known in Gestan: only later comments go into the memo.
    #[arg(long)]
    new_steps_only: bool,
    /// Link although the intervention is another client's.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Serialize)]
struct Linked {
    ticket: i64,
    intervention: i64,
    linked: bool,
    /// What the next pass will do, or why it was not linked.
    message: String,
}

impl Link {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        !self.find || self.apply
    }

    /// Files that it names.
    pub(super) fn files(&self) -> Vec<&Path> {
        self.csv.as_deref().into_iter().collect()
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let wanted = match (self.ticket, self.intervention, &self.csv) {
            (Some(ticket), Some(intervention), _) => vec![(ticket, intervention)],
            (_, _, Some(file)) => read_csv(file)?,
            _ if self.find => Vec::new(),
            _ => bail!("say which ticket and which intervention, or --csv FILE, or --find"),
        };
        let site = globals.site(loaded.config, self.works()).await?;
        if !self.find {
            return self.link_all(&site, &wanted, globals).await;
        }
        let found = site.tickets()?.evidence(&[], Utc::now()).await?.pairs;
        let certain: Vec<(i64, i64)> =
            found.iter().filter(|pair| pair.certain).map(|pair| (pair.ticket, pair.intervention)).collect();
        if self.apply {
            return self.link_all(&site, &certain, globals).await;
        }
        if globals.json {
            output::json(&found)?;
        } else if found.is_empty() {
            screen::say(format_args!(
                "No intervention that people made looks like one of the tickets that are to be sent."
            ));
        } else {
            screen::say(format_args!("{}", table(&found)));
            screen::say(format_args!(
                "\n{}: `gestan-connector link --find --apply` links them. The others are for you to decide: `gestan-connector link TICKET INTERVENTION`.",
                output::count(certain.len(), "pair is certain", "pairs are certain")
            ));
        }
        Ok(ExitCode::Ok)
    }

    async fn link_all(&self, site: &Site, wanted: &[(i64, i64)], globals: &Globals) -> anyhow::Result<ExitCode> {
        let run_id = Uuid::now_v7().to_string();
        let _alone = site.alone().await;
        let options = LinkOptions { new_steps_only: self.new_steps_only, force: self.force };
        let mut results = Vec::with_capacity(wanted.len());
        for &(ticket, intervention) in wanted {
            let flow = site.tickets()?;
            let (linked, message) = match flow.link_to(ticket, intervention, options, &run_id, Utc::now()).await {
                Ok(_) => (true, format!("linked; next pass: {}", flow.forecast(ticket, &run_id, Utc::now()).await?)),
                Err(PortError { blast: Blast::Record, message, .. }) => (false, format!("not linked: {message}")),
                Err(error) => return Err(error.into()),
            };
            results.push(Linked { ticket, intervention, linked, message });
        }
        let refused = results.iter().filter(|result| !result.linked).count();
        if globals.json {
            output::json(&results)?;
        } else {
            if results.is_empty() {
                screen::say(format_args!("Nothing to link: of no intervention it is certain which ticket it is."));
                return Ok(ExitCode::Ok);
            }
            let rows = results
                .iter()
                .map(|result| vec![result.ticket.to_string(), result.intervention.to_string(), result.message.clone()]);
            screen::say(format_args!("{}", output::table(&["ticket", "intervention", "result"], rows)));
            let linked = results.len() - refused;
            screen::say(format_args!("\n{}, {refused} not.", output::count(linked, "ticket linked", "tickets linked")));
        }
        Ok(if refused == 0 { ExitCode::Ok } else { ExitCode::Records })
    }
}

fn table(pairs: &[Pair]) -> String {
    let rows = pairs.iter().map(|pair| {
        vec![
            pair.ticket.to_string(),
            output::short(&pair.title, 40),
            pair.intervention.to_string(),
            output::short(&pair.intervention_title, 40),
            if pair.certain { "certain" } else { "perhaps" }.to_owned(),
            pair.reasons(),
        ]
    });
    output::table(&["ticket", "title", "intervention", "its title", "", "evidence"], rows)
}

/// Reads pairs from a file; a first line of words is a heading.
fn read_csv(file: &Path) -> anyhow::Result<Vec<(i64, i64)>> {
    let text = screen::read_file(file).with_context(|| format!("while reading {}", file.display()))?;
    let mut pairs = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let numbers: Vec<Option<i64>> =
            line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"').parse().ok()).collect();
        match numbers[..] {
            [Some(ticket), Some(intervention), ..] => pairs.push((ticket, intervention)),
            _ if index == 0 => {}
            _ => bail!(
                "{}, line {}: “{}” is not a ticket and an intervention, such as 1234;567",
                file.display(),
                index + 1,
                output::one_line(line)
            ),
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> anyhow::Result<Vec<(i64, i64)>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        read_csv(file.path())
    }

    #[test]
    fn pairs_are_read_whatever_the_separator_and_a_heading_is_passed_over() {
        assert_eq!(read("ticket;intervention\n12;34\n\n\"5\";\"6\"\n").unwrap(), [(12, 34), (5, 6)]);
        assert_eq!(read("\u{feff}1,2,a remark\r\n3\t4\r\n").unwrap(), [(1, 2), (3, 4)]);
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        let error = read("1;2\n3;drei\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("3;drei"), "{error}");
    }
}
