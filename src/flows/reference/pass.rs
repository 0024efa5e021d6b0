//! One pass: settle what was begun, read Gestan's lists, brake, then kind by kind project, plan and write. What others
//! refer to comes first, so that its ids are known.

use super::brake::{Listed, reasons};
use super::known::{Key, Known};
use super::lists::{Lists, Mirror};
use super::people::Residents;
use super::ports::{Catalogues, KnownLink, ReferenceCase, ReferenceMemory, Register, RegisterPen};
use super::projects;
use super::record::{Field, Kind};
use super::report::ReferenceReport;
use super::survey::SurveyLine;
use super::work::Imagined;
use crate::config::Reference;
use crate::flows::PortError;
use crate::flows::tickets::{PassOptions, REWOUND};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The reference flow of one site.
#[derive(Clone, Copy)]
pub struct ReferenceFlow<'a> {
    /// What is read.
    pub gestan: &'a dyn Catalogues,
    /// What is written to.
    pub gestsup: &'a dyn Register,
    /// What is remembered.
    pub memory: &'a dyn ReferenceMemory,
    /// GestSup's name.
    pub source: &'a str,
    /// `[reference]`
    pub settings: &'a Reference,
    /// GestSup's zone.
    pub zone: Tz,
    /// Gestan's long lists, kept from pass to pass.
    pub mirror: &'a Mutex<Option<Mirror>>,
    /// Where they lie, in files without a name.
    pub scratch: &'a Path,
    /// Told how far a long pass is: kind, done, of how many.
    pub progress: Option<&'a (dyn Fn(Kind, usize, usize) + Sync)>,
}

impl std::fmt::Debug for ReferenceFlow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceFlow").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A pass under way.
pub(super) struct Pass<'a> {
    pub flow: ReferenceFlow<'a>,
    pub run_id: &'a str,
    pub now: DateTime<Utc>,
    pub cancel: &'a CancellationToken,
    pub report: ReferenceReport,
    pub cases: HashMap<(Kind, String), ReferenceCase>,
    /// The last id that a row was only imagined under.
    pub imagined: i64,
    pub survey: Option<Vec<SurveyLine>>,
    /// Why Gestan's base keeps no links.
    pub book: Option<String>,
}

/// What records of one kind need to know of others.
pub(super) struct Ground {
    known: BTreeMap<Kind, Known>,
    none: Known,
    pub residents: Residents,
    pub now: DateTime<Utc>,
    pub zone: Tz,
}

impl Ground {
    /// The links of a kind.
    pub(super) fn known(&self, kind: Kind) -> &Known {
        self.known.get(&kind).unwrap_or(&self.none)
    }

    pub(super) fn set(&mut self, kind: Kind, links: Vec<KnownLink>) {
        self.known.insert(kind, Known::new(links));
    }

    pub(super) fn imagine(&mut self, kind: Kind, imagined: Imagined) {
        self.known.entry(kind).or_default().imagine(&imagined.gone, imagined.links);
    }

    /// Rows of the table of a kind that are records of other kinds.
    pub(super) fn of_other_kinds(&self, kind: Kind) -> impl Iterator<Item = i64> {
        let others = self.known.iter().filter(move |(other, _)| **other != kind && other.place() == kind.place());
        others.flat_map(|(_, known)| known.all().iter().map(|link| link.id))
    }
}

fn count_name(kind: Kind) -> String {
    format!("reference.count.{kind}")
}

impl<'a> ReferenceFlow<'a> {
    /// Makes one pass.
    ///
    /// # Errors
    /// When a system as a whole does not answer; what went wrong with single records is in the report.
    pub async fn pass(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
    ) -> Result<ReferenceReport, PortError> {
        Ok(self.run(options, run_id, now, cancel, None).await?.report)
    }

    /// Looks without writing: what is linked and by which evidence, what would be made, what is unclear, and what only
    /// GestSup has.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn survey(&self, run_id: &str, now: DateTime<Utc>) -> Result<Vec<SurveyLine>, PortError> {
        let options = PassOptions { dry_run: true, allow_mass_change: true, ..PassOptions::default() };
        let cancel = CancellationToken::new();
        let pass = self.run(&options, run_id, now, &cancel, Some(Vec::new())).await?;
        Ok(pass.survey.unwrap_or_default())
    }

    async fn run<'p>(
        &self,
        options: &PassOptions,
        run_id: &'p str,
        now: DateTime<Utc>,
        cancel: &'p CancellationToken,
        survey: Option<Vec<SurveyLine>>,
    ) -> Result<Pass<'p>, PortError>
    where
        'a: 'p,
    {
        let begun = std::time::Instant::now();
        let report = ReferenceReport {
            run_id: run_id.to_owned(),
            started_at: now,
            milliseconds: 0,
            dry_run: options.dry_run,
            listed: BTreeMap::new(),
            records: Vec::new(),
            more: 0,
            outcomes: BTreeMap::new(),
            writes: 0,
            brake: Vec::new(),
            interrupted: false,
            held: None,
        };
        let cases = self.memory.reference_cases().await?;
        let cases = cases.into_iter().map(|case| ((case.kind, case.key.clone()), case)).collect();
        let mut pass = Pass { flow: *self, run_id, now, cancel, report, cases, imagined: 0, survey, book: None };
        let rewound = self.memory.reference_value(REWOUND).await?.filter(|sentence| !sentence.is_empty());
        match rewound {
            Some(sentence) if !options.dry_run => {
                pass.report.held =
                    Some(format!("Nothing of Gestan's reference data is written to GestSup: {sentence}"));
            }
            _ => pass.go(options).await?,
        }
        pass.report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(pass)
    }

    /// The kinds that are synchronised.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> + use<'a> {
        let settings = self.settings;
        let on = move |kind: &Kind| match kind {
            Kind::Technician => settings.technicians,
            Kind::Client => settings.clients,
            Kind::Contact => settings.clients && settings.contacts,
            Kind::Owner | Kind::Equipment => settings.clients && settings.equipment,
            Kind::Project => settings.projects,
            Kind::Absence => settings.technicians && settings.absences,
        };
        Kind::ALL.into_iter().filter(on)
    }
}

