//! `[mapping]`: how GestSup's values become Gestan's.

use crate::model::{Field, Rounding, Status, StepType, TimeUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Language of the texts that are written into Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

/// `[mapping]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Language of the texts that are written into Gestan.
    pub locale: Locale,
    /// GestSup state (its number in tstates) ⇒ status of the intervention. A ticket in a state that is not listed waits. State 3 (Résolu) becomes to_bill instead of done when the ticket is billable.
    pub status: StatusMap,
    /// Which client of Gestan a GestSup company is.
    #[schemars(extend("x-table" = {"Boulangerie Martin": 1042}))]
    pub clients: Matching,
    /// Which Gestan user a GestSup technician is.
    #[schemars(extend("x-table" = {"paul.durand": "PDU"}))]
    pub technicians: Matching,
    /// Which machine of Gestan a GestSup asset is.
    #[schemars(extend("x-table" = {"SRV-COMPTA": 318}))]
    pub equipment: Matching,
    /// Which project and task of Gestan a GestSup project is.
    pub projects: ProjectMatching,
    /// Genre of an intervention.
    pub genre: GenreMapping,
    /// GestSup priority (name) ⇒ name of a priority in `[gateway.codes.priority]`. A priority that is not listed is not sent.
    #[schemars(extend("examples" = [{"Urgent": "haute"}]))]
    pub priority: BTreeMap<String, String>,
    /// Planned start and end of an intervention whose ticket has no appointment in GestSup's calendar.
    pub planning: Planning,
    /// What is billed, and as which product.
    pub billing: Billing,
    /// Gestan's unit of time.
    pub time: TimeMapping,
    /// What each kind of step is called, and which steps are sent: the first rule that matches decides.
    pub steps: Steps,
    /// Texts written into Gestan. `{…}` is replaced by a value, `[…]` is left out when a value inside it is empty; what is not set here is written in the language of `locale`.
    pub texts: Texts,
    /// Who decides about each field of an intervention once it exists.
    pub policies: Policies,
}

/// `[mapping.status]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusMap(pub BTreeMap<String, Status>);

impl Default for StatusMap {
    fn default() -> Self {
        let standard = [
            ("1", Status::Planned),
            ("2", Status::InProgress),
            ("3", Status::Done),
            ("4", Status::Cancelled),
            ("5", Status::Planned),
            ("6", Status::Waiting),
        ];
        Self(standard.into_iter().map(|(state, status)| (state.to_owned(), status)).collect())
    }
}

/// What happens to a ticket whose client, technician or equipment is not found in Gestan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// The ticket waits, and its reason shows in `status`.
    #[default]
    Wait,
    /// The intervention is made without it. Not possible for the client.
    Without,
}

/// `[mapping.clients]`, `[mapping.technicians]`, `[mapping.equipment]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Matching {
    /// What is not in `table` is looked up: clients by name or mail, technicians by login, mail or name, equipment by serial number. Two candidates are never guessed between.
    pub search: bool,
    /// What happens to a ticket when nothing, or more than one, is found.
    pub unmatched: Unmatched,
    /// GestSup name (company name, technician's login, asset name) ⇒ Gestan key (client number, user code, machine number).
    pub table: BTreeMap<String, GestanKey>,
}

impl Default for Matching {
    fn default() -> Self {
        Self { search: true, unmatched: Unmatched::Wait, table: BTreeMap::new() }
    }
}

/// A Gestan key in a mapping table: a number, or a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum GestanKey {
    /// An automatic identifier.
    Number(i64),
    /// A code.
    Code(String),
}

/// `[mapping.projects]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectMatching {
    /// Name of a GestSup project ⇒ project and task of Gestan. Tickets of other projects are sent without one.
    #[schemars(extend("examples" = [{"Migration serveurs": {"project": 12, "task": 40}}]))]
    pub table: BTreeMap<String, ProjectKey>,
}

/// A project and task of Gestan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectKey {
    /// PROJET.IDPROJET.
    pub project: i64,
    /// TACHE.IDTACHE.
    #[serde(default)]
    pub task: Option<i64>,
}

/// One value or several of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// When a rule applies: all the conditions that are given must hold. Names are GestSup's, compared without case and accents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Type of the ticket, as in type = "Incident" or type = ["Incident", "Demande"].
    #[serde(rename = "type")]
    pub kind: Option<OneOrMany>,
    /// Category.
    pub category: Option<OneOrMany>,
    /// Sub-category.
    pub subcategory: Option<OneOrMany>,
    /// Service the ticket is addressed to.
    pub service: Option<OneOrMany>,
    /// Client (company of the requester).
    pub client: Option<OneOrMany>,
    /// Technician group.
    pub group: Option<OneOrMany>,
    /// Priority.
    pub priority: Option<OneOrMany>,
    /// The ticket's own billable tick.
    pub billable: Option<bool>,
}

/// `[mapping.genre]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenreRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// The genre: a name of `[gateway.codes.genre]`.
    pub genre: String,
}

/// `[mapping.planning]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Planning {
    /// Use the ticket's planned resolution date as planned day.
    pub from_due_date: bool,
    /// Hour of the day (GestSup's local time) at which an intervention without appointment starts.
    pub start_hour: u32,
    /// Minutes that an intervention without an estimate lasts.
    pub default_minutes: u32,
}

impl Default for Planning {
    fn default() -> Self {
        Self { from_due_date: true, start_hour: 9, default_minutes: 60 }
    }
}

