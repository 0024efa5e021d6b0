//! What Gestan's users do to what was written: the slow comparison finds it, although nothing in
//! GestSup tells.

use crate::support::{World, story};
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::tickets::{PassOptions, PassReport};
use gestan_connector::gateway::memo::Memo;

impl World {
    /// A pass that compares everything.
    async fn full(&self) -> PassReport {
        self.pass_with(PassOptions { full: true, ..PassOptions::default() }).await
    }

    /// A Gestan user presses "save" in a window that shows this text.
    async fn save_window(&mut self, id: i64, memo: &str) {
        let memo = memo.replace('\\', "\\\\").replace('\'', "''");
        let sql =
            format!("UPDATE INTERVENTION SET LIB_INTERVENTION = '{memo}', USMOD = 'DIS' WHERE IDINTERVENTION = {id}");
        self.erp.run(sql).await.unwrap();
    }
}

/// The same text as Gestan's editor writes it: other fonts, other runs, other escapes.
fn rewritten_by_the_editor(text: &str) -> String {
    let mut rtf = "{\\rtf1\\ansi\\ansicpg1252\\deff0\\nouicompat\\deflang1036{\\fonttbl{\\f0\\fnil\\fcharset0 Segoe UI;}{\\f1\\fnil Segoe UI;}}\r\n{\\*\\generator Riched20 10.0.19041}\\viewkind4\\uc1 \r\n\\pard\\b\\f0\\fs18 ".to_owned();
    for line in text.lines() {
        for c in line.chars() {
            match c {
                '\\' | '{' | '}' => rtf.extend(['\\', c]),
                c if c.is_ascii() => rtf.push(c),
                c if u32::from(c) < 256 => rtf.push_str(&format!("\\'{:02x}", u32::from(c))),
                c => rtf.push_str(&format!("\\f1\\u{}?\\f0 ", u32::from(c))),
            }
        }
        rtf.push_str("\\b0\\par\r\n");
    }
    rtf + "}\r\n\0"
}

#[tokio::test]
async fn a_paragraph_that_an_old_window_was_saved_over_is_written_again_once() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let old = world.only().await;
    world.desk.comment(ticket, world.paul, "<p>Carte mère changée</p>").await.unwrap();
    world.pass().await;
    world.save_window(old.id, &old.memo).await;
    assert!(!world.memo().await.contains("Carte"));
    world.settled().await;
    let report = world.full().await;
    assert_eq!(story(&report), ["1 update ^step ^step"]);
    assert!(report.records[0].message.contains("2 entries put back"), "{}", report.records[0].message);
    assert_eq!(world.memo().await.matches("Carte mère changée").count(), 1);
    assert!(world.full().await.records.is_empty());
}

#[tokio::test]
async fn paragraphs_are_recognised_after_the_editor_rewrote_the_memo_and_only_missing_ones_are_added() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>L&#039;écran est noir – depuis 8 h</p>").await;
    let gone = world.desk.comment(ticket, world.paul, "<p>Je passe demain {matin}</p>").await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Très bien, 10 €</p>").await.unwrap();
    world.pass().await;
    let seen = world.only().await;
    let text = world.memo().await;
    world.save_window(seen.id, &rewritten_by_the_editor(&text)).await;
    assert_eq!(world.memo().await, text, "a reader sees the same");
    assert!(world.full().await.records.is_empty(), "and so does the connector");
    let kept: Vec<&str> =
        text.lines().filter(|line| !line.contains("Je passe") && !line.contains("Paul Durand (réponse)")).collect();
    let kept = format!("{}\nRappeler le client", kept.join("\n"));
    world.save_window(seen.id, &rewritten_by_the_editor(&kept)).await;
    assert_eq!(story(&world.full().await), ["1 update ^step"]);
    let memo = world.memo().await;
    assert_eq!(memo.matches("Je passe demain {matin}").count(), 1, "{memo}");
    assert_eq!(memo.matches("Rappeler le client").count(), 1, "{memo}");
    assert!(world.full().await.records.is_empty());
    world.desk.delete_comment(gone).await.unwrap();
    // What the requester wrote no longer follows an answer, so it is a question now.
    world.converge(&["1 update ~step -step"]).await;
    world.save_window(seen.id, &rewritten_by_the_editor(&kept)).await;
    let twice = rewritten_by_the_editor(&format!(
        "{kept}\n02/03/2026 à 09:00 – Paul Durand (réponse)\nJe passe demain {{matin}}"
    ));
    for old in [rewritten_by_the_editor(&kept), twice] {
        world.save_window(seen.id, &old).await;
        assert_eq!(story(&world.full().await), ["1 update ^step ^step"]);
        let memo = world.memo().await;
        assert!(
            !memo.contains("Je passe") && memo.contains("retiré dans GestSup"),
            "what was withdrawn stays so: {memo}"
        );
        assert_eq!(memo.matches("Très bien, 10 €").count(), 1, "the older wording is replaced: {memo}");
    }
}

