//! The words that are written into Gestan: the operator's templates, else those of the locale.
//!
//! `{name}` is replaced by a value; what stands in `[…]` is left out when a value inside it is empty.

use crate::config::{Locale, Mapping};
use crate::model::EntryMark;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Values that a title template knows.
pub const PLACEHOLDERS_TITLE: [&str; 4] = ["number", "title", "client", "requester"];
/// Values that the lines of a head template know.
pub const PLACEHOLDERS_HEAD: [&str; 9] =
    ["number", "title", "url", "requester", "client", "criticality", "priority", "time", "previous"];
/// Values that a heading template knows.
pub const PLACEHOLDERS_HEADING: [&str; 5] = ["date", "author", "kind", "time", "mark"];

/// The texts of one configuration.
#[derive(Debug, Clone)]
pub struct Wording<'a> {
    mapping: &'a Mapping,
    zone: Tz,
}

/// The kinds of step that the built-in rules and events use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Question,
    Answer,
    Instruction,
    Information,
    Reason,
    Event,
    History,
    Solution,
}

impl<'a> Wording<'a> {
    /// The texts of this configuration, with dates in this zone.
    pub fn new(mapping: &'a Mapping, zone: Tz) -> Self {
        Self { mapping, zone }
    }

    fn pick<T>(&self, fr: T, en: T) -> T {
        match self.mapping.locale {
            Locale::Fr => fr,
            Locale::En => en,
        }
    }

    pub(super) fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Request => self.pick("demande", "request"),
            Kind::Question => "question",
            Kind::Answer => self.pick("réponse", "answer"),
            Kind::Instruction => "instruction",
            Kind::Information => "information",
            Kind::Reason => self.pick("motif", "reason"),
            Kind::Event => self.pick("événement", "event"),
            Kind::History => self.pick("historique", "history"),
            Kind::Solution => "solution",
        }
    }

    pub(super) fn title(&self, values: &[(&str, &str)]) -> String {
        fill(self.mapping.texts.title.as_deref().unwrap_or("{title}"), values)
    }

    /// The lines of the head; a line whose values are all empty is left out.
    pub(super) fn head(&self, values: &[(&str, &str)]) -> Vec<String> {
        let standard: &[&str] = self.pick(
            &[
                "Ticket GestSup n°{number}[ – {url}]",
                "Suite de l'intervention n°{previous}, déjà facturée",
                "Demandeur : {requester}[ ({client})]",
                "Priorité : {priority}",
                "Criticité : {criticality}",
                "Temps passé : {time}",
            ],
            &[
                "GestSup ticket #{number}[ – {url}]",
                "Continues intervention #{previous}, already billed",
                "Requester: {requester}[ ({client})]",
                "Priority: {priority}",
                "Criticality: {criticality}",
                "Time spent: {time}",
            ],
        );
        let own = self.mapping.texts.head.as_ref();
        let templates: Vec<&str> =
            own.map_or_else(|| standard.to_vec(), |lines| lines.iter().map(String::as_str).collect());
        templates
            .into_iter()
            .filter(|template| says_something(template, values))
            .map(|template| fill(template, values))
            .collect()
    }

    pub(super) fn heading(&self, at: DateTime<Utc>, author: &str, kind: &str, minutes: i64) -> Heading<'_> {
        let template =
            self.mapping.texts.heading.as_deref().unwrap_or("{date} – {author} ({kind}[, {time}])[ – {mark}]");
        let time = if minutes > 0 { duration(minutes, self.mapping.locale) } else { String::new() };
        let author = if author.is_empty() { "GestSup" } else { author };
        Heading {
            wording: self,
            template: template.to_owned(),
            date: self.date(at),
            author: author.to_owned(),
            kind: kind.to_owned(),
            time,
        }
    }

    /// A date and time as a reader of the memo expects it.
    pub fn date(&self, at: DateTime<Utc>) -> String {
        let format = self.pick("%d/%m/%Y à %H:%M", "%Y-%m-%d %H:%M");
        at.with_timezone(&self.zone).format(format).to_string()
    }

    /// How a mark reads in a heading.
    pub fn mark(&self, mark: EntryMark) -> &'static str {
        match mark {
            EntryMark::None => "",
            EntryMark::Edited => self.pick("modifié dans GestSup", "edited in GestSup"),
            EntryMark::Withdrawn => self.pick("retiré dans GestSup", "withdrawn in GestSup"),
        }
    }

    pub(super) fn time(&self, minutes: i64) -> String {
        if minutes > 0 { duration(minutes, self.mapping.locale) } else { String::new() }
    }

    pub(super) fn assigned(&self, to: &str) -> String {
        self.pick(format!("Attribué à {to}"), format!("Assigned to {to}"))
    }

    pub(super) fn unassigned(&self) -> &'static str {
        self.pick("N'est plus attribué", "No longer assigned")
    }

    pub(super) fn closed(&self) -> &'static str {
        self.pick("Ticket résolu", "Ticket resolved")
    }

    pub(super) fn new_state(&self, name: &str) -> String {
        self.pick(format!("Nouvel état : {name}"), format!("New state: {name}"))
    }

    /// Note in the memo of a ticket that was taken away from its technician.
    pub fn note_unattributed(&self) -> &'static str {
        self.pick("Le ticket n'est plus attribué dans GestSup.", "The ticket is no longer attributed in GestSup.")
    }

    /// Note in the memo of a ticket that has a technician again.
    pub fn note_attributed(&self, to: &str) -> String {
        self.pick(
            format!("Le ticket est de nouveau attribué, à {to}."),
            format!("The ticket is attributed again, to {to}."),
        )
    }

    /// Note in the memo of the ticket that another was merged into.
    pub fn note_merged(&self, number: i64, gestan_id: Option<i64>) -> String {
        let known = gestan_id.map(|id| self.pick(format!(" (intervention n°{id})"), format!(" (intervention #{id})")));
        let known = known.unwrap_or_default();
        self.pick(
            format!("Le ticket n°{number}{known} a été fusionné dans celui-ci dans GestSup."),
            format!("Ticket #{number}{known} was merged into this one in GestSup."),
        )
    }

    /// Note in the memo of a ticket that was deleted, or merged into another.
    pub fn note_gone(&self, merged_into: Option<i64>) -> String {
        match merged_into {
            Some(number) => self.pick(
                format!("Le ticket a été fusionné dans le ticket n°{number} dans GestSup."),
                format!("The ticket was merged into ticket #{number} in GestSup."),
            ),
            None => {
                self.pick("Le ticket a été supprimé dans GestSup.", "The ticket was deleted in GestSup.").to_owned()
            }
        }
    }
}

