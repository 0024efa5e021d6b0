//! Tickets whose intervention exists already: what cannot be told any more does not hold up the rest,
//! and nothing is told twice or wrongly.

use crate::support::{World, at, story};
use gestan_connector::demo::erp::Seen;
use gestan_connector::demo::sandbox::code;
use gestan_connector::gateway::memo::Memo;

const WITHOUT: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.equipment]\nunmatched = \"without\"";

#[tokio::test]
async fn a_client_that_can_no_longer_be_told_holds_up_nothing_once_the_intervention_is_made() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    for (change, what) in [
        ("UPDATE tcompany SET name = 'Renommée' WHERE id > 0".to_owned(), "a company that was renamed"),
        (format!("UPDATE tincidents SET user = 0 WHERE id = {ticket}"), "no requester"),
        (format!("UPDATE tincidents SET user = 6 WHERE id = {ticket}"), "a requester who was deleted"),
    ] {
        world.desk.run(change).await.unwrap();
        world.desk.comment(ticket, world.lea, &format!("<p>Suite malgré {what}</p>")).await.unwrap();
        let report = world.pass().await;
        assert_eq!(report.records.len(), 1, "{what}: {report:#?}");
        assert!(world.memo().await.contains(&format!("Suite malgré {what}")), "{what}");
        world.settled().await;
    }
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let seen = world.only().await;
    assert_eq!((seen.status, seen.client.as_str()), (code::DONE, "Boulangerie Hélène SARL"));
    world.erp.set_status(seen.id, code::BILLED).await.unwrap();
    world.desk.reopen(ticket).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 create +description"], "nor a second intervention");
}

#[tokio::test]
async fn equipment_unknown_to_gestan_waits_while_comments_and_closure_go_through() {
    let mut world = World::new().await;
    let other = world.desk.asset("PC-9", "ZZZ", world.requester).await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.desk.set(ticket, "asset_id", &other.to_string()).await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Poste changé</p>").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 update status=in_progress +step +step", "1 waiting equipment-unknown"]);
    assert!(
        report.records[1].message.ends_with("The rest of the ticket is carried over."),
        "{}",
        report.records[1].message
    );
    assert_eq!(
        story(&world.pass().await),
        ["1 waiting equipment-unknown"],
        "it is looked at again, and nothing is written"
    );
    let journal = world.site.store().journal(&Default::default()).await.unwrap();
    assert_eq!(journal.iter().filter(|line| line.action == "equipment-unknown").count(), 1, "it is journaled once");
    world.desk.set(ticket, "asset_id", "0").await.unwrap();
    assert!(world.pass().await.records.is_empty(), "taken off again, nothing waits");
    world.desk.set(ticket, "asset_id", &other.to_string()).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 waiting equipment-unknown"]);
    world.erp.machine("M9", "Poste", "ZZZ", world.client).await.unwrap();
    world.converge(&["1 update machine=2"]).await;
    assert!(world.site.store().status().await.unwrap().attention.is_empty());
}

#[tokio::test]
async fn a_technician_unknown_to_gestan_waits_before_the_start_and_no_longer_matters_after_it() {
    let mut world = World::new().await;
    let stranger = world.desk.person("inconnu", ("Jean", "Inconnu"), "", 0, 0).await.unwrap();
    let (planned, started) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    world.desk.comment(started, world.paul, "<p>Commencé</p>").await.unwrap();
    world.pass().await;
    for ticket in [planned, started] {
        world.desk.attribute(ticket, stranger, world.lea).await.unwrap();
    }
    assert_eq!(story(&world.pass().await), ["1 update +step", "1 waiting technician-unknown", "2 update +step"]);
    assert!(world.gestan().await.iter().all(|seen| seen.technician == "PDU"));
}

#[tokio::test]
async fn a_ticket_without_steps_stays_itself_when_its_date_or_its_creator_is_changed() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Attribué d'office", "<p>x</p>").await.unwrap();
    world.desk.set(ticket, "technician", &world.paul.to_string()).await.unwrap();
    world.converge(&["1 create +description"]).await;
    world.desk.set(ticket, "date_create", "2026-03-01 08:00:00").await.unwrap();
    world.converge(&["1 update ~description"]).await;
    world.desk.set(ticket, "creator", "6").await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    assert!(world.memo().await.contains("Vu"));
    world.settled().await;
}

#[tokio::test]
async fn a_counter_that_an_administrator_lowers_is_no_restore() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 500").await.unwrap();
    world.pass().await;
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 100").await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    let report = world.pass().await;
    assert_eq!((report.rewound, world.memo().await.contains("Vu")), (None, true));
}

