//! Time that is counted on a project, and what customers say in the survey.

use crate::support::World;
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gestan::contract::TicketKey;
use gestan_connector::model::{Field, ObjectKind, Value};

/// A world where tickets filed under “Migration” count their time on a project of Gestan.
async fn counting() -> (World, i64, i64) {
    let mut world = World::new().await;
    let project = world.erp.project("Migration", world.client).await.unwrap();
    let task = world.erp.task().await.unwrap();
    world.desk.run("UPDATE tparameters SET ticket_time_response_element = 1").await.unwrap();
    let mut world = world
        .reconfigured(&format!(
            "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.time]\nto_conso = true\n\
             [mapping.projects.table]\nMigration = {{ project = {project}, task = {task} }}\n"
        ))
        .await;
    let filed = world.desk.project("Migration").await.unwrap();
    (world, project, filed)
}

/// Rows of CONSO: client, project, duration, label.
async fn consos(world: &mut World) -> Vec<String> {
    let sql = "SELECT CONCAT_WS('|', IDCONTACT, IDPROJET, DUREE_CONSO, TIMESTAMPDIFF(MINUTE, DHDEB, DHFIN), LIBCONSO) FROM CONSO ORDER BY IDCONSO";
    world.erp.ask(sql).await.unwrap()
}

#[tokio::test]
async fn the_time_of_each_step_of_a_project_ticket_is_one_conso_that_follows_it() {
    let (mut world, project, filed) = counting().await;
    let ticket = world.ticket("Bascule", "<p>x</p>").await;
    world.desk.file_under(ticket, filed).await.unwrap();
    world.desk.comment_with(ticket, world.paul, "<p>Préparé</p>", 30, false).await.unwrap();
    let report = world.pass().await;
    assert!(!report.has_failures(), "{:?}", report.records.iter().map(|r| &r.message).collect::<Vec<_>>());
    world.settled().await;
    let client = world.client;
    let row = |duration: &str, minutes: i64| format!("{client}|{project}|{duration}|{minutes}|n°{ticket} Bascule");
    assert_eq!(consos(&mut world).await, [row("+00300000", 30)]);
    let second = world.desk.comment_with(ticket, world.lea, "<p>Basculé</p>", 75, false).await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(consos(&mut world).await, [row("+00300000", 30), row("+01150000", 75)]);
    world.desk.run(format!("UPDATE tthreads SET time = 90 WHERE id = {second}")).await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(consos(&mut world).await[1], row("+01300000", 90));
    world.desk.delete_comment(second).await.unwrap();
    world.pass().await;
    world.settled().await;
    let rows = consos(&mut world).await;
    assert_eq!((rows.len(), rows[0].clone()), (2, row("+00300000", 30)), "{rows:?}");
    assert!(rows[1].contains("|+00000000|0|"), "nothing is deleted: {rows:?}");
}

#[tokio::test]
async fn time_of_a_ticket_without_a_project_stays_on_the_step_and_the_totals() {
    let (mut world, ..) = counting().await;
    let ticket = world.ticket("Panne", "<p>x</p>").await;
    world.desk.comment_with(ticket, world.paul, "<p>Vu</p>", 30, false).await.unwrap();
    world.pass().await;
    world.settled().await;
    assert!(consos(&mut world).await.is_empty());
    assert_eq!(world.only().await.time_spent, 30);
}

#[tokio::test]
async fn a_ticket_filed_under_a_project_later_has_its_time_counted_then() {
    let (mut world, project, filed) = counting().await;
    let ticket = world.ticket("Panne", "<p>x</p>").await;
    world.desk.comment_with(ticket, world.paul, "<p>Vu</p>", 30, false).await.unwrap();
    world.pass().await;
    world.desk.file_under(ticket, filed).await.unwrap();
    world.pass().await;
    world.settled().await;
    assert_eq!(consos(&mut world).await, [format!("{}|{project}|+00300000|30|n°{ticket} Panne", world.client)]);
}

#[tokio::test]
async fn the_mean_of_the_surveys_scales_fills_the_satisfaction() {
    let mut world = World::with("[mapping]\nsurvey = true\n").await;
    world
        .desk
        .run("INSERT INTO tsurvey_questions (id, number, type, text, scale, select_1, select_2, select_3, select_4, select_5, disable) VALUES (1, 1, 4, 'Note', 10, '', '', '', '', '', 0), (2, 2, 4, 'Délai', 10, '', '', '', '', '', 0), (3, 3, 2, 'Avis', 0, '', '', '', '', '', 0)")
        .await
        .unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let key = TicketKey { source: "gestsup".into(), number: ticket, sequence: 1 };
    for (question, answer) in [(1, "8"), (2, "5"), (3, "Très bien")] {
        world
            .desk
            .run(format!("INSERT INTO tsurvey_answers (date, ticket_id, question_id, answer) VALUES ('2026-03-02 12:00:00', {ticket}, {question}, '{answer}')"))
            .await
            .unwrap();
    }
    world.converge(&["1 update satisfaction=7"]).await;
    let state = world.site.gestan().get(&key, ObjectKind::Intervention).await.unwrap().unwrap();
    assert_eq!(state.fields.get(&Field::Satisfaction), Some(&Value::Number(7)));
}
