//! Rights that lack, versions without a place for marks, rows that somebody holds, tickets that change meanwhile.

use super::{ask, cycle, follow_with, following, linked, quiet, steps};
use crate::support::World;
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::tickets::PassOptions;
use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tokio_util::sync::CancellationToken;

async fn root(world: &World) -> MySqlConnection {
    MySqlConnection::connect(&world.sandbox.url(&world.sandbox.gestsup)).await.unwrap()
}

#[tokio::test]
async fn an_account_that_may_only_read_is_told_what_it_lacks_and_tickets_go_on() {
    let mut world = World::with("[follow_up]\nenabled = true\ncalendar = true").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.site.follow(&PassOptions::default(), &CancellationToken::new()).await.unwrap();
    let id = world.only().await.id;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    let error = world.site.follow(&PassOptions::default(), &CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("does not let the account “connector” write"), "{error}");
    world.desk.comment(ticket, world.paul, "<p>Suite</p>").await.unwrap();
    world.pass().await;
    assert!(world.memo().await.contains("Suite"), "the tickets flow needs none of it");
    let findings = world.site.gestsup().check_writing(&world.site.config().follow_up).await.unwrap();
    let base = &world.sandbox.gestsup;
    let to = "TO 'connector'@'%'";
    for grant in [
        format!("GRANT INSERT, UPDATE (text, dest_mail, time) ON {base}.tthreads {to}"),
        format!(
            "GRANT UPDATE (date_modif, techread, userread, state, date_res, technician, t_group, date_hope, time) ON {base}.tincidents {to}"
        ),
        format!("GRANT INSERT, UPDATE (technician, date_start, date_end, disable) ON {base}.tevents {to}"),
    ] {
        assert!(findings.iter().any(|finding| finding.text.contains(&grant)), "{grant}: {findings:#?}");
    }
    world.sandbox.let_it_follow_up().await.unwrap();
    let findings = world.site.gestsup().check_writing(&world.site.config().follow_up).await.unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    // Its second status, which the account could not write, was not forgotten.
    cycle(&world).await;
    assert_eq!(ask(&world, "COUNT(*)", "tthreads WHERE dest_mail LIKE 'gestan:%'").await.len(), 1);
    quiet(&mut world).await;
}

