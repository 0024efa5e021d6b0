//! What a mail says, without I/O: its new text without quotes and signature, its HTML as GestSup may show it.

mod html;
mod quotes;

pub(crate) use html::is_costly;
pub use html::{clean, from_text, only_held};
pub use quotes::{Fresh, fresh_html, fresh_text};
