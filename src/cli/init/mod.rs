//! `init`: from nothing to a configuration that works, by four short screens or by flags, and then what has to be there
//! before a first pass.

mod answers;
mod ask;
mod codes;
mod mails;
mod prepare;
mod questions;
mod simple;
mod systems;
mod trials;
mod values;

use super::{ExitCode, Globals};
use crate::daemon::in_french;
use crate::gateway::Probe;
use answers::Answers;
use anyhow::{Context as _, bail};
use ask::{Ask, Interrupted, Reply};
use clap::{Args, ValueEnum};
use questions::{Question, Screen};
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// Set the connector up: four short screens, each system tried on the spot, and a configuration that works.
#[derive(Debug, Args)]
pub struct Init {
    /// Ask nothing: take the flags, what is usual for the rest, and refuse where that does not do.
    #[arg(long)]
    non_interactive: bool,
    /// Language of the questions; by itself that of the session.
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// Replace a configuration that is there; a copy of it is kept beside it.
    #[arg(long)]
    force: bool,
    /// Create the tables of the links in Gestan's base without asking.
    #[arg(long)]
    install: bool,
    #[command(flatten)]
    answers: Answers,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    Fr,
    En,
}

/// Where to go from a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Next,
    /// Nothing was asked: going back passes over it.
    Silent,
    Back,
    To(Question),
}

impl From<Reply<()>> for Step {
    fn from(reply: Reply<()>) -> Self {
        match reply {
            Reply::Given(()) => Self::Next,
            Reply::Back => Self::Back,
        }
    }
}

/// The set-up under way.
struct Wizard {
    ask: Ask,
    answers: Answers,
    config: PathBuf,
    json: bool,
    /// The codes that Gestan's base holds, once it was looked at.
    probe: Option<Probe>,
}

impl Init {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let config = globals.config.clone();
        if config.exists() && !self.force {
            bail!(
                "{} is there already: edit it and try it with `gestan-connector check`, or give --force to replace it (a copy is kept)",
                config.display()
            );
        }
        let french = self.lang.map_or_else(speaks_french, |lang| matches!(lang, Lang::Fr));
        let mut wizard = Wizard { ask: Ask { french }, answers: self.answers, config, json: globals.json, probe: None };
        if self.non_interactive {
            wizard.take_from_folder();
            wizard.answers = wizard.answers.with_usual();
            wizard.refuse_what_is_missing().await?;
        } else {
            if !std::io::stdin().is_terminal() {
                bail!("there is no terminal to ask on: give the answers as flags, with --non-interactive");
            }
            match wizard.interview().await {
                Ok(true) => {}
                Ok(false) => return Ok(ExitCode::Ok),
                Err(error) if error.is::<Interrupted>() => {
                    wizard.note(&wizard.kept_sentence());
                    return Ok(ExitCode::Ok);
                }
                Err(error) => return Err(error),
            }
        }
        wizard.prepare(!self.non_interactive, self.install, globals).await
    }
}

/// Whether the session's language is French; where it says nothing, it is: so are both systems.
fn speaks_french() -> bool {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let language = set.into_iter().find(|language| !language.is_empty() && language != "C" && language != "POSIX");
    language.is_none_or(|language| language.starts_with("fr") || language.starts_with("C."))
}

