//! A week in a small service company: what its people do in GestSup and Gestan, what the connector
//! makes of it, and what must then be so.

use super::by_mail;
use super::compare::{Pair, Side, faults, pairs};
use super::help_desk::state;
use super::in_gestan;
use super::mails_out;
use super::reference;
use super::sandbox::code;
use super::stage::Stage;
use chrono::Duration;

/// What the story came to.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub interventions: usize,
    pub comments: usize,
    pub closed: usize,
    pub to_bill: usize,
    pub reopened: usize,
    pub merged: usize,
    pub deleted: usize,
    pub auto_closed: usize,
    pub waiting: usize,
    pub anomalies: usize,
    pub followed_back: usize,
    pub consos: usize,
    pub documents: usize,
    pub notifications: usize,
    pub clients: usize,
    pub contacts: usize,
    pub equipment: usize,
    pub technicians: usize,
    pub psp_contacts: usize,
    pub absences: usize,
    pub mails: usize,
    pub tickets_from_mail: usize,
    pub replies: usize,
    pub excluded: usize,
    pub second_pass_writes: u64,
    /// What the running service says of itself.
    pub healthz: bool,
}

/// GestSup's people and tickets, by their ids.
#[derive(Debug, Default)]
pub(super) struct Cast {
    pub paul: i64,
    pub lea: i64,
    pub karim: i64,
    pub helene: i64,
    pub mairie: i64,
    newcomer_ticket: i64,
    tickets: Vec<i64>,
}

pub(super) async fn tell(stage: &mut Stage) -> anyhow::Result<Told> {
    in_gestan::prepare(stage).await?;
    let cast = people(stage).await?;
    let mut told = Told::default();
    reference::prepare(stage).await?;
    set_up(stage).await?;
    reference::load(stage, &cast).await?;
    first_sync(stage, &cast).await?;
    a_day(stage, &cast).await?;
    second_thoughts(stage, &cast, &mut told).await?;
    gestan_works_too(stage, &cast).await?;
    at_night(stage, &cast, &mut told).await?;
    in_gestan::followed_in_gestan(stage, &cast, &mut told).await?;
    mails_out::people_are_told(stage, &cast, &mut told).await?;
    reference::follow(stage, &cast, &mut told).await?;
    by_mail::by_mail(stage, &cast, &mut told).await?;
    by_itself(stage, &cast, &mut told).await?;
    the_end(stage, &mut told).await?;
    Ok(told)
}

