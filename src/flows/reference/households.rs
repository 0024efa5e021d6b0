//! Which contacts are one client: in Gestan those of one company (`IDSOCIETE`) are, and a contact without company is
//! one by itself. An intervention is made for a contact, so a client goes by the number of one of them.

use crate::model::Client;
use std::collections::{BTreeMap, HashMap};

/// Clients, and which of them a contact belongs to.
#[derive(Debug, Default)]
pub(super) struct Households<'c> {
    /// The contact that stands for the client, and the numbers of all its contacts.
    pub leads: Vec<(&'c Client, Vec<i64>)>,
    /// `IDCONTACT` ⇒ that of the client.
    pub lead_of: HashMap<i64, i64>,
}

impl<'c> Households<'c> {
    pub(super) fn new(clients: &'c [Client]) -> Self {
        let mut groups: BTreeMap<(Option<i64>, i64), Vec<&Client>> = BTreeMap::new();
        for client in clients {
            let alone = if client.company.is_some() { 0 } else { client.id };
            groups.entry((client.company, alone)).or_default().push(client);
        }
        let mut this = Self::default();
        for members in groups.into_values() {
            // The oldest that is in use: it changes as seldom as can be.
            let Some(lead) = members.iter().min_by_key(|client| (client.archived, client.id)) else { continue };
            this.lead_of.extend(members.iter().map(|client| (client.id, lead.id)));
            this.leads.push((lead, members.iter().map(|client| client.id).collect()));
        }
        this.leads.sort_by_key(|(lead, _)| lead.id);
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: i64, company: Option<i64>, archived: bool) -> Client {
        Client { id, company, archived, ..Client::default() }
    }

    #[test]
    fn contacts_of_one_company_are_one_client_and_others_are_one_each() {
        let clients =
            [client(5, Some(1), false), client(3, Some(1), true), client(4, Some(1), false), client(9, None, false)];
        let households = Households::new(&clients);
        let leads: Vec<i64> = households.leads.iter().map(|(lead, _)| lead.id).collect();
        assert_eq!(leads, [4, 9], "the oldest that is in use stands for them");
        assert_eq!(households.lead_of, HashMap::from([(5, 4), (3, 4), (4, 4), (9, 9)]));
    }
}
