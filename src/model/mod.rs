//! Plain types of the domain, without I/O: what a ticket, a step, an intervention and a duration are,
//! independent of any table, wire format or configuration key.

mod field;
mod mail;
mod object;
mod reference;
mod rich_text;
mod ticket;
mod time;

pub use field::{Field, FieldKind, Fields, Value};
pub use mail::{Filing, Mail, MailAddress, MailPart, PartContent};
pub use object::{Conso, Entry, EntryMark, ObjectKind, Status};
pub use reference::{AWAY, Absence, Address, Away, Client, Contact, Contract, Machine, Product, Project, Task, User};
pub use rich_text::{Line, RichText, Span};
pub use ticket::{
    Attachment, Company, Equipment, FORGOTTEN, FROM_GESTAN, Group, Identity, Label, LastKnown, Person, Picture,
    PlannedEvent, Role, Step, StepType, Ticket,
};
pub use time::{Rounding, TimeUnit, local_to_utc};

use sha2::{Digest, Sha256};

/// SHA-256 of a text, in hexadecimal: the one content hash of the program, stable across releases.
pub fn sha256_hex(text: &str) -> String {
    sha256_hex_of(text.as_bytes())
}

/// The same of any bytes.
pub fn sha256_hex_of(bytes: &[u8]) -> String {
    // By hand: formatting its 32 bytes took as long as hashing a paragraph.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = Sha256::digest(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The first half of the same as a number: the 32 first digits of [`sha256_hex`].
pub fn sha256_half(text: &str) -> u128 {
    Sha256::digest(text).iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// 32 hexadecimal digits that nobody guesses.
pub fn unguessable() -> String {
    sha256_hex(&format!("{}{}", uuid::Uuid::now_v7(), uuid::Uuid::now_v7()))[..32].to_owned()
}
