//! Mails of every kind, written by hand, each with what must come out.

use super::tnef::tests::pack;
use super::*;
use crate::model::{MailPart, PartContent};
use base64::Engine as _;
use proptest::prelude::*;

fn mail_of(bytes: &[u8]) -> Mail {
    let spool = tempfile::tempdir().unwrap();
    read(Raw::Bytes(bytes.to_vec()), &Origin::default(), spool.path()).unwrap()
}

/// A mail with these headers and this body, lines ended as on the wire.
fn mail(text: &str) -> Mail {
    mail_of(text.replace('\n', "\r\n").as_bytes())
}

fn content(part: &MailPart) -> Vec<u8> {
    match &part.content {
        PartContent::Bytes(bytes) => bytes.clone(),
        PartContent::File(path) => std::fs::read(path).unwrap(),
    }
}

fn names(mail: &Mail) -> Vec<&str> {
    mail.parts.iter().map(|part| part.name.as_deref().unwrap_or("-")).collect()
}

fn b64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

const HEAD: &str = "From: Claire Martin <claire@martin.fr>\nTo: support@sav.fr\nSubject: Panne\nMessage-ID: <1@martin.fr>\nDate: Mon, 2 Mar 2026 09:00:00 +0100\nMIME-Version: 1.0\n";

#[test]
fn a_plain_mail_is_read() {
    let mail = mail(&format!(
        "Return-Path: <claire@martin.fr>\nDelivered-To: support@sav.fr\nIn-Reply-To: <0@sav.fr>\nReferences: <a@b>\n <0@sav.fr>\nCc: \"Le Roux, Jean\" <jean@martin.fr>\n{HEAD}\nBonjour,\nTout est noir.\n"
    ));
    assert_eq!(mail.message_id.as_deref(), Some("1@martin.fr"));
    assert_eq!(mail.references, ["a@b", "0@sav.fr"]);
    assert_eq!(mail.in_reply_to, ["0@sav.fr"]);
    assert_eq!(mail.from.as_ref().unwrap().address, "claire@martin.fr");
    assert_eq!(mail.cc[0].name.as_deref(), Some("Le Roux, Jean"));
    assert_eq!(mail.delivered_to, ["support@sav.fr"]);
    assert_eq!(mail.return_path.as_deref(), Some("claire@martin.fr"));
    assert_eq!(mail.subject, "Panne");
    assert_eq!(mail.date.unwrap().to_rfc3339(), "2026-03-02T08:00:00+00:00");
    assert_eq!(mail.text.as_deref(), Some("Bonjour,\nTout est noir.\n"));
    assert_eq!((mail.html.as_deref(), mail.media_type.as_str()), (None, "text/plain"));
    assert_eq!(mail.header("to"), Some("support@sav.fr"));
    assert_eq!(mail.flaws, Vec::<String>::new());
}

#[test]
fn text_html_pictures_and_attachments_are_told_apart() {
    let mail = mail(&format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=\"m\"\n\nignored\n--m\nContent-Type: multipart/related; boundary=r\n\n--r\n\
         Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nD=C3=A9j=C3=A0 =\nvu\n--a\n\
         Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<p>D=E9j=E0 vu <img src=3D\"cid:photo@x\"></p>\n--a--\n--r\n\
         Content-Type: image/png; name=\"photo.png\"\nContent-ID: <photo@x>\nContent-Transfer-Encoding: base64\n\n{}\n--r--\n--m\n\
         Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''Facture%20%C3%A9t%C3%A9.pdf\nContent-Transfer-Encoding: base64\n\n{}\n--m\n\
         Content-Type: text/plain; name=\"=?utf-8?Q?r=C3=A9sum=C3=A9.txt?=\"\nContent-Disposition: inline\n\nnotes\n--m--\nepilogue\n",
        b64(b"\x89PNG"),
        b64(b"%PDF-1.4"),
    ));
    assert_eq!(mail.text.as_deref(), Some("Déjà vu"));
    assert_eq!(mail.html.as_deref(), Some("<p>Déjà vu <img src=\"cid:photo@x\"></p>"));
    assert_eq!(names(&mail), ["photo.png", "Facture été.pdf", "résumé.txt"]);
    assert_eq!(mail.parts.iter().map(|part| part.inline).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(content(&mail.parts[1]), b"%PDF-1.4");
    assert_eq!((mail.parts[1].size, content(&mail.parts[2])), (8, b"notes".to_vec()));
    assert_eq!(mail.parts[1].hash, crate::model::sha256_hex("%PDF-1.4"));
}

