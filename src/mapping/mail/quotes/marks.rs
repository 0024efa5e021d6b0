//! The words by which mail programs, and GestSup, mark what is not new in a mail. All are compared without case and accents.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// GestSup's line above its own text (fr, en, es, de, it), and the one below.
const GESTSUP_ABOVE: [&str; 5] = [
    "repondre au dessus de cette ligne",
    "answer above this line",
    "responda por encima de esta linea",
    "antworte uber diese zeile",
    "risposta al di sopra di questa riga",
];
const GESTSUP_BELOW: [&str; 4] = [
    "repondre au dessus du ticket",
    "answer above the ticket",
    "responda arriba del boleto",
    "uber dem ticket antworten",
];

/// Between dashes, above an older mail.
const ORIGINAL: [&str; 6] = [
    "message d'origine",
    "message original",
    "original message",
    "ursprungliche nachricht",
    "mensaje original",
    "messaggio originale",
];
/// Above a mail that is passed on.
const FORWARDED: [&str; 10] = [
    "forwarded message",
    "message transfere",
    "message reexpedie",
    "mail transfere",
    "debut du message transfere",
    "debut du message reexpedie",
    "begin forwarded message",
    "weitergeleitete nachricht",
    "mensaje reenviado",
    "messaggio inoltrato",
];
/// How a line begins, and ends, that tells who wrote what is quoted below it.
const WROTE: [(&str, &[&str]); 5] = [
    ("le ", &["a ecrit", "ecrit"]),
    ("on ", &["wrote"]),
    ("am ", &["schrieb"]),
    ("el ", &["escribio"]),
    ("il ", &["ha scritto"]),
];
/// Headers that Outlook repeats above an older mail.
const SENDER: [&str; 4] = ["de", "from", "von", "da"];
const OTHERS: [&str; 16] = [
    "envoye",
    "envoye le",
    "sent",
    "date",
    "gesendet",
    "enviado",
    "inviato",
    "a",
    "to",
    "an",
    "para",
    "cc",
    "objet",
    "subject",
    "betreff",
    "asunto",
];
/// What telephones write below a mail.
const DEVICE: [&str; 15] = [
    "envoye de mon ",
    "envoye depuis ",
    "envoye a partir de ",
    "envoye par ",
    "sent from ",
    "sent via ",
    "gesendet von ",
    "von meinem ",
    "enviado desde ",
    "inviato da ",
    "obtenez outlook pour ",
    "telecharger outlook pour ",
    "get outlook for ",
    "provenance : courrier pour ",
    "-- envoye ",
];

/// A line without case, accents and odd blanks or quotes. Long ones are no marks.
pub(super) fn folded(line: &str) -> String {
    let plain = line.chars().take(400).collect::<String>();
    let plain: String = plain
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '’' | '‘' | '`' => '\'',
            '–' | '—' | '―' => '-',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn is_gestsup_above(line: &str) -> bool {
    line.contains("--") && GESTSUP_ABOVE.iter().any(|mark| line.contains(mark))
}

pub(super) fn is_gestsup_below(line: &str) -> bool {
    line.contains("--") && GESTSUP_BELOW.iter().any(|mark| line.contains(mark))
}

pub(super) fn is_original(line: &str) -> bool {
    dashed(line).is_some_and(|inner| ORIGINAL.contains(&inner))
}

pub(super) fn is_forwarded(line: &str) -> bool {
    let bare = dashed(line).unwrap_or(line);
    let bare = bare.trim_end_matches([' ', ':']);
    FORWARDED.contains(&bare) && (dashed(line).is_some() || line.ends_with(':'))
}

/// What stands between dashes.
fn dashed(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("--")?.trim_matches(['-', ' ']);
    (!inner.is_empty() && line.ends_with("--")).then_some(inner)
}

/// A line of underscores, as Outlook draws it.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 10 && line.bytes().all(|byte| matches!(byte, b'_' | b'-' | b'='))
}

/// Whether a line, joined from several, tells who wrote what follows: with a time or an address, else it may be a sentence.
pub(super) fn is_attribution(line: &str) -> bool {
    let line = line.trim_start_matches(['*', '_', ' ']);
    let Some(body) = line.trim_end_matches(['*', '_', ' ']).strip_suffix(':') else { return false };
    let body = body.trim_end();
    let told = WROTE.iter().any(|(begin, ends)| {
        line.starts_with(begin)
            && ends.iter().any(|end| body.ends_with(end) || (*end == "schrieb" && body.contains(" schrieb ")))
    });
    let exact = body.contains('@')
        || body
            .bytes()
            .zip(body.bytes().skip(1))
            .zip(body.bytes().skip(2))
            .any(|((a, b), c)| a.is_ascii_digit() && matches!(b, b':' | b'h') && c.is_ascii_digit());
    // Gmail of old: "2026-03-02 9:00 GMT+01:00 Claire <claire@martin.fr>:".
    let bare = body.starts_with(|c: char| c.is_ascii_digit())
        && body.ends_with('>')
        && body.contains('@')
        && body.contains(':');
    (told && exact) || bare
}

/// Whether a line may begin one.
pub(super) fn may_begin_attribution(line: &str) -> bool {
    let line = line.trim_start_matches(['*', '_', ' ']);
    line.starts_with(|c: char| c.is_ascii_digit()) || WROTE.iter().any(|(begin, _)| line.starts_with(begin))
}

/// The label of a header that Outlook repeats: `true` for the sender's, which comes first.
pub(super) fn header_label(line: &str) -> Option<bool> {
    let (label, _) = line.split_once(':')?;
    let label = label.trim_matches(['*', ' ', '_']);
    if SENDER.contains(&label) {
        return Some(true);
    }
    OTHERS.contains(&label).then_some(false)
}

pub(super) fn is_signature_mark(line: &str) -> bool {
    line == "--" || line == "-- "
}

pub(super) fn is_device(line: &str) -> bool {
    line.len() <= 120 && DEVICE.iter().any(|begin| line.starts_with(begin))
}
