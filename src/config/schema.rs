//! Compares a file with the schema that the model derives: unknown keys, wrong types, missing keys,
//! values out of range, all of them, before serde sees the file and stops at the first.

use super::diagnostic::Diagnostic;
use chrono::NaiveDateTime;
use serde_json::Value as Json;
use std::ops::Range;
use std::sync::LazyLock;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The schema of the model, as JSON: made once, which takes longer than all else that a start does.
pub(super) fn schema() -> &'static Json {
    static SCHEMA: LazyLock<Json> = LazyLock::new(|| schemars::schema_for!(super::Config).to_value());
    &SCHEMA
}

/// Walks a file beside the schema.
pub(super) struct Walk<'s> {
    root: &'s Json,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'s> Walk<'s> {
    pub(super) fn new(root: &'s Json) -> Self {
        Self { root, diagnostics: Vec::new() }
    }

    /// A schema with its reference followed and its `null` alternative left out.
    pub(super) fn resolve(&self, schema: &'s Json) -> &'s Json {
        resolve(self.root, schema)
    }

    pub(super) fn table(&mut self, table: &DeTable<'_>, at: Range<usize>, schema: &'s Json, path: &str) {
        let schema = self.resolve(schema);
        let properties = schema.get("properties").and_then(Json::as_object);
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let inner = join(path, name);
            if let Some(known) = properties.and_then(|properties| properties.get(name)) {
                self.value(value, key.span(), known, &inner);
            } else if let Some(any) = schema.get("additionalProperties").filter(|any| any.is_object()) {
                self.value(value, key.span(), any, &inner);
            } else {
                let known: Vec<&str> =
                    properties.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
                self.unknown_key(name, key.span(), &known, path, &inner);
            }
        }
        let required = schema.get("required").and_then(Json::as_array);
        for name in required.into_iter().flatten().filter_map(Json::as_str) {
            if table.iter().all(|(key, _)| key.get_ref().as_ref() != name) {
                let known = properties.and_then(|properties| properties.get(name));
                let example =
                    known.map_or_else(|| "…".to_owned(), |known| super::example::example_value(self.root, known, name));
                let place = if path.is_empty() { "the file".to_owned() } else { format!("[{path}]") };
                self.diagnostics.push(Diagnostic::new(
                    &join(path, name),
                    at.clone(),
                    format!("`{name}` is missing in {place}"),
                    format!("add a line such as: {name} = {example}"),
                ));
            }
        }
    }

    fn unknown_key(&mut self, name: &str, span: Range<usize>, known: &[&str], path: &str, inner: &str) {
        let place = if path.is_empty() { "this file".to_owned() } else { format!("[{path}]") };
        let help = match nearest(name, known) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.diagnostics.push(Diagnostic::new(inner, span, format!("unknown key `{name}` in {place}"), help));
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, key: Range<usize>, schema: &'s Json, path: &str) {
        let schema = self.resolve(schema);
        let alternatives = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
        if let Some(alternatives) = alternatives {
            let names: Vec<&str> =
                alternatives.iter().filter_map(|one| one.get("const").and_then(Json::as_str)).collect();
            if names.len() == alternatives.len() {
                return self.one_of(value, &names, path);
            }
            return self.any_of(value, key, alternatives, path);
        }
        let wrong = |expected: &str| {
            let found = kind_of(value.get_ref());
            Diagnostic::new(
                path,
                value.span(),
                format!("`{path}` must be {expected}, not {found}"),
                help_for(value.get_ref(), expected),
            )
        };
        match (type_of(schema), value.get_ref()) {
            ("object", DeValue::Table(table)) => self.table(table, key, schema, path),
            ("array", DeValue::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = schema.get("items") {
                        self.value(item, item.span(), schema, &join(path, &index.to_string()));
                    }
                }
            }
            ("string", DeValue::String(text)) => self.text(text.as_ref(), value.span(), schema, path),
            ("boolean", DeValue::Boolean(_)) => {}
            ("integer", DeValue::Integer(number)) => {
                let number = i128::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
                let bound = |name: &str| {
                    schema
                        .get(name)
                        .and_then(|bound| bound.as_i64().map(i128::from).or_else(|| bound.as_u64().map(i128::from)))
                };
                let (least, most) = (
                    bound("minimum").unwrap_or(i128::from(i64::MIN)),
                    bound("maximum").unwrap_or(i128::from(i64::MAX)),
                );
                if !number.is_some_and(|number| (least..=most).contains(&number)) {
                    let range = format!("write a whole number from {least} to {most}");
                    self.diagnostics.push(Diagnostic::new(
                        path,
                        value.span(),
                        format!("`{path}` is out of range"),
                        range,
                    ));
                }
            }
            ("object", _) => self.diagnostics.push(wrong("a table")),
            ("array", _) => self.diagnostics.push(wrong("a list")),
            ("string", _) => self.diagnostics.push(wrong("text")),
            ("boolean", _) => self.diagnostics.push(wrong("true or false")),
            ("integer", _) => self.diagnostics.push(wrong("a whole number")),
            _ => {}
        }
    }

    fn one_of(&mut self, value: &Spanned<DeValue<'_>>, names: &[&str], path: &str) {
        let text = value.get_ref().as_str().unwrap_or_default();
        if names.contains(&text) {
            return;
        }
        let choices = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let help = match nearest(text, names) {
            Some(nearest) => format!("did you mean \"{nearest}\"? Possible: {choices}"),
            None => format!("write one of {choices}"),
        };
        let message = match value.get_ref() {
            DeValue::String(text) => format!("`{path}` cannot be \"{text}\""),
            other => format!("`{path}` must be text, not {}", kind_of(other)),
        };
        self.diagnostics.push(Diagnostic::new(path, value.span(), message, help));
    }

    /// An untagged union: the alternative of the value's own type speaks for it.
    fn any_of(&mut self, value: &Spanned<DeValue<'_>>, key: Range<usize>, alternatives: &'s [Json], path: &str) {
        let mut of_this_type = Vec::new();
        for alternative in alternatives {
            let mut walk = Walk::new(self.root);
            walk.value(value, key.clone(), alternative, path);
            if walk.diagnostics.is_empty() && exact(alternative, value.get_ref()) {
                return;
            }
            if type_of(self.resolve(alternative)) == json_type(value.get_ref()) {
                of_this_type.push(walk.diagnostics);
            }
        }
        if let [one] = &mut of_this_type[..] {
            self.diagnostics.append(one);
            return;
        }
        let is_secret = alternatives.iter().any(|one| one.pointer("/properties/credential").is_some());
        let (what, help) = if is_secret {
            (
                "a secret",
                "write \"…\", { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }".to_owned(),
            )
        } else {
            let kinds: Vec<&str> = alternatives.iter().map(|one| type_of(self.resolve(one))).collect();
            (
                "a value of this kind",
                format!(
                    "write one of these: {}",
                    kinds
                        .join(", ")
                        .replace("string", "text")
                        .replace("integer", "a whole number")
                        .replace("array", "a list of texts")
                ),
            )
        };
        self.diagnostics.push(Diagnostic::new(path, value.span(), format!("`{path}` is not {what}"), help));
    }

    /// Texts with a meaning of their own.
    fn text(&mut self, text: &str, span: Range<usize>, schema: &Json, path: &str) {
        let name = path.rsplit('.').next().unwrap_or(path);
        let problem = match name {
            "time_zone" => text.parse::<chrono_tz::Tz>().is_err().then(|| {
                let zones: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
                let help = nearest(text, &zones).map_or_else(
                    || "write a zone such as \"Europe/Paris\"".to_owned(),
                    |zone| format!("did you mean \"{zone}\"?"),
                );
                (format!("there is no time zone \"{text}\""), help)
            }),
            "listen" => text.parse::<std::net::SocketAddr>().is_err().then(|| {
                (format!("\"{text}\" is no address and port"), "write one such as \"127.0.0.1:8480\"".to_owned())
            }),
            "start_at" => text.parse::<NaiveDateTime>().is_err().then(|| {
                (format!("\"{text}\" is no date and time"), "write one such as \"2026-01-01T00:00:00\"".to_owned())
            }),
            _ if schema.get("format").and_then(Json::as_str) == Some("regex") => super::Expression::new(text)
                .err()
                .map(|message| (message, "write one such as \"^PC-[0-9]+\", or use starts_with".to_owned())),
            _ if schema.get("format").and_then(Json::as_str) == Some("uri") => {
                let good =
                    url::Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
                (!good).then(|| {
                    (
                        format!("\"{text}\" is no web address"),
                        "write one such as \"https://support.example.fr\"".to_owned(),
                    )
                })
            }
            _ => None,
        };
        if let Some((message, help)) = problem {
            self.diagnostics.push(Diagnostic::new(path, span, message, help));
        }
    }
}