#[tokio::test]
async fn an_old_gestsup_without_a_place_for_marks_is_followed_by_the_state_alone() {
    let mut world = following("number_step = true", "").await;
    world.desk.run("ALTER TABLE tthreads DROP COLUMN dest_mail, DROP COLUMN time").await.unwrap();
    let (ticket, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    world.erp.type_in_memo(id, "Vu sur place").await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state", "tincidents").await, ["6"]);
    assert_eq!(
        ask(&world, "id", &format!("tthreads WHERE ticket = {ticket} AND text LIKE '%Vu sur place%'")).await.len(),
        1
    );
    quiet(&mut world).await;
    assert_eq!(world.memo().await.matches("Vu sur place").count(), 1);
    assert!(!world.memo().await.contains("créée dans Gestan"));
}

#[tokio::test]
async fn a_latin_base_and_four_byte_characters_stop_nothing() {
    let mut world = following("", "").await;
    world.desk.run("ALTER TABLE tthreads CONVERT TO CHARACTER SET latin1").await.unwrap();
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Vu \\u128077?\\u-10179? \\u321?odz \\u8364?").await.unwrap();
    cycle(&world).await;
    let steps = steps(&world, ticket).await;
    assert_eq!(steps.len(), 1, "{steps:#?}");
    assert!(steps[0].contains("odz €"), "{steps:#?}");
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_ticket_that_somebody_holds_is_written_later_and_stops_no_other() {
    let mut world = following("", "").await;
    for title in ["Un", "Deux"] {
        world.ticket(title, "<p>x</p>").await;
    }
    cycle(&world).await;
    cycle(&world).await;
    for seen in world.gestan().await {
        world.erp.set_status(seen.id, code::WAITING).await.unwrap();
    }
    let mut holder = root(&world).await;
    holder.execute("START TRANSACTION").await.unwrap();
    holder.execute("SELECT * FROM tincidents WHERE id = 1 FOR UPDATE").await.unwrap();
    let report = follow_with(&world, PassOptions::default()).await;
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(ask(&world, "state", "tincidents ORDER BY id").await, ["1", "6"]);
    assert_eq!(report.records.len(), 2);
    assert_eq!(world.site.store().status().await.unwrap().follow_up.len(), 1);
    world.site.store().retry(None).await.unwrap();
    cycle(&world).await;
    assert_eq!(ask(&world, "state", "tincidents ORDER BY id").await, ["6", "6"]);
    assert!(world.site.store().status().await.unwrap().follow_up.is_empty());
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_value_that_the_base_refuses_sets_one_ticket_aside_until_retry() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.desk.run("ALTER TABLE tthreads MODIFY text varchar(20) NOT NULL").await.unwrap();
    world.erp.type_in_memo(id, "Un texte bien plus long que vingt lettres").await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(report.records[0].code, "refused");
    assert!(follow_with(&world, PassOptions::default()).await.records.is_empty());
    world.desk.run("ALTER TABLE tthreads MODIFY text longtext NOT NULL").await.unwrap();
    world.site.store().retry(Some(&[ticket])).await.unwrap();
    cycle(&world).await;
    assert_eq!(steps(&world, ticket).await.len(), 1);
    quiet(&mut world).await;
}

#[tokio::test]
async fn nothing_is_carried_back_to_a_gestsup_that_was_restored_until_that_is_settled() {
    let mut world = following("", "").await;
    let (_, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    world.desk.run("DELETE FROM tthreads ORDER BY id DESC LIMIT 1").await.unwrap();
    world.desk.run("ALTER TABLE tthreads AUTO_INCREMENT = 1").await.unwrap();
    for _ in 0..2 {
        let report = follow_with(&world, PassOptions::default()).await;
        assert!(report.held.is_some_and(|sentence| sentence.contains("was restored")));
        assert_eq!(ask(&world, "state", "tincidents").await, ["1"]);
        world.pass().await;
    }
}

#[tokio::test]
async fn a_ticket_that_is_deleted_or_belongs_to_another_is_left_alone() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.set_status(id, code::WAITING).await.unwrap();
    world.desk.delete(ticket).await.unwrap();
    let report = cycle(&world).await;
    assert!(report.records.is_empty(), "{:#?}", report.records);
    assert_eq!(ask(&world, "id", "tthreads").await, [""; 0]);
}

#[tokio::test]
async fn of_many_open_tickets_those_that_somebody_is_at_are_looked_at_first_and_all_in_their_turn() {
    let mut world = following("", "").await;
    for title in ["Un", "Deux", "Trois"] {
        world.ticket(title, "<p>x</p>").await;
    }
    let pass = async |world: &World, now: chrono::DateTime<chrono::Utc>| {
        let flow =
            gestan_connector::flows::follow_up::FollowUpFlow { every_pass: 0, ..world.site.follow_up().unwrap() };
        flow.pass(&PassOptions::default(), "test", now, &CancellationToken::new()).await.unwrap()
    };
    let now = chrono::Utc::now();
    pass(&world, now).await;
    world.pass().await;
    assert_eq!(pass(&world, now).await.looked_at, 3, "none of them was looked at");
    // Long ago, as far as Gestan's dates tell.
    world.erp.run("UPDATE INTERVENTION SET DHMOD = '2026-01-05 08:00:00'").await.unwrap();
    pass(&world, now).await;
    assert_eq!(pass(&world, now).await.looked_at, 0);
    let id = world.gestan().await[1].id;
    world.erp.run(format!("UPDATE INTERVENTION SET ST_INTER = {}, DHMOD = DATE_ADD(UTC_TIMESTAMP(), INTERVAL 1 HOUR) WHERE IDINTERVENTION = {id}", code::WAITING)).await.unwrap();
    let report = pass(&world, now).await;
    assert_eq!((report.looked_at, report.writes()), (1, 1), "{report:#?}");
    let report = pass(&world, now + chrono::Duration::hours(2)).await;
    assert!(report.looked_at >= 3, "{report:#?}");
}
