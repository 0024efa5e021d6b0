//! What the parts of a mail are to a reader: text, HTML, pictures, attachments; packed ones unpacked when they are small.

use super::Source;
use super::charset::text_of;
use super::content::{Bucket, Budget, Cut};
use super::decode::{Transfer, decode};
use super::headers::tidy;
use super::split::{About, Kind, Leaf, Taken, split};
use super::text::{plain, without_control};
use super::tnef;
use crate::mapping::mail::from_text;
use crate::model::{Mail, MailPart};
use std::io::{self, Cursor, Read as _, SeekFrom};
use std::path::Path;

/// Bytes of text that are read of a mail; what is longer is attached whole.
const TEXT: usize = 2 * 1024 * 1024;
/// Bytes that the parts of a mail may take of the memory.
const MEMORY: usize = 2 * 1024 * 1024;
/// Largest packed part that is unpacked.
const PACKED: u64 = 2 * 1024 * 1024;
/// Mails within mails that are unpacked.
const DEPTH: usize = 4;
/// Attachments of a mail, unpacked ones included.
const PARTS: usize = 1000;

/// One piece of what is to be read, in the order of the mail.
enum Piece {
    Plain { text: String, alternative: bool },
    Html(String),
}

pub(super) struct Taker<'a> {
    spool: &'a Path,
    pieces: Vec<Piece>,
    parts: Vec<MailPart>,
    flaws: Vec<String>,
    budget: Budget,
    text_left: usize,
}

impl<'a> Taker<'a> {
    pub fn new(spool: &'a Path) -> Self {
        Self {
            spool,
            pieces: Vec::new(),
            parts: Vec::new(),
            flaws: Vec::new(),
            budget: Budget(MEMORY),
            text_left: TEXT,
        }
    }

    /// Takes the parts of a mail, which may be one within another.
    pub fn take(&mut self, source: &mut dyn Source, taken: &Taken, depth: usize) -> io::Result<()> {
        for leaf in &taken.leaves {
            self.leaf(source, leaf, depth)?;
        }
        Ok(())
    }

    /// Puts what was found into the mail.
    pub fn into_mail(self, mail: &mut Mail) {
        let join = |pieces: Vec<String>, between: &str| {
            let pieces: Vec<String> = pieces.into_iter().filter(|piece| !piece.trim().is_empty()).collect();
            (!pieces.is_empty()).then(|| pieces.join(between))
        };
        let has_html = self.pieces.iter().any(|piece| matches!(piece, Piece::Html(_)));
        let mut texts = Vec::new();
        let mut htmls = Vec::new();
        for piece in self.pieces {
            match piece {
                Piece::Html(html) => htmls.push(html),
                Piece::Plain { text, alternative } => {
                    // A text that stands by itself must not be missing where the HTML is shown.
                    if has_html && !alternative {
                        htmls.push(format!("<div>{}</div>", from_text(&text)));
                    }
                    texts.push(text);
                }
            }
        }
        mail.text = join(texts, "\n\n");
        mail.html = join(htmls, "\n");
        mail.parts = self.parts;
        if let Some(html) = &mail.html {
            for part in &mut mail.parts {
                part.inline |= part.content_id.as_ref().is_some_and(|id| html.contains(&format!("cid:{id}")));
            }
        }
        if mail.text.as_ref().is_some_and(|text| text.contains("-----BEGIN PGP MESSAGE-----")) {
            mail.flaws.push("the text is encrypted (PGP): it cannot be read here".to_owned());
        }
        for flaw in self.flaws {
            if !mail.flaws.contains(&flaw) {
                mail.flaws.push(flaw);
            }
        }
    }

    fn leaf(&mut self, source: &mut dyn Source, leaf: &Leaf, depth: usize) -> io::Result<()> {
        let about = &leaf.about;
        let kind = about.media_type.as_str();
        let size = leaf.end - leaf.start;
        let in_alternative = leaf.within.contains(&Kind::Alternative);
        let mut done = false;
        let is_read = !about.attachment && (about.name.is_none() || in_alternative || leaf.within.is_empty());
        match kind {
            "text/plain" if is_read => return self.read(source, leaf, in_alternative, false),
            "text/html" if is_read => return self.read(source, leaf, in_alternative, true),
            // The same again for watches and for Gmail's own page.
            "text/x-amp-html" | "text/watch-html" if in_alternative => return Ok(()),
            "message/rfc822" | "message/global"
                if size <= PACKED && depth < DEPTH && !leaf.within.contains(&Kind::Report) =>
            {
                done = self.forwarded(source, leaf, depth)?;
            }
            "application/pgp-encrypted" => {
                self.flaw("the mail is encrypted (PGP): its text cannot be read here, it is attached");
            }
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => self.flaw(match about.smime.as_deref() {
                Some("signed-data") => "the mail is signed in a way that hides its text (S/MIME): it is attached",
                _ => "the mail is encrypted (S/MIME): its text cannot be read here, it is attached",
            }),
            _ if is_tnef(about) && size <= PACKED => done = self.winmail(source, leaf)?,
            _ => {}
        }
        // A blank line behind a list's footer, or behind an attachment, is nothing at all.
        if done || size == 0 && about.name.is_none() && kind.starts_with("text/") {
            return Ok(());
        }
        self.attach(source, leaf)
    }

