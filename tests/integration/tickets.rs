//! The tickets flow on real bases: a test per thing that may happen to a ticket.

use crate::support::{World, at, story};
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::tickets::{Outcome, PassOptions};

#[tokio::test]
async fn a_ticket_reaches_gestan_only_once_attributed() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Caisse en panne", "<p>Rien ne s'allume</p>").await.unwrap();
    world.converge(&[]).await;
    assert_eq!(world.gestan().await, []);
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    let seen = world.only().await;
    assert_eq!(seen.title, "Caisse en panne");
    assert_eq!(seen.client, "Boulangerie Hélène SARL");
    assert_eq!((seen.technician.as_str(), seen.team.as_str(), seen.status), ("PDU", "", code::PLANNED));
}

#[tokio::test]
async fn the_memo_tells_the_ticket_its_request_and_each_step_signed_and_dated() {
    let mut world = World::new().await;
    let ticket = world.ticket("L'imprimante \"HP\" & co", "<p>Bourrage <b>encore</b></p>").await;
    world.desk.comment(ticket, world.paul, "<p>Rouleau chang&eacute;</p>").await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.title, "L'imprimante \"HP\" & co");
    let expected = "\
Ticket GestSup n°1 – https://support.example.fr/index.php?page=ticket&id=1
Demandeur : Hélène D'Arc (Boulangerie Hélène)
02/03/2026 à 09:00 – Hélène D'Arc (demande)
Bourrage encore
02/03/2026 à 09:00 – Paul Durand (événement)
Attribué à Paul Durand
02/03/2026 à 09:00 – Paul Durand (événement)
Nouvel état : Attente PEC
02/03/2026 à 09:00 – Paul Durand (événement)
Nouvel état : En cours
02/03/2026 à 09:00 – Paul Durand (réponse)
Rouleau changé";
    assert_eq!(world.memo().await, expected);
    assert!(world.only().await.memo.starts_with("{\\rtf1\\ansi"));
}

#[tokio::test]
async fn a_group_becomes_the_team_and_a_machine_is_found_by_its_serial_number() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Serveur lent", "<p>Très lent</p>").await.unwrap();
    world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
    world.desk.attribute_to_group(ticket, world.group, world.paul).await.unwrap();
    world.pass().await;
    let seen = world.only().await;
    assert_eq!((seen.technician.as_str(), seen.team.as_str()), ("", "PDU;LRO"));
    let machine = world.machine;
    let linked = world.erp.run(format!("SELECT 1 FROM INTERVENTION WHERE CLE_MACHINE_CIBLE = 'R{machine}'")).await;
    assert!(linked.is_ok());
    let report = world.site.tickets().unwrap().preview(ticket, None, chrono::Utc::now()).await.unwrap();
    assert!(report.asked.unwrap().reason(gestan_connector::model::Field::Machine).unwrap().contains("serial number"));
}

#[tokio::test]
async fn each_new_step_is_one_paragraph_more_and_the_text_before_it_stays() {
    let mut world = World::new().await;
    let ticket = world.ticket("Écran noir", "<p>Noir</p>").await;
    world.pass().await;
    let before = world.memo().await;
    world.desk.comment(ticket, world.paul, "<p>Je regarde</p>").await.unwrap();
    world.converge(&["1 update status=in_progress +step +step"]).await;
    let after = world.memo().await;
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(after.matches("Je regarde").count(), 1);
    assert_eq!(world.only().await.status, code::IN_PROGRESS);
}

#[tokio::test]
async fn an_edited_step_is_corrected_and_marked_and_a_deleted_one_withdrawn() {
    let mut world = World::new().await;
    let ticket = world.ticket("Écran noir", "<p>Noir</p>").await;
    let first = world.desk.comment(ticket, world.paul, "<p>Câble débranhcé</p>").await.unwrap();
    let second = world.desk.comment(ticket, world.paul, "<p>Mot de passe : 1234</p>").await.unwrap();
    world.pass().await;
    world.desk.edit_comment(first, "<p>Câble débranché</p>").await.unwrap();
    world.desk.delete_comment(second).await.unwrap();
    world.converge(&["1 update ~step -step"]).await;
    let memo = world.memo().await;
    assert!(memo.contains("Paul Durand (réponse) – modifié dans GestSup\nCâble débranché\n"), "{memo}");
    assert!(
        memo.contains("(information) – retiré dans GestSup") && !memo.contains("1234") && !memo.contains("débranhcé"),
        "{memo}"
    );
}

