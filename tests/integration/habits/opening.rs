//! How tickets come to be, and who is in charge of them.

use super::{mail, next_second};
use crate::support::{World, at, story};
use gestan_connector::demo::help_desk::{Comment, MailHeader};
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn a_ticket_that_a_requester_opens_reaches_gestan_once_somebody_takes_it() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Caisse", "<p>En panne</p>").await.unwrap();
    assert_eq!(world.step_types(ticket).await, "");
    world.converge(&[]).await;
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    assert_eq!(world.step_types(ticket).await, "15");
    world.converge(&["1 create +description +step +step"]).await;
    let seen = world.only().await;
    assert_eq!((seen.technician.as_str(), seen.status, seen.time_spent), ("PDU", code::PLANNED, 0));
    world.quiet().await;
}

#[tokio::test]
async fn a_ticket_that_a_technician_opens_for_somebody_reaches_gestan_without_the_minute_nobody_worked() {
    let mut world = World::new().await;
    let comment = Comment { html: "<p>Il a appelé</p>", ..Comment::default() };
    let (paul, requester) = (world.paul, world.requester);
    let ticket = world.desk.open_as_technician(paul, requester, "Caisse", "<p>En panne</p>", comment).await.unwrap();
    assert_eq!(world.step_types(ticket).await, "150");
    world.converge(&["1 create +description +step +step +step"]).await;
    let seen = world.only().await;
    assert_eq!((seen.technician.as_str(), seen.status, seen.time_spent), ("PDU", code::IN_PROGRESS, 0));
    let memo = world.memo().await;
    assert!(memo.contains("Il a appelé") && memo.contains("Priorité : Très basse"), "{memo}");
}

#[tokio::test]
async fn a_pass_between_the_first_steps_of_a_ticket_and_the_ticket_itself_loses_neither() {
    let mut world = World::new().await;
    let comment = Comment { html: "<p>Il a appelé</p>", ..Comment::default() };
    let (paul, requester) = (world.paul, world.requester);
    let saving = world.desk.begin_to_open(paul, requester, "Caisse", "<p>x</p>", comment).await.unwrap();
    assert_eq!(world.step_types(saving.ticket).await, "15");
    world.converge(&[]).await;
    let ticket = world.desk.finish(saving).await.unwrap();
    assert_eq!(ticket, 1);
    world.converge(&["1 create +description +step +step +step"]).await;
    assert!(world.memo().await.contains("Attribué à Paul Durand"));
}

#[tokio::test]
async fn steps_that_a_guessed_number_put_on_another_ticket_stay_where_gestsup_has_them() {
    let mut world = World::new().await;
    let (paul, requester) = (world.paul, world.requester);
    let saving = world.desk.begin_to_open(paul, requester, "Lente", "<p>x</p>", Comment::default()).await.unwrap();
    let quick = world.desk.open(requester, "Rapide", "<p>y</p>").await.unwrap();
    assert_eq!(saving.ticket, quick, "somebody else was quicker");
    world.converge(&[]).await;
    let slow = world.desk.finish(saving).await.unwrap();
    assert_eq!(slow, 2);
    // The quick one carries the other's step of attribution and is in nobody's charge all the same.
    world.converge(&["2 create +description"]).await;
    world.desk.attribute(quick, world.lea, world.lea).await.unwrap();
    world.converge(&["1 create +description +step +step +step"]).await;
}

#[tokio::test]
async fn a_ticket_that_comes_by_mail_reaches_gestan_with_its_text_and_without_the_block_before_it() {
    let mut world = World::new().await;
    let yesterday = at("2026-03-01T22:30:00");
    let sent = mail(world.requester, "Fournil froid", "<p>Bonjour,</p><p>Le four ne chauffe plus.</p>", yesterday);
    let ticket = world.desk.open_by_mail(&sent, Some(MailHeader::FRENCH)).await.unwrap();
    assert_eq!(
        (world.step_types(ticket).await, world.touched(ticket).await),
        ("6".into(), "2026-03-01 22:30:00".into())
    );
    world.converge(&[]).await;
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("01/03/2026 à 22:30 – Hélène D'Arc (demande)\nBonjour,"), "{memo}");
    assert!(!memo.contains("Destinataire") && !memo.contains("Objet"), "{memo}");
}

#[tokio::test]
async fn a_mail_of_a_requester_with_a_technician_of_his_own_is_attributed_without_a_step() {
    let mut world = World::new().await;
    world.desk.attribute_mails(world.requester, world.lea).await.unwrap();
    let sent = mail(world.requester, "Fournil froid", "<p>Le four</p>", at("2026-03-02T08:00:00"));
    let ticket = world.desk.begin_mail(&sent).await.unwrap();
    world.converge(&["1 create"]).await;
    assert_eq!(world.only().await.technician, "LRO");
    world.desk.finish_mail(ticket, &sent, Some(MailHeader::FRENCH)).await.unwrap();
    world.converge(&["1 update +description"]).await;
    assert!(world.memo().await.contains("Le four"));
}