/// Fills both bases.
async fn people(stage: &mut Stage) -> anyhow::Result<Cast> {
    let (desk, erp) = (&mut stage.desk, &mut stage.erp);
    for (code, first, last, mail) in [
        ("PDU", "Paul", "Durand", "p.durand@sival.fr"),
        ("LRO", "Léa", "Roy", "l.roy@sival.fr"),
        ("KBE", "Karim", "Benali", "atelier@sival.fr"),
        ("DIS", "Sophie", "Martin", "planning@sival.fr"),
    ] {
        erp.user(code, (first, last), mail).await?;
    }
    for (code, label) in [("MO-HEURE", "Main d oeuvre, heure"), ("MO-INST", "Installation, forfait")] {
        erp.product(code, label).await?;
    }
    for (kind, number, label) in [(31, 1, "Dépannage"), (31, 2, "Installation")] {
        erp.run(format!(
            "INSERT INTO PARAMLIB (TYP_LIBSIMPLE, IDSECONDAIRE, LIB_50) VALUES ({kind}, {number}, '{label}')"
        ))
        .await?;
    }
    let bakery = erp.client("BOULANGERIE HELENE SARL", "contact@boulangerie-helene.fr").await?;
    erp.machine("SRV-118", "Serveur HP ProLiant", "CZJ 1234-AB", bakery).await?;
    for (name, mail) in [
        ("Garage Léon", "garage@leon.fr"),
        ("Cabinet Ferrand & Associés", "etude@ferrand.fr"),
        ("Mairie de Saint-Cyr", "accueil@saint-cyr.fr"),
    ] {
        erp.client(name, mail).await?;
    }
    let mut cast = Cast {
        paul: desk.person("p.durand", ("Paul", "Durand"), "p.durand@sival.fr", 0, 0).await?,
        lea: desk.person("l.roy", ("Léa", "Roy"), "l.roy@sival.fr", 0, 0).await?,
        karim: desk.person("k.benali", ("Karim", "Benali"), "", 0, 0).await?,
        ..Cast::default()
    };
    let level_2 = desk.group("Niveau 2", &[cast.lea, cast.karim]).await?;
    let mut requesters = Vec::new();
    for (company, login, first, last) in [
        ("Boulangerie Hélène", "helene", "Hélène", "D'Arcy"),
        ("Garage Léon", "leon", "Léon", "Petit"),
        ("Cabinet Ferrand & associés", "ferrand", "Maître", "Ferrand"),
        ("Mairie de Saint-Cyr", "mairie", "Chloé", "Nguyen"),
        ("Fleurs d'Anjou", "fleurs", "Inès", "Faure"),
    ] {
        let company = desk.company(company).await?;
        requesters.push(desk.person(login, (first, last), &format!("{login}@client.fr"), 2, company).await?);
    }
    (cast.helene, cast.mairie) = (requesters[0], requesters[3]);
    let server = desk.asset("SRV-COMPTA", "CZJ1234AB", cast.helene).await?;
    let guarantee = desk.category("Garantie").await?;
    desk.run("INSERT INTO tstates (id, number, name) VALUES (7, 7, 'Attente pi&amp;egrave;ce')").await?;
    let opened = [
        (
            0,
            "La caisse n'imprime plus les tickets",
            "<p>Depuis ce matin, <b>plus rien</b> ne sort 😱</p><ul><li>redémarrée</li><li>papier changé</li></ul>",
        ),
        (0, "Serveur de compta très lent", "<p>L&#039;ouverture d&#039;un dossier prend 2&nbsp;min.</p>"),
        (1, "Installer 2 postes à l'atelier", "<p>Livrés hier, à préparer : Windows, antivirus &amp; GMAO.</p>"),
        (1, "Messagerie : \"boîte pleine\"", "<p>Message d'erreur <i>quota exceeded</i>.</p>"),
        (2, "Scan vers dossier réseau impossible", "<p>Le copieur affiche « accès refusé ».</p>"),
        (2, "Écran cassé (sous garantie)", "<p>Fissure en haut à gauche.</p>"),
        (3, "Wifi de la salle du conseil", "<p>Coupures pendant les réunions.</p>"),
        (3, "Demande de devis pour 5 tablettes", "<p>Merci de chiffrer.</p>"),
        (4, "Le site ne répond plus", "<p>Erreur 502.</p>"),
        (0, "Mot de passe oublié", "<p>Pour la caisse 2.</p>"),
        (3, "Doublon : wifi encore", "<p>Voir mon autre demande.</p>"),
    ];
    for (who, title, html) in opened {
        desk.clock += Duration::minutes(7);
        cast.tickets.push(desk.open(requesters[who], title, html).await?);
    }
    let today = desk.clock;
    desk.clock -= Duration::days(60);
    cast.tickets.push(desk.open(requesters[3], "Changer l'horloge de l'accueil", "<p>Quand vous passerez.</p>").await?);
    desk.clock = today;
    let ticket = |number: usize| cast.tickets[number - 1];
    desk.set(ticket(2), "asset_id", &server.to_string()).await?;
    desk.set(ticket(3), "type", "1").await?;
    for number in [1, 2, 3, 4] {
        desk.set(ticket(number), "billable", "1").await?;
    }
    desk.set(ticket(1), "priority", "1").await?;
    desk.set(ticket(6), "category", &guarantee.to_string()).await?;
    desk.set(ticket(6), "billable", "1").await?;
    for (number, who) in [
        (1, cast.paul),
        (2, cast.lea),
        (3, cast.karim),
        (4, cast.paul),
        (6, cast.karim),
        (7, cast.lea),
        (9, cast.paul),
        (10, cast.paul),
        (11, cast.lea),
        (12, cast.paul),
    ] {
        desk.attribute(ticket(number), who, cast.paul).await?;
    }
    desk.attribute_to_group(ticket(5), level_2, cast.paul).await?;
    desk.plan(ticket(3), cast.karim, desk.clock + Duration::days(2), 180).await?;
    desk.comment(ticket(2), cast.lea, "<p>Disque à 98&nbsp;% : je fais de la place.</p>").await?;
    desk.comment(ticket(11), cast.lea, "<p>Même panne que l&#039;autre demande.</p>").await?;
    desk.comment(ticket(10), cast.paul, "<p>Réinitialisé par téléphone.</p>").await?;
    desk.set_time(ticket(10), 10).await?;
    desk.close(ticket(10), cast.paul).await?;
    cast.newcomer_ticket = ticket(9);
    Ok(cast)
}

