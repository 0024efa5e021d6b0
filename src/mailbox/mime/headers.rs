//! Headers of a mail or of a part: unfolded, decoded, one line each, without control characters; addresses, ids and dates.

use super::charset::text_of;
use super::words::decode_words;
use crate::model::MailAddress;
use chrono::{DateTime, Utc};
use mailparse::{MailAddr, addrparse, dateparse};

/// Characters of a header's value that are kept.
const VALUE: usize = 16 * 1024;
/// Characters of a name.
const NAME: usize = 100;
/// Addresses of one header, and ids of one header.
const MANY: usize = 200;
/// Characters of an address or an id.
const ID: usize = 900;

/// The headers of a block, in their order: name in lower case, raw value in one line.
#[derive(Debug, Default)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Takes a block apart, up to so many headers. Lines that are none are passed over.
    pub fn parse(block: &[u8], most: usize) -> Self {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in block.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.first().is_some_and(|first| matches!(first, b' ' | b'\t')) {
                if let Some((_, value)) = headers.last_mut() {
                    value.extend_from_slice(line);
                }
                continue;
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = line[..colon].trim_ascii();
            let is_name = !name.is_empty() && name.len() <= NAME && name.iter().all(u8::is_ascii_graphic);
            if !is_name {
                continue;
            }
            if headers.len() >= most {
                break;
            }
            headers.push((String::from_utf8_lossy(name).to_ascii_lowercase(), line[colon + 1..].to_vec()));
        }
        let one_line = |(name, value): (String, Vec<u8>)| {
            let (text, _) = text_of(&value, None);
            (name, tidy(&text, VALUE))
        };
        Self(headers.into_iter().map(one_line).collect())
    }

    /// The first of a name, raw.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first of a name, decoded.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(decoded)
    }

    /// All of a name, raw.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All, decoded.
    pub fn decoded(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(name, value)| (name.clone(), decoded(value))).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids of a header, without brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(ids).take(MANY).collect()
    }

    /// The addresses of a header.
    pub fn addresses(&self, name: &str) -> Vec<MailAddress> {
        self.all(name).flat_map(addresses).take(MANY).collect()
    }

    /// The moment that a header names.
    pub fn date(&self, name: &str) -> Option<DateTime<Utc>> {
        // The parser wants ASCII; a comment in it may be anything.
        let raw: String = self.raw(name)?.chars().filter(char::is_ascii).take(100).collect();
        let strict = DateTime::parse_from_rfc2822(raw.trim()).ok().map(|date| date.with_timezone(&Utc));
        // What it does not understand at all is the beginning of time to the lenient parser.
        let lenient = || dateparse(&raw).ok().filter(|seconds| *seconds > 0);
        strict.or_else(|| DateTime::from_timestamp(lenient()?, 0))
    }
}

/// A raw value with its encoded words decoded, in one line.
pub(super) fn decoded(raw: &str) -> String {
    tidy(&decode_words(raw), VALUE)
}

/// One line without control characters, nor signs that turn the direction of what follows; white space in runs is one space.
pub(super) fn tidy(text: &str, most: usize) -> String {
    let unseen =
        |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    let mut out = String::with_capacity(text.len().min(most));
    let mut gap = false;
    let mut left = most;
    for c in text.chars().filter(|c| !unseen(*c)) {
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
            continue;
        }
        if left == 0 {
            break;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
        left -= 1;
    }
    out
}

/// Ids in brackets; where there is none, words with an @.
pub(super) fn ids(raw: &str) -> Vec<String> {
    let usable = |id: &str| {
        let id: String = id.chars().filter(|c| !c.is_whitespace()).collect();
        (!id.is_empty() && id.len() <= ID).then_some(id)
    };
    let mut found = Vec::new();
    let mut rest = raw;
    while let Some((_, from)) = rest.split_once('<') {
        let Some((id, after)) = from.split_once('>') else { break };
        found.extend(usable(id));
        rest = after;
    }
    if found.is_empty() {
        found = raw
            .split_whitespace()
            .filter(|word| word.contains('@'))
            .filter_map(|word| usable(word.trim_matches(['<', '>', ','])))
            .collect();
    }
    found
}

/// The addresses of a raw value. Encoded words are decoded after it is taken apart: no name can forge an address.
pub(super) fn addresses(raw: &str) -> Vec<MailAddress> {
    let mut found = Vec::new();
    match addrparse(raw) {
        Ok(list) => {
            for one in list.iter() {
                match one {
                    MailAddr::Single(single) => found.extend(address(single.display_name.as_deref(), &single.addr)),
                    MailAddr::Group(group) => found.extend(
                        group.addrs.iter().filter_map(|single| address(single.display_name.as_deref(), &single.addr)),
                    ),
                }
            }
        }
        Err(_) => {
            // Unclosed quotes, bare names, blanks in the wrong place: what looks like an address is one.
            for word in raw.split([' ', ',', ';', '<', '>', '"', '(', ')']).filter(|word| word.contains('@')) {
                found.extend(address(None, word));
            }
        }
    }
    found
}