#[tokio::test]
async fn private_steps_stay_in_gestsup_unless_configured() {
    let mut world = World::new().await;
    let ticket = world.ticket("Écran noir", "<p>Noir</p>").await;
    let step = world.desk.comment_with(ticket, world.paul, "<p>Client pénible</p>", 0, true).await.unwrap();
    world.pass().await;
    assert!(!world.memo().await.contains("pénible"));
    world.desk.set_private(step, false).await.unwrap();
    world.converge(&["1 update +step"]).await;
    assert!(world.memo().await.contains("pénible"));
    world.desk.set_private(step, true).await.unwrap();
    world.converge(&["1 update -step"]).await;
    assert!(!world.memo().await.contains("pénible"));
    let mut world = world.reconfigured("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nprivate_steps = true").await;
    world.converge(&["1 update ~step"]).await;
    assert!(world.memo().await.contains("pénible"));
}

#[tokio::test]
async fn a_resolved_ticket_is_done_or_to_be_billed_when_it_is_billable() {
    let mut world = World::with("[mapping.billing]\nproduct = \"MO-HEURE\"").await;
    let free = world.ticket("Gratuit", "<p>x</p>").await;
    let billable = world.ticket("Payant", "<p>x</p>").await;
    world.desk.set(billable, "billable", "1").await.unwrap();
    world.pass().await;
    world.desk.comment(free, world.paul, "<p>Fait</p>").await.unwrap();
    world.desk.close(free, world.paul).await.unwrap();
    world.desk.close(billable, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step +step +step", "2 bill status=to_bill +step"]).await;
    let seen = world.gestan().await;
    assert_eq!((seen[0].status, seen[1].status), (code::DONE, code::TO_BILL));
    assert_eq!(seen[1].product, "MO-HEURE");
}

#[tokio::test]
async fn mass_closing_is_seen_although_it_leaves_date_modif_alone() {
    let mut world = World::new().await;
    let (one, two) = (world.ticket("Un", "<p>x</p>").await, world.ticket("Deux", "<p>x</p>").await);
    world.pass().await;
    world.desk.mass_state(&[one, two], state::RESOLVED, world.lea).await.unwrap();
    world.converge(&["1 close status=done +step", "2 close status=done +step"]).await;
    assert!(world.gestan().await.iter().all(|seen| seen.status == code::DONE));
}

#[tokio::test]
async fn a_rejected_ticket_cancels_its_intervention_and_one_rejected_before_is_never_sent() {
    let mut world = World::new().await;
    let sent = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.desk.set_state(sent, state::REJECTED, world.paul).await.unwrap();
    let never = world.ticket("Deux", "<p>x</p>").await;
    world.desk.set_state(never, state::REJECTED, world.paul).await.unwrap();
    world.converge(&["1 cancel status=cancelled +step"]).await;
    assert_eq!(world.only().await.status, code::CANCELLED);
}

#[tokio::test]
async fn a_reopened_ticket_reopens_its_intervention() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.status, code::DONE);
    world.desk.reopen(ticket).await.unwrap();
    world.converge(&["1 reopen status=in_progress"]).await;
    assert_eq!(world.only().await.status, code::IN_PROGRESS);
}

#[tokio::test]
async fn a_ticket_reopened_after_billing_gets_a_second_intervention_for_what_is_new() {
    let mut world = World::new().await;
    let ticket = world.ticket("Réseau", "<p>Coupures</p>").await;
    world.desk.set(ticket, "billable", "1").await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Switch changé</p>").await.unwrap();
    world.desk.set_time(ticket, 60).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let first = world.only().await;
    world.erp.set_status(first.id, code::BILLED).await.unwrap();
    world.desk.reopen(ticket).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Encore des coupures</p>").await.unwrap();
    world.desk.set_time(ticket, 90).await.unwrap();
    let done = world.pass().await;
    assert_eq!(story(&done), ["1 create +description +step"]);
    world.settled().await;
    let all = world.gestan().await;
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].status, all[0].time_spent), (code::BILLED, 60), "the billed one is immutable");
    assert_eq!(all[0].memo, first.memo);
    assert_eq!((all[1].status, all[1].time_spent), (code::IN_PROGRESS, 30));
    let memo = gestan_connector::gateway::memo::Memo::parse(&all[1].memo).visible_text();
    assert!(memo.contains(&format!("Suite de l'intervention n°{}, déjà facturée", first.id)), "{memo}");
    assert!(memo.contains("Encore des coupures") && !memo.contains("Switch changé"), "{memo}");
}