#[test]
fn names_in_every_notation_are_read() {
    for (written, meant) in [
        ("filename=\"a b.txt\"", "a b.txt"),
        ("filename=ab.txt", "ab.txt"),
        ("filename*0=\"long\"; filename*1=\"nom.txt\"", "longnom.txt"),
        ("filename*0*=utf-8''d%C3%A9; filename*1*=j%C3%A0.txt", "déjà.txt"),
        ("filename=\"=?iso-8859-1?Q?=E9t=E9.txt?=\"", "été.txt"),
        ("filename=\"../../etc/passwd\"", "../../etc/passwd"),
        ("filename=\"a\u{7}\u{202e}gpj.exe\"", "a gpj.exe"),
    ] {
        let mail =
            mail(&format!("{HEAD}Content-Type: application/x-a\nContent-Disposition: attachment; {written}\n\nx"));
        assert_eq!(names(&mail), [meant], "{written}");
    }
}

#[test]
fn a_mail_that_is_html_alone_has_no_text() {
    let mail = mail(&format!(
        "{HEAD}Content-Type: text/html; charset=windows-1252\nContent-Transfer-Encoding: 8bit\n\n<b>Noir</b>"
    ));
    assert_eq!((mail.text.as_deref(), mail.html.as_deref()), (None, Some("<b>Noir</b>")));
}

#[test]
fn a_text_beside_the_html_is_not_missing_in_it() {
    let mail = mail(&format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/html\n\n<p>Noir</p>\n--m\nContent-Type: text/plain\n\n1 < 2\n--m--\n"
    ));
    assert_eq!(mail.text.as_deref(), Some("1 < 2"));
    let html = mail.html.unwrap();
    assert!(html.contains("<p>Noir</p>") && html.contains("1 &lt; 2"), "{html}");
}

#[test]
fn empty_and_broken_mails_are_mails() {
    for bytes in [
        &b""[..],
        b"\r\n",
        b"\0\0\0",
        b"Subject: x",
        b"Subject: x\r\n\r\n",
        b"\xFF\xFE\xFD",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--",
        b"Content-Type: multipart/mixed\r\n\r\ntexte",
        b"Content-Type: ;;;=\"\r\n\r\ntexte",
        b":\r\n:\r\n\r\n",
        b"--x\r\n--x\r\n",
    ] {
        let mail = mail_of(bytes);
        assert_eq!((mail.size, mail.hash.len()), (bytes.len() as u64, 64), "{bytes:?}");
    }
    assert_eq!(mail_of(b"Bonjour\r\ntout est noir").text.as_deref(), Some("Bonjour\ntout est noir"));
    assert_eq!(mail_of(b"Content-Type: multipart/mixed\r\n\r\ntexte").text.as_deref(), Some("texte"));
    let open = mail_of(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntexte sans fin");
    assert_eq!(open.text.as_deref(), Some("texte sans fin"));
    assert!(open.flaws.iter().any(|flaw| flaw.contains("no end")), "{:?}", open.flaws);
}

#[test]
fn headers_that_are_missing_double_or_raw_are_borne() {
    let none = mail("To: support@sav.fr\n\nx");
    assert_eq!((none.message_id.as_deref(), none.from.as_ref(), none.subject.as_str()), (None, None, ""));
    let double = mail(&format!("Subject: premier\nFrom: a@b.fr\n{HEAD}\nx"));
    assert_eq!((double.subject.as_str(), double.from.unwrap().address.as_str()), ("premier", "a@b.fr"));
    assert!(double.flaws.iter().any(|flaw| flaw.contains("subject")), "{:?}", double.flaws);
    let raw = mail_of(b"From: <a@b.fr>\r\nSubject: \xC9cran \x1b[2Jnoir\r\n\r\nx");
    assert_eq!(raw.subject, "Écran [2Jnoir");
    let sender = mail("Sender: x@y.fr\n\nx");
    assert_eq!(sender.from.unwrap().address, "x@y.fr");
}

#[test]
fn character_sets_that_lie_are_seen_through() {
    let text = |head: &str, body: &[u8]| {
        let mut bytes = format!("From: a@b.fr\r\n{head}\r\n\r\n").into_bytes();
        bytes.extend(body);
        mail_of(&bytes).text.unwrap()
    };
    assert_eq!(text("Content-Type: text/plain; charset=us-ascii", "été".as_bytes()), "été");
    assert_eq!(text("Content-Type: text/plain; charset=utf-8", b"\xE9t\xE9"), "été");
    assert_eq!(text("X-A: b", b"\xE9t\xE9"), "été");
    assert_eq!(text("Content-Type: text/plain; charset=\"x-user-defined-9\"", b"\xE9"), "é");
    assert_eq!(text("Content-Type: text/plain; charset=iso-8859-15", b"10 \xA4"), "10 €");
}

#[test]
fn multiparts_two_hundred_deep_are_read_to_the_bottom() {
    let mut text = HEAD.to_owned();
    for level in 0..200 {
        text.push_str(&format!("Content-Type: multipart/mixed; boundary=\"b{level}-\"\n\n--b{level}-\n"));
    }
    text.push_str("Content-Type: text/plain\n\nau fond\n");
    for level in (0..200).rev() {
        text.push_str(&format!("--b{level}---\n"));
    }
    let mail = mail(&text);
    assert_eq!(mail.text.as_deref(), Some("au fond"));
    let mut deeper = HEAD.to_owned();
    for level in 0..5000 {
        deeper.push_str(&format!("Content-Type: multipart/mixed; boundary=\"b{level}-\"\n\n--b{level}-\n"));
    }
    let mail = mail_of(deeper.as_bytes());
    assert!(mail.flaws.iter().any(|flaw| flaw.contains("deeper")), "{:?}", mail.flaws);
}

#[test]
fn more_parts_than_anyone_sends_are_cut_and_told() {
    let mut text = format!("{HEAD}Content-Type: multipart/mixed; boundary=x\n\n");
    for _ in 0..3000 {
        text.push_str("--x\nContent-Type: image/png\n\nabc\n");
    }
    let mail = mail(&text);
    assert_eq!(mail.parts.len(), 1000);
    assert!(mail.flaws.iter().any(|flaw| flaw.contains("more parts")), "{:?}", mail.flaws);
}

#[test]
fn winmail_dat_is_unpacked_and_a_broken_one_is_kept() {
    let packed = pack("Le texte", &[("FACTUR~1.PDF", Some("Facture.pdf"), b"%PDF")]);
    let of = |bytes: &[u8]| {
        mail(&format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{}\n--m--\n",
            b64(bytes)
        ))
    };
    let mail = of(&packed);
    assert_eq!((mail.text.as_deref(), names(&mail)), (Some("Le texte"), vec!["Facture.pdf"]));
    let broken = of(&packed[..30]);
    assert_eq!(names(&broken), ["winmail.dat"]);
    assert!(broken.flaws.iter().any(|flaw| flaw.contains("winmail.dat")), "{:?}", broken.flaws);
}

