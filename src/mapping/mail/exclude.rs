//! Mails that become nothing, each by a rule with a name.

use crate::config::MailExclude;
use crate::model::Mail;

/// Senders that take no answers begin like this.
const NO_REPLY: [&str; 9] = [
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "ne-pas-repondre",
    "nepasrepondre",
    "ne_pas_repondre",
    "noreponse",
];
/// How the subject of an automatic answer begins.
const AUTOMATIC: [&str; 14] = [
    "réponse automatique",
    "reponse automatique",
    "automatic reply",
    "auto:",
    "autoreply",
    "auto-reply",
    "out of office",
    "absence du bureau",
    "absent du bureau",
    "message d'absence",
    "abwesenheitsnotiz",
    "automatische antwort",
    "respuesta automática",
    "risposta automatica",
];

/// A rule that excludes a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Its name.
    pub code: &'static str,
    /// A sentence.
    pub reason: String,
}

fn by(code: &'static str, reason: impl Into<String>) -> Option<Excluded> {
    Some(Excluded { code, reason: reason.into() })
}

/// The rule that excludes a mail, if one does. `own` are own addresses in lower case; `sent_from_here`: its Message-ID is one that
/// was given here.
pub fn excluded(mail: &Mail, own: &[String], sent_from_here: bool, settings: &MailExclude) -> Option<Excluded> {
    let sender = mail.from.as_ref().map_or("", |from| from.address.as_str());
    if settings.own && sent_from_here {
        return by("own-mail", "It is a mail that was sent from here.");
    }
    if settings.own && own.iter().any(|address| address == sender) {
        return by("own-address", format!("It comes from {sender}, an own address."));
    }
    if settings.delivery_reports && is_delivery_report(mail, sender) {
        return by("delivery-report", "It reports what became of a mail.");
    }
    if settings.auto_replies
        && let Some(sign) = automatic(mail)
    {
        return by("auto-reply", format!("It was sent by a program ({sign})."));
    }
    if settings.spam && is_spam(mail) {
        return by("spam", "The mail server marked it as spam.");
    }
    if settings.bulk
        && let Some(sign) = bulk(mail)
    {
        return by("bulk", format!("It comes from a mailing list ({sign})."));
    }
    let local = sender.split('@').next().unwrap_or_default();
    if settings.no_reply && NO_REPLY.iter().any(|begin| local.starts_with(begin)) {
        return by("no-reply", format!("Its sender {sender} takes no answers."));
    }
    if let Some(pattern) = settings.senders.iter().find(|pattern| matches(pattern, sender)) {
        return by("blocked-sender", format!("Its sender {sender} is one of [mail.exclude] senders ({pattern})."));
    }
    let recipients = recipients(mail);
    let blocked = settings.recipients.iter().find(|pattern| recipients.iter().any(|one| matches(pattern, one)));
    if let Some(pattern) = blocked {
        return by("blocked-recipient", format!("A recipient is one of [mail.exclude] recipients ({pattern})."));
    }
    if let Some(pattern) = settings.subjects.iter().find(|pattern| matches(pattern, &mail.subject)) {
        return by("blocked-subject", format!("Its subject is one of [mail.exclude] subjects ({pattern})."));
    }
    if settings.empty && is_empty(mail) {
        return by("empty", "It has no subject, no text and no file.");
    }
    if settings.no_sender && sender.is_empty() {
        return by("no-sender", "It names no sender.");
    }
    None
}

/// All addresses that a mail was sent to.
pub fn recipients(mail: &Mail) -> Vec<&str> {
    let named = mail.to.iter().chain(&mail.cc).map(|one| one.address.as_str());
    named.chain(mail.delivered_to.iter().map(String::as_str)).collect()
}

fn is_delivery_report(mail: &Mail, sender: &str) -> bool {
    let local = sender.split('@').next().unwrap_or_default();
    let is_daemon = ["mailer-daemon", "postmaster", "mail-daemon"].contains(&local);
    let is_report = mail.media_type == "multipart/report";
    let null_sender = mail.return_path.as_deref() == Some("");
    mail.header("x-failed-recipients").is_some() || local == "mailer-daemon" || (is_daemon && null_sender) || is_report
}

/// What shows that nobody wrote it (RFC 3834, and what came before).
fn automatic(mail: &Mail) -> Option<String> {
    let is_set = |name: &str| mail.header(name).map(|value| value.trim().to_lowercase());
    if let Some(value) = is_set("auto-submitted").filter(|value| !value.is_empty() && !value.starts_with("no")) {
        return Some(format!("Auto-Submitted: {}", value.chars().take(40).collect::<String>()));
    }
    for name in ["x-autoreply", "x-autorespond", "x-autoresponder"] {
        if is_set(name).is_some_and(|value| value != "no") {
            return Some(name.to_owned());
        }
    }
    if is_set("precedence").is_some_and(|value| value.starts_with("auto")) {
        return Some("Precedence".to_owned());
    }
    let subject = mail.subject.trim().to_lowercase().replace('’', "'");
    AUTOMATIC.iter().find(|begin| subject.starts_with(**begin)).map(|begin| format!("“{begin}”"))
}

