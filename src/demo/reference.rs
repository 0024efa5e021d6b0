//! The part of the story about reference data: what Gestan knows is brought into GestSup before the first ticket goes the
//! other way, and follows what happens there.

use super::stage::Stage;
use super::story::{Cast, Told};
use chrono::{Days, Utc};

/// What Gestan holds beside clients and users.
pub(super) async fn prepare(stage: &mut Stage) -> anyhow::Result<()> {
    let erp = &mut stage.erp;
    let company = erp
        .run("INSERT INTO SOCIETE (RAISON_SOCIALE, SIRET, NUM_TVA, ADRESSEP1, CPOSTALP, VILLEP) VALUES ('BOULANGERIE HELENE SARL', '83214569700015', 'FR12832145697', '4 place du Marché', '49100', 'Angers')")
        .await?;
    erp.run(format!("UPDATE CONTACT SET IDSOCIETE = {company} WHERE RAISON_SOCIALE = 'BOULANGERIE HELENE SARL'"))
        .await?;
    for (first, last, mail, function) in
        [("Hélène", "D''Arcy", "helene@client.fr", "Gérante"), ("Marc", "Besnard", "marc@client.fr", "Comptable")]
    {
        erp.run(format!(
            "INSERT INTO CONTACT (PRENOM, NOMFAMILLE, EMAILP, FONCTION_PRO, TELP1, RAISON_SOCIALE, IDSOCIETE, ICLTPRO, IARCHIVE, DHCRE, DHMOD) \
             VALUES ('{first}', '{last}', '{mail}', '{function}', '02 41 00 00 00', '', {company}, 1, 0, NOW(), NOW())"
        ))
        .await?;
    }
    let mairie =
        number(stage, "SELECT CAST(IDCONTACT AS CHAR) FROM CONTACT WHERE RAISON_SOCIALE LIKE 'Mairie%'").await?;
    let erp = &mut stage.erp;
    erp.machine("IMP-7", "Imprimante \"accueil\"", "BR 55-001", mairie).await?;
    erp.run("UPDATE MACHINE_MNT SET MARQUE = 'Brother', MODELE = 'HL-L5100', TYPE_MACHINE = 'Imprimante' WHERE CD_MACHINE = 'IMP-7'").await?;
    erp.user("TMP", ("Théo", "Marchand"), "t.marchand@sival.fr").await?;
    erp.run("CREATE TABLE TACHES (IDTACHE bigint, PROJET bigint, NOM varchar(80), FINIE int)").await?;
    erp.run("INSERT INTO TACHES SELECT MIN(IDTACHE), 1, 'Messagerie', 0 FROM TACHE").await?;
    stage.sandbox.let_it_refer().await
}

async fn number(stage: &mut Stage, sql: &str) -> anyhow::Result<i64> {
    Ok(stage.erp.ask(sql).await?.first().and_then(|number| number.parse().ok()).unwrap_or(0))
}

async fn seen(stage: &mut Stage, sql: &str) -> anyhow::Result<String> {
    Ok(stage.desk.ask(sql).await?.join("; "))
}

/// The first load.
pub(super) async fn load(stage: &mut Stage, cast: &Cast) -> anyhow::Result<()> {
    stage.act("Reference data first: clients, their people, equipment and technicians come from Gestan");
    stage.run(&["reconcile", "--flow", "reference"]).await?;
    let before = seen(stage, "SELECT CAST(COUNT(*) AS CHAR) FROM tusers WHERE login = 'dis'").await?;
    stage.expect("looking wrote nothing", before == "0");
    stage.run(&["sync", "reference"]).await?;
    let bakery = seen(
        stage,
        "SELECT CONCAT_WS('|', c.name, c.SIRET, c.zip) FROM tcompany c JOIN tusers u ON u.company = c.id WHERE u.mail = 'helene@client.fr'",
    )
    .await?;
    stage.expect(
        "the bakery of both is one client, with the name and SIRET that Gestan has",
        bakery == "BOULANGERIE HELENE SARL|83214569700015|49100",
    );
    let accounts = seen(
        stage,
        "SELECT CAST(COUNT(*) AS CHAR) FROM tusers WHERE mail IN ('helene@client.fr', 'p.durand@sival.fr')",
    )
    .await?;
    stage.expect("who had an account has it still, and no second one", accounts == "2");
    let karim = seen(stage, &format!("SELECT mail FROM tusers WHERE id = {}", cast.karim)).await?;
    stage.expect("a technician without a mail was found by his name", karim == "atelier@sival.fr");
    let printer = seen(
        stage,
        "SELECT CONCAT_WS('|', a.sn_internal, b.name, m.name, c.name) FROM tassets a JOIN tassets_manufacturer b ON b.id = a.manufacturer \
         JOIN tassets_model m ON m.id = a.model JOIN tusers u ON u.id = a.user JOIN tcompany c ON c.id = u.company WHERE a.sn_manufacturer = 'BR 55-001'",
    )
    .await?;
    stage.expect(
        "the printer is equipment of its client, brand and model included",
        printer == "GST-2|Brother|HL-L5100|Mairie de Saint-Cyr",
    );
    Ok(())
}

