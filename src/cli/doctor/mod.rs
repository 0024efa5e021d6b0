//! `doctor`: one archive for whoever is to help, without secrets and without people's data.

mod redact;

use super::{ExitCode, Globals, LogTo, check, output, screen};
use crate::config::Role;
use crate::daemon::{Next, Site};
use crate::private;
use crate::store::{JournalFilter, Store};
use anyhow::Context as _;
use chrono::{DateTime, Local, Utc};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::path::PathBuf;

/// Lines of the journal that go with it.
const LINES: u32 = 500;
/// Tickets in trouble whose story goes with it.
const SAMPLES: usize = 5;

const ABOUT: &str = "\
What this archive holds, for whoever is to help with gestan-connector. Look at it before you send it.

  about.json          versions of the program and the system, and when this was made
  configuration.toml  the configuration with its defaults; passwords and tokens are not in it
  check.json          what `check --online` finds
  status.json         what waits and what failed
  runs.json           the last passes
  journal.json        the last lines of the journal
  samples.json        the tickets in trouble, by their numbers, codes and dates
  troubles.txt        what could not be gathered, and why

Names, addresses, titles and texts of tickets are replaced by their length, but for the tables of
[mapping] in configuration.toml, which may name clients and technicians.
";

/// Write one archive for support: versions, configuration without secrets, checks, journal, samples without names.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The archive; gestan-connector-DATE.tar.gz here if none is given.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Ask neither GestSup nor Gestan.
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Serialize)]
struct About {
    version: &'static str,
    made: DateTime<Utc>,
    system: String,
    kernel: String,
    systemd: String,
    architecture: &'static str,
    processors: usize,
}

#[derive(Debug, Serialize)]
struct Told<'t> {
    file: &'t PathBuf,
    bytes: u64,
    missing: &'t [String],
}

/// The files of the archive, and what could not be had.
#[derive(Debug, Default)]
struct Gathered {
    files: Vec<(&'static str, String)>,
    missing: Vec<String>,
}

impl Gathered {
    fn add(&mut self, name: &'static str, content: anyhow::Result<String>) {
        match content {
            Ok(content) => self.files.push((name, content)),
            Err(error) => self.missing.push(format!("{name}: {}", redact::sentence(&format!("{error:#}")))),
        }
    }

    fn json(&mut self, name: &'static str, value: anyhow::Result<impl Serialize>) {
        self.add(name, value.and_then(|value| Ok(serde_json::to_string_pretty(&value)?)));
    }
}

impl Doctor {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let file = self
            .file
            .clone()
            .unwrap_or_else(|| format!("gestan-connector-{}.tar.gz", Local::now().format("%Y-%m-%d-%H%M%S")).into());
        let mut gathered = Gathered::default();
        gathered.files.push(("README.txt", ABOUT.to_owned()));
        gathered.json("about.json", Ok(about()));
        match globals.load(Role::Daemon, LogTo::Check) {
            Ok(loaded) => {
                let online = !self.offline;
                gathered.add("configuration.toml", toml::to_string_pretty(&loaded.config).map_err(Into::into));
                let state = loaded.config.state_file();
                let config = loaded.config.clone();
                let checks = check::sections(loaded, online).await;
                gathered.json("check.json", checks.and_then(|found| redacted(&found)));
                match Store::open_read_only(&state).await {
                    Ok(store) => remembered(&mut gathered, &store).await,
                    Err(error) => gathered.missing.push(format!("status.json, runs.json, journal.json: {error}")),
                }
                if online && state.exists() {
                    gathered.json("samples.json", samples(config).await);
                }
            }
            // A configuration with mistakes is just what help is asked for.
            Err(error) => gathered.missing.push(format!("configuration.toml: {error:#}")),
        }
        let missing = gathered.missing.join("\n");
        gathered.files.push(("troubles.txt", if missing.is_empty() { "none\n".to_owned() } else { missing + "\n" }));
        let bytes = write(&file, &gathered.files)?;
        let told = Told { file: &file, bytes, missing: &gathered.missing };
        if globals.json {
            output::json(&told)?;
        } else {
            screen::say(format_args!("Written: {} ({} KiB).", file.display(), bytes.div_ceil(1024)));
            for missing in &gathered.missing {
                screen::say(format_args!("  not in it: {}", output::one_line(missing)));
            }
            screen::say(format_args!(
                "Passwords, tokens, names and texts are not in it; README.txt in it says what is. Look at it (tar -xzf), then send it to whoever helps you."
            ));
        }
        Ok(ExitCode::Ok)
    }
}

