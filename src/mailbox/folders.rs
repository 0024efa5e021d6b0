//! Names of folders: as people write them, and as IMAP wants them (RFC 3501 §5.1.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A folder's name in IMAP's own UTF-7.
pub fn to_utf7(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut other = String::new();
    let close = |other: &mut String, out: &mut String| {
        if !other.is_empty() {
            let units: Vec<u8> = other.encode_utf16().flat_map(u16::to_be_bytes).collect();
            out.push('&');
            out.push_str(&BASE64.encode(units));
            out.push('-');
            other.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            close(&mut other, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            other.push(c);
        }
    }
    close(&mut other, &mut out);
    out
}

/// A folder's name as people read it. What is not UTF-7 is left as it is.
pub fn from_utf7(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, coded)) = rest.split_once('&') {
        out.push_str(before);
        let Some((coded, after)) = coded.split_once('-') else {
            out.push('&');
            rest = coded;
            break;
        };
        match (coded.is_empty(), decoded(coded)) {
            (true, _) => out.push('&'),
            (false, Some(text)) => out.push_str(&text),
            (false, None) => {
                out.push('&');
                out.push_str(coded);
                out.push('-');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn decoded(coded: &str) -> Option<String> {
    let bytes = BASE64.decode(coded).ok()?;
    let units: Vec<u16> =
        bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
    String::from_utf16(&units).ok()
}

/// A folder as the server names it: `/` between its parts is the operator's, whatever the server uses.
pub(super) fn on_server(name: &str, delimiter: Option<char>) -> String {
    let own = match delimiter {
        Some(delimiter) if delimiter != '/' => name.replace('/', &delimiter.to_string()),
        _ => name.to_owned(),
    };
    to_utf7(&own)
}

/// A text as a quoted string of a command. No command holds a line break.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_written_in_the_imap_way() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Traités", "Trait&AOk-s"),
            ("R&D", "R&-D"),
            ("台北", "&U,BTFw-"),
            ("Été 😀", "&AMk-t&AOk- &2D3eAA-"),
        ] {
            assert_eq!(to_utf7(name), wire);
            assert_eq!(from_utf7(wire), name);
        }
        assert_eq!(from_utf7("a&b"), "a&b");
        assert_eq!(from_utf7("&!!!-x"), "&!!!-x");
    }

    #[test]
    fn a_slash_is_the_server_s_own_delimiter() {
        assert_eq!(on_server("INBOX/Traités", Some('.')), "INBOX.Trait&AOk-s");
        assert_eq!(on_server("INBOX/a.b", Some('/')), "INBOX/a.b");
        assert_eq!(quoted("a\"b\\c\r\nLOGOUT"), "\"a\\\"b\\\\cLOGOUT\"");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            prop_assert_eq!(from_utf7(&to_utf7(&name)), name);
        }

        #[test]
        fn no_name_of_a_server_upsets_the_reader(name in ".{0,40}") {
            from_utf7(&name);
        }
    }
}
