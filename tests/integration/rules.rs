//! The rules of the configuration, tried on real bases: what decides genre, project, product and billing,
//! and what people are told of it.

use crate::support::{World, story};
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::model::{Field, ObjectKind, Value};

fn start() -> &'static str {
    "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n"
}

/// A field of the newest intervention of the only ticket, as the gateway reads it.
async fn held(world: &World, ticket: i64, field: Field) -> Value {
    let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: ticket, sequence: 1 };
    world.site.gestan().get(&key, ObjectKind::Intervention).await.unwrap().unwrap().fields.get(&field).cloned().unwrap()
}

#[tokio::test]
async fn the_product_comes_from_a_rule_then_the_task_then_the_genre_then_the_default() {
    let mut world = World::new().await;
    for code in ["MO-REGLE", "MO-TACHE", "MO-GENRE", "MO-AUTRE"] {
        world.erp.product(code, code).await.unwrap();
    }
    let project = world.erp.project("Migration", world.client).await.unwrap();
    let task = world.erp.task().await.unwrap();
    let mut world = world
        .reconfigured(&format!(
            "{}[mapping.projects.table]\nMigration = {{ project = {project}, task = {task} }}\n\
             [mapping.genre]\nrules = [{{ when = {{ type = \"Incident\" }}, genre = \"depannage\" }}]\n\
             [mapping.billing]\nproduct = \"MO-AUTRE\"\nby_genre = {{ depannage = \"MO-GENRE\" }}\nby_task = {{ {task} = \"MO-TACHE\" }}\n\
             rules = [{{ when = {{ title = {{ starts_with = \"Urgent\" }}, genre = \"depannage\" }}, product = \"MO-REGLE\" }}]\n",
            start()
        ))
        .await;
    let filed = world.desk.project("Migration").await.unwrap();
    let mut tickets = Vec::new();
    for (title, incident, with_project) in
        [("Urgent : panne", true, true), ("Panne", true, true), ("Panne", true, false), ("Question", false, false)]
    {
        let ticket = world.ticket(title, "<p>x</p>").await;
        world.desk.set(ticket, "type", if incident { "2" } else { "1" }).await.unwrap();
        if with_project {
            world.desk.file_under(ticket, filed).await.unwrap();
        }
        tickets.push(ticket);
    }
    world.pass().await;
    world.settled().await;
    let mut products = Vec::new();
    for ticket in &tickets {
        products.push(held(&world, *ticket, Field::Product).await.to_string());
    }
    assert_eq!(products, ["MO-REGLE", "MO-TACHE", "MO-GENRE", "MO-AUTRE"]);
    let asked =
        world.site.tickets().unwrap().preview(tickets[1], None, chrono::Utc::now()).await.unwrap().asked.unwrap();
    assert_eq!(asked.reason(Field::Product), Some(format!("task {task}, by [mapping.billing.by_task]").as_str()));
    assert_eq!(asked.reason(Field::Genre), Some("rule 1 of [mapping.genre]: type is “Incident”"));
}

#[tokio::test]
async fn a_product_that_gestan_does_not_sell_stops_only_the_ticket_that_needs_it() {
    let mut world = World::with(
        "[mapping.billing]\nrules = [{ when = { type = \"Incident\" }, product = \"INCONNU\" }, { when = { type = \"Demande\" }, product = \"mo-inst\" }]",
    )
    .await;
    let bad = world.ticket("Mauvais", "<p>x</p>").await;
    world.desk.set(bad, "type", "2").await.unwrap();
    let good = world.ticket("Bon", "<p>x</p>").await;
    world.desk.set(good, "type", "1").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 waiting product-unknown", "2 create +description +step +step"]);
    let message = &report.records[0].message;
    assert!(
        message.contains("Gestan has no product “INCONNU” (chosen by rule 1 of [mapping.billing]: type is “Incident”)"),
        "{message}"
    );
    world.erp.product("INCONNU", "Connu").await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    // Once it is made, a product that goes out of the catalogue holds nothing else up.
    world.erp.run("UPDATE PRODUIT SET IHORSCATALOGUE = 1 WHERE CD_PRODUIT = 'INCONNU'").await.unwrap();
    world.desk.comment(bad, world.paul, "<p>Vu</p>").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 update status=in_progress +step +step", "1 waiting product-out-of-catalogue"]);
}

#[tokio::test]
async fn a_status_rule_comes_before_the_table_of_states() {
    let mut world =
        World::with("[mapping]\nstatus_rules = [{ when = { state = \"6\", title = { matches = \"garantie$\" } }, status = \"planned\" }]")
            .await;
    let ticket = world.ticket("Panne sous Garantie", "<p>x</p>").await;
    let other = world.ticket("Panne", "<p>x</p>").await;
    for ticket in [ticket, other] {
        world.desk.set_state(ticket, 6, world.paul).await.unwrap();
    }
    world.pass().await;
    world.settled().await;
    assert_eq!(held(&world, ticket, Field::Status).await, Value::text("planned"));
    assert_eq!(held(&world, other, Field::Status).await, Value::text("waiting"));
}

