//! Descriptions and comments: HTML of any origin (editor, mail, API) turned into lines of text with a
//! little formatting. Nothing of it is trusted, and no size of it is a danger.

use crate::mapping::mail::is_costly;
use crate::model::{Line, RichText, Span};
use html2text::config;
use html2text::render::{RichAnnotation, TaggedLine};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is parsed of one text, once inline images are gone.
const LIMIT: usize = 512 * 1024;
/// Wider than any line that a person writes: lines are not to be wrapped here.
const WIDTH: usize = 2_000;
/// Longest description of a picture that is told.
const ALT: usize = 120;
/// Blank lines in a row that are kept.
const BLANK: usize = 1;

/// HTML as lines of text.
pub fn html_to_rich_text(html: &str) -> RichText {
    let mut html = without_inline_images(html);
    if is_escaped(&html) {
        html = html_escape::decode_html_entities(&html).into_owned();
    }
    html = with_images_named(&html);
    let cut = html.len() > LIMIT;
    if cut {
        let end = (0..=LIMIT).rev().find(|at| html.is_char_boundary(*at)).unwrap_or(0);
        html.truncate(end);
    }
    let html = if has_tags(&html) { html } else { html.replace('\n', "<br>") };
    let renderer = config::rich().allow_width_overflow().no_link_wrapping();
    // What its parser cannot take must not keep the other tickets.
    let render = AssertUnwindSafe(|| renderer.lines_from_read(html.as_bytes(), WIDTH).ok());
    let rendered = if is_costly(&html) { None } else { catch_unwind(render).ok().flatten() };
    let mut text = match rendered {
        Some(lines) => lines.iter().map(line_of).collect(),
        None => tags_stripped(&html),
    };
    if cut {
        text.push(Line::plain("[…]"));
    }
    without_blank_runs(text).into_iter().collect()
}

/// Pasted images stay inline in GestSup's texts as megabytes of base64: they are dropped before anything
/// else looks at the text.
fn without_inline_images(html: &str) -> String {
    let mut kept = String::with_capacity(html.len().min(LIMIT));
    let mut rest = html;
    while let Some(at) = find_ignoring_case(rest, "data:") {
        let (before, data) = rest.split_at(at);
        kept.push_str(before);
        let end = data.find(['"', '\'', '>', ' ', ')', '<']).unwrap_or(data.len());
        if data[..end].contains(";base64,") {
            rest = &data[end..];
        } else {
            kept.push_str(&data[..5]);
            rest = &data[5..];
        }
    }
    kept.push_str(rest);
    kept
}

/// A picture cannot go into a memo; that there is one can.
fn with_images_named(html: &str) -> String {
    let mut named = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = find_ignoring_case(rest, "<img") {
        let (before, tag) = rest.split_at(at);
        named.push_str(before);
        let Some(end) = tag.find('>') else {
            rest = tag;
            break;
        };
        // GestSup's filter makes up an alt from the address, base64 included.
        let alt = attribute(&tag[..end], "alt=").map(str::trim);
        let alt = alt.filter(|alt| !alt.is_empty() && alt.len() <= ALT && !alt.contains("base64,"));
        named.push_str(&alt.map_or_else(|| "[image]".to_owned(), |alt| format!("[image : {alt}]")));
        rest = &tag[end + 1..];
    }
    named.push_str(rest);
    named
}

/// The quoted value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let value = &tag[find_ignoring_case(tag, name)? + name.len()..];
    let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
    value[1..].split(quote).next()
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    text.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

/// GestSup's API stores descriptions and comments escaped, so that they show their tags. What people
/// write in the editor always has tags of its own, whatever it quotes.
fn is_escaped(html: &str) -> bool {
    const OPENING: [&str; 9] =
        ["&lt;p", "&lt;div", "&lt;br", "&lt;span", "&lt;b&gt;", "&lt;ul", "&lt;table", "&lt;html", "&lt;!DOCTYPE"];
    const NAMES: [&str; 24] = [
        "p",
        "div",
        "span",
        "b",
        "i",
        "u",
        "strong",
        "em",
        "ul",
        "ol",
        "li",
        "table",
        "td",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "pre",
        "code",
        "blockquote",
        "font",
        "body",
        "html",
    ];
    let closes =
        |rest: &str| NAMES.iter().any(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with("&gt;")));
    let start = html.trim_start();
    !has_tags(html)
        && (OPENING.iter().any(|tag| start.starts_with(tag))
            || html.contains("&lt;br")
            || html.match_indices("&lt;/").any(|(at, found)| closes(&html[at + found.len()..])))
}