impl Wizard {
    /// Says something that is no result.
    fn note(&self, text: &str) {
        if self.json {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }

    /// What the program says of something, in the language of whoever answers where there is such a sentence.
    fn said(&self, text: &str) -> String {
        let french = self.ask.french.then(|| in_french(text)).flatten();
        french.unwrap_or_else(|| text.to_owned())
    }

    fn kept_sentence(&self) -> String {
        let file = answers::kept_in(&self.config);
        match self.ask.french {
            true => format!(
                "Interrompu ; les réponses sont gardées dans {} (sans les mots de passe). `gestan-connector init` reprend où vous en étiez.",
                file.display()
            ),
            false => format!(
                "Interrupted; the answers are kept in {} (without the passwords). `gestan-connector init` goes on from there.",
                file.display()
            ),
        }
    }

    /// Goes through the questions; says whether the configuration is to be written.
    async fn interview(&mut self) -> anyhow::Result<bool> {
        let ask = self.ask;
        self.note(ask.of(
            "Mise en route de gestan-connector, en quatre écrans.\nÉchap revient à la question précédente, Ctrl-C interrompt sans rien perdre.",
            "Setting gestan-connector up, in four screens.\nEscape goes back to the question before, Ctrl-C interrupts without losing anything.",
        ));
        let kept = answers::kept_in(&self.config);
        let resumed = kept.exists();
        if resumed {
            let text = std::fs::read_to_string(&kept).with_context(|| format!("while reading {}", kept.display()))?;
            let before: Answers = serde_json::from_str(&text).with_context(|| {
                format!("while reading the answers of before (delete {} to begin anew)", kept.display())
            })?;
            self.answers = std::mem::take(&mut self.answers).or(before)?;
            self.note(
                ask.of("Les réponses de la dernière fois sont reprises.", "The answers of the last time are taken up."),
            );
        }
        let mut at = 0;
        if resumed {
            let open = |question: &Question| {
                question.applies(&self.answers) && !question.is_optional() && question.missing(&self.answers).is_some()
            };
            at = Question::ALL.iter().position(open).unwrap_or(Question::ALL.len());
        }
        let mut screen = None;
        let mut trail: Vec<usize> = Vec::new();
        loop {
            let Some(question) = Question::ALL.get(at).copied() else {
                match self.confirm_all()? {
                    Reply::Given(true) => return Ok(true),
                    Reply::Given(false) => return Err(Interrupted.into()),
                    Reply::Back => {
                        at = trail.pop().unwrap_or_default();
                        continue;
                    }
                }
            };
            if !question.applies(&self.answers) {
                at += 1;
                continue;
            }
            if screen != Some(question.screen()) {
                screen = Some(question.screen());
                self.heading(question.screen());
            }
            let step = match question.screen() {
                Screen::Systems => self.put_of_systems(question).await?,
                _ => simple::put(question, ask, &mut self.answers)?.into(),
            };
            self.keep()?;
            match step {
                Step::Next => {
                    if !question.is_trial() {
                        trail.push(at);
                    }
                    at += 1;
                }
                Step::Silent => at += 1,
                Step::To(question) => at = Question::ALL.iter().position(|other| *other == question).unwrap_or(at),
                Step::Back => match trail.pop() {
                    Some(before) => at = before,
                    None => return Err(Interrupted.into()),
                },
            }
        }
    }

    fn heading(&self, screen: Screen) {
        let title = match screen {
            Screen::Billing => self.ask.of("1/4  La facturation", "1/4  Billing"),
            Screen::Mode => self.ask.of(
                "2/4  Interventions ou anomalies, et le retour",
                "2/4  Interventions or anomalies, and the way back",
            ),
            Screen::Time => self.ask.of("3/4  L'unité de temps", "3/4  The unit of time"),
            Screen::Systems => self.ask.of("4/4  GestSup, Gestan et les mails", "4/4  GestSup, Gestan and the mails"),
            Screen::Start => self.ask.of("Le départ", "The start"),
        };
        self.note(&format!("\n── {title} {}", "─".repeat(70_usize.saturating_sub(title.chars().count()))));
    }

    /// Keeps the answers for the next time, without passwords.
    fn keep(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.answers)?;
        prepare::write_private(&answers::kept_in(&self.config), &text)
    }

    fn confirm_all(&self) -> anyhow::Result<Reply<bool>> {
        let message = match self.ask.french {
            true => format!("Écrire {} ?", self.config.display()),
            false => format!("Write {}?", self.config.display()),
        };
        self.note("");
        self.ask.confirm(&message, "", true)
    }

    /// Names every flag without which a set-up that asks nothing cannot be made.
    async fn refuse_what_is_missing(&mut self) -> anyhow::Result<()> {
        if let Some(sentence) = self.answers.gestan_kind.and_then(|kind| systems::without_odbc(self.ask, kind)) {
            bail!("{sentence}");
        }
        let missing: Vec<&str> = Question::ALL
            .into_iter()
            .filter(|question| question.applies(&self.answers) && !question.is_optional())
            .filter_map(|question| question.missing(&self.answers))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        if missing.iter().any(|flag| flag.ends_with("status"))
            && !missing.iter().any(|flag| flag.starts_with("--gestan-"))
        {
            self.probe_gestan().await;
            if let Some(probe) = self.probe.as_ref().filter(|probe| !probe.rows().is_empty()) {
                let headers = ["list", "column", "code", "rows", "labels of paramlib", "newest"];
                eprintln!("{}\n", super::output::table(&headers, probe.rows()));
            }
        }
        bail!(
            "these are needed, or cannot be read: {}; `gestan-connector init --help` tells of each",
            missing.join(", ")
        )
    }
}
