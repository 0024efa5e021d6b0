//! Rows that somebody else holds, transactions that stand in each other's way, and whatever else a server
//! may answer to a single statement.

use super::server::{administer, root};
use crate::support::{World, server};
use gestan_connector::cli::ExitCode;
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::flows::tickets::PassReport;
use gestan_connector::flows::tickets::{Memory as _, Outcome, PassOptions, Trouble};
use sqlx::{AssertSqlSafe, Executor as _, MySqlConnection};
use std::time::Duration;

/// Two tickets in step, each with a comment that Gestan does not have yet; an administrator of the server.
async fn commented() -> (World, MySqlConnection) {
    let mut world = World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nattempts = 2").await;
    world.tickets(2).await;
    world.pass().await;
    world.comments(2, "Nouveau").await;
    let mut other = root(server().await).await;
    other.execute(AssertSqlSafe(format!("USE {}", world.sandbox.gestan))).await.unwrap();
    (world, other)
}

async fn run(connection: &mut MySqlConnection, sql: &str) {
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

/// Waits until the gateway's statement waits for a row of this base; its connection.
async fn waiting_gateway(world: &World) -> i64 {
    let mut root = root(server().await).await;
    let sql = "SELECT CAST(p.id AS SIGNED) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
               ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = ?";
    for _ in 0..25 {
        // That table is renewed only when it was not read for a tenth of a second.
        tokio::time::sleep(Duration::from_millis(120)).await;
        let found: Option<(i64,)> =
            sqlx::query_as(sql).bind(&world.sandbox.gestan).fetch_optional(&mut root).await.unwrap();
        if let Some((id,)) = found {
            return id;
        }
    }
    panic!("nobody waits");
}

#[tokio::test]
async fn a_row_that_somebody_holds_delays_its_ticket_alone_and_never_sets_it_aside() {
    let (mut world, mut other) = commented().await;
    run(&mut other, "BEGIN").await;
    run(&mut other, "UPDATE INTERVENTION SET USMOD = 'DIS' WHERE IDINTERVENTION = 1").await;
    let report = world.attempt_with(PassOptions::default()).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Failed)), (1, 1), "{report:#?}");
    let again = PassOptions { only: vec![1], ..PassOptions::default() };
    let report = world.attempt_with(again).await.unwrap();
    assert_eq!(report.count(Outcome::Failed), 1, "as many attempts as are allowed: {report:#?}");
    let attention = world.site.store().attention().await.unwrap();
    assert_eq!((attention.len(), attention[&1].trouble), (1, Trouble::Retrying));
    assert_eq!((attention[&1].code.as_str(), attention[&1].attempts), ("locked", 2));
    let (_, show, _) = crate::commands::run(&world.config_file(), &["show", "1"]).await;
    assert!(
        show.contains("will be retried: somebody is changing the same intervention in Gestan's base and holds it"),
        "{show}"
    );
    run(&mut other, "COMMIT").await;
    world.site.store().retry(None).await.unwrap();
    world.converges(2).await;
    world.holds_once("Nouveau").await;
}

#[tokio::test]
async fn a_deadlock_that_the_gateway_loses_is_tried_again_at_once() {
    let (mut world, mut other) = commented().await;
    run(&mut other, "BEGIN").await;
    run(&mut other, "UPDATE INTERVENTION SET USMOD = 'DIS' WHERE IDINTERVENTION = 1").await;
    // Who has changed more rows wins.
    for code in 0..20 {
        run(&mut other, &format!("INSERT INTO PRODUIT (CD_PRODUIT, LIB_PRODUIT) VALUES ('X{code}', 'x')")).await;
    }
    let options = PassOptions::default();
    let (report, ()): (Result<PassReport, _>, ()) = tokio::join!(world.attempt_with(options), async {
        waiting_gateway(&world).await;
        // The gateway holds the link of the ticket and waits for its intervention.
        run(&mut other, "UPDATE Z90_TICKET SET USMOD = 'DIS' WHERE NUMERO = 1").await;
        run(&mut other, "COMMIT").await;
    });
    let report = report.unwrap();
    assert_eq!((report.count(Outcome::Done), report.records.len()), (2, 2), "{report:#?}");
    let (_, _, told): (String, String, String) =
        sqlx::query_as("SHOW ENGINE INNODB STATUS").fetch_one(&mut other).await.unwrap();
    let deadlock = told.split("LATEST DETECTED DEADLOCK").nth(1).expect("there was a deadlock");
    assert!(deadlock.split("\nTRANSACTIONS").next().unwrap().contains(&world.sandbox.gestan), "{told}");
    world.converges(2).await;
    world.holds_once("Nouveau").await;
}

#[tokio::test]
async fn a_connection_that_is_killed_within_a_transaction_leaves_nothing_half_written() {
    let (mut world, mut other) = commented().await;
    run(&mut other, "BEGIN").await;
    run(&mut other, "UPDATE INTERVENTION SET USMOD = 'DIS' WHERE IDINTERVENTION = 2").await;
    let (failed, ()) = tokio::join!(world.fails(), async {
        let id = waiting_gateway(&world).await;
        run(&mut root(server().await).await, &format!("KILL {id}")).await;
    });
    failed.says(&["the connection to Gestan's base broke (", "connects again"], ExitCode::Unavailable);
    run(&mut other, "ROLLBACK").await;
    world.converges(2).await;
    world.holds_once("Nouveau").await;
}

