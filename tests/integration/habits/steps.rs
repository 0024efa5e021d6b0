//! Comments: written, edited, hidden, deleted, sent by mail or by a program.

use super::{mail, next_second};
use crate::support::{World, at, story};
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn a_comment_on_the_web_is_one_paragraph_and_starts_the_work_of_whoever_is_in_charge() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.comment(ticket, world.lea, "<p>De passage</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    let touched = next_second(&world.desk);
    world.desk.comment(ticket, world.paul, "<p>Je commence</p>").await.unwrap();
    assert_eq!(world.touched(ticket).await, touched.to_string());
    world.converge(&["1 update status=in_progress +step +step"]).await;
    let memo = world.memo().await;
    assert_eq!((memo.matches("De passage").count(), memo.matches("Je commence").count()), (1, 1), "{memo}");
}

#[tokio::test]
async fn an_edited_comment_is_corrected_in_place() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    let step = world.desk.comment(ticket, world.paul, "<p>Rouleau changee</p>").await.unwrap();
    world.pass().await;
    world.desk.edit_comment(step, "<p>Rouleau changé</p>").await.unwrap();
    world.converge(&["1 update ~step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("modifié dans GestSup\nRouleau changé") && !memo.contains("changee"), "{memo}");
}

#[tokio::test]
async fn a_deleted_comment_loses_its_text_although_nothing_else_changes() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    let step = world.desk.comment(ticket, world.paul, "<p>Code 4711</p>").await.unwrap();
    world.pass().await;
    let touched = world.touched(ticket).await;
    world.desk.delete_comment(step).await.unwrap();
    assert_eq!(world.touched(ticket).await, touched);
    world.converge(&["1 update -step"]).await;
    let memo = world.memo().await;
    assert!(!memo.contains("4711") && memo.contains("retiré dans GestSup"), "{memo}");
}

#[tokio::test]
async fn a_comment_that_becomes_private_is_withdrawn_and_one_that_becomes_public_arrives() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    let shown = world.desk.comment(ticket, world.paul, "<p>Visible d'abord</p>").await.unwrap();
    let hidden = world.desk.comment_with(ticket, world.paul, "<p>Caché d'abord</p>", 0, true).await.unwrap();
    world.pass().await;
    world.desk.set_private(shown, true).await.unwrap();
    world.desk.set_private(hidden, false).await.unwrap();
    world.converge(&["1 update +step -step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Caché d'abord") && !memo.contains("Visible d'abord"), "{memo}");
}

#[tokio::test]
async fn a_comment_that_becomes_private_or_is_deleted_while_nobody_is_in_charge_is_withdrawn_all_the_same() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    let hidden = world.desk.comment(ticket, world.paul, "<p>Code 4711</p>").await.unwrap();
    let deleted = world.desk.comment(ticket, world.paul, "<p>Code 4712</p>").await.unwrap();
    world.pass().await;
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    world.desk.set_private(hidden, true).await.unwrap();
    world.converge(&["1 update -step +note"]).await;
    world.desk.delete_comment(deleted).await.unwrap();
    world.converge(&["1 update -step"]).await;
    assert!(!world.memo().await.contains("471"), "{}", world.memo().await);
}

#[tokio::test]
async fn a_mail_to_a_resolved_ticket_reopens_its_intervention_although_the_resolution_date_stays() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let sent = world.desk.clock - chrono::Duration::minutes(50);
    world.desk.reply_by_mail(ticket, &mail(world.requester, "Re", "<p>Toujours en panne</p>", sent)).await.unwrap();
    assert_eq!(world.touched(ticket).await, sent.to_string());
    assert!(world.desk.form(ticket).await.unwrap().get("date_res").starts_with("2026"));
    world.converge(&["1 reopen status=in_progress +step +step"]).await;
    assert_eq!(world.only().await.status, code::IN_PROGRESS);
    let memo = world.memo().await;
    assert!(memo.find("Toujours en panne") < memo.find("Ticket résolu"), "by its own date: {memo}");
}

#[tokio::test]
async fn a_mail_to_a_ticket_that_waited_for_its_requester_ends_the_waiting_without_a_step() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, world.paul).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.status, code::WAITING);
    let sent = world.desk.clock;
    world.desk.reply_by_mail(ticket, &mail(world.requester, "Re", "<p>Le numéro est 12</p>", sent)).await.unwrap();
    world.converge(&["1 update status=in_progress +step"]).await;
}

#[tokio::test]
async fn a_mail_whose_text_gestsup_lost_is_no_paragraph_but_its_change_of_state_counts() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let sent = world.desk.clock;
    world.desk.reply_by_mail(ticket, &mail(world.requester, "Re", "", sent)).await.unwrap();
    world.converge(&["1 reopen status=in_progress +step"]).await;
}

#[tokio::test]
async fn a_mail_from_nobody_that_gestsup_knows_is_a_paragraph_without_a_name() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.reply_by_mail(ticket, &mail(0, "Re", "<p>De mon portable</p>", world.desk.clock)).await.unwrap();
    world.converge(&["1 update +step"]).await;
    assert!(world.memo().await.contains("GestSup (information)\nDe mon portable"));
}

