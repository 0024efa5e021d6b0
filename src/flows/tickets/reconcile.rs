//! Where both sides differ, by kind: what a full pass would do, what waits for a person, links that
//! only Gestan knows; and in shadow mode, what people do by hand beside what would be written.

use super::cases::DELETED_IN_GESTAN;
use super::operation::{Operation, Verb};
use super::pass::{PassOptions, TicketsFlow};
use super::ports::{Attention, Outcome, Trouble};
use super::report::{PassReport, RecordReport};
use super::rewind::{OTHER_TICKET, RESTORED};
use crate::flows::PortError;
use crate::gestan::contract::ObjectRecord;
use crate::model::{Field, Fields};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio_util::sync::CancellationToken;

/// How both sides differ about a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// GestSup was restored and the ticket is not as it was.
    Restored,
    /// The number belongs to another ticket than the one its intervention was made for.
    OtherTicket,
    /// Somebody deleted the intervention.
    DeletedInGestan,
    /// Paragraphs of the connector are missing in Gestan.
    Overwritten,
    /// Somebody changed a field in Gestan.
    ChangedInGestan,
    /// An attributed ticket without an intervention.
    Missing,
    /// The ticket says something that Gestan does not hold yet.
    Behind,
    /// The ticket is gone from GestSup.
    Gone,
    /// The ticket waits for something, or was set aside.
    NotInStep,
    /// Gestan holds a link that the state does not know.
    UnknownLink,
    /// Shadow mode: people made an intervention for the ticket too.
    ByHand,
    /// Shadow mode: nobody made one.
    NotByHand,
}

impl DriftKind {
    /// In words, for a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Restored => "Changed by a restored GestSup base",
            Self::OtherTicket => "Numbers that belong to another ticket now",
            Self::DeletedInGestan => "Interventions deleted in Gestan",
            Self::Overwritten => "Paragraphs missing in Gestan",
            Self::ChangedInGestan => "Changed in Gestan",
            Self::Missing => "Tickets without an intervention",
            Self::Behind => "Not yet carried over",
            Self::Gone => "Gone from GestSup",
            Self::NotInStep => "Waiting or set aside",
            Self::UnknownLink => "Links that only Gestan knows",
            Self::ByHand => "Made by people too",
            Self::NotByHand => "Made by nobody",
        }
    }

    /// Whether `--fix` does something about it.
    pub fn is_mendable(self) -> bool {
        matches!(
            self,
            Self::Restored | Self::OtherTicket | Self::Overwritten | Self::Missing | Self::Behind | Self::Gone
        )
    }
}

/// One ticket about which both sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// How.
    pub kind: DriftKind,
    /// The ticket.
    pub ticket: i64,
    /// The intervention, where there is one.
    pub gestan_id: Option<i64>,
    /// The ticket's title.
    pub title: String,
    /// What differs, or what mending it would write.
    pub detail: String,
}