#[tokio::test]
async fn a_comment_on_a_billed_ticket_that_stays_closed_is_reported_and_changes_nothing() {
    let mut world = World::new().await;
    let ticket = world.ticket("Réseau", "<p>Coupures</p>").await;
    world.desk.set(ticket, "billable", "1").await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.pass().await;
    let first = world.only().await;
    world.erp.set_status(first.id, code::BILLED).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Merci</p>").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 reported billed"]);
    assert!(report.records[0].message.contains("Reopen the ticket"), "{}", report.records[0].message);
    world.settled().await;
    assert_eq!(world.only().await.memo, first.memo);
}

#[tokio::test]
async fn a_ticket_taken_away_from_everybody_is_noted_once_and_goes_on_when_attributed_again() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    world.converge(&["1 update +note"]).await;
    assert_eq!(world.only().await.technician, "PDU", "it is kept");
    assert!(world.memo().await.contains("Le ticket n'est plus attribué dans GestSup."));
    world.desk.attribute(ticket, world.lea, world.lea).await.unwrap();
    world.converge(&["1 update technician=LRO +step +step +note"]).await;
    assert!(world.memo().await.contains("Le ticket est de nouveau attribué, à Léa Roy."));
}

#[tokio::test]
async fn while_nobody_is_in_charge_what_is_hidden_or_replaced_leaves_the_memo_and_what_is_new_waits() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>Demande ancienne</p>").await;
    let edited = world.desk.comment(ticket, world.paul, "<p>Mot de passe : azerty</p>").await.unwrap();
    let hidden = world.desk.comment(ticket, world.paul, "<p>Entre nous</p>").await.unwrap();
    world.pass().await;
    world.desk.unattribute(ticket, world.lea).await.unwrap();
    world.converge(&["1 update +note"]).await;
    world.desk.edit_comment(edited, "<p>Mot de passe changé</p>").await.unwrap();
    world.desk.set_private(hidden, true).await.unwrap();
    world.desk.set(ticket, "description", "<p>Demande corrigée</p>").await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Personne ?</p>").await.unwrap();
    world.converge(&["1 update ~description ~step -step"]).await;
    let memo = world.memo().await;
    for gone in ["azerty", "Entre nous", "Demande ancienne", "Personne ?"] {
        assert!(!memo.contains(gone), "“{gone}” in {memo}");
    }
    for there in ["modifié dans GestSup\nMot de passe changé", "modifié dans GestSup\nDemande corrigée"] {
        assert_eq!(memo.matches(there).count(), 1, "“{there}” in {memo}");
    }
    world.desk.set_private(hidden, false).await.unwrap();
    world.converge(&["1 update ~step"]).await;
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    world.pass().await;
    let memo = world.memo().await;
    for there in ["Mot de passe changé", "Entre nous", "Demande corrigée", "Personne ?"] {
        assert_eq!(memo.matches(there).count(), 1, "“{there}” in {memo}");
    }
    world.settled().await;
}

#[tokio::test]
async fn a_ticket_taken_away_from_everybody_cancels_an_intervention_not_started_when_configured() {
    let mut world =
        World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nunattributed = \"cancel_if_not_started\"").await;
    let planned = world.ticket("Un", "<p>x</p>").await;
    let started = world.ticket("Deux", "<p>x</p>").await;
    world.desk.comment(started, world.paul, "<p>Commencé</p>").await.unwrap();
    world.pass().await;
    world.desk.unattribute(planned, world.lea).await.unwrap();
    world.desk.unattribute(started, world.lea).await.unwrap();
    world.converge(&["1 cancel status=cancelled +note", "2 update +note"]).await;
    world.desk.attribute(planned, world.paul, world.lea).await.unwrap();
    world.converge(&["1 reopen status=planned +step +step +note"]).await;
}

