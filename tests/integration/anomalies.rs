//! Tickets that become anomalies: what GestSup says of them reaches Gestan once, and what Gestan decides
//! stays Gestan's.

use crate::support::{World, story};
use gestan_connector::gateway::memo::Memo;

const RULES: &str = "[mapping.mode]\nrules = [{ when = { type = \"Incident\" }, mode = \"anomalies\" }]\n\
    [mapping.anomalies]\nresponsible = \"LRO\"\ndefault_type = \"logiciel\"\n\
    types = [{ when = { category = \"Materiel\" }, type = \"materiel\" }]\n\
    priority = { Urgent = \"haute\" }\ncriticality = { Critique = \"bloquante\" }\n";

/// An attributed incident of the client.
async fn incident(world: &mut World, title: &str) -> i64 {
    let ticket = world.ticket(title, "<p>Il <b>plante</b></p>").await;
    world.desk.set(ticket, "type", "2").await.unwrap();
    ticket
}

async fn observations(world: &mut World) -> String {
    let all = world.erp.see_anomalies().await.unwrap();
    Memo::parse(&all[0].observations).visible_text()
}

#[tokio::test]
async fn an_incident_becomes_an_anomaly_with_everything_that_the_ticket_says() {
    let mut world = World::with(RULES).await;
    let ticket =
        incident(&mut world, "Le logiciel de caisse plante à chaque fois que l'on ouvre le tiroir, depuis hier matin")
            .await;
    for (column, value) in [("priority", "1"), ("criticality", "1")] {
        world.desk.set(ticket, column, value).await.unwrap();
    }
    let request = world.ticket("Une demande", "<p>x</p>").await;
    world.desk.set(request, "type", "1").await.unwrap();
    world.converge(&["1 create +description +step +step", "2 create +description +step +step"]).await;
    let anomalies = world.erp.see_anomalies().await.unwrap();
    let [seen] = &anomalies[..] else { panic!("{anomalies:#?}") };
    assert_eq!(seen.label, "Le logiciel de caisse plante à chaque fois que l'on ouvre le tiroir, depuis…");
    assert_eq!(seen.people, ["PDU", "LRO"]);
    assert_eq!((seen.found_by.as_str(), seen.reference.as_str()), ("Hélène D'Arc", "GestSup 1"));
    assert_eq!((seen.status, seen.codes), ([0, 0], [4, 1, 7]));
    assert_eq!(seen.target, format!("CTC{}", world.client));
    assert_eq!(seen.dates, ["2026-03-02 09:00:01.000", ""]);
    let text = observations(&mut world).await;
    assert!(text.contains("Ticket GestSup n°1") && text.contains("Il plante"), "{text}");
    assert_eq!(world.gestan().await.len(), 1, "the request became an intervention");
}

#[tokio::test]
async fn an_anomaly_points_at_the_machine_where_the_ticket_names_one() {
    let mut world = World::with(RULES).await;
    let ticket = incident(&mut world, "Un").await;
    world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
    world.pass().await;
    world.settled().await;
    let target = world.erp.see_anomalies().await.unwrap()[0].target.clone();
    assert!(target.ends_with(&world.machine.to_string()) && !target.starts_with("CTC"), "{target}");
}

#[tokio::test]
async fn steps_go_into_the_observations_dated_and_signed_once_each() {
    let mut world = World::with(RULES).await;
    let ticket = incident(&mut world, "Un").await;
    world.pass().await;
    let step = world.desk.comment(ticket, world.requester, "<p>Toujours pareil</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.edit_comment(step, "<p>C'est pire</p>").await.unwrap();
    world.converge(&["1 update ~step"]).await;
    let text = observations(&mut world).await;
    assert_eq!(text.matches("C'est pire").count(), 1, "{text}");
    assert!(!text.contains("Toujours pareil") && text.contains("Hélène D'Arc"), "{text}");
    world.desk.delete_comment(step).await.unwrap();
    world.converge(&["1 update -step"]).await;
}

#[tokio::test]
async fn status_and_handler_are_gestans_once_the_anomaly_is_made_and_what_gestsup_says_is_reported_once() {
    let mut world = World::with(RULES).await;
    let ticket = incident(&mut world, "Un").await;
    world.pass().await;
    let id = world.erp.see_anomalies().await.unwrap()[0].id;
    world.erp.handle_anomaly(id, "LRO", 1).await.unwrap();
    world.desk.set_state(ticket, 6, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 update +step"], "{report:?}");
    assert!(
        report.records[0].message.contains("status is now “waiting” in GestSup and stays “in_progress” in Gestan"),
        "{}",
        report.records[0].message
    );
    world.settled().await;
    let seen = world.erp.see_anomalies().await.unwrap().remove(0);
    assert_eq!((seen.people[0].as_str(), seen.status), ("LRO", [1, 0]));
}

#[tokio::test]
async fn where_the_policy_gives_it_to_gestsup_an_anomaly_is_closed_with_its_ticket_and_its_date() {
    let mut world =
        World::with(&format!("{RULES}[mapping.policies.anomalies]\nstatus = \"always\"\nresolved_at = \"always\"\n"))
            .await;
    let ticket = incident(&mut world, "Un").await;
    world.desk.set(ticket, "billable", "1").await.unwrap();
    world.pass().await;
    world.desk.close(ticket, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(report.records[0].code, "close", "never to be billed: {report:?}");
    world.settled().await;
    let seen = world.erp.see_anomalies().await.unwrap().remove(0);
    assert_eq!(seen.status, [2, 1]);
    assert!(seen.dates[1].starts_with("2026-03-02 "), "{:?}", seen.dates);
    world.desk.reopen(ticket).await.unwrap();
    world.pass().await;
    world.settled().await;
    let seen = world.erp.see_anomalies().await.unwrap().remove(0);
    assert_eq!((seen.status, seen.dates[1].as_str()), ([1, 0], ""));
}

#[tokio::test]
async fn a_lost_state_is_learnt_again_and_no_second_anomaly_is_made() {
    let mut world = World::with(RULES).await;
    let ticket = incident(&mut world, "Un").await;
    world.pass().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", world.state_path().display()));
    }
    let mut world = world.reopen().await;
    world.desk.comment(ticket, world.paul, "<p>Encore vu</p>").await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(world.erp.see_anomalies().await.unwrap().len(), 1);
    assert_eq!(observations(&mut world).await.matches("Encore vu").count(), 1);
}

#[tokio::test]
async fn a_deleted_ticket_is_noted_in_its_anomaly() {
    let mut world = World::with(RULES).await;
    let ticket = incident(&mut world, "Un").await;
    world.pass().await;
    world.desk.delete(ticket).await.unwrap();
    world.pass().await;
    world.settled().await;
    let seen = world.erp.see_anomalies().await.unwrap().remove(0);
    assert_eq!(seen.status, [9, 1]);
    assert!(observations(&mut world).await.contains("supprimé"));
}