fn address(name: Option<&str>, written: &str) -> Option<MailAddress> {
    let address = decoded(written).to_lowercase();
    let address = address.trim_matches(['<', '>', '\'', '"', ' ']);
    let (local, domain) = address.rsplit_once('@')?;
    let is_whole =
        !local.is_empty() && !domain.is_empty() && address.len() <= ID && !address.contains(char::is_whitespace);
    let name =
        name.map(decoded).map(|name| name.trim_matches(['"', '\'', ' ']).to_owned()).filter(|name| !name.is_empty());
    is_whole.then(|| MailAddress { name, address: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(block: &str) -> Headers {
        Headers::parse(block.as_bytes(), 100)
    }

    fn shown(list: &[MailAddress]) -> Vec<String> {
        list.iter().map(|one| format!("{}|{}", one.name.as_deref().unwrap_or("-"), one.address)).collect()
    }

    #[test]
    fn folded_and_raw_headers_are_one_line() {
        let read = Headers::parse(
            b"Subject: un\r\n  deux\r\n\ttrois\r\nX-8bit: \xE9t\xE9\r\nX-Utf8: \xC3\xA9\r\nne rien dire\r\n: vide\r\n",
            100,
        );
        assert_eq!(read.text("subject").unwrap(), "un deux trois");
        assert_eq!(read.text("x-8bit").unwrap(), "été");
        assert_eq!(read.text("x-utf8").unwrap(), "é");
        assert_eq!(read.decoded().len(), 3);
    }

    #[test]
    fn no_control_character_reaches_a_header() {
        let read = headers("Subject: =?utf-8?B?AGENCkJjYzogeEB5?= \u{1b}[31m\u{202e}fdp\r\n");
        assert_eq!(read.text("subject").unwrap(), "a Bcc: x@y [31mfdp");
    }

    #[test]
    fn addresses_are_read_as_mailers_write_them() {
        for (written, meant) in [
            ("Claire Martin <Claire@Martin.FR>", vec!["Claire Martin|claire@martin.fr"]),
            ("\"Martin, Claire\" <c@m.fr>, d@m.fr", vec!["Martin, Claire|c@m.fr", "-|d@m.fr"]),
            ("=?utf-8?Q?Andr=C3=A9?= <a@m.fr>", vec!["André|a@m.fr"]),
            ("=?utf-8?Q?x=22_=3Cpdg=40m=2Efr=3E=2C?= <a@m.fr>", vec!["x\" <pdg@m.fr>,|a@m.fr"]),
            ("<a@m.fr>", vec!["-|a@m.fr"]),
            ("équipe: a@m.fr, b@m.fr;", vec!["-|a@m.fr", "-|b@m.fr"]),
            ("\"unclosed <a@m.fr>", vec!["-|a@m.fr"]),
            ("undisclosed-recipients:;", vec![]),
            ("pas une adresse", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(shown(&addresses(written)), meant, "{written}");
        }
    }

    #[test]
    fn ids_are_read_with_and_without_brackets() {
        assert_eq!(ids("<a@b> <c@d>"), ["a@b", "c@d"]);
        assert_eq!(ids("a@b"), ["a@b"]);
        assert_eq!(ids("<a\t@b>"), ["a@b"]);
        assert_eq!(ids("<>"), Vec::<String>::new());
        assert_eq!(ids("<ouvert@b"), ["ouvert@b"]);
    }

    #[test]
    fn dates_of_any_mailer_are_read_or_left_out() {
        let at = |date: &str| headers(&format!("Date: {date}\n")).date("date").map(|date| date.to_rfc3339());
        assert_eq!(at("Mon, 2 Mar 2026 09:00:00 +0100").unwrap(), "2026-03-02T08:00:00+00:00");
        assert_eq!(at("2 Mar 2026 09:00 EST (é)").unwrap(), "2026-03-02T14:00:00+00:00");
        assert_eq!(at("hier"), None);
        assert_eq!(at(""), None);
    }

    proptest! {
        #[test]
        fn no_header_upsets_the_parsers(block in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,100}") {
            let read = Headers::parse(&block, 50);
            read.decoded();
            addresses(&text);
            ids(&text);
            headers(&format!("date: {text}")).date("date");
        }
    }
}
