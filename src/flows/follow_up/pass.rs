//! One pass of the follow-up: settle what was begun, look, plan, brake, write, remember.

use super::apply::Applier;
use super::people::Counterparts;
use super::plan::{Plan, Planner};
use super::ports::{Additions, Changes, Desk, DeskFacts, FollowMemory, Pen, Started, hash_of};
use super::read::{CHANGED, Found, SWEEP};
use super::report::{FollowRecord, FollowReport};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::flows::tickets::{BrakeReason, LinkPhase, MARKS, Marks, PassOptions, REWOUND, Snapshot, TicketsFlow};
use crate::model::{Label, Person, Ticket};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use tokio_util::sync::CancellationToken;

/// Since when the follow-up is on, in the state: links that were made before are looked at without telling anything.
pub const STARTED: &str = "follow_up.started";
/// The newest entry of the journal then, in the state: the machine's clock may be set back after.
const STARTED_ENTRY: &str = "follow_up.started_entry";

/// The follow-up flow of one site.
#[derive(Clone, Copy)]
pub struct FollowUpFlow<'a> {
    /// What both flows read, and the configuration.
    pub tickets: TicketsFlow<'a>,
    /// What tells that something was changed.
    pub changes: &'a dyn Changes,
    /// What documents are added to.
    pub additions: &'a dyn Additions,
    /// What is written to.
    pub desk: &'a dyn Desk,
    /// What is remembered.
    pub memory: &'a dyn FollowMemory,
    /// So many tickets that live are all looked at on every pass; of more, those that Gestan says were changed.
    pub every_pass: usize,
}

impl std::fmt::Debug for FollowUpFlow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowUpFlow").field("tickets", &self.tickets).finish_non_exhaustive()
    }
}

/// A ticket with its plan.
pub(super) struct Work {
    pub title: String,
    /// Hash of the link that the plan was made from.
    pub before: String,
    pub plan: Plan,
}

