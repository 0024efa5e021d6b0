//! Whether a ticket is gone is told by sums over the numbers, and only where they changed by the list of all.

use crate::support::{World, at, story};
use gestan_connector::flows::tickets::{CENSUS, Census, Memory as _, Scope, TicketSource as _};

/// What was closed is not looked at any more: only the census can tell that it is gone.
const FORGETFUL: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nrecently_closed_days = 0";

impl World {
    async fn census(&self) -> Option<Census> {
        let text = self.site.store().value(CENSUS).await.unwrap()?;
        serde_json::from_str(&text).ok()
    }

    async fn closed(&mut self, titles: &[&str]) -> Vec<i64> {
        let mut tickets = Vec::new();
        for title in titles {
            let ticket = self.ticket(title, "<p>x</p>").await;
            self.desk.close(ticket, self.paul).await.unwrap();
            tickets.push(ticket);
        }
        tickets
    }
}

#[tokio::test]
async fn of_tickets_closed_long_ago_one_that_is_deleted_is_noted_although_as_many_are_there_as_before() {
    let mut world = World::with(FORGETFUL).await;
    let tickets = world.closed(&["Un", "Deux", "Trois"]).await;
    world.pass().await;
    assert_eq!(world.census().await, Some(Census::of(tickets.clone())));
    assert_eq!(world.pass().await.looked_at, 3, "those among the newest numbers, whatever they are");
    world.desk.delete(tickets[1]).await.unwrap();
    world.ticket("Quatre", "<p>y</p>").await;
    world.converge(&["2 gone +note", "4 create +description +step +step"]).await;
    assert_eq!(world.census().await, None, "one that is gone was linked");
    assert!(world.pass().await.records.is_empty());
    assert_eq!(world.census().await, Some(Census::of([1, 3, 4])));
    assert_eq!(world.pass().await.tickets, 3);
}

#[tokio::test]
async fn a_ticket_that_went_and_came_back_under_its_number_is_neither_gone_nor_the_one_before() {
    let mut world = World::with(FORGETFUL).await;
    let tickets = world.closed(&["Un", "Deux"]).await;
    world.pass().await;
    world.pass().await;
    world.desk.delete(tickets[1]).await.unwrap();
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 1").await.unwrap();
    world.desk.clock = at("2026-03-04T08:00:00");
    assert_eq!(world.ticket("Un autre", "<p>y</p>").await, tickets[1]);
    assert_eq!(story(&world.pass().await), ["2 quarantined other-ticket"]);
}

#[tokio::test]
async fn a_link_that_is_stored_outside_a_pass_makes_the_next_one_list_the_tickets() {
    let mut world = World::with(FORGETFUL).await;
    world.closed(&["Un"]).await;
    world.pass().await;
    assert!(world.census().await.is_some());
    let links = world.site.store().links(&[1]).await.unwrap();
    let commit = gestan_connector::flows::tickets::Commit { number: 1, links, ..Default::default() };
    world.site.store().commit(vec![commit]).await.unwrap();
    assert_eq!(world.census().await, None);
    world.desk.delete(1).await.unwrap();
    world.converge(&["1 gone +note"]).await;
}

#[tokio::test]
async fn the_census_counts_what_the_list_holds_however_many_tickets_live() {
    let mut world = World::new().await;
    let first = world.ticket("Un", "<p>x</p>").await;
    world.closed(&["Deux", "Trois"]).await;
    world.desk.run("UPDATE tincidents SET disable = 1 WHERE id = 2").await.unwrap();
    // More digits than the server may put into one list.
    world.desk.run("INSERT INTO tincidents (id, technician, title, state) SELECT 1000000000 + seq, 1, 'T', 2 FROM seq_1_to_50000").await.unwrap();
    for after in [0, 1_000_049_998] {
        let mut snapshot = world.site.gestsup().snapshot().await.unwrap();
        let numbers = snapshot.numbers().await.unwrap();
        assert_eq!((numbers.len(), numbers[0], numbers[1]), (50_002, first, 3));
        let counted = snapshot.counted(after).await.unwrap();
        assert_eq!(counted.all, Census::of(numbers.iter().copied()));
        let newer: Vec<i64> = numbers.iter().copied().filter(|number| *number > after).collect();
        assert_eq!(counted.newest, newer);
        if after > 0 {
            let scope = Scope::Recent {
                after,
                steps_after: None,
                closed_since: at("2026-03-10T00:00:00"),
                also: Vec::new(),
                closed_states: vec![3, 4],
            };
            assert_eq!(snapshot.sweep(&scope).await.unwrap().len(), 50_001, "all but the closed one");
            assert_eq!(snapshot.counted(after).await.unwrap(), counted);
        }
    }
}
