//! The texts of mails: templates in French and English that come with the program, each of which a file of the
//! administrator's may replace. What is put into HTML is escaped; a subject is one line whatever it holds.

use crate::config::Locale;
use minijinja::{Environment, UndefinedBehavior, context};
use std::path::{Path, PathBuf};

/// Longest subject, in characters.
const SUBJECT: usize = 180;

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Its file cannot be read.
    #[error("the template {path} cannot be read ({reason}): let the service's account read it, or take it away")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// It is wrong.
    #[error("the template {name} is wrong ({reason}): mend it; the operator guide lists what it may use")]
    Wrong {
        /// Its name, as in `fr/ticket.html`.
        name: String,
        /// What is wrong, and where.
        reason: String,
    },
}

/// All templates.
#[derive(Debug, Clone)]
pub struct Templates(Environment<'static>);

macro_rules! delivered {
    ($($name:literal),* $(,)?) => {
        [$(
            (concat!("fr/", $name), include_str!(concat!("templates/fr/", $name))),
            (concat!("en/", $name), include_str!(concat!("templates/en/", $name))),
        )*]
    };
}

static DELIVERED: [(&str, &str); 24] = delivered![
    "ticket.subject",
    "ticket.txt",
    "ticket.html",
    "digest.subject",
    "digest.txt",
    "digest.html",
    "appointment.subject",
    "appointment.txt",
    "appointment.html",
    "test.subject",
    "test.txt",
    "test.html",
];

impl Templates {
    /// Those of the program, or what a folder has in their place.
    ///
    /// # Errors
    /// When one cannot be read or is wrong.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut all = Environment::new();
        // What is misspelt is told now, not left out of every mail.
        all.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in DELIVERED {
            let own = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
            let text = match own {
                None => text.to_owned(),
                Some(path) => std::fs::read_to_string(&path)
                    .map_err(|error| TemplateError::File { path, reason: error.to_string() })?,
            };
            all.add_template_owned(name, text).map_err(|error| wrong(name, &error))?;
        }
        let templates = Self(all);
        templates.try_out()?;
        Ok(templates)
    }

    /// Subject, plain text and HTML.
    ///
    /// # Errors
    /// When a template is wrong.
    pub fn render(
        &self,
        locale: Locale,
        kind: &str,
        values: &minijinja::Value,
    ) -> Result<(String, String, String), TemplateError> {
        let part = |part: &str| {
            let language = if locale == Locale::Fr { "fr" } else { "en" };
            let name = format!("{language}/{kind}.{part}");
            let template = self.0.get_template(&name).map_err(|error| wrong(&name, &error))?;
            template.render(values).map_err(|error| wrong(&name, &error))
        };
        let subject = one_line(&part("subject")?);
        Ok((subject, part("txt")?, part("html")?))
    }

    /// Every template is tried with values of every kind.
    fn try_out(&self) -> Result<(), TemplateError> {
        for locale in [Locale::Fr, Locale::En] {
            for occasion in ["opened", "state"] {
                for filled in [true, false] {
                    self.render(locale, "ticket", &sample(occasion, filled))?;
                    self.render(locale, "digest", &sample(occasion, filled))?;
                    self.render(locale, "appointment", &sample(occasion, filled))?;
                }
            }
            self.render(locale, super::TEST, &context! {})?;
        }
        Ok(())
    }
}

fn sample(occasion: &str, filled: bool) -> minijinja::Value {
    let some = |text: &str| if filled { text.to_owned() } else { String::new() };
    let ticket = context! {
        number => 12,
        title => "Écran noir",
        state => "Résolu",
        state_id => 3,
        url => some("https://support.example.fr/"),
        technician => some("Paul"),
        requester => some("Hélène"),
        client => some("Martin"),
        category => some("Matériel"),
        priority => some("Haute"),
        opened => some("01/03/2026 09:00"),
    };
    context! {
        occasion,
        audience => if filled { "requester" } else { "technician" },
        name => some("Hélène"),
        answers => filled,
        comment => if filled { vec!["Remplacé."] } else { Vec::new() },
        sender => "Support",
        change => if filled { "set" } else { "cancelled" },
        start => "05/03/2026 14:00",
        end => "05/03/2026 15:00",
        tickets => vec![ticket.clone()],
        ticket,
    }
}

fn wrong(name: &str, error: &minijinja::Error) -> TemplateError {
    let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    TemplateError::Wrong { name: name.to_owned(), reason: format!("{place}{}{detail}", error.kind()) }
}

/// One line of readable characters: nothing in a subject may end a header, or hide what comes behind it.
pub(super) fn one_line(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let clean: String = text.chars().map(|c| if c.is_control() || hidden(c) { ' ' } else { c }).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    crate::mapping::cut_on_word(&line, SUBJECT)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_template_that_is_delivered_is_right() {
        Templates::load(None).unwrap();
    }

    #[test]
    fn the_administrators_template_replaces_one_and_a_wrong_one_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("fr")).unwrap();
        let write = |text: &str| std::fs::write(folder.path().join("fr/ticket.subject"), text).unwrap();
        write("[{{ ticket.client }}] n°{{ ticket.number }} :\nsuite\n");
        let templates = Templates::load(Some(folder.path())).unwrap();
        let (subject, text, _) = templates.render(Locale::Fr, "ticket", &sample("state", true)).unwrap();
        assert_eq!(subject, "[Martin] n°12 : suite");
        assert!(text.contains("Le ticket n° 12 est résolu"), "{text}");
        for (wrong, words) in [("{{ ticket.titel }}", "undefined"), ("\n{% if %}", "line 2"), ("{{ x", "line 1")] {
            write(wrong);
            let error = Templates::load(Some(folder.path())).unwrap_err().to_string();
            assert!(error.contains("fr/ticket.subject") && error.contains(words), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_a_ticket_holds_is_escaped_in_html_and_breaks_no_subject() {
        let templates = Templates::load(None).unwrap();
        let evil = "<script>alert(1)</script>\r\nBcc: victim@example.fr\u{202e}";
        let ticket = context! { number => 1, title => evil, state => "<b>", state_id => 2, url => "javascript:\"x\"",
        technician => evil, requester => "", client => "", category => "", priority => "", opened => "" };
        let values = context! { occasion => "state", audience => "requester", name => evil, answers => true,
        comment => vec![evil], sender => "S", ticket };
        for locale in [Locale::Fr, Locale::En] {
            let (subject, _, html) = templates.render(locale, "ticket", &values).unwrap();
            assert!(!subject.contains(['\r', '\n', '\u{202e}']), "{subject:?}");
            assert!(!html.contains("<script") && !html.contains("\"x\"") && html.contains("&lt;script&gt;"), "{html}");
        }
    }
}
