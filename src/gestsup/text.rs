//! GestSup's short texts: stored as HTML entities, cut after encoding, lists sometimes encoded twice.

use encoding_rs::WINDOWS_1252;

/// A title or name as people read it: entities decoded once, an entity that was cut at the end
/// dropped, control characters and runs of white space folded.
pub fn decode(stored: &str) -> String {
    tidy(&html_escape::decode_html_entities(without_cut_entity(stored)))
}

/// A name of a list: GestSup's list editor encodes twice when a row is added, once when it is edited.
pub fn decode_listed(stored: &str) -> String {
    let once = html_escape::decode_html_entities(without_cut_entity(stored));
    let twice = html_escape::decode_html_entities(&once);
    tidy(&twice)
}

/// How often a page that encodes again may have been saved.
const SAVES: usize = 12;

/// A name of equipment: GestSup's page encodes it once more each time that it is saved.
pub fn decode_deeply(stored: &str) -> String {
    let mut text = without_cut_entity(stored).to_owned();
    for _ in 0..SAVES {
        let decoded = html_escape::decode_html_entities(&text).into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    tidy(&text)
}

/// Titles are cut at 100 characters of their encoded form, which may be in the middle of an entity.
fn without_cut_entity(stored: &str) -> &str {
    const LONGEST: usize = 8;
    let Some(at) = stored.rfind('&') else { return stored };
    let tail = &stored[at + 1..];
    let is_beginning = !tail.is_empty()
        && tail.len() < LONGEST
        && ["#039;", "quot;", "amp;", "lt;", "gt;"].iter().any(|entity| entity.starts_with(tail) && *entity != tail);
    // A title that really ends with "&" stores "&amp;", so a bare one at the limit was cut as well.
    if is_beginning || (tail.is_empty() && stored.chars().count() >= 100) { &stored[..at] } else { stored }
}

fn tidy(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a column of GestSup holds a character: none beyond the BMP, and where the base is an old one none beyond
/// Windows-1252.
pub(super) fn holds(c: char, latin1: bool) -> bool {
    if !latin1 {
        return u32::from(c) <= 0xFFFF;
    }
    let mut buffer = [0; 4];
    !WINDOWS_1252.encode(c.encode_utf8(&mut buffer)).2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_reads_as_it_was_typed() {
        assert_eq!(
            decode("L&#039;imprimante &lt;b&gt;&quot;HP&quot;&lt;/b&gt; &amp; été €"),
            "L'imprimante <b>\"HP\"</b> & été €"
        );
    }

    #[test]
    fn an_entity_cut_at_the_end_of_a_title_is_dropped() {
        for cut in ["&", "&#", "&#0", "&#03", "&#039", "&quo", "&am"] {
            let title = format!("{}{cut}", "x".repeat(100 - cut.len()));
            assert_eq!(decode(&title), "x".repeat(100 - cut.len()), "{cut}");
        }
        assert_eq!(decode("Dupont &amp; fils"), "Dupont & fils");
    }

    #[test]
    fn a_list_row_encoded_twice_reads_as_one_encoded_once() {
        assert_eq!(decode_listed("Planifié l&amp;#039;été"), "Planifié l'été");
        assert_eq!(decode_listed("Planifié l&#039;été"), "Planifié l'été");
    }

    #[test]
    fn a_name_that_was_encoded_at_every_save_reads_as_it_was_typed() {
        for stored in
            ["Imprimante d&#039;accueil", "Imprimante d&amp;#039;accueil", "Imprimante d&amp;amp;amp;#039;accueil"]
        {
            assert_eq!(decode_deeply(stored), "Imprimante d'accueil");
        }
        assert_eq!(decode_deeply("R&amp;D <1>"), "R&D <1>");
    }

    proptest! {
        #[test]
        fn what_gestsup_encodes_decodes_to_what_was_typed(typed in "[a-zéà&<>\"' ]{0,60}") {
            let encoded = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;");
            prop_assert_eq!(decode(&encoded), typed.split_whitespace().collect::<Vec<_>>().join(" "));
        }

        #[test]
        fn no_stored_text_upsets_the_decoder(stored in "\\PC{0,200}") {
            decode(&stored);
            decode_listed(&stored);
            decode_deeply(&stored);
        }
    }
}
