//! HTML of a mail as GestSup's page may show it: no scripts, forms, frames or styles, nothing that is fetched from elsewhere when
//! the page is opened, nothing that takes a machine down when it is cleaned.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

/// Bytes of HTML that are cleaned, and that come out.
const MOST: usize = 2 * 1024 * 1024;
/// What cleaning may cost: elements that are open, summed over all tags. A parser of HTML looks through the open ones at each
/// tag, and opens forgotten ones again in each paragraph: a small mail can be made to cost hours and gigabytes.
const COST: usize = 5_000_000;
/// Characters that stand for others while HTML is cleaned, which takes a time with the square of their number: a mail of Word's
/// has thousands of `&nbsp;`. They are none of Unicode's.
const STAND_INS: [(char, char, &str); 6] = [
    ('&', '\u{FDD0}', "&amp;"),
    ('\u{A0}', '\u{FDD1}', "&nbsp;"),
    ('<', '\u{FDD2}', "&lt;"),
    ('>', '\u{FDD3}', "&gt;"),
    ('"', '\u{FDD4}', "&quot;"),
    ('\'', '\u{FDD5}', "&#39;"),
];
/// Bytes of a picture inside the HTML itself.
const PICTURE: usize = 512 * 1024;
/// Elements whose content is no text of the mail.
const DROPPED: [&str; 12] = [
    "script", "style", "title", "svg", "math", "object", "select", "template", "audio", "video", "noembed", "noframes",
];
/// Elements that hold nothing, and are not open after their tag.
const EMPTY: [&str; 10] = ["br", "hr", "img", "meta", "link", "input", "col", "wbr", "area", "base"];

/// Clean HTML. `picture` says by which address a `cid:` picture is shown; where it says nothing, and for every picture from
/// elsewhere, its description stands in its place. Every character is one that three bytes of UTF-8 hold.
pub fn clean(html: &str, picture: &dyn Fn(&str) -> Option<String>) -> String {
    let html = cut(html, MOST);
    if is_costly(html) {
        return from_text(&without_tags(html));
    }
    let cleaned = with_entities(&cleaner().clean(&without_entities(html)).to_string());
    let cleaned = with_pictures(&cleaned, picture);
    if cleaned.len() > 2 * MOST {
        return from_text(cut(&without_tags(html), MOST));
    }
    only_held(&cleaned, &|c| u32::from(c) <= 0xFFFF).into_owned()
}

/// A plain text as HTML, its lines as GestSup's own connector writes them.
pub fn from_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (index, line) in text.trim_end().lines().enumerate() {
        if index > 0 {
            out.push_str("<br />\n");
        }
        // Blanks that indent, and those between columns, would fold.
        let escaped = html_escape::encode_safe(line);
        out.push_str(&escaped.replace('\t', "    ").replace("  ", " &nbsp;"));
    }
    only_held(&out, &|c| u32::from(c) <= 0xFFFF).into_owned()
}

/// The text of HTML in its lines, roughly: for what is only attached or looked at for anything to read.
pub fn to_text(html: &str) -> String {
    let html = cut(html, MOST);
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag: String = rest[at + 1..].chars().take(9).collect::<String>().to_ascii_lowercase();
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let ends = tag.starts_with('/');
        if DROPPED.contains(&name.as_str()) && !ends {
            // Nothing of it is text.
            let close = format!("</{name}");
            let lower = rest[at..].to_ascii_lowercase();
            rest = lower.find(&close).map_or("", |end| &rest[at + end..]);
            continue;
        }
        if name == "br" || (ends && ["p", "div", "tr", "li", "h1", "h2", "h3", "table"].contains(&name.as_str())) {
            out.push('\n');
        }
        let Some(end) = rest[at..].find('>') else { return html_escape::decode_html_entities(&out).into_owned() };
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    html_escape::decode_html_entities(&out).into_owned()
}

/// HTML with every character that a column cannot hold written as a number, which shows as the same character.
pub fn only_held<'h>(html: &'h str, holds: &dyn Fn(char) -> bool) -> Cow<'h, str> {
    if html.chars().all(holds) {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + 64);
    for c in html.chars() {
        if holds(c) {
            out.push(c);
        } else {
            let _ = write!(out, "&#{};", u32::from(c));
        }
    }
    Cow::Owned(out)
}

/// HTML with its entities decoded, those that stand for signs of HTML into other characters.
fn without_entities(html: &str) -> String {
    let stand_in = |c: char| STAND_INS.iter().find(|(known, ..)| *known == c).map(|(_, other, _)| *other);
    let usual = |c: char| if c == '\u{A0}' { '\u{FDD1}' } else { c };
    let is_own = |c: &char| STAND_INS.iter().any(|(_, own, _)| own == c);
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, from)) = rest.split_once('&') {
        out.extend(before.chars().filter(|c| !is_own(c)).map(usual));
        rest = from;
        let length = from.bytes().take(32).position(|byte| byte == b';');
        let entity = length.and_then(|length| from.get(..=length)).map(|entity| format!("&{entity}"));
        let decoded = entity.as_ref().map(|entity| html_escape::decode_html_entities(entity));
        match (&entity, decoded) {
            (Some(entity), Some(text)) if text != *entity => {
                let shown = text.chars().filter(|c| !is_own(c) && (!c.is_control() || matches!(c, '\n' | '\t')));
                out.extend(shown.map(|c| stand_in(c).unwrap_or(c)));
                rest = &from[entity.len() - 1..];
            }
            _ => out.push('\u{FDD0}'),
        }
    }
    out.extend(rest.chars().filter(|c| !is_own(c)).map(usual));
    out
}

