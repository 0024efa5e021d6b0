//! How the page is rendered: its templates, which escape every value, and how dates, durations and explanations read.

use super::language;
use super::said::in_french;
use crate::config::Locale;
use crate::messages;
use crate::model::{self, Field};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::value::{Rest, Value};
use minijinja::{Environment, UndefinedBehavior};
use std::sync::LazyLock;

const TEMPLATES: [(&str, &str); 11] = [
    ("shell.html", include_str!("templates/shell.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("ticket.html", include_str!("templates/ticket.html")),
    ("search.html", include_str!("templates/search.html")),
    ("activity.html", include_str!("templates/activity.html")),
    ("money.html", include_str!("templates/money.html")),
    ("mails.html", include_str!("templates/mails.html")),
    ("login.html", include_str!("templates/login.html")),
    ("journal.html", include_str!("templates/journal.html")),
    ("trouble.html", include_str!("templates/trouble.html")),
];

static BASE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in TEMPLATES {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!("the template {name} of the page is broken: {error:#}");
        }
    }
    environment
});

/// How somebody reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub locale: Locale,
    /// The zone of GestSup: what people write on tickets.
    pub zone: Tz,
}

impl View {
    /// Renders a template.
    pub(super) fn render(self, name: &str, values: Value) -> Result<String, minijinja::Error> {
        let locale = self.locale;
        let mut environment = BASE.clone();
        environment.add_function("t", move |name: &str, values: Rest<Value>| {
            let text = language::text(locale, name, &values.iter().map(ToString::to_string).collect::<Vec<_>>());
            // Names of commands stand between backticks.
            if text.contains('`') { marked(&text) } else { Value::from(text) }
        });
        environment.add_function("word", move |group: &str, name: &str| self.word(group, name));
        environment.add_function("cause", move |flow: &str, code: &str| {
            messages::explain(locale, flow, code).map_or(Value::from(()), |told| marked(&told.cause))
        });
        environment.add_function("cure", move |flow: &str, code: &str| {
            let told = messages::explain(locale, flow, code).filter(|told| !told.cure.is_empty());
            told.map_or(Value::from(()), |told| marked(&told.cure))
        });
        environment.add_filter("when", move |time: &str| {
            let Ok(time) = time.parse::<DateTime<Utc>>() else { return Value::from(time) };
            self.when(time)
        });
        environment.add_filter("said", move |text: &str| said(locale, text));
        environment.add_function("in_lang", move |text: &str| {
            let other = locale == Locale::En || in_french(text).is_none();
            Value::from_safe_string(if other { " lang=\"en\"".to_owned() } else { String::new() })
        });
        environment.add_filter("duration", duration);
        environment.add_filter("marked", marked);
        environment.get_template(name)?.render(values)
    }
}

impl View {
    /// A moment.
    pub(super) fn when(self, time: DateTime<Utc>) -> Value {
        Value::from_safe_string(when(time, self.locale, self.zone))
    }

    /// A value that both systems hold, as people read it.
    pub(super) fn value(self, field: Field, value: &model::Value) -> Value {
        match value {
            value if value.is_nothing() => Value::from("–"),
            model::Value::Time(time) => self.when(*time),
            model::Value::List(items) => Value::from(items.join(", ")),
            model::Value::Text(name) if field == Field::Status => Value::from(self.word("status", name)),
            value => Value::from(value.to_string()),
        }
    }

    /// A name that comes from elsewhere; where there is no text for it, it stays as it is.
    pub(super) fn word(self, group: &str, name: &str) -> String {
        language::find(self.locale, &format!("{group}.{name}")).map_or_else(|| name.to_owned(), str::to_owned)
    }
}

/// What the program says of something, in the language of whoever reads where there is such a sentence.
fn said(locale: Locale, text: &str) -> Value {
    match locale {
        Locale::Fr => marked(in_french(text).as_deref().unwrap_or(text)),
        Locale::En => marked(text),
    }
}

/// A moment, as a browser and a person read it.
fn when(time: DateTime<Utc>, locale: Locale, zone: Tz) -> String {
    let local = time.with_timezone(&zone);
    let shown = match locale {
        Locale::Fr => local.format("%d/%m/%Y %H:%M"),
        Locale::En => local.format("%Y-%m-%d %H:%M"),
    };
    format!("<time datetime=\"{}\">{shown}</time>", local.format("%Y-%m-%dT%H:%M:%S%:z"))
}

