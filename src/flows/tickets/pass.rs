//! One pass of the tickets flow: look, plan, brake, write, remember.

use super::apply::{Applier, BATCH, Work};
use super::away::PLANNED_WITH;
use super::brake::{BrakeReason, Tally};
use super::cases::{Cases, Plan};
use super::operation::{Planned, Verdict};
use super::plan::Planner;
use super::ports::{CENSUS, Commit, Files, Interventions, Memory, Outcome, Snapshot, TicketSource};
use super::read::{Found, LAST_TICKET, PROJECTION, START_AT, find};
use super::remembered::Remembered;
use super::report::{PassReport, RecordReport, Records};
use super::rewind::{MARKS, REWOUND, concerns_restore};
use super::sweep::{COMPARISON, SWEEP, Sweep};
use crate::config::Config;
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::mapping::{Context, Directory};
use crate::model::Ticket;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::{SinkExt as _, Stream};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Tickets of a plan that is kept whole in memory.
const KEPT: usize = 400;

/// How a pass is to be made.
#[derive(Debug, Clone, Default)]
pub struct PassOptions {
    /// Plan and report; write nothing, on either side or in the state.
    pub dry_run: bool,
    /// Look at every ticket, old closed ones included.
    pub full: bool,
    /// These tickets only, whatever is remembered of them.
    pub only: Vec<i64>,
    /// Go on where the brake would stop the pass.
    pub allow_mass_change: bool,
    /// A person has seen what a restored base changed: tickets that were held back for it go through,
    /// and where a number belongs to another ticket now, the intervention of the one before is noted as
    /// gone.
    pub settle: bool,
}

/// The tickets flow of one site.
#[derive(Clone, Copy)]
pub struct TicketsFlow<'a> {
    /// Where tickets come from.
    pub source: &'a dyn TicketSource,
    /// Where interventions are.
    pub gestan: &'a dyn Interventions,
    /// What is remembered.
    pub memory: &'a dyn Memory,
    /// Where the files of tickets are; `None` where they are not sent.
    pub files: Option<&'a dyn Files>,
    /// The configuration.
    pub config: &'a Config,
    /// Name of the GestSup base in Gestan's links.
    pub source_name: &'a str,
    /// GestSup's zone.
    pub zone: Tz,
    /// Address of GestSup's pages.
    pub url: Option<&'a Url>,
}

impl std::fmt::Debug for TicketsFlow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketsFlow").field("source_name", &self.source_name).finish_non_exhaustive()
    }
}

