//! Pictures that were pasted into a text: GestSup keeps them inside it, in base64.

use crate::model::{Picture, sha256_hex};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// What browsers take: padded or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The pictures of a text, each once, in their order.
pub(super) fn pictures(html: &str) -> Vec<Picture> {
    let mut pictures: Vec<Picture> = Vec::new();
    for (media, base64) in inline(html) {
        let picture = Picture { hash: sha256_hex(base64), extension: extension(media) };
        if !pictures.iter().any(|known| known.hash == picture.hash) {
            pictures.push(picture);
        }
    }
    pictures
}

/// The bytes of one of them; `None` where it is no longer there, or is no base64.
pub(super) fn content(html: &str, hash: &str) -> Option<Vec<u8>> {
    let (_, base64) = inline(html).into_iter().find(|(_, base64)| sha256_hex(base64) == hash)?;
    let clean: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(&clean).or_else(|_| LENIENT.decode(&clean)).ok()
}

/// Media type and base64 text of each.
fn inline(html: &str) -> Vec<(&str, &str)> {
    const START: &str = "data:image/";
    let mut found = Vec::new();
    for (at, _) in html.match_indices(START) {
        let data = &html[at + START.len()..];
        let data = &data[..data.find(['"', '\'', '>', ')', '<']).unwrap_or(data.len())];
        if let Some((media, base64)) = data.split_once(";base64,") {
            found.push((media, base64));
        }
    }
    found
}

fn extension(media: &str) -> String {
    let name: String = media.chars().take_while(char::is_ascii_alphanumeric).take(8).collect();
    match name.to_ascii_lowercase().as_str() {
        "jpeg" | "pjpeg" => "jpg".to_owned(),
        "" => "bin".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pasted_pictures_are_found_once_each_with_their_bytes() {
        let html = "<p>a<img src=\"data:image/jpeg;base64,aGVsbG8=\" alt=\"x\">b<img src='data:image/svg+xml;base64,aGk'></p>\
                    <img src=\"data:image/jpeg;base64,aGVsbG8=\"><img src=\"upload/ticket/1_x.png\">";
        let found = pictures(html);
        assert_eq!(found.iter().map(|picture| picture.extension.as_str()).collect::<Vec<_>>(), ["jpg", "svg"]);
        assert_eq!(content(html, &found[0].hash).unwrap(), b"hello");
        assert_eq!(content(html, &found[1].hash).unwrap(), b"hi");
        assert_eq!(content("<p>none</p>", &found[0].hash), None);
    }

    #[test]
    fn a_broken_picture_has_no_bytes_and_upsets_nothing() {
        let html = "<img src=\"data:image/png;base64,***\"><img src=\"data:image/png;base64,";
        let found = pictures(html);
        assert!(found.iter().all(|picture| content(html, &picture.hash).is_none_or(|bytes| bytes.is_empty())));
    }
}
