//! What a mail says and what becomes of it, without I/O: its new text without quotes and signature, its HTML as GestSup may show
//! it, whether a rule excludes it, which ticket it answers, what a new ticket gets.

mod attributes;
mod decide;
mod desk;
mod exclude;
mod html;
mod identity;
mod names;
mod quotes;
mod reply;
mod sight;
mod texts;
mod verdict;

pub use attributes::{KEYS, id_of};
pub use decide::{Question, claimed};
pub use desk::{Account, DeskFacts, TicketFacts, two_readers};
pub(crate) use html::is_costly;
pub use html::{clean, from_text, only_held};
pub use identity::identity;
pub use names::{is_blocked, safe_name};
pub use quotes::{Fresh, fresh_html, fresh_text};
pub use reply::answered;
pub use sight::{Sight, sight};
pub use verdict::{Attributes, MailWrite, NewContact, NewFile, NewReply, NewTicket, Requester, Verdict, Written};
