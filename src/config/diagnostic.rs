//! A mistake in the configuration: where it stands, what is wrong, what would be right.

use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// One mistake, or (as a warning) something that is allowed and unwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The key, as in `gestsup.port`.
    pub key: String,
    /// Line, from 1; 0 where the mistake is in no line.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
    #[serde(skip)]
    span: Range<usize>,
}

impl Diagnostic {
    pub(super) fn new(key: &str, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { key: key.to_owned(), line: 0, column: 0, message: message.into(), help: help.into(), span }
    }

    /// Finds line and column of the mistake.
    pub(super) fn located(mut self, text: &str) -> Self {
        let start = self.span.start.min(text.len());
        let before = text.get(..start).unwrap_or(text);
        self.line = before.matches('\n').count() + 1;
        self.column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        self
    }

    /// One line, for a log.
    pub fn summary(&self) -> String {
        let place = if self.line > 0 { format!("line {}: ", self.line) } else { String::new() };
        format!("{place}{}; {}", self.message, self.help)
    }
}

/// Every mistake of a file.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors {
    /// The mistakes, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    file: String,
    #[serde(skip)]
    text: String,
}

impl ConfigErrors {
    pub(super) fn new(file: &str, text: &str, diagnostics: Vec<Diagnostic>) -> Self {
        let mut diagnostics: Vec<Diagnostic> =
            diagnostics.into_iter().map(|diagnostic| diagnostic.located(text)).collect();
        diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        Self { diagnostics, file: file.to_owned(), text: text.to_owned() }
    }

    pub(super) fn unreadable(file: &str, reason: &str) -> Self {
        let help = "name the file with --config, or copy connector.toml.example there and edit it";
        let message = format!("cannot read the configuration {file}: {reason}");
        Self { diagnostics: vec![Diagnostic::new("", 0..0, message, help)], file: file.to_owned(), text: String::new() }
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.diagnostics {
            if diagnostic.line == 0 {
                writeln!(f, "error: {}\n  = {}\n", diagnostic.message, diagnostic.help)?;
                continue;
            }
            let line = masked(self.text.lines().nth(diagnostic.line - 1).unwrap_or_default());
            let number = diagnostic.line.to_string();
            let margin = " ".repeat(number.len());
            let rest = line.chars().count().saturating_sub(diagnostic.column - 1).max(1);
            let carets = self
                .text
                .get(diagnostic.span.clone())
                .map_or(1, |text| text.lines().next().unwrap_or_default().chars().count().clamp(1, rest));
            writeln!(f, "error: {}", diagnostic.message)?;
            writeln!(f, "{margin}--> {}:{}:{}", self.file, diagnostic.line, diagnostic.column)?;
            writeln!(f, "{margin} |")?;
            writeln!(f, "{number} | {line}")?;
            writeln!(f, "{margin} | {}{}", " ".repeat(diagnostic.column - 1), "^".repeat(carets))?;
            writeln!(f, "{margin} = {}\n", diagnostic.help)?;
        }
        let count = self.diagnostics.len();
        write!(f, "{count} {} in {}", if count == 1 { "mistake" } else { "mistakes" }, self.file)
    }
}

/// A line without the passwords and tokens that it may hold.
fn masked(line: &str) -> String {
    let mut line = line.to_owned();
    for key in ["password", "token", "secret"] {
        let mut from = 0;
        while let Some(at) = line[from..].find(key).map(|at| from + at) {
            from = at + key.len();
            let Some(equals) = line[from..].find('=').map(|equals| from + equals) else { break };
            if !line[from..equals].trim().trim_matches(['"', '\'']).is_empty() {
                continue;
            }
            let value = equals + 1 + line[equals + 1..].len() - line[equals + 1..].trim_start().len();
            let end = match line[value..].chars().next() {
                Some('{') | None => continue,
                Some(quote @ ('"' | '\'')) => {
                    line[value + 1..].find(quote).map_or(line.len(), |end| value + 1 + end + 1)
                }
                Some(_) => line[value..].find([',', '}', '#']).map_or(line.len(), |end| value + end),
            };
            line.replace_range(value..end, "***");
            from = value + 3;
        }
    }
    line
}
