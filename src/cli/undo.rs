//! `undo`: a pass of the tickets flow taken back, where nobody changed since what it wrote.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::Role;
use crate::flows::tickets::{Undoing, Undone};
use crate::model::Value;
use crate::store::{JournalFilter, Store, WritingRun};
use anyhow::bail;
use chrono::Utc;
use clap::Args;
use std::fmt::Write as _;
use uuid::Uuid;

/// Passes that are listed.
const LISTED: u32 = 20;
/// Characters of a pass' id that are shown: more than it takes to tell two apart.
const SHOWN: usize = 13;

/// Take a pass back: show, and with --yes put back, the values that it set in Gestan and that nobody changed since.
#[derive(Debug, Args)]
pub struct Undo {
    /// The pass: the beginning of its id. Without one, the newest passes that wrote something are listed.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Carry out what is shown.
    #[arg(long, requires = "run")]
    yes: bool,
    /// These tickets only (may be given several times).
    #[arg(long = "ticket", value_name = "N", requires = "run", value_parser = clap::value_parser!(i64).range(1..))]
    tickets: Vec<i64>,
}

impl Undo {
    /// Whether it needs the state for itself.
    pub(super) fn works(&self) -> bool {
        self.yes
    }

    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let Some(beginning) = &self.run else {
            let store = Store::open_read_only(&loaded.config.state_file()).await?;
            return list(&store.runs_that_wrote(LISTED).await?, globals.json);
        };
        if loaded.config.is_shadow() {
            bail!("in shadow mode nothing is written to Gestan: there is nothing to take back");
        }
        let site = globals.site(loaded.config, self.works()).await?;
        let run = self.named(site.store(), beginning).await?;
        let lines = site.store().journal(&JournalFilter { run: Some(run.clone()), ..JournalFilter::default() }).await?;
        if let Some(line) = lines.iter().find(|line| line.flow != "tickets") {
            bail!("{}", elsewhere(&line.flow));
        }
        let flow = site.tickets()?;
        let _alone = if self.yes { Some(site.alone().await) } else { None };
        let mut plan = flow.plan_undo(&lines).await?;
        if !self.tickets.is_empty() {
            plan.retain(|undoing| self.tickets.contains(&undoing.key.number));
        }
        let undone = match self.yes {
            true => Some(flow.undo(&plan, short(&run), &Uuid::now_v7().to_string(), Utc::now()).await?),
            false => None,
        };
        if globals.json {
            output::json(&serde_json::json!({ "run": run, "plan": plan, "undone": undone }))?;
        } else {
            screen::say(format_args!("{}", render(&run, &plan, undone.as_deref())));
        }
        let refused = undone.is_some_and(|undone| undone.iter().any(|one| !one.done));
        Ok(if refused { ExitCode::Records } else { ExitCode::Ok })
    }

    /// The one pass whose id begins so.
    async fn named(&self, store: &Store, beginning: &str) -> anyhow::Result<String> {
        match &store.runs_named(beginning).await?[..] {
            [] => bail!("no pass in the journal is called {beginning}…: `gestan-connector undo` lists the newest"),
            [run] => Ok(run.clone()),
            [..] => bail!("several passes are called {beginning}…: give more of the id"),
        }
    }
}

/// Why a pass of another flow is not taken back, and what to do.
fn elsewhere(flow: &str) -> &'static str {
    match flow {
        "reference" => {
            "this pass wrote clients, equipment or people into GestSup, of which Gestan is the master: correct them in Gestan, and the next pass follows"
        }
        "follow_up" => {
            "this pass carried to GestSup what Gestan's users did: correct the intervention or the ticket, and the next pass follows"
        }
        "mail" => {
            "this pass took mails in: close or merge the tickets in GestSup; `gestan-connector mail list` tells which they are"
        }
        _ => "this pass sent mails: they cannot be called back",
    }
}

fn short(run: &str) -> &str {
    run.get(..SHOWN).unwrap_or(run)
}

fn list(runs: &[WritingRun], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::json(&runs)?;
    } else if runs.is_empty() {
        screen::say(format_args!("No pass has written anything yet."));
    } else {
        let rows = runs.iter().map(|run| {
            vec![short(&run.id).to_owned(), output::local(run.at), run.flow.clone(), run.writes.to_string()]
        });
        let table = output::table(&["run", "when", "flow", "writes"], rows);
        screen::say(format_args!(
            "{table}\n\n`gestan-connector undo RUN` shows what taking one back would do; passes of the tickets flow can be."
        ));
    }
    Ok(ExitCode::Ok)
}

fn render(run: &str, plan: &[Undoing], undone: Option<&[Undone]>) -> String {
    let mut text = String::new();
    let shown = |value: &Value| output::short(&value.to_string(), 30);
    let rows = plan.iter().flat_map(|undoing| {
        let place =
            [undoing.key.number.to_string(), undoing.gestan_id.map_or_else(|| "–".to_owned(), |id| id.to_string())];
        let back = undoing
            .back
            .iter()
            .map(|back| [back.field.to_string(), shown(&back.now), shown(&back.back), "put back".to_owned()]);
        let kept = undoing.kept.iter().map(|why| ["–".to_owned(), String::new(), String::new(), why.clone()]);
        back.chain(kept).map(move |rest| [place.to_vec(), rest.to_vec()].concat()).collect::<Vec<_>>()
    });
    let table = output::table(&["ticket", "intervention", "field", "now", "before", "what"], rows);
    if !plan.is_empty() {
        let _ = writeln!(text, "{table}\n");
    }
    let back = plan.iter().filter(|undoing| !undoing.back.is_empty()).count();
    let many = output::count(back, "intervention", "interventions");
    match undone {
        None if back == 0 => {
            let _ = write!(text, "Nothing of this pass can be put back.");
        }
        None => {
            let _ = write!(text, "This would change {many}. To do it: gestan-connector undo {} --yes", short(run));
        }
        Some(undone) => {
            for one in undone.iter().filter(|one| !one.done) {
                let _ = writeln!(text, "Ticket {}: {}.", one.ticket, one.message);
            }
            let done = undone.iter().filter(|one| one.done).count();
            let _ = write!(
                text,
                "Put back: {}. It stays so until the ticket, or the mapping, says something new.",
                output::count(done, "intervention", "interventions")
            );
        }
    }
    text
}
