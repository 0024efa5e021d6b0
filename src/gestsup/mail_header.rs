//! The block of lines that GestSup puts before the text of a ticket that came by mail: sender, date,
//! recipients, subject. Gestan's memo has its own head, so only the text behind it is wanted.

use super::html::has_tags;
use crate::model::{Line, RichText};

/// How GestSup's languages name the sender, the date and the text (fr, en, es, de, it). They are its own
/// translations, the odd ones included.
const SENDER: [&str; 6] = ["de", "of", "from", "von", "da", "deduzione della %s i partecipazione"];
const SENT: [&str; 6] = ["envoyé le", "send it", "sent", "enviado el", "gesendet am", "inviato su"];
const TEXT: [&str; 5] = ["message", "mail", "mensaje", "nachricht", "messaggio"];
/// Lines that such a block has at most, empty ones and long lists of recipients included.
const LONGEST: usize = 60;

/// The text behind the block. The line of the sender stays where nothing else says who it was.
pub(super) fn without_mail_header(text: RichText, keep_sender: bool) -> RichText {
    let lines = &text.0;
    let is = |line: &Line, names: &[&str]| label(&line.to_plain()).is_some_and(|label| names.contains(&label.as_str()));
    let mut visible = lines.iter().enumerate().filter(|(_, line)| !line.to_plain().trim().is_empty());
    let (Some((first, sender)), Some((_, sent))) = (visible.next(), visible.next()) else { return text };
    if !is(sender, &SENDER) || !is(sent, &SENT) {
        return text;
    }
    let last = lines
        .iter()
        .skip(first)
        .take(LONGEST)
        .position(|line| line.to_plain().trim_end().ends_with(':') && is(line, &TEXT));
    let Some(last) = last.map(|at| first + at) else { return text };
    let sender = Some(&text.0[first]).filter(|_| keep_sender);
    let body = text.0[last + 1..].iter().skip_while(|line| line.to_plain().trim().is_empty());
    sender.into_iter().chain(body).cloned().collect()
}

/// The block has tags, the plain text of a mail behind it may have none: its lines are then told apart by
/// bare line feeds alone.
pub(super) fn with_breaks_behind_header(mut html: String) -> String {
    const END: &str = ":</b><br />";
    let end = html.match_indices(END).find(|(at, _)| {
        let label = html[..*at].rsplit("<b>").next().unwrap_or_default();
        TEXT.contains(&label.trim().to_lowercase().as_str())
    });
    let Some(body) = end.map(|(at, _)| at + END.len()).filter(|body| !has_tags(&html[*body..])) else { return html };
    let lines = html.split_off(body);
    html.push_str(&lines.trim().replace('\n', "<br />"));
    html
}

/// What stands before the first colon, in lower case.
fn label(line: &str) -> Option<String> {
    let (label, _) = line.trim().split_once(':')?;
    Some(label.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gestsup::html_to_rich_text;

    const MAIL: &str = "<b>De :</b> c@client.fr<br /> \n<b>Envoyé le : </b> lundi 2 mars 2026 à 09:00<br /> \n\
        <b>Destinataire(s) :</b> support@sav.fr <br /><b>Objet :</b> Panne : tout est noir<br /> \n<b>Message :</b><br /> \n<p>Bonjour,</p><p>Message : noir.</p>";

    #[test]
    fn the_text_of_a_mail_is_told_without_the_block_that_gestsup_puts_before_it() {
        let text = without_mail_header(html_to_rich_text(MAIL), false);
        assert!(text.to_plain().starts_with("Bonjour,"), "{text}");
        assert!(text.to_plain().contains("Message : noir."), "{text}");
    }

    #[test]
    fn the_block_is_known_in_every_language_of_gestsup_whoever_the_copies_went_to() {
        let many = vec!["quelquun@client.fr"; 150].join(", ");
        for labels in [
            ["De", "Envoyé le", "Destinataire(s)", "Copie", "Objet", "Message"],
            ["Of", "Send it", "Recipient (s)", "Copy", "Object", "Mail"],
            ["De", "Enviado el", "Destinatario (s)", "Copia", "Objeto", "Mensaje"],
            ["Von", "Gesendet am", "Empfänger", "Kopie", "Gegenstand", "Nachricht"],
            ["Deduzione della %s i partecipazione: -%s", "Inviato su", "Destinatari", "Copia", "Oggetto", "Messaggio"],
        ] {
            let [from, sent, to, copy, subject, text] = labels;
            let html = format!(
                "<b>{from} :</b> c@client.fr<br /> \n <b>{sent} : </b> lundi 2 mars 2026 à 09:00<br /> \n <b>{to} :</b> {many} <br />\
                 <b>{copy} :</b> Jean <jean@client.fr><br />\n <b>{subject} :</b> Panne<br /> \n <b>{text} :</b><br /> \n <p>Noir.</p>"
            );
            assert_eq!(without_mail_header(html_to_rich_text(&html), false).to_plain(), "Noir.", "{from}");
        }
    }

    #[test]
    fn the_lines_of_a_plain_text_mail_stay_lines_behind_the_block() {
        let mail = MAIL.replace("<p>Bonjour,</p><p>Message : noir.</p>", "Bonjour,\nTout est noir.\n\nMerci");
        let text = without_mail_header(html_to_rich_text(&with_breaks_behind_header(mail)), false);
        assert_eq!(text.to_plain(), "Bonjour,\nTout est noir.\n\nMerci");
        assert_eq!(with_breaks_behind_header(MAIL.to_owned()), MAIL);
    }

    #[test]
    fn an_unknown_sender_stays_named() {
        let text = without_mail_header(html_to_rich_text(MAIL), true).to_plain();
        assert!(text.starts_with("De : c@client.fr\nBonjour,"), "{text}");
    }

    #[test]
    fn a_text_that_only_looks_a_little_like_it_is_left_alone() {
        for text in ["De : là, je ne vois rien", "Bonjour,\nDe : moi\nMessage :\nrien", "", "Message :"] {
            assert_eq!(without_mail_header(RichText::plain(text), false), RichText::plain(text), "{text}");
        }
    }
}
