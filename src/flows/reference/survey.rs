//! Every record and row with what the connector takes it for: what `reconcile --flow reference` shows.

use super::plan::Planned;
use super::ports::{Decision, ReferenceCase, ReferenceLink};
use super::record::{Field, Kind, Row};
use super::scene::Work;
use serde::Serialize;
use std::collections::HashMap;

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A person must decide.
    Unclear,
    /// Found in GestSup: the next pass links it.
    ToLink,
    /// Not found: the next pass makes it.
    ToCreate,
    /// It waits for another record.
    Waiting,
    /// Linked.
    Linked,
    /// Decided: not synchronised.
    Ignored,
    /// GestSup alone has it: it is left as it is.
    OnlyInGestsup,
}

impl Standing {
    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::ToLink => "to be linked",
            Self::ToCreate => "to be made",
            Self::Waiting => "waits",
            Self::Linked => "linked",
            Self::Ignored => "ignored",
            Self::OnlyInGestsup => "only in GestSup",
        }
    }
}

/// One record or row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyLine {
    /// What it is.
    pub kind: Kind,
    /// How it stands.
    pub standing: Standing,
    /// What Gestan knows it by; empty for a row that only GestSup has.
    pub key: String,
    /// Ids in GestSup; several where it is unclear.
    pub gestsup: Vec<i64>,
    /// How people call it.
    pub name: String,
    /// The evidence, or the reason.
    pub detail: String,
}

/// The lines of records; `links` by their ids in GestSup.
pub(super) fn survey(
    works: &[Work],
    links: &HashMap<i64, ReferenceLink>,
    plans: &[Planned],
    cases: &HashMap<(Kind, String), ReferenceCase>,
    kind: Kind,
) -> Vec<SurveyLine> {
    let planned: HashMap<&str, &Planned> = plans.iter().map(|plan| (plan.key.as_str(), plan)).collect();
    let mut lines = Vec::new();
    for work in works {
        let record = &work.record;
        let plan = planned.get(record.key.as_str());
        let known = cases.get(&(kind, record.key.clone()));
        let case = plan.and_then(|plan| plan.case.as_ref()).or(known.filter(|case| case.decision.is_none()));
        let known_link = work.row.and_then(|row| links.get(&row));
        let link = plan.and_then(|plan| plan.link.as_ref()).or(known_link);
        let (standing, gestsup, detail) = if known.is_some_and(|case| case.decision == Some(Decision::Ignore)) {
            (Standing::Ignored, Vec::new(), String::new())
        } else if let Some(case) = case.filter(|_| plan.is_none_or(|plan| !plan.settled)) {
            (Standing::Unclear, case.candidates.clone(), case.reason.clone())
        } else if let Some((_, reason)) = plan.and_then(|plan| plan.waits.as_ref()) {
            (Standing::Waiting, Vec::new(), reason.clone())
        } else if let Some(link) = link {
            match (link.id, plan.map_or("", |plan| plan.code)) {
                (0, _) => (Standing::ToCreate, Vec::new(), String::new()),
                (id, "reference-link") => (Standing::ToLink, vec![id], link.evidence.clone()),
                // A row that needs no change is linked all the same.
                (id, _) if !links.contains_key(&id) => (Standing::ToLink, vec![id], link.evidence.clone()),
                (id, _) => (Standing::Linked, vec![id], link.evidence.clone()),
            }
        } else {
            continue;
        };
        lines.push(SurveyLine { kind, standing, key: record.key.clone(), gestsup, name: record.name.clone(), detail });
    }
    lines
}

/// The line of a row that is no record of Gestan; `None` where it is of another kind.
pub(super) fn alone(kind: Kind, row: &Row) -> Option<SurveyLine> {
    let is_of_kind = match kind {
        Kind::Client | Kind::Equipment | Kind::Project => true,
        Kind::Contact => ["1", "2"].contains(&row.get(Field::Profile)),
        Kind::Technician => ["0", "3", "4"].contains(&row.get(Field::Profile)),
        Kind::Owner | Kind::Absence => false,
    };
    is_of_kind.then(|| SurveyLine {
        kind,
        standing: Standing::OnlyInGestsup,
        key: String::new(),
        gestsup: vec![row.id],
        name: row.name(),
        detail: String::new(),
    })
}