fn find(pairs: &[Pair], ticket: i64) -> Option<&Pair> {
    pairs.iter().find(|pair| pair.ticket == ticket)
}

fn side(pairs: &[Pair], ticket: i64) -> Option<&Side> {
    find(pairs, ticket).and_then(|pair| pair.intervention.as_ref())
}

fn status(pairs: &[Pair], ticket: i64) -> Option<i64> {
    side(pairs, ticket).map(|side| side.status)
}

async fn set_up(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("Set up: the tables of the links, and a check of both systems");
    stage.run(&["gateway", "install"]).await?;
    stage.run(&["check", "--online"]).await
}

async fn first_sync(stage: &mut Stage, cast: &Cast) -> anyhow::Result<()> {
    stage.act("The service starts: its first pass makes interventions of the attributed tickets");
    stage.run(&["sync", "--dry-run"]).await?;
    let before = pairs(&stage.sandbox).await?;
    stage.expect("the dry run wrote nothing", before.iter().all(|pair| pair.intervention.is_none()));
    stage.start_service().await?;
    let made = stage.wait_for(async |stage| {
        let status = stage.ask(&["status"]).await?;
        let passes = status["last_runs"].as_array().cloned().unwrap_or_default();
        Ok(passes.iter().any(|pass| pass["flow"] == "tickets" && pass["outcome"] == "done"))
    });
    let made = made.await?;
    stage.expect("nobody gave a command for it", made);
    stage.run(&["journal", "--flow", "tickets"]).await?;
    let pairs = stage.show(&[]).await?;
    let (unattributed, newcomer) = (cast.tickets[7], cast.newcomer_ticket);
    stage.expect("the ticket that nobody is in charge of stayed in GestSup", side(&pairs, unattributed).is_none());
    stage.expect("the client unknown to Gestan makes its ticket wait", side(&pairs, newcomer).is_none());
    stage.expect(
        "ten attributed tickets have their intervention",
        pairs.iter().filter(|pair| pair.intervention.is_some()).count() == 10,
    );
    stage.expect(
        "a group is a team in Gestan",
        side(&pairs, cast.tickets[4]).is_some_and(|side| side.technician == "LRO;KBE"),
    );
    Ok(())
}

async fn a_day(stage: &mut Stage, cast: &Cast) -> anyhow::Result<()> {
    stage.act("A day's work: comments, time, an edited comment, closing several at once from the list");
    let ticket = |number: usize| cast.tickets[number - 1];
    let desk = &mut stage.desk;
    desk.clock += Duration::hours(4);
    let comment = desk.comment(ticket(1), cast.paul, "<p>Tête d&#039;imprésion nettoyée, OK.</p>").await?;
    desk.set_time(ticket(1), 45).await?;
    desk.comment(ticket(4), cast.paul, "<p>Archives déplacées, quota porté à 50&nbsp;Go 👍</p>").await?;
    desk.set_time(ticket(4), 25).await?;
    desk.comment(ticket(6), cast.karim, "<p>Échange avancé demandé au fabricant.</p>").await?;
    desk.comment(ticket(7), cast.lea, "<p>Pouvez-vous m&#039;envoyer une photo de la borne ?</p>").await?;
    desk.set_state(ticket(7), state::WAITING_FOR_REQUESTER, cast.lea).await?;
    desk.edit_comment(comment, "<p>Tête d&#039;impression nettoyée, OK.</p>").await?;
    desk.mass_state(&[ticket(1), ticket(4), ticket(6)], state::RESOLVED, cast.paul).await?;
    stage.run(&["sync"]).await?;
    let pairs = stage.show(&[ticket(1), ticket(4), ticket(6), ticket(7)]).await?;
    stage.expect(
        "billable tickets are to be billed",
        [1, 4].iter().all(|number| status(&pairs, ticket(*number)) == Some(code::TO_BILL)),
    );
    stage.expect("the one under guarantee is done, by a rule", status(&pairs, ticket(6)) == Some(code::DONE));
    stage.expect("waiting for the customer reached Gestan", status(&pairs, ticket(7)) == Some(code::WAITING));
    stage.expect("45 minutes reached Gestan", side(&pairs, ticket(1)).is_some_and(|side| side.time_spent == 45));
    let memo = side(&pairs, ticket(1)).map(|side| side.memo.clone()).unwrap_or_default();
    stage.expect(
        "the memo holds the corrected comment once",
        memo.matches("nettoyée").count() == 1 && memo.contains("impression nettoyée"),
    );
    Ok(())
}

