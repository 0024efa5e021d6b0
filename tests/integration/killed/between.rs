//! What happens to a ticket between a kill and the restart: a write that was done and never confirmed is
//! the program's own, neither forgotten nor taken for somebody's in Gestan.

use super::program::Program;
use crate::support::World;
use gestan_connector::demo::erp::Seen;
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;
use gestan_connector::gateway::memo::Memo;

/// An attributed ticket with a comment, and the program.
async fn begin() -> (World, Program, i64) {
    let mut world = World::new().await;
    let ticket = world.ticket("Écran noir", "<p>Noir</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Je regarde</p>").await.unwrap();
    let program = Program::on(&mut world).await;
    (world, program, ticket)
}

/// A pass that ends when Gestan has the write and the state does not.
async fn killed(program: &Program) {
    let ended = program.run_until("daemon: gateway answered=return", &["sync", "--allow-mass-change"]).await;
    assert_eq!(ended.signal, Some(6), "{}{}", ended.output, ended.errors);
}

async fn restarted(mut world: World, program: &Program) -> (Seen, String) {
    program.pass().await;
    program.settled().await;
    let seen = world.only().await;
    let memo = Memo::parse(&seen.memo).visible_text();
    (seen, memo)
}

#[tokio::test]
async fn a_ticket_that_is_deleted_after_the_kill_is_noted_as_gone() {
    let (mut world, program, ticket) = begin().await;
    killed(&program).await;
    world.desk.delete(ticket).await.unwrap();
    let (_, memo) = restarted(world, &program).await;
    assert!(memo.contains("Le ticket a été supprimé dans GestSup."), "{memo}");
}

#[tokio::test]
async fn a_ticket_that_nobody_is_in_charge_of_after_the_kill_is_noted_so() {
    let (mut world, program, ticket) = begin().await;
    killed(&program).await;
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    let (_, memo) = restarted(world, &program).await;
    assert!(memo.contains("Le ticket n'est plus attribué dans GestSup."), "{memo}");
}

#[tokio::test]
async fn what_was_never_written_of_a_ticket_that_is_gone_after_the_kill_is_forgotten() {
    let (mut world, program, ticket) = begin().await;
    let ended = program.run_until("gateway: before COMMIT=return", &["sync"]).await;
    assert_eq!(ended.signal, Some(6), "{}", ended.errors);
    world.desk.delete(ticket).await.unwrap();
    program.pass().await;
    program.settled().await;
    assert_eq!(world.gestan().await, []);
}

#[tokio::test]
async fn a_comment_that_is_deleted_after_the_kill_is_withdrawn() {
    let (mut world, program, ticket) = begin().await;
    program.pass().await;
    let step = world.desk.comment(ticket, world.paul, "<p>Mot de passe : 1234</p>").await.unwrap();
    killed(&program).await;
    world.desk.delete_comment(step).await.unwrap();
    let (_, memo) = restarted(world, &program).await;
    assert!(!memo.contains("1234") && memo.contains("retiré dans GestSup"), "{memo}");
}

#[tokio::test]
async fn a_technician_who_was_written_before_the_kill_is_not_somebodys_choice_in_gestan() {
    let (mut world, program, ticket) = begin().await;
    let to = async |world: &mut World, technician| {
        world.desk.attribute(ticket, technician, world.lea).await.unwrap();
        world.desk.set_state(ticket, state::WAITING_TO_BE_TAKEN, world.lea).await.unwrap();
    };
    let (paul, lea) = (world.paul, world.lea);
    to(&mut world, paul).await;
    // It is made for Paul, then it is Léa's.
    killed(&program).await;
    to(&mut world, lea).await;
    program.pass().await;
    assert_eq!(world.only().await.technician, "LRO");
    // It is changed to Paul's, then it is Léa's again.
    to(&mut world, paul).await;
    killed(&program).await;
    assert_eq!(world.only().await.technician, "PDU");
    to(&mut world, lea).await;
    let (seen, _) = restarted(world, &program).await;
    assert_eq!((seen.technician.as_str(), seen.status), ("LRO", code::PLANNED));
}

