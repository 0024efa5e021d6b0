//! What a ticket or comment says: the mail's own words, between what GestSup puts before them and what is to be said below.

use super::html::{clean, from_text, to_text};
use super::names::{is_blocked, safe_name};
use super::quotes::{fresh_html, fresh_text};
use super::verdict::NewFile;
use crate::config::MailFlow;
use crate::model::{Mail, MailAddress, MailPart, PartContent};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use chrono_tz::Tz;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Bytes of pictures that stand in one text.
const PICTURES: u64 = 1024 * 1024;
/// Recipients that the block names.
const NAMED: usize = 40;
const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// The text of a mail, and what is attached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Clean HTML.
    pub html: String,
    /// Files.
    pub files: Vec<NewFile>,
    /// What a person should know, in sentences.
    pub notes: Vec<String>,
}

/// How a mail is told.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The settings.
    pub settings: &'a MailFlow,
    /// To French people.
    pub french: bool,
    /// Files can be attached.
    pub keeps_files: bool,
    /// GestSup's zone.
    pub zone: Tz,
}

impl Telling<'_> {
    fn say<'t>(&self, french: &'t str, english: &'t str) -> &'t str {
        if self.french { french } else { english }
    }

    /// The text of a mail; of a reply only what is new.
    pub fn body(&self, mail: &Mail, reply: bool) -> Body {
        let trims = reply && self.settings.replies.trim;
        let shown = RefCell::new((BTreeSet::new(), 0));
        let picture = |id: &str| self.picture(mail, id, &mut shown.borrow_mut());
        let (text, trimmed) = match (&mail.html, &mail.text) {
            (Some(html), _) if trims => {
                let fresh = fresh_html(html);
                (clean(&fresh.body, &picture), fresh.trimmed)
            }
            (Some(html), _) => (clean(html, &picture), false),
            (None, Some(text)) if trims => {
                let fresh = fresh_text(text);
                (from_text(&fresh.body), fresh.trimmed)
            }
            (None, Some(text)) => (from_text(text), false),
            (None, None) => (String::new(), false),
        };
        let mut body = Body { html: text, ..Body::default() };
        let (shown, _) = shown.into_inner();
        let mut missing = Vec::new();
        for (index, part) in mail.parts.iter().enumerate() {
            if !shown.contains(&index) {
                self.attach(part, &mut body, &mut missing);
            }
        }
        if trimmed && self.settings.replies.keep_whole && self.keeps_files {
            body.files.push(self.whole(mail));
        }
        if mail.headers_only {
            let mib = mail.size.div_ceil(1024 * 1024);
            missing.push(match self.french {
                true => format!("Ce mail ({mib} Mio) est trop gros pour être repris : son texte et ses fichiers sont restés dans la boîte aux lettres."),
                false => format!("This mail ({mib} MiB) is too large to be taken: its text and files stayed in the mailbox."),
            });
        }
        if to_text(&body.html).trim().is_empty() && !body.html.contains("<img") && missing.is_empty() {
            let nothing = if body.files.is_empty() {
                self.say("(sans texte)", "(no text)")
            } else {
                self.say("(sans texte, voir les fichiers joints)", "(no text, see the attached files)")
            };
            let _ = write!(body.html, "<p><i>{nothing}</i></p>");
        }
        for line in &missing {
            let _ = write!(body.html, "<p><i>{}</i></p>", html_escape::encode_text(line));
        }
        body.notes.extend(missing);
        body
    }

    /// A picture of the mail inside its text, where it is small and of a kind that holds no scripts.
    fn picture(&self, mail: &Mail, id: &str, shown: &mut (BTreeSet<usize>, u64)) -> Option<String> {
        let (index, part) = mail.parts.iter().enumerate().find(|(_, part)| part.content_id.as_deref() == Some(id))?;
        let kind =
            ["image/png", "image/jpeg", "image/gif", "image/webp"].into_iter().find(|kind| part.media_type == *kind)?;
        let PartContent::Bytes(bytes) = &part.content else { return None };
        if part.size > self.settings.attachments.picture_kib * 1024 || shown.1 + part.size > PICTURES {
            return None;
        }
        if shown.0.insert(index) {
            shown.1 += part.size;
        }
        Some(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
    }

    fn attach(&self, part: &MailPart, body: &mut Body, missing: &mut Vec<String>) {
        let name = safe_name(part.name.as_deref(), &part.media_type);
        let attachments = &self.settings.attachments;
        let why = if is_blocked(&name, &attachments.blocked) {
            self.say("type de fichier refusé", "files of this kind are not kept").to_owned()
        } else if part.size > attachments.max_mib * 1024 * 1024 {
            match self.french {
                true => format!("{} Mio, plus que les {} permis", part.size.div_ceil(1024 * 1024), attachments.max_mib),
                false => {
                    format!("{} MiB, more than the {} allowed", part.size.div_ceil(1024 * 1024), attachments.max_mib)
                }
            }
        } else if !self.keeps_files {
            self.say("le dossier des fichiers de GestSup n'est pas réglé", "GestSup's folder of files is not set")
                .to_owned()
        } else {
            body.files.push(NewFile { name, part: part.clone() });
            return;
        };
        missing.push(match self.french {
            true => format!("Fichier non repris : {name} ({why})"),
            false => format!("File not kept: {name} ({why})"),
        });
    }

    /// The whole text as a file.
    fn whole(&self, mail: &Mail) -> NewFile {
        let text = mail.text.clone().or_else(|| mail.html.as_deref().map(to_text)).unwrap_or_default();
        let bytes = text.into_bytes();
        let part = MailPart {
            name: None,
            media_type: "text/plain".to_owned(),
            content_id: None,
            inline: false,
            size: bytes.len() as u64,
            hash: crate::model::sha256_hex_of(&bytes),
            content: PartContent::Bytes(bytes),
        };
        NewFile { name: self.say("mail-complet.txt", "whole-mail.txt").to_owned(), part }
    }

    /// GestSup's own block of lines before the text of a ticket.
    pub fn header(&self, mail: &Mail, at: DateTime<Utc>) -> String {
        let escape = |text: &str| html_escape::encode_safe(text).into_owned();
        let list = |addresses: &[MailAddress]| {
            let named = addresses.iter().take(NAMED).map(|one| escape(&one.address)).collect::<Vec<_>>().join(", ");
            if addresses.len() > NAMED { format!("{named}, …") } else { named }
        };
        let labels: [&str; 6] = match self.french {
            true => ["De", "Envoyé le", "Destinataire(s)", "Copie", "Objet", "Message"],
            false => ["Of", "Send it", "Recipient (s)", "Copy", "Object", "Mail"],
        };
        let [from, sent, to, copy, subject, text] = labels;
        let sender = mail.from.as_ref().map_or("", |from| from.address.as_str());
        let mut block =
            format!("<b>{from} :</b> {}<br /> \n<b>{sent} : </b> {}<br /> \n", escape(sender), self.moment(at));
        let _ = write!(block, "<b>{to} :</b> {} <br />", list(&mail.to));
        if !mail.cc.is_empty() {
            let _ = write!(block, "<b>{copy} :</b> {}<br />", list(&mail.cc));
        }
        let _ = write!(block, "\n<b>{subject} :</b> {}<br /> \n<b>{text} :</b><br /> \n", escape(&mail.subject));
        block
    }

    /// A moment as GestSup's block writes it.
    fn moment(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        if !self.french {
            return local.format("%A, %B %-d, %Y at %-I:%M %p").to_string();
        }
        let day = DAYS.get(local.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
        let month = MONTHS.get(local.month0() as usize).copied().unwrap_or_default();
        format!("{day} {} {month} {} à {:02}:{:02}", local.day(), local.year(), local.hour(), local.minute())
    }

    /// Names the closed ticket that a new one goes on with.
    pub fn follows(&self, ticket: i64) -> String {
        let words = self.say("Suite du ticket", "Goes on with ticket");
        format!("<p>{words} <a href=\"index.php?page=ticket&amp;id={ticket}\">n°{ticket}</a></p>\n")
    }

    /// Names the sender of a comment that no account stands for.
    pub fn written_by(&self, mail: &Mail) -> String {
        let sender = mail.from.as_ref().map_or("", |from| from.address.as_str());
        format!("<b>{} :</b> {}<br /> \n", self.say("De", "Of"), html_escape::encode_safe(sender))
    }

    /// The title of a ticket.
    pub fn title(&self, mail: &Mail) -> String {
        let subject = mail.subject.trim();
        if subject.is_empty() { self.say("(sans objet)", "(no subject)").to_owned() } else { subject.to_owned() }
    }
}
