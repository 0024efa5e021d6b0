//! `[mapping]`: how GestSup's values become Gestan's.

use super::{Anomalies, Billing, GenreMapping, ModeMapping, ProjectMatching, StatusRule, TimeMapping};
use crate::model::{Field, ObjectKind, Status, StepType};
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
    /// What tickets become in Gestan: interventions, or anomalies. A ticket that was sent keeps what it became.
    pub mode: ModeMapping,
    /// GestSup state (its number in tstates) ⇒ status of the intervention. A ticket in a state that is not listed waits. State 3 (Résolu) becomes to_bill instead of done when the ticket is billable.
    pub status: StatusMap,
    /// Rules that come before [mapping.status]: the first one that matches decides. done becomes to_bill when the ticket is billable.
    #[schemars(extend("examples" = [{"when": {"state": "6", "category": "Garantie"}, "status": "planned"}]))]
    pub status_rules: Vec<StatusRule>,
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
    /// What anomalies carry beside what interventions carry.
    pub anomalies: Anomalies,
    /// GestSup's survey: the mean of the answers on a scale fills SATISFACTION_CLIENT.
    pub survey: bool,
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
    /// Field of an intervention ⇒ policy, for the fields whose default does not suit. The client is frozen once the intervention is made, whatever is written here.
    #[schemars(extend("examples" = [{"genre": "create_only"}]))]
    pub fields: BTreeMap<Field, Policy>,
    /// The same for anomalies, whose status, handler, responsible and date of resolution are Gestan's once they are made.
    #[schemars(extend("examples" = [{"status": "always"}]))]
    pub anomalies: BTreeMap<Field, Policy>,
    /// Write GestSup's value again over what somebody changed in Gestan, for fields under the policy `always`.
    pub put_back: bool,
}

impl Policies {
    /// The policy of a field: the configured one, else the default of the product.
    pub fn of(&self, kind: ObjectKind, field: Field) -> Policy {
        if field == Field::Client {
            return Policy::CreateOnly;
        }
        let configured = match kind {
            ObjectKind::Intervention => &self.fields,
            ObjectKind::Anomaly => &self.anomalies,
        };
        configured.get(&field).copied().unwrap_or(match (kind, field) {
            (
                ObjectKind::Intervention,
                Field::PlannedStart | Field::PlannedEnd | Field::Technician | Field::Team | Field::Genre,
            ) => Policy::UntilStarted,
            (ObjectKind::Anomaly, Field::Status | Field::Technician | Field::Responsible | Field::ResolvedAt) => {
                Policy::CreateOnly
            }
            _ => Policy::Always,
        })
    }
}

fn default_true() -> bool {
    true
}
