//! The money report: work that is to be billed and is not, work that is billed twice or with another time
//! than the ticket's, and the hours of each client on both sides.

use super::evidence::named;
use super::links::known_before;
use super::pass::TicketsFlow;
use super::ports::{Link, Scope};
use super::read::closed_states;
use super::remembered::Remembered;
use crate::config::Locale;
use crate::flows::PortError;
use crate::gestan::contract::ObjectRecord;
use crate::mapping::{Context, duration, project};
use crate::model::{Field, ObjectKind, Status, Ticket, Value};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Tickets that are read at a time.
const CHUNK: usize = 200;

/// What is wrong with the billing of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoneyKind {
    /// It is closed and billable, and nothing in Gestan says that it is to be billed.
    NotToBill,
    /// It is to be billed since more than the given days, and Gestan has not billed it.
    NotBilled,
    /// It is billed, or to be, more than once.
    Twice,
    /// Gestan bills another time than the ticket's.
    OtherTime,
}

impl MoneyKind {
    /// In words, for a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::NotToBill => "Billable tickets that Gestan would not bill",
            Self::NotBilled => "To be billed, and not billed yet",
            Self::Twice => "Billed twice",
            Self::OtherTime => "Billed with another time than the ticket's",
        }
    }
}

/// A ticket whose billing needs a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoneyFinding {
    /// What is wrong.
    pub kind: MoneyKind,
    /// The ticket.
    pub ticket: i64,
    /// Its interventions, those that people made beside included.
    pub interventions: Vec<i64>,
    /// Its title.
    pub title: String,
    /// Its client in GestSup.
    pub client: String,
    /// Minutes of the ticket.
    pub minutes: i64,
    /// Minutes that Gestan bills.
    pub gestan_minutes: i64,
    /// A sentence: what was found and what to do.
    pub detail: String,
}

/// Minutes of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClientHours {
    /// Name of the client in GestSup.
    pub client: String,
    /// Tickets that were counted.
    pub tickets: usize,
    /// Minutes of its closed tickets.
    pub gestsup_minutes: i64,
    /// Minutes of those that are billable.
    pub billable_minutes: i64,
    /// Minutes of their interventions in Gestan.
    pub gestan_minutes: i64,
    /// Minutes of those that are billed, or to be.
    pub billed_minutes: i64,
}

impl ClientHours {
    /// All clients together, without a name.
    pub fn total(clients: &[Self]) -> Self {
        clients.iter().fold(Self::default(), |sum, one| Self {
            client: sum.client,
            tickets: sum.tickets + one.tickets,
            gestsup_minutes: sum.gestsup_minutes + one.gestsup_minutes,
            billable_minutes: sum.billable_minutes + one.billable_minutes,
            gestan_minutes: sum.gestan_minutes + one.gestan_minutes,
            billed_minutes: sum.billed_minutes + one.billed_minutes,
        })
    }
}

/// The money report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MoneyReport {
    /// What needs a look, by kind then ticket.
    pub findings: Vec<MoneyFinding>,
    /// Hours by client, the widest apart first.
    pub clients: Vec<ClientHours>,
    /// Closed tickets that were looked at.
    pub tickets: usize,
}

/// What the report takes into account.
#[derive(Debug, Clone, Default)]
pub struct MoneyOptions {
    /// Tickets closed before this are left out.
    pub since: Option<DateTime<Utc>>,
    /// Days that an intervention may stay to be billed before it is listed.
    pub patience_days: i64,
}

/// Interventions of Gestan that concern one ticket.
#[derive(Debug, Default)]
struct Here<'a> {
    linked: Vec<&'a ObjectRecord>,
    by_hand: Vec<&'a ObjectRecord>,
}

