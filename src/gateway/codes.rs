//! Gestan's numeric codes, which are not the same in two installations: names outside, numbers inside.

use super::GatewayFault;
use crate::config;
use crate::model::Status;
use std::collections::BTreeMap;

/// The codes of one installation.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    status: BTreeMap<String, i64>,
    genre: BTreeMap<String, i64>,
    priority: BTreeMap<String, i64>,
}

/// A list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Status,
    Genre,
    Priority,
}

impl List {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Genre => "genre",
            Self::Priority => "priority",
        }
    }
}

/// How a code without a name reads.
const NAMELESS: &str = "code:";

impl Codes {
    pub(super) fn new(config: &config::Codes) -> Self {
        Self {
            status: config.status.iter().map(|(status, code)| (status.as_str().to_owned(), *code)).collect(),
            genre: config.genre.clone(),
            priority: config.priority.clone(),
        }
    }

    fn list(&self, list: List) -> &BTreeMap<String, i64> {
        match list {
            List::Status => &self.status,
            List::Genre => &self.genre,
            List::Priority => &self.priority,
        }
    }

    /// The number behind a name.
    pub(super) fn number(&self, list: List, name: &str) -> Result<i64, GatewayFault> {
        if let Some(number) = self.list(list).get(name) {
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
        let known = self.list(list).iter().find(|(_, known)| **known == number);
        known.map_or_else(|| format!("{NAMELESS}{number}"), |(name, _)| name.clone())
    }

    /// Names by list.
    pub(super) fn names(&self) -> BTreeMap<String, Vec<String>> {
        [List::Status, List::Genre, List::Priority]
            .into_iter()
            .map(|list| (list.name().to_owned(), self.list(list).keys().cloned().collect()))
            .collect()
    }

    /// Statuses that the tickets flow needs and that have no number.
    pub(super) fn missing(&self) -> Vec<String> {
        [Status::Planned, Status::InProgress, Status::Done, Status::ToBill, Status::Cancelled]
            .into_iter()
            .filter(|status| !self.status.contains_key(status.as_str()))
            .map(|status| format!("status.{status}"))
            .collect()
    }
}