/// Who decides whether a ticket is billable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billable {
    /// The ticket's billable tick in GestSup.
    #[default]
    Flag,
    /// Every ticket is billable.
    Always,
    /// No ticket is billable.
    Never,
}

/// `[mapping.billing]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Billing {
    /// Who decides whether a ticket is billable where no rule does.
    pub billable: Billable,
    /// Product code (CD_PRODUIT) where no rule gives one. Without it, no product is written.
    #[schemars(example = &"MO-HEURE")]
    pub product: Option<String>,
    /// Genre ⇒ product code; comes after the rules and before the default.
    #[schemars(extend("examples" = [{"depannage": "MO-DEPAN"}]))]
    pub by_genre: BTreeMap<String, String>,
    /// The first rule that matches decides about each of billable and product.
    #[schemars(extend("examples" = [{"when": {"category": "Garantie"}, "billable": false}]))]
    pub rules: Vec<BillingRule>,
}

/// One of `[[mapping.billing.rules]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// Whether the ticket is billed.
    #[serde(default)]
    pub billable: Option<bool>,
    /// The product code.
    #[serde(default)]
    pub product: Option<String>,
}

/// `[mapping.time]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeMapping {
    /// Unit of Gestan's general settings.
    pub unit: TimeUnit,
    /// Hours in a day, for unit = "day".
    pub hours_per_day: u32,
    /// How a part of a unit is rounded.
    pub rounding: Rounding,
    /// Minutes of a ticket that count as "nothing spent": GestSup puts 1 on every ticket that a technician opens.
    pub ignore_up_to_minutes: i64,
    /// The estimate in minutes that GestSup puts on every ticket, and that therefore counts as none. 0 when people mean it.
    pub ignore_estimate_minutes: i64,
}

impl Default for TimeMapping {
    fn default() -> Self {
        Self {
            unit: TimeUnit::Minute,
            hours_per_day: 7,
            rounding: Rounding::Up,
            ignore_up_to_minutes: 1,
            ignore_estimate_minutes: 5,
        }
    }
}

/// Who wrote a step, in `[[mapping.steps.kinds]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepAuthor {
    /// The requester, or anybody who is no technician.
    Requester,
    /// A technician, supervisor or administrator.
    Technician,
    /// GestSup itself.
    System,
}

/// When a step rule applies: all the conditions that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepWhen {
    /// Type of the step in GestSup.
    #[serde(rename = "type")]
    pub step_type: Option<StepType>,
    /// Who wrote it.
    pub author: Option<StepAuthor>,
    /// Hidden from the requester.
    pub private: Option<bool>,
    /// It is the last comment before the ticket is resolved.
    pub closes: Option<bool>,
    /// It is the last comment before the ticket is rejected.
    pub rejects: Option<bool>,
    /// Who wrote the comment before it.
    pub follows: Option<StepAuthor>,
}

/// One of `[[mapping.steps.kinds]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRule {
    /// The conditions.
    #[serde(default)]
    pub when: StepWhen,
    /// Name of the kind as it stands in the memo: question, réponse, instruction, information, motif, événement, historique, document, solution or any other.
    pub kind: String,
    /// Whether such a step is sent.
    #[serde(default = "default_true")]
    pub send: bool,
}

/// `[mapping.steps]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Steps {
    /// Rules that come before the built-in ones (see docs/operator-guide.md).
    #[schemars(extend("examples" = [{"when": {"type": "comment", "author": "system"}, "kind": "information"}]))]
    pub kinds: Vec<StepRule>,
}

/// `[mapping.texts]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Title of an intervention; cut at 50 characters, on a word.
    #[schemars(example = &"{title}")]
    pub title: Option<String>,
    /// Lines at the head of the memo. Values: {number} {title} {url} {requester} {client} {criticality} {priority} {time} {previous}. A line whose values are all empty is left out.
    #[schemars(extend("examples" = [["Ticket GestSup n°{number}", "Demandeur : {requester} ({client})"]]))]
    pub head: Option<Vec<String>>,
    /// Line above each step. Values: {date} {author} {kind} {time} {mark}. What stands in […] is left out when a value inside it is empty.
    #[schemars(example = &"{date} – {author} ({kind}[, {time}])[ – {mark}]")]
    pub heading: Option<String>,
}

/// Who decides about a field of an intervention once it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// GestSup: every change there is written. What Gestan's users change is reported, and put back if `put_back` is set.
    Always,
    /// GestSup until the intervention is started or somebody changes the field in Gestan; then Gestan.
    UntilStarted,
    /// GestSup when the intervention is made; Gestan from then on.
    CreateOnly,
    /// Never written.
    Never,
}

/// `[mapping.policies]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    /// Field ⇒ policy, for the fields whose default does not suit. The client is frozen once the intervention is made, whatever is written here.
    #[schemars(extend("examples" = [{"genre": "create_only"}]))]
    pub fields: BTreeMap<Field, Policy>,
    /// Write GestSup's value again over what somebody changed in Gestan, for fields under the policy `always`.
    pub put_back: bool,
}

impl Policies {
    /// The policy of a field: the configured one, else the default of the product.
    pub fn of(&self, field: Field) -> Policy {
        if field == Field::Client {
            return Policy::CreateOnly;
        }
        self.fields.get(&field).copied().unwrap_or(match field {
            Field::PlannedStart | Field::PlannedEnd | Field::Technician | Field::Team | Field::Genre => {
                Policy::UntilStarted
            }
            _ => Policy::Always,
        })
    }
}

fn default_true() -> bool {
    true
}