#[tokio::test]
async fn billed_by_hours_the_intervention_says_when_the_work_ended_and_how_long_it_took() {
    let mut world = World::with("[mapping.billing]\nby = \"hours\"").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_time(ticket, 90).await.unwrap();
    world.pass().await;
    assert_eq!(held(&world, ticket, Field::PlannedStart).await, Value::Null);
    let intervention = world.only().await.id;
    world.erp.dispatch(intervention, "LRO", "2026-03-09", "14:00:00").await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    world.settled().await;
    let (start, end) = (held(&world, ticket, Field::PlannedStart).await, held(&world, ticket, Field::PlannedEnd).await);
    let (Value::Time(start), Value::Time(end)) = (start, end) else { panic!("no times") };
    assert_eq!((end - start).num_minutes(), 90);
    assert_eq!(end.date_naive().to_string(), "2026-03-02", "the day it was resolved");
}

#[tokio::test]
async fn the_load_that_remains_shrinks_with_the_time_spent() {
    let mut world = World::with("[mapping.time]\nload = \"remaining\"").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "time_hope", "120").await.unwrap();
    world.pass().await;
    assert_eq!(held(&world, ticket, Field::Load).await, Value::Number(120));
    world.desk.set_time(ticket, 45).await.unwrap();
    world.converge(&["1 update time_spent=45 load=75 head"]).await;
    world.desk.set_time(ticket, 200).await.unwrap();
    world.converge(&["1 update time_spent=200 load=0 head"]).await;
}

#[tokio::test]
async fn what_a_ticket_became_it_stays_and_a_rule_that_says_otherwise_is_reported_once() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let mut world = world
        .reconfigured(&format!(
            "{}[mapping.mode]\nrules = [{{ when = {{ title = \"un\" }}, mode = \"anomalies\" }}]\n",
            start()
        ))
        .await;
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 reported changed-in-gestan"], "{report:?}");
    assert!(
        report.records[0].message.contains("rule 1 of [mapping.mode]: title is “un” would make it an anomaly now; it stays the intervention that it became"),
        "{}",
        report.records[0].message
    );
    world.settled().await;
    world.desk.comment(ticket, world.lea, "<p>Vu</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    let link = gestan_connector::flows::tickets::Memory::links(world.site.store(), &[ticket]).await.unwrap();
    assert!(link.iter().all(|link| link.kind == ObjectKind::Intervention));
}

#[tokio::test]
async fn what_a_maintenance_contract_covers_is_not_billed_or_billed_as_its_product() {
    let mut world = World::new().await;
    world.erp.product("CONTRAT", "Forfait").await.unwrap();
    let other = world.erp.client("Garage Léon", "g@leon.fr").await.unwrap();
    world
        .erp
        .run("CREATE TABLE CONTRAT (NUM VARCHAR(20), CLIENT BIGINT, MACHINE BIGINT NULL, PRODUIT VARCHAR(25) NULL, DU DATE NULL, AU DATE NULL)")
        .await
        .unwrap();
    let (client, machine) = (world.client, world.machine);
    for row in [
        // Over, not begun, another client's: none of them counts.
        format!("('A-OVER', {client}, NULL, NULL, '2025-01-01', '2026-03-01')"),
        format!("('B-LATER', {client}, NULL, NULL, '2026-03-03', NULL)"),
        format!("('C-OTHER', {other}, NULL, NULL, NULL, NULL)"),
        format!("('D-ALL', {client}, NULL, NULL, '2026-03-02', '2026-03-02')"),
        format!("('E-MACHINE', {client}, {machine}, 'CONTRAT', NULL, NULL)"),
    ] {
        world.erp.run(format!("INSERT INTO CONTRAT VALUES {row}")).await.unwrap();
    }
    let mut world = world
        .reconfigured(&format!(
            "{}[gateway.contracts]\nquery = \"SELECT NUM AS number, CLIENT AS client, MACHINE AS machine, PRODUIT AS product, DU AS valid_from, AU AS valid_until FROM CONTRAT\"\n\
             [mapping.billing]\nproduct = \"MO-HEURE\"\ncontracts = true\n\
             rules = [{{ when = {{ contract = true, title = {{ starts_with = \"Hors\" }} }}, billable = true }}]\n",
            start()
        ))
        .await;
    let mut tickets = Vec::new();
    for (title, with_machine) in [("Mise à jour", false), ("Panne du serveur", true), ("Hors contrat", false)] {
        let ticket = world.ticket(title, "<p>x</p>").await;
        world.desk.set(ticket, "billable", "1").await.unwrap();
        if with_machine {
            world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
        }
        world.desk.close(ticket, world.paul).await.unwrap();
        tickets.push(ticket);
    }
    world.pass().await;
    world.settled().await;
    let mut seen = Vec::new();
    for ticket in &tickets {
        let mut one = Vec::new();
        for field in [Field::Contract, Field::Status, Field::Product] {
            one.push(held(&world, *ticket, field).await.to_string());
        }
        seen.push(one.join(" "));
    }
    assert_eq!(seen, ["D-ALL done MO-HEURE", "E-MACHINE to_bill CONTRAT", "D-ALL to_bill MO-HEURE"]);
    let flow = world.site.tickets().unwrap();
    let asked = flow.preview(tickets[0], None, chrono::Utc::now()).await.unwrap().asked.unwrap();
    let why = asked.reason(Field::Status).unwrap().to_owned();
    assert!(why.ends_with("billable or not by contract D-ALL, which covers it"), "{why}");
}
