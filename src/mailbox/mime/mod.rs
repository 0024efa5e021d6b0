//! Bytes of a mail taken apart into a [`Mail`]: whatever they are, a mail comes out, in bounded memory.

mod charset;
mod content;
mod decode;
mod headers;
mod split;
mod take;
mod text;
mod tnef;
mod words;

use crate::model::Mail;
use chrono::{DateTime, Utc};
use content::hash_of;
use split::{Taken, split};
use std::io::{self, BufRead, BufReader, Cursor, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use take::Taker;
use tempfile::NamedTempFile;

/// Headers of a mail that are kept, and characters of one.
const HEADERS: usize = 200;
const HEADER: usize = 2000;
/// Sentences about what is wrong with a mail.
const FLAWS: usize = 20;
/// Characters of a subject.
const SUBJECT: usize = 500;

/// The bytes of a mail.
#[derive(Debug)]
pub enum Raw {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which is removed.
    File(NamedTempFile),
}

/// What is known of a mail beside its bytes.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Size as the server tells it.
    pub size: u64,
    /// When the server received it.
    pub received: Option<DateTime<Utc>>,
    /// The bytes are only its headers.
    pub headers_only: bool,
}

/// What a mail is read from.
trait Source: BufRead + Seek {}
impl<T: BufRead + Seek> Source for T {}

/// Takes a mail apart; its large parts go into files of `spool`.
///
/// # Errors
/// When the spool cannot be written or read. No bytes of a mail are an error.
pub fn read(raw: Raw, origin: &Origin, spool: &Path) -> io::Result<Mail> {
    match raw {
        Raw::Bytes(bytes) => read_from(&mut Cursor::new(bytes), origin, spool),
        Raw::File(file) => read_from(&mut BufReader::with_capacity(64 * 1024, file.reopen()?), origin, spool),
    }
}

/// `Message-ID` of a header block, without its brackets; `None` where there is none that could be used.
pub fn message_id_of(block: &[u8]) -> Option<String> {
    headers::Headers::parse(block, HEADERS).ids("message-id").into_iter().next()
}

fn read_from(source: &mut dyn Source, origin: &Origin, spool: &Path) -> io::Result<Mail> {
    source.seek(SeekFrom::Start(0))?;
    let (hash, size) = hash_of(source)?;
    source.seek(SeekFrom::Start(0))?;
    // Nothing here is known to panic; were something to, this one mail must not end the others'.
    let taken = catch_unwind(AssertUnwindSafe(|| taken_apart(source, origin, spool)));
    let mut mail = taken.unwrap_or_else(|_| {
        Ok(Mail {
            flaws: vec!["the mail could not be taken apart: this is a fault of the program".to_owned()],
            ..Mail::default()
        })
    })?;
    mail.size = if origin.size > 0 { origin.size } else { size };
    mail.received = origin.received;
    mail.headers_only = origin.headers_only;
    mail.hash = hash;
    mail.flaws.truncate(FLAWS);
    Ok(mail)
}

fn taken_apart(source: &mut dyn Source, origin: &Origin, spool: &Path) -> io::Result<Mail> {
    let taken = split(source)?;
    let mut mail = of_headers(&taken);
    if origin.headers_only {
        mail.flaws = vec!["the mail is larger than allowed: only its headers were taken".to_owned()];
        return Ok(mail);
    }
    let mut taker = Taker::new(spool);
    taker.take(source, &taken, 0)?;
    taker.into_mail(&mut mail);
    Ok(mail)
}

/// What the headers say.
fn of_headers(taken: &Taken) -> Mail {
    let headers = &taken.headers;
    let mut flaws = taken.flaws.clone();
    for name in ["from", "subject", "date", "message-id", "content-type"] {
        if headers.all(name).count() > 1 {
            flaws.push(format!("the header {name} is there more than once: the first one counts"));
        }
    }
    let delivered = ["delivered-to", "x-original-to", "envelope-to"];
    let mut delivered: Vec<String> =
        delivered.iter().flat_map(|name| headers.addresses(name)).map(|one| one.address).collect();
    delivered.dedup();
    let from = headers.addresses("from").into_iter().next().or_else(|| headers.addresses("sender").into_iter().next());
    if from.is_none() && !headers.is_empty() {
        flaws.push("the mail names no sender".to_owned());
    }
    let return_path = headers.raw("return-path").map(|raw| {
        let path = raw.trim().trim_matches(['<', '>']).to_lowercase();
        path.chars().filter(|c| !c.is_whitespace()).take(320).collect()
    });
    let mut all = headers.decoded();
    all.truncate(HEADERS);
    for (_, value) in &mut all {
        *value = headers::tidy(value, HEADER);
    }
    Mail {
        message_id: headers.ids("message-id").into_iter().next(),
        in_reply_to: headers.ids("in-reply-to"),
        references: headers.ids("references"),
        from,
        reply_to: headers.addresses("reply-to"),
        to: headers.addresses("to"),
        cc: headers.addresses("cc"),
        delivered_to: delivered,
        return_path,
        subject: headers::tidy(&headers.text("subject").unwrap_or_default(), SUBJECT),
        date: headers.date("date"),
        headers: all,
        media_type: taken.media_type.clone(),
        flaws,
        ..Mail::default()
    }
}

#[cfg(test)]
mod mutated;
#[cfg(test)]
mod tests;
