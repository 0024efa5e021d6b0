//! Texts of an HFSQL base: Windows-1252, in literals whose quotes are doubled. The connector's own tables
//! keep every character, by a name between two `¤` for those that the base has not.

use crate::gateway::cp1252;
use std::borrow::Cow;

/// What stands around the name of a character: Windows-1252 has it, and nobody types it.
const MARK: char = '¤';

/// A text as one of Gestan's own columns can hold it: a character that Windows-1252 lacks is a `?`.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    replaced(text, |c| !can_be_sent(c), |_, out| out.push('?'))
}

/// A text as a column of the connector's own tables holds it; [`unnamed`] gives it back whole.
pub(super) fn named(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c == MARK || !can_be_sent(c), |c, out| out.push_str(&format!("{MARK}{:X}{MARK}", u32::from(c))))
}

/// What [`named`] was given.
pub(super) fn unnamed(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        out.push_str(before);
        let name = after.split_once(MARK).and_then(|(name, after)| Some((character(name)?, after)));
        match name {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            // Somebody else's.
            None => {
                out.push(MARK);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    let is_name = (1..=6).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    char::from_u32(u32::from_str_radix(name, 16).ok().filter(|_| is_name)?)
}

/// Control characters but those of lines and tabs may end a statement early, or be lost on the way; the five
/// bytes that Windows-1252 leaves undefined are control characters too.
fn can_be_sent(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || (!c.is_control() && cp1252::holds(c))
}

fn replaced(text: &str, is_other: impl Fn(char) -> bool, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.chars().any(&is_other) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_other(c) { write(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// A text as a literal; it holds nothing that cannot be sent.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn own_tables_keep_what_windows_1252_lacks() {
        assert_eq!(named("Écran 🎉"), "Écran ¤1F389¤");
        assert_eq!(unnamed("Écran ¤1F389¤"), "Écran 🎉");
        assert_eq!(plain("Écran 🎉"), "Écran ?");
        for theirs in ["¤", "10 ¤", "¤¤", "¤zz¤", "¤1F389", "¤110000¤", "¤D800¤", "¤0000041¤"] {
            assert_eq!(unnamed(theirs), theirs);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_from_the_own_tables_as_it_was(text in any::<String>()) {
            let stored = named(&text).into_owned();
            prop_assert!(stored.chars().all(can_be_sent));
            prop_assert_eq!(unnamed(&stored), text);
        }

        #[test]
        fn gestans_columns_get_as_many_characters_as_were_given(text in any::<String>()) {
            let plain = plain(&text);
            prop_assert!(plain.chars().all(can_be_sent));
            prop_assert_eq!(plain.chars().count(), text.chars().count());
        }
    }
}
