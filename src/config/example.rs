//! `connector.toml.example`, generated from the model: its documentation is the operator's, its
//! defaults are the program's.
//!
//! Prose begins with `# `, a key that is left to its default with `#` alone: taking that away sets it.

use super::schema::{join, resolve, schema, type_of};
use serde_json::Value as Json;
use std::fmt::Write as _;

const WIDTH: usize = 100;

const INTRODUCTION: &str = "\
Configuration of gestan-connector: an example, complete and with every default.

Copy it to /etc/gestan-connector/connector.toml, edit it, then try it:
  gestan-connector check                reads it and names every mistake, with its line
  gestan-connector check --online       tries both systems too
  gestan-connector sync --dry-run       shows what a first pass would write, and writes nothing

A key that begins with # is left to the value shown. Take the # away to set another.
A password or token is written \"…\", { env = \"NAME\" }, { file = \"/path\" } or
{ credential = \"name\" } (systemd's LoadCredential=). Names are compared without case and accents.

This file is generated from the program; a change here does not reach the next release.";

const FILLED: &str = "\
Configuration of gestan-connector, written by `gestan-connector init`; edit it as you like.

Every key is here. One that begins with # is left to the value shown; take the # away to set another.
  gestan-connector check                reads it and names every mistake, with its line
  gestan-connector check --online       tries both systems too
A running service takes a change with: systemctl reload gestan-connector";

/// The example.
pub fn example() -> String {
    write(INTRODUCTION, None)
}

/// The example with these values in the place of its own, to go on from. A table that cannot do without a value which is
/// not given stays switched off.
pub fn filled(values: &Json) -> String {
    write(FILLED, Some(values))
}

fn write(introduction: &str, values: Option<&Json>) -> String {
    let schema = schema();
    let mut out = String::new();
    prose(&mut out, introduction);
    let root = resolve(schema, schema);
    for (name, table) in root.get("properties").and_then(Json::as_object).into_iter().flatten() {
        out.push('\n');
        let _ = writeln!(out, "# {}", "─".repeat(WIDTH - 2));
        prose(&mut out, description(schema, table));
        let given = values.and_then(|values| values.get(name));
        let needs = resolve(schema, table).get("required").and_then(Json::as_array).is_some_and(|all| !all.is_empty());
        let off = values.is_some() && given.is_none() && needs;
        Writer { schema, out: &mut out, off, given }.table(table, name);
    }
    out
}

struct Writer<'s> {
    schema: &'s Json,
    out: &'s mut String,
    /// Inside a table that is left out as a whole.
    off: bool,
    /// The values that the table is to have.
    given: Option<&'s Json>,
}

impl<'s> Writer<'s> {
    fn table(&mut self, table: &Json, path: &str) {
        let resolved = resolve(self.schema, table);
        let mark = self.mark(false);
        let _ = writeln!(self.out, "{mark}[{path}]");
        let required: Vec<&str> =
            resolved.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let properties = resolved.get("properties").and_then(Json::as_object);
        let mut tables = Vec::new();
        for (name, key) in properties.into_iter().flatten() {
            let inner = resolve(self.schema, key);
            let given = self.given(name);
            let is_rules = type_of(inner) == "array"
                && inner.get("items").is_some_and(|item| type_of(resolve(self.schema, item)) == "object");
            let is_limit = inner.get("properties").is_some_and(|known| known.get("percent").is_some());
            if type_of(inner) == "object" && inner.get("properties").is_some() && !examples(key).is_empty() {
                // One way of several to say something: told, not set.
                prose(self.out, description(self.schema, key));
                if let Some(given) = given {
                    let _ = writeln!(self.out, "{name} = {}", toml(given));
                    continue;
                }
                let value = examples(key).first().map(toml).unwrap_or_default();
                prose(self.out, &format!("  {name} = {value}"));
                continue;
            }
            if (type_of(inner) == "object" && !is_limit) || is_rules {
                tables.push((name, key, is_rules));
                continue;
            }
            prose(self.out, description(self.schema, key));
            self.choices(inner);
            let needed = required.contains(&name.as_str());
            let mark = self.mark(!needed && given.is_none());
            let secret = inner.pointer("/anyOf/3/properties/credential").is_some();
            let value = match default_of(self.schema, table, key, name) {
                _ if given.is_some() => given.map(toml).unwrap_or_default(),
                _ if secret => example_value(self.schema, key, &format!("{}-{name}", path.replace('.', "-"))),
                Some(value) if !needed => toml(&value),
                _ => example_value(self.schema, key, name),
            };
            let _ = writeln!(self.out, "{mark}{name} = {value}");
        }
        for (name, key, is_rules) in tables {
            self.out.push('\n');
            prose(self.out, description(self.schema, key));
            let path = join(path, name);
            let inner = resolve(self.schema, key);
            let given = self.given(name);
            if let Some(rules) = given.and_then(Json::as_array).filter(|_| is_rules) {
                for rule in rules {
                    let _ = writeln!(self.out, "[[{path}]]");
                    for (name, value) in rule.as_object().into_iter().flatten() {
                        let _ = writeln!(self.out, "{name} = {}", toml(value));
                    }
                }
            } else if is_rules && examples(key).is_empty() {
                let item = inner.get("items").unwrap_or(inner);
                self.one_of_many(item, &path);
            } else if is_rules {
                for rule in examples(key) {
                    let _ = writeln!(self.out, "#[[{path}]]");
                    for (name, value) in rule.as_object().into_iter().flatten() {
                        let _ = writeln!(self.out, "#{name} = {}", toml(value));
                    }
                }
            } else if inner.get("properties").is_some() {
                let optional = !required.contains(&name.as_str()) && is_nullable(key);
                let off = (self.off || optional) && given.is_none();
                Writer { schema: self.schema, out: self.out, off, given }.table(key, &path);
            } else {
                self.map(key, &path, table, name);
            }
        }
    }

