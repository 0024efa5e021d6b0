//! Where the parts of a mail are: found in one pass over its lines, with a list of open multiparts instead of recursion, so that
//! neither depth nor size is a danger. Nothing but headers is kept.

use super::decode::Transfer;
use super::headers::{Headers, decoded, tidy};
use mailparse::{parse_content_disposition, parse_content_type};
use std::io::{self, BufRead, Read as _};

/// Bytes of one header block that are kept.
const BLOCK: usize = 256 * 1024;
/// Bytes of a line that are looked at.
const LINE: u64 = 16 * 1024;
/// Multiparts within each other.
const DEPTH: usize = 300;
/// Parts of a mail.
const PARTS: usize = 1000;
/// Headers of the mail, and of a part.
const HEADERS: usize = 300;
/// Characters of a file's name.
const NAME: usize = 255;

/// What parts stand beside each other for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Alternative,
    Related,
    Report,
    Signed,
    Encrypted,
    Digest,
    Other,
}

/// What the headers of a part say.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub media_type: String,
    pub charset: Option<String>,
    pub name: Option<String>,
    pub content_id: Option<String>,
    pub attachment: bool,
    pub inline: bool,
    pub transfer: Option<Transfer>,
    /// `format=flowed`, and whether the blank at a soft break goes too.
    pub flowed: Option<bool>,
    /// `smime-type`.
    pub smime: Option<String>,
}

/// A part that holds no others, and where its content is.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub about: About,
    pub start: u64,
    pub end: u64,
    pub within: Vec<Kind>,
}

/// A mail taken apart.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub headers: Headers,
    pub media_type: String,
    pub leaves: Vec<Leaf>,
    pub flaws: Vec<String>,
}

struct Open {
    boundary: Vec<u8>,
    kind: Kind,
}

enum State {
    Headers(Vec<u8>),
    Body {
        about: About,
        start: u64,
    },
    /// Before the first part, and behind the last.
    Between,
}

struct Splitter {
    open: Vec<Open>,
    state: State,
    taken: Taken,
    first: bool,
    overlong: bool,
}

/// Takes a mail apart.
pub(super) fn split(source: &mut dyn BufRead) -> io::Result<Taken> {
    let mut splitter = Splitter {
        open: Vec::new(),
        state: State::Headers(Vec::new()),
        taken: Taken::default(),
        first: true,
        overlong: false,
    };
    let (mut line, mut at, mut fresh, mut ending) = (Vec::new(), 0_u64, true, 0_u64);
    loop {
        line.clear();
        let read = source.take(LINE).read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            break;
        }
        if !(fresh && splitter.boundary(&line, at, at - ending)) {
            splitter.line(&line, at, at + read, fresh);
        }
        at += read;
        fresh = line.ends_with(b"\n");
        ending = if line.ends_with(b"\r\n") { 2 } else { u64::from(fresh) };
    }
    splitter.end(at);
    Ok(splitter.taken)
}

impl Splitter {
    /// Whether a line is the boundary of an open multipart; `end` is where the content before it ends.
    fn boundary(&mut self, line: &[u8], at: u64, end: u64) -> bool {
        let Some(rest) = line.strip_prefix(b"--") else { return false };
        let rest = rest.trim_ascii_end();
        let found = self.open.iter().rposition(|open| {
            rest.strip_prefix(open.boundary.as_slice()).is_some_and(|tail| tail.is_empty() || tail == b"--")
        });
        let Some(level) = found else { return false };
        let last = rest.len() > self.open[level].boundary.len();
        // A boundary may itself end in two dashes.
        let last = last && !self.open.iter().any(|open| open.boundary == rest);
        self.close(at, end);
        if level + 1 < self.open.len() {
            self.flaw("a multipart has no end");
        }
        self.open.truncate(if last { level } else { level + 1 });
        self.state = if last { State::Between } else { State::Headers(Vec::new()) };
        true
    }

    fn line(&mut self, line: &[u8], at: u64, next: u64, fresh: bool) {
        let State::Headers(block) = &mut self.state else { return };
        let text = line.trim_ascii_end();
        if fresh && text.is_empty() {
            // A mail may begin with empty lines.
            if self.first && block.is_empty() {
                return;
            }
            let block = std::mem::take(block);
            self.begin(&block, next);
            return;
        }
        // What looks like no header at all, with no header before it, is a text without headers.
        let is_header = line.contains(&b':') && !line[0].is_ascii_whitespace();
        if self.first && block.is_empty() && fresh && !is_header && !line.starts_with(b"From ") {
            self.taken.flaws.push("the mail has no headers".to_owned());
            self.begin(&[], at);
            return;
        }
        if block.len() + line.len() <= BLOCK {
            block.extend_from_slice(line);
        } else if !self.overlong {
            self.overlong = true;
            self.taken.flaws.push("there are more headers than are read".to_owned());
        }
    }

