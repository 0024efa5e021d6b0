//! The part of the story where work is followed in Gestan: an anomaly that comes back to the customer, an
//! intervention that a contract covers, time that is counted on a project, a photo.

use super::sandbox::code;
use super::stage::Stage;
use super::story::{Cast, Told};
use crate::gateway::memo::Memo;
use chrono::Duration;

/// The photo, as the customer attached it.
const PHOTO: &[u8] = b"\xff\xd8\xff\xe0 the label of the printer, photographed";

/// What only this part needs in both bases, before the configuration that names it is read.
pub(super) async fn prepare(stage: &mut Stage) -> anyhow::Result<()> {
    // Gestan's own table of contracts is not public; the administrator's query finds them.
    stage.erp.run("CREATE TABLE CONTRAT (NUM_CONTRAT VARCHAR(20), IDCONTACT BIGINT, ST_CONTRAT INT)").await?;
    stage.erp.project("Migration de la mairie", 0).await?;
    stage.erp.task().await?;
    stage.sandbox.let_it_follow_up().await?;
    stage.desk.run("UPDATE tparameters SET ticket_time_response_element = 1").await
}

pub(super) async fn followed_in_gestan(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("Followed in Gestan: an anomaly, a contract, time on a project, a photo");
    let desk = &mut stage.desk;
    desk.clock += Duration::hours(1);
    let software = desk.category("Logiciel").await?;
    let anomaly =
        desk.open(cast.helene, "La caisse affiche « erreur 12 »", "<p>À chaque ticket de caisse.</p>").await?;
    desk.set(anomaly, "type", "2").await?;
    desk.set(anomaly, "category", &software.to_string()).await?;
    let covered = desk.open(cast.mairie, "Mise à jour annuelle", "<p>Comme prévu au contrat.</p>").await?;
    desk.set(covered, "billable", "1").await?;
    // It came from Gestan with the first load.
    let project =
        desk.ask("SELECT CAST(id AS CHAR) FROM tprojects WHERE name = 'Migration de la mairie – Messagerie'").await?;
    let project = project.first().and_then(|id| id.parse().ok()).unwrap_or(0);
    let counted = desk.open(cast.mairie, "Migrer la messagerie", "<p>12 boîtes.</p>").await?;
    desk.file_under(counted, project).await?;
    for ticket in [anomaly, covered, counted] {
        desk.attribute(ticket, cast.paul, cast.paul).await?;
    }
    desk.comment_with(counted, cast.paul, "<p>6 boîtes migrées.</p>", 90, false).await?;
    desk.close(covered, cast.paul).await?;
    let file = desk.attach(anomaly, "Étiquette caisse.jpg").await?;
    let stored = desk.ask(format!("SELECT storage_filename FROM tattachments WHERE id = {file}")).await?;
    std::fs::write(stage.upload().join("ticket").join(stored.first().map_or("", String::as_str)), PHOTO)?;
    let mairie =
        stage.erp.ask("SELECT CAST(IDCONTACT AS CHAR) FROM CONTACT WHERE RAISON_SOCIALE LIKE 'Mairie%'").await?;
    let mairie = mairie.first().map_or("0", String::as_str);
    stage.erp.run(format!("INSERT INTO CONTRAT VALUES ('MNT-2026-04', {mairie}, 1)")).await?;
    stage.run(&["sync"]).await?;

    let anomalies = stage.erp.see_anomalies().await?;
    told.anomalies = anomalies.len();
    let id = anomalies.first().map_or(0, |anomaly| anomaly.id);
    stage.expect(
        "the software incident is an anomaly, the others are interventions",
        anomalies.iter().map(|anomaly| anomaly.label.as_str()).eq(["La caisse affiche « erreur 12 »"]),
    );
    let of = |ticket: i64| format!("(SELECT IDINTERVENTION FROM Z90_TICKET WHERE NUMERO = {ticket})");
    let done = stage
        .erp
        .ask(format!("SELECT CAST(ST_INTER AS CHAR) FROM INTERVENTION WHERE IDINTERVENTION = {}", of(covered)))
        .await?;
    stage.expect("what the contract covers is done, and not to be billed", done == [code::DONE.to_string()]);
    let consos = stage.erp.ask("SELECT CONCAT_WS(' ', IDPROJET, DUREE_CONSO, LIBCONSO) FROM CONSO").await?;
    told.consos = consos.len();
    stage.expect(
        "the time of the step is counted on the project, once",
        consos == [format!("1 +01300000 n°{counted} Migrer la messagerie")],
    );
    let documents =
        stage.erp.ask("SELECT CONCAT_WS('/', CONCAT('CONTACT_', IDCONTACT), FILEREF) FROM DOCUMENT").await?;
    told.documents = documents.len();
    let kept = documents.first().and_then(|path| std::fs::read(stage.documents().join(path)).ok());
    stage.expect("the photo lies among Gestan's documents", kept.as_deref() == Some(PHOTO));

    stage.erp.handle_anomaly(id, "LRO", 1).await?;
    stage
        .erp
        .type_in_observations(id, "Pilote de l'imprimante corrig\\'e9, merci de red\\'e9marrer la caisse.")
        .await?;
    stage.run(&["sync"]).await?;
    stage.erp.handle_anomaly(id, "LRO", 2).await?;
    stage.run(&["sync"]).await?;
    let ticket = stage
        .desk
        .ask(format!(
            "SELECT CONCAT_WS(' ', state, technician, date_res > '2026-01-01') FROM tincidents WHERE id = {anomaly}"
        ))
        .await?;
    stage.expect(
        "the customer sees it resolved, by the technician who handled it in Gestan",
        ticket == [format!("3 {} 1", cast.lea)],
    );
    let steps = stage
        .desk
        .ask(format!("SELECT text FROM tthreads WHERE ticket = {anomaly} AND type = 0 AND private = 0"))
        .await?;
    told.followed_back = steps.iter().filter(|text| text.contains("Pilote de l")).count();
    stage.expect("what was typed in Gestan is a comment on the ticket, once", told.followed_back == 1);
    let anomalies = stage.erp.see_anomalies().await?;
    let text = anomalies.first().map(|anomaly| Memo::parse(&anomaly.observations).visible_text()).unwrap_or_default();
    stage.expect("and does not come back to Gestan as another", text.matches("Pilote de l").count() == 1);
    stage.run(&["show", &anomaly.to_string(), "--why"]).await?;
    stage.run(&["reconcile", "--billing"]).await
}
