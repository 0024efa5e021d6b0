//! Which tickets are a client's: what the journal is filtered by.

use super::site::Site;
use crate::flows::PortError;
use crate::store::OfClient;
use std::collections::BTreeSet;

impl Site {
    /// What is about a client: one of Gestan's by its number, or one of GestSup's companies by its name or a part of it.
    /// `None` where nobody knows such a client.
    ///
    /// # Errors
    /// When the state, or for a name GestSup, cannot be read.
    pub async fn of_client(&self, asked: &str) -> Result<Option<OfClient>, PortError> {
        let linked = self.store().linked_clients().await?;
        let (companies, numbers): (Vec<i64>, Vec<i64>) = match asked.trim().parse::<i64>() {
            Ok(number) => (linked.iter().filter(|link| link.0 == number).map(|link| link.1).collect(), vec![number]),
            Err(_) => {
                let found = self.gestsup().companies_named(asked).await?;
                let companies: Vec<i64> = found.iter().map(|company| company.id).collect();
                let numbers = linked.iter().filter(|link| companies.contains(&link.1)).map(|link| link.0).collect();
                (companies, numbers)
            }
        };
        let mut tickets: BTreeSet<i64> = self.store().tickets_of_clients(&numbers).await?.into_iter().collect();
        // What waits has no intervention yet, and its client may have changed since.
        tickets.extend(self.gestsup().tickets_of_companies(&companies).await?);
        let known = !companies.is_empty() || !tickets.is_empty();
        Ok(known.then(|| OfClient { tickets: tickets.into_iter().collect(), numbers }))
    }
}