impl TicketsFlow<'_> {
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
    ) -> Result<PassReport, PortError> {
        let begun = std::time::Instant::now();
        reached("daemon: pass begun");
        let projection = self.config.fingerprint_of_projection();
        if !options.dry_run {
            self.recover(run_id, now).await?;
        }
        let mut remembered = Remembered::load(self.memory, &self.config.tickets, self.zone, &projection, now).await?;
        self.regard_absences(&mut remembered).await?;
        let mut snapshot = self.source.snapshot().await?;
        let found = find(self, snapshot.as_mut(), &mut remembered, options, now).await?;
        let compared = self.compare(&mut remembered, options, now).await?;
        let mut report = PassReport {
            run_id: run_id.to_owned(),
            started_at: now,
            milliseconds: 0,
            dry_run: options.dry_run,
            full: options.full || remembered.last_ticket.is_none() || found.rewound.is_some(),
            tickets: found.tickets,
            looked_at: found.looked_at,
            read: found.candidates.len(),
            records: Vec::new(),
            unlisted: BTreeMap::new(),
            brake: Vec::new(),
            interrupted: false,
            rewound: found.rewound.clone(),
            sweep: found.sweep.clone(),
            compared: compared.looked_at,
            comparison: compared.cursor.clone(),
        };
        let planned = !found.candidates.is_empty() || !found.gone.is_empty() || !compared.differing.is_empty();
        if planned {
            let directory = self.directory().await?;
            let planner =
                self.planner(&directory, remembered.rewound || found.rewound.is_some(), !options.only.is_empty(), now);
            let cases = Cases {
                flow: self,
                planner: &planner,
                found: &found,
                compared: &compared,
                remembered: &remembered,
                options,
            };
            if !options.dry_run && self.config.tickets.start_at.is_none() && remembered.last_ticket.is_none() {
                // What is closed from now on is not history, whatever becomes of this pass.
                self.memory.set_value(START_AT, &remembered.start_at.to_rfc3339()).await?;
            }
            let applier = Applier { flow: self, planner: &planner, attention: &remembered.attention, run_id, now };
            self.carry_out(&cases, snapshot, &applier, &mut report, cancel).await?;
        }
        if !options.dry_run && report.brake.is_empty() && !report.interrupted {
            reached("daemon: before the cursors");
            self.remember(&found, &compared.cursor, &remembered, &projection, options, planned).await?;
            reached("daemon: after the cursors");
        }
        report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Plans, and carries the plan out unless the brake stops it. A small plan is made once; of a large
    /// one only a part at a time is in memory, so the brake counts it in a round of its own.
    async fn carry_out(
        &self,
        cases: &Cases<'_>,
        mut snapshot: Box<dyn Snapshot>,
        applier: &Applier<'_>,
        report: &mut PassReport,
        cancel: &CancellationToken,
    ) -> Result<(), PortError> {
        let options = cases.options;
        let mut tally = Tally::default();
        let mut records = Records::default();
        let mut plan = cases.begin(snapshot.as_mut()).await?;
        if options.dry_run || plan.rest() <= KEPT {
            let works = plan.all(snapshot.as_mut()).await?;
            drop(snapshot);
            works.iter().for_each(|work| tally.add(&work.planned));
            report.brake = self.braked(cases, &mut tally).await?;
            if options.dry_run || !report.brake.is_empty() {
                records.add(works.iter().flat_map(|work| forecast(&work.planned)).collect());
            } else {
                report.interrupted = applier.apply(in_parts(works), &mut records, cancel).await?;
            }
        } else {
            if !options.allow_mass_change {
                let mut forecasts = Vec::new();
                while let Some(works) = plan.next(snapshot.as_mut()).await? {
                    works.iter().for_each(|work| tally.add(&work.planned));
                    forecasts.extend(works.iter().flat_map(|work| forecast(&work.planned)));
                }
                report.brake = self.braked(cases, &mut tally).await?;
                if !report.brake.is_empty() {
                    records.add(forecasts);
                }
                plan = cases.begin(snapshot.as_mut()).await?;
            }
            if report.brake.is_empty() {
                report.interrupted = self.stream(plan, snapshot, applier, &mut records, cancel).await?;
            }
        }
        records.listed.sort_by_key(|record| record.ticket);
        (report.records, report.unlisted) = (records.listed, records.unlisted);
        Ok(())
    }

    /// What there is too much of. Before a pass is stopped for what it would create, Gestan is asked what of it is there.
    async fn braked(&self, cases: &Cases<'_>, tally: &mut Tally) -> Result<Vec<BrakeReason>, PortError> {
        if cases.options.allow_mass_change {
            return Ok(Vec::new());
        }
        let (open, brake) = (cases.remembered.open(), &self.config.tickets.brake);
        let reasons = tally.exceeded(open, brake);
        if !reasons.iter().any(|reason| reason.kind == "create") {
            return Ok(reasons);
        }
        let linked = self.gestan.linked(self.source_name).await?;
        tally.known(&linked.iter().map(|key| key.number).collect());
        Ok(tally.exceeded(open, brake))
    }

    /// Plans the next part while those before are being written.
    async fn stream(
        &self,
        mut plan: Plan<'_>,
        mut snapshot: Box<dyn Snapshot>,
        applier: &Applier<'_>,
        records: &mut Records,
        cancel: &CancellationToken,
    ) -> Result<bool, PortError> {
        let total = plan.rest();
        let (mut ready, parts) = futures::channel::mpsc::channel(0);
        let planning = async move {
            while let Some(part) = plan.next(snapshot.as_mut()).await.transpose() {
                // Nobody waits for it any more where a write failed, or the pass is to end.
                if ready.send(part).await.is_err() {
                    break;
                }
                tracing::info!(done = total - plan.rest(), total, "writing to Gestan");
            }
        };
        futures::join!(applier.apply(parts, records, cancel), planning).0
    }

    /// Whole tickets; steps that came from Gestan are known by their mark, and where GestSup has no place for one by
    /// what is remembered.
    pub(in crate::flows) async fn load(
        &self,
        snapshot: &mut dyn Snapshot,
        numbers: &[i64],
    ) -> Result<Vec<Ticket>, PortError> {
        let mut tickets = snapshot.load(numbers).await?;
        let own = self.memory.own_steps(numbers).await?;
        for ticket in tickets.iter_mut().filter(|_| !own.is_empty()) {
            let Some(own) = own.get(&ticket.number) else { continue };
            for step in ticket.steps.iter_mut().filter(|step| own.contains(&step.id)) {
                step.from_gestan.get_or_insert_default();
            }
        }
        Ok(tickets)
    }

    pub(in crate::flows) fn planner<'b>(
        &'b self,
        directory: &'b Directory,
        restored: bool,
        again: bool,
        now: DateTime<Utc>,
    ) -> Planner<'b> {
        Planner {
            context: Context {
                mapping: &self.config.mapping,
                directory,
                zone: self.zone,
                url: self.url,
                private_steps: self.config.tickets.private_steps,
                now,
            },
            source: self.source_name,
            unattributed: self.config.tickets.unattributed,
            now,
            restored,
            documents: self.files.map(|_| &self.config.documents),
            again,
        }
    }

    /// Gestan's catalogues, read once a pass and only where a ticket is to be planned.
    pub(in crate::flows) async fn directory(&self) -> Result<Directory, PortError> {
        let (clients, machines, users) =
            futures::try_join!(self.gestan.clients(), self.gestan.machines(), self.gestan.users())?;
        let known = self.memory.reference().await?;
        let mut directory =
            Directory::new(&clients, &machines, &users).with_links(known.clients, known.machines, known.users);
        directory = directory.with_projects(known.projects).with_absences(self.absences().await?);
        let billing = &self.config.mapping.billing;
        if billing.contracts {
            directory = directory.with_contracts(self.gestan.contracts().await?);
        }
        // Only rules that name a product need the catalogue.
        if billing.contracts || billing.products().next().is_some() {
            directory = directory.with_products(&self.gestan.products().await?);
        }
        Ok(directory)
    }

    async fn remember(
        &self,
        found: &Found,
        comparison: &Sweep,
        remembered: &Remembered,
        projection: &str,
        options: &PassOptions,
        planned: bool,
    ) -> Result<(), PortError> {
        let settled: Vec<Commit> = found
            .settled
            .iter()
            .map(|number| Commit { number: *number, attention: Some(None), clear_intents: true, ..Commit::default() })
            .collect();
        if !settled.is_empty() {
            self.memory.commit(settled).await?;
        }
        if !options.only.is_empty() {
            return Ok(());
        }
        // All in one commit: half of it would hide a restored base, or a changed mapping, for good.
        let mut values = Vec::new();
        if self.config.tickets.start_at.is_none() && remembered.last_ticket.is_none() {
            values.push((START_AT, remembered.start_at.to_rfc3339()));
        }
        let last = found.last_ticket.unwrap_or(0);
        if remembered.last_ticket != Some(last) {
            values.push((LAST_TICKET, last.to_string()));
        }
        // What was written since may have made it forget.
        if remembered.census != found.census || (planned && found.census.is_some()) {
            values.push((CENSUS, found.census.as_ref().map(json).unwrap_or_default()));
        }
        if remembered.marks.as_ref() != Some(&found.marks) {
            values.push((MARKS, json(&found.marks)));
        }
        if remembered.sweep != found.sweep {
            values.push((SWEEP, json(&found.sweep)));
        }
        if remembered.comparison != *comparison {
            values.push((COMPARISON, json(comparison)));
        }
        match &found.rewound {
            Some(sentence) => values.push((REWOUND, sentence.clone())),
            None if remembered.rewound && !self.memory.attention().await?.values().any(concerns_restore) => {
                values.push((REWOUND, String::new()));
            }
            None => {}
        }
        if remembered.projection_changed || remembered.last_ticket.is_none() {
            values.push((PROJECTION, projection.to_owned()));
        }
        values.extend(remembered.absences.clone().map(|text| (PLANNED_WITH, text)));
        if !values.is_empty() {
            self.memory.set_values(values).await?;
        }
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A plan that is in memory, a part at a time.
fn in_parts(works: Vec<Work>) -> impl Stream<Item = Result<Vec<Work>, PortError>> + Unpin {
    let mut works = works.into_iter();
    let part = move || Some(works.by_ref().take(BATCH).collect::<Vec<_>>()).filter(|part| !part.is_empty());
    futures::stream::iter(std::iter::from_fn(part).map(Ok))
}

/// How a plan reads where nothing is carried out.
fn forecast(planned: &Planned) -> Vec<RecordReport> {
    let record = |outcome, gestan_id: Option<i64>, code: &str, message: String, operation| RecordReport {
        ticket: planned.number,
        title: planned.title.clone(),
        gestan_id: gestan_id.filter(|id| *id > 0),
        outcome,
        code: code.to_owned(),
        message,
        operation,
    };
    let decided = match &planned.verdict {
        Verdict::NotOurs | Verdict::InStep(_) => None,
        Verdict::Write(write) => {
            let operation = &write.operation;
            let code = operation.verb.as_str();
            Some(record(None, operation.gestan_id, code, operation.sentence(), Some(Arc::clone(operation))))
        }
        Verdict::Report { link, code, message } => {
            Some(record(Some(Outcome::Reported), Some(link.gestan_id), code, message.clone(), None))
        }
        Verdict::Wait { code, reason } => Some(record(Some(Outcome::Waiting), None, code, reason.clone(), None)),
        Verdict::Quarantine { code, reason } => {
            Some(record(Some(Outcome::Quarantined), None, code, reason.clone(), None))
        }
    };
    let lacking = planned.lacking.as_ref();
    let lacking =
        lacking.map(|lacking| record(Some(Outcome::Waiting), None, lacking.code, lacking.reason.clone(), None));
    let names: Vec<&str> = planned.documents.iter().map(|document| document.name.as_str()).collect();
    let documents = (!names.is_empty())
        .then(|| record(None, None, "documents", format!("documents to be added: {}", names.join(", ")), None));
    decided.into_iter().chain(lacking).chain(documents).collect()
}
