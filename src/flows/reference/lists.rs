//! What Gestan holds: long lists in files, short ones in memory, and of the long ones the few numbers that records of other
//! kinds depend on.

use super::absences;
use super::households::{Households, Member};
use super::known::print_of;
use super::matching::serial_key;
use super::pass::ReferenceFlow;
use super::ports::{Asked, Catalogues};
use super::spool::{Numbered, Spool};
use crate::flows::PortError;
use crate::gestan::contract::Page;
use crate::model::{Absence, Client, Contact, Machine, Project, Task, User};
use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;

/// Hours before the last look from which changes are asked for: Gestan stores local times, of which an hour comes twice a
/// year, and clocks differ.
const OVERLAP: i64 = 2;
/// Changes beside a list from which on it is read anew.
const MANY: usize = 5_000;

/// The long lists, as they were last read. They are kept from pass to pass.
#[derive(Debug)]
pub struct Mirror {
    pub(super) clients: Spool<Client>,
    pub(super) contacts: Spool<Contact>,
    pub(super) machines: Spool<Machine>,
    /// When they were read whole.
    whole_at: DateTime<Utc>,
    /// When they were read last.
    read_at: DateTime<Utc>,
}

/// What Gestan holds.
pub(super) struct Lists {
    pub mirror: Mirror,
    pub users: Vec<User>,
    pub projects: Vec<Project>,
    pub tasks: Vec<Task>,
    pub absences: Vec<Absence>,
    pub members: Vec<Member>,
    /// Users' own contacts.
    pub own: Vec<Own>,
    /// Contact persons in use, by number.
    pub persons: Vec<i64>,
    pub persons_listed: usize,
    /// Machines in use, by number.
    pub machines: Vec<i64>,
    pub machines_listed: usize,
    /// Contacts that machines in use belong to.
    pub owning: HashSet<i64>,
    /// Machines whose serial number an older one in use has too: GestSup refuses to save equipment of the same number, so
    /// the oldest alone shows it.
    pub sharing: HashSet<i64>,
    pub households: Households,
}

/// Of numbers under the same print all but the smallest.
fn sharing(mut serials: Vec<(u64, i64)>) -> HashSet<i64> {
    serials.sort_unstable();
    let same = serials.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    same.map(|pair| pair[1].1).collect()
}

impl Lists {
    fn new(mirror: Mirror) -> Self {
        Self {
            mirror,
            users: Vec::new(),
            projects: Vec::new(),
            tasks: Vec::new(),
            absences: Vec::new(),
            members: Vec::new(),
            own: Vec::new(),
            persons: Vec::new(),
            persons_listed: 0,
            machines: Vec::new(),
            machines_listed: 0,
            owning: HashSet::new(),
            sharing: HashSet::new(),
            households: Households::default(),
        }
    }

    /// Goes through the long lists for what others depend on.
    fn survey(&mut self) -> Result<(), PortError> {
        let mut pages = self.mirror.clients.pages();
        while let Some(page) = pages.page()? {
            self.own.extend(page.iter().filter_map(own));
            self.members.extend(page.iter().map(Member::of));
        }
        let mut pages = self.mirror.contacts.pages();
        while let Some(page) = pages.page()? {
            self.persons_listed += page.len();
            self.persons.extend(page.iter().filter(|contact| !contact.archived).map(|contact| contact.id));
        }
        let mut serials = Vec::new();
        let mut pages = self.mirror.machines.pages();
        while let Some(page) = pages.page()? {
            self.machines_listed += page.len();
            for machine in page.iter().filter(|machine| !machine.archived) {
                self.machines.push(machine.id);
                self.owning.extend(machine.client);
                let serial = serial_key(&machine.serial);
                if !serial.is_empty() {
                    serials.push((print_of(&serial), machine.id));
                }
            }
        }
        self.sharing = sharing(serials);
        self.households = Households::new(&self.members);
        Ok(())
    }

    /// A client that was made just now.
    pub(super) fn add(&mut self, client: Client) {
        self.own.extend(own(&client));
        self.members.push(Member::of(&client));
        self.mirror.clients.renew([client]);
        self.households = Households::new(&self.members);
    }
}

/// A contact that is a user's own.
#[derive(Debug)]
pub(super) struct Own {
    pub user: String,
    pub contact: i64,
    pub archived: bool,
}