#[tokio::test]
async fn an_emptied_memo_is_written_again_whole() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    world.pass().await;
    let (before, id) = (world.memo().await, world.only().await.id);
    world.save_window(id, "").await;
    world.full().await;
    assert_eq!(world.memo().await, before);
    assert!(world.full().await.records.is_empty());
}

#[tokio::test]
async fn a_field_changed_in_gestan_is_reported_once_by_the_comparison_alone() {
    let mut world = World::new().await;
    world.ticket("Titre", "<p>x</p>").await;
    world.pass().await;
    let id = world.only().await.id;
    world.erp.run(format!("UPDATE INTERVENTION SET LIB50 = 'Autre' WHERE IDINTERVENTION = {id}")).await.unwrap();
    assert!(world.pass().await.records.is_empty(), "the comparison is not due yet");
    let report = world.full().await;
    assert_eq!(story(&report), ["1 reported changed-in-gestan"]);
    assert!(report.records[0].message.contains("“Titre” to “Autre”"), "{}", report.records[0].message);
    assert!(world.full().await.records.is_empty());
    assert_eq!(world.only().await.title, "Autre");
}

#[tokio::test]
async fn a_billed_intervention_is_learnt_of_and_left_alone() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let seen = world.only().await;
    world.erp.set_status(seen.id, code::BILLED).await.unwrap();
    world.save_window(seen.id, "Facture 2026-118").await;
    assert!(world.full().await.records.is_empty());
    assert_eq!(world.memo().await, "Facture 2026-118");
}

#[tokio::test]
async fn an_intervention_deleted_in_gestan_is_set_aside_with_its_reason_and_said_once() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.ticket("Deux", "<p>x</p>").await;
    world.pass().await;
    let id = world.gestan().await[0].id;
    world.erp.run("CREATE TABLE CORBEILLE AS SELECT * FROM INTERVENTION WHERE IDINTERVENTION = 1").await.unwrap();
    world.erp.run(format!("DELETE FROM INTERVENTION WHERE IDINTERVENTION = {id}")).await.unwrap();
    let report = world.full().await;
    assert_eq!(story(&report), ["1 quarantined deleted-in-gestan"]);
    assert!(report.records[0].message.contains("was deleted in Gestan"), "{}", report.records[0].message);
    assert!(world.full().await.records.is_empty(), "it is said once");
    world.erp.run("INSERT INTO INTERVENTION SELECT * FROM CORBEILLE").await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Suite</p>").await.unwrap();
    world.site.store().retry(Some(&[ticket])).await.unwrap();
    world.converge(&["1 update status=in_progress +step +step"]).await;
}

#[tokio::test]
async fn a_person_who_retries_a_ticket_whose_intervention_is_still_deleted_gets_a_new_one_with_everything() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>Imprimante</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Commencé</p>").await.unwrap();
    world.desk.set_time(ticket, 45).await.unwrap();
    world.pass().await;
    let lost = world.only().await;
    world.erp.run("DELETE FROM INTERVENTION").await.unwrap();
    assert_eq!(story(&world.full().await), ["1 quarantined deleted-in-gestan"]);
    world.site.store().retry(None).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 quarantined deleted-in-gestan"], "nobody named it");
    world.desk.comment(ticket, world.paul, "<p>Suite</p>").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 quarantined deleted-in-gestan"], "nor is it another trouble now");
    world.site.store().retry(Some(&[ticket])).await.unwrap();
    let dry = world.pass_with(PassOptions { dry_run: true, ..PassOptions::default() }).await;
    assert_eq!(story(&dry), ["1 create +description +step +step +step +step +step"]);
    world.converge(&["1 create +description +step +step +step +step +step"]).await;
    let anew = world.only().await;
    assert_eq!((anew.title.as_str(), anew.time_spent, anew.status), ("Un", 45, code::IN_PROGRESS));
    let memo = world.memo().await;
    for text in ["Imprimante", "Commencé", "Suite"] {
        assert_eq!(memo.matches(text).count(), 1, "“{text}” in {memo}");
    }
    assert!(!memo.contains("déjà facturée"), "{memo}");
    assert_ne!(anew.id, lost.id);
    world.desk.comment(ticket, world.paul, "<p>Fin</p>").await.unwrap();
    world.converge(&["1 update +step"]).await;
    world.settled().await;
}