#[tokio::test]
async fn a_comment_of_a_program_arrives_although_it_moves_nothing() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    let touched = world.touched(ticket).await;
    world.desk.comment_by_api(ticket, world.paul, "<p>Sonde : l'onduleur est à 12 %</p>").await.unwrap();
    assert_eq!(world.touched(ticket).await, touched);
    world.converge(&["1 update +step"]).await;
    assert!(world.memo().await.contains("\nSonde : l'onduleur est à 12 %"), "{}", world.memo().await);
}

#[tokio::test]
async fn a_step_that_a_mail_put_on_a_ticket_that_does_not_exist_is_nobodys() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    let sent = world.desk.clock;
    world.desk.reply_by_mail(999_999, &mail(world.requester, "n°999999:", "<p>Perdu</p>", sent)).await.unwrap();
    world.desk.comment_by_api(888, world.paul, "<p>Perdu aussi</p>").await.unwrap();
    world.quiet().await;
    world.desk.comment(ticket, world.requester, "<p>Trouvé</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    assert!(!world.memo().await.contains("Perdu"));
}

#[tokio::test]
async fn an_automatic_mail_is_no_paragraph() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.desk.send_mail(ticket, 0, "helene@helene.fr").await.unwrap();
    world.converge(&[]).await;
    world.quiet().await;
}

#[tokio::test]
async fn an_attachment_alone_writes_nothing_and_a_page_that_is_looked_at_is_not_even_read() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    let before = world.only().await;
    world.desk.attach(ticket, "ecran.png").await.unwrap();
    world.converge(&[]).await;
    world.desk.view(ticket, world.paul).await.unwrap();
    world.desk.view(ticket, world.requester).await.unwrap();
    world.desk.view(ticket, world.lea).await.unwrap();
    world.quiet().await;
    assert_eq!(world.only().await, before);
}

#[tokio::test]
async fn a_merge_brings_comments_with_old_dates_and_new_numbers() {
    let mut world = World::new().await;
    let from = world.ticket("Doublon", "<p>x</p>").await;
    world.desk.comment(from, world.requester, "<p>Toujours en panne</p>").await.unwrap();
    world.desk.comment_with(from, world.paul, "<p>Pas devant le client</p>", 0, true).await.unwrap();
    world.desk.plan(from, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.desk.attach(from, "photo.jpg").await.unwrap();
    world.desk.clock = at("2026-03-03T10:00:00");
    let into = world.ticket("Panne", "<p>y</p>").await;
    world.pass().await;
    world.desk.begin_merge(from, into).await.unwrap();
    world.converge(&["2 update +step"]).await;
    world.desk.finish_merge(from, into).await.unwrap();
    let report = world.pass().await;
    assert_eq!(
        story(&report),
        ["1 gone +note", "2 update planned_start=2026-03-05 13:00 UTC planned_end=2026-03-05 14:00 UTC +note"]
    );
    world.settled().await;
    let memos = world.memos().await;
    assert!(memos[0].contains("fusionné dans le ticket n°2"), "{}", memos[0]);
    assert_eq!(memos[1].matches("Toujours en panne").count(), 1, "{}", memos[1]);
    assert!(!memos[1].contains("Pas devant"), "{}", memos[1]);
    assert!(memos[1].contains("02/03/2026 à 09:00 – Hélène D'Arc"), "{}", memos[1]);
}

#[tokio::test]
async fn a_merge_is_told_from_a_deletion_in_every_language_of_gestsup() {
    let mut world = World::new().await;
    let into = world.ticket("Panne", "<p>y</p>").await;
    for words in [
        ["Commentaire fusionné du ticket n°", "vers le ticket n°"],
        ["Merged comment for ticket #", "to ticket n °"],
        ["Zusammengeführter Kommentar für Ticket #", "zur Fahrkarte Nr"],
        ["Comentario combinado para el ticket n. °", "al boleto n °"],
        ["Commento unito per il ticket #", "al biglietto n°"],
    ] {
        let from = world.ticket("Doublon", "<p>x</p>").await;
        world.desk.comment(from, world.requester, "<p>En 2026, 3 pannes</p>").await.unwrap();
        world.pass().await;
        world.desk.begin_merge_in(from, into, words).await.unwrap();
        world.desk.finish_merge(from, into).await.unwrap();
        let gone = format!("{from} gone status=cancelled +note");
        world.converge(&["1 update +step +note", gone.as_str()]).await;
        let memo = world.memos().await.pop().unwrap();
        assert!(memo.contains("fusionné dans le ticket n°1"), "{}: {memo}", words[0]);
    }
}

#[tokio::test]
async fn two_merges_in_a_row_lead_both_tickets_to_the_last_one() {
    let mut world = World::new().await;
    let (one, two) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    let three = world.ticket("Trois", "<p>x</p>").await;
    world.desk.comment(one, world.requester, "<p>Premier</p>").await.unwrap();
    world.pass().await;
    world.desk.merge(one, two).await.unwrap();
    world.desk.merge(two, three).await.unwrap();
    let gone = ["1 gone status=cancelled +note", "2 gone status=cancelled +note"];
    world.converge(&[gone[0], gone[1], "3 update +step +note +note"]).await;
    for memo in &world.memos().await[..2] {
        assert!(memo.contains("fusionné dans le ticket n°3"), "{memo}");
    }
}