#[tokio::test]
async fn a_deleted_ticket_is_noted_and_its_planned_intervention_cancelled_but_not_a_started_one() {
    let mut world = World::new().await;
    let planned = world.ticket("Un", "<p>x</p>").await;
    let started = world.ticket("Deux", "<p>x</p>").await;
    world.desk.comment(started, world.paul, "<p>Commencé</p>").await.unwrap();
    world.pass().await;
    world.desk.delete(planned).await.unwrap();
    world.desk.delete(started).await.unwrap();
    world.converge(&["1 gone status=cancelled +note", "2 gone +note"]).await;
    let seen = world.gestan().await;
    assert_eq!((seen[0].status, seen[1].status), (code::CANCELLED, code::IN_PROGRESS));
    assert!(seen[0].memo.contains("Le ticket a \\'e9t\\'e9 supprim\\'e9 dans GestSup."), "{}", seen[0].memo);
}

#[tokio::test]
async fn a_merged_ticket_says_where_it_went_and_its_steps_arrive_there_with_their_dates() {
    let mut world = World::new().await;
    let from = world.ticket("Doublon", "<p>x</p>").await;
    world.desk.comment(from, world.requester, "<p>Toujours en panne</p>").await.unwrap();
    let into = world.ticket("Panne", "<p>y</p>").await;
    world.desk.clock += chrono::Duration::hours(2);
    world.desk.comment(into, world.paul, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    world.desk.merge(from, into).await.unwrap();
    world.converge(&["1 gone status=cancelled +note", "2 update +step +note"]).await;
    let seen = world.gestan().await;
    let text = |index: usize| gestan_connector::gateway::memo::Memo::parse(&seen[index].memo).visible_text();
    assert!(text(0).contains("fusionné dans le ticket n°2"), "{}", text(0));
    let (merged, later) = (text(1).find("Toujours en panne").unwrap(), text(1).find("Vu").unwrap());
    let first = seen[0].id;
    assert!(
        text(1).contains(&format!("Le ticket n°1 (intervention n°{first}) a été fusionné dans celui-ci")),
        "{}",
        text(1)
    );
    assert!(merged < later, "an older step goes before a newer one: {}", text(1));
}

#[tokio::test]
async fn a_state_without_a_mapping_makes_the_ticket_wait_with_that_reason() {
    let mut world = World::new().await;
    world
        .desk
        .run("INSERT INTO tstates (id, number, name) VALUES (7, 7, 'Planifi&eacute; l&amp;#039;&eacute;t&eacute;')")
        .await
        .unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_state(ticket, 7, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 waiting state-unmapped"]);
    assert!(report.records[0].message.contains("“Planifié l'été” (n°7)"), "{}", report.records[0].message);
    assert_eq!(world.gestan().await, []);
    let more = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.status]\n1 = \"planned\"\n2 = \"in_progress\"\n3 = \"done\"\n4 = \"cancelled\"\n5 = \"planned\"\n6 = \"waiting\"\n7 = \"planned\"";
    let mut world = world.reconfigured(more).await;
    world.converge(&["1 create +description +step +step +step"]).await;
    assert_eq!(world.only().await.status, code::PLANNED);
}

#[tokio::test]
async fn an_unknown_or_ambiguous_client_makes_the_ticket_wait_until_the_table_says_which() {
    let mut world = World::new().await;
    let company = world.desk.company("Garage Léon").await.unwrap();
    let leon = world.desk.person("leon", ("Léon", "Petit"), "", 2, company).await.unwrap();
    let ticket = world.desk.open(leon, "Pont bloqué", "<p>x</p>").await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 waiting client-unknown"]);
    let one = world.erp.client("GARAGE LEON", "").await.unwrap();
    world.erp.client("Garage Léon SAS", "").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 waiting client-ambiguous"]);
    assert!(report.records[0].message.contains("GARAGE LEON (n°"), "{}", report.records[0].message);
    let world = world
        .reconfigured(&format!(
            "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.clients.table]\n\"Garage Léon\" = {one}"
        ))
        .await;
    world.converge(&["1 create +description +step +step"]).await;
    let status = world.site.store().status().await.unwrap();
    assert!(status.attention.is_empty(), "{:?}", status.attention);
}

#[tokio::test]
async fn unknown_equipment_waits_or_is_left_out_as_configured() {
    let mut world = World::new().await;
    let other = world.desk.asset("PC-9", "ZZZ", world.requester).await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set(ticket, "asset_id", &other.to_string()).await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 waiting equipment-unknown"]);
    let world = world
        .reconfigured("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.equipment]\nunmatched = \"without\"")
        .await;
    world.converge(&["1 create +description +step +step"]).await;
}

#[tokio::test]
async fn time_goes_to_gestan_in_its_own_unit_and_may_shrink() {
    let mut world = World::with("[mapping.time]\nunit = \"hour\"\nrounding = \"nearest\"").await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_time(ticket, 1).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.time_spent, 0, "the one minute that GestSup invents is none");
    world.desk.set_time(ticket, 150).await.unwrap();
    world.converge(&["1 update time_spent=3 head"]).await;
    assert_eq!(world.only().await.time_spent, 3);
    assert!(world.memo().await.contains("Temps passé : 2 h 30"));
    world.desk.set_time(ticket, 60).await.unwrap();
    world.converge(&["1 update time_spent=1 head"]).await;
}

