//! Values of GestSup that do not mean what they say: a test per value.

mod people;
mod resets;
mod texts;
mod times;

use crate::support::World;
use gestan_connector::model::Ticket;

impl World {
    /// A ticket as the connector reads it.
    async fn read(&self, ticket: i64) -> Ticket {
        let preview = self.site.tickets().unwrap().preview(ticket, None, chrono::Utc::now()).await.unwrap();
        preview.ticket.unwrap()
    }
}