#[tokio::test]
async fn a_dispatchers_choice_after_the_kill_is_left_to_gestan() {
    let (mut world, program, ticket) = begin().await;
    world.desk.set_state(ticket, state::WAITING_TO_BE_TAKEN, world.paul).await.unwrap();
    killed(&program).await;
    let id = world.only().await.id;
    world.erp.dispatch(id, "LRO", "2026-03-09", "10:00:00").await.unwrap();
    world.desk.set(ticket, "title", "Écran très noir").await.unwrap();
    let (seen, _) = restarted(world, &program).await;
    assert_eq!((seen.technician.as_str(), seen.start.as_str()), ("LRO", "2026-03-09 10:00:00"));
    assert_eq!(seen.title, "Écran très noir");
}

#[tokio::test]
async fn time_that_was_written_before_the_kill_and_billed_after_it_is_not_billed_again() {
    let (mut world, program, ticket) = begin().await;
    program.pass().await;
    world.desk.set(ticket, "billable", "1").await.unwrap();
    world.desk.set_time(ticket, 45).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    killed(&program).await;
    let id = world.only().await.id;
    world.erp.set_status(id, code::BILLED).await.unwrap();
    world.desk.reopen(ticket).await.unwrap();
    world.desk.set_time(ticket, 60).await.unwrap();
    program.pass().await;
    program.settled().await;
    let seen = world.gestan().await;
    assert_eq!(seen.iter().map(|seen| seen.time_spent).collect::<Vec<_>>(), [45, 15]);
}

#[tokio::test]
async fn tickets_closed_between_a_first_pass_that_was_killed_and_the_next_are_no_history() {
    let mut world = World::with("[tickets]").await;
    let now = || chrono::Utc::now().with_timezone(&chrono_tz::Europe::Paris).naive_local();
    world.desk.clock = now();
    let ticket = world.ticket("Écran noir", "<p>Noir</p>").await;
    let program = Program::on(&mut world).await;
    let ended = program.run_until("gateway: before COMMIT=return", &["sync"]).await;
    assert_eq!(ended.signal, Some(6), "{}", ended.errors);
    world.desk.clock = now();
    world.desk.close(ticket, world.paul).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let (seen, _) = restarted(world, &program).await;
    assert_eq!(seen.status, code::DONE);
}

#[tokio::test]
async fn a_changed_mapping_is_noticed_although_the_first_pass_was_killed_at_its_end() {
    for place in ["daemon: before the cursors", "daemon: after the cursors"] {
        let (mut world, program, _) = begin().await;
        let ended = program.run_until(&format!("{place}=return"), &["sync"]).await;
        assert_eq!(ended.signal, Some(6), "{}", ended.errors);
        program.pass().await;
        world.more.push_str("\n[mapping.genre]\ndefault = \"depannage\"");
        world.config_file();
        let report = program.pass().await;
        assert!(report["read"].as_u64() > Some(0), "{place}: {report:#}");
    }
}

#[tokio::test]
async fn an_intervention_that_is_made_anew_when_the_program_is_killed_is_made_once_and_tells_everything() {
    for place in ["gateway: before COMMIT", "daemon: gateway answered"] {
        let (mut world, program, ticket) = begin().await;
        program.pass().await;
        world.erp.run("DELETE FROM INTERVENTION").await.unwrap();
        // The first attempt tells, the second is a person's.
        world.desk.comment(ticket, world.paul, "<p>Suite</p>").await.unwrap();
        program.run_until("", &["sync"]).await;
        program.run_until("", &["retry", &ticket.to_string()]).await;
        let ended = program.run_until(&format!("{place}=return"), &["sync", "--allow-mass-change"]).await;
        assert_eq!(ended.signal, Some(6), "{}{}", ended.output, ended.errors);
        world.desk.comment(ticket, world.paul, "<p>Après</p>").await.unwrap();
        let (_, memo) = restarted(world, &program).await;
        for text in ["Noir", "Je regarde", "Suite", "Après"] {
            assert_eq!(memo.matches(text).count(), 1, "{place}: “{text}” in {memo}");
        }
    }
}