#[tokio::test]
async fn with_time_per_step_each_paragraph_tells_its_minutes_and_their_sum_counts() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment_with(ticket, world.paul, "<p>Diagnostic</p>", 20, false).await.unwrap();
    world.desk.comment_with(ticket, world.paul, "<p>Réparation</p>", 45, false).await.unwrap();
    world.desk.set_time(ticket, 999).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.time_spent, 65);
    let memo = world.memo().await;
    assert!(
        memo.contains("(réponse, 20 min)\nDiagnostic") && memo.contains("(information, 45 min)\nRéparation"),
        "{memo}"
    );
}

#[tokio::test]
async fn genre_product_priority_project_and_planning_follow_the_mapping() {
    let more = "[mapping.genre]\ndefault = \"depannage\"\nrules = [{ when = { type = \"demande\" }, genre = \"installation\" }]\n\
                [mapping.billing]\nproduct = \"MO-HEURE\"\nby_genre = { installation = \"MO-INST\" }\n\
                [mapping.priority]\n\"très haute\" = \"haute\"\n[mapping.projects.table]\n\"Déploiement caisses\" = { project = 1 }";
    let mut world = World::with(more).await;
    world.erp.project("Caisses", world.client).await.unwrap();
    let project = world.desk.project("Déploiement caisses").await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    for (column, value) in [("type", "1"), ("priority", "2"), ("time_hope", "90")] {
        world.desk.set(ticket, column, value).await.unwrap();
    }
    world.desk.file_under(ticket, project).await.unwrap();
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:30:00"), 120).await.unwrap();
    let plan = world.plan().await;
    let operation = plan.records[0].operation.clone().unwrap();
    let value = |name: &str| {
        operation.changes.iter().find(|change| change.field.as_str() == name).map(|change| change.to.to_string())
    };
    assert_eq!(value("genre").as_deref(), Some("installation"));
    assert_eq!(value("product").as_deref(), Some("MO-INST"));
    assert_eq!(value("priority").as_deref(), Some("haute"));
    assert_eq!(value("project").as_deref(), Some("1"));
    assert_eq!(value("load").as_deref(), Some("90"));
    world.pass().await;
    assert_eq!(world.only().await.start, "2026-03-05 14:30:00");
    world.settled().await;
}

#[tokio::test]
async fn a_dispatchers_planning_in_gestan_is_never_overwritten() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.pass().await;
    let id = world.only().await.id;
    world.erp.dispatch(id, "LRO", "2026-03-09", "08:30:00").await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Urgent</p>").await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 update +step"]);
    let message = &report.records[0].message;
    assert!(
        message.contains("technician was set to “LRO” in Gestan") && message.contains("planned_start"),
        "{message}"
    );
    world
        .desk
        .run(format!("UPDATE tevents SET date_start = '2026-03-06 10:00:00' WHERE incident = {ticket}"))
        .await
        .unwrap();
    world.desk.attribute(ticket, world.lea, world.lea).await.unwrap();
    world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
    world.pass().await;
    let seen = world.only().await;
    assert_eq!((seen.technician.as_str(), seen.start.as_str()), ("LRO", "2026-03-09 08:30:00"));
    world.settled().await;
}

#[tokio::test]
async fn until_somebody_starts_it_the_planning_follows_gestsup() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.plan(ticket, world.paul, at("2026-03-05T14:00:00"), 60).await.unwrap();
    world.pass().await;
    world.desk.run(format!("UPDATE tevents SET date_start = '2026-03-06 10:00:00', date_end = '2026-03-06 11:00:00' WHERE incident = {ticket}")).await.unwrap();
    world.converge(&["1 update planned_start=2026-03-06 09:00 UTC planned_end=2026-03-06 10:00 UTC"]).await;
    assert_eq!(world.only().await.start, "2026-03-06 10:00:00");
    world.desk.comment(ticket, world.paul, "<p>Commencé</p>").await.unwrap();
    world.pass().await;
    world
        .desk
        .run(format!("UPDATE tevents SET date_start = '2026-03-07 10:00:00' WHERE incident = {ticket}"))
        .await
        .unwrap();
    world.converge(&[]).await;
}

