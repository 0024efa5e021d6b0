//! A mail of the outbox as it is sent: the same bytes at every attempt, its boundaries aside.

use crate::flows::notify::Outgoing;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::time::SystemTime;

/// The message; an error is a sentence about this one mail.
pub(super) fn message(mail: &Outgoing, from: &Mailbox, reply_to: Option<&Mailbox>) -> Result<Message, String> {
    let letter = &mail.mail.letter;
    let address: Address = letter.to.address.parse().map_err(|_| "its address is none".to_owned())?;
    let name = letter.to.name.as_deref().map(clean).filter(|name| !name.is_empty());
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, address))
        .subject(clean(&letter.subject))
        .date(SystemTime::from(mail.at))
        .message_id(Some(format!("<{}>", mail.mail.message_id)))
        // Nobody's holiday message may answer, and no other help-desk open a ticket for it (RFC 3834).
        .raw_header(own("Auto-Submitted", "auto-generated"))
        .raw_header(own("X-Auto-Response-Suppress", "All"));
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    if let Some(last) = letter.references.last() {
        builder = builder.in_reply_to(format!("<{last}>"));
        let all: Vec<String> = letter.references.iter().map(|id| format!("<{id}>")).collect();
        builder = builder.references(all.join(" "));
    }
    let mut both = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    let Some(calendar) = &letter.calendar else {
        return builder.multipart(both).map_err(|error| error.to_string());
    };
    let kind = format!("text/calendar; charset=utf-8; method={}", calendar.method);
    let kind = ContentType::parse(&kind).map_err(|error| error.to_string())?;
    both = both.singlepart(SinglePart::builder().header(kind.clone()).body(calendar.text.clone()));
    let file = Attachment::new("invite.ics".to_owned()).body(calendar.text.clone(), kind);
    builder.multipart(MultiPart::mixed().multipart(both).singlepart(file)).map_err(|error| error.to_string())
}

fn own(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// No line break gets into a header.
fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}
