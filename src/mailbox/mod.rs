//! The adapter to mailboxes: everything that knows IMAP and MIME.

mod account;
mod check;
mod connection;
mod error;
mod filing;
mod folders;
mod idle;
pub mod mime;
mod session;
mod token;

pub use account::ImapMailboxes;
pub use check::check;
pub use error::MailboxError;
pub use folders::{from_utf7, to_utf7};
pub(crate) use token::Tokens;
