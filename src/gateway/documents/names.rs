//! Names of files that any system keeps as they are: those of Windows above all, which reads Gestan's
//! folder.

use crate::gateway::cp1252;
use unicode_normalization::UnicodeNormalization as _;

/// Bytes of a file name at most, the suffix and the extension included.
pub(super) const LONGEST: usize = 200;
/// Letters of what counts as an extension.
const EXTENSION: usize = 10;

/// What opens as a program when somebody clicks on it.
const PROGRAMS: [&str; 40] = [
    "ade", "adp", "app", "appx", "bat", "chm", "cmd", "com", "cpl", "dll", "exe", "gadget", "hta", "inf", "ins", "iso",
    "jar", "js", "jse", "lnk", "mde", "msc", "msi", "msix", "msp", "mst", "pif", "ps1", "psm1", "reg", "scf", "scr",
    "sct", "sh", "sys", "url", "vbe", "vbs", "wsf", "wsh",
];

/// Names of devices, with whatever extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// A name without its extension, and that, in small letters; empty where there is none.
fn parts(name: &str) -> (String, String) {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .nfc()
        .filter(|c| !c.is_control())
        .map(|c| if "<>:\"|?*".contains(c) || !cp1252::holds(c) { '_' } else { c })
        .collect();
    // Windows leaves blanks and dots at the end out, and with them what an extension would be told by.
    let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
    match kept.rsplit_once('.') {
        Some((stem, extension))
            if !extension.is_empty()
                && extension.len() <= EXTENSION
                && extension.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            (stem.trim_end_matches(['.', ' ']).to_owned(), extension.to_lowercase())
        }
        _ => (kept.to_owned(), String::new()),
    }
}

fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|device| {
        let rest = first.strip_prefix(device).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(rest.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    });
    numbered || DEVICES.contains(&first.as_str())
}

/// The name of a file, told from others by a suffix.
pub(super) fn safe(name: &str, suffix: &str) -> String {
    let (mut stem, mut extension) = parts(name);
    if !extension.is_empty() {
        extension.insert(0, '.');
    }
    if is_device(&stem) {
        stem.insert(0, '_');
    }
    if stem.is_empty() {
        stem.push_str("document");
    }
    let room = LONGEST - extension.len() - suffix.len() - 1;
    while stem.len() > room {
        stem.pop();
    }
    format!("{stem}-{suffix}{extension}")
}

/// Why a file of that name is not taken, in a sentence; `None`: it is. `allowed` are extensions, none for all but
/// those of programs.
pub(super) fn refused(name: &str, allowed: &[String]) -> Option<String> {
    let (_, extension) = parts(name);
    let listed = allowed.iter().any(|known| known.trim_start_matches('.').eq_ignore_ascii_case(&extension));
    if !allowed.is_empty() && !listed {
        return Some(format!("“{name}” is no file of a kind that [gateway.documents] extensions lists"));
    }
    if allowed.is_empty() && PROGRAMS.contains(&extension.as_str()) {
        return Some(format!(
            "“{name}” is a program or a script, which is not stored: list its extension in [gateway.documents] extensions if it is to be"
        ));
    }
    None
}

/// Whether a name that a base holds is the name of a file and nothing else: no path leads out of its folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.chars().any(|c| c.is_control() || "/\\:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_devices_and_odd_characters_do_not_survive() {
        for (name, expected) in [
            ("Écran noir.PNG", "Écran noir-1a.png"),
            ("../../etc/passwd", "passwd-1a"),
            ("C:\\Windows\\system32\\con.txt", "_con-1a.txt"),
            ("com1", "_com1-1a"),
            ("nul.tar.gz", "_nul.tar-1a.gz"),
            ("a<b>:\"c|d?e*.pdf", "a_b___c_d_e_-1a.pdf"),
            ("photo\u{202e}gnp.exe", "photo_gnp-1a.exe"),
            (" . ", "document-1a"),
            (".pdf", "pdf-1a"),
            ("facture.pdf . . ", "facture-1a.pdf"),
            ("漢字.docx", "__-1a.docx"),
            ("v1.2 finale de la mise en page", "v1.2 finale de la mise en page-1a"),
        ] {
            assert_eq!(safe(name, "1a"), expected, "{name:?}");
        }
    }

    #[test]
    fn programs_are_refused_however_they_are_spelt() {
        for name in ["a.exe", "a.EXE", "a.pdf.exe", "a.exe. . ", "dir/a.ps1", "a.e\u{0}xe"] {
            assert!(refused(name, &[]).is_some(), "{name:?}");
        }
        assert_eq!(refused("a.exe.pdf", &[]), None);
        assert!(refused("a.docx", &["pdf".to_owned()]).is_some());
        assert_eq!(refused("a.PDF", &[".pdf".to_owned()]), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_the_name_is_one_file_that_windows_keeps(name in "\\PC{0,300}|[a-zé./\\\\:\\x00-\\x1f]{0,40}") {
            let safe = safe(&name, "0123456789ab");
            prop_assert!(safe.len() <= LONGEST && is_plain(&safe));
            prop_assert!(safe.contains("-0123456789ab") && !safe.starts_with(['.', ' ']) && !safe.ends_with(['.', ' ']));
            prop_assert!(!safe.chars().any(|c| c.is_control() || "<>:\"/\\|?*".contains(c) || !cp1252::holds(c)));
            prop_assert!(!is_device(&safe), "{}", safe);
            // What is refused by its name cannot come in by the name that it is given.
            if refused(&name, &[]).is_none() {
                prop_assert!(refused(&safe, &[]).is_none(), "{}", safe);
            }
        }
    }
}