/// Whether a value may have come from this alternative: the right keys, for a table.
fn exact(alternative: &Json, value: &DeValue<'_>) -> bool {
    match (value, alternative.get("properties").and_then(Json::as_object)) {
        (DeValue::Table(table), Some(properties)) => {
            table.iter().all(|(key, _)| properties.contains_key(key.get_ref().as_ref()))
        }
        _ => true,
    }
}

/// A schema with its reference followed and its `null` alternative left out.
pub(super) fn resolve<'s>(root: &'s Json, schema: &'s Json) -> &'s Json {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or(schema, |target| resolve(root, target));
    }
    let is_null = |one: &Json| one.get("type").and_then(Json::as_str) == Some("null");
    if let Some(alternatives) = schema.get("anyOf").and_then(Json::as_array) {
        let real: Vec<&Json> = alternatives.iter().filter(|one| !is_null(one)).collect();
        if let [one] = real[..] {
            return resolve(root, one);
        }
    }
    schema
}

/// The type of a schema, `null` left out.
pub(super) fn type_of(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(name)) => name,
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    }
}

fn json_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Boolean(_) => "boolean",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
        DeValue::Float(_) | DeValue::Datetime(_) => "",
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn help_for(value: &DeValue<'_>, expected: &str) -> String {
    match (expected, value) {
        ("text", DeValue::Datetime(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
            "put it between quotes".to_owned()
        }
        ("a whole number" | "true or false", DeValue::String(_)) => "write it without quotes".to_owned(),
        ("a list", _) => "put it between [ and ]".to_owned(),
        (expected, _) => format!("write {expected}"),
    }
}

/// The known name that somebody may have meant.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let folded = name.to_lowercase().replace(['-', ' '], "_");
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&folded, &known.to_lowercase()), *known))
        .filter(|(distance, known)| *distance * 3 <= known.chars().count().max(3))
        .min()
        .map(|(_, known)| known)
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
