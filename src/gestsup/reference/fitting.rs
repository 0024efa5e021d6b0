//! Short texts as GestSup stores them: entities for the five characters that HTML means something by, nothing beyond
//! what the column's character set holds, and cut on a character where the encoded text is too long.

use super::super::text::holds;
use crate::flows::reference::{Field, Fitted};

/// A text as PHP's `htmlspecialchars(…, ENT_QUOTES)` writes it.
pub(in crate::gestsup) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        match entity(c) {
            Some(entity) => encoded.push_str(entity),
            None => encoded.push(c),
        }
    }
    encoded
}

fn entity(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#039;",
        _ => return None,
    })
}

/// What is stored for a value of a field. A mail address is compared by GestSup's mailbox as it is, so it has no
/// entities; what would need one is left out of it before.
pub(super) fn stored(field: Field, text: &str) -> String {
    if field == Field::Mail { text.to_owned() } else { encode(text) }
}

/// A value as a column of so many characters holds it.
pub(in crate::gestsup) fn fit(field: Field, text: &str, room: usize, latin1: bool) -> Fitted {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let whole = words.join(if field == Field::Mail { "" } else { " " });
    let mut cut = false;
    let (mut fitted, mut length) = (String::with_capacity(whole.len()), 0);
    for c in whole.chars() {
        let c = match holds(c, latin1) {
            true => c,
            false => {
                cut = true;
                '?'
            }
        };
        if field == Field::Mail && ['<', '>', '"', '&'].contains(&c) {
            cut = true;
            continue;
        }
        let size = if field == Field::Mail { 1 } else { entity(c).map_or(1, str::len) };
        if length + size > room {
            cut = true;
            break;
        }
        fitted.push(c);
        length += size;
    }
    Fitted { text: fitted.trim_end().to_owned(), cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gestsup::decode;
    use proptest::prelude::*;

    #[test]
    fn a_long_name_is_cut_on_a_character_after_encoding() {
        let fitted = fit(Field::Name, &"l'".repeat(100), 150, false);
        assert!(fitted.cut && encode(&fitted.text).chars().count() <= 150, "{fitted:?}");
        assert!(encode(&fitted.text).ends_with("&#039;") || fitted.text.ends_with('l'));
    }

    #[test]
    fn what_the_column_cannot_hold_is_replaced_and_told() {
        assert_eq!(fit(Field::Name, "Pizza 🍕 Łódź", 50, false), Fitted { text: "Pizza ? Łódź".into(), cut: true });
        assert_eq!(fit(Field::Name, "Łódź 5 €", 50, true), Fitted { text: "?ód? 5 €".into(), cut: true });
        assert_eq!(fit(Field::Name, " A \r\n B ", 50, false), Fitted { text: "A B".into(), cut: false });
    }

    #[test]
    fn a_mail_address_is_stored_as_the_mailbox_will_compare_it() {
        let fitted = fit(Field::Mail, "Pat.O'Neil@x.fr ", 100, false);
        assert_eq!(stored(Field::Mail, &fitted.text), "Pat.O'Neil@x.fr");
        assert_eq!(fit(Field::Mail, "<b>a@x.fr", 100, false).text, "ba@x.fr");
    }

    proptest! {
        #[test]
        fn what_fits_reads_back_as_it_was_fitted(text in "\\PC{0,80}", room in 1usize..60, latin1 in any::<bool>()) {
            let fitted = fit(Field::Name, &text, room, latin1);
            let encoded = encode(&fitted.text);
            prop_assert!(encoded.chars().count() <= room);
            prop_assert_eq!(decode(&encoded), fitted.text.clone());
            prop_assert_eq!(fit(Field::Name, &fitted.text, room, latin1).text, fitted.text);
        }
    }
}
