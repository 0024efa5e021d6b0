//! `[mapping.billing]`, `[mapping.time]` and `[mapping.anomalies]`: what is billed and as what, how time is
//! counted, and what anomalies carry beside it.

use super::When;
use crate::model::{Rounding, TimeUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// Where the product of an intervention comes from when no rule gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSource {
    /// The maintenance contract that covers it, where contracts are used.
    Contract,
    /// The project task, by `by_task`.
    Task,
    /// The genre, by `by_genre`.
    Genre,
}

/// What Gestan computes the price from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BilledBy {
    /// The time spent (Z83_INTERVENTION.TPS_PASSE).
    #[default]
    TimeSpent,
    /// Start and end of the intervention: once it is closed, they say when the work ended and how long it took.
    Hours,
    /// A quantity, in the column that `[gateway] quantity_column` names.
    Quantity,
}

/// `[mapping.billing]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Billing {
    /// Who decides whether a ticket is billable where neither a rule nor a contract does.
    pub billable: Billable,
    /// Product code (CD_PRODUIT) where nothing else gives one. Without it, no product is written.
    #[schemars(example = &"MO-HEURE")]
    pub product: Option<String>,
    /// Genre ⇒ product code.
    #[schemars(extend("examples" = [{"depannage": "MO-DEPAN"}]))]
    pub by_genre: BTreeMap<String, String>,
    /// Task of a project (TACHE.IDTACHE) ⇒ product code.
    #[schemars(extend("examples" = [{"40": "MO-PROJET"}]))]
    pub by_task: BTreeMap<String, String>,
    /// What a maintenance contract of the client covers is not billed, or is billed as the contract's product. Needs `[gateway.contracts] query`.
    pub contracts: bool,
    /// In which order the product is looked for once no rule gives one.
    pub order: Vec<ProductSource>,
    /// What Gestan computes the price from; the fields that are written follow.
    pub by: BilledBy,
    /// The first rule that matches decides about each of billable and product, before anything else.
    #[schemars(extend("examples" = [{"when": {"category": "Garantie"}, "billable": false}]))]
    pub rules: Vec<BillingRule>,
}

impl Default for Billing {
    fn default() -> Self {
        Self {
            billable: Billable::default(),
            product: None,
            by_genre: BTreeMap::new(),
            by_task: BTreeMap::new(),
            contracts: false,
            order: vec![ProductSource::Contract, ProductSource::Task, ProductSource::Genre],
            by: BilledBy::default(),
            rules: Vec::new(),
        }
    }
}

impl Billing {
    /// Every product that the configuration names.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        let of_rules = self.rules.iter().filter_map(|rule| rule.product.as_ref());
        let listed = self.by_genre.values().chain(self.by_task.values());
        self.product.iter().chain(listed).chain(of_rules).map(String::as_str)
    }
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
    /// What Gestan's load (CHARGE_ESTIMEE) says.
    pub load: Load,
    /// The time of each step of a ticket with a project of Gestan becomes a CONSO of that project. GestSup knows the time of steps where its parameter "temps passé par élément de résolution" is on.
    pub to_conso: bool,
}

/// What the load of an intervention says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// The estimated time of the ticket.
    #[default]
    Estimate,
    /// What remains of it once the time spent is taken away.
    Remaining,
}

impl Default for TimeMapping {
    fn default() -> Self {
        Self {
            unit: TimeUnit::Minute,
            hours_per_day: 7,
            rounding: Rounding::Up,
            ignore_up_to_minutes: 1,
            ignore_estimate_minutes: 5,
            load: Load::Estimate,
            to_conso: false,
        }
    }
}

/// `[mapping.anomalies]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Anomalies {
    /// User code of who is responsible for every anomaly. Without it, the Gestan user behind the ticket's technician.
    #[schemars(example = &"PDU")]
    pub responsible: Option<String>,
    /// Type where no rule matches: a name of `[gateway.codes.anomaly_type]`. Without it, no type is written.
    #[schemars(example = &"logiciel")]
    pub default_type: Option<String>,
    /// The first rule that matches decides about the type.
    #[schemars(extend("examples" = [{"when": {"category": "Materiel"}, "type": "materiel"}]))]
    pub types: Vec<AnomalyTypeRule>,
    /// GestSup priority (name) ⇒ name of a priority in `[gateway.codes.anomaly_priority]`. One that is not listed is not sent.
    #[schemars(extend("examples" = [{"Urgent": "haute"}]))]
    pub priority: BTreeMap<String, String>,
    /// GestSup criticality (name) ⇒ name of one in `[gateway.codes.criticality]`. One that is not listed is not sent.
    #[schemars(extend("examples" = [{"Critique": "bloquante"}]))]
    pub criticality: BTreeMap<String, String>,
    /// What is written as external reference (REF_EXTERNE), at most 25 characters. Value: {number}.
    pub reference: String,
}

impl Default for Anomalies {
    fn default() -> Self {
        Self {
            responsible: None,
            default_type: None,
            types: Vec::new(),
            priority: BTreeMap::new(),
            criticality: BTreeMap::new(),
            reference: "GestSup {number}".to_owned(),
        }
    }
}

/// One of `[[mapping.anomalies.types]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalyTypeRule {
    /// The conditions.
    #[serde(default)]
    pub when: When,
    /// The type: a name of `[gateway.codes.anomaly_type]`.
    #[serde(rename = "type")]
    pub kind: String,
}