impl TicketsFlow<'_> {
    /// Where both sides differ now. Nothing is written.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn drifts(&self, run_id: &str, now: DateTime<Utc>) -> Result<Vec<Drift>, PortError> {
        let options = PassOptions { dry_run: true, full: true, settle: true, ..PassOptions::default() };
        let report = self.pass(&options, run_id, now, &CancellationToken::new()).await?;
        let attention = self.memory.attention().await?;
        let mut drifts: Vec<Drift> = report.records.iter().map(|record| drift(record, &attention)).collect();
        let told: HashSet<i64> = drifts.iter().map(|drift| drift.ticket).collect();
        drifts.extend(attention.values().filter(|known| !told.contains(&known.number)).map(set_aside));
        drifts.extend(self.unknown_links(&report).await?);
        drifts.sort_by_key(|drift| (drift.kind, drift.ticket));
        Ok(drifts)
    }

    /// Brings Gestan in line: a full pass that lets through what a restored base held back. A number that
    /// belongs to another ticket takes a second pass, in which that ticket gets its own intervention.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn mend(
        &self,
        allow_mass_change: bool,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
    ) -> Result<PassReport, PortError> {
        let others: Vec<i64> = self
            .memory
            .attention()
            .await?
            .into_values()
            .filter(|known| known.code == OTHER_TICKET)
            .map(|known| known.number)
            .collect();
        let options = PassOptions { full: true, settle: true, allow_mass_change, ..PassOptions::default() };
        let mut report = self.pass(&options, run_id, now, cancel).await?;
        let settled: HashSet<i64> = report
            .records
            .iter()
            .filter(|record| record.outcome == Some(Outcome::Done))
            .map(|record| record.ticket)
            .collect();
        let again: Vec<i64> = others.into_iter().filter(|number| settled.contains(number)).collect();
        if !again.is_empty() && !report.interrupted {
            let options = PassOptions { only: again, allow_mass_change, ..PassOptions::default() };
            let second = self.pass(&options, run_id, now, cancel).await?;
            report.records.extend(second.records);
            report.brake.extend(second.brake);
            report.interrupted |= second.interrupted;
        }
        Ok(report)
    }

    /// Links in Gestan that the state does not know and that no ticket of this pass takes over.
    async fn unknown_links(&self, report: &PassReport) -> Result<Vec<Drift>, PortError> {
        let known = self.memory.linked_numbers().await?;
        let planned: HashSet<i64> = report.records.iter().map(|record| record.ticket).collect();
        let unknown: BTreeMap<i64, ()> = self
            .gestan
            .linked(self.source_name)
            .await?
            .into_iter()
            .filter(|key| !known.contains_key(&key.number) && !planned.contains(&key.number))
            .map(|key| (key.number, ()))
            .collect();
        let detail = "Gestan holds an intervention under this number, the state does not know it: it was linked by another state, and the ticket is not to be sent (any more)";
        Ok(unknown
            .into_keys()
            .map(|ticket| Drift {
                kind: DriftKind::UnknownLink,
                ticket,
                gestan_id: None,
                title: String::new(),
                detail: detail.to_owned(),
            })
            .collect())
    }

    /// Shadow mode: what would have been written for each ticket, beside the intervention that people
    /// made for it.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn beside_people(&self, now: DateTime<Utc>) -> Result<Vec<Drift>, PortError> {
        let mut numbers: Vec<i64> = self.memory.linked_numbers().await?.into_keys().collect();
        numbers.sort_unstable();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let evidenced = self.evidence(&numbers, now).await?;
        let records: HashMap<i64, &ObjectRecord> = evidenced.records.iter().map(|record| (record.id, record)).collect();
        let mut best = HashMap::new();
        for pair in &evidenced.pairs {
            // The likeliest of a ticket comes first.
            best.entry(pair.ticket).or_insert(pair);
        }
        let mut drifts = Vec::new();
        for link in self.memory.links(&numbers).await? {
            let title = link.held.get(&Field::Title).map(ToString::to_string).unwrap_or_default();
            let pair = best.get(&link.number);
            let (kind, gestan_id, detail) = match pair.and_then(|pair| Some((pair, records.get(&pair.intervention)?))) {
                Some((pair, record)) => {
                    let sure = if pair.certain { "" } else { "perhaps; " };
                    let differences = differences(&link.held, &record.fields);
                    let differences = if differences.is_empty() { "both agree".to_owned() } else { differences };
                    (DriftKind::ByHand, Some(record.id), format!("{sure}{differences} ({})", pair.reasons()))
                }
                None => {
                    let status = link.held.get(&Field::Status).map(ToString::to_string).unwrap_or_default();
                    (
                        DriftKind::NotByHand,
                        None,
                        format!("would be {status}; no intervention that people made looks like it"),
                    )
                }
            };
            drifts.push(Drift { kind, ticket: link.number, gestan_id, title, detail });
        }
        drifts.sort_by_key(|drift| (drift.kind, drift.ticket));
        Ok(drifts)
    }
}

/// What people would want to compare.
fn differences(ours: &Fields, theirs: &Fields) -> String {
    [Field::Status, Field::Technician, Field::Team, Field::TimeSpent, Field::PlannedStart, Field::Product]
        .into_iter()
        .filter_map(|field| {
            let (ours, theirs) = (ours.get(&field)?, theirs.get(&field)?);
            let same = ours == theirs || (ours.is_nothing() && theirs.is_nothing());
            (!same).then(|| format!("{field}: {ours} here, {theirs} by hand"))
        })
        .collect::<Vec<_>>()
        .join("; ")
}

fn drift(record: &RecordReport, attention: &HashMap<i64, Attention>) -> Drift {
    let known = attention.get(&record.ticket).filter(|known| known.trouble == Trouble::Quarantined);
    let by_code = known.and_then(|known| kind_of_code(&known.code)).or_else(|| kind_of_code(&record.code));
    let kind = by_code.unwrap_or_else(|| match (&record.operation, record.outcome) {
        (Some(operation), _) => kind_of(operation),
        (None, Some(Outcome::Reported)) => DriftKind::ChangedInGestan,
        (None, _) => DriftKind::NotInStep,
    });
    let mut detail = record.message.clone();
    let remarks = record.operation.iter().flat_map(|operation| operation.remarks.iter().cloned());
    for remark in remarks {
        detail = format!("{detail}; {remark}");
    }
    Drift { kind, ticket: record.ticket, gestan_id: record.gestan_id, title: record.title.clone(), detail }
}

fn kind_of(operation: &Operation) -> DriftKind {
    match operation.verb {
        Verb::Create => DriftKind::Missing,
        Verb::Gone => DriftKind::Gone,
        _ if operation.entries.iter().any(|entry| entry.back) => DriftKind::Overwritten,
        _ => DriftKind::Behind,
    }
}

fn kind_of_code(code: &str) -> Option<DriftKind> {
    match code {
        RESTORED => Some(DriftKind::Restored),
        OTHER_TICKET => Some(DriftKind::OtherTicket),
        DELETED_IN_GESTAN => Some(DriftKind::DeletedInGestan),
        _ => None,
    }
}

fn set_aside(known: &Attention) -> Drift {
    Drift {
        kind: kind_of_code(&known.code).unwrap_or(DriftKind::NotInStep),
        ticket: known.number,
        gestan_id: None,
        title: String::new(),
        detail: known.reason.clone(),
    }
}