impl TicketsFlow<'_> {
    /// Compares what closed tickets say is to be billed with what Gestan bills. Nothing is written.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn money(&self, options: &MoneyOptions, now: DateTime<Utc>) -> Result<MoneyReport, PortError> {
        let mut snapshot = self.source.snapshot().await?;
        let closed_states = closed_states(self.config);
        let start = Remembered::load(self.memory, &self.config.tickets, self.zone, "", now).await?.start_at;
        let since = options.since.map_or(start, |since| since.max(start));
        let sightings = snapshot.sweep(&Scope::Full).await?;
        let numbers: Vec<i64> = sightings
            .iter()
            .filter(|seen| closed_states.contains(&seen.state) && seen.closed_at.is_some_and(|closed| closed >= since))
            .map(|seen| seen.number)
            .collect();
        let links = self.memory.links(&numbers).await?;
        let mut by_ticket: HashMap<i64, Vec<Link>> = HashMap::new();
        for link in links {
            by_ticket.entry(link.number).or_default().push(link);
        }
        let directory = self.directory().await?;
        let context = self.planner(&directory, false, false, now).context;
        // An intervention may have been made long before its ticket was closed.
        let records = self.gestan.records(Some(since - Duration::days(400))).await?;
        let time = &self.config.mapping.time;
        let minutes_per_unit = time.unit.minutes(time.hours_per_day);
        let mut linked: HashMap<i64, Vec<&ObjectRecord>> = HashMap::new();
        for record in &records {
            if let Some(key) = record.ticket.as_ref().filter(|key| key.source == self.source_name) {
                linked.entry(key.number).or_default().push(record);
            }
        }
        let by_hand = beside(&records);
        let mut report = MoneyReport::default();
        let mut clients: BTreeMap<String, ClientHours> = BTreeMap::new();
        for chunk in numbers.chunks(CHUNK) {
            let tickets = snapshot.load(chunk).await?;
            for ticket in &tickets {
                let links = by_ticket.get(&ticket.number).map_or(&[][..], Vec::as_slice);
                if links.last().is_some_and(|link| link.kind == ObjectKind::Anomaly) {
                    continue;
                }
                report.tickets += 1;
                let here = Here {
                    linked: linked.remove(&ticket.number).unwrap_or_default(),
                    by_hand: by_hand.get(&ticket.number).cloned().unwrap_or_default(),
                };
                let case = Case { ticket, links, here: &here, minutes_per_unit, locale: self.config.mapping.locale };
                case.count(&context, &mut clients);
                report.findings.extend(case.findings(&context, options, now));
            }
        }
        report.findings.sort_by_key(|finding| (finding.kind, finding.ticket));
        report.clients = clients.into_values().collect();
        report.clients.sort_by_key(|hours| std::cmp::Reverse((hours.billable_minutes - hours.billed_minutes).abs()));
        Ok(report)
    }
}

/// Interventions that people made beside the connector's, by the ticket that their text names.
fn beside(records: &[ObjectRecord]) -> HashMap<i64, Vec<&ObjectRecord>> {
    let mut found: HashMap<i64, Vec<&ObjectRecord>> = HashMap::new();
    for record in records.iter().filter(|record| record.ticket.is_none()) {
        let title = record.fields.get(&Field::Title).and_then(Value::as_text).unwrap_or_default();
        let numbers: BTreeSet<i64> = named(title).into_iter().chain(named(&record.memo)).collect();
        // A text that names many tickets is about none of them.
        if let [number] = numbers.into_iter().collect::<Vec<_>>()[..] {
            found.entry(number).or_default().push(record);
        }
    }
    found
}

fn status(record: &ObjectRecord) -> Option<Status> {
    record.fields.get(&Field::Status).and_then(Value::as_status)
}

fn is_billed(record: &ObjectRecord) -> bool {
    matches!(status(record), Some(Status::ToBill | Status::Billed))
}

/// One closed ticket.
struct Case<'a> {
    ticket: &'a Ticket,
    links: &'a [Link],
    here: &'a Here<'a>,
    minutes_per_unit: i64,
    locale: Locale,
}

