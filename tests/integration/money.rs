//! The money report, on a base where every mistake that it looks for was made.

use crate::support::World;
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::tickets::{MoneyKind, MoneyOptions, MoneyReport};

async fn report(world: &World) -> MoneyReport {
    let flow = world.site.tickets().unwrap();
    let now = "2026-03-20T12:00:00Z".parse().unwrap();
    flow.money(&MoneyOptions { since: None, patience_days: 10 }, now).await.unwrap()
}

/// A billable ticket with so many minutes, closed and carried over.
async fn closed(world: &mut World, title: &str, minutes: i64) -> i64 {
    let ticket = world.ticket(title, "<p>x</p>").await;
    world.desk.set(ticket, "billable", "1").await.unwrap();
    world.desk.set_time(ticket, minutes).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    ticket
}

#[tokio::test]
async fn every_way_to_lose_or_to_bill_money_twice_is_told() {
    let mut world = World::new().await;
    let fine = closed(&mut world, "Bien", 30).await;
    let undone = closed(&mut world, "Remis à terminé", 40).await;
    let other_time = closed(&mut world, "Autre temps", 60).await;
    let twice = closed(&mut world, "Deux fois", 50).await;
    world.pass().await;
    // Never attributed: nothing of it went to Gestan.
    let lost = world.desk.open(world.requester, "Perdu", "<p>x</p>").await.unwrap();
    world.desk.set(lost, "billable", "1").await.unwrap();
    world.desk.set_time(lost, 20).await.unwrap();
    world.desk.set(lost, "state", "3").await.unwrap();
    world.desk.set(lost, "date_res", "2026-03-02 10:00:00").await.unwrap();
    // Not billable: nobody's matter.
    let free = world.ticket("Gratuit", "<p>x</p>").await;
    world.desk.close(free, world.paul).await.unwrap();
    world.pass().await;
    let ids: Vec<i64> = world.gestan().await.iter().map(|seen| seen.id).collect();
    world.erp.set_status(ids[0], code::BILLED).await.unwrap();
    world.erp.set_status(ids[1], code::DONE).await.unwrap();
    world
        .erp
        .run(format!("UPDATE Z83_INTERVENTION SET TPS_PASSE = 15 WHERE IDINTERVENTION = {}", ids[2]))
        .await
        .unwrap();
    let by_hand = world
        .erp
        .run(format!(
            "INSERT INTO INTERVENTION (LIB50, IDCONTACT, ST_INTER, DHCRE) VALUES ('Ticket n°{twice}', {}, {}, '2026-03-03 09:00:00')",
            world.client,
            code::TO_BILL
        ))
        .await
        .unwrap();
    let report = report(&world).await;
    let told: Vec<(MoneyKind, i64, Vec<i64>)> =
        report.findings.iter().map(|finding| (finding.kind, finding.ticket, finding.interventions.clone())).collect();
    assert_eq!(
        told,
        [
            (MoneyKind::NotToBill, undone, vec![ids[1]]),
            (MoneyKind::NotToBill, lost, vec![]),
            (MoneyKind::NotBilled, other_time, vec![ids[2]]),
            (MoneyKind::NotBilled, twice, vec![ids[3], by_hand]),
            (MoneyKind::Twice, twice, vec![ids[3], by_hand]),
            (MoneyKind::OtherTime, other_time, vec![ids[2]]),
        ],
        "{report:#?}"
    );
    assert!(!told.iter().any(|(_, ticket, _)| *ticket == fine || *ticket == free));
    let hours = &report.clients[0];
    assert_eq!((report.clients.len(), hours.tickets), (1, 6));
    assert_eq!((hours.gestsup_minutes, hours.billable_minutes), (200, 200));
    assert_eq!((hours.gestan_minutes, hours.billed_minutes), (30 + 40 + 15 + 50, 30 + 15 + 50));
    assert!(report.findings.iter().all(|finding| finding.detail.ends_with('.')), "{report:#?}");
}

#[tokio::test]
async fn nothing_is_told_where_both_sides_bill_the_same_in_gestans_own_unit() {
    let mut world = World::with("[mapping.time]\nunit = \"hour\"").await;
    closed(&mut world, "Un", 90).await;
    world.pass().await;
    let report = report(&world).await;
    assert_eq!(
        (report.tickets, report.findings.iter().filter(|f| f.kind != MoneyKind::NotBilled).count()),
        (1, 0),
        "{report:#?}"
    );
}
