//! Both sides changed the same thing: the field's policy decides, a person is told once with both values.

use super::{ask, cycle, follow_with, following, linked, quiet, told};
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn under_always_gestsups_value_stays_and_is_put_back_once() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.set_status(id, code::DONE).await.unwrap();
    world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, world.paul).await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(
        told(&report),
        [
            "1 reported conflict: status was changed on both sides, to “waiting” in GestSup and to “done” in Gestan: GestSup's value stays"
        ]
    );
    assert_eq!(world.only().await.status, code::WAITING);
    assert_eq!(ask(&world, "state", "tincidents").await, ["6"]);
    quiet(&mut world).await;
    // A user who insists is heard: nobody in GestSup changed it since.
    world.erp.set_status(id, code::DONE).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state", "tincidents").await, ["3"]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn under_until_started_and_create_only_gestans_value_is_taken() {
    for policy in ["until_started", "create_only"] {
        let mut world = following("", &format!("[mapping.policies.fields]\ntechnician = \"{policy}\"")).await;
        let (ticket, id) = linked(&mut world).await;
        let eva = world.desk.person("eva", ("Eva", "Sol"), "eva@sav.fr", 0, 0).await.unwrap();
        world.erp.user("ESO", ("Eva", "Sol"), "eva@sav.fr").await.unwrap();
        world.erp.dispatch(id, "LRO", "", "").await.unwrap();
        world.desk.attribute(ticket, eva, world.paul).await.unwrap();
        let report = cycle(&world).await;
        assert!(told(&report).iter().any(|line| line.contains("technician was changed on both sides, to “ESO” in GestSup and to “LRO” in Gestan: Gestan's value is taken")), "{policy}: {:#?}", told(&report));
        assert_eq!(ask(&world, "technician", "tincidents").await, [world.lea.to_string()], "{policy}");
        assert_eq!(world.only().await.technician, "LRO");
        quiet(&mut world).await;
    }
}

#[tokio::test]
async fn the_same_change_on_both_sides_is_no_conflict() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, world.paul).await.unwrap();
    let report = cycle(&world).await;
    assert!(report.records.is_empty(), "{:#?}", report.records);
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_gestan_base_that_was_restored_carries_nothing_back() {
    let mut world = following("", "").await;
    let (_, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    cycle(&world).await;
    world
        .erp
        .run(format!(
            "UPDATE INTERVENTION SET ST_INTER = {}, DHMOD = '2026-03-01 08:00:00' WHERE IDINTERVENTION = {id}",
            code::PLANNED
        ))
        .await
        .unwrap();
    let report = follow_with(&world, Default::default()).await;
    assert_eq!(report.records.len(), 1);
    assert_eq!(report.records[0].code, "gestan-restored");
    assert_eq!(ask(&world, "state", "tincidents").await, ["6"]);
}

#[tokio::test]
async fn the_brake_stops_a_pass_that_would_change_the_state_of_many_tickets() {
    let mut world = following("[follow_up.brake]\nstate = { number = 1, percent = 0 }", "").await;
    for title in ["Un", "Deux"] {
        world.ticket(title, "<p>x</p>").await;
    }
    cycle(&world).await;
    cycle(&world).await;
    for seen in world.gestan().await {
        world.erp.set_status(seen.id, code::WAITING).await.unwrap();
    }
    let report = follow_with(&world, Default::default()).await;
    assert_eq!(report.brake.len(), 1);
    assert!(report.brake[0].to_string().contains("2 tickets would get another state in GestSup, 1 are allowed"));
    assert_eq!(ask(&world, "state", "tincidents").await, ["1", "1"]);
    let options = gestan_connector::flows::tickets::PassOptions { allow_mass_change: true, ..Default::default() };
    follow_with(&world, options).await;
    assert_eq!(ask(&world, "state", "tincidents").await, ["6", "6"]);
    world.pass().await;
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_written_and_writes_nothing() {
    let mut world = following("", "").await;
    let (_, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    let options = gestan_connector::flows::tickets::PassOptions { dry_run: true, ..Default::default() };
    let report = follow_with(&world, options).await;
    assert_eq!(told(&report), ["1 planned follow: to GestSup: state “Attente retour”"]);
    assert_eq!(ask(&world, "state", "tincidents").await, ["1"]);
}