/// A heading before its mark is known.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    wording: &'a Wording<'a>,
    template: String,
    date: String,
    author: String,
    kind: String,
    time: String,
}

impl Heading<'_> {
    pub(super) fn with(&self, mark: EntryMark) -> String {
        let values = [
            ("date", self.date.as_str()),
            ("author", self.author.as_str()),
            ("kind", self.kind.as_str()),
            ("time", self.time.as_str()),
            ("mark", self.wording.mark(mark)),
        ];
        fill(&self.template, &values)
    }
}

/// Minutes as a person writes them.
pub fn duration(minutes: i64, locale: Locale) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest, locale) {
        (0, rest, _) => format!("{rest} min"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, rest, Locale::Fr) => format!("{hours} h {rest:02}"),
        (hours, rest, Locale::En) => format!("{hours} h {rest:02} min"),
    }
}

fn value<'a>(name: &str, values: &[(&str, &'a str)]) -> &'a str {
    values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value)
}

/// The names inside `{…}`.
fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn says_something(template: &str, values: &[(&str, &str)]) -> bool {
    let mut names = names(template).peekable();
    names.peek().is_none() || names.any(|name| !value(name, values).is_empty())
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    // A value with line breaks must not break the one line that a template stands for.
    substitute(template, values).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn substitute(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find(['{', '[']) {
        out.push_str(&rest[..open]);
        let (close, optional) = if rest[open..].starts_with('[') { (']', true) } else { ('}', false) };
        let inside = &rest[open + 1..];
        let Some(end) = inside.find(close) else {
            rest = &rest[open..];
            break;
        };
        let content = &inside[..end];
        if !optional {
            out.push_str(value(content, values));
        } else if names(content).all(|name| !value(name, values).is_empty()) {
            out.push_str(&substitute(content, values));
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_left_out_with_its_empty_value() {
        let template = "Demandeur : {requester}[ ({client})]";
        assert_eq!(fill(template, &[("requester", "Zoé"), ("client", "Martin")]), "Demandeur : Zoé (Martin)");
        assert_eq!(fill(template, &[("requester", "Zoé")]), "Demandeur : Zoé");
    }

    #[test]
    fn a_value_cannot_add_lines_or_be_taken_for_a_placeholder() {
        assert_eq!(fill("T : {title}", &[("title", "a\n{number} [b]")]), "T : a {number} [b]");
    }

    #[test]
    fn an_unclosed_brace_is_kept_as_text() {
        assert_eq!(fill("a {title", &[("title", "x")]), "a {title");
    }

    #[test]
    fn a_line_whose_values_are_all_empty_says_nothing() {
        assert!(!says_something("Priorité : {priority}", &[]));
        assert!(says_something("Toujours là", &[]));
    }

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration(45, Locale::Fr), "45 min");
        assert_eq!(duration(120, Locale::Fr), "2 h");
        assert_eq!(duration(65, Locale::Fr), "1 h 05");
        assert_eq!(duration(65, Locale::En), "1 h 05 min");
    }
}