    /// A text that is to be read.
    fn read(&mut self, source: &mut dyn Source, leaf: &Leaf, alternative: bool, html: bool) -> io::Result<()> {
        let mut kept = Cut { kept: Vec::new(), most: self.text_left, cut: false };
        decode_leaf(source, leaf, &mut kept)?;
        self.text_left -= kept.kept.len();
        let (text, flaw) = text_of(&kept.kept, leaf.about.charset.as_deref());
        let cut = kept.cut;
        drop(kept);
        if let Some(flaw) = flaw {
            self.flaw(&flaw);
        }
        self.pieces.push(if html {
            Piece::Html(without_control(&text))
        } else {
            Piece::Plain { text: plain(&text, leaf.about.flowed), alternative }
        });
        if cut {
            self.flaw("the text is longer than is shown: it is attached whole");
            self.attach(source, leaf)?;
        }
        Ok(())
    }

    fn attach(&mut self, source: &mut dyn Source, leaf: &Leaf) -> io::Result<()> {
        if self.is_full() {
            return Ok(());
        }
        let mut bucket = Bucket::new(self.spool, &self.budget);
        decode_leaf(source, leaf, &mut bucket)?;
        let (content, size, hash) = bucket.finish(&mut self.budget)?;
        let about = &leaf.about;
        let is_picture = about.media_type.starts_with("image/");
        self.parts.push(MailPart {
            name: about.name.clone().or_else(|| usual_name(&about.media_type).map(str::to_owned)),
            media_type: about.media_type.clone(),
            content_id: about.content_id.clone(),
            inline: is_picture && about.inline && about.content_id.is_some(),
            size,
            hash,
            content,
        });
        Ok(())
    }

    /// A mail within the mail: its text behind this one's, its attachments among this one's.
    fn forwarded(&mut self, source: &mut dyn Source, leaf: &Leaf, depth: usize) -> io::Result<bool> {
        let mut bytes = Vec::new();
        decode_leaf(source, leaf, &mut bytes)?;
        let mut inner = Cursor::new(bytes);
        let taken = split(&mut inner)?;
        if taken.headers.is_empty() {
            return Ok(false);
        }
        let line = |label: &str, name: &str| {
            taken.headers.text(name).map(|value| format!("\n{label} : {}", tidy(&value, 300)))
        };
        let mut head = "---------- Message transféré ----------".to_owned();
        for (label, name) in [("De", "from"), ("Date", "date"), ("À", "to"), ("Objet", "subject")] {
            head.push_str(&line(label, name).unwrap_or_default());
        }
        self.pieces.push(Piece::Plain { text: head, alternative: false });
        self.take(&mut inner, &taken, depth + 1)?;
        Ok(true)
    }

    /// Outlook's own packing.
    fn winmail(&mut self, source: &mut dyn Source, leaf: &Leaf) -> io::Result<bool> {
        let mut bytes = Vec::new();
        decode_leaf(source, leaf, &mut bytes)?;
        let Some(unpacked) = tnef::unpack(&bytes) else {
            self.flaw("winmail.dat could not be unpacked: it is attached as it is");
            return Ok(false);
        };
        if let Some(body) = unpacked.body
            && self.pieces.is_empty()
        {
            let text = plain(&text_of(&body[..body.len().min(self.text_left)], None).0, None);
            self.pieces.push(Piece::Plain { text, alternative: false });
        }
        for (name, data) in unpacked.attachments {
            if self.is_full() {
                break;
            }
            let mut bucket = Bucket::new(self.spool, &self.budget);
            io::copy(&mut &*data, &mut bucket)?;
            let (content, size, hash) = bucket.finish(&mut self.budget)?;
            self.parts.push(MailPart {
                name: name.map(|name| tidy(&name, 255)),
                media_type: "application/octet-stream".to_owned(),
                content_id: None,
                inline: false,
                size,
                hash,
                content,
            });
        }
        Ok(true)
    }

    fn is_full(&mut self) -> bool {
        let full = self.parts.len() >= PARTS;
        if full {
            self.flaw("there are more attachments than are taken");
        }
        full
    }

    fn flaw(&mut self, text: &str) {
        if !self.flaws.iter().any(|known| known == text) {
            self.flaws.push(text.to_owned());
        }
    }
}

fn decode_leaf(source: &mut dyn Source, leaf: &Leaf, into: &mut dyn io::Write) -> io::Result<()> {
    source.seek(SeekFrom::Start(leaf.start))?;
    decode(source.take(leaf.end - leaf.start), leaf.about.transfer.unwrap_or(Transfer::Plain), into)
}

fn is_tnef(about: &About) -> bool {
    matches!(about.media_type.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
        || about.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
}

/// What a part is called that has no name.
fn usual_name(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "text/calendar" => "invitation.ics",
        "text/plain" => "texte.txt",
        "text/html" => "texte.html",
        "message/rfc822" | "message/global" => "message.eml",
        "message/delivery-status" => "rapport.txt",
        "text/rfc822-headers" => "en-tetes.txt",
        "application/pgp-signature" => "signature.asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "smime.p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "smime.p7m",
        "application/ms-tnef" | "application/vnd.ms-tnef" => "winmail.dat",
        _ => return None,
    })
}