async fn second_thoughts(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("Second thoughts: reopening, also after billing; a deletion, a merge, a rejection");
    let ticket = |number: usize| cast.tickets[number - 1];
    let billed = side(&pairs(&stage.sandbox).await?, ticket(1)).map_or(0, |side| side.id);
    stage.erp.set_status(billed, code::BILLED).await?;
    let desk = &mut stage.desk;
    desk.clock += Duration::days(1);
    desk.reopen(ticket(1)).await?;
    desk.comment(ticket(1), cast.helene, "<p>La panne est revenue ce matin.</p>").await?;
    desk.set_time(ticket(1), 60).await?;
    desk.reopen(ticket(6)).await?;
    desk.merge(ticket(11), ticket(7)).await?;
    desk.delete(ticket(10)).await?;
    desk.set_state(ticket(5), state::REJECTED, cast.lea).await?;
    let before = stage.ask(&["sync", "--dry-run"]).await?;
    stage.run(&["sync"]).await?;
    let pairs = stage.show(&[ticket(1), ticket(5), ticket(6), ticket(7)]).await?;
    let second = side(&pairs, ticket(1));
    stage.expect(
        "the billed intervention has a second one for what is new: 15 minutes",
        second.is_some_and(|side| side.count == 2 && side.time_spent == 15 && side.status == code::IN_PROGRESS),
    );
    stage.expect(
        "the reopened ticket's intervention is open again",
        status(&pairs, ticket(6)) == Some(code::IN_PROGRESS),
    );
    stage.expect("the rejected one is cancelled", status(&pairs, ticket(5)) == Some(code::CANCELLED));
    let all = stage.erp.see_all().await?;
    let noted = |text: &str| all.iter().filter(|seen| seen.memo.contains(text)).count();
    told.deleted = noted("supprim\\'e9 dans GestSup");
    told.merged = noted("fusionn\\'e9 dans le ticket");
    stage.expect(
        "the deleted and the merged ticket are noted in their interventions",
        (told.deleted, told.merged) == (1, 1),
    );
    stage.expect(
        "the intervention that goes on with the merged ticket names both",
        noted("a \\'e9t\\'e9 fusionn\\'e9 dans celui-ci") == 1,
    );
    let records = before["records"].as_array().cloned().unwrap_or_default();
    let reopened = records.iter().filter(|record| {
        let again = record["operation"]["key"]["sequence"].as_u64().is_some_and(|sequence| sequence > 1);
        record["code"] == "reopen" || again
    });
    told.reopened = reopened.count();
    Ok(())
}

async fn at_night(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("At night GestSup resolves what is old, whatever happened to it since, and leaves no date of change");
    let closed = stage.desk.auto_close(45).await?;
    stage.run(&["sync"]).await?;
    let pairs = stage.show(&closed).await?;
    told.auto_closed = closed.iter().filter(|ticket| status(&pairs, **ticket) == Some(code::DONE)).count();
    stage.expect("the one that was resolved by nobody is done", told.auto_closed == 1 && closed == [cast.tickets[11]]);
    Ok(())
}

