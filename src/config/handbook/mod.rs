//! The reference of the configuration (`docs/en/reference.md`, `docs/fr/reference.md`), generated from the model as
//! `connector.toml.example` is: a chapter per table, a line per key.

mod french;
mod markdown;
#[cfg(test)]
mod tests;
mod words;

use super::Locale;
use super::example::{example_value, examples, own_default, toml, toml_key};
use super::schema::{join, resolve, schema, type_of};
use french::{French, french};
use markdown::{code, link};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use words::{ENGLISH, FRENCH, Words};

/// The reference in a language.
///
/// # Errors
/// When the French texts in the program are no TOML, which a test excludes.
pub fn handbook(locale: Locale) -> Result<String, ::toml::de::Error> {
    let schema = schema();
    let (words, french) = match locale {
        Locale::En => (&ENGLISH, None),
        Locale::Fr => (&FRENCH, Some(french()?)),
    };
    let mut writer = Writer { schema, words, french, out: String::new(), conditions: BTreeMap::new() };
    writer.all();
    Ok(writer.out)
}

struct Writer<'s> {
    schema: &'s Json,
    words: &'static Words,
    /// Where the texts are French.
    french: Option<French>,
    out: String,
    /// Type of conditions ⇒ the tables of rules that have them.
    conditions: BTreeMap<&'s str, Vec<String>>,
}

impl<'s> Writer<'s> {
    fn all(&mut self) {
        let (schema, words) = (self.schema, self.words);
        let tables = || schema.get("properties").and_then(Json::as_object).into_iter().flatten();
        let _ = write!(self.out, "{}\n## {}\n\n", words.introduction, words.contents);
        for (name, table) in tables() {
            let opening = self.text("Config", name, table);
            let _ = writeln!(self.out, "- {}{}{opening}", link(&format!("`[{name}]`")), words.colon);
        }
        for chapter in [words.conditions_chapter, words.limits_chapter] {
            let _ = writeln!(self.out, "- {}", link(chapter));
        }
        for (name, table) in tables() {
            let opening = self.text("Config", name, table);
            let _ = write!(self.out, "\n## `[{name}]`\n\n{opening}\n");
            self.keys(table, name);
        }
        let _ = write!(self.out, "\n## {}\n\n{}\n", words.conditions_chapter, words.conditions_text);
        for (name, rules) in std::mem::take(&mut self.conditions) {
            let rules: Vec<String> = rules.iter().map(|rules| link(rules)).collect();
            let _ = write!(self.out, "\n### {}\n\n{} {}.\n", self.conditions_on(name), words.used_in, rules.join(", "));
            self.definition(name);
        }
        let _ = write!(self.out, "\n### {}\n", words.pattern);
        self.definition("Pattern");
        let _ = write!(self.out, "\n## {}\n\n{}\n", words.limits_chapter, words.limits_text);
        self.definition("Limit");
    }

    /// The keys of a type that has no table of its own.
    fn definition(&mut self, name: &str) {
        let reference = serde_json::json!({ "$ref": format!("#/$defs/{name}") });
        let known = self.schema.pointer(&format!("/$defs/{name}")).unwrap_or(&Json::Null);
        let rows = self.rows(known, &reference, name, "");
        self.rows_out(&rows);
    }