#[tokio::test]
async fn a_base_that_is_locked_as_a_whole_is_given_up_after_the_configured_time() {
    let (world, mut other) = commented().await;
    let mut world = world.altered("user = \"gateway\"", "user = \"gateway\"\ntimeout_seconds = 1").await;
    run(&mut other, "LOCK TABLES INTERVENTION WRITE").await;
    let begun = std::time::Instant::now();
    let failed = world.fails().await;
    failed.says(
        &["Gestan's base took more than 1 s for one statement", "locked by a backup", "[gateway.base] timeout_seconds"],
        ExitCode::Unavailable,
    );
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    run(&mut other, "UNLOCK TABLES").await;
    world.converges(2).await;
    world.holds_once("Nouveau").await;
}

/// What the server answers to the next writes, by a trigger: each error number with what it is called.
/// Error 1615 can only be given to prepared statements, as the gateway's are; GestSup is read by plain
/// ones (below).
#[tokio::test]
async fn errors_of_the_base_are_told_by_what_they_mean_and_not_by_their_numbers() {
    let (mut world, mut other) = commented().await;
    let server = server().await;
    let errors = [
        (1040, "takes no more connections ("),
        (1053, "the connection to Gestan's base broke ("),
        (1927, "the connection to Gestan's base broke ("),
        (1036, "may only be read now ("),
        (1290, "may only be read now ("),
        (1836, "may only be read now ("),
        (1021, "the disk of Gestan's server is full ("),
        (1114, "the disk of Gestan's server is full ("),
        (1142, "refuses the gateway's account ("),
        (1046, "database is not there ("),
    ];
    for (number, says) in errors {
        let sql = format!(
            "CREATE TRIGGER fault BEFORE UPDATE ON INTERVENTION FOR EACH ROW \
             SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'so it is'"
        );
        run(&mut other, "DROP TRIGGER IF EXISTS fault").await;
        run(&mut other, &sql).await;
        let failed = world.fails().await;
        failed.says(&[says, "so it is"], ExitCode::Unavailable);
    }
    // What may pass by itself does, within the same pass: the trigger fails twice.
    for statement in [
        "CREATE TABLE fault_left (n INT) ENGINE=MyISAM",
        "INSERT INTO fault_left VALUES (2)",
        "DROP TRIGGER fault",
        "CREATE TRIGGER fault BEFORE UPDATE ON INTERVENTION FOR EACH ROW BEGIN \
         UPDATE fault_left SET n = n - 1; \
         IF (SELECT n FROM fault_left) >= 0 THEN \
         SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1615, MESSAGE_TEXT = 'Prepared statement needs to be re-prepared'; \
         END IF; END",
    ] {
        run(&mut other, statement).await;
    }
    let _ = world.site.gestan().users().await;
    world.converges(2).await;
    world.holds_once("Nouveau").await;
    let left: (i32,) = sqlx::query_as("SELECT n FROM fault_left").fetch_one(&mut other).await.unwrap();
    assert!(left.0 < 0, "it did fail");
    administer(server, &[&format!("DROP TRIGGER {}.fault", world.sandbox.gestan)]).await;
}

/// GestSup's statements are sent as text: a server has nothing to prepare anew. Where it says so all the
/// same, or a table is altered under the snapshot, the next pass reads again.
#[tokio::test]
async fn errors_of_the_help_desks_base_are_told_by_what_they_mean() {
    let (mut world, _) = commented().await;
    let mut other = root(server().await).await;
    run(&mut other, &format!("USE {}", world.sandbox.gestsup)).await;
    for statement in [
        "RENAME TABLE tcompany TO real_tcompany",
        "CREATE TABLE fault (n INT)",
        "INSERT INTO fault VALUES (0)",
        "CREATE FUNCTION is_well() RETURNS INT READS SQL DATA BEGIN DECLARE e INT; SELECT n INTO e FROM fault; \
         IF e > 0 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = e, MESSAGE_TEXT = 'so it is'; END IF; RETURN 1; END",
        // An account of this test's own: without these rights the columns of a view are not told.
        "CREATE USER reader@'%' IDENTIFIED BY 'lecture-seule'",
        &format!("GRANT SELECT, SHOW VIEW, EXECUTE ON {}.* TO reader@'%'", world.sandbox.gestsup),
        "CREATE SQL SECURITY DEFINER VIEW tcompany AS SELECT * FROM real_tcompany WHERE is_well() = 1",
    ] {
        run(&mut other, statement).await;
    }
    world = world.altered("user = \"connector\"", "user = \"reader\"").await;
    for (number, says, code) in [
        (1615, "broke (so it is): the next pass connects again", ExitCode::Unavailable),
        (1412, "broke (so it is): the next pass connects again", ExitCode::Unavailable),
        (1317, "broke (so it is): the next pass connects again", ExitCode::Unavailable),
        (1969, "took more than 30 s for one statement", ExitCode::Unavailable),
        (1203, "takes no more connections (so it is)", ExitCode::Unavailable),
        (1030, "refused a statement: so it is", ExitCode::Unavailable),
    ] {
        run(&mut other, &format!("UPDATE fault SET n = {number}")).await;
        world.fails().await.says(&["GestSup's database", says], code);
    }
    run(&mut other, "UPDATE fault SET n = 0").await;
    world.converges(2).await;
    world.holds_once("Nouveau").await;
}
