//! Whom equipment can belong to in GestSup: the accounts of a client's people.

use super::known::Known;
use super::lists::Lists;
use super::ports::RegisterPen;
use super::record::{Field, Place};
use crate::flows::PortError;

/// Rows that are read at once.
const ROWS: usize = 5_000;

/// Which company GestSup's people belong to.
#[derive(Debug, Default)]
pub(super) struct Residents {
    /// Account ⇒ company, by account.
    company_of: Vec<(i64, i64)>,
    /// Company and account of those that are in use and no staff, oldest first.
    in_use: Vec<(i64, i64)>,
}

impl Residents {
    /// `owners` are the rows that stand for people of clients without any.
    pub(super) async fn read(pen: &mut dyn RegisterPen, owners: &Known) -> Result<Self, PortError> {
        let mut standing: Vec<i64> = owners.all().iter().map(|link| link.id).collect();
        standing.sort_unstable();
        let (mut this, mut after) = (Self::default(), 0);
        loop {
            let fields = [Field::Company, Field::Disabled, Field::Profile];
            let rows = pen.rows_after(Place::People, &fields, after, ROWS).await?;
            for row in &rows {
                after = row.id;
                let Some(company) = row.get(Field::Company).parse().ok().filter(|company| *company != 0) else {
                    continue;
                };
                if standing.binary_search(&row.id).is_ok() {
                    continue;
                }
                this.company_of.push((row.id, company));
                if row.get(Field::Disabled) != "1" && ["1", "2"].contains(&row.get(Field::Profile)) {
                    this.in_use.push((company, row.id));
                }
            }
            if rows.len() < ROWS {
                this.company_of.sort_unstable();
                this.in_use.sort_unstable();
                return Ok(this);
            }
        }
    }

    /// The company of an account.
    pub(super) fn company_of(&self, account: i64) -> Option<i64> {
        self.company_of.binary_search_by_key(&account, |(id, _)| *id).ok().map(|at| self.company_of[at].1)
    }

    fn of(&self, company: i64) -> impl Iterator<Item = i64> {
        let from = self.in_use.partition_point(|(of, _)| *of < company);
        self.in_use[from..].iter().take_while(move |(of, _)| *of == company).map(|(_, id)| *id)
    }
}

/// An account of somebody of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    lead: i64,
    /// GestSup alone knows it.
    resident: bool,
    /// Its number in Gestan.
    contact: i64,
    account: i64,
}

/// Accounts of clients' people in use: contact persons, oldest first, then people that GestSup alone knows.
#[derive(Debug, Default)]
pub(super) struct People(Vec<Person>);

impl People {
    pub(super) fn new(lists: &Lists, companies: &Known, accounts: &Known, residents: &Residents) -> Self {
        let households = &lists.households;
        let person = |contact: &i64| {
            let (account, lead) = (accounts.id_of(*contact)?, households.lead_of(*contact)?);
            Some(Person { lead, resident: false, contact: *contact, account })
        };
        let mut people: Vec<Person> = lists.persons.iter().filter_map(person).collect();
        let mut known: Vec<(i64, i64)> = people.iter().map(|person| (person.lead, person.account)).collect();
        known.sort_unstable();
        for lead in households.leads() {
            let Some(company) = companies.id_of(lead.id) else { continue };
            let others = residents.of(company).filter(|id| known.binary_search(&(lead.id, *id)).is_err());
            people.extend(others.map(|account| Person { lead: lead.id, resident: true, contact: 0, account }));
        }
        people.sort_unstable();
        Self(people)
    }

    fn of(&self, lead: i64) -> &[Person] {
        let from = self.0.partition_point(|person| person.lead < lead);
        let to = self.0.partition_point(|person| person.lead <= lead);
        &self.0[from..to]
    }

    /// Whether a client has people.
    pub(super) fn has(&self, lead: i64) -> bool {
        !self.of(lead).is_empty()
    }

    /// Whom a contact's machine belongs to: the contact itself, else the first of the client's people.
    pub(super) fn owner(&self, lead: i64, contact: i64) -> Option<i64> {
        let people = self.of(lead);
        let own = people.iter().find(|person| !person.resident && person.contact == contact);
        own.or_else(|| people.first()).map(|person| person.account)
    }
}
