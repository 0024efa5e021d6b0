//! Which contacts are one client: in Gestan those of one company (`IDSOCIETE`) are, and a contact without company is
//! one by itself. An intervention is made for a contact, so a client goes by the number of one of them.

use crate::model::Client;

/// What decides about a contact: its company (0: none), whether it is archived, its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    company: i64,
    archived: bool,
    id: i64,
}

impl Member {
    pub(super) fn of(client: &Client) -> Self {
        Self { company: client.company.unwrap_or(0), archived: client.archived, id: client.id }
    }
}

/// The contact that stands for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lead {
    pub id: i64,
    pub archived: bool,
    /// Where its contacts begin and end.
    of: (u32, u32),
}

/// Clients, and which of them a contact belongs to.
#[derive(Debug, Default)]
pub(super) struct Households {
    /// By number.
    leads: Vec<Lead>,
    /// Contacts, those of one client together.
    members: Vec<i64>,
    /// Contact ⇒ that of the client, by contact.
    lead_of: Vec<(i64, i64)>,
}

impl Households {
    pub(super) fn new(contacts: &[Member]) -> Self {
        let mut sorted = contacts.to_vec();
        sorted.sort_unstable();
        let mut this = Self::default();
        // The oldest that is in use stands for all: it changes as seldom as can be.
        for group in sorted.chunk_by(|one, other| one.company != 0 && one.company == other.company) {
            let place = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
            let from = place(this.members.len());
            this.members.extend(group.iter().map(|member| member.id));
            this.lead_of.extend(group.iter().map(|member| (member.id, group[0].id)));
            let of = (from, place(this.members.len()));
            this.leads.push(Lead { id: group[0].id, archived: group[0].archived, of });
        }
        this.leads.sort_unstable_by_key(|lead| lead.id);
        this.lead_of.sort_unstable();
        this
    }

    /// Clients, by number.
    pub(super) fn leads(&self) -> &[Lead] {
        &self.leads
    }

    /// The client that a number is.
    pub(super) fn lead(&self, id: i64) -> Option<&Lead> {
        self.leads.binary_search_by_key(&id, |lead| lead.id).ok().map(|at| &self.leads[at])
    }

    /// The contacts of a client.
    pub(super) fn members(&self, lead: &Lead) -> &[i64] {
        let (from, to) = lead.of;
        self.members.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The client that a contact belongs to.
    pub(super) fn lead_of(&self, contact: i64) -> Option<i64> {
        self.lead_of.binary_search_by_key(&contact, |(id, _)| *id).ok().map(|at| self.lead_of[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: i64, company: i64, archived: bool) -> Member {
        Member { id, company, archived }
    }

    #[test]
    fn contacts_of_one_company_are_one_client_and_others_are_one_each() {
        let contacts =
            [member(5, 1, false), member(3, 1, true), member(4, 1, false), member(9, 0, false), member(8, 0, true)];
        let households = Households::new(&contacts);
        let leads: Vec<i64> = households.leads().iter().map(|lead| lead.id).collect();
        assert_eq!(leads, [4, 8, 9], "the oldest that is in use stands for them");
        let of = [3, 4, 5, 8, 9].map(|id| households.lead_of(id));
        assert_eq!(of, [Some(4), Some(4), Some(4), Some(8), Some(9)]);
        assert_eq!(households.members(&households.leads()[0]), [4, 5, 3]);
        assert_eq!(households.lead_of(7), None);
    }
}
