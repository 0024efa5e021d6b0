//! Writes that hide from clocks and counts: swaps, two in one second, clocks that are moved, zones.

use super::mail;
use crate::support::{World, at, story};
use chrono::Duration;
use gestan_connector::demo::sandbox::code;

async fn two_steps(world: &mut World) -> (i64, i64, i64) {
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    let one = world.desk.comment_with(ticket, world.paul, "<p>Diagnostic</p>", 10, false).await.unwrap();
    let two = world.desk.comment_with(ticket, world.paul, "<p>Réparation</p>", 30, false).await.unwrap();
    world.pass().await;
    (ticket, one, two)
}

#[tokio::test]
async fn minutes_that_are_swapped_between_two_steps_are_seen() {
    let mut world = World::new().await;
    let (_, one, two) = two_steps(&mut world).await;
    world.desk.edit_comment_with(one, "<p>Diagnostic</p>", 30).await.unwrap();
    world.desk.edit_comment_with(two, "<p>Réparation</p>", 10).await.unwrap();
    world.converge(&["1 update ~step ~step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("30 min) – modifié dans GestSup\nDiagnostic"), "{memo}");
    assert_eq!(world.only().await.time_spent, 40, "the sum of the steps, whatever the ticket says");
}

#[tokio::test]
async fn texts_that_are_swapped_between_two_steps_are_seen() {
    let mut world = World::new().await;
    let (_, one, two) = two_steps(&mut world).await;
    world.desk.edit_comment_with(one, "<p>Réparation</p>", 10).await.unwrap();
    world.desk.edit_comment_with(two, "<p>Diagnostic</p>", 30).await.unwrap();
    world.converge(&["1 update ~step ~step"]).await;
    let memo = world.memo().await;
    assert!(memo.find("Réparation") < memo.find("Diagnostic"), "{memo}");
    assert_eq!((memo.matches("Réparation").count(), memo.matches("Diagnostic").count()), (1, 1), "{memo}");
}

#[tokio::test]
async fn private_that_is_set_on_two_steps_at_once_is_seen() {
    let mut world = World::new().await;
    let (_, one, two) = two_steps(&mut world).await;
    world.desk.set_private(one, true).await.unwrap();
    world.desk.set_private(two, true).await.unwrap();
    world.converge(&["1 update -step -step"]).await;
    let memo = world.memo().await;
    assert!(!memo.contains("Diagnostic") && !memo.contains("Réparation"), "{memo}");
    assert_eq!(world.only().await.time_spent, 40, "hidden work is work");
}

#[tokio::test]
async fn two_writes_in_one_second_with_a_pass_between_them_are_both_seen() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    let step = world.desk.comment(ticket, world.lea, "<p>Un</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.clock -= Duration::seconds(1);
    world.desk.comment(ticket, world.lea, "<p>Deux</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.clock -= Duration::seconds(1);
    world.desk.edit_comment(step, "<p>Trois</p>").await.unwrap();
    world.converge(&["1 update ~step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Trois") && memo.contains("Deux") && !memo.contains("\nUn\n"), "{memo}");
}

#[tokio::test]
async fn the_help_desks_clock_may_be_set_back_or_forward_an_hour() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.clock -= Duration::hours(1);
    world.desk.comment(ticket, world.lea, "<p>Une heure avant</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.close(ticket, world.paul).await.unwrap();
    // The last comment before it is called its solution now.
    world.converge(&["1 close status=done ~step +step"]).await;
    world.desk.clock += Duration::hours(2);
    world.desk.reopen(ticket).await.unwrap();
    world.desk.comment(ticket, world.lea, "<p>Une heure après</p>").await.unwrap();
    world.converge(&["1 reopen status=in_progress +step"]).await;
    let memo = world.memo().await;
    let order = ["Une heure avant", "Ticket résolu", "Attribué à", "Une heure après"].map(|text| memo.find(text));
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "by the dates that GestSup has: {memo}");
}

#[tokio::test]
async fn steps_on_both_sides_of_a_change_of_the_clocks_keep_their_wall_clock_time() {
    let mut world = World::new().await;
    world.desk.clock = at("2026-03-29T01:59:00");
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.clock = at("2026-03-29T03:00:30");
    world.desk.comment(ticket, world.lea, "<p>Heure d'été</p>").await.unwrap();
    world.desk.clock = at("2026-10-25T02:10:00");
    world.desk.comment(ticket, world.lea, "<p>Avant trois heures</p>").await.unwrap();
    // An hour later, the same wall clock.
    world.desk.clock = at("2026-10-25T02:10:00");
    world.desk.comment(ticket, world.lea, "<p>La même heure encore</p>").await.unwrap();
    world.desk.clock = at("2026-10-25T03:05:00");
    world.desk.comment(ticket, world.lea, "<p>Heure d'hiver</p>").await.unwrap();
    world.converge(&["1 create +description +step +step +step +step +step +step"]).await;
    let memo = world.memo().await;
    for heading in [
        "29/03/2026 à 01:59 – Hélène D'Arc",
        "29/03/2026 à 03:00 – Léa Roy (réponse)\nHeure d'été",
        "25/10/2026 à 02:10 – Léa Roy (information)\nAvant trois heures",
        "25/10/2026 à 02:10 – Léa Roy (information)\nLa même heure encore",
        "25/10/2026 à 03:05 – Léa Roy (information)\nHeure d'hiver",
    ] {
        assert!(memo.contains(heading), "{heading}: {memo}");
    }
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done ~step +step"]).await;
}

#[tokio::test]
async fn an_appointment_in_the_hour_that_does_not_exist_is_planned_right_after_it() {
    let mut world = World::new().await;
    let ticket = world.ticket("Nuit", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, at("2026-03-29T02:30:00"), 60).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    assert_eq!(world.only().await.start, "2026-03-29 03:30:00");
}

#[tokio::test]
async fn mails_and_programs_that_write_by_another_zones_clock_are_all_seen() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    // 09:00 −0500 as the sender's wall clock, and a program whose PHP runs in UTC.
    let sent = at("2026-03-02T03:00:00");
    world.desk.reply_by_mail(ticket, &mail(world.requester, "Re", "<p>De Montréal</p>", sent)).await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.clock -= Duration::hours(1);
    world.desk.comment_by_api(ticket, world.paul, "Par le programme").await.unwrap();
    world.desk.clock += Duration::hours(1);
    world.converge(&["1 update +step"]).await;
    let sent = at("2026-03-03T18:00:00");
    world.desk.reply_by_mail(ticket, &mail(world.requester, "Re", "<p>De Tokyo</p>", sent)).await.unwrap();
    world.converge(&["1 update +step"]).await;
    let memo = world.memo().await;
    assert!(["De Montréal", "Par le programme", "De Tokyo"].iter().all(|text| memo.contains(text)), "{memo}");
}

#[tokio::test]
async fn a_comment_on_a_ticket_that_was_resolved_long_ago_is_seen_by_the_next_pass() {
    let mut world = World::new().await;
    let old = world.ticket("Ancien", "<p>x</p>").await;
    world.desk.close(old, world.paul).await.unwrap();
    // Long ago, and far behind the numbers that are looked at again.
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 5000").await.unwrap();
    world.ticket("Récent", "<p>x</p>").await;
    world.pass().await;
    world.desk.comment_by_api(old, world.requester, "Une question encore").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 update +step"]);
    assert!(world.memos().await[0].contains("Une question encore"));
    // His page does not show the resolution date, and empties it.
    world.desk.comment_without_rights(old, world.requester, "<p>Et une autre</p>").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 update +step"]);
    world.settled().await;
    world.desk.reopen(old).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 reopen status=in_progress"]);
    assert_eq!(world.gestan().await[0].status, code::IN_PROGRESS);
}
