//! Fields of a ticket's page: every one can change with nothing but the ticket's own row to tell.

use crate::support::World;
use gestan_connector::demo::sandbox::code;

/// One field is edited: neither a step nor `date_modif` tells, and the plan is as expected.
async fn edited(world: &mut World, ticket: i64, column: &str, value: impl ToString, plan: &[&str]) {
    let (touched, steps) = (world.touched(ticket).await, world.step_types(ticket).await);
    world.desk.set(ticket, column, &value.to_string()).await.unwrap();
    assert_eq!((world.touched(ticket).await, world.step_types(ticket).await), (touched, steps), "{column}");
    world.converge(plan).await;
    world.quiet().await;
}

async fn begun(more: &str) -> (World, i64) {
    let mut world = World::with(more).await;
    let ticket = world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    (world, ticket)
}

#[tokio::test]
async fn the_time_spent_is_followed_upwards_and_downwards() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "time", 90, &["1 update time_spent=90 head"]).await;
    edited(&mut world, ticket, "time", 30, &["1 update time_spent=30 head"]).await;
    edited(&mut world, ticket, "time", 1, &["1 update time_spent=0 head"]).await;
}

#[tokio::test]
async fn the_estimate_is_followed_and_the_five_minutes_of_every_ticket_are_none() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "time_hope", 60, &["1 update load=60"]).await;
    edited(&mut world, ticket, "time_hope", 5, &["1 update load=0"]).await;
}

#[tokio::test]
async fn the_title_is_followed() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "title", "Caisse n&deg;2 &amp; tiroir", &["1 update title=Caisse n°2 & tiroir"]).await;
}

#[tokio::test]
async fn the_description_is_followed_and_marked_as_edited() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "description", "<p>Elle fume</p>", &["1 update ~description"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("modifié dans GestSup\nElle fume"), "{memo}");
}

#[tokio::test]
async fn category_subcategory_type_and_service_decide_what_the_rules_say() {
    let more = "[mapping.genre]\nrules = [{ when = { category = \"Materiel\", subcategory = \"PC\" }, genre = \"installation\" }, { when = { type = \"Demande\" }, genre = \"depannage\" }]\n\
                [mapping.billing]\nrules = [{ when = { service = \"Atelier\" }, product = \"MO-INST\" }]";
    let (mut world, ticket) = begun(more).await;
    world.desk.run("INSERT INTO tservices (id, name) VALUES (7, 'Atelier')").await.unwrap();
    edited(&mut world, ticket, "category", 2, &[]).await;
    edited(&mut world, ticket, "subcat", 2, &["1 update genre=installation"]).await;
    edited(&mut world, ticket, "category", 1, &[]).await;
    edited(&mut world, ticket, "type", 1, &["1 update genre=depannage"]).await;
    edited(&mut world, ticket, "u_service", 7, &["1 update product=MO-INST"]).await;
}

#[tokio::test]
async fn priority_and_criticality_are_followed() {
    let (mut world, ticket) = begun("[mapping.priority]\nurgent = \"haute\"").await;
    edited(&mut world, ticket, "priority", 1, &["1 update priority=haute head"]).await;
    edited(&mut world, ticket, "criticality", 2, &["1 update head"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Priorité : Urgent\nCriticité : Grave"), "{memo}");
}

#[tokio::test]
async fn the_opening_date_is_followed_in_the_memo_and_the_ticket_stays_the_same_one() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "date_create", "2026-02-27 17:45:00", &["1 update ~description"]).await;
    assert!(world.memo().await.contains("27/02/2026 à 17:45 – Hélène D'Arc (demande"));
    world.desk.comment(ticket, world.requester, "<p>Alors ?</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
}

#[tokio::test]
async fn the_planned_resolution_date_is_followed_until_the_work_is_started() {
    let (mut world, ticket) = begun("").await;
    let plan = "1 update planned_start=2026-03-10 08:00 UTC planned_end=2026-03-10 09:00 UTC";
    edited(&mut world, ticket, "date_hope", "2026-03-10", &[plan]).await;
    assert_eq!(world.only().await.start, "2026-03-10 09:00:00");
    world.desk.comment(ticket, world.paul, "<p>Je commence</p>").await.unwrap();
    world.pass().await;
    edited(&mut world, ticket, "date_hope", "2026-03-17", &[]).await;
}

#[tokio::test]
async fn a_new_requester_of_the_same_client_is_followed() {
    let (mut world, ticket) = begun("").await;
    let company = world.desk.ask("SELECT CAST(MAX(id) AS CHAR) FROM tcompany").await.unwrap()[0].parse().unwrap();
    let jean = world.desk.person("jean", ("Jean", "Petit"), "jean@helene.fr", 2, company).await.unwrap();
    edited(&mut world, ticket, "user", jean, &["1 update requester=Jean Petit head ~description"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Demandeur : Jean Petit (Boulangerie Hélène)"), "{memo}");
}

#[tokio::test]
async fn a_group_as_requester_is_followed() {
    let (mut world, ticket) = begun("").await;
    let group = world.desk.requester_group("Fournil", &[world.requester]).await.unwrap();
    let form = world.desk.form(ticket).await.unwrap().with("user", "").with("u_group", group);
    world.desk.save(Some(ticket), world.paul, form, Default::default()).await.unwrap();
    world.converge(&["1 update requester=Fournil head ~description"]).await;
    assert_eq!(world.only().await.client, "Boulangerie Hélène SARL");
}

#[tokio::test]
async fn equipment_is_followed() {
    let (mut world, ticket) = begun("").await;
    let (asset, machine) = (world.asset, world.machine);
    let plan = format!("1 update machine={machine}");
    edited(&mut world, ticket, "asset_id", asset, &[plan.as_str()]).await;
}

#[tokio::test]
async fn the_billable_tick_decides_at_the_resolution_and_after_it() {
    let (mut world, ticket) = begun("").await;
    edited(&mut world, ticket, "billable", 1, &[]).await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 bill status=to_bill +step"]).await;
    edited(&mut world, ticket, "billable", 0, &["1 close status=done"]).await;
    edited(&mut world, ticket, "billable", 1, &["1 bill status=to_bill"]).await;
    assert_eq!(world.only().await.status, code::TO_BILL);
}

#[tokio::test]
async fn place_observers_and_reading_marks_are_nothing_to_gestan() {
    let (mut world, ticket) = begun("").await;
    let before = world.only().await;
    for column in ["place", "observer1", "observer2", "observer3", "u_agency", "sender_service", "type_answer"] {
        edited(&mut world, ticket, column, 3, &[]).await;
    }
    assert_eq!(world.only().await, before);
}

#[tokio::test]
async fn what_the_lists_of_the_technicians_page_choose_by_themselves_is_followed_as_gestsup_shows_it() {
    let (mut world, ticket) = begun("").await;
    let form = world.desk.form(ticket).await.unwrap().with_presets();
    world.desk.save(Some(ticket), world.paul, form, Default::default()).await.unwrap();
    world.converge(&["1 update head"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Priorité : Très basse\nCriticité : Basse"), "{memo}");
}
