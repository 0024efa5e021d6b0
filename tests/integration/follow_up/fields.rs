//! Fields that a Gestan user sets: state, technician, planning, calendar, load, minutes, and the number of the link.

use super::{ask, cycle, following, linked, quiet, steps, told};
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn a_status_that_is_set_in_gestan_becomes_the_tickets_state_as_its_own_page_writes_it() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(told(&report), ["1 done follow: to GestSup: state “Attente retour”"]);
    assert_eq!(steps(&world, ticket).await, [format!("5|{}|0|6|0|0|", world.paul)]);
    assert_eq!(ask(&world, "state, date_modif > date_create", "tincidents").await, ["6|1"]);
    quiet(&mut world).await;
    world.erp.set_status(id, code::DONE).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state, date_res = date_modif", "tincidents").await, ["3|1"]);
    assert_eq!(steps(&world, ticket).await[1], format!("4|{}|0|0|0|0|", world.paul));
    quiet(&mut world).await;
    world.erp.set_status(id, code::IN_PROGRESS).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state, date_res", "tincidents").await, ["2|0000-00-00 00:00:00"]);
    quiet(&mut world).await;
    assert!(!world.memo().await.contains("Nouvel état : Attente retour"), "what came from Gestan does not go back");
}

#[tokio::test]
async fn to_be_billed_and_billed_leave_a_resolved_ticket_alone() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.desk.close(ticket, world.paul).await.unwrap();
    cycle(&world).await;
    for status in [code::TO_BILL, code::BILLED] {
        world.erp.set_status(id, status).await.unwrap();
        cycle(&world).await;
        quiet(&mut world).await;
    }
    assert_eq!(steps(&world, ticket).await, [""; 0]);
    assert_eq!(world.gestan().await.len(), 1);
}

#[tokio::test]
async fn an_intervenant_that_is_set_in_gestan_becomes_the_tickets_technician() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.dispatch(id, "LRO", "2026-03-05", "14:00:00").await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(told(&report), ["1 done follow: to GestSup: technician Léa Roy; planned resolution date 2026-03-05"]);
    assert_eq!(
        ask(&world, "technician, t_group, date_hope", "tincidents").await,
        [format!("{}|0|2026-03-05", world.lea)]
    );
    assert_eq!(steps(&world, ticket).await, [format!("2|{}|0|0|{}|{}|", world.paul, world.paul, world.lea)]);
    quiet(&mut world).await;
    // Both agree, so GestSup may still change it before the work is begun.
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    cycle(&world).await;
    assert_eq!(world.only().await.technician, "PDU");
    quiet(&mut world).await;
}

