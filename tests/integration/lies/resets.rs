//! Fields that somebody else's save empties, and resolution dates that are there or not.

use crate::support::{World, at, story};
use gestan_connector::demo::help_desk::{Mail, state};
use gestan_connector::demo::sandbox::code;

const RULES: &str = "[mapping.genre]\nrules = [{ when = { type = \"Demande\" }, genre = \"installation\" }, { when = { type = \"Incident\" }, genre = \"depannage\" }]";

#[tokio::test]
async fn a_type_that_a_save_emptied_stands_until_somebody_chooses_another() {
    let mut world = World::with(RULES).await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "type", "1").await.unwrap();
    world.pass().await;
    world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    assert_eq!(world.desk.form(ticket).await.unwrap().number("type"), 0);
    world.converge(&[]).await;
    // Twice, so that what stands is not what was read last.
    world.desk.comment_without_rights(ticket, world.requester, "<p>Alors ?</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.set(ticket, "type", "2").await.unwrap();
    world.converge(&["1 update genre=depannage"]).await;
    world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    world.converge(&[]).await;
}

#[tokio::test]
async fn equipment_that_a_save_emptied_stands_until_somebody_chooses_another() {
    let mut world = World::new().await;
    let other_machine = world.erp.machine("M2", "Four", "F99", world.client).await.unwrap();
    let other = world.desk.asset("FOUR", "F99", world.requester).await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
    world.pass().await;
    world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    world.converge(&[]).await;
    let machine = world.machine;
    let sql = format!("UPDATE INTERVENTION SET LIB50 = LIB50 WHERE CLE_MACHINE_CIBLE = 'R{machine}'");
    assert!(world.erp.run(sql).await.is_ok());
    world.desk.set(ticket, "asset_id", &other.to_string()).await.unwrap();
    world.converge(&[format!("1 update machine={other_machine}").as_str()]).await;
}

#[tokio::test]
async fn a_planned_date_that_a_save_emptied_stands_until_somebody_chooses_another() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "date_hope", "2026-03-10").await.unwrap();
    world.pass().await;
    world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    world.converge(&[]).await;
    assert_eq!(world.only().await.start, "2026-03-10 09:00:00");
    world.desk.set(ticket, "date_hope", "2026-03-12").await.unwrap();
    world.converge(&["1 update planned_start=2026-03-12 08:00 UTC planned_end=2026-03-12 09:00 UTC"]).await;
}

#[tokio::test]
async fn what_was_empty_before_anybody_looked_is_empty() {
    let mut world = World::with(RULES).await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    for (column, value) in [("type", "1"), ("asset_id", "1"), ("date_hope", "2026-03-10")] {
        world.desk.set(ticket, column, value).await.unwrap();
    }
    world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    assert_eq!(world.only().await.start, "");
}

#[tokio::test]
async fn a_resolved_ticket_whose_resolution_date_a_save_emptied_is_resolved() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    world.desk.comment_without_rights(ticket, world.requester, "<p>Merci</p>").await.unwrap();
    assert_eq!(world.desk.form(ticket).await.unwrap().get("date_res"), "0000-00-00 00:00:00");
    world.converge(&["1 update +step"]).await;
    assert_eq!(world.only().await.status, code::DONE);
}

#[tokio::test]
async fn a_ticket_resolved_since_the_start_is_sent_although_its_resolution_date_is_empty() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-03-02T12:00:00\"").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let history = world.ticket("Deux", "<p>x</p>").await;
    world.desk.close(history, world.paul).await.unwrap();
    world.desk.clock = at("2026-03-02T13:00:00");
    world.desk.close(ticket, world.paul).await.unwrap();
    for ticket in [ticket, history] {
        world.desk.save_without_rights(ticket, world.requester).await.unwrap();
    }
    world.converge(&["1 create +description +step +step +step"]).await;
}

#[tokio::test]
async fn an_open_ticket_with_a_resolution_date_is_open() {
    let mut world = World::new().await;
    let (one, two) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    world.desk.mass_state(&[one, two], state::RESOLVED, world.paul).await.unwrap();
    world.pass().await;
    let sent = world.desk.clock;
    let reply = Mail { sender: world.requester, from: "helene@helene.fr", subject: "Re", html: "<p>Non</p>", sent };
    world.desk.reply_by_mail(one, &reply).await.unwrap();
    world.desk.mass_state(&[two], state::WAITING_FOR_REQUESTER, world.paul).await.unwrap();
    world.converge(&["1 reopen status=in_progress +step +step", "2 reopen status=waiting +step"]).await;
    for ticket in [one, two] {
        assert!(world.read(ticket).await.resolved_at.is_some());
    }
}

#[tokio::test]
async fn a_ticket_resolved_again_since_the_start_is_sent_although_its_resolution_date_is_the_first_one() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-03-02T12:00:00\"").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&[]).await;
    world.desk.clock = at("2026-03-03T09:00:00");
    let sent = world.desk.clock;
    let reply = Mail { sender: world.requester, from: "helene@helene.fr", subject: "Re", html: "<p>Non</p>", sent };
    world.desk.reply_by_mail(ticket, &reply).await.unwrap();
    world.desk.set_state(ticket, state::RESOLVED, world.paul).await.unwrap();
    assert!(world.desk.form(ticket).await.unwrap().get("date_res").starts_with("2026-03-02 09"), "GestSup keeps it");
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 create +description +step +step +step +step +step +step"]);
    assert_eq!(world.only().await.status, code::DONE);
}
