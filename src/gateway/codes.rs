//! Gestan's numeric codes, which are not the same in two installations: names outside, numbers inside.

use super::GatewayFault;
use crate::config;
use crate::model::Status;
use std::collections::BTreeMap;

/// The codes of one installation.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    lists: BTreeMap<List, BTreeMap<String, i64>>,
}

/// A list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Status,
    Genre,
    Priority,
    AnomalyStatus,
    AnomalyType,
    AnomalyPriority,
    Criticality,
}

impl List {
    pub(super) const ALL: [Self; 7] = [
        Self::Status,
        Self::Genre,
        Self::Priority,
        Self::AnomalyStatus,
        Self::AnomalyType,
        Self::AnomalyPriority,
        Self::Criticality,
    ];

    /// Its name in `[gateway.codes]`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Genre => "genre",
            Self::Priority => "priority",
            Self::AnomalyStatus => "anomaly_status",
            Self::AnomalyType => "anomaly_type",
            Self::AnomalyPriority => "anomaly_priority",
            Self::Criticality => "criticality",
        }
    }
}

/// How a code without a name reads.
const NAMELESS: &str = "code:";

impl Codes {
    pub(super) fn new(config: &config::Codes) -> Self {
        let statuses = |codes: &BTreeMap<Status, i64>| {
            codes.iter().map(|(status, code)| (status.as_str().to_owned(), *code)).collect()
        };
        let of = |list: List| match list {
            List::Status => statuses(&config.status),
            List::Genre => config.genre.clone(),
            List::Priority => config.priority.clone(),
            List::AnomalyStatus => statuses(&config.anomaly_status),
            List::AnomalyType => config.anomaly_type.clone(),
            List::AnomalyPriority => config.anomaly_priority.clone(),
            List::Criticality => config.criticality.clone(),
        };
        Self { lists: List::ALL.into_iter().map(|list| (list, of(list))).collect() }
    }

    fn list(&self, list: List) -> impl Iterator<Item = (&String, &i64)> {
        self.lists.get(&list).into_iter().flatten()
    }

    /// The number behind a name.
    pub(super) fn number(&self, list: List, name: &str) -> Result<i64, GatewayFault> {
        if let Some((_, number)) = self.list(list).find(|(known, _)| *known == name) {
            return Ok(*number);
        }
        // What was read without a name can be written back.
        if let Some(number) = name.strip_prefix(NAMELESS).and_then(|number| number.parse().ok()) {
            return Ok(number);
        }
        Err(GatewayFault::Invalid(format!(
            "{list} “{name}” has no number in Gestan: add it to [gateway.codes.{list}]; `gestan-connector gateway probe` shows the numbers in use",
            list = list.name()
        )))
    }

    /// The name of a number.
    pub(super) fn name(&self, list: List, number: i64) -> String {
        let known = self.list(list).find(|(_, known)| **known == number);
        known.map_or_else(|| format!("{NAMELESS}{number}"), |(name, _)| name.clone())
    }

    /// Whether a number has a name.
    pub(super) fn has(&self, list: List, number: i64) -> bool {
        self.list(list).any(|(_, known)| *known == number)
    }

    /// Names by list.
    pub(super) fn names(&self) -> BTreeMap<String, Vec<String>> {
        List::ALL
            .into_iter()
            .map(|list| (list.name().to_owned(), self.list(list).map(|(name, _)| name.clone()).collect()))
            .collect()
    }

    /// Statuses that the tickets flow needs and that have no number, as `<list>.<status>`.
    pub(super) fn missing(&self, list: List) -> Vec<String> {
        let needed = [Status::Planned, Status::InProgress, Status::Done, Status::ToBill, Status::Cancelled];
        let is_billed = |status: &Status| list == List::Status || *status != Status::ToBill;
        let lacks = |status: &Status| !self.list(list).any(|(name, _)| name == status.as_str());
        let missing = needed.into_iter().filter(is_billed).filter(lacks);
        missing.map(|status| format!("{}.{status}", list.name())).collect()
    }
}
