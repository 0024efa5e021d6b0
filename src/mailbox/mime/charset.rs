//! Bytes of a mail as text. What a mail says of its character set is often wrong; what the bytes say counts more.

use charset::Charset;

/// The text, and a sentence where the mail's own word for its character set could not be kept to.
pub(super) fn text_of(bytes: &[u8], label: Option<&str>) -> (String, Option<String>) {
    let label = label
        .map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase())
        .filter(|label| !label.is_empty());
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.is_ascii() && !label.as_deref().is_some_and(is_stateful) {
        return (String::from_utf8_lossy(bytes).into_owned(), None);
    }
    let as_utf8 = std::str::from_utf8(bytes).ok();
    let named = label.as_deref().and_then(|label| Charset::for_label_no_replacement(label.as_bytes()));
    match (named, as_utf8, label.as_deref()) {
        // Valid UTF-8 with more than ASCII in it is hardly ever anything else.
        (_, Some(text), label) if !label.is_some_and(is_stateful) => {
            let said = label.filter(|label| !matches!(*label, "utf-8" | "utf8"));
            let flaw = said.map(|label| format!("the text is UTF-8, not {} as the mail says", short(label)));
            (text.to_owned(), flaw.filter(|_| label != Some("us-ascii") && label.is_some()))
        }
        (Some(charset), None, Some("utf-8" | "utf8")) => {
            let (text, _, wrong) = charset.decode(bytes);
            // A letter or two may be broken; where it is more, the mail only says that it is UTF-8.
            let broken = text.chars().filter(|c| *c == '\u{FFFD}').count();
            if wrong && broken * 20 > text.chars().filter(|c| !c.is_ascii()).count() {
                (latin(bytes), Some("the text is Windows-1252, not UTF-8 as the mail says".to_owned()))
            } else {
                (text.into_owned(), Some("letters of the text are broken".to_owned()))
            }
        }
        (Some(charset), _, Some(label)) if label != "us-ascii" && label != "ascii" => {
            let (text, _, wrong) = charset.decode(bytes);
            let flaw =
                wrong.then(|| format!("the text is not {} as the mail says: letters may be wrong", short(label)));
            (text.into_owned(), flaw)
        }
        (None, _, Some(label)) => {
            let flaw = format!("the character set {} is unknown: letters may be wrong", short(label));
            (latin(bytes), Some(flaw))
        }
        _ => (latin(bytes), None),
    }
}

fn latin(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

/// Sets whose text can be all ASCII and mean something else.
fn is_stateful(label: &str) -> bool {
    label.starts_with("iso-2022")
        || label.contains("utf-7")
        || label.contains("utf7")
        || label == "hz-gb-2312"
        || is_wide(label)
}

fn is_wide(label: &str) -> bool {
    label.starts_with("utf-16") || label.starts_with("utf16") || label == "unicode"
}

fn short(label: &str) -> String {
    label.chars().filter(char::is_ascii_graphic).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_bytes_where_the_mail_lies() {
        let read = |bytes: &[u8], label: &str| text_of(bytes, Some(label)).0;
        assert_eq!(read("été".as_bytes(), "iso-8859-1"), "été");
        assert_eq!(read(b"\xE9t\xE9", "utf-8"), "été");
        assert_eq!(read(b"\xE9t\xE9", "us-ascii"), "été");
        assert_eq!(read(b"\xE9t\xE9 \x80", "iso-8859-1"), "été €");
        assert_eq!(read(b"\xE9t\xE9", "x-inconnu"), "été");
        assert_eq!(text_of(b"\xE9t\xE9", None).0, "été");
        assert_eq!(text_of("été".as_bytes(), None), ("été".to_owned(), None));
        assert_eq!(read(b"\xEF\xBB\xBF\xC3\xA9", "utf-8"), "é");
        assert_eq!(read(b"\x1B$B$3$s\x1B(B", "iso-2022-jp"), "こん");
        assert_eq!(read(b"caf+AOk-", "utf-7"), "café");
        assert_eq!(read(b"e\0t\0", "utf-16le"), "et");
    }

    #[test]
    fn a_lie_is_told() {
        assert!(text_of(b"\xE9t\xE9", Some("utf-8")).1.unwrap().contains("Windows-1252"));
        assert!(text_of(b"\xE9", Some("klingon")).1.unwrap().contains("klingon"));
        assert_eq!(text_of("été".as_bytes(), Some("UTF-8")).1, None);
    }
}