    /// The lines of a table, then the chapters of the tables in it.
    fn keys(&mut self, table: &'s Json, path: &str) {
        let inner = resolve(self.schema, table);
        let owner = type_name(table).unwrap_or_default();
        let rows = self.rows(inner, table, owner, path);
        self.rows_out(&rows);
        for (name, key) in inner.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let path = join(path, name);
            let Some(heading) = self.heading(name, key, &path) else { continue };
            let opening = self.text(owner, name, key);
            let _ = write!(self.out, "\n### {heading}\n\n{opening}\n");
            let kind = resolve(self.schema, key);
            if let Some(item) = kind.get("items") {
                self.keys(item, &path);
                self.examples(key, &format!("[[{path}]]"));
            } else if kind.get("properties").is_some() {
                self.keys(key, &path);
                self.examples(key, &format!("[{path}]"));
            } else {
                self.map(table, key, name, &path);
            }
        }
    }

    /// The heading of a key that has a chapter of its own.
    fn heading(&self, name: &str, key: &Json, path: &str) -> Option<String> {
        let kind = resolve(self.schema, key);
        let is_table = |kind: &Json| type_of(kind) == "object" && !is_limit(kind);
        match kind.get("items").map(|item| resolve(self.schema, item)) {
            Some(item) if is_table(item) => Some(format!("`[[{path}]]`")),
            None if is_table(kind) && name != "when" => Some(format!("`[{path}]`")),
            _ => None,
        }
    }

    fn rows(&mut self, inner: &'s Json, table: &Json, owner: &str, path: &str) -> Vec<Vec<String>> {
        let required: Vec<&str> =
            inner.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let mut rows = Vec::new();
        for (name, key) in inner.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let kind = resolve(self.schema, key);
            let needed = required.contains(&name.as_str());
            let none = || "—".to_owned();
            let own = own_default(self.schema, table, key, name);
            if let Some(heading) = self.heading(name, key, &join(path, name)) {
                let kind = if type_of(kind) == "array" { self.words.rules } else { self.words.table };
                let default = if needed { self.words.required.to_owned() } else { none() };
                rows.push(vec![code(name), kind.to_owned(), default, none(), link(&heading)]);
                continue;
            }
            let default = match own.as_ref().filter(|_| name != "when") {
                _ if needed => self.words.required.to_owned(),
                Some(value) => code(&toml(value)),
                None => none(),
            };
            let mut example = examples(key).first().map(toml);
            if is_secret(kind) {
                example = Some(example_value(self.schema, key, &format!("{}-{name}", path.replace('.', "-"))));
            }
            let example = example.filter(|example| Some(example) != own.as_ref().map(toml).as_ref());
            let kind = if name == "when" { self.when(key, path) } else { self.kind(key, name) };
            let what = format!("{}{}", self.text(owner, name, key), self.choices(key, false));
            rows.push(vec![code(name), kind, default, example.map_or_else(none, |example| code(&example)), what]);
        }
        rows
    }

    fn rows_out(&mut self, rows: &[Vec<String>]) {
        let _ = write!(self.out, "\n{}", markdown::table(&self.words.columns, rows));
    }

    /// Examples of a table, or of those in a list.
    fn examples(&mut self, key: &Json, head: &str) {
        if examples(key).is_empty() {
            return;
        }
        let _ = write!(self.out, "\n{}\n\n```toml\n", self.words.for_instance);
        for rule in examples(key) {
            let _ = writeln!(self.out, "{head}");
            self.lines(rule);
        }
        self.out.push_str("```\n");
    }

    /// A table whose keys the operator chooses.
    fn map(&mut self, table: &Json, key: &'s Json, name: &str, path: &str) {
        let words = self.words;
        let values = resolve(self.schema, key).get("additionalProperties").unwrap_or(&Json::Null);
        let kind = match resolve(self.schema, values).get("properties") {
            Some(_) => words.table.to_owned(),
            None => self.kind(values, ""),
        };
        let choices = self.choices(values, true);
        let _ = write!(self.out, "\n{}{}{kind}.\n", words.keys_are_yours, words.colon);
        if !choices.is_empty() {
            let _ = write!(self.out, "\n{choices}");
        }
        if resolve(self.schema, values).get("properties").is_some() {
            self.keys(values, path);
        }
        let filled = |map: &Json| map.as_object().is_some_and(|map| !map.is_empty());
        let default = own_default(self.schema, table, key, name).filter(filled);
        let own = table.get(format!("x-{name}").as_str());
        let shown = own.or(default.as_ref()).or_else(|| examples(key).first());
        if let Some(shown) = shown {
            let is_default = own.is_none() && default.is_some();
            let label = if is_default { words.by_default } else { words.for_instance };
            let _ = write!(self.out, "\n{label}\n\n```toml\n[{path}]\n");
            self.lines(shown);
            self.out.push_str("```\n");
        }
    }

    fn lines(&mut self, table: &Json) {
        for (name, value) in table.as_object().into_iter().flatten() {
            let _ = writeln!(self.out, "{} = {}", toml_key(name), toml(value));
        }
    }

    /// The type of a key, in words.
    fn kind(&self, key: &Json, name: &str) -> String {
        let words = self.words;
        let kind = resolve(self.schema, key);
        if is_secret(kind) {
            return words.secret.to_owned();
        }
        if type_name(key) == Some("Condition") {
            return format!("[{}](#{})", words.condition, markdown::anchor(words.pattern));
        }
        if let Some(choices) = kind.get("oneOf").and_then(Json::as_array) {
            let choices: Vec<String> = choices.iter().map(|choice| code(&choice_value(choice))).collect();
            return format!("{}{}", words.one_of, choices.join(", "));
        }
        if let Some(several) = kind.get("anyOf").and_then(Json::as_array) {
            return several.iter().map(|one| self.kind(one, name)).collect::<Vec<_>>().join(words.or);
        }
        match (type_of(kind), kind.get("format").and_then(Json::as_str)) {
            ("array", _) => {
                let item = kind.get("items").unwrap_or(&Json::Null);
                let inner = resolve(self.schema, item);
                let items = match type_of(inner) {
                    "string" => words.texts.to_owned(),
                    "integer" => words.numbers.to_owned(),
                    _ => self.kind(item, name).replacen(words.one_of, "", 1),
                };
                format!("{}{items}", words.list_of)
            }
            ("object", _) => format!("[{}](#{})", words.limit, markdown::anchor(words.limits_chapter)),
            ("boolean", _) => words.boolean.to_owned(),
            ("integer", _) => match words.units.iter().find(|(end, _)| name.ends_with(end)) {
                Some((_, unit)) => format!("{} ({unit})", words.number),
                None => words.number.to_owned(),
            },
            (_, Some("uri")) => words.address.to_owned(),
            (_, Some("regex")) => words.expression.to_owned(),
            _ => words.text.to_owned(),
        }
    }

    /// The type of a rule's conditions.
    fn when(&mut self, key: &'s Json, path: &str) -> String {
        let name = type_name(key).unwrap_or_default();
        self.conditions.entry(name).or_default().push(format!("`[[{path}]]`"));
        format!("[{}](#{})", self.words.conditions, markdown::anchor(self.conditions_on(name)))
    }

    fn conditions_on<'n>(&self, name: &'n str) -> &'n str {
        let known = self.words.conditions_on.iter().find(|(known, _)| *known == name);
        known.map_or(name, |(_, heading)| *heading)
    }

    /// What each value that a key can have means: behind its text, or as a list.
    fn choices(&self, key: &Json, is_list: bool) -> String {
        let kind = resolve(self.schema, key);
        let (key, kind) = kind.get("items").map_or((key, kind), |item| (item, resolve(self.schema, item)));
        let owner = type_name(key).unwrap_or_default();
        let mut out = String::new();
        for choice in kind.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
            let said = self.text(owner, &choice_name(choice), choice);
            let said = format!("{} – {said}", code(&choice_value(choice)));
            let _ = if is_list { writeln!(out, "- {said}") } else { write!(out, " {}", ended(&said)) };
        }
        out
    }

    /// The description of a key or value of a type, in the language of the reference.
    fn text(&self, owner: &str, name: &str, described: &Json) -> String {
        let english = described.get("description").and_then(Json::as_str).unwrap_or_default();
        let french = self.french.as_ref().and_then(|french| french.get(owner)?.get(name));
        markdown::text(french.map_or(english, |entry| &entry.fr))
    }
}

/// A sentence with its full stop.
fn ended(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// What a value is called in the French texts: itself, or its one key.
fn choice_name(choice: &Json) -> String {
    let key = || choice.get("properties").and_then(Json::as_object).and_then(|keys| keys.keys().next().cloned());
    choice.get("const").and_then(Json::as_str).map(str::to_owned).or_else(key).unwrap_or_default()
}

fn choice_value(choice: &Json) -> String {
    match choice.get("const") {
        Some(value) => toml(value),
        None => format!("{{ {} = \"…\" }}", choice_name(choice)),
    }
}

fn is_limit(kind: &Json) -> bool {
    kind.pointer("/properties/percent").is_some()
}

fn is_secret(kind: &Json) -> bool {
    kind.pointer("/anyOf/3/properties/credential").is_some()
}

/// The name of the type of a key.
fn type_name(key: &Json) -> Option<&str> {
    let alternatives = key.get("anyOf").and_then(Json::as_array).into_iter().flatten();
    let mut all = std::iter::once(key).chain(alternatives);
    all.find_map(|one| one.get("$ref").and_then(Json::as_str)?.rsplit('/').next())
}
