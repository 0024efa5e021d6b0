//! Short texts for Gestan's columns, which are Windows-1252 in the original base.

use crate::mapping::cut_on_word;
use encoding_rs::WINDOWS_1252;
use unicode_normalization::UnicodeNormalization as _;

/// A text that a Windows-1252 column of `max` characters can hold: what has a near relative there is
/// replaced by it, emoji and other scripts are dropped.
pub fn clean(text: &str, max: usize) -> String {
    let near: String = text
        .nfc()
        .filter_map(|c| match c {
            '\u{2010}' | '\u{2011}' | '\u{2212}' => Some('-'),
            '\u{202f}' | '\u{2009}' | '\u{a0}' => Some(' '),
            c if c.is_control() => Some(' '),
            c => holds(c).then_some(c),
        })
        .collect();
    // The ellipsis of a cut is in Windows-1252.
    cut_on_word(&near, max)
}

/// Whether Windows-1252 has the character.
pub(super) fn holds(c: char) -> bool {
    let mut buffer = [0u8; 4];
    !WINDOWS_1252.encode(c.encode_utf8(&mut buffer)).2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_stay_emoji_go_and_odd_spaces_become_plain_ones() {
        assert_eq!(clean("Écran\u{202f}: e\u{301}teint 🎉 « été » – 5 €", 50), "Écran : éteint « été » – 5 €");
    }

    proptest! {
        #[test]
        fn whatever_comes_the_column_holds_it(text in "\\PC{0,120}", max in 1usize..60) {
            let cleaned = clean(&text, max);
            prop_assert!(cleaned.chars().count() <= max && cleaned.chars().all(holds));
            prop_assert_eq!(clean(&cleaned, max), cleaned);
        }
    }
}