#[tokio::test]
async fn a_first_date_reaches_a_started_intervention_whose_planning_nobody_filled_in() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Commencé</p>").await.unwrap();
    world.pass().await;
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.converge(&["1 update planned_start=2026-03-05 13:00 UTC planned_end=2026-03-05 14:00 UTC"]).await;
    world.desk.run("UPDATE tevents SET date_start = '2026-03-06 14:00:00'").await.unwrap();
    world.converge(&[]).await;
}

#[tokio::test]
async fn of_several_appointments_the_next_one_counts_and_when_all_are_over_the_last() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.pass().await;
    world.desk.plan(ticket, world.paul, at("2026-03-09T08:00:00"), 60).await.unwrap();
    world.converge(&["1 update planned_start=2026-03-09 07:00 UTC planned_end=2026-03-09 08:00 UTC"]).await;
    world.desk.plan(ticket, world.paul, at("2090-03-09T08:00:00"), 60).await.unwrap();
    world.desk.plan(ticket, world.paul, at("2091-03-09T08:00:00"), 60).await.unwrap();
    world.converge(&["1 update planned_start=2090-03-09 07:00 UTC planned_end=2090-03-09 08:00 UTC"]).await;
}

#[tokio::test]
async fn a_second_intervention_takes_over_neither_a_past_appointment_nor_the_load_that_was_billed() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.desk.set(ticket, "time_hope", "120").await.unwrap();
    world.desk.set_time(ticket, 90).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let first = world.only().await.id;
    world.erp.set_status(first, code::BILLED).await.unwrap();
    world.desk.reopen(ticket).await.unwrap();
    let report = world.pass().await;
    let operation = report.records[0].operation.as_ref().unwrap();
    let value = |name: &str| {
        let change = operation.changes.iter().find(|change| change.field.as_str() == name).unwrap();
        change.to.to_string()
    };
    assert_eq!((value("planned_start").as_str(), value("load").as_str()), ("–", "30"));
}

#[tokio::test]
async fn a_priority_or_machine_that_is_no_longer_mapped_does_not_stay() {
    let mut world =
        World::with("[mapping.equipment]\nunmatched = \"without\"\n[mapping.priority]\n\"Haute\" = \"haute\"").await;
    let other = world.desk.asset("PC-9", "ZZZ", world.requester).await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "priority", "3").await.unwrap();
    world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
    world.pass().await;
    world.desk.set(ticket, "priority", "5").await.unwrap();
    world.desk.set(ticket, "asset_id", &other.to_string()).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 update priority=– machine=– head"]);
    world.settled().await;
    let world = world.reconfigured(WITHOUT).await;
    world.settled().await;
}

#[tokio::test]
async fn a_comment_that_is_hidden_and_shown_again_is_not_marked_as_edited() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>Texte</p>").await;
    let step = world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    let before = world.memo().await;
    world.desk.set_private(step, true).await.unwrap();
    world.desk.set(ticket, "description", "").await.unwrap();
    world.converge(&["1 update -description -step"]).await;
    world.desk.set_private(step, false).await.unwrap();
    world.desk.set(ticket, "description", "<p>Texte</p>").await.unwrap();
    world.converge(&["1 update ~description ~step"]).await;
    assert_eq!(world.memo().await, before);
}

#[tokio::test]
async fn an_author_whose_account_is_deleted_stays_named_in_the_memo() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.lea, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    let lea = world.lea;
    world.desk.run(format!("UPDATE tthreads SET author = 6 WHERE author = {lea}")).await.unwrap();
    world.desk.run(format!("DELETE FROM tusers WHERE id = {lea}")).await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Suite</p>").await.unwrap();
    world.pass().await;
    assert!(world.memo().await.contains("Léa Roy (réponse)\nVu"), "{}", world.memo().await);
    world.settled().await;
}

#[tokio::test]
async fn a_merge_of_a_merge_between_two_passes_is_followed_to_its_end() {
    let mut world = World::new().await;
    let mut tickets = Vec::new();
    for title in ["Un", "Deux", "Trois"] {
        let ticket = world.ticket(title, "<p>x</p>").await;
        world.desk.comment(ticket, world.requester, &format!("<p>Dit dans {title}</p>")).await.unwrap();
        tickets.push(ticket);
    }
    world.pass().await;
    world.desk.merge(tickets[0], tickets[1]).await.unwrap();
    world.desk.merge(tickets[1], tickets[2]).await.unwrap();
    world.pass().await;
    let texts: Vec<String> = world.gestan().await.iter().map(|seen| Memo::parse(&seen.memo).visible_text()).collect();
    assert!(
        texts[0].contains("fusionné dans le ticket n°3") && texts[1].contains("fusionné dans le ticket n°3"),
        "{texts:#?}"
    );
    for title in ["Un", "Deux"] {
        assert_eq!(texts[2].matches(&format!("Dit dans {title}")).count(), 1, "{}", texts[2]);
    }
    world.settled().await;
}

