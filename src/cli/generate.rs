//! `generate`: what a package has beside the program, made from its own commands and configuration: manual pages, completions,
//! and the reference of the configuration.

use super::{Cli, ExitCode};
use crate::config::{self, Locale};
use anyhow::Context as _;
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::{Path, PathBuf};

/// Write manual pages, completions and the reference of the configuration, for a package.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Generate {
    /// Write a manual page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
    /// Print the completions for a shell.
    #[arg(long, value_name = "SHELL")]
    completions: Option<Shell>,
    /// Write the reference of the configuration into this folder: en/reference.md and fr/reference.md.
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

/// What the first page says beyond the commands.
const MORE: &str = r#".SH "EXIT STATUS"
.TP
\fB0\fR
all well
.TP
\fB1\fR
some records failed, or the brake stopped the pass
.TP
\fB64\fR
the command was not understood
.TP
\fB69\fR
a system cannot be reached
.TP
\fB75\fR
another connector is at work; try later
.TP
\fB78\fR
the configuration has mistakes
.SH FILES
.TP
\fI/etc/gestan-connector/connector.toml\fR
the configuration; /usr/share/doc/gestan-connector/connector.toml.example explains every key
.TP
\fI/var/lib/gestan-connector/state.db\fR
what the connector remembers; copied with \fBgestan-connector state backup\fR
.SH "SEE ALSO"
The operator's guide, in /usr/share/doc/gestan-connector, in English and in French.
"#;

impl Generate {
    pub(super) fn execute(&self) -> anyhow::Result<ExitCode> {
        // The pages would name commands that have none.
        let mut command = without_help(Cli::command());
        if let Some(folder) = &self.man {
            std::fs::create_dir_all(folder).with_context(|| format!("while making {}", folder.display()))?;
            command.build();
            pages(&command, folder)?;
        }
        if let Some(shell) = self.completions {
            let name = command.get_name().to_owned();
            clap_complete::generate(shell, &mut command, name, &mut std::io::stdout());
        }
        if let Some(folder) = &self.reference {
            for (locale, name) in [(Locale::En, "en"), (Locale::Fr, "fr")] {
                let folder = folder.join(name);
                std::fs::create_dir_all(&folder).with_context(|| format!("while making {}", folder.display()))?;
                let path = folder.join("reference.md");
                let text = config::handbook(locale).context("while reading the French texts")?;
                std::fs::write(&path, text).with_context(|| format!("while writing {}", path.display()))?;
            }
        }
        Ok(ExitCode::Ok)
    }
}

/// A command whose commands have no `help` among them.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

/// The page of a command, and those of the commands below it.
fn pages(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let below = || command.get_subcommands().filter(|below| !below.is_hide_set());
    for below in below() {
        pages(below, folder)?;
    }
    // Its full name parts the words with a dash, as the pages of a command's commands are named.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let page = Man::new(command.clone()).manual("gestan-connector");
    let mut text = Vec::new();
    page.render(&mut text)?;
    if command.get_display_name().is_none_or(|name| name == "gestan-connector") {
        text.extend_from_slice(MORE.as_bytes());
    }
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, text).with_context(|| format!("while writing {}", path.display()))
}
