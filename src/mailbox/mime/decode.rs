//! Transfer encodings (RFC 2045), decoded as they pass by: nothing is kept that does not have to be.

use std::io::{self, Read, Write};

/// How the bytes of a part are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    /// As they are.
    Plain,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    /// The encoding that a header names; what is unknown is taken as it is.
    pub fn of(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "base64" | "b" => Self::Base64,
            "quoted-printable" | "q" => Self::QuotedPrintable,
            _ => Self::Plain,
        }
    }
}

/// Decodes all that `from` gives into `into`.
pub(super) fn decode(mut from: impl Read, transfer: Transfer, into: &mut dyn Write) -> io::Result<()> {
    let mut chunk = vec![0; 32 * 1024];
    let mut base64 = Base64::default();
    let mut quoted = Quoted::default();
    let mut out = Vec::with_capacity(chunk.len());
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        out.clear();
        match transfer {
            Transfer::Plain => out.extend_from_slice(&chunk[..read]),
            Transfer::Base64 => base64.feed(&chunk[..read], &mut out),
            Transfer::QuotedPrintable => quoted.feed(&chunk[..read], &mut out),
        }
        into.write_all(&out)?;
    }
    out.clear();
    quoted.end(&mut out);
    into.write_all(&out)
}

/// The same in memory.
pub(super) fn decoded(bytes: &[u8], transfer: Transfer) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    // Writing into memory does not fail.
    let _ = decode(bytes, transfer, &mut out);
    out
}

/// Base64 of any mailer: what is not of the alphabet is passed over, padding may come in the middle.
#[derive(Default)]
struct Base64 {
    held: u32,
    bits: u32,
}

impl Base64 {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                b'=' => {
                    (self.held, self.bits) = (0, 0);
                    continue;
                }
                _ => continue,
            };
            self.held = (self.held << 6 | u32::from(value)) & 0xFFFF;
            self.bits += 6;
            if self.bits >= 8 {
                self.bits -= 8;
                out.push((self.held >> self.bits) as u8);
            }
        }
    }
}

/// Quoted-printable: what is held is an escape that is not whole yet, or white space that may end a line.
#[derive(Default)]
struct Quoted {
    held: Vec<u8>,
}

impl Quoted {
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            self.one(byte, out);
        }
    }

    fn one(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.held.first() == Some(&b'=') {
            return self.escaped(byte, out);
        }
        match byte {
            b'=' => {
                out.append(&mut self.held);
                self.held.push(byte);
            }
            // White space before the end of a line was put there on the way.
            b' ' | b'\t' if self.held.len() < 1000 => self.held.push(byte),
            b'\n' => {
                let ended = self.held.last() == Some(&b'\r');
                self.held.clear();
                out.extend_from_slice(if ended { b"\r\n" } else { b"\n" });
            }
            b'\r' => self.held.push(byte),
            _ => {
                out.append(&mut self.held);
                out.push(byte);
            }
        }
    }

    fn escaped(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.held.push(byte);
        match self.held[1..] {
            // A soft break, with white space that was put behind it.
            [.., b'\n'] if self.held[1..].iter().all(u8::is_ascii_whitespace) => self.held.clear(),
            [first] if first.is_ascii_hexdigit() || first.is_ascii_whitespace() => {}
            [first, second] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => {
                out.push(hex(first) << 4 | hex(second));
                self.held.clear();
            }
            [first, ..] if first.is_ascii_whitespace() && byte.is_ascii_whitespace() && self.held.len() < 1000 => {}
            // No escape at all: it stays as it was written, and the last byte is looked at anew.
            _ => {
                self.held.pop();
                out.append(&mut self.held);
                self.one(byte, out);
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.held.first() == Some(&b'=') && self.held[1..].iter().any(|byte| !byte.is_ascii_whitespace()) {
            out.append(&mut self.held);
        }
        self.held.clear();
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use proptest::prelude::*;

    fn quoted(text: &str) -> String {
        String::from_utf8_lossy(&decoded(text.as_bytes(), Transfer::QuotedPrintable)).into_owned()
    }

    #[test]
    fn quoted_printable_reads_as_it_was_written() {
        assert_eq!(quoted("caf=C3=A9 =\r\nnoir"), "café noir");
        assert_eq!(quoted("a=3Db"), "a=b");
        assert_eq!(quoted("fin  \r\nautre\t\n"), "fin\r\nautre\n");
        assert_eq!(quoted("mou=  \r\nsuite"), "mousuite");
        assert_eq!(quoted("prix = 3 =ZZ ="), "prix = 3 =ZZ ");
        assert_eq!(quoted("=c3=a9"), "é");
        assert_eq!(quoted("a=="), "a=");
    }

    #[test]
    fn base64_of_a_careless_mailer_is_read() {
        assert_eq!(decoded(b"Qm9u\r\nam91\r\n cg==", Transfer::Base64), b"Bonjour");
        assert_eq!(decoded(b"Qm9u*am91cg==\r\nQm9u", Transfer::Base64), b"BonjourBon");
        assert_eq!(decoded(b"", Transfer::Base64), b"");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_however_it_comes_in_pieces(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 1_usize..40) {
            let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let mut lines = String::new();
            for line in text.as_bytes().chunks(at) {
                lines.push_str(std::str::from_utf8(line).unwrap());
                lines.push_str("\r\n");
            }
            prop_assert_eq!(decoded(lines.as_bytes(), Transfer::Base64), bytes.clone());
            let escaped: String = bytes.iter().map(|byte| format!("={byte:02X}")).collect();
            prop_assert_eq!(decoded(escaped.as_bytes(), Transfer::QuotedPrintable), bytes);
        }

        #[test]
        fn no_bytes_upset_the_decoders(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for transfer in [Transfer::Plain, Transfer::Base64, Transfer::QuotedPrintable] {
                prop_assert!(decoded(&bytes, transfer).len() <= bytes.len());
            }
        }
    }
}
