//! Absences of Gestan's users: events in GestSup's calendar, and what the tickets flow plans around.

use super::{referring, settle, whole};
use crate::follow_up::ask;
use crate::support::World;
use gestan_connector::flows::tickets::{Outcome, PassReport};

const EVENT: &str = "u.login, e.title, e.date_start, e.date_end, e.allday, e.type, e.incident, e.disable";

async fn events(world: &World) -> Vec<String> {
    ask(world, EVENT, "tevents e JOIN tusers u ON u.id = e.technician ORDER BY e.id").await
}

/// Days from now on, as `2026-11-30`.
fn day(days: i64) -> String {
    (chrono::Utc::now() + chrono::Duration::days(days)).format("%Y-%m-%d").to_string()
}

#[tokio::test]
async fn a_validated_absence_is_an_event_that_moves_and_is_cancelled_with_it() {
    let mut world = referring("absence_title = \"Absence {reason} [x]\"").await;
    world.erp.run("INSERT INTO PARAMLIB VALUES (71, 4, 'RTT & congés'), (9, 4, 'Devis')").await.unwrap();
    let holiday = world.erp.absence("LRO", &day(10), &day(12)).await.unwrap();
    world.erp.run(format!("UPDATE ABSENCE SET ID2_MOTIFABSENCE = 4 WHERE IDABSENCE = {holiday}")).await.unwrap();
    let asked = world.erp.absence("PDU", &day(10), &day(10)).await.unwrap();
    world
        .erp
        .run(format!(
            "UPDATE ABSENCE SET IVALIDE = 0, HR_DEBUT = '08:30:00', HR_FIN = '12:00:00' WHERE IDABSENCE = {asked}"
        ))
        .await
        .unwrap();
    world.erp.absence("LRO", &day(-80), &day(-70)).await.unwrap();
    world.erp.absence("ZZZ", &day(1), &day(2)).await.unwrap();
    settle(&world).await;
    let of = |title: &str, from: i64, until: i64, disabled: i64| {
        format!("lea|{title}|{} 00:00:00|{} 00:00:00|true|0|0|{disabled}", day(from), day(until))
    };
    let title = "Absence RTT &amp; congés (x)";
    assert_eq!(events(&world).await, [of(title, 10, 13, 0)], "a day after the last one, at midnight");
    // It moves; the other one is validated; somebody drags an event in GestSup.
    world.erp.run(format!("UPDATE ABSENCE SET DT_FIN = '{}' WHERE IDABSENCE = {holiday}", day(14))).await.unwrap();
    world.erp.run(format!("UPDATE ABSENCE SET IVALIDE = 1 WHERE IDABSENCE = {asked}")).await.unwrap();
    world.desk.run("UPDATE tevents SET date_start = '2020-01-01 00:00:00'").await.unwrap();
    settle(&world).await;
    let morning = format!("paul|Absence  (x)|{0} 08:30:00|{0} 12:00:00|false|0|0|0", day(10)).replace("  ", " ");
    assert_eq!(events(&world).await, [of(title, 10, 15, 0), morning.clone()]);
    // Withdrawn, and deleted in Gestan.
    world.erp.run(format!("UPDATE ABSENCE SET IVALIDE = 0 WHERE IDABSENCE = {holiday}")).await.unwrap();
    world.erp.run(format!("DELETE FROM ABSENCE WHERE IDABSENCE = {asked}")).await.unwrap();
    settle(&world).await;
    let cancelled = format!("{}1", morning.trim_end_matches('0'));
    assert_eq!(events(&world).await, [of(title, 10, 15, 1), cancelled]);
    let before = whole(&world).await;
    settle(&world).await;
    assert_eq!(whole(&world).await, before);
}

async fn start(world: &mut World) -> String {
    world.only().await.start
}

fn absent(report: &PassReport) -> Vec<&str> {
    let records = report.records.iter().filter(|record| record.outcome == Some(Outcome::Waiting));
    records.filter(|record| record.code == "technician-absent").map(|record| record.message.as_str()).collect()
}

#[tokio::test]
async fn a_proposed_start_skips_an_absence_and_comes_back_when_it_is_withdrawn() {
    let mut world = referring("").await;
    let ticket = world.ticket("Caisse", "<p>En panne</p>").await;
    // A Monday far from now; the week after it begins on a Monday too.
    world.desk.run(format!("UPDATE tincidents SET date_hope = '2031-03-03' WHERE id = {ticket}")).await.unwrap();
    world.pass().await;
    assert_eq!(start(&mut world).await, "2031-03-03 09:00:00");
    let absence = world.erp.absence("PDU", "2031-03-03", "2031-03-07").await.unwrap();
    world.erp.absence("LRO", "2031-03-10", "2031-03-10").await.unwrap();
    world.erp.absence("PDU", "2031-03-10", "2031-03-10").await.unwrap();
    settle(&world).await;
    let report = world.pass().await;
    assert_eq!(start(&mut world).await, "2031-03-11 09:00:00", "not on Saturday, and past the absence that follows");
    let told = absent(&report).join("");
    assert!(told.contains("from 03/03/2031 00:00 to 08/03/2031 00:00") && told.contains("11/03/2031"), "{told}");
    let attention = gestan_connector::flows::tickets::Memory::attention(world.site.store()).await.unwrap();
    assert_eq!(attention[&ticket].code, "technician-absent");
    world.settled().await;
    world.erp.run(format!("UPDATE ABSENCE SET IVALIDE = 0 WHERE IDABSENCE = {absence}")).await.unwrap();
    settle(&world).await;
    let report = world.pass().await;
    assert_eq!((start(&mut world).await, absent(&report).len()), ("2031-03-03 09:00:00".to_owned(), 0));
    let attention = gestan_connector::flows::tickets::Memory::attention(world.site.store()).await.unwrap();
    assert!(attention.is_empty(), "{attention:?}");
}

#[tokio::test]
async fn an_appointment_that_people_made_stands_and_is_told_from_the_first_pass_on() {
    let mut world = referring("").await;
    world.erp.absence("PDU", "2031-03-03", "2031-03-07").await.unwrap();
    settle(&world).await;
    let ticket = world.ticket("Caisse", "<p>En panne</p>").await;
    let paul = world.paul;
    world.desk.run(format!("INSERT INTO tevents (technician, incident, date_start, date_end, allday, type, title, classname, disable) VALUES ({paul}, {ticket}, '2031-03-04 14:00:00', '2031-03-04 15:00:00', '', 2, '', '', 0)")).await.unwrap();
    let report = world.pass().await;
    assert_eq!(start(&mut world).await, "2031-03-04 14:00:00");
    assert!(absent(&report).join("").contains("The appointment stands"), "{:?}", report.records);
    world.desk.close(ticket, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(absent(&report), Vec::<&str>::new(), "what is done is no matter any more");
}