#[tokio::test]
async fn a_mail_of_nobody_that_gestsup_knows_waits_for_its_requester_and_names_its_sender() {
    let mut world = World::new().await;
    let sent = mail(0, "Devis ?", "<p>Combien ?</p>", at("2026-03-02T08:00:00"));
    let ticket = world.desk.open_by_mail(&sent, Some(MailHeader::FRENCH)).await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 waiting no-requester"]);
    let preview = world.site.tickets().unwrap().preview(ticket, None, chrono::Utc::now()).await.unwrap();
    assert_eq!(preview.ticket.unwrap().description.to_plain(), "De : helene@helene.fr\nCombien ?");
    world.desk.set(ticket, "user", &world.requester.to_string()).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
}

#[tokio::test]
async fn a_ticket_that_a_program_opens_reads_as_it_was_written() {
    let mut world = World::new().await;
    let html = "<p>L'onduleur <b>sonne</b></p><p>Salle 2</p>";
    let ticket = world.desk.open_by_api("helene@helene.fr", 2, "Onduleur \"A\"", html).await.unwrap();
    assert_eq!(world.step_types(ticket).await, "");
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    assert_eq!(world.only().await.title, "Onduleur \"A\"");
    let memo = world.memo().await;
    assert!(memo.contains("L'onduleur sonne") && memo.contains("Salle 2") && !memo.contains('<'), "{memo}");
}

#[tokio::test]
async fn a_copy_of_a_model_ticket_is_a_ticket_of_its_own_and_says_nothing_that_its_steps_do_not_say() {
    let mut world = World::new().await;
    let model = world.ticket("Contrôle mensuel", "<p>Sauvegardes</p>").await;
    world.desk.comment(model, world.paul, "<p>Voir la liste</p>").await.unwrap();
    world.desk.attribute(model, world.lea, world.paul).await.unwrap();
    world.desk.set_time(model, 30).await.unwrap();
    world.pass().await;
    world.desk.clock = at("2026-04-01T06:00:00");
    let copy = world.desk.copy(model, world.lea).await.unwrap();
    assert_eq!(world.touched(copy).await, "0000-00-00 00:00:00");
    world.converge(&["2 create +description +step"]).await;
    let seen = world.gestan().await.remove(1);
    assert_eq!(
        (seen.title.as_str(), seen.technician.as_str(), seen.status),
        ("Contrôle mensuel", "LRO", code::PLANNED)
    );
    assert_eq!(seen.time_spent, 30, "GestSup says so, and people see it there");
    let memo = world.memos().await.remove(1);
    assert!(memo.contains("01/04/2026 à 06:00") && memo.contains("Voir la liste"), "{memo}");
    assert!(!memo.contains("attribué") && !memo.contains("état"), "its steps lost whom and what they name: {memo}");
}

#[tokio::test]
async fn a_copy_of_a_resolved_model_is_open_although_it_has_a_resolution_date() {
    let mut world = World::new().await;
    let model = world.ticket("Contrôle mensuel", "<p>Sauvegardes</p>").await;
    world.desk.close(model, world.paul).await.unwrap();
    world.pass().await;
    world.desk.copy(model, world.lea).await.unwrap();
    world.converge(&["2 create +description"]).await;
    assert_eq!(world.gestan().await[1].status, code::PLANNED);
}

#[tokio::test]
async fn attribution_transfer_and_taking_away_follow_whoever_is_in_charge() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Caisse", "<p>x</p>").await.unwrap();
    let touched = next_second(&world.desk);
    world.desk.attribute_to_group(ticket, world.group, world.lea).await.unwrap();
    assert_eq!(world.touched(ticket).await, touched.to_string());
    world.converge(&["1 create +description +step +step"]).await;
    assert_eq!(world.only().await.team, "PDU;LRO");
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    world.converge(&["1 update technician=PDU team= +step"]).await;
    world.desk.attribute(ticket, world.lea, world.lea).await.unwrap();
    world.converge(&["1 update technician=LRO +step"]).await;
    world.desk.attribute_to_group(ticket, world.group, world.lea).await.unwrap();
    world.converge(&["1 update technician=– team=PDU;LRO +step"]).await;
    assert_eq!(world.step_types(ticket).await, "15222");
    // Taken from a group, it gets no step at all.
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    assert_eq!(world.step_types(ticket).await, "15222");
    world.converge(&["1 update +note"]).await;
    assert_eq!(world.only().await.team, "PDU;LRO", "it is kept");
    let memo = world.memo().await;
    for line in ["Attribué à Niveau 2", "Attribué à Paul Durand", "Attribué à Léa Roy", "n'est plus attribué"] {
        assert!(memo.contains(line), "{line}: {memo}");
    }
}

#[tokio::test]
async fn a_pass_between_the_step_of_an_attribution_and_the_attribution_itself_finds_both_in_the_end() {
    let mut world = World::new().await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    let form = world.desk.form(ticket).await.unwrap().with("technician", world.lea);
    let saving = world.desk.begin(Some(ticket), world.paul, form, Comment::default()).await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.desk.finish(saving).await.unwrap();
    world.converge(&["1 update technician=LRO"]).await;
}