/// Minutes as hours and minutes.
fn duration(minutes: i64) -> String {
    let sign = if minutes < 0 { "−" } else { "" };
    format!("{sign}{} h {:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// A text in which names of keys and commands stand between backticks, as HTML.
fn marked(text: &str) -> Value {
    let mut html = String::new();
    for (index, piece) in text.split('`').enumerate() {
        let piece = html_escape::encode_text(piece);
        if index % 2 == 1 {
            html.push_str(&format!("<code>{piece}</code>"));
        } else {
            html.push_str(&piece);
        }
    }
    Value::from_safe_string(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::Flow;
    use crate::daemon::activity::By;
    use crate::flows::tickets::{Outcome, Verb};
    use crate::model::{ObjectKind, Status};
    use minijinja::context;

    /// Every name that the templates ask for.
    fn asked() -> Vec<(&'static str, String)> {
        let mut asked = Vec::new();
        for (template, source) in TEMPLATES {
            for piece in source.split("t('").skip(1) {
                if let Some((name, _)) = piece.split_once('\'')
                    // One that ends so is put together with a name.
                    && !name.ends_with('.')
                {
                    asked.push((template, name.to_owned()));
                }
            }
        }
        asked
    }

    #[test]
    fn every_template_is_whole_and_every_text_that_it_asks_for_is_there() {
        for (name, _) in TEMPLATES {
            assert!(BASE.get_template(name).is_ok(), "{name}");
        }
        assert!(asked().len() > 20);
        for (template, name) in asked() {
            assert!(language::find(Locale::Fr, &name).is_some(), "{template}: {name}");
        }
    }

    #[test]
    fn every_name_that_the_program_has_for_something_shown_has_a_word() {
        let of = |group: &str, names: &[&str]| {
            for name in names {
                assert!(language::find(Locale::Fr, &format!("{group}.{name}")).is_some(), "{group}.{name}");
            }
        };
        of("field", &Field::ALL.map(Field::as_str));
        of("status", &Status::ALL.map(Status::as_str));
        of("outcome", &Outcome::ALL.map(Outcome::as_str));
        of("flow", &Flow::ALL.map(Flow::as_str));
        of("flow_about", &Flow::ALL.map(Flow::as_str));
        of("by", &[By::State, By::Technician, By::Client].map(By::as_str));
        of("object", &[ObjectKind::Intervention, ObjectKind::Anomaly].map(ObjectKind::as_str));
        let verbs = [Verb::Create, Verb::Update, Verb::Close, Verb::Bill, Verb::Cancel, Verb::Reopen, Verb::Gone];
        of("next", &verbs.map(Verb::as_str));
    }

    #[test]
    fn what_people_wrote_is_shown_and_never_obeyed() {
        let view = View { locale: Locale::En, zone: chrono_tz::Europe::Paris };
        let sentence = "<script>alert(1)</script> \" onload='x'";
        let shell = context! {
            lang => "en", path => "/page\"><script>", other_language => "/page?lang=", version => "1", here => "/page",
            shows_mails => true, notice => (), login_address => "/page/login",
            session => context! { acts => true, offered => true, form => "0" },
        };
        let html = view.render("trouble.html", context! { sentence, words => "en", ..shell }).unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    }

    #[test]
    fn dates_read_as_people_of_the_language_write_them() {
        let time = "2026-11-26T07:05:00Z".parse().unwrap();
        assert!(when(time, Locale::Fr, chrono_tz::Europe::Paris).contains(">26/11/2026 08:05<"));
        assert!(when(time, Locale::En, chrono_tz::Europe::Paris).contains(">2026-11-26 08:05<"));
        assert_eq!((duration(65), duration(-5), duration(0)), ("1 h 05".into(), "−0 h 05".into(), "0 h 00".into()));
    }

    #[test]
    fn names_of_keys_are_set_apart_and_the_rest_is_escaped() {
        assert_eq!(marked("see `a<b>` & c").to_string(), "see <code>a&lt;b&gt;</code> &amp; c");
    }
}
