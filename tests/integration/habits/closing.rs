//! States: chosen in the form or in the list, by a button, by a requester, by GestSup itself.

use super::next_second;
use crate::support::{World, at};
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn a_state_chosen_in_the_form_of_a_technicians_ticket_is_followed() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    for (state, status, plan) in [
        (state::WAITING_FOR_REQUESTER, code::WAITING, "1 update status=waiting +step"),
        (state::IN_PROGRESS, code::IN_PROGRESS, "1 update status=in_progress +step"),
        (state::RESOLVED, code::DONE, "1 close status=done +step"),
        (state::IN_PROGRESS, code::IN_PROGRESS, "1 reopen status=in_progress +step"),
        (state::REJECTED, code::CANCELLED, "1 cancel status=cancelled +step"),
    ] {
        let touched = next_second(&world.desk);
        world.desk.set_state(ticket, state, world.paul).await.unwrap();
        assert_eq!(world.touched(ticket).await, touched.to_string());
        world.converge(&[plan]).await;
        assert_eq!(world.only().await.status, status);
    }
    assert_eq!(world.step_types(ticket).await, "1555455");
}

#[tokio::test]
async fn a_state_chosen_in_the_form_of_a_groups_ticket_is_followed_although_it_leaves_no_trace() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Caisse", "<p>x</p>").await.unwrap();
    world.desk.attribute_to_group(ticket, world.group, world.lea).await.unwrap();
    world.pass().await;
    let (touched, steps) = (world.touched(ticket).await, world.step_types(ticket).await);
    world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, world.lea).await.unwrap();
    assert_eq!((world.touched(ticket).await, world.step_types(ticket).await), (touched, steps));
    world.converge(&["1 update status=waiting"]).await;
    world.desk.set_state(ticket, state::REJECTED, world.lea).await.unwrap();
    world.converge(&["1 cancel status=cancelled"]).await;
    world.desk.set_state(ticket, state::RESOLVED, world.lea).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
}

#[tokio::test]
async fn a_state_chosen_in_the_form_of_a_ticket_of_nobody_is_nothing_to_gestan() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Caisse", "<p>x</p>").await.unwrap();
    let form = world.desk.form(ticket).await.unwrap().with("state", state::WAITING_FOR_REQUESTER);
    world.desk.save(Some(ticket), world.lea, form, Default::default()).await.unwrap();
    assert_eq!(world.step_types(ticket).await, "5");
    world.converge(&[]).await;
    assert_eq!(world.gestan().await, []);
}

#[tokio::test]
async fn the_close_button_closes_and_the_reopen_button_reopens_without_a_trace() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
    let (touched, steps) = (world.touched(ticket).await, world.step_types(ticket).await);
    world.desk.reopen(ticket).await.unwrap();
    assert_eq!((world.touched(ticket).await, world.step_types(ticket).await), (touched, steps));
    world.converge(&["1 reopen status=in_progress"]).await;
}

#[tokio::test]
async fn a_resolution_that_the_requester_refuses_reopens_the_intervention_with_his_reason() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    world.desk.refuse_resolution(ticket, "Elle est retombée en panne").await.unwrap();
    world.converge(&["1 reopen status=in_progress +step +step"]).await;
    assert!(world.memo().await.contains("Elle est retombée en panne"));
}

#[tokio::test]
async fn a_mass_action_in_the_list_closes_reopens_and_rejects() {
    let mut world = World::new().await;
    let (one, two) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    world.pass().await;
    let touched = world.touched(one).await;
    world.desk.mass_state(&[one, two], state::RESOLVED, world.lea).await.unwrap();
    assert_eq!(world.touched(one).await, touched);
    world.converge(&["1 close status=done +step", "2 close status=done +step"]).await;
    world.desk.mass_state(&[one], state::IN_PROGRESS, world.lea).await.unwrap();
    world.desk.mass_state(&[two], state::REJECTED, world.lea).await.unwrap();
    assert!(world.desk.form(one).await.unwrap().get("date_res").starts_with("2026"), "an open ticket keeps it");
    world.converge(&["1 reopen status=in_progress +step", "2 cancel status=cancelled +step"]).await;
}

#[tokio::test]
async fn what_gestsup_closes_at_night_by_the_age_of_a_ticket_is_closed_in_gestan() {
    let mut world = World::new().await;
    let old = world.ticket("Vieux", "<p>x</p>").await;
    world.desk.clock = at("2026-04-20T08:00:00");
    world.ticket("Récent", "<p>x</p>").await;
    world.desk.comment(old, world.paul, "<p>Encore ce matin</p>").await.unwrap();
    world.pass().await;
    assert_eq!(world.desk.auto_close(30).await.unwrap(), [old]);
    world.converge(&["1 close status=done +step"]).await;
    let memo = world.memos().await.remove(0);
    assert!(memo.contains("– GestSup (événement)\nTicket résolu"), "{memo}");
}

#[tokio::test]
async fn a_survey_that_closes_the_ticket_closes_the_intervention_and_one_that_does_not_writes_nothing() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.answer_survey(ticket, "Très bien", false).await.unwrap();
    world.converge(&[]).await;
    world.desk.answer_survey(ticket, "Vraiment", true).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
}

#[tokio::test]
async fn a_reason_that_is_written_with_the_rejection_is_told_as_its_reason() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.set_state_with(ticket, state::REJECTED, world.paul, "<p>Hors contrat</p>").await.unwrap();
    assert_eq!(world.step_types(ticket).await, "1550", "the rejection comes before its reason");
    world.converge(&["1 cancel status=cancelled +step +step"]).await;
    assert!(world.memo().await.contains("Paul Durand (motif)\nHors contrat"), "{}", world.memo().await);
}

#[tokio::test]
async fn a_solution_that_is_written_with_the_resolution_is_told_as_its_solution() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    world.desk.set_state_with(ticket, state::RESOLVED, world.paul, "<p>Alimentation changée</p>").await.unwrap();
    world.converge(&["1 close status=done +step +step"]).await;
    assert!(world.memo().await.contains("Paul Durand (solution)\nAlimentation changée"), "{}", world.memo().await);
}

#[tokio::test]
async fn a_deleted_ticket_is_told_in_its_intervention() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.delete(ticket).await.unwrap();
    world.converge(&["1 gone status=cancelled +note"]).await;
}