#[tokio::test]
async fn what_gestan_changes_against_the_policy_is_reported_once_and_put_back_only_where_configured() {
    let mut world = World::new().await;
    let ticket = world.ticket("Titre", "<p>x</p>").await;
    world.pass().await;
    let id = world.only().await.id;
    world.erp.run(format!("UPDATE INTERVENTION SET LIB50 = 'Autre titre' WHERE IDINTERVENTION = {id}")).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>a</p>").await.unwrap();
    let report = world.pass().await;
    assert!(
        report.records[0].message.contains("title was changed in Gestan from “Titre” to “Autre titre”"),
        "{}",
        report.records[0].message
    );
    assert_eq!(world.only().await.title, "Autre titre");
    world.settled().await;
    world.desk.set(ticket, "title", "Nouveau titre").await.unwrap();
    world.converge(&["1 update title=Nouveau titre"]).await;
    let mut world =
        world.reconfigured("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.policies]\nput_back = true").await;
    world.pass().await;
    world.erp.run(format!("UPDATE INTERVENTION SET LIB50 = 'Encore' WHERE IDINTERVENTION = {id}")).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>b</p>").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 update title=Nouveau titre +step"]);
    assert_eq!(world.only().await.title, "Nouveau titre");
}

#[tokio::test]
async fn what_a_gestan_user_typed_in_the_memo_stays() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let id = world.only().await.id;
    world.erp.type_in_memo(id, "Prendre l\\'e9chelle").await.unwrap();
    world.desk.set_time(ticket, 30).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Merci</p>").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 update time_spent=30 head +step"]);
    let memo = world.memo().await;
    assert_eq!(memo.matches("Prendre l\u{e9}chelle").count(), 1, "{memo}");
    assert!(memo.contains("Merci") && memo.contains("Temps passé : 30 min"), "{memo}");
    world.settled().await;
}

#[tokio::test]
async fn the_client_is_frozen_when_the_link_is_made_and_a_move_is_reported_once() {
    let mut world = World::new().await;
    world.erp.client("Autre client", "").await.unwrap();
    let other = world.desk.company("Autre client").await.unwrap();
    world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let requester = world.requester;
    world.desk.run(format!("UPDATE tusers SET company = {other} WHERE id = {requester}")).await.unwrap();
    let report = world.pass().await;
    assert!(report.records[0].message.contains("client is now"), "{:?}", report.records);
    assert_eq!(world.only().await.client, "Boulangerie Hélène SARL");
    world.settled().await;
}

#[tokio::test]
async fn tickets_closed_before_start_at_are_history() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-03-02T12:00:00\"").await;
    let old = world.ticket("Ancien", "<p>x</p>").await;
    world.desk.close(old, world.paul).await.unwrap();
    world.desk.clock = at("2026-03-02T13:00:00");
    let recent = world.ticket("Récent", "<p>x</p>").await;
    world.desk.close(recent, world.paul).await.unwrap();
    let open = world.ticket("Ouvert", "<p>x</p>").await;
    world.converge(&["2 create +description +step +step +step", "3 create +description +step +step"]).await;
    assert!(world.gestan().await.iter().all(|seen| seen.title != "Ancien"));
    world.desk.reopen(old).await.unwrap();
    world.converge(&["1 create +description +step +step +step"]).await;
    let _ = open;
}

