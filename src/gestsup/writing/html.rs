//! Text from Gestan as a comment of GestSup: nothing of it is trusted, and no character of it upsets the column.

use super::super::text::holds;

/// Lines of plain text as GestSup's editor would have stored them.
pub(super) fn to_html(text: &str, latin1: bool) -> String {
    let lines: Vec<String> = text.lines().map(|line| escape(&storable(line, latin1))).collect();
    format!("<p>{}</p>", lines.join("<br />"))
}

fn escape(line: &str) -> String {
    html_escape::encode_text(line).into_owned()
}

/// A line without what GestSup's tables cannot hold: characters beyond the BMP, or beyond Windows-1252 where the base is
/// an old one; control characters.
fn storable(line: &str, latin1: bool) -> String {
    line.chars().filter(|c| !c.is_control() || *c == '\t').map(|c| if holds(c, latin1) { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gestsup::html_to_rich_text;
    use proptest::prelude::*;

    #[test]
    fn what_people_type_is_escaped_and_keeps_its_lines() {
        let html = to_html("Câble <b>n° 3</b> & prise\n<script>alert(1)</script>", false);
        assert_eq!(html, "<p>Câble &lt;b&gt;n° 3&lt;/b&gt; &amp; prise<br />&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    }

    #[test]
    fn what_the_column_cannot_hold_is_replaced() {
        assert_eq!(to_html("Vu 👍 à 5 €", false), "<p>Vu ? à 5 €</p>");
        assert_eq!(to_html("Łódź à 5 €", true), "<p>?ód? à 5 €</p>");
    }

    proptest! {
        #[test]
        fn a_comment_reads_as_it_was_typed(lines in proptest::collection::vec("[a-zé&<>\"' ;#x0-9]{0,30}", 1..5)) {
            let typed = lines.join("\n");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&html_to_rich_text(&to_html(&typed, false)).to_plain()), words(&typed));
        }
    }
}