fn is_spam(mail: &Mail) -> bool {
    let begins = |name: &str| mail.header(name).is_some_and(|value| value.trim().to_lowercase().starts_with("yes"));
    let level = mail.header("x-ms-exchange-organization-scl").and_then(|level| level.trim().parse::<i32>().ok());
    begins("x-spam-flag") || begins("x-spam-status") || level.is_some_and(|level| level >= 5)
}

fn bulk(mail: &Mail) -> Option<&'static str> {
    if mail.header("precedence").is_some_and(|value| ["bulk", "list", "junk"].contains(&value.trim())) {
        return Some("Precedence");
    }
    ["List-Id", "List-Unsubscribe", "List-Post"].into_iter().find(|name| mail.header(&name.to_lowercase()).is_some())
}

fn is_empty(mail: &Mail) -> bool {
    let shows = |html: &str| html.contains("<img") || !super::html::to_text(html).trim().is_empty();
    !mail.headers_only
        && mail.subject.trim().is_empty()
        && mail.text.as_deref().is_none_or(|text| text.trim().is_empty())
        && !mail.html.as_deref().is_some_and(shows)
        && mail.parts.is_empty()
}

/// Whether a text is of a form in which * stands for anything. Case does not count.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim().to_lowercase(), text.trim().to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::MailAddress;

    fn mail(from: &str, subject: &str, headers: &[(&str, &str)]) -> Mail {
        let from = (!from.is_empty()).then(|| MailAddress { name: None, address: from.to_owned() });
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Mail { from, subject: subject.to_owned(), text: Some("Bonjour".to_owned()), headers, ..Mail::default() }
    }

    fn rule(mail: &Mail) -> &'static str {
        let settings = MailExclude {
            senders: vec!["*@pub.example".to_owned(), "x@y.fr".to_owned()],
            subjects: vec!["[spam]*".to_owned()],
            recipients: vec!["compta@sav.fr".to_owned()],
            ..MailExclude::default()
        };
        excluded(mail, &["support@sav.fr".to_owned()], false, &settings).map_or("", |found| found.code)
    }

    #[test]
    fn each_kind_of_mail_is_excluded_by_the_rule_that_is_meant_for_it() {
        for (from, subject, headers, wanted) in [
            ("claire@martin.fr", "Panne", &[][..], ""),
            ("support@sav.fr", "Panne", &[], "own-address"),
            ("claire@martin.fr", "Panne", &[("auto-submitted", "auto-replied")], "auto-reply"),
            ("claire@martin.fr", "Panne", &[("auto-submitted", "no")], ""),
            ("claire@martin.fr", "Réponse automatique : Panne", &[], "auto-reply"),
            ("claire@martin.fr", "Message d’absence", &[], "auto-reply"),
            ("mailer-daemon@x.fr", "Undelivered", &[], "delivery-report"),
            ("claire@martin.fr", "x", &[("x-failed-recipients", "a@b.fr")], "delivery-report"),
            ("a@liste.fr", "x", &[("list-id", "<l.liste.fr>")], "bulk"),
            ("a@liste.fr", "x", &[("precedence", "bulk")], "bulk"),
            ("no-reply@banque.fr", "x", &[], "no-reply"),
            ("claire@martin.fr", "x", &[("x-spam-flag", "YES")], "spam"),
            ("a@pub.example", "x", &[], "blocked-sender"),
            ("X@Y.fr", "x", &[], "blocked-sender"),
            ("claire@martin.fr", "[SPAM] x", &[], "blocked-subject"),
            ("", "x", &[], "no-sender"),
        ] {
            assert_eq!(rule(&mail(from, subject, headers)), wanted, "{from} {subject} {headers:?}");
        }
        let mut nothing = mail("claire@martin.fr", "", &[]);
        nothing.text = Some(" \n".to_owned());
        nothing.html = Some("<div><br></div>".to_owned());
        assert_eq!(rule(&nothing), "empty");
        nothing.subject = "Imprimante en panne".to_owned();
        assert_eq!(rule(&nothing), "", "a subject says something");
        let mut other = mail("claire@martin.fr", "x", &[]);
        other.cc = vec![MailAddress { name: None, address: "compta@sav.fr".to_owned() }];
        assert_eq!(rule(&other), "blocked-recipient");
    }

    #[test]
    fn every_rule_can_be_switched_off() {
        let off = MailExclude {
            auto_replies: false,
            delivery_reports: false,
            bulk: false,
            own: false,
            no_reply: false,
            spam: false,
            empty: false,
            no_sender: false,
            ..MailExclude::default()
        };
        let headers = [("auto-submitted", "auto-replied"), ("list-id", "l"), ("x-spam-flag", "YES")];
        for from in ["", "no-reply@sav.fr", "mailer-daemon@x.fr"] {
            let one = mail(from, "Out of office", &headers);
            assert_eq!(excluded(&one, &["no-reply@sav.fr".to_owned()], true, &off), None, "{from}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, wanted) in [
            ("*@a.fr", "b@a.fr", true),
            ("*@a.fr", "b@xa.fr", false),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*", "", true),
            ("a", "A", true),
            ("a*a", "a", false),
            ("*x*y*", "1x2y3", true),
            ("*x*y*", "1y2x3", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
