//! The mail flow: mails of the support mailboxes become tickets and comments of GestSup, each once.

mod desk;
mod folder;
mod memory;
mod observe;
mod one;
mod pass;
mod ports;
mod recover;
mod replay;
mod report;

pub use desk::*;
pub use memory::*;
pub use pass::{MailIntake, MailOptions};
pub use ports::*;
pub use report::{MailRecord, MailReport, MailTrouble};
