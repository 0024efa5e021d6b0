//! One pass: settle what was begun, read Gestan's lists, brake, then kind by kind project, plan and write. What others
//! refer to comes first, so that its ids are known.

use super::brake::{Listed, reasons};
use super::households::Households;
use super::plan::{Planned, Planner};
use super::ports::{Catalogues, ReferenceCase, ReferenceLink, ReferenceMemory, Register, RegisterPen};
use super::record::{Field, Kind, Place, Projected, Row};
use super::report::ReferenceReport;
use super::survey::{SurveyLine, survey};
use super::{absences, project, projects};
use crate::config::Reference;
use crate::flows::PortError;
use crate::flows::tickets::{PassOptions, REWOUND};
use crate::model::{Absence, Client, Contact, Machine, Project, Task, User};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, HashMap, HashSet};
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
    /// `[reference]`
    pub settings: &'a Reference,
    /// GestSup's zone.
    pub zone: Tz,
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
    /// Links of the kinds that are done, by kind.
    links: HashMap<Kind, Vec<ReferenceLink>>,
    pub survey: Option<Vec<SurveyLine>>,
    residents: Residents,
}

/// Which company GestSup's people belong to.
#[derive(Default)]
struct Residents {
    company_of: HashMap<i64, i64>,
    /// Those of a company that are in use and no staff, oldest first.
    of: HashMap<i64, Vec<i64>>,
}

impl Residents {
    fn new(rows: &[Row]) -> Self {
        let mut this = Self::default();
        for row in rows {
            let Some(company) = row.get(Field::Company).parse().ok().filter(|company| *company != 0) else { continue };
            this.company_of.insert(row.id, company);
            if row.get(Field::Disabled) != "1" && ["1", "2"].contains(&row.get(Field::Profile)) {
                this.of.entry(company).or_default().push(row.id);
            }
        }
        this
    }
}

