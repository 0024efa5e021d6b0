//! One bad ticket among many.

use crate::commands::run;
use crate::support::World;
use gestan_connector::flows::tickets::{Memory as _, Outcome, PassOptions};

/// Tickets in all.
const MANY: usize = 1000;

#[tokio::test]
async fn one_poisoned_ticket_among_a_thousand_stops_only_itself_and_is_explained() {
    let mut world = World::new().await;
    let first = world.ticket("Panne 1", "<p>Texte 1</p>").await;
    // The same ticket with its steps, 999 times: what people do is tested elsewhere.
    let columns = async |world: &mut World, table: &str| -> String {
        let sql = format!(
            "SELECT GROUP_CONCAT(CONCAT('`', column_name, '`')) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name <> 'id'"
        );
        world.desk.ask(sql).await.unwrap().remove(0)
    };
    world.desk.run("SET SESSION group_concat_max_len = 100000").await.unwrap();
    let ticket = columns(&mut world, "tincidents").await;
    let step = columns(&mut world, "tthreads").await;
    let digit = "(SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
                 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let numbers = format!(
        "(SELECT 1 + a.n + 10 * b.n + 100 * c.n AS seq FROM {digit} a JOIN {digit} b JOIN {digit} c HAVING seq BETWEEN 2 AND {MANY})"
    );
    for statement in [
        format!(
            "INSERT INTO tincidents ({ticket}) SELECT {} FROM tincidents t JOIN {numbers} s WHERE t.id = {first} ORDER BY s.seq",
            ticket.replace("`title`", "CONCAT('Panne ', s.seq)")
        ),
        format!(
            "INSERT INTO tthreads ({step}) SELECT {} FROM tthreads h JOIN {numbers} s WHERE h.ticket = {first} ORDER BY s.seq, h.id",
            step.replace("`ticket`", &format!("s.seq + {first} - 1"))
        ),
    ] {
        world.desk.run(statement).await.unwrap();
    }
    let poisoned = first + 499;
    // Gestan refuses it, for a reason of its own.
    world
        .erp
        .run(
            "CREATE TRIGGER poison BEFORE INSERT ON INTERVENTION FOR EACH ROW BEGIN IF NEW.LIB50 = 'Panne 500' THEN \
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Le dossier est clos'; END IF; END",
        )
        .await
        .unwrap();
    let report = world
        .attempt_with(PassOptions { allow_mass_change: true, ..PassOptions::default() })
        .await
        .expect("one ticket fails no pass");
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Failed)), (MANY - 1, 1));
    assert_eq!(world.gestan().await.len(), MANY - 1);
    let config = world.config_file();
    let (_, status, _) = run(&config, &["status"]).await;
    let told: Vec<&str> = status.lines().filter(|line| line.contains("will be retried")).collect();
    assert_eq!(told.len(), 1, "{status}");
    assert!(told[0].contains(&poisoned.to_string()) && told[0].contains("Le dossier est clos"), "{status}");
    let (code, show, _) = run(&config, &["show", &poisoned.to_string()]).await;
    assert!(code == 0 && show.contains("Gestan's base refused a statement (Le dossier est clos)"), "{show}");
    let (_, journal, _) = run(&config, &["journal", "--outcome", "failed"]).await;
    assert_eq!(journal.lines().filter(|line| line.contains("Le dossier est clos")).count(), 1, "{journal}");
    assert_eq!(world.site.store().attention().await.unwrap().len(), 1);
    world.erp.run("DROP TRIGGER poison").await.unwrap();
    world.site.store().retry(None).await.unwrap();
    let report = world.attempt_with(PassOptions::default()).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.records.len()), (1, 1));
    world.settled().await;
    assert_eq!(world.gestan().await.len(), MANY);
}

#[tokio::test]
async fn a_link_that_was_damaged_in_gestan_sets_aside_its_ticket_alone() {
    let mut world = World::new().await;
    world.tickets(2).await;
    world.converges(2).await;
    let good = world.erp.run("CREATE TABLE good AS SELECT * FROM Z90_TICKET").await;
    good.unwrap();
    world.erp.run("UPDATE Z90_TICKET SET ORIGINE = '{' WHERE NUMERO = 1").await.unwrap();
    world.comments(2, "Vu").await;
    let report = world.attempt_with(PassOptions { full: true, ..PassOptions::default() }).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Quarantined)), (1, 1), "{report:#?}");
    let (_, status, _) = run(&world.config_file(), &["status"]).await;
    assert!(status.contains("What Gestan holds for ticket n°1 cannot be read: the link gestsup:1:1"), "{status}");
    world.erp.run("UPDATE Z90_TICKET t JOIN good g USING (CC_TICKET) SET t.ORIGINE = g.ORIGINE").await.unwrap();
    world.site.store().retry(Some(&[1])).await.unwrap();
    world.converges(2).await;
    world.holds_once("Vu").await;
}