#[tokio::test]
async fn what_happens_to_a_ticket_closed_lately_without_a_resolution_date_is_seen_by_the_next_pass() {
    let mut world = World::new().await;
    let (done, rejected) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    world.pass().await;
    world.desk.close(done, world.paul).await.unwrap();
    world.desk.set_state(rejected, 4, world.paul).await.unwrap();
    world.pass().await;
    // Hundreds of numbers later, and the requester's comment has wiped the date.
    world.desk.run(format!("UPDATE tincidents SET date_res = '0000-00-00 00:00:00' WHERE id = {done}")).await.unwrap();
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 5000").await.unwrap();
    world.desk.run("ALTER TABLE tthreads AUTO_INCREMENT = 5000").await.unwrap();
    let late = world.ticket("Plus tard", "<p>x</p>").await;
    world.pass().await;
    world.desk.set_time(done, 45).await.unwrap();
    world.desk.set(rejected, "title", "Deux bis").await.unwrap();
    world.converge(&["1 update time_spent=45 head", "2 update title=Deux bis"]).await;
    let _ = late;
}

#[tokio::test]
async fn time_that_shrinks_after_it_was_billed_and_grows_again_is_not_billed_twice() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    for minutes in [35, 20, 35] {
        world.desk.set_time(ticket, minutes).await.unwrap();
        world.desk.close(ticket, world.paul).await.unwrap();
        world.pass().await;
        let last = world.gestan().await.last().unwrap().id;
        world.erp.set_status(last, code::BILLED).await.unwrap();
        world.desk.reopen(ticket).await.unwrap();
        world.pass().await;
    }
    let spent: Vec<i64> = world.gestan().await.iter().map(|seen| seen.time_spent).collect();
    assert_eq!(spent, [35, 0, 0, 0]);
}

#[tokio::test]
async fn minutes_that_an_earlier_intervention_was_billed_for_are_not_missed_in_a_later_one() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    for minutes in [35, 20] {
        world.desk.set_time(ticket, minutes).await.unwrap();
        world.desk.close(ticket, world.paul).await.unwrap();
        world.pass().await;
        let last = world.gestan().await.last().unwrap().id;
        world.erp.set_status(last, code::BILLED).await.unwrap();
        if minutes > 20 {
            world.desk.reopen(ticket).await.unwrap();
            world.pass().await;
        }
    }
    world.settled().await;
    world.desk.set_time(ticket, 30).await.unwrap();
    assert_eq!(story(&world.pass().await), [] as [&str; 0], "35 were billed");
    world.desk.set_time(ticket, 40).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 reported billed"]);
    assert!(report.records[0].message.contains(" 5 more minute(s)"), "{}", report.records[0].message);
}

#[tokio::test]
async fn a_state_that_is_lost_after_billing_bills_nothing_twice_and_tells_nothing_twice() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    // The last one is open. They are more than a pass plans a ticket anew.
    for (number, minutes) in [30, 50, 55, 70, 100].into_iter().enumerate() {
        if number > 0 {
            world.desk.close(ticket, world.paul).await.unwrap();
            world.pass().await;
            let last = world.gestan().await.last().unwrap().id;
            world.erp.set_status(last, code::BILLED).await.unwrap();
            world.desk.reopen(ticket).await.unwrap();
        }
        world.desk.comment(ticket, world.paul, &format!("<p>Reprise {number}</p>")).await.unwrap();
        world.desk.set_time(ticket, minutes).await.unwrap();
        world.pass().await;
    }
    let held = async |world: &mut World| -> Vec<(i64, i64, i64, String)> {
        let text = |seen: &Seen| Memo::parse(&seen.memo).visible_text();
        world.gestan().await.iter().map(|seen| (seen.id, seen.status, seen.time_spent, text(seen))).collect()
    };
    let before = held(&mut world).await;
    assert_eq!(before.iter().map(|seen| seen.2).collect::<Vec<_>>(), [30, 20, 5, 15, 30]);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", world.state_path().display()));
    }
    let mut world = world.reopen().await;
    world.pass().await;
    world.site.store().retry(None).await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(held(&mut world).await, before);
    world.desk.comment(ticket, world.paul, "<p>Reprise 5</p>").await.unwrap();
    world.desk.set_time(ticket, 110).await.unwrap();
    world.pass().await;
    let after = held(&mut world).await;
    assert_eq!((&after[..4], after[4].2), (&before[..4], 40));
    for number in 0..6 {
        let text = format!("Reprise {number}");
        let times: Vec<usize> = after.iter().map(|seen| seen.3.matches(&text).count()).collect();
        assert_eq!(times.iter().sum::<usize>(), 1, "{text}: {times:?}");
    }
}
