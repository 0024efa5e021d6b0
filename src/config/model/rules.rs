//! The one form of rule: a list of tables with `when = { … }` and a result. They are tried in their order;
//! the first one that applies decides.

use crate::model::{ObjectKind, Status};
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// What a text must be: one text, one of several, or one of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    /// This text.
    One(String),
    /// One of these.
    Many(Vec<String>),
    /// A text of this form.
    Pattern(Pattern),
}

impl Condition {
    /// The texts, where it is no pattern.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
            Self::Pattern(_) => &[],
        }
    }
}

/// The form of a text, as in { starts_with = "Réseau" } or { matches = "^(PC|MAC)-[0-9]+$" }: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pattern {
    /// It begins like this.
    pub starts_with: Option<String>,
    /// A regular expression finds itself in it.
    pub matches: Option<Expression>,
}

/// A regular expression that takes no notice of case.
#[derive(Debug, Clone)]
pub struct Expression(Regex);

impl Expression {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        // Linear in the text whatever the expression; the size bounds what it takes to build it.
        let built = RegexBuilder::new(text).case_insensitive(true).size_limit(1 << 20).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::Syntax(_) => format!("\"{text}\" is no regular expression"),
            _ => format!("the regular expression \"{text}\" is too large"),
        })
    }

    /// Whether it finds itself in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Expression {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "regex" })
    }
}

/// When a rule applies: all the conditions that are given must hold. Names are GestSup's, compared without case and accents; a text, a list of texts, or a pattern such as { starts_with = "…" } or { matches = "…" }.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Type of the ticket, as in type = "Incident" or type = ["Incident", "Demande"].
    #[serde(rename = "type")]
    pub kind: Option<Condition>,
    /// Category.
    pub category: Option<Condition>,
    /// Sub-category.
    pub subcategory: Option<Condition>,
    /// Service the ticket is addressed to.
    pub service: Option<Condition>,
    /// Client (company of the requester).
    pub client: Option<Condition>,
    /// Technician in charge, by login.
    pub technician: Option<Condition>,
    /// Technician group.
    pub group: Option<Condition>,
    /// Priority.
    pub priority: Option<Condition>,
    /// Criticality.
    pub criticality: Option<Condition>,
    /// Project that the ticket is filed under.
    pub project: Option<Condition>,
    /// State, by its number in tstates.
    pub state: Option<Condition>,
    /// Title of the ticket.
    pub title: Option<Condition>,
    /// Genre of the intervention, as `[mapping.genre]` decided it; for billing rules.
    pub genre: Option<Condition>,
    /// Whether a maintenance contract of the client covers it; for billing rules.
    pub contract: Option<bool>,
    /// The ticket's own billable tick.
    pub billable: Option<bool>,
}

impl When {
    /// The conditions on texts, with the names of their keys.
    pub fn conditions(&self) -> [(&'static str, Option<&Condition>); 13] {
        [
            ("type", self.kind.as_ref()),
            ("category", self.category.as_ref()),
            ("subcategory", self.subcategory.as_ref()),
            ("service", self.service.as_ref()),
            ("client", self.client.as_ref()),
            ("technician", self.technician.as_ref()),
            ("group", self.group.as_ref()),
            ("priority", self.priority.as_ref()),
            ("criticality", self.criticality.as_ref()),
            ("project", self.project.as_ref()),
            ("state", self.state.as_ref()),
            ("title", self.title.as_ref()),
            ("genre", self.genre.as_ref()),
        ]
    }

    /// The conditions that are true or false, with the names of their keys.
    pub fn ticks(&self) -> [(&'static str, Option<bool>); 2] {
        [("contract", self.contract), ("billable", self.billable)]
    }
}

/// What tickets become in Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Interventions: work that is planned, done and billed.
    #[default]
    Interventions,
    /// Anomalies: faults that are followed in Gestan.
    Anomalies,
}

impl Mode {
    /// What a ticket becomes in this mode.
    pub fn kind(self) -> ObjectKind {
        match self {
            Self::Interventions => ObjectKind::Intervention,
            Self::Anomalies => ObjectKind::Anomaly,
        }
    }
}

/// `[mapping.mode]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModeMapping {
    /// What a ticket becomes where no rule matches.
    pub default: Mode,
    /// The first rule that matches decides.
    #[schemars(extend("examples" = [{"when": {"type": "Incident", "category": "Logiciel"}, "mode": "anomalies"}]))]
    pub rules: Vec<ModeRule>,
}

/// One of `[[mapping.mode.rules]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModeRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// What such a ticket becomes.
    pub mode: Mode,
}

/// One of `[[mapping.status_rules]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// Where it then stands in Gestan.
    pub status: Status,
}

/// `[mapping.genre]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GenreMapping {
    /// Genre where no rule matches: a name of `[gateway.codes.genre]`. Without it, no genre is written.
    #[schemars(example = &"depannage")]
    pub default: Option<String>,
    /// The first rule that matches decides.
    #[schemars(extend("examples" = [{"when": {"type": "Demande"}, "genre": "installation"}]))]
    pub rules: Vec<GenreRule>,
}

/// One of `[[mapping.genre.rules]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenreRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// The genre: a name of `[gateway.codes.genre]`.
    pub genre: String,
}

/// `[mapping.projects]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectMatching {
    /// Name of a GestSup project ⇒ project and task of Gestan. Tickets of other projects are sent without one, unless a rule gives it.
    #[schemars(extend("examples" = [{"Migration serveurs": {"project": 12, "task": 40}}]))]
    pub table: std::collections::BTreeMap<String, ProjectKey>,
    /// Where the table does not list the ticket's project, the first rule that matches decides.
    #[schemars(extend("examples" = [{"when": {"client": "Boulangerie Martin", "type": "Demande"}, "project": 12, "task": 41}]))]
    pub rules: Vec<ProjectRule>,
}

/// A project and task of Gestan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectKey {
    /// PROJET.IDPROJET.
    pub project: i64,
    /// TACHE.IDTACHE.
    #[serde(default)]
    pub task: Option<i64>,
}

/// One of `[[mapping.projects.rules]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// PROJET.IDPROJET.
    pub project: i64,
    /// TACHE.IDTACHE.
    #[serde(default)]
    pub task: Option<i64>,
}
