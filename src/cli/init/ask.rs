//! Questions on a terminal, in French or English. Escape goes back, Ctrl-C interrupts.

use crate::cli::{output, screen};
use anyhow::bail;
use inquire::ui::RenderConfig;
use inquire::validator::Validation;
use inquire::{Confirm, InquireError, Password, PasswordDisplayMode, Select, Text};
use secrecy::SecretString;
use std::fmt;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply<T> {
    /// An answer.
    Given(T),
    /// Back to the question before.
    Back,
}

/// Who asks, and in which language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) french: bool,
}

/// The set-up was broken off by whoever answers.
#[derive(Debug, thiserror::Error)]
#[error("the set-up was interrupted")]
pub(super) struct Interrupted;

/// Something to choose.
struct Choice<T> {
    value: T,
    text: String,
}

impl<T> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What fits on a line of the terminal beside the mark of what is chosen.
fn fitting(text: &str) -> String {
    match screen::width() {
        Some(width) => output::short(text, usize::from(width).saturating_sub(3).max(20)),
        None => text.to_owned(),
    }
}

fn reply<T>(asked: Result<Option<T>, InquireError>) -> anyhow::Result<Reply<T>> {
    match asked {
        Ok(Some(answer)) => Ok(Reply::Given(answer)),
        Ok(None) => Ok(Reply::Back),
        Err(InquireError::OperationInterrupted) => Err(Interrupted.into()),
        Err(InquireError::NotTTY) => {
            bail!("questions need a terminal; give the answers as flags with --non-interactive")
        }
        Err(error) => Err(anyhow::Error::new(error).context("while asking on the terminal")),
    }
}

impl Ask {
    /// The text in the language of whoever answers.
    pub(super) fn of<'t>(self, french: &'t str, english: &'t str) -> &'t str {
        if self.french { french } else { english }
    }

    fn look(self) -> RenderConfig<'static> {
        if std::env::var_os("NO_COLOR").is_some() { RenderConfig::empty() } else { RenderConfig::default_colored() }
    }

    /// One of these.
    pub(super) fn choose<T: Clone>(
        self,
        message: &str,
        choices: Vec<(T, String)>,
        first: usize,
    ) -> anyhow::Result<Reply<T>> {
        let choices: Vec<Choice<T>> =
            choices.into_iter().map(|(value, text)| Choice { value, text: fitting(&text) }).collect();
        let first = first.min(choices.len().saturating_sub(1));
        let help = self.of(
            "flèches pour choisir, Entrée pour valider, Échap pour revenir",
            "arrows to choose, Enter to take it, Escape to go back",
        );
        let asked = Select::new(message, choices)
            .with_starting_cursor(first)
            .with_page_size(12)
            .with_help_message(help)
            .with_render_config(self.look())
            .prompt_skippable();
        Ok(match reply(asked)? {
            Reply::Given(choice) => Reply::Given(choice.value),
            Reply::Back => Reply::Back,
        })
    }

    /// A line of text, as `check` has it: it says what is wrong, in a sentence.
    pub(super) fn text(
        self,
        message: &str,
        help: &str,
        proposed: &str,
        check: impl Fn(&str) -> Result<(), String> + Clone + 'static,
    ) -> anyhow::Result<Reply<String>> {
        let validate = move |text: &str| {
            Ok(match check(text.trim()) {
                Ok(()) => Validation::Valid,
                Err(sentence) => Validation::Invalid(sentence.into()),
            })
        };
        let mut text = Text::new(message).with_initial_value(proposed).with_validator(validate);
        if !help.is_empty() {
            text = text.with_help_message(help);
        }
        Ok(match reply(text.with_render_config(self.look()).prompt_skippable())? {
            Reply::Given(answer) => Reply::Given(answer.trim().to_owned()),
            Reply::Back => Reply::Back,
        })
    }

    /// A password; `None` where nothing was typed.
    pub(super) fn secret(self, message: &str, help: &str) -> anyhow::Result<Reply<Option<SecretString>>> {
        let password = Password::new(message)
            .without_confirmation()
            .with_display_mode(PasswordDisplayMode::Masked)
            .with_help_message(help)
            .with_render_config(self.look());
        Ok(match reply(password.prompt_skippable())? {
            Reply::Given(text) => Reply::Given(Some(text).filter(|text| !text.is_empty()).map(SecretString::from)),
            Reply::Back => Reply::Back,
        })
    }

    /// Yes or no.
    pub(super) fn confirm(self, message: &str, help: &str, proposed: bool) -> anyhow::Result<Reply<bool>> {
        let french = self.french;
        let parse = move |text: &str| match text.to_lowercase().as_str() {
            "o" | "oui" | "y" | "yes" => Ok(true),
            "n" | "non" | "no" => Ok(false),
            _ => Err(()),
        };
        let shown = move |yes: bool| match (french, yes) {
            (true, true) => "oui".to_owned(),
            (true, false) => "non".to_owned(),
            (false, true) => "yes".to_owned(),
            (false, false) => "no".to_owned(),
        };
        let default = move |yes: bool| match (french, yes) {
            (true, true) => "O/n".to_owned(),
            (true, false) => "o/N".to_owned(),
            (false, true) => "Y/n".to_owned(),
            (false, false) => "y/N".to_owned(),
        };
        let mut question = Confirm::new(message)
            .with_default(proposed)
            .with_parser(&parse)
            .with_formatter(&shown)
            .with_default_value_formatter(&default)
            .with_error_message(self.of("répondez o ou n", "answer y or n"));
        if !help.is_empty() {
            question = question.with_help_message(help);
        }
        reply(question.with_render_config(self.look()).prompt_skippable())
    }
}