/// What Gestan holds.
#[derive(Default)]
pub(super) struct Lists {
    pub clients: Vec<Client>,
    pub contacts: Vec<Contact>,
    pub machines: Vec<Machine>,
    pub users: Vec<User>,
    pub projects: Vec<Project>,
    pub tasks: Vec<Task>,
    pub absences: Vec<Absence>,
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
            writes: 0,
            brake: Vec::new(),
            interrupted: false,
            held: None,
        };
        let cases = self.memory.reference_cases().await?;
        let cases = cases.into_iter().map(|case| ((case.kind, case.key.clone()), case)).collect();
        let mut pass = Pass {
            flow: *self,
            run_id,
            now,
            cancel,
            report,
            cases,
            imagined: 0,
            links: HashMap::new(),
            survey,
            residents: Residents::default(),
        };
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

    async fn lists(&self, now: DateTime<Utc>) -> Result<Lists, PortError> {
        let settings = self.settings;
        let mut lists = Lists::default();
        if settings.clients {
            lists.clients = self.gestan.all_clients().await?;
        }
        if settings.clients && settings.contacts {
            lists.contacts = self.gestan.all_contacts().await?;
        }
        if settings.clients && settings.equipment {
            lists.machines = self.gestan.all_machines().await?;
        }
        if settings.technicians || (settings.clients && settings.psp_contacts) {
            lists.users = self.gestan.all_users().await?;
        }
        if settings.projects {
            lists.projects = self.gestan.all_projects().await?;
            lists.tasks = self.gestan.all_tasks().await?;
        }
        if settings.technicians && settings.absences {
            let after = absences::horizon(now).with_timezone(&self.zone).date_naive();
            lists.absences = self.gestan.all_absences(after).await?;
        }
        Ok(lists)
    }

    /// The kinds that are synchronised.
    fn kinds(&self) -> impl Iterator<Item = Kind> + use<'a> {
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
        }
        let mut lists = self.flow.lists(self.now).await?;
        let households = Households::new(&lists.clients);
        for kind in Kind::ALL {
            let links = self.flow.memory.reference_links(kind).await?;
            self.links.insert(kind, links);
        }
        let listed = self.listed(&lists, &households).await?;
        if !options.allow_mass_change {
            for listed in &listed {
                self.report.brake.extend(reasons(listed, &self.links[&listed.kind], self.flow.settings.brake));
            }
            if !self.report.brake.is_empty() {
                return Ok(());
            }
        }
        self.psp_contacts(&mut lists, options.dry_run).await?;
        let households = Households::new(&lists.clients);
        for kind in self.flow.kinds().collect::<Vec<_>>() {
            // Old versions of GestSup have no such table.
            if matches!(kind, Kind::Project | Kind::Absence) && !pen.has(kind, Field::Name) {
                continue;
            }
            if matches!(kind, Kind::Owner | Kind::Equipment) {
                self.residents = Residents::new(&pen.rows(Place::People).await?);
            }
            let records = self.project(kind, &lists, &households);
            let rows = pen.rows(kind.place()).await?;
            let mut links = self.links.remove(&kind).unwrap_or_default();
            if kind == Kind::Absence {
                let over = absences::local(absences::horizon(self.now), self.flow.zone);
                // Gestan's list does not reach back to these: they are not gone.
                links.retain(|link| link.agreed.get(&Field::Ends).is_none_or(|ends| *ends >= over));
            }
            let plans = self.plan(kind, &records, &links, &rows, pen.as_ref());
            if let Some(lines) = &mut self.survey {
                let others = self.links.values().flatten().filter(|link| link.kind.place() == kind.place());
                lines.extend(survey(kind, &records, &links, &plans, &rows, &self.cases, others));
            }
            let links = if options.dry_run {
                self.imagine(kind, plans, links)
            } else {
                self.report.interrupted = self.apply(kind, plans, pen.as_mut()).await?;
                if self.report.interrupted {
                    return Ok(());
                }
                self.flow.memory.reference_links(kind).await?
            };
            self.links.insert(kind, links);
        }
        if !options.dry_run {
            if self.flow.kinds().any(|kind| kind == Kind::Absence) {
                self.remember_absences(&lists).await?;
            }
            for listed in &listed {
                self.flow.memory.set_reference_value(&count_name(listed.kind), &listed.length.to_string()).await?;
            }
        }
        Ok(())
    }

    /// What the brake has to know of each list.
    async fn listed(&mut self, lists: &Lists, households: &Households<'_>) -> Result<Vec<Listed>, PortError> {
        let mut listed = Vec::new();
        for kind in self.flow.kinds().filter(|kind| !matches!(kind, Kind::Owner | Kind::Absence)).collect::<Vec<_>>() {
            let (length, in_use): (usize, HashSet<String>) = match kind {
                Kind::Client => {
                    let used = households.leads.iter().filter(|(lead, _)| !lead.archived);
                    (lists.clients.len(), used.flat_map(|(_, members)| members).map(i64::to_string).collect())
                }
                Kind::Contact => {
                    let used = lists.contacts.iter().filter(|contact| !contact.archived);
                    (lists.contacts.len(), used.map(|contact| contact.id.to_string()).collect())
                }
                Kind::Equipment => {
                    let used = lists.machines.iter().filter(|machine| !machine.archived);
                    (lists.machines.len(), used.map(|machine| machine.id.to_string()).collect())
                }
                Kind::Project => {
                    let rows = projects::rows(&lists.projects, &lists.tasks);
                    let used = rows.iter().filter(|row| !row.is_archived());
                    (rows.len(), used.map(|row| row.key.clone()).collect())
                }
                _ => {
                    let used = lists.users.iter().filter(|user| !user.archived);
                    (lists.users.len(), used.map(|user| user.code.clone()).collect())
                }
            };
            self.report.listed.insert(kind, length);
            let before = self.flow.memory.reference_value(&count_name(kind)).await?;
            let before = before.and_then(|before| before.parse().ok()).unwrap_or(0);
            listed.push(Listed { kind, in_use, length, before });
        }
        Ok(listed)
    }

    /// Id in GestSup of a record.
    fn id_of(&self, kind: Kind) -> HashMap<&str, i64> {
        self.links.get(&kind).into_iter().flatten().map(|link| (link.key.as_str(), link.id)).collect()
    }

    fn project(&self, kind: Kind, lists: &Lists, households: &Households<'_>) -> Vec<Projected> {
        let settings = self.flow.settings;
        match kind {
            Kind::Technician => {
                let companies = self.id_of(Kind::Client);
                let own = lists.clients.iter().filter(|client| !client.archived);
                let own: HashMap<&str, i64> = own
                    .filter_map(|client| {
                        let lead = households.lead_of.get(&client.id)?.to_string();
                        Some((client.user.as_deref()?, *companies.get(lead.as_str())?))
                    })
                    .collect();
                let technician =
                    |user: &User| project::technician(settings, user, own.get(user.code.as_str()).copied());
                lists.users.iter().filter_map(technician).collect()
            }
            Kind::Client => households.leads.iter().map(|(lead, members)| project::client(lead, members)).collect(),
            Kind::Contact => {
                let companies = self.id_of(Kind::Client);
                let contact = |contact: &Contact| {
                    let lead = households.lead_of.get(&contact.id).map(i64::to_string).unwrap_or_default();
                    let company = companies.get(lead.as_str()).copied().ok_or_else(|| {
                        format!(
                            "its client, n°{lead} in Gestan, is not in GestSup: `reconcile --flow reference` says why"
                        )
                    });
                    project::contact(settings, contact, company)
                };
                lists.contacts.iter().map(contact).collect()
            }
            Kind::Owner => self.owners(lists, households),
            Kind::Project => projects::rows(&lists.projects, &lists.tasks),
            Kind::Absence => {
                let links = self.links.get(&kind).into_iter().flatten();
                let linked = links.map(|link| link.key.clone()).collect();
                self.events(lists, &self.id_of(Kind::Technician), &linked)
            }
            Kind::Equipment => {
                let sharing = project::sharing_serials(&lists.machines);
                let parc = self.id_of(Kind::Owner);
                let people = self.people(lists, households);
                let companies = self.id_of(Kind::Client);
                let machine = |machine: &Machine| {
                    let owner = self.owner(machine, households, &people, &parc);
                    let lead = machine.client.and_then(|client| households.lead_of.get(&client)).map(i64::to_string);
                    let company = lead.and_then(|lead| companies.get(lead.as_str()).copied());
                    project::machine(settings, machine, sharing.contains(&machine.id), owner, company)
                };
                lists.machines.iter().map(machine).collect()
            }
        }
    }

    /// Accounts of a client's people in use, by its number: contact persons (contact and account, oldest first), then
    /// people that GestSup alone knows (under no contact).
    fn people(&self, lists: &Lists, households: &Households<'_>) -> HashMap<i64, Vec<(i64, i64)>> {
        let accounts = self.id_of(Kind::Contact);
        let mut people: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
        for contact in lists.contacts.iter().filter(|contact| !contact.archived) {
            let account = accounts.get(contact.id.to_string().as_str());
            if let (Some(account), Some(lead)) = (account, households.lead_of.get(&contact.id)) {
                people.entry(*lead).or_default().push((contact.id, *account));
            }
        }
        people.values_mut().for_each(|accounts| accounts.sort_unstable());
        let parc: HashSet<i64> = self.links.get(&Kind::Owner).into_iter().flatten().map(|link| link.id).collect();
        let companies = self.id_of(Kind::Client);
        for (lead, _) in &households.leads {
            let company = companies.get(lead.id.to_string().as_str());
            let residents = company.and_then(|company| self.residents.of.get(company)).into_iter().flatten();
            let known = people.get(&lead.id).map(Vec::as_slice).unwrap_or_default();
            let known: HashSet<i64> = known.iter().map(|(_, account)| *account).collect();
            let more = residents.filter(|id| !parc.contains(id) && !known.contains(id)).map(|id| (0, *id));
            let more: Vec<(i64, i64)> = more.collect();
            if !more.is_empty() {
                people.entry(lead.id).or_default().extend(more);
            }
        }
        people
    }

    /// The rows that own equipment of clients without contact persons.
    fn owners(&self, lists: &Lists, households: &Households<'_>) -> Vec<Projected> {
        let (companies, made) = (self.id_of(Kind::Client), self.id_of(Kind::Owner));
        let people = self.people(lists, households);
        let in_use = lists.machines.iter().filter(|machine| !machine.archived);
        let owning: HashSet<i64> =
            in_use.filter_map(|machine| households.lead_of.get(&machine.client?).copied()).collect();
        let owner = |(lead, _): &(&Client, Vec<i64>)| {
            let needed = owning.contains(&lead.id) && !people.contains_key(&lead.id) && !lead.archived;
            let company = companies.get(lead.id.to_string().as_str())?;
            (needed || made.contains_key(lead.id.to_string().as_str())).then(|| project::owner(lead, *company, needed))
        };
        households.leads.iter().filter_map(owner).collect()
    }

    /// Whom a machine belongs to in GestSup: its contact, else the oldest contact person of the client, else the row
    /// that stands for all of them.
    fn owner(
        &self,
        machine: &Machine,
        households: &Households<'_>,
        people: &HashMap<i64, Vec<(i64, i64)>>,
        parc: &HashMap<&str, i64>,
    ) -> Result<i64, String> {
        let Some(client) = machine.client else { return Ok(0) };
        let lead = households.lead_of.get(&client).ok_or_else(|| {
            format!("its owner, n°{client} in Gestan, does not count as a client ([gateway.clients])")
        })?;
        let accounts = people.get(lead).map(Vec::as_slice).unwrap_or_default();
        let own = accounts.iter().find(|(contact, _)| *contact == client).or_else(|| accounts.first());
        own.map(|(_, account)| *account).or_else(|| parc.get(lead.to_string().as_str()).copied()).ok_or_else(|| {
            format!("its client, n°{lead} in Gestan, is not in GestSup: `reconcile --flow reference` says why")
        })
    }

    fn plan(
        &self,
        kind: Kind,
        records: &[Projected],
        links: &[ReferenceLink],
        rows: &[Row],
        pen: &dyn RegisterPen,
    ) -> Vec<Planned> {
        let others = self.links.values().flatten().filter(|link| link.kind.place() == kind.place());
        let of_kind = self.cases.iter().filter(|((of, _), _)| *of == kind);
        let cases = of_kind.map(|((_, key), case)| (key.clone(), case.clone())).collect();
        let planner = Planner {
            kind,
            settings: self.flow.settings,
            pen,
            cases: &cases,
            others: others.map(|link| link.id).collect(),
            company_of: &self.residents.company_of,
            now: self.now,
        };
        planner.plan(records, links, rows)
    }
}