impl Pass<'_> {
    pub(super) fn progress(&self, kind: Kind, done: usize, total: usize) {
        if let Some(progress) = self.flow.progress {
            progress(kind, done, total);
        }
    }

    async fn go(&mut self, options: &PassOptions) -> Result<(), PortError> {
        let mut pen = self.flow.gestsup.register().await?;
        if !options.dry_run {
            self.recover(pen.as_mut()).await?;
            self.learn(pen.as_mut()).await?;
        }
        let mut lists = self.flow.lists(self.now).await?;
        self.follow(&mut lists, pen.as_mut(), options).await?;
        self.flow.keep(lists.mirror).await;
        Ok(())
    }

    async fn follow(
        &mut self,
        lists: &mut Lists,
        pen: &mut dyn RegisterPen,
        options: &PassOptions,
    ) -> Result<(), PortError> {
        let mut ground = Ground {
            known: BTreeMap::new(),
            none: Known::default(),
            residents: Residents::default(),
            now: self.now,
            zone: self.flow.zone,
        };
        for kind in Kind::ALL {
            ground.set(kind, self.flow.memory.known_reference_links(kind).await?);
        }
        let listed = self.listed(lists, &ground).await?;
        if !options.allow_mass_change {
            for listed in &listed {
                self.report.brake.extend(reasons(listed, self.flow.settings.brake));
            }
            if !self.report.brake.is_empty() {
                return Ok(());
            }
        }
        self.psp_contacts(lists, options.dry_run).await?;
        for kind in self.flow.kinds().collect::<Vec<_>>() {
            // Old versions of GestSup have no such table.
            if matches!(kind, Kind::Project | Kind::Absence) && !pen.has(kind, Field::Name) {
                continue;
            }
            if matches!(kind, Kind::Owner | Kind::Equipment) {
                ground.residents = Residents::read(pen, ground.known(Kind::Owner)).await?;
            }
            self.report.interrupted = self.synchronise(kind, lists, &mut ground, pen, options.dry_run).await?;
            if self.report.interrupted {
                return Ok(());
            }
            if !options.dry_run {
                self.record_links(kind).await?;
            }
        }
        self.tell_of_book();
        if !options.dry_run {
            if self.flow.kinds().any(|kind| kind == Kind::Absence) {
                self.remember_absences(lists).await?;
            }
            for listed in &listed {
                self.flow.memory.set_reference_value(&count_name(listed.kind), &listed.length.to_string()).await?;
            }
        }
        Ok(())
    }

    /// What the brake has to know of each list.
    async fn listed(&mut self, lists: &Lists, ground: &Ground) -> Result<Vec<Listed>, PortError> {
        let keys = |numbers: &[i64]| numbers.iter().map(|number| Key::number(*number)).collect::<HashSet<Key>>();
        let mut listed = Vec::new();
        for kind in self.flow.kinds().filter(|kind| !matches!(kind, Kind::Owner | Kind::Absence)).collect::<Vec<_>>() {
            let (length, in_use) = match kind {
                Kind::Client => {
                    let households = &lists.households;
                    let used = households.leads().iter().filter(|lead| !lead.archived);
                    let used = used.flat_map(|lead| households.members(lead));
                    (lists.members.len(), used.map(|member| Key::number(*member)).collect())
                }
                Kind::Contact => (lists.persons_listed, keys(&lists.persons)),
                Kind::Equipment => (lists.machines_listed, keys(&lists.machines)),
                Kind::Project => {
                    let rows = projects::rows(&lists.projects, &lists.tasks);
                    let used = rows.iter().filter(|row| !row.is_archived());
                    (rows.len(), used.map(|row| Key::new(&row.key)).collect())
                }
                _ => {
                    let used = lists.users.iter().filter(|user| !user.archived);
                    (lists.users.len(), used.map(|user| Key::new(&user.code)).collect())
                }
            };
            self.report.listed.insert(kind, length);
            let linked = ground.known(kind).all().iter().filter(|link| link.enabled);
            let disabled = linked.clone().filter(|link| !in_use.contains(&link.key)).count();
            let before = self.flow.memory.reference_value(&count_name(kind)).await?;
            let before = before.and_then(|before| before.parse().ok()).unwrap_or(0);
            listed.push(Listed { kind, linked: linked.count(), disabled, length, before });
        }
        Ok(listed)
    }
}