async fn gestan_works_too(stage: &mut Stage, cast: &Cast) -> anyhow::Result<()> {
    stage.act(
        "Gestan's users work too: a dispatcher's planning and a typed note are left alone; a missing client is created",
    );
    let ticket = |number: usize| cast.tickets[number - 1];
    let id = side(&pairs(&stage.sandbox).await?, ticket(3)).map_or(0, |side| side.id);
    stage.erp.dispatch(id, "PDU", "2026-11-20", "14:00:00").await?;
    stage.erp.type_in_memo(id, "Badge \\'e0 prendre \\'e0 l\\'92accueil").await?;
    stage.erp.client("Fleurs d'Anjou", "bonjour@fleurs-anjou.fr").await?;
    stage.desk.comment(ticket(3), cast.karim, "<p>Postes préparés à l&#039;atelier.</p>").await?;
    stage.desk.comment_with(ticket(3), cast.karim, "<p>Client en retard de paiement.</p>", 0, true).await?;
    stage.desk.set_state(ticket(2), 7, cast.lea).await?;
    stage.run(&["sync"]).await?;
    let pairs = stage.show(&[ticket(2), ticket(3), ticket(9)]).await?;
    let planned = stage.erp.see(id).await?;
    stage.expect(
        "the dispatcher's technician and date stand",
        planned.technician == "PDU" && planned.start == "2026-11-20 14:00:00",
    );
    let memo = side(&pairs, ticket(3)).map(|side| side.memo.clone()).unwrap_or_default();
    stage.expect(
        "what was typed in Gestan stands beside the new comment",
        memo.contains("Badge à prendre") && memo.contains("Postes préparés"),
    );
    stage.expect("the private comment stayed in GestSup", !memo.contains("retard de paiement"));
    stage.expect(
        "the ticket of the client that is now known went through",
        side(&pairs, cast.newcomer_ticket).is_some(),
    );
    stage.run(&["show", &ticket(3).to_string()]).await?;
    Ok(())
}

async fn by_itself(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("Nobody gives a command: what people write is in Gestan seconds later");
    stage.reconfigure(|text| text.replacen("[tickets]\n", "[tickets]\nschedule = \"every 5 s\"\n", 1))?;
    let ticket = cast.tickets[2];
    stage.desk.comment(ticket, cast.karim, "<p>Rendez-vous pris sur place, sans qu&#039;on le demande.</p>").await?;
    let carried = stage.wait_for(async |stage| {
        let pairs = pairs(&stage.sandbox).await?;
        Ok(side(&pairs, ticket).is_some_and(|side| side.memo.contains("Rendez-vous pris sur place")))
    });
    let carried = carried.await?;
    stage.expect("the comment stands in the memo", carried);
    stage.run(&["healthcheck"]).await?;
    told.healthz = stage.is_well().await;
    stage.expect("the service says that it is well", told.healthz);
    Ok(())
}

async fn the_end(stage: &mut Stage, told: &mut Told) -> anyhow::Result<()> {
    stage.act("A last pass has nothing to do; what still waits says why");
    stage.run(&["sync"]).await?;
    stage.run(&["status"]).await?;
    let last = stage.ask(&["sync"]).await?;
    let records = last["records"].as_array().cloned().unwrap_or_default();
    let written = records.iter().filter(|record| record["outcome"] == "done").count();
    told.second_pass_writes = u64::try_from(written)?;
    told.waiting = records.iter().filter(|record| record["outcome"] == "waiting").count();
    stage.expect("the last pass wrote nothing", written == 0);
    stage.expect(
        "two tickets wait: one in a state that Gestan has no status for, one for a technician who is away",
        told.waiting == 2,
    );
    stage.stop_service().await?;
    println!();
    let pairs = stage.show(&[]).await?;
    let faults = faults(&stage.sandbox).await?;
    stage.expect("read without the connector, both bases agree on every ticket", faults.is_empty());
    stage.failed.extend(faults);
    let all = stage.erp.see_all().await?;
    let count = |status: i64| all.iter().filter(|seen| seen.status == status).count();
    told.interventions = all.len();
    told.closed = count(code::DONE);
    told.to_bill = count(code::TO_BILL);
    told.comments = pairs.iter().map(Pair::comments).sum();
    Ok(())
}