impl Case<'_> {
    fn minutes_of(&self, record: &ObjectRecord) -> i64 {
        record.fields.get(&Field::TimeSpent).and_then(Value::as_number).unwrap_or(0) * self.minutes_per_unit
    }

    fn client(&self) -> String {
        self.ticket.client().map_or_else(|| "(no client)".to_owned(), |client| client.name.clone())
    }

    /// What the rules say is to become of it, and its minutes that count.
    fn wanted(&self, context: &Context<'_>) -> (Option<Status>, i64) {
        match project(self.ticket, &known_before(self.links), context) {
            Ok(projection) => (Some(projection.status), projection.minutes),
            Err(_) => (None, self.ticket.minutes_spent),
        }
    }

    fn count(&self, context: &Context<'_>, clients: &mut BTreeMap<String, ClientHours>) {
        let (status, minutes) = self.wanted(context);
        let hours = clients.entry(self.client()).or_insert_with(|| ClientHours {
            client: self.client(),
            tickets: 0,
            gestsup_minutes: 0,
            billable_minutes: 0,
            gestan_minutes: 0,
            billed_minutes: 0,
        });
        let all = || self.here.linked.iter().chain(&self.here.by_hand);
        hours.tickets += 1;
        hours.gestsup_minutes += minutes;
        hours.billable_minutes += if status == Some(Status::ToBill) { minutes } else { 0 };
        hours.gestan_minutes += all().map(|record| self.minutes_of(record)).sum::<i64>();
        hours.billed_minutes +=
            all().filter(|record| is_billed(record)).map(|record| self.minutes_of(record)).sum::<i64>();
    }

    fn findings(&self, context: &Context<'_>, options: &MoneyOptions, now: DateTime<Utc>) -> Vec<MoneyFinding> {
        let (wanted, minutes) = self.wanted(context);
        let billed: Vec<&ObjectRecord> =
            self.here.linked.iter().chain(&self.here.by_hand).copied().filter(|record| is_billed(record)).collect();
        let gestan_minutes: i64 = billed.iter().map(|record| self.minutes_of(record)).sum();
        let ids = |records: &[&ObjectRecord]| records.iter().map(|record| record.id).collect::<Vec<i64>>();
        let finding = |kind, interventions: Vec<i64>, detail: String| MoneyFinding {
            kind,
            ticket: self.ticket.number,
            interventions,
            title: self.ticket.title.clone(),
            client: self.client(),
            minutes,
            gestan_minutes,
            detail,
        };
        let mut findings = Vec::new();
        if billed.is_empty() {
            if wanted == Some(Status::ToBill) {
                let detail = match self.here.linked.last() {
                    Some(record) => format!(
                        "Its intervention is {} in Gestan: set it to be billed there, or run `gestan-connector show {}` to see why.",
                        status(record).map_or("in an unknown status", Status::as_str),
                        self.ticket.number
                    ),
                    None => format!("It has no intervention: `gestan-connector show {}` says why.", self.ticket.number),
                };
                findings.push(finding(MoneyKind::NotToBill, ids(&self.here.linked), detail));
            }
            return findings;
        }
        let by_hand = billed.iter().any(|record| record.ticket.is_none());
        let tolerance = self.minutes_per_unit * i64::try_from(billed.len()).unwrap_or(1);
        if billed.len() > 1 && (by_hand || gestan_minutes >= minutes + tolerance) {
            let detail = if by_hand {
                "Somebody made an intervention of their own for it: bill one of them only."
            } else {
                "Its interventions carry more time together than the ticket: check them before they are billed."
            };
            findings.push(finding(MoneyKind::Twice, ids(&billed), detail.to_owned()));
        } else if (gestan_minutes - minutes).abs() >= tolerance.max(1) {
            let detail = format!(
                "The ticket says {} and Gestan {}, in units of {} min: one of both was changed after the other.",
                duration(minutes, self.locale),
                duration(gestan_minutes, self.locale),
                self.minutes_per_unit
            );
            findings.push(finding(MoneyKind::OtherTime, ids(&billed), detail));
        }
        let closed = self.ticket.closed_at().unwrap_or(now);
        let waiting: Vec<&ObjectRecord> =
            billed.iter().copied().filter(|record| status(record) == Some(Status::ToBill)).collect();
        if !waiting.is_empty() && now - closed > Duration::days(options.patience_days) {
            let detail = format!("To be billed since {} days.", (now - closed).num_days());
            findings.push(finding(MoneyKind::NotBilled, ids(&waiting), detail));
        }
        findings
    }
}