#[test]
fn a_forwarded_mail_is_unpacked() {
    let inner = "From: fournisseur@x.fr\nSubject: =?utf-8?Q?Garantie_=C3=A9chue?=\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nVotre garantie\n--i\nContent-Type: application/pdf; name=g.pdf\n\n%PDF\n--i--\n";
    let mail = mail(&format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=m\n\n--m\n\nVoir ci-dessous\n--m\nContent-Type: message/rfc822\n\n{inner}\n--m--\n"
    ));
    let text = mail.text.as_deref().unwrap();
    assert!(
        text.starts_with(
            "Voir ci-dessous\n\n---------- Message transféré ----------\nDe : fournisseur@x.fr\nObjet : Garantie échue"
        ),
        "{text}"
    );
    assert!(text.ends_with("Votre garantie"), "{text}");
    assert_eq!(names(&mail), ["g.pdf"]);
}

#[test]
fn a_mail_within_a_mail_many_times_over_ends() {
    let mut text = String::new();
    for level in 0..50 {
        text.push_str(&format!("Subject: {level}\nContent-Type: message/rfc822\n\n"));
    }
    text.push_str("Subject: fond\n\nfond");
    let mail = mail(&text);
    assert_eq!(names(&mail), ["message.eml"]);
}

#[test]
fn a_delivery_report_keeps_the_mail_that_it_is_about_as_an_attachment() {
    let mail = mail(&format!(
        "{HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary=m\n\n--m\n\nNon remis\n--m\nContent-Type: message/delivery-status\n\nAction: failed\n--m\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--m--\n"
    ));
    assert_eq!((mail.media_type.as_str(), mail.text.as_deref()), ("multipart/report", Some("Non remis")));
    assert_eq!(names(&mail), ["rapport.txt", "message.eml"]);
}

