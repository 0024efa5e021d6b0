//! The block of lines that GestSup puts before the text of a ticket that came by mail: sender, date,
//! recipients, subject. Gestan's memo has its own head, so only the text behind it is wanted.

use crate::model::RichText;

/// How GestSup's languages name the sender and the text (fr, en, es, de, it).
const SENDER: [&str; 6] = ["de", "of", "from", "von", "da", "deduzione"];
const TEXT: [&str; 5] = ["message", "mail", "mensaje", "nachricht", "messaggio"];
/// Lines that such a block has at most, empty ones included.
const LONGEST: usize = 14;

/// The text behind the block. The line of the sender stays where nothing else says who it was.
pub(super) fn without_mail_header(mut text: RichText, keep_sender: bool) -> RichText {
    let lines = &text.0;
    let Some(first) = lines.iter().position(|line| !line.to_plain().trim().is_empty()) else { return text };
    if !label(&lines[first].to_plain()).is_some_and(|label| SENDER.contains(&label.as_str())) {
        return text;
    }
    let last = lines.iter().skip(first).take(LONGEST).position(|line| {
        let plain = line.to_plain();
        let ends_label = plain.trim_end().ends_with(':');
        ends_label && label(&plain).is_some_and(|label| TEXT.contains(&label.as_str()))
    });
    let Some(last) = last.map(|at| first + at) else { return text };
    let sender = text.0[first].clone();
    text.0.drain(..=last);
    let body = text.0.iter().position(|line| !line.to_plain().trim().is_empty()).unwrap_or(text.0.len());
    text.0.drain(..body);
    if keep_sender {
        text.0.insert(0, sender);
    }
    text
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
