//! Text with the little formatting that survives the way from GestSup's HTML to Gestan's RTF:
//! lines made of spans that may be bold, italic, underlined or a link.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A run of characters with one formatting. Never contains a line break.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The visible characters.
    pub text: String,
    /// Bold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
    /// Italic.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub italic: bool,
    /// Underlined.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub underline: bool,
    /// The address that the text links to, where it is not the text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// One line (paragraph) of text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// A line of unformatted text.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            return Self(Vec::new());
        }
        Self(vec![Span { text, ..Span::default() }])
    }

    /// A line in bold.
    pub fn bold(text: impl Into<String>) -> Self {
        Self(vec![Span { text: text.into(), bold: true, ..Span::default() }])
    }

    /// The visible text.
    pub fn to_plain(&self) -> String {
        self.0.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Formatted text: a list of lines. It is passed on a lot and hardly ever changed, so copies share them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RichText(pub Arc<Vec<Line>>);

impl RichText {
    /// Unformatted text; every `\n` starts a new line.
    pub fn plain(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        text.lines().map(Line::plain).collect()
    }

    /// Whether nothing is visible.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(|line| line.to_plain().trim().is_empty())
    }

    /// The visible text, lines joined by `\n`.
    pub fn to_plain(&self) -> String {
        let mut plain = String::new();
        for (index, line) in self.0.iter().enumerate() {
            if index > 0 {
                plain.push('\n');
            }
            plain.extend(line.0.iter().map(|span| span.text.as_str()));
        }
        plain
    }
}

impl FromIterator<Line> for RichText {
    fn from_iter<T: IntoIterator<Item = Line>>(lines: T) -> Self {
        Self(Arc::new(lines.into_iter().collect()))
    }
}

impl fmt::Display for RichText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_plain())
    }
}
