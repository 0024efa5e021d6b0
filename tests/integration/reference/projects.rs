//! Projects and tasks: tickets are filed under them in GestSup, and worked for them in Gestan.

use super::{referring, settle};
use crate::follow_up::ask;

const TASKS: &str =
    "[gateway.tasks]\nquery = \"SELECT IDTACHE AS task, PROJET AS project, NOM AS label, FINIE AS closed FROM TACHES\"";

#[tokio::test]
async fn each_task_is_a_project_and_a_ticket_filed_under_it_is_worked_for_it() {
    let mut world = referring(TASKS).await;
    world.erp.run("CREATE TABLE TACHES (IDTACHE bigint, PROJET bigint, NOM varchar(80), FINIE int)").await.unwrap();
    let project = world.erp.project("Migration de la mairie", 0).await.unwrap();
    let alone = world.erp.project("Câblage", 0).await.unwrap();
    let (first, second) = (world.erp.task().await.unwrap(), world.erp.task().await.unwrap());
    world.erp.run(format!("INSERT INTO TACHES VALUES ({first}, {project}, 'Messagerie', 0), ({second}, {project}, 'Une tâche dont le nom est bien trop long pour tenir', 0)")).await.unwrap();
    let known = world.desk.project("CABLAGE").await.unwrap();
    settle(&world).await;
    let rows = ask(&world, "id = 1, name, disable", "tprojects ORDER BY id").await;
    assert_eq!(
        rows,
        [
            "1|Câblage|0",
            "0|Migration de la mairie – Messagerie|0",
            "0|Migration de la mairie – Une tâche dont le nom est|0"
        ],
        "the one that was there is adopted"
    );
    let row = ask(&world, "id", "tprojects WHERE name LIKE '%Messagerie'").await[0].parse().unwrap();
    let (one, other) = (world.ticket("Boîtes", "<p>12</p>").await, world.ticket("Prises", "<p>4</p>").await);
    world.desk.file_under(one, row).await.unwrap();
    world.desk.file_under(other, known).await.unwrap();
    world.pass().await;
    let filed = "SELECT CONCAT_WS(' ', LIB50, IDPROJET, IDTACHE) FROM INTERVENTION ORDER BY IDINTERVENTION";
    let filed = world.erp.ask(filed).await.unwrap();
    assert_eq!(filed, [format!("Boîtes {project} {first}"), format!("Prises {alone} 0")]);
    world.settled().await;
    // Finished, and gone: what is filed there stays so.
    world.erp.run(format!("UPDATE TACHES SET FINIE = 1 WHERE IDTACHE = {first}")).await.unwrap();
    world.erp.run(format!("DELETE FROM PROJET WHERE IDPROJET = {alone}")).await.unwrap();
    settle(&world).await;
    assert_eq!(ask(&world, "disable", "tprojects ORDER BY id").await, ["1", "1", "0"]);
    world.settled().await;
}