pub(super) fn has_tags(html: &str) -> bool {
    html.match_indices('<')
        .any(|(at, _)| html[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!'))
}

fn line_of(line: &TaggedLine<Vec<RichAnnotation>>) -> Line {
    let mut spans: Vec<Span> = Vec::new();
    for tagged in line.tagged_strings() {
        let text = clean(&tagged.s);
        if text.is_empty() {
            continue;
        }
        let has = |wanted: &RichAnnotation| tagged.tag.contains(wanted);
        let link = tagged.tag.iter().find_map(|annotation| match annotation {
            RichAnnotation::Link(target) => safe_link(target),
            _ => None,
        });
        let span = Span {
            bold: has(&RichAnnotation::Strong),
            italic: has(&RichAnnotation::Emphasis),
            underline: false,
            link: link.filter(|link| link.trim_end_matches('/') != text.trim().trim_end_matches('/')),
            text,
        };
        match spans.last_mut() {
            Some(last) if same_format(last, &span) => last.text.push_str(&span.text),
            _ => spans.push(span),
        }
    }
    if let Some(last) = spans.last_mut() {
        last.text.truncate(last.text.trim_end().len());
    }
    spans.retain(|span| !span.text.is_empty());
    Line(spans)
}

fn same_format(one: &Span, other: &Span) -> bool {
    (one.bold, one.italic, one.underline, &one.link) == (other.bold, other.italic, other.underline, &other.link)
}

fn safe_link(target: &str) -> Option<String> {
    let target = target.trim();
    let known = ["http://", "https://", "mailto:"].iter().any(|scheme| target.to_lowercase().starts_with(scheme));
    known.then(|| clean(target))
}

fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\u{a0}' | '\u{202f}' | '\t' => Some(' '),
            c if c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || c == '\u{feff}' => None,
            c => Some(c),
        })
        .collect()
}

/// What is left when the parser gives up.
fn tags_stripped(html: &str) -> Vec<Line> {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    html_escape::decode_html_entities(&text).lines().map(|line| Line::plain(clean(line).trim())).collect()
}