#[tokio::test]
async fn a_number_used_again_after_a_restore_is_quarantined_and_never_overwritten() {
    let mut world = World::new().await;
    let ticket = world.ticket("Avant", "<p>x</p>").await;
    world.pass().await;
    let before = world.only().await;
    world.desk.delete(ticket).await.unwrap();
    world.desk.run("ALTER TABLE tincidents AUTO_INCREMENT = 1").await.unwrap();
    world.desk.clock = at("2026-03-04T08:00:00");
    let again = world.desk.open(world.paul, "Après", "<p>y</p>").await.unwrap();
    assert_eq!(again, ticket);
    world.desk.attribute(again, world.paul, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 quarantined other-ticket"]);
    assert_eq!(world.only().await, before);
    assert!(world.pass().await.records.is_empty(), "it is said once");
}

#[tokio::test]
async fn the_brake_stops_a_plan_that_would_change_too_much_before_its_first_write() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nbrake = { create = { number = 100, percent = 0 }, close = { number = 2, percent = 10 }, bill = { number = 1, percent = 0 }, cancel = { number = 1, percent = 0 }, deleted = { number = 1, percent = 0 } }").await;
    let mut tickets = Vec::new();
    for number in 1..=4 {
        tickets.push(world.ticket(&format!("T{number}"), "<p>x</p>").await);
    }
    world.pass().await;
    world.desk.mass_state(&tickets, state::RESOLVED, world.paul).await.unwrap();
    let report = world.pass().await;
    assert_eq!(
        (report.brake.len(), report.brake[0].kind, report.brake[0].planned, report.brake[0].allowed),
        (1, "close", 4, 2)
    );
    assert!(world.gestan().await.iter().all(|seen| seen.status == code::PLANNED));
    let allowed = world.pass_with(PassOptions { allow_mass_change: true, ..PassOptions::default() }).await;
    assert_eq!(allowed.count(Outcome::Done), 4);
    world.desk.run("DELETE FROM tincidents").await.unwrap();
    let emptied = world.pass().await;
    assert_eq!(emptied.brake[0].kind, "deleted");
    world.settled_under_brake().await;
}

impl World {
    /// Nothing was written although something is planned.
    async fn settled_under_brake(&mut self) {
        assert!(self.gestan().await.iter().all(|seen| seen.status == code::DONE));
    }
}

#[tokio::test]
async fn a_lost_state_is_learnt_again_from_gestan_without_a_second_intervention() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.pass().await;
    let before = world.only().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", world.state_path().display()));
    }
    let mut world = world.reopen().await;
    world.desk.comment(ticket, world.paul, "<p>Encore vu</p>").await.unwrap();
    world.pass().await;
    let after = world.only().await;
    assert_eq!((after.id, after.status), (before.id, before.status));
    let memo = world.memo().await;
    assert_eq!((memo.matches("Encore vu").count(), memo.matches("Vu\n").count()), (1, 1), "{memo}");
    world.settled().await;
}

#[tokio::test]
async fn one_ticket_that_gestan_refuses_stops_only_itself_until_retried() {
    let mut world = World::with("[mapping.projects]\nrules = [{ when = { type = \"Incident\" }, project = 7 }]").await;
    let bad = world.ticket("Mauvais", "<p>x</p>").await;
    world.desk.set(bad, "type", "2").await.unwrap();
    world.ticket("Bon", "<p>x</p>").await;
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 quarantined invalid", "2 create +description +step +step"]);
    assert!(report.records[0].message.contains("Gestan has no project “7”"), "{}", report.records[0].message);
    assert!(world.pass().await.records.is_empty(), "it is left alone");
    while world.erp.project("Chantier", world.client).await.unwrap() < 7 {}
    assert_eq!(world.site.store().retry(Some(&[bad])).await.unwrap(), 1);
    world.converge(&["1 create +description +step +step"]).await;
}

#[tokio::test]
async fn a_changed_template_replans_the_open_tickets_and_marks_nothing_as_edited() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let closed = world.ticket("Deux", "<p>x</p>").await;
    world.desk.close(closed, world.paul).await.unwrap();
    world.pass().await;
    let mut world = world.reconfigured("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[mapping.texts]\nheading = \"{date} | {author}[ | {mark}]\"").await;
    world.converge(&["1 update ~description ~step ~step"]).await;
    let memo = gestan_connector::gateway::memo::Memo::parse(&world.gestan().await[0].memo).visible_text();
    assert!(memo.contains("02/03/2026 à 09:00 | Paul Durand\nAttribué") && !memo.contains("modifié"), "{memo}");
    let _ = ticket;
}

#[tokio::test]
async fn a_base_without_the_z83_table_does_with_the_memo_alone() {
    let mut world = World::new().await;
    world.erp.run("DROP TABLE Z83_INTERVENTION").await.unwrap();
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_time(ticket, 45).await.unwrap();
    let mut world = world.reopen().await;
    world.pass().await;
    world.settled().await;
    world.erp.run("CREATE TABLE Z83_INTERVENTION (IDINTERVENTION BIGINT, TPS_PASSE SMALLINT)").await.unwrap();
    assert!(world.memo().await.contains("Temps passé : 45 min"));
}
