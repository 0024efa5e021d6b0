//! `state`: the state as a file to look after.

use super::{ExitCode, Globals, LogTo, output, screen};
use crate::config::{Config, Role};
use crate::daemon::{PassResult, Site};
use crate::flows::tickets::{Interventions as _, PassOptions};
use crate::store::{StateCheck, Store};
use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::{Args, Subcommand};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Copy, restore, check or rebuild what the connector remembers.
#[derive(Debug, Args)]
pub struct State {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Copy it into a new file; a service may be at work.
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Put a copy in its place; the one that is there now is kept under another name. The service must be stopped.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Look it over: every page, and that nothing in it refers to nothing.
    Check {
        /// Another file, a copy for instance.
        file: Option<PathBuf>,
    },
    /// Begin with an empty one, after a loss: links are learnt again from Gestan. The service must be stopped.
    Rebuild {
        /// Put the one that is there aside.
        #[arg(long)]
        force: bool,
    },
}

impl State {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let loaded = globals.load(Role::Daemon, LogTo::Command)?;
        let path = loaded.config.state_file();
        match self.what {
            What::Backup { file } => {
                let store = Store::open_read_only(&path).await?;
                store.back_up(&file).await?;
                // A copy that cannot be read is none.
                let check = Store::open_read_only(&file).await?.examine().await?;
                tell(globals, &check, &format!("Copied to {}", file.display()))
            }
            What::Check { file } => {
                let check = Store::open_read_only(file.as_deref().unwrap_or(&path)).await?.examine().await?;
                let said = check.path.display().to_string();
                tell(globals, &check, &said)
            }
            What::Restore { file } => restore(globals, &path, &file).await,
            What::Rebuild { force } => rebuild(globals, loaded.config, &path, force).await,
        }
    }
}

fn tell(globals: &Globals, check: &StateCheck, what: &str) -> anyhow::Result<ExitCode> {
    if globals.json {
        output::json(check)?;
    } else if check.damage.is_empty() {
        let links = output::count(usize::try_from(check.links).unwrap_or(0), "link", "links");
        screen::say(format_args!(
            "{what}: sound, {links}, {} lines in the journal, {:.1} MiB.",
            check.journal,
            check.bytes as f64 / f64::from(1 << 20)
        ));
    } else {
        screen::say(format_args!(
            "{what} is damaged:\n  {}\nPut a copy in its place with `gestan-connector state restore FILE`, or learn everything again with `gestan-connector state rebuild --force`.",
            check.damage.join("\n  ")
        ));
    }
    Ok(if check.damage.is_empty() { ExitCode::Ok } else { ExitCode::Records })
}

async fn restore(globals: &Globals, path: &Path, file: &Path) -> anyhow::Result<ExitCode> {
    // An older copy is brought up to date once it is in its place, so only what is newer or damaged is refused.
    let copy = Store::open_any(file).await?;
    let check = copy.examine().await?;
    if !check.damage.is_empty() {
        return tell(globals, &check, &file.display().to_string());
    }
    let before = Store::put_aside(path, Utc::now())?;
    copy.put_in_place(path).await.with_context(|| format!("while putting {} in its place", file.display()))?;
    let store = Store::open(path).await?;
    // Links that were made since that copy stand beside Gestan.
    store.learn_reference_again().await?;
    let check = store.examine().await?;
    let kept = before.map(|before| format!("; the one before is {}", before.display())).unwrap_or_default();
    if !globals.json {
        screen::say(format_args!(
            "What was written to Gestan since that copy was made is found there by the next passes, and not written twice."
        ));
    }
    tell(globals, &check, &format!("{} is in its place{kept}", file.display()))
}

/// An empty state, with the links of reference data that stand beside Gestan; how many, where that flow is on.
async fn learn(config: &Config) -> anyhow::Result<Option<usize>> {
    let site = Site::open(config.clone()).await?;
    if !site.refers() {
        return Ok(None);
    }
    let (learnt, _) = site.reference(None).learn().await?;
    Ok(Some(learnt))
}

async fn rebuild(globals: &Globals, config: Config, path: &Path, force: bool) -> anyhow::Result<ExitCode> {
    if path.exists() && !force {
        bail!("there is a state at {}: `state check` tells whether it is sound; --force puts it aside", path.display());
    }
    let before = Store::put_aside(path, Utc::now())?;
    let learnt = learn(&config).await?;
    let site = Site::open_to_look(config).await?;
    let source = site.config().gestsup.as_ref().map(|gestsup| gestsup.source.clone()).unwrap_or_default();
    let known: HashSet<i64> = site.gestan().linked(&source).await?.iter().map(|key| key.number).collect();
    let options = PassOptions { dry_run: true, allow_mass_change: true, ..PassOptions::default() };
    let PassResult::Done(mut report) = site.pass(&options, &CancellationToken::new()).await? else {
        bail!("a system does not answer: the empty state is in place; run `sync --dry-run` once it does");
    };
    report.records.retain(|record| !known.contains(&record.ticket));
    if globals.json {
        let rebuilt = serde_json::json!({ "before": before, "known": known.len(), "learnt": learnt, "plan": report });
        return output::json(&rebuilt).map(|()| ExitCode::Ok);
    }
    if let Some(before) = before {
        screen::say(format_args!("The state before is {}.", before.display()));
    }
    screen::say(format_args!(
        "An empty state is at {}. Gestan knows {} of this GestSup: the next pass takes them over, and makes none twice.",
        path.display(),
        output::count(known.len(), "ticket", "tickets")
    ));
    if let Some(learnt) = learnt {
        screen::say(format_args!(
            "{} of reference data were taken over from Gestan's base.",
            output::count(learnt, "link", "links")
        ));
    }
    screen::say(format_args!("What else it would do:\n\n{}\n", super::sync::render(&report)));
    screen::say(format_args!(
        "What the state alone knew is gone: the journal, decisions about reference data that no link tells, and which mails\n\
         were taken (only unread ones are, from now on). Look at the list, then run `gestan-connector sync`, or start the service."
    ));
    Ok(ExitCode::Ok)
}
