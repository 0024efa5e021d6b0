//! Anomalies: status, handler, date of resolution and observations are Gestan's, and show on the ticket.

use super::{ask, cycle, following, quiet, steps};
use crate::support::World;
use gestan_connector::demo::help_desk::state;
use gestan_connector::model::Status;

const RULES: &str = "[mapping.mode]\nrules = [{ when = { type = \"Incident\" }, mode = \"anomalies\" }]\n\
    [mapping.anomalies]\nresponsible = \"LRO\"\ndefault_type = \"logiciel\"\n";

/// The number that the sandbox's Gestan has for an anomaly's status.
fn number(world: &World, status: Status) -> i64 {
    world.site.config().gateway.as_ref().unwrap().codes.anomaly_status[&status]
}

#[tokio::test]
async fn status_handler_resolution_and_observations_of_an_anomaly_show_on_its_ticket() {
    let mut world = following("number_step = true", RULES).await;
    let ticket = world.ticket("Le logiciel plante", "<p>x</p>").await;
    world.desk.set(ticket, "type", "2").await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let id = world.erp.see_anomalies().await.unwrap()[0].id;
    world.erp.handle_anomaly(id, "LRO", 1).await.unwrap();
    world.erp.run(format!("UPDATE ANOMALIE SET OBSERVATIONS = CONCAT(OBSERVATIONS, '\\r\\n\\r\\nReproduit en version 8'), DHMOD = NOW() WHERE IDANOMALIE = {id} AND OBSERVATIONS NOT LIKE '{{%'")).await.unwrap();
    world.erp.run(format!("UPDATE ANOMALIE SET OBSERVATIONS = CONCAT(LEFT(OBSERVATIONS, CHAR_LENGTH(OBSERVATIONS) - 1 - IF(RIGHT(OBSERVATIONS, 1) = '}}', 0, 1)), '\\\\pard\\\\par Reproduit en version 8\\\\par }}'), DHMOD = NOW() WHERE IDANOMALIE = {id} AND OBSERVATIONS LIKE '{{%'")).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state, technician", "tincidents").await, [format!("2|{}", world.lea)]);
    let told = steps(&world, ticket).await;
    assert!(told[0].ends_with(&format!("<p>Anomalie n°{id} créée dans Gestan.</p>")), "{told:#?}");
    assert!(told.contains(&format!("0|{}|0|0|0|0|<p>Reproduit en version 8</p>", world.lea)), "{told:#?}");
    quiet(&mut world).await;
    let done = number(&world, Status::Done);
    world.erp.run(format!("UPDATE ANOMALIE SET ST_ANOM = {done}, ITERMINE = 1, DH_RESOLUTION = '2026-03-04 16:20:00', DHMOD = NOW() WHERE IDANOMALIE = {id}")).await.unwrap();
    cycle(&world).await;
    let row = ask(&world, "state, date_res", "tincidents").await;
    assert_eq!(row, ["3|2026-03-04 16:20:00"]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn of_two_changes_of_an_anomalys_status_gestans_counts() {
    let mut world = following("", RULES).await;
    let ticket = world.ticket("Le logiciel plante", "<p>x</p>").await;
    world.desk.set(ticket, "type", "2").await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let id = world.erp.see_anomalies().await.unwrap()[0].id;
    let waiting = number(&world, Status::Waiting);
    world.erp.handle_anomaly(id, "PDU", waiting).await.unwrap();
    world.desk.set_state(ticket, state::IN_PROGRESS, world.paul).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state", "tincidents").await, ["6"]);
    quiet(&mut world).await;
}
