//! Decisions, without I/O: what a ticket is to become in Gestan, given the operator's configuration
//! and what Gestan's catalogues hold.

mod deciding;
mod directory;
mod fold;
pub mod mail;
mod matching;
mod paragraphs;
mod planning;
mod projection;
mod rules;
mod steps;
mod texts;

pub use directory::{Directory, Found};
pub use fold::{cut_on_word, fold};
pub use paragraphs::ProjectedEntry;
pub use projection::{Before, Context, Projection, Wait, project, ticket_url};
pub use rules::{Facts, shadowed};
pub use texts::{PLACEHOLDERS_HEAD, PLACEHOLDERS_HEADING, PLACEHOLDERS_TITLE, Wording, duration};
