//! Texts of a mail: line ends of one kind, no control characters, flowed lines joined again (RFC 3676).

/// A text as it is to be read.
pub(super) fn plain(text: &str, flowed: Option<bool>) -> String {
    let text = without_control(text);
    match flowed {
        Some(without_blank) => joined(&text, without_blank),
        None => text,
    }
}

/// `\r\n` and `\r` are line feeds; of the other control characters only tabs stay.
pub(super) fn without_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\t' => out.push(c),
            '\u{FEFF}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Lines that end in a blank go on in the next, where both are quoted equally deep. `-- ` is a signature's line.
fn joined(text: &str, without_blank: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut soft: Option<usize> = None;
    for (index, line) in text.split('\n').enumerate() {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let mut content = &line[depth..];
        content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        match soft.take() {
            Some(open) if open == depth && !is_signature => out.push_str(content),
            _ => {
                if index > 0 {
                    out.push('\n');
                }
                out.push_str(&">".repeat(depth));
                if depth > 0 && !content.is_empty() {
                    out.push(' ');
                }
                out.push_str(content);
            }
        }
        if content.ends_with(' ') && !is_signature {
            soft = Some(depth);
            if without_blank {
                out.pop();
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_joined_and_quotes_and_signatures_stay() {
        let text = "Un texte \nlong.\n\n> cité \n> encore\n>> deux\n-- \nClaire \nMartin";
        assert_eq!(plain(text, Some(false)), "Un texte long.\n\n> cité encore\n>> deux\n-- \nClaire Martin");
        assert_eq!(plain("こん \nにちは", Some(true)), "こんにちは");
        assert_eq!(plain("a \nb", None), "a \nb");
    }

    #[test]
    fn control_characters_go_and_lines_stay() {
        assert_eq!(plain("a\0b\r\nc\rd\u{1b}[0m\te\u{7}", None), "ab\nc\nd[0m\te");
    }
}
