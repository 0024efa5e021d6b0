//! The notify flow: people are told by mail when tickets are opened and change state. A look finds what changed and puts
//! mails into the outbox, in one commit with what was seen; sending takes them from there.

mod act;
mod age;
mod appointment;
mod audience;
mod beside;
mod deliver;
mod digest;
mod invite;
mod letter;
mod pass;
mod plan;
mod ports;
mod report;
mod templates;

pub use appointment::{Appointment, Invitation, Invitee};
pub use letter::{Calendar, Letter, Means, NewMail, Outgoing, Phase, TEST, test_mail};
pub use pass::{NotifyFlow, STARTED};
pub use ports::*;
pub use report::{NotifyRecord, NotifyReport};
pub use templates::{TemplateError, Templates};
