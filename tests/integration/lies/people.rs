//! People who are no longer who they were: deleted, disabled, groups. And steps of tickets that are not.

use crate::support::{World, at, story};
use gestan_connector::demo::help_desk::Mail;
use gestan_connector::demo::sandbox::code;

#[tokio::test]
async fn a_deleted_technician_is_nobody_any_more_and_what_he_wrote_keeps_his_name() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Câble changé</p>").await.unwrap();
    world.pass().await;
    world.desk.delete_person(world.paul).await.unwrap();
    world.converge(&["1 update +note"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Paul Durand (réponse)\nCâble changé") && !memo.contains("Supprimé"), "{memo}");
    assert_eq!(world.only().await.technician, "PDU", "it is kept");
    world.desk.attribute(ticket, world.lea, world.lea).await.unwrap();
    // Somebody has begun, so who does the work is Gestan's to say.
    world.converge(&["1 update +step +note"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Attribué à Paul Durand") && memo.contains("Attribué à Léa Roy"), "{memo}");
}

#[tokio::test]
async fn what_a_deleted_person_wrote_before_anybody_looked_is_signed_as_gestsup_signs_it() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.lea, "<p>Câble changé</p>").await.unwrap();
    world.desk.delete_person(world.lea).await.unwrap();
    world.pass().await;
    assert!(world.memo().await.contains("Utilisateur Supprimé (question)\nCâble changé"), "{}", world.memo().await);
}

#[tokio::test]
async fn a_deleted_requester_stays_named_and_his_ticket_goes_on() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.requester, "<p>Urgent</p>").await.unwrap();
    world.pass().await;
    world.desk.delete_person(world.requester).await.unwrap();
    world.converge(&[]).await;
    world.desk.comment(ticket, world.paul, "<p>Fait</p>").await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step +step +step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Demandeur : Hélène D'Arc (Boulangerie Hélène)"), "{memo}");
    assert!(memo.contains("Hélène D'Arc (question)\nUrgent") && !memo.contains("Supprimé"), "{memo}");
}

#[tokio::test]
async fn a_ticket_of_a_deleted_requester_that_nobody_looked_at_before_waits_for_another() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.delete_person(world.requester).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 waiting client-unknown"]);
    let _ = ticket;
}

#[tokio::test]
async fn a_linked_ticket_goes_on_with_its_client_when_gestsup_no_longer_tells_one() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.desk.run(format!("UPDATE tusers SET company = 0, mail = '' WHERE id = {}", world.requester)).await.unwrap();
    world.converge(&["1 update head"]).await;
    world.desk.comment(ticket, world.paul, "<p>Fait</p>").await.unwrap();
    world.converge(&["1 update status=in_progress +step +step"]).await;
    world.desk.set(ticket, "user", "0").await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(world.only().await.client, "Boulangerie Hélène SARL");
}

#[tokio::test]
async fn a_group_whose_members_are_of_one_company_has_a_client_and_one_of_several_waits() {
    let mut world = World::new().await;
    let company = world.desk.company("Autre").await.unwrap();
    let other = world.desk.person("autre", ("Zoé", "Autre"), "", 2, company).await.unwrap();
    let one = world.desk.requester_group("Fournil", &[world.requester]).await.unwrap();
    let several = world.desk.requester_group("Tous", &[world.requester, other]).await.unwrap();
    for group in [one, several] {
        let ticket = world.ticket("Un", "<p>x</p>").await;
        let form = world.desk.form(ticket).await.unwrap().with("user", "").with("u_group", group);
        world.desk.save(Some(ticket), world.paul, form, Default::default()).await.unwrap();
    }
    assert_eq!(story(&world.pass().await), ["1 create +description +step +step", "2 waiting no-requester"]);
    assert_eq!(world.only().await.client, "Boulangerie Hélène SARL");
    assert!(world.memo().await.contains("Demandeur : Fournil (Boulangerie Hélène)"));
}

#[tokio::test]
async fn a_disabled_technician_keeps_his_tickets_and_leaves_his_group() {
    let mut world = World::new().await;
    let his = world.ticket("Un", "<p>x</p>").await;
    let groups = world.desk.open(world.requester, "Deux", "<p>x</p>").await.unwrap();
    world.desk.attribute_to_group(groups, world.group, world.lea).await.unwrap();
    world.pass().await;
    world.desk.disable_person(world.paul).await.unwrap();
    world.converge(&["2 update team=LRO"]).await;
    world.desk.comment(his, world.lea, "<p>Suite</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    let other = world.ticket("Trois", "<p>x</p>").await;
    world.converge(&["3 create +description +step +step"]).await;
    let seen = world.gestan().await;
    assert_eq!((seen[0].technician.as_str(), seen[2].technician.as_str()), ("PDU", "PDU"), "GestSup says so");
    let _ = other;
}

#[tokio::test]
async fn a_disabled_requester_keeps_his_company() {
    let mut world = World::new().await;
    world.desk.disable_person(world.requester).await.unwrap();
    world.ticket("Un", "<p>x</p>").await;
    world.converge(&["1 create +description +step +step"]).await;
    assert_eq!(world.only().await.client, "Boulangerie Hélène SARL");
}

#[tokio::test]
async fn a_step_that_was_there_before_its_ticket_belongs_to_whatever_ticket_gets_the_number() {
    let mut world = World::new().await;
    let sent = at("2026-03-02T08:00:00");
    let mail = Mail { sender: world.requester, from: "helene@helene.fr", subject: "n°1:", html: "<p>Perdu</p>", sent };
    world.desk.reply_by_mail(1, &mail).await.unwrap();
    world.converge(&[]).await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    assert_eq!(ticket, 1);
    world.converge(&["1 create +description +step +step +step"]).await;
    assert!(world.memo().await.contains("Perdu"), "GestSup's page shows it there too");
    // An update of GestSup purges such steps only while they are nobody's.
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
    assert_eq!(world.only().await.status, code::DONE);
}