#[tokio::test]
async fn an_intervenant_takes_a_ticket_over_from_its_group() {
    let mut world = following("", "").await;
    let ticket = world.desk.open(world.requester, "Un", "<p>x</p>").await.unwrap();
    world.desk.attribute_to_group(ticket, world.group, world.paul).await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let id = world.only().await.id;
    world.erp.dispatch(id, "LRO", "2026-03-05", "14:00:00").await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "technician, t_group", "tincidents").await, [format!("{}|0", world.lea)]);
    let row = ask(&world, "type, group1, tech2", "tthreads WHERE dest_mail LIKE 'gestan:%'").await;
    assert_eq!(row, [format!("2|{}|{}", world.group, world.lea)]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn an_intervenant_whom_gestsup_does_not_know_is_told_once_and_changes_nothing() {
    let mut world = following("", "").await;
    let (_, id) = linked(&mut world).await;
    world.erp.user("XXX", ("Autre", "Personne"), "").await.unwrap();
    world
        .erp
        .run(format!("UPDATE INTERVENTION SET CDUSER = 'XXX', DHMOD = NOW() WHERE IDINTERVENTION = {id}"))
        .await
        .unwrap();
    let report = cycle(&world).await;
    assert_eq!(report.records.len(), 1);
    assert_eq!(report.records[0].code, "technician-not-in-gestsup");
    quiet(&mut world).await;
    assert_eq!(world.only().await.technician, "XXX");
}

#[tokio::test]
async fn a_planned_time_appears_in_the_technicians_calendar_and_is_told_to_the_requester() {
    let mut world = following("calendar = true\nappointment_step = true", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.dispatch(id, "LRO", "2026-03-05", "14:00:00").await.unwrap();
    cycle(&world).await;
    let events = "technician, incident, date_start, date_end, type, title, classname, disable";
    assert_eq!(
        ask(&world, events, "tevents").await,
        [format!(
            "{}|1|2026-03-05 14:00:00|2026-03-05 15:00:00|2|Ticket 1 : Caisse en panne|badge-success|0",
            world.lea
        )]
    );
    let told = steps(&world, ticket).await;
    assert!(
        told.contains(&format!(
            "0|{}|0|0|0|0|<p>Intervention planifiée le 05/03/2026 à 14:00 avec Léa Roy.</p>",
            world.paul
        )),
        "{told:#?}"
    );
    assert_eq!(ask(&world, "userread", "tincidents").await, ["0"]);
    quiet(&mut world).await;
    world.erp.dispatch(id, "LRO", "2026-03-06", "09:30:00").await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "date_start", "tevents").await, ["2026-03-06 09:30:00"], "it is moved, not doubled");
    quiet(&mut world).await;
    world
        .erp
        .run(format!(
            "UPDATE INTERVENTION SET DT_INTER_DBT = '', HR_DEBUT = '', DHMOD = NOW() WHERE IDINTERVENTION = {id}"
        ))
        .await
        .unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "disable", "tevents").await, ["1"]);
    assert_eq!(ask(&world, "date_hope", "tincidents").await, ["0000-00-00"]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn an_appointment_that_gestsup_planned_is_moved_where_gestan_moves_it() {
    let mut world = following("calendar = true", "").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, "2026-03-05T14:00:00".parse().unwrap(), 90).await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let id = world.only().await.id;
    world.erp.run(format!("UPDATE INTERVENTION SET DT_INTER_DBT = '2026-03-09', DT_INTER_FIN = '2026-03-09', DHMOD = NOW() WHERE IDINTERVENTION = {id}")).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "date_start, date_end", "tevents").await, ["2026-03-09 14:00:00|2026-03-09 15:30:00"]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn the_load_that_is_set_in_gestan_becomes_the_estimated_time() {
    let mut world = following("load = true", "").await;
    let (_, id) = linked(&mut world).await;
    world
        .erp
        .run(format!("UPDATE Z83_INTERVENTION SET CHARGE_ESTIMEE = 90 WHERE IDINTERVENTION = {id}"))
        .await
        .unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "time_hope", "tincidents").await, ["90"]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn minutes_that_are_set_in_gestan_go_back_to_the_step_and_to_the_total() {
    let mut world = following("", "").await;
    world.desk.run("UPDATE tparameters SET ticket_time_response_element = 1").await.unwrap();
    world.desk.time_per_comment = true;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let step = world.desk.comment_with(ticket, world.paul, "<p>Vu</p>", 30, false).await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let before: i64 = ask(&world, "time", "tincidents").await[0].parse().unwrap();
    world.erp.run(format!("UPDATE Z90_STEP SET MINUTES = 45 WHERE CLE = 'step:{step}'")).await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(told(&report), ["1 done follow: to GestSup: 1 step with other minutes"]);
    assert_eq!(ask(&world, "time", &format!("tthreads WHERE id = {step}")).await, ["45"]);
    assert_eq!(ask(&world, "time", "tincidents").await, [(before + 15).to_string()]);
    quiet(&mut world).await;
    assert!(world.memo().await.contains("Paul Durand (information, 45 min)\nVu"), "{}", world.memo().await);
}

#[tokio::test]
async fn minutes_go_to_the_total_alone_where_steps_have_none() {
    let mut world = following("", "").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let step = world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.desk.set_time(ticket, 20).await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    for (minutes, total) in [(45, "65"), (15, "35")] {
        world.erp.run(format!("UPDATE Z90_STEP SET MINUTES = {minutes} WHERE CLE = 'step:{step}'")).await.unwrap();
        cycle(&world).await;
        assert_eq!(ask(&world, "time", "tincidents").await, [total]);
        quiet(&mut world).await;
    }
    assert_eq!(world.only().await.time_spent, 35);
}

#[tokio::test]
async fn a_private_step_tells_the_number_of_the_intervention_once() {
    let mut world = following("number_step = true", "").await;
    let (ticket, id) = linked(&mut world).await;
    assert_eq!(steps(&world, ticket).await, [format!("0|0|1|0|0|0|<p>Intervention n°{id} créée dans Gestan.</p>")]);
    quiet(&mut world).await;
}

#[tokio::test]
async fn what_was_set_in_gestan_before_the_follow_up_was_on_is_not_carried_back() {
    let mut world = crate::support::World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let id = world.only().await.id;
    world.erp.set_status(id, code::IN_PROGRESS).await.unwrap();
    world.erp.type_in_memo(id, "Ancien texte").await.unwrap();
    let mut world =
        world.reconfigured("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[follow_up]\nenabled = true").await;
    let report = super::follow_with(&world, Default::default()).await;
    assert!(report.records.is_empty(), "{:#?}", report.records);
    let _ = ticket;
    world.pass().await;
    quiet(&mut world).await;
}
