//! Encoded words of headers (RFC 2047), as mailers write them: split in the middle of a letter, glued together, with blanks.

use super::charset::text_of;
use super::decode::{Transfer, decoded};

/// One encoded word.
struct Word<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
}

/// A header's value with its encoded words decoded.
pub(super) fn decode_words(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    let mut open: Option<Word<'_>> = None;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((word, after)) = word(from) else {
            flush(&mut open, &mut out);
            out.push_str(before);
            out.push_str("=?");
            rest = &from[2..];
            continue;
        };
        // White space between two encoded words is only there to part them.
        let glued = open.is_some() && before.chars().all(char::is_whitespace);
        if !glued {
            flush(&mut open, &mut out);
            out.push_str(before);
        }
        match &mut open {
            // A letter may begin in one and end in the next.
            Some(known) if known.charset.eq_ignore_ascii_case(word.charset) => known.bytes.extend(word.bytes),
            _ => {
                flush(&mut open, &mut out);
                open = Some(word);
            }
        }
        rest = after;
    }
    flush(&mut open, &mut out);
    out.push_str(rest);
    out
}

fn flush(open: &mut Option<Word<'_>>, out: &mut String) {
    if let Some(word) = open.take() {
        out.push_str(&text_of(&word.bytes, Some(word.charset)).0);
    }
}

/// The encoded word at the beginning, and what comes behind it.
fn word(text: &str) -> Option<(Word<'_>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    // RFC 2231 lets a language follow.
    let charset = charset.split('*').next().unwrap_or_default();
    if charset.is_empty() || charset.len() > 60 || charset.contains(char::is_whitespace) {
        return None;
    }
    let (encoding, rest) = rest.split_once('?')?;
    let (content, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => decoded(content.as_bytes(), Transfer::Base64),
        "Q" | "q" => decoded(content.replace('_', "=20").as_bytes(), Transfer::QuotedPrintable),
        _ => return None,
    };
    Some((Word { charset, bytes }, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encoded_words_read_as_they_were_meant() {
        for (written, meant) in [
            ("=?utf-8?B?w4ljcmFuIG5vaXI=?=", "Écran noir"),
            ("=?UTF-8?Q?=C3=89cran_noir?=", "Écran noir"),
            ("=?iso-8859-1?Q?=C9cran?= noir", "Écran noir"),
            ("=?utf-8?Q?=C3=89cran?=  =?utf-8?Q?_noir?=", "Écran noir"),
            // The é is in two halves.
            ("=?utf-8?B?w4ljcmFuIMM=?= =?utf-8?B?qXRlaW50?=", "Écran éteint"),
            ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
            ("Re:=?utf-8?Q?=C3=A9?=x", "Re:éx"),
            ("=?utf-8*fr?Q?=C3=A9t=C3=A9?=", "été"),
            ("=?utf-8?Q?deux mots?=", "deux mots"),
            ("=?utf-8?Q?=C3=A9?= et =?utf-8?Q?=C3=A9?=", "é et é"),
            ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
            ("=?utf-8?B?w4k", "=?utf-8?B?w4k"),
            ("coût =? 3 ?=", "coût =? 3 ?="),
            ("=?klingon?Q?=E9?=", "é"),
        ] {
            assert_eq!(decode_words(written), meant, "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_header_upsets_the_reader(value in ".{0,200}", tail in "(=\\?|[a-z?=*BQ]|\u{e9}){0,40}") {
            decode_words(&value);
            decode_words(&tail);
        }
    }
}