fn about() -> About {
    let first = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let system = first("/etc/os-release");
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or(std::env::consts::OS);
    let systemd = std::process::Command::new("systemctl").arg("--version").output();
    let systemd = systemd.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
    About {
        version: env!("CARGO_PKG_VERSION"),
        made: Utc::now(),
        system: system.trim_matches('"').to_owned(),
        kernel: first("/proc/sys/kernel/osrelease").trim().to_owned(),
        systemd: systemd.lines().next().unwrap_or("none").to_owned(),
        architecture: std::env::consts::ARCH,
        processors: std::thread::available_parallelism().map_or(0, usize::from),
    }
}

fn redacted(value: &impl Serialize) -> anyhow::Result<serde_json::Value> {
    let mut value = serde_json::to_value(value)?;
    // A check's sentences and headings are the program's own, but for what they quote.
    for section in value.as_array_mut().into_iter().flatten() {
        for finding in section["findings"].as_array_mut().into_iter().flatten() {
            let text = redact::sentence(finding["text"].as_str().unwrap_or_default());
            finding["text"] = text.into();
        }
    }
    Ok(value)
}

async fn remembered(gathered: &mut Gathered, store: &Store) {
    let status = store.status().await;
    gathered.json(
        "runs.json",
        match &status {
            Ok(status) => serde_json::to_value([&status.last_runs, &status.last_successes]).map_err(Into::into),
            Err(error) => Err(anyhow::anyhow!("{error}")),
        },
    );
    let status = status.map_err(Into::into).and_then(|status| Ok(serde_json::to_value(status)?));
    gathered.json("status.json", status.map(redact::document));
    let filter = JournalFilter { limit: Some(LINES), ..JournalFilter::default() };
    let lines = store.journal(&filter).await.map_err(Into::into).and_then(|lines| Ok(serde_json::to_value(lines)?));
    gathered.json("journal.json", lines.map(redact::document));
}

/// The story of tickets in trouble: what GestSup says and what would happen, without a word of theirs.
async fn samples(config: crate::config::Config) -> anyhow::Result<serde_json::Value> {
    let site = Site::open_to_look(config).await?;
    let numbers: Vec<i64> =
        site.store().status().await?.attention.iter().map(|about| about.number).take(SAMPLES).collect();
    let flow = site.tickets()?;
    let mut samples = Vec::new();
    for number in numbers {
        let preview = flow
            .preview(number, None, Utc::now())
            .await
            .with_context(|| format!("while looking at ticket {number}"))?;
        let next = Next::of(&preview.verdict);
        samples.push(
            serde_json::json!({ "number": number, "ticket": preview.ticket, "asked": preview.asked, "next": next }),
        );
    }
    Ok(redact::document(serde_json::Value::Array(samples)))
}

/// Writes the archive, readable by its owner alone; how many bytes it has.
fn write(file: &PathBuf, files: &[(&'static str, String)]) -> anyhow::Result<u64> {
    let target = private::options()
        .write(true)
        .create_new(true)
        .open(file)
        .with_context(|| format!("while writing {}", file.display()))?;
    let mut archive = tar::Builder::new(GzEncoder::new(target, Compression::default()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(Utc::now().timestamp()).unwrap_or(0));
        archive.append_data(&mut header, format!("gestan-connector/{name}"), content.as_bytes())?;
    }
    let target = archive.into_inner()?.finish()?;
    target.sync_all()?;
    Ok(target.metadata()?.len())
}