    /// A table that may stand several times, with all its keys. What it holds in tables of its own is told by an example.
    fn one_of_many(&mut self, item: &Json, path: &str) {
        let _ = writeln!(self.out, "#[[{path}]]");
        let resolved = resolve(self.schema, item);
        for (name, key) in resolved.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let inner = resolve(self.schema, key);
            prose(self.out, description(self.schema, key));
            if type_of(inner) == "object" {
                let value = examples(key).first().map_or_else(|| "{ … }".to_owned(), toml);
                prose(self.out, &format!("  {name} = {value}"));
                continue;
            }
            self.choices(inner);
            let secret = inner.pointer("/anyOf/3/properties/credential").is_some();
            let value = match default_of(self.schema, item, key, name) {
                _ if secret => example_value(self.schema, key, &format!("{}-{name}", path.replace('.', "-"))),
                Some(value) => toml(&value),
                None => example_value(self.schema, key, name),
            };
            let _ = writeln!(self.out, "#{name} = {value}");
        }
    }

    /// The values that a key can have, where they are few.
    fn choices(&mut self, key: &Json) {
        for choice in key.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
            let description = choice.get("description").and_then(Json::as_str).unwrap_or_default();
            if let Some(value) = choice.get("const") {
                prose(self.out, &format!("  {}: {description}", toml(value)));
            }
        }
    }

    /// A table whose keys the operator chooses: its defaults, else an example.
    fn map(&mut self, key: &Json, path: &str, parent: &Json, name: &str) {
        let given = self.given(name);
        let live = key.get("x-live").is_some() || given.is_some();
        let defaults =
            default_of(self.schema, parent, key, name).filter(|map| map.as_object().is_some_and(|map| !map.is_empty()));
        let mark = self.mark(!live);
        let _ = writeln!(self.out, "{mark}[{path}]");
        let own = parent.get(format!("x-{name}").as_str()).cloned();
        let shown = given.cloned().or(own).or(defaults).or_else(|| examples(key).first().cloned());
        for (name, value) in shown.iter().filter_map(Json::as_object).flatten() {
            let _ = writeln!(self.out, "{mark}{} = {}", toml_key(name), toml(value));
        }
    }

    /// The value that a key is to have.
    fn given(&self, name: &str) -> Option<&'s Json> {
        self.given?.get(name).filter(|value| !value.is_null())
    }

    fn mark(&self, off: bool) -> &'static str {
        if self.off || off { "#" } else { "" }
    }
}

fn description<'s>(schema: &'s Json, key: &'s Json) -> &'s str {
    let own = key.get("description").and_then(Json::as_str);
    own.or_else(|| resolve(schema, key).get("description").and_then(Json::as_str)).unwrap_or_default()
}

fn is_nullable(key: &Json) -> bool {
    let alternatives = key.get("anyOf").and_then(Json::as_array);
    alternatives.is_some_and(|all| all.iter().any(|one| one.get("type").and_then(Json::as_str) == Some("null")))
}

pub(super) fn examples(key: &Json) -> &[Json] {
    key.get("examples").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// The default of a key; where it is nothing, its example.
fn default_of(schema: &Json, parent: &Json, key: &Json, name: &str) -> Option<Json> {
    own_default(schema, parent, key, name).or_else(|| examples(key).first().cloned())
}

/// The default of a key, unless it is nothing.
pub(super) fn own_default(schema: &Json, parent: &Json, key: &Json, name: &str) -> Option<Json> {
    let own = key.get("default").or_else(|| parent.get("default").and_then(|all| all.get(name)));
    let own = own.or_else(|| resolve(schema, parent).get("default").and_then(|all| all.get(name)));
    own.filter(|value| !value.is_null()).cloned()
}

/// A value that shows what a required key looks like.
pub(super) fn example_value(schema: &Json, key: &Json, name: &str) -> String {
    if let Some(example) = examples(key).first() {
        return toml(example);
    }
    let inner = resolve(schema, key);
    if inner.pointer("/anyOf/3/properties/credential").is_some() {
        return format!("{{ file = \"/etc/gestan-connector/{name}\" }}");
    }
    match type_of(inner) {
        "integer" => "1".to_owned(),
        "boolean" => "true".to_owned(),
        "array" => "[]".to_owned(),
        _ => inner.pointer("/oneOf/0/const").map_or_else(|| "\"…\"".to_owned(), toml),
    }
}

/// A name as it stands before the = in TOML.
pub(super) fn toml_key(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { format!("\"{name}\"") }
}

/// A JSON value as TOML, on one line.
pub(super) fn toml(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(name, value)| format!("{name} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Json::String(text) => toml::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}

fn prose(out: &mut String, text: &str) {
    for paragraph in text.split('\n') {
        let indent = paragraph.len() - paragraph.trim_start().len();
        let mut line = format!("# {}", " ".repeat(indent));
        let empty = line.chars().count();
        for word in paragraph.split_whitespace().collect::<Vec<_>>() {
            if line.chars().count() + word.chars().count() >= WIDTH && line.chars().count() > empty {
                let _ = writeln!(out, "{}", line.trim_end());
                line = format!("# {}", " ".repeat(indent));
            }
            line.push_str(word);
            line.push(' ');
        }
        // Columns of the introduction keep their alignment.
        if paragraph.contains("   ") && paragraph.len() < WIDTH {
            line = format!("# {paragraph}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}