#[test]
fn envelopes_that_cannot_be_read_are_attached_and_told() {
    let smime = mail(&format!(
        "{HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n{}",
        b64(b"xx")
    ));
    assert_eq!((names(&smime), smime.text.as_deref()), (vec!["smime.p7m"], None));
    assert!(smime.flaws[0].contains("encrypted (S/MIME)"), "{:?}", smime.flaws);
    let pgp = mail(&format!(
        "{HEAD}Content-Type: multipart/encrypted; boundary=m\n\n--m\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--m\nContent-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN\n--m--\n"
    ));
    assert!(pgp.flaws[0].contains("encrypted (PGP)"), "{:?}", pgp.flaws);
    assert!(names(&pgp).contains(&"encrypted.asc"));
    let signed = mail(&format!(
        "{HEAD}Content-Type: multipart/signed; boundary=m\n\n--m\n\ntexte\n--m\nContent-Type: application/pgp-signature\n\nsig\n--m--\n"
    ));
    assert_eq!((signed.text.as_deref(), names(&signed)), (Some("texte"), vec!["signature.asc"]));
}

#[test]
fn an_invitation_is_attached() {
    let mail = mail(&format!(
        "{HEAD}Content-Type: multipart/alternative; boundary=m\n\n--m\n\nRéunion\n--m\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--m--\n"
    ));
    assert_eq!((mail.text.as_deref(), names(&mail)), (Some("Réunion"), vec!["invitation.ics"]));
}

#[test]
fn nul_bytes_and_control_characters_stay_out_of_the_text() {
    let mail = mail_of(b"Subject: a\0b\r\nFrom: \0a@b.fr\r\n\r\nun\0deux\x1b[31m\x08\r\n");
    assert_eq!((mail.subject.as_str(), mail.text.as_deref()), ("a b", Some("undeux[31m\n")));
}

#[test]
fn a_text_that_is_too_long_is_shown_in_part_and_attached_whole() {
    let mut text = format!("{HEAD}\n");
    text.push_str(&"0123456789 abcdefghijklmnop\n".repeat(120_000));
    let spool = tempfile::tempdir().unwrap();
    let mail = read(Raw::Bytes(text.into_bytes()), &Origin::default(), spool.path()).unwrap();
    assert!(mail.text.unwrap().len() <= 2 * 1024 * 1024);
    assert_eq!(mail.parts[0].size, 28 * 120_000);
    assert!(matches!(&mail.parts[0].content, PartContent::File(path) if path.starts_with(spool.path())));
    assert!(mail.flaws[0].contains("longer"), "{:?}", mail.flaws);
}

#[test]
fn of_a_mail_that_is_too_large_the_headers_are_told() {
    let origin = Origin { size: 90_000_000, headers_only: true, ..Origin::default() };
    let spool = tempfile::tempdir().unwrap();
    let bytes = format!("{HEAD}Content-Type: multipart/mixed; boundary=x\n\n").into_bytes();
    let mail = read(Raw::Bytes(bytes), &origin, spool.path()).unwrap();
    assert!(mail.headers_only && mail.subject == "Panne" && mail.size == 90_000_000);
    assert_eq!(mail.flaws.len(), 1);
}

/// Mails made of what mails are made of, in any order: what a fuzzer would take hours to find by itself.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "Content-Type: multipart/mixed; boundary=x\r\n",
        "Content-Type: multipart/alternative; boundary=\"x--\"\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Type: text/html; charset=utf-7\r\n",
        "Content-Type: text/plain; format=flowed; delsp=yes\r\n",
        "Content-Type: application/ms-tnef\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%A9\r\n",
        "Subject: =?utf-8?Q?=C3?= =?utf-8?B?qQ==?=\r\n",
        "From: \"a <b@c\r\n",
        "Date: 99 Xxx 99999 99:99:99 +9999\r\n",
        "\r\n",
        "--x\r\n",
        "--x--\r\n",
        "--x----\r\n",
        "x=\r\n=C3=A9",
        "\0\u{202e}é",
        "> cité \r\n",
    ]);
    let piece = prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_the_bytes_a_mail_comes_out_without_control_characters(bytes in fragments()) {
        let mail = mail_of(&bytes);
        let is_clean = |text: &str| !text.chars().any(char::is_control);
        prop_assert!(is_clean(&mail.subject));
        prop_assert!(mail.headers.iter().all(|(name, value)| is_clean(name) && is_clean(value)));
        prop_assert!(mail.parts.iter().all(|part| part.name.as_deref().is_none_or(is_clean) && is_clean(&part.media_type)));
        prop_assert!(mail.from.iter().chain(&mail.to).all(|one| is_clean(&one.address) && !one.address.contains(' ')));
        prop_assert!(mail.text.iter().chain(&mail.html).all(|text| !text.chars().any(|c| c.is_control() && !"\n\t".contains(c))));
        prop_assert!(!mail.flaws.iter().any(|flaw| flaw.contains("fault of the program")));
    }
}