#[tokio::test]
async fn a_retry_for_a_ticket_and_an_intervention_that_were_both_deleted_puts_an_end_to_it() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.erp.run("DELETE FROM INTERVENTION").await.unwrap();
    assert_eq!(story(&world.full().await), ["1 quarantined deleted-in-gestan"]);
    world.desk.delete(ticket).await.unwrap();
    world.site.store().retry(Some(&[ticket])).await.unwrap();
    assert!(world.pass().await.records.is_empty());
    assert_eq!(world.gestan().await, []);
    assert!(world.site.store().status().await.unwrap().attention.is_empty());
    world.settled().await;
}

#[tokio::test]
async fn a_gestan_restored_from_before_an_intervention_gets_it_anew_and_nothing_that_was_billed_before_it() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>Demande</p>").await;
    world.desk.set_time(ticket, 30).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let first = world.only().await.id;
    world.erp.set_status(first, code::BILLED).await.unwrap();
    world.desk.reopen(ticket).await.unwrap();
    // Gestan's dump is of this moment: what follows is not in it.
    world.desk.comment(ticket, world.paul, "<p>Rouvert</p>").await.unwrap();
    world.desk.set_time(ticket, 50).await.unwrap();
    world.pass().await;
    let second = world.gestan().await[1].clone();
    assert_eq!(second.time_spent, 20);
    world.erp.run(format!("DELETE FROM INTERVENTION WHERE IDINTERVENTION = {}", second.id)).await.unwrap();
    let keys = format!("SELECT CC_TICKET FROM Z90_TICKET WHERE IDINTERVENTION = {}", second.id);
    world.erp.run(format!("DELETE FROM Z90_STEP WHERE CC_TICKET IN ({keys})")).await.unwrap();
    world.erp.run(format!("DELETE FROM Z90_TICKET WHERE IDINTERVENTION = {}", second.id)).await.unwrap();
    assert_eq!(story(&world.full().await), ["1 quarantined deleted-in-gestan"]);
    // Nobody is in charge when it is asked for: what was asked is not forgotten.
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    world.site.store().retry(Some(&[ticket])).await.unwrap();
    assert!(world.pass().await.records.is_empty());
    world.settled().await;
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    let report = world.pass().await;
    assert!(story(&report)[0].starts_with("1 create"), "{report:#?}");
    let seen = world.gestan().await;
    assert_eq!((seen.len(), seen[1].time_spent), (2, 20));
    let memo = Memo::parse(&seen[1].memo).visible_text();
    assert!(memo.contains("Rouvert") && memo.contains(&format!("n°{first}, déjà facturée")), "{memo}");
    world.settled().await;
}

#[tokio::test]
async fn a_link_in_gestan_that_cannot_be_read_stops_only_its_ticket() {
    let mut world = World::new().await;
    world.ticket("Un", "<p>x</p>").await;
    let second = world.ticket("Deux", "<p>x</p>").await;
    world.pass().await;
    world.erp.run("UPDATE Z90_TICKET SET ORIGINE = 'abîmé' WHERE NUMERO = 1").await.unwrap();
    world.desk.comment(second, world.paul, "<p>Vu</p>").await.unwrap();
    let report = world.full().await;
    assert_eq!(story(&report), ["1 quarantined unreadable", "2 update status=in_progress +step +step"]);
    assert!(report.records[0].message.contains("cannot be understood"), "{}", report.records[0].message);
    assert!(world.full().await.records.is_empty(), "it is said once");
}
