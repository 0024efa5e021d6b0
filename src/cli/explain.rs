//! `explain`: what a code or a message means, and what to do.

use super::{ExitCode, Globals, output, screen};
use crate::config::Locale;
use crate::messages;
use clap::{Args, ValueEnum};

/// Explain a code or a message of the log: its cause, and what to do.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as client-unknown, an exit code, or a line of the log, whole or in part.
    #[arg(value_name = "CODE OR MESSAGE", required = true, num_args = 1..)]
    asked: Vec<String>,
    /// The language; that of the terminal (LC_ALL, LC_MESSAGES, LANG) if none is given.
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Lang>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    En,
    Fr,
}

impl Explain {
    pub(super) fn execute(&self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let language = match self.lang {
            Some(Lang::En) => Locale::En,
            Some(Lang::Fr) => Locale::Fr,
            None => of_terminal(),
        };
        let asked = self.asked.join(" ");
        let found = messages::find(language, &asked);
        if globals.json {
            output::json(&found)?;
        } else if found.is_empty() {
            screen::say(format_args!("{}", unknown(language)));
        }
        let (cause, cure, nothing) = match language {
            Locale::En => ("Cause:     ", "What to do:", "nothing"),
            Locale::Fr => ("Cause :     ", "À faire :   ", "rien"),
        };
        for (index, row) in found.iter().enumerate().filter(|_| !globals.json) {
            if index > 0 {
                screen::say(format_args!(""));
            }
            screen::say(format_args!("{} – {}", row.about, plain(&row.message)));
            screen::say(format_args!("  {cause} {}", plain(&row.cause)));
            screen::say(format_args!(
                "  {cure} {}",
                if row.cure.is_empty() { nothing.to_owned() } else { plain(&row.cure) }
            ));
        }
        Ok(if found.is_empty() { ExitCode::Records } else { ExitCode::Ok })
    }
}

fn unknown(language: Locale) -> &'static str {
    match language {
        Locale::En => {
            "Nothing that the connector says is like this. Give a code as in `status` or `journal`, or a line of its log as it is."
        }
        Locale::Fr => {
            "Le connecteur ne dit rien de tel. Donnez un code comme dans `status` ou `journal`, ou une ligne de son journal telle quelle."
        }
    }
}

/// Without the marks of Markdown, which a terminal would show.
pub(super) fn plain(text: &str) -> String {
    output::one_line(&text.replace('`', ""))
}

/// The language of whoever sits before the terminal.
pub(super) fn of_terminal() -> Locale {
    let set =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    messages::of_locale(&set.unwrap_or_default())
}