impl FollowUpFlow<'_> {
    /// Makes one pass.
    ///
    /// # Errors
    /// When a system as a whole does not answer; what went wrong with single tickets is in the report.
    pub async fn pass(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
    ) -> Result<FollowReport, PortError> {
        let begun = std::time::Instant::now();
        reached("follow-up: pass begun");
        let mut report = FollowReport {
            run_id: run_id.to_owned(),
            started_at: now,
            milliseconds: 0,
            dry_run: options.dry_run,
            looked_at: 0,
            changed: 0,
            records: Vec::new(),
            brake: Vec::new(),
            interrupted: false,
            held: self.held().await?,
            sweep: Default::default(),
        };
        if report.held.is_none() {
            self.go(options, run_id, now, cancel, &mut report).await?;
        }
        reached("follow-up: pass done");
        report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Why nothing is to be carried back now.
    async fn held(&self) -> Result<Option<String>, PortError> {
        let rewound = self.memory.value(REWOUND).await?.filter(|sentence| !sentence.is_empty());
        Ok(rewound.map(|sentence| format!("Nothing is carried back to GestSup: {sentence}")))
    }

    async fn go(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        report: &mut FollowReport,
    ) -> Result<(), PortError> {
        let mut pen = None;
        if !options.dry_run {
            self.recover(run_id, now, &mut pen, report).await?;
        }
        self.carry_back(options, run_id, now, cancel, &mut pen, report).await?;
        if report.held.is_none() && report.brake.is_empty() && !report.interrupted {
            self.bring_documents(options, run_id, now, cancel, &mut pen, report).await?;
        }
        Ok(())
    }

    /// What was changed of interventions and anomalies.
    async fn carry_back(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        pen: &mut Option<Box<dyn Pen>>,
        report: &mut FollowReport,
    ) -> Result<(), PortError> {
        let started = self.memory.value(STARTED).await?.and_then(|text| text.parse().ok());
        let entry = self.memory.value(STARTED_ENTRY).await?.and_then(|text| text.parse().ok());
        let started = match started {
            Some(at) => Started { at, entry },
            None => {
                let entry = self.memory.newest_entry().await?;
                if !options.dry_run {
                    self.memory.set_value(STARTED, &now.to_rfc3339()).await?;
                    self.memory.set_value(STARTED_ENTRY, &entry.to_string()).await?;
                }
                Started { at: now, entry: Some(entry) }
            }
        };
        let found = self.look(options, now).await?;
        (report.looked_at, report.changed, report.sweep) = (found.looked_at, found.changed.len(), found.sweep.clone());
        if !found.changed.is_empty() {
            let pen = self.pen(pen).await?;
            let facts = pen.facts().await?;
            let Some(works) = self.plans(&found, &facts, started, now, report).await? else {
                return Ok(());
            };
            report.brake = self.braked(&works, options).await?;
            if options.dry_run || !report.brake.is_empty() {
                report.records.extend(works.iter().flat_map(|work| forecast(work, &facts)));
                return Ok(());
            }
            let applier = Applier { flow: self, facts: &facts, known: &found.followings, run_id, now };
            report.interrupted = applier.apply(works, pen, &mut report.records, cancel).await?;
        }
        if !options.dry_run && options.only.is_empty() && !report.interrupted {
            let sweep = serde_json::to_string(&found.sweep).unwrap_or_default();
            self.memory.set_values(vec![(SWEEP, sweep), (CHANGED, now.to_rfc3339())]).await?;
        }
        Ok(())
    }

    /// The pen of this pass, connected when it is first needed.
    pub(super) async fn pen<'p>(&self, pen: &'p mut Option<Box<dyn Pen>>) -> Result<&'p mut dyn Pen, PortError> {
        if pen.is_none() {
            *pen = Some(self.desk.pen().await?);
        }
        match pen {
            Some(pen) => Ok(pen.as_mut()),
            None => Err(PortError {
                system: crate::flows::System::Gestsup,
                blast: crate::flows::Blast::System,
                retry_after: None,
                message: "GestSup cannot be written to".to_owned(),
            }),
        }
    }

    /// Plans what changed; `None` where GestSup turns out to have been restored.
    async fn plans(
        &self,
        found: &Found,
        facts: &DeskFacts,
        started: Started,
        now: DateTime<Utc>,
        report: &mut FollowReport,
    ) -> Result<Option<Vec<Work>>, PortError> {
        let mut snapshot = self.tickets.source.snapshot().await?;
        if let Some(sentence) = self.rewound(snapshot.as_mut()).await? {
            report.held = Some(format!("Nothing is carried back to GestSup: {sentence}"));
            return Ok(None);
        }
        let numbers: Vec<i64> = found.changed.iter().map(|(number, _)| *number).collect();
        let unknown: Vec<i64> = numbers
            .iter()
            .copied()
            .filter(|number| found.followings.get(number).is_none_or(|known| known.etag.is_empty()))
            .collect();
        let fresh: HashSet<(i64, i64)> = self.memory.made_since(&unknown, started).await?;
        let mut links: HashMap<i64, Vec<_>> = HashMap::new();
        for link in self.memory.links(&numbers).await? {
            links.entry(link.number).or_default().push(link);
        }
        let tickets: HashMap<i64, Ticket> = self
            .tickets
            .load(snapshot.as_mut(), &numbers)
            .await?
            .into_iter()
            .map(|ticket| (ticket.number, ticket))
            .collect();
        drop(snapshot);
        let directory = self.tickets.directory().await?;
        let config = self.tickets.config;
        let people = Counterparts::new(&facts.staff, &directory, &config.mapping.technicians);
        let of_tickets = self.tickets.planner(&directory, false, false, now);
        let planner = Planner { context: of_tickets.context, settings: &config.follow_up, facts, people: &people, now };
        let mut works = Vec::new();
        for (number, current) in &found.changed {
            let (Some(ticket), Some(links)) = (tickets.get(number), links.get(number)) else { continue };
            let Some(link) = links.last() else { continue };
            // Another ticket under the number, or another object under the key: the tickets flow tells.
            if of_tickets.is_another(ticket, links) || link.gestan_id != current.id {
                continue;
            }
            let known = found.followings.get(number);
            let known = known.filter(|known| known.sequence == link.sequence && !known.etag.is_empty());
            let fresh = known.is_none() && fresh.contains(&(*number, link.gestan_id));
            if let Some(plan) = planner.plan(ticket, links, current, known, fresh) {
                works.push(Work { title: ticket.title.clone(), before: hash_of(link), plan });
            }
        }
        Ok(Some(works))
    }

    /// Whether the base was restored since the tickets flow last looked: it will tell; nothing is written before.
    async fn rewound(&self, snapshot: &mut dyn Snapshot) -> Result<Option<String>, PortError> {
        let Some(before) = self.memory.value(MARKS).await?.and_then(|text| serde_json::from_str::<Marks>(&text).ok())
        else {
            return Ok(None);
        };
        let ids: Vec<i64> = before.newest.iter().map(|witness| witness.step).collect();
        let seen = snapshot.witnesses(&ids).await?;
        Ok(snapshot.marks().await?.rewound_since(&before, &seen, true))
    }

    async fn braked(&self, works: &[Work], options: &PassOptions) -> Result<Vec<BrakeReason>, PortError> {
        if options.allow_mass_change {
            return Ok(Vec::new());
        }
        let open = self.memory.linked_numbers().await?.values().filter(|phase| **phase == LinkPhase::Live).count();
        let planned = works.iter().filter(|work| work.plan.change.state.is_some()).count();
        let allowed = self.tickets.config.follow_up.brake.state.of(open);
        let reason = BrakeReason { kind: "state", planned, allowed };
        Ok((planned > allowed).then_some(reason).into_iter().collect())
    }
}

/// Names for the sentence of a change.
pub(super) fn names(facts: &DeskFacts) -> (impl Fn(i64) -> String + '_, impl Fn(i64) -> String + '_) {
    let state = |id| {
        let label = facts.states.iter().find(|label: &&Label| label.id == id);
        label.map_or_else(|| format!("n°{id}"), |label| label.name.clone())
    };
    let person = |id| {
        let person = facts.staff.iter().find(|person: &&Person| person.id == id);
        person.map_or_else(|| format!("n°{id}"), Person::display_name)
    };
    (state, person)
}

/// How a plan reads where nothing is carried out.
fn forecast(work: &Work, facts: &DeskFacts) -> Vec<FollowRecord> {
    let plan = &work.plan;
    let (state, person) = names(facts);
    let record = |outcome, code: &str, message: String, change| FollowRecord {
        ticket: plan.change.number,
        title: work.title.clone(),
        gestan_id: plan.link.gestan_id,
        outcome,
        code: code.to_owned(),
        message,
        change,
    };
    let written = (!plan.change.is_empty())
        .then(|| record(None, "follow", plan.change.sentence(state, person), Some(plan.change.clone())));
    let told = plan.remarks.iter().map(|remark| {
        record(Some(crate::flows::tickets::Outcome::Reported), &remark.code, remark.message.clone(), None)
    });
    written.into_iter().chain(told).collect()
}