/// The same back, each as the entity that it is in HTML.
fn with_entities(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    for c in html.chars() {
        match STAND_INS.iter().find(|(_, own, _)| *own == c) {
            Some((_, _, entity)) => out.push_str(entity),
            None => out.push(c),
        }
    }
    out
}

fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

fn cleaner() -> ammonia::Builder<'static> {
    let mut builder = ammonia::Builder::default();
    builder
        .add_tags(["u", "font", "big", "tt"])
        .rm_tags(["map", "area"])
        .clean_content_tags(HashSet::from(DROPPED))
        .add_tag_attributes("font", ["color"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "cid", "data"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(|element, attribute, value| {
            let scheme = value.trim_start().split(':').next().unwrap_or_default().to_ascii_lowercase();
            match (element, attribute) {
                ("img", "src") => (scheme == "cid" || is_own_picture(value)).then_some(Cow::Borrowed(value)),
                (_, "href" | "cite" | "src") => {
                    matches!(scheme.as_str(), "http" | "https" | "mailto").then_some(Cow::Borrowed(value))
                }
                _ => Some(Cow::Borrowed(value)),
            }
        });
    builder
}

/// A picture that is in the HTML itself, in a format that holds no scripts.
fn is_own_picture(address: &str) -> bool {
    let kinds =
        ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"];
    address.len() <= PICTURE
        && kinds.iter().any(|kind| address.get(..kind.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(kind)))
}

/// Clean HTML with its pictures in their places. What ammonia writes has every attribute in double quotes.
fn with_pictures(html: &str, picture: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<img") {
        out.push_str(&rest[..at]);
        let Some(length) = end_of_tag(&rest[at..]) else { break };
        let tag = &rest[at..=at + length];
        rest = &rest[at + length + 1..];
        let source = attribute(tag, "src").map(|source| html_escape::decode_html_entities(source).into_owned());
        let shown = match source.as_deref().and_then(|source| Some((source.trim(), source.trim().get(..4)?))) {
            Some((source, scheme)) if scheme.eq_ignore_ascii_case("cid:") => {
                let id = source[4..].trim_matches(['<', '>']);
                picture(id).or_else(|| picture(&percent_decoded(id)))
            }
            Some((source, _)) => Some(source.to_owned()),
            None => None,
        };
        let alt = attribute(tag, "alt").map(str::trim).filter(|alt| !alt.is_empty());
        match shown {
            Some(address) => {
                let _ = write!(out, "<img src=\"{}\"", html_escape::encode_double_quoted_attribute(&address));
                for (name, value) in
                    [("alt", alt), ("width", attribute(tag, "width")), ("height", attribute(tag, "height"))]
                {
                    if let Some(value) = value {
                        let _ = write!(out, " {name}=\"{value}\"");
                    }
                }
                out.push_str(" />");
            }
            None => {
                if let Some(alt) = alt {
                    let _ = write!(out, "[{alt}]");
                }
            }
        }
    }
    out.push_str(rest);
    out
}

/// An attribute of a tag that ammonia wrote, still escaped.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

fn percent_decoded(id: &str) -> String {
    let form = id.replace('+', "%2B");
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

/// Where a tag ends; a `>` in quotes is none.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether HTML is nested so that a parser would take minutes over it, or gigabytes.
pub(crate) fn is_costly(html: &str) -> bool {
    cost(html) > COST
}

/// What a parser would have to look through, all tags together.
fn cost(html: &str) -> usize {
    let mut open: usize = 0;
    let mut cost: usize = 0;
    for (at, _) in html.match_indices('<') {
        let tag = html.as_bytes().get(at + 1..).unwrap_or_default();
        match tag.first() {
            Some(b'/') => open = open.saturating_sub(1),
            Some(first) if first.is_ascii_alphabetic() => {
                let length = tag.iter().take(12).take_while(|byte| byte.is_ascii_alphanumeric()).count();
                let name = tag[..length].to_ascii_lowercase();
                if !EMPTY.iter().any(|empty| empty.as_bytes() == name) {
                    open += 1;
                }
            }
            _ => {}
        }
        cost = cost.saturating_add(open);
    }
    cost
}

/// The text of HTML that is too much for a parser.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some((before, from)) = rest.split_once('<') {
        out.push_str(before);
        if !from.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            out.push('<');
            rest = from;
            continue;
        }
        // A tag that never ends: looking for its end again and again would take a machine down by itself.
        let Some((_, after)) = from.split_once('>') else {
            rest = "";
            break;
        };
        if !out.ends_with([' ', '\n']) {
            out.push(' ');
        }
        rest = after;
    }
    out.push_str(rest);
    html_escape::decode_html_entities(&out).into_owned()
}

#[cfg(test)]
mod tests;
