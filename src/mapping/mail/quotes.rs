//! A reply split into what its sender wrote and what the mail program put below it.

/// What is new in a reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fresh {
    /// The new text; the whole one where nothing could be told apart.
    pub body: String,
    /// Something was left out: a quotation or a signature.
    pub trimmed: bool,
}

/// What is new in a plain text.
pub fn fresh_text(text: &str) -> Fresh {
    Fresh { body: text.to_owned(), trimmed: false }
}

/// What is new in an HTML text.
pub fn fresh_html(html: &str) -> Fresh {
    Fresh { body: html.to_owned(), trimmed: false }
}
