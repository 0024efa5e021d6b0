//! Names: of files as GestSup shows them, and of people from the names before their addresses.

use crate::model::MailAddress;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Characters of a file's name.
const LONGEST: usize = 100;
/// Characters of its ending.
const ENDING: usize = 10;

/// A file's name in the signs that GestSup allows; nothing of it leads anywhere.
pub fn safe_name(name: Option<&str>, media_type: &str) -> String {
    let given = name.unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(|c| match c {
            'œ' => vec!['o', 'e'],
            'Œ' => vec!['O', 'E'],
            'æ' => vec!['a', 'e'],
            'ß' => vec!['s', 's'],
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ') => vec![c],
            _ => vec!['_'],
        })
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain.trim_matches(['.', ' ']);
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= ENDING => (stem, Some(ending)),
        _ => (plain, None),
    };
    let stem: String = stem.chars().take(LONGEST - ENDING - 1).collect();
    let stem = if stem.chars().all(|c| matches!(c, '_' | '-' | '.' | ' ')) { "fichier".to_owned() } else { stem };
    match ending.or_else(|| usual_ending(media_type)) {
        Some(ending) => format!("{}.{ending}", stem.trim_end_matches(['.', ' '])),
        None => stem,
    }
}

fn usual_ending(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        "text/calendar" => "ics",
        "message/rfc822" => "eml",
        _ => return None,
    })
}

/// Whether a file's name has one of these endings.
pub fn is_blocked(name: &str, endings: &[String]) -> bool {
    let ending = name.trim_end_matches(['.', ' ']).rsplit_once('.').map_or("", |(_, ending)| ending);
    endings.iter().any(|blocked| blocked.trim_start_matches('.').eq_ignore_ascii_case(ending))
}

/// First and last name of a person; the address where there is no name.
pub fn person_name(address: &MailAddress) -> (String, String) {
    let name = address.name.as_deref().unwrap_or_default().trim().trim_matches(['"', '\'']);
    if name.is_empty() || name.contains('@') {
        return (String::new(), address.address.clone());
    }
    let join = |words: &[&str]| words.join(" ");
    if let Some((last, first)) = name.split_once(',').filter(|(_, first)| !first.trim().is_empty()) {
        return (first.trim().to_owned(), last.trim().to_owned());
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_capital = |word: &&str| word.chars().count() > 1 && word.chars().all(|c| !c.is_lowercase());
    let (capitals, others): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| is_capital(word));
    match words.as_slice() {
        [one] => (String::new(), (*one).to_owned()),
        _ if !capitals.is_empty() && !others.is_empty() => (join(&others), join(&capitals)),
        [first, rest @ ..] => ((*first).to_owned(), join(rest)),
        [] => (String::new(), address.address.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_of_a_file_is_readable_and_leads_nowhere() {
        for (name, wanted) in [
            ("Relevé d'été.pdf", "Releve d_ete.pdf"),
            ("../../etc/passwd", "passwd.png"),
            ("C:\\fakepath\\a.txt", "a.txt"),
            (".htaccess", "htaccess.png"),
            ("a.php.jpg", "a.php.jpg"),
            ("", "fichier.png"),
            ("   ", "fichier.png"),
            ("日本.png", "fichier.png"),
            ("a\u{202e}gpj.exe", "a_gpj.exe"),
            ("x.", "x.png"),
        ] {
            assert_eq!(safe_name(Some(name), "image/png"), wanted, "{name}");
        }
        assert_eq!(safe_name(None, "application/x"), "fichier");
        assert!(safe_name(Some(&"x".repeat(500)), "").len() <= LONGEST);
    }

    #[test]
    fn the_ending_decides_what_is_blocked() {
        let blocked = ["exe".to_owned(), ".JS".to_owned()];
        for (name, wanted) in
            [("a.exe", true), ("a.EXE", true), ("a.exe.", true), ("a.js", true), ("exe", false), ("a.exe.txt", false)]
        {
            assert_eq!(is_blocked(name, &blocked), wanted, "{name}");
        }
    }

    #[test]
    fn a_person_s_name_is_parted_as_people_write_it() {
        for (name, wanted) in [
            ("Claire Martin", ("Claire", "Martin")),
            ("MARTIN Claire", ("Claire", "MARTIN")),
            ("Martin, Claire", ("Claire", "Martin")),
            ("Jean de La Fontaine", ("Jean", "de La Fontaine")),
            ("Accueil", ("", "Accueil")),
            ("", ("", "a@b.fr")),
            ("a@b.fr", ("", "a@b.fr")),
        ] {
            let address = MailAddress { name: Some(name.to_owned()), address: "a@b.fr".to_owned() };
            assert_eq!(person_name(&address), (wanted.0.to_owned(), wanted.1.to_owned()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_escapes(name in ".{0,200}") {
            let safe = safe_name(Some(&name), "image/png");
            prop_assert!(!safe.is_empty() && safe.len() <= LONGEST + 1, "{safe}");
            prop_assert!(!safe.starts_with('.') && !safe.contains(['/', '\\']) && safe.is_ascii(), "{safe}");
        }
    }
}