/// What happens in Gestan afterwards.
pub(super) async fn follow(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("Reference data moves: equipment changes hands, a technician leaves, another one takes holidays");
    let day = |days: u64| Utc::now().date_naive() + Days::new(days);
    let (first, last) = (day(9), day(15));
    let ticket =
        stage.desk.open(cast.mairie, "Remplacer l'imprimante de l'accueil", "<p>Quand vous pourrez.</p>").await?;
    stage.desk.set(ticket, "date_hope", &day(10).to_string()).await?;
    stage.desk.attribute(ticket, cast.karim, cast.paul).await?;
    stage.run(&["sync", "tickets"]).await?;
    let start = format!(
        "SELECT CAST(i.DT_INTER_DBT AS CHAR) FROM INTERVENTION i JOIN Z90_TICKET z ON z.IDINTERVENTION = i.IDINTERVENTION WHERE z.NUMERO = {ticket}"
    );
    let before = stage.erp.ask(&start).await?.join("");
    let garage =
        number(stage, "SELECT CAST(IDCONTACT AS CHAR) FROM CONTACT WHERE RAISON_SOCIALE LIKE 'Garage%'").await?;
    stage
        .erp
        .run(format!("UPDATE MACHINE_MNT SET IDCONTACT = {garage}, DHMOD = NOW() WHERE CD_MACHINE = 'IMP-7'"))
        .await?;
    stage.erp.run("UPDATE USER SET IARCHIVE = 1, DHMOD = NOW() WHERE CDUSER = 'TMP'").await?;
    stage.erp.absence("KBE", &first.to_string(), &last.to_string()).await?;
    stage.run(&["sync"]).await?;
    let owner = seen(
        stage,
        "SELECT c.name FROM tassets a JOIN tusers u ON u.id = a.user JOIN tcompany c ON c.id = u.company WHERE a.sn_manufacturer = 'BR 55-001'",
    )
    .await?;
    stage.expect("the printer belongs to the garage's people now", owner == "Garage Léon");
    let left = seen(stage, "SELECT CONCAT_WS('|', lastname, disable) FROM tusers WHERE login = 'tmp'").await?;
    stage.expect("the account of the one who left is disabled, and not gone", left == "Marchand|1");
    let event = seen(
        stage,
        &format!(
            "SELECT LEFT(date_start, 10) FROM tevents WHERE technician = {} AND incident = 0 AND disable = 0",
            cast.karim
        ),
    )
    .await?;
    stage.expect("the holidays stand in GestSup's calendar", event == first.to_string());
    let after = stage.erp.ask(&start).await?.join("");
    stage.expect(
        "the intervention was proposed for a day of the holidays, and is now planned after them",
        !before.is_empty() && before <= last.to_string() && after > last.to_string(),
    );
    let again = stage.ask(&["sync", "reference"]).await?;
    stage.expect("another pass writes nothing", again["writes"] == 0);
    let status = stage.ask(&["status"]).await?;
    let linked = |kind: &str| usize::try_from(status["reference_links"][kind].as_u64().unwrap_or(0)).unwrap_or(0);
    told.clients = linked("client");
    told.contacts = linked("contact");
    told.equipment = linked("equipment");
    told.technicians = linked("technician");
    told.absences = linked("absence");
    told.psp_contacts = usize::try_from(
        number(stage, "SELECT CAST(COUNT(*) AS CHAR) FROM CONTACT WHERE CTG_CONTACT = 3 AND LOGIN <> ''").await?,
    )?;
    stage.expect("every user in use has a contact of category PSP in Gestan", told.psp_contacts == 5);
    Ok(())
}
