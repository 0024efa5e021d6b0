//! The mail flow: mails of the support mailboxes become tickets and comments of GestSup.

mod ports;

pub use ports::*;
