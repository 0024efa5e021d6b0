//! Mails that are broken at random, over and over: a moment of it in the tests, minutes by `./scripts/fuzz`. What `fuzz/` does
//! with a fuzzer's own compiler, this does with any.

use super::tnef::tests::pack;
use super::*;
use crate::mapping::mail::{clean, fresh_html, fresh_text, from_text};
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds that it goes on.
const SECONDS: &str = "GESTAN_FUZZ_SECONDS";
/// The seed of a run that is to be repeated.
const SEED: &str = "GESTAN_FUZZ_SEED";
/// Longest that one mail may take, in a build without optimisation on a busy machine.
const ONE: Duration = Duration::from_secs(20);

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let packed = pack("texte", &[("a.txt", Some("b.txt"), b"abc")]);
    let mut escaped = String::new();
    for byte in packed {
        let _ = write!(escaped, "={byte:02X}");
    }
    let head = "From: \"Claire\" <c@m.fr>\r\nSubject: =?utf-8?Q?=C3=89cran?= =?iso-8859-1?B?6Q==?=\r\nDate: Mon, 2 Mar 2026 09:00:00 +0100\r\nMessage-ID: <1@m.fr>\r\nReferences: <a@b> <c@d>\r\n";
    [
        "\r\nBonjour\r\n\r\nLe 2 mars 2026 \u{e0} 09:00, S <a@b.fr> a \u{e9}crit :\r\n> cit\u{e9}\r\n-- \r\nClaire\r\n".to_owned(),
        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nun \r\ndeux\r\n--a\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E9 <img src=3D\"cid:x\"><blockquote>cit=\r\n=E9</blockquote>&nbsp;<script>x</script></p>\r\n--a--\r\n--m\r\nContent-Type: image/png; name*0*=utf-8''%C3%A9; name*1=\".png\"\r\nContent-ID: <x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n".to_owned(),
        "Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: multipart/report; boundary=r\r\n\r\n--r\r\n\r\na\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nb\r\n--r--\r\n".to_owned(),
        format!("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{escaped}\r\n"),
        "Content-Type: text/html\r\n\r\n<div>a</div><div id=\"appendonsend\"></div><b>De :</b> x<br><style>p{}</style><table><td>&amp;&#233;".to_owned(),
    ]
    .iter()
    .map(|tail| format!("{head}{tail}").into_bytes())
    .collect()
}

fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let (from, length) = (random.below(bytes.len() + 1), random.below(60));
        let to = (from + length).min(bytes.len());
        match random.below(7) {
            0 => drop(bytes.drain(from..to)),
            1 => {
                let piece = bytes[from..to].to_vec();
                let at = random.below(bytes.len() + 1);
                for _ in 0..=random.below(50) {
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
            2 => {
                let other = &seeds[random.below(seeds.len())];
                let start = random.below(other.len());
                bytes.splice(from..to, other[start..].iter().copied());
            }
            3 => bytes.truncate(from),
            4 => {
                let tokens: [&[u8]; 10] = [b"\r\n", b"--m\r\n", b"=?", b"<", b"\0", b"\xFF", b"\"", b";", b"=", b"> "];
                bytes.splice(from..from, tokens[random.below(tokens.len())].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte = random.next() as u8;
                }
            }
        }
    }
    bytes
}

/// From bytes to what a ticket would show.
fn check(bytes: &[u8], spool: &Path) -> Result<(), String> {
    let begun = Instant::now();
    let mail = read(Raw::Bytes(bytes.to_vec()), &Origin::default(), spool).map_err(|error| error.to_string())?;
    let is_clean = |text: &str| !text.chars().any(char::is_control);
    if mail.flaws.iter().any(|flaw| flaw.contains("fault of the program")) {
        return Err("it panicked".to_owned());
    }
    if !is_clean(&mail.subject) || mail.headers.iter().any(|(_, value)| !is_clean(value)) {
        return Err("a control character in a header".to_owned());
    }
    let text = mail.text.as_deref().map(|text| from_text(&fresh_text(text).body));
    let html = mail.html.as_deref().map(|html| clean(&fresh_html(html).body, &|_| None));
    for shown in text.iter().chain(&html) {
        if shown.to_lowercase().contains("<script") || shown.chars().any(|c| u32::from(c) > 0xFFFF) {
            return Err(format!("it shows {shown}"));
        }
    }
    if begun.elapsed() > ONE {
        return Err(format!("it took {:?}", begun.elapsed()));
    }
    Ok(())
}

#[test]
fn mails_broken_at_random_become_texts() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let lasts = Duration::from_secs(number(SECONDS).unwrap_or(2));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = number(SEED).unwrap_or(now) | 1;
    let (mut random, seeds, spool) = (Random(seed), seeds(), tempfile::tempdir().unwrap());
    let begun = Instant::now();
    let mut tried = 0_u64;
    while begun.elapsed() < lasts {
        let bytes = mutated(&seeds, &mut random);
        if let Err(trouble) = check(&bytes, spool.path()) {
            let kept = std::env::temp_dir().join(format!("gestan-connector-{seed}.eml"));
            std::fs::write(&kept, &bytes).unwrap();
            panic!("{trouble}: the mail is in {}; {SEED}={seed} repeats the run", kept.display());
        }
        tried += 1;
    }
    assert!(tried > 20, "only {tried} mails were tried in {lasts:?}");
    #[allow(clippy::print_stderr)]
    {
        eprintln!("{tried} mails");
    }
}
