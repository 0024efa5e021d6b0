//! From the bytes of a mail to the text of a ticket: whatever they are, a text comes out.
#![no_main]

use gestan_connector::mailbox::mime::{Origin, Raw, read};
use gestan_connector::mapping::mail::{clean, fresh_html, fresh_text, from_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(spool) = tempfile::tempdir() else { return };
    let mail = read(Raw::Bytes(bytes.to_vec()), &Origin::default(), spool.path()).expect("the spool can be written");
    assert!(!mail.flaws.iter().any(|flaw| flaw.contains("fault of the program")));
    assert!(!mail.subject.chars().any(char::is_control));
    let text = mail.text.as_deref().map(|text| from_text(&fresh_text(text).body));
    let html = mail.html.as_deref().map(|html| clean(&fresh_html(html).body, &|_| None));
    for shown in text.iter().chain(&html) {
        assert!(!shown.to_lowercase().contains("<script"));
    }
});