    /// A part's headers are complete; its content begins.
    fn begin(&mut self, block: &[u8], start: u64) {
        let headers = Headers::parse(block, HEADERS);
        let digest = self.open.last().is_some_and(|open| open.kind == Kind::Digest);
        let (about, boundary) = about(&headers, digest);
        if std::mem::take(&mut self.first) {
            self.taken.media_type.clone_from(&about.media_type);
            self.taken.headers = headers;
        }
        if let Some(subtype) = about.media_type.strip_prefix("multipart/") {
            match boundary {
                Some(boundary) if self.open.len() < DEPTH => {
                    self.open.push(Open { boundary: boundary.into_bytes(), kind: kind_of(subtype) });
                    self.state = State::Between;
                    return;
                }
                Some(_) => self.flaw("multiparts are within each other deeper than is read"),
                None => self.flaw("a multipart has no boundary: it is read as text"),
            }
        }
        self.state = State::Body { about, start };
    }

    /// The content of an open part ends.
    fn close(&mut self, at: u64, end: u64) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Body { about, start } => self.leaf(about, start, end.max(start)),
            State::Headers(block) if !block.is_empty() || self.first => {
                self.begin(&block, at);
                if let State::Body { about, start } = std::mem::replace(&mut self.state, State::Between) {
                    self.leaf(about, start, start);
                }
            }
            State::Headers(_) | State::Between => {}
        }
    }

    fn leaf(&mut self, mut about: About, start: u64, end: u64) {
        if about.media_type.starts_with("multipart/") {
            about.media_type =
                if self.open.len() < DEPTH { "text/plain" } else { "application/octet-stream" }.to_owned();
        }
        if self.taken.leaves.len() >= PARTS {
            self.flaw("there are more parts than are read");
            return;
        }
        let within = self.open.iter().rev().take(8).rev().map(|open| open.kind).collect();
        self.taken.leaves.push(Leaf { about, start, end, within });
    }

    fn end(&mut self, at: u64) {
        self.close(at, at);
        if !self.open.is_empty() {
            self.flaw("a multipart has no end");
        }
    }

    fn flaw(&mut self, text: &str) {
        if !self.taken.flaws.iter().any(|known| known == text) {
            self.taken.flaws.push(text.to_owned());
        }
    }
}

fn kind_of(subtype: &str) -> Kind {
    match subtype {
        "alternative" => Kind::Alternative,
        "related" => Kind::Related,
        "report" => Kind::Report,
        "signed" => Kind::Signed,
        "encrypted" => Kind::Encrypted,
        "digest" => Kind::Digest,
        _ => Kind::Other,
    }
}

/// What the headers of a part say, and its boundary where it is a multipart.
fn about(headers: &Headers, in_digest: bool) -> (About, Option<String>) {
    let usual = if in_digest { "message/rfc822" } else { "text/plain" };
    let kind = headers.raw("content-type").map(parse_content_type);
    let kind = kind.as_ref();
    let parameter = |name: &str| kind.and_then(|kind| kind.params.get(name)).map(|value| decoded(value));
    let disposition = headers.raw("content-disposition").map(parse_content_disposition);
    let named =
        disposition.as_ref().and_then(|disposition| disposition.params.get("filename")).map(|name| decoded(name));
    let name = named.or_else(|| parameter("name")).map(|name| tidy(&name, NAME)).filter(|name| !name.is_empty());
    let boundary = kind.and_then(|kind| kind.params.get("boundary")).map(|text| text.trim_end().to_owned());
    let flowed = parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
    use mailparse::DispositionType;
    let shown = disposition.as_ref().map(|disposition| &disposition.disposition);
    let about = About {
        media_type: kind.map_or_else(|| usual.to_owned(), |kind| media_type(&kind.mimetype)),
        charset: parameter("charset"),
        name,
        content_id: headers
            .ids("content-id")
            .into_iter()
            .next()
            .or_else(|| headers.text("content-id"))
            .filter(|id| !id.is_empty()),
        attachment: shown.is_some_and(|kind| *kind != DispositionType::Inline),
        inline: shown.is_some_and(|kind| *kind == DispositionType::Inline),
        transfer: headers.raw("content-transfer-encoding").map(Transfer::of),
        flowed: flowed.then(|| parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes"))),
        smime: parameter("smime-type").map(|kind| kind.to_lowercase()),
    };
    (about, boundary.filter(|text| !text.is_empty()))
}

fn media_type(written: &str) -> String {
    let written = written.trim().to_ascii_lowercase();
    let is_word = |word: &str| {
        (1..=80).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    match written.split_once('/') {
        Some((kind, subtype)) if is_word(kind) && is_word(subtype) => written,
        _ if written.starts_with("text") => "text/plain".to_owned(),
        _ => "application/octet-stream".to_owned(),
    }
}