fn without_blank_runs(lines: Vec<Line>) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::new();
    let mut blank = 0;
    for line in lines {
        blank = if line.0.is_empty() { blank + 1 } else { 0 };
        if blank > BLANK || (blank > 0 && kept.is_empty()) {
            continue;
        }
        kept.push(line);
    }
    while kept.last().is_some_and(|line| line.0.is_empty()) {
        kept.pop();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(html: &str) -> String {
        html_to_rich_text(html).to_plain()
    }

    #[test]
    fn paragraphs_lists_and_breaks_become_lines() {
        assert_eq!(
            plain("<p>Bonjour,</p><p>Deux soucis :</p><ul><li>l&#039;écran</li><li>le son</li></ul>"),
            "Bonjour,\n\nDeux soucis :\n* l'écran\n* le son"
        );
        assert_eq!(plain("Ligne 1<br />Ligne 2"), "Ligne 1\nLigne 2");
    }

    #[test]
    fn bold_italic_and_links_are_kept() {
        let text = html_to_rich_text("<b>Urgent</b> : voir <a href=\"https://a.fr/x\">la page</a>, <i>merci</i>");
        let spans = &text.0[0].0;
        assert!(spans.iter().any(|span| span.text == "Urgent" && span.bold), "{spans:?}");
        assert!(spans.iter().any(|span| span.link.as_deref() == Some("https://a.fr/x")), "{spans:?}");
        assert!(spans.iter().any(|span| span.text.contains("merci") && span.italic), "{spans:?}");
        assert_eq!(text.to_plain(), "Urgent : voir la page, merci");
    }

    #[test]
    fn a_pasted_image_of_megabytes_leaves_no_trace_of_its_bytes() {
        let html = format!(
            "<p>Voici :</p><img src=\"data:image/png;base64,{}\" alt=\"capture\"><p>Merci</p>",
            "A".repeat(6_000_000)
        );
        let text = plain(&html);
        assert_eq!(text, "Voici :\n\n[image : capture]\n\nMerci");
    }

    #[test]
    fn a_text_that_is_nothing_but_a_picture_says_that_there_is_one() {
        assert_eq!(plain("<p><img src=\"data:image/png;base64,iVBORw0KGgo=\"></p>"), "[image]");
        assert_eq!(
            plain("Avant <IMG alt='plan &amp; coupe' src='upload/ticket/3_plan.png' /> après"),
            "Avant [image : plan & coupe] après"
        );
        assert_eq!(
            plain("<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"png;base64,iVBORw0KGgo=\" />"),
            "[image]"
        );
        assert_eq!(plain("a <img"), "a");
    }

    #[test]
    fn a_description_that_the_api_stored_escaped_reads_as_text() {
        assert_eq!(plain("&lt;p&gt;Plus de r&amp;eacute;seau&lt;/p&gt;"), "Plus de réseau");
    }

    #[test]
    fn whatever_tags_a_program_sends_through_the_api_they_are_not_shown() {
        assert_eq!(plain("&lt;h1&gt;Alerte&lt;/h1&gt;"), "# Alerte");
        assert_eq!(plain("Voir &lt;a href=&quot;https://a.fr&quot;&gt;ici&lt;/a&gt; &amp;amp; là"), "Voir ici & là");
        assert_eq!(plain("Remplacer &lt;nom&gt; par le sien"), "Remplacer <nom> par le sien");
    }

    #[test]
    fn a_text_that_only_mentions_an_angle_bracket_is_not_taken_for_escaped_html() {
        assert_eq!(plain("<p>si a &lt; b &amp;&amp; c</p>"), "si a < b && c");
    }

    #[test]
    fn bare_lines_of_a_plain_text_mail_stay_lines() {
        assert_eq!(
            plain("Bonjour\nLe serveur est lent\n\nCordialement"),
            "Bonjour\nLe serveur est lent\n\nCordialement"
        );
    }

    #[test]
    fn scripts_and_unsafe_links_are_dropped() {
        let text = html_to_rich_text("<script>alert(1)</script><style>p{}</style><a href=\"javascript:x()\">ici</a>");
        assert_eq!(text.to_plain(), "ici");
        assert_eq!(text.0[0].0[0].link, None);
    }

    #[test]
    fn a_text_that_is_nested_to_take_the_machine_down_keeps_its_words_and_takes_no_time() {
        let begun = std::time::Instant::now();
        for hostile in ["<b><p>", "<div>", "<font><table>", "<a><p><i>"] {
            let text = plain(&format!("<p>Bonjour</p>{}fin", hostile.repeat(30_000)));
            assert!(text.starts_with("Bonjour") && text.ends_with("fin"), "{hostile}: {text}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_text_over_the_limit_is_cut_and_says_so() {
        let text = plain(&format!("<p>{}</p>", "mot ".repeat(200_000)));
        assert!(text.ends_with("[…]"));
    }

    proptest! {
        #[test]
        fn no_html_upsets_the_converter(html in "(<[a-z/! =\"']{0,12}>?|\\PC|&[a-z#0-9]{0,6};?|\n){0,60}") {
            let text = html_to_rich_text(&html);
            prop_assert!(text.0.iter().all(|line| !line.to_plain().contains('\n')));
        }

        #[test]
        fn words_survive(words in proptest::collection::vec("[a-zA-Zéèàç0-9]{1,12}", 1..40)) {
            let html = format!("<p>{}</p>", words.join(" "));
            prop_assert_eq!(plain(&html), words.join(" "));
        }
    }
}