fn own(client: &Client) -> Option<Own> {
    Some(Own { user: client.user.clone()?, contact: client.id, archived: client.archived })
}

impl ReferenceFlow<'_> {
    /// Reads what Gestan holds: of the long lists only what changed since the last pass, where that is enough.
    pub(super) async fn lists(&self, now: DateTime<Utc>) -> Result<Lists, PortError> {
        let settings = self.settings;
        let every = Duration::minutes(i64::from(settings.full_every_minutes));
        let kept = self.mirror.lock().await.take();
        let kept = match kept.filter(|mirror| now >= mirror.read_at && now - mirror.whole_at < every) {
            Some(mirror) => self.renewed(mirror, now).await?,
            None => None,
        };
        let mut lists = Lists::new(match kept {
            Some(mirror) => mirror,
            None => self.whole(now).await?,
        });
        lists.survey()?;
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

    async fn whole(&self, now: DateTime<Utc>) -> Result<Mirror, PortError> {
        let mut mirror = Mirror {
            clients: Spool::new(self.scratch)?,
            contacts: Spool::new(self.scratch)?,
            machines: Spool::new(self.scratch)?,
            whole_at: now,
            read_at: now,
        };
        self.read(&mut mirror, None).await?;
        Ok(mirror)
    }

    async fn read(&self, mirror: &mut Mirror, since: Option<DateTime<Utc>>) -> Result<(), PortError> {
        let settings = self.settings;
        if settings.clients {
            read(self.gestan, &mut mirror.clients, since).await?;
        }
        if settings.clients && settings.contacts {
            read(self.gestan, &mut mirror.contacts, since).await?;
        }
        if settings.clients && settings.equipment {
            read(self.gestan, &mut mirror.machines, since).await?;
        }
        Ok(())
    }

    /// The lists with what changed since; `None`: so much that they are better read whole.
    async fn renewed(&self, mut mirror: Mirror, now: DateTime<Utc>) -> Result<Option<Mirror>, PortError> {
        let since = mirror.read_at - Duration::hours(OVERLAP);
        self.read(&mut mirror, Some(since)).await?;
        mirror.read_at = now;
        let newer = mirror.clients.renewed() + mirror.contacts.renewed() + mirror.machines.renewed();
        Ok((newer < MANY).then_some(mirror))
    }

    /// Keeps the long lists for the next pass.
    pub(super) async fn keep(&self, mirror: Mirror) {
        *self.mirror.lock().await = Some(mirror);
    }
}

/// A record of a long list.
#[async_trait]
trait Long: Numbered + Serialize + DeserializeOwned + Clone + Send {
    async fn page(gestan: &dyn Catalogues, asked: &Asked) -> Result<Page<Self>, PortError>;
}

#[async_trait]
impl Long for Client {
    async fn page(gestan: &dyn Catalogues, asked: &Asked) -> Result<Page<Self>, PortError> {
        gestan.page_of_clients(asked).await
    }
}

#[async_trait]
impl Long for Contact {
    async fn page(gestan: &dyn Catalogues, asked: &Asked) -> Result<Page<Self>, PortError> {
        gestan.page_of_contacts(asked).await
    }
}

#[async_trait]
impl Long for Machine {
    async fn page(gestan: &dyn Catalogues, asked: &Asked) -> Result<Page<Self>, PortError> {
        gestan.page_of_machines(asked).await
    }
}

/// Reads a list page after page: the whole of it, or what changed since.
async fn read<T: Long>(
    gestan: &dyn Catalogues,
    list: &mut Spool<T>,
    changed_since: Option<DateTime<Utc>>,
) -> Result<(), PortError> {
    let mut asked = Asked { cursor: None, changed_since };
    loop {
        let page = T::page(gestan, &asked).await?;
        // A cursor that does not move would never end.
        let more = !page.items.is_empty() && page.next.is_some() && page.next != asked.cursor;
        match changed_since {
            Some(_) => list.renew(page.items),
            None if page.items.is_empty() => {}
            None => list.push(&page.items)?,
        }
        if !more {
            return Ok(());
        }
        asked.cursor = page.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_machines_with_one_serial_number_the_oldest_alone_shows_it() {
        assert_eq!(sharing(vec![(7, 3), (9, 4), (7, 1), (7, 2)]), HashSet::from([2, 3]));
    }
}
