//! The records of a kind as GestSup is to show them, part after part.

use super::known::Known;
use super::lists::Lists;
use super::pass::Ground;
use super::people::People;
use super::project;
use super::projects;
use super::record::{Kind, Projected};
use super::spool::Pages;
use crate::config::Reference;
use crate::flows::PortError;
use crate::model::{Client, Contact, Machine, User};
use std::collections::{HashMap, HashSet};

/// What the records of a kind are made from.
pub(super) struct Source<'p> {
    kind: Kind,
    settings: &'p Reference,
    lists: &'p Lists,
    ground: &'p Ground,
    people: People,
    /// Clients that machines in use belong to.
    owning: HashSet<i64>,
}

/// A walk through the records of a kind.
pub(super) enum Walk<'p> {
    Clients(Pages<'p, Client>),
    Contacts(Pages<'p, Contact>),
    Machines(Pages<'p, Machine>),
    /// Kinds that are short.
    Rest(Option<Vec<Projected>>),
}

impl<'p> Source<'p> {
    pub(super) fn new(kind: Kind, settings: &'p Reference, lists: &'p Lists, ground: &'p Ground) -> Self {
        let (mut people, mut owning) = (People::default(), HashSet::new());
        if matches!(kind, Kind::Owner | Kind::Equipment) {
            let [companies, accounts] = [Kind::Client, Kind::Contact].map(|kind| ground.known(kind));
            people = People::new(lists, companies, accounts, &ground.residents);
            owning = lists.owning.iter().filter_map(|contact| lists.households.lead_of(*contact)).collect();
        }
        Self { kind, settings, lists, ground, people, owning }
    }

    /// Begins at the beginning.
    pub(super) fn walk(&self) -> Walk<'p> {
        let mirror = &self.lists.mirror;
        match self.kind {
            Kind::Client | Kind::Owner => Walk::Clients(mirror.clients.pages()),
            Kind::Contact => Walk::Contacts(mirror.contacts.pages()),
            Kind::Equipment => Walk::Machines(mirror.machines.pages()),
            Kind::Technician => Walk::Rest(Some(self.technicians())),
            Kind::Project => Walk::Rest(Some(projects::rows(&self.lists.projects, &self.lists.tasks))),
            Kind::Absence => Walk::Rest(Some(self.ground.events(self.settings, self.lists))),
        }
    }

    /// The next part; `None` after the last one.
    pub(super) fn next(&self, walk: &mut Walk<'p>) -> Result<Option<Vec<Projected>>, PortError> {
        Ok(match walk {
            Walk::Clients(pages) if self.kind == Kind::Owner => {
                pages.page()?.map(|page| page.iter().filter_map(|client| self.owner(client)).collect())
            }
            Walk::Clients(pages) => {
                pages.page()?.map(|page| page.iter().filter_map(|client| self.client(client)).collect())
            }
            Walk::Contacts(pages) => {
                pages.page()?.map(|page| page.iter().map(|contact| self.contact(contact)).collect())
            }
            Walk::Machines(pages) => {
                pages.page()?.map(|page| page.iter().map(|machine| self.machine(machine)).collect())
            }
            Walk::Rest(rest) => rest.take(),
        })
    }

    fn companies(&self) -> &Known {
        self.ground.known(Kind::Client)
    }

    fn client(&self, client: &Client) -> Option<Projected> {
        let households = &self.lists.households;
        households.lead(client.id).map(|lead| project::client(client, households.members(lead)))
    }

    fn contact(&self, contact: &Contact) -> Projected {
        let lead = self.lists.households.lead_of(contact.id);
        let company = lead.and_then(|lead| self.companies().id_of(lead)).ok_or_else(|| {
            let lead = lead.map(|lead| lead.to_string()).unwrap_or_default();
            format!("its client, n°{lead} in Gestan, is not in GestSup: `reconcile --flow reference` says why")
        });
        project::contact(self.settings, contact, company)
    }

    fn technicians(&self) -> Vec<Projected> {
        let own: HashMap<&str, i64> = self
            .lists
            .own
            .iter()
            .filter(|own| !own.archived)
            .filter_map(|own| {
                let lead = self.lists.households.lead_of(own.contact)?;
                Some((own.user.as_str(), self.companies().id_of(lead)?))
            })
            .collect();
        let technician = |user: &User| project::technician(self.settings, user, own.get(user.code.as_str()).copied());
        self.lists.users.iter().filter_map(technician).collect()
    }

    /// The row that owns the equipment of a client without contact persons.
    fn owner(&self, client: &Client) -> Option<Projected> {
        let lead = self.lists.households.lead(client.id)?;
        let needed = self.owning.contains(&lead.id) && !self.people.has(lead.id) && !lead.archived;
        let company = self.companies().id_of(lead.id)?;
        let made = self.ground.known(Kind::Owner).id_of(lead.id).is_some();
        (needed || made).then(|| project::owner(client, company, needed))
    }

    fn machine(&self, machine: &Machine) -> Projected {
        let lead = machine.client.and_then(|client| self.lists.households.lead_of(client));
        let company = lead.and_then(|lead| self.companies().id_of(lead));
        let shares = self.lists.sharing.contains(&machine.id);
        project::machine(self.settings, machine, shares, self.owner_of(machine, lead), company)
    }

    /// Whom a machine belongs to in GestSup: its contact, else the oldest contact person of the client, else the row
    /// that stands for all of them.
    fn owner_of(&self, machine: &Machine, lead: Option<i64>) -> Result<i64, String> {
        let Some(client) = machine.client else { return Ok(0) };
        let lead = lead.ok_or_else(|| {
            format!("its owner, n°{client} in Gestan, does not count as a client ([gateway.clients])")
        })?;
        let owner = self.people.owner(lead, client).or_else(|| self.ground.known(Kind::Owner).id_of(lead));
        owner.ok_or_else(|| {
            format!("its client, n°{lead} in Gestan, is not in GestSup: `reconcile --flow reference` says why")
        })
    }
}
