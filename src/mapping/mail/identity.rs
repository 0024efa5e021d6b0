//! What a mail is recognised by, wherever it lies: its Message-ID together with what it says. Programs that give every mail the
//! same id, and mails without any, are told apart by the latter; the headers that mail servers add do not count.

use crate::model::{Mail, sha256_hex};
use std::fmt::Write as _;

/// The identity of a mail.
pub fn identity(mail: &Mail) -> String {
    let mut essence = String::new();
    let _ = writeln!(essence, "{}", mail.message_id.as_deref().unwrap_or_default());
    let _ = writeln!(essence, "{}", mail.from.as_ref().map_or("", |from| from.address.as_str()));
    let _ = writeln!(essence, "{}", mail.date.map(|date| date.to_rfc3339()).unwrap_or_default());
    let _ = writeln!(essence, "{}", words(&mail.subject));
    if mail.headers_only {
        let _ = writeln!(essence, "{}", mail.size);
    }
    for text in [&mail.text, &mail.html] {
        let _ = writeln!(essence, "{}", text.as_deref().map(words).unwrap_or_default());
    }
    for part in &mail.parts {
        let _ = writeln!(essence, "{}", part.hash);
    }
    // A device that says the same every week, without a date or an id: each is a mail of its own.
    if mail.message_id.is_none() && mail.date.is_none() {
        let received = mail.received.map(|at| at.to_rfc3339()).unwrap_or_default();
        let _ = writeln!(essence, "{} {received}", mail.hash);
    }
    sha256_hex(&essence)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_mail_is_recognised_behind_other_headers_and_another_one_under_the_same_id_is_not() {
        let one = Mail {
            message_id: Some("1@x".into()),
            subject: "Panne".into(),
            text: Some("Tout est noir".into()),
            hash: "a".into(),
            ..Mail::default()
        };
        let moved = Mail {
            hash: "b".into(),
            delivered_to: vec!["x@y".into()],
            text: Some("Tout  est noir\n".into()),
            ..one.clone()
        };
        assert_eq!(identity(&one), identity(&moved));
        let reused = Mail { text: Some("Tout est blanc".into()), ..one.clone() };
        assert_ne!(identity(&one), identity(&reused));
        let bare = Mail { message_id: None, ..one.clone() };
        assert_ne!(identity(&bare), identity(&Mail { hash: "b".into(), ..bare.clone() }), "no id and no date");
    }
}
