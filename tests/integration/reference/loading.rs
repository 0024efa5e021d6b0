//! The initial load, on an empty GestSup and on one that knows the same people.

use super::{links, one, person, refer_with, referring, settle, settled, society, told, whole};
use crate::follow_up::ask;
use gestan_connector::flows::tickets::PassOptions;

#[tokio::test]
async fn what_both_bases_hold_is_linked_and_what_only_gestan_holds_is_made() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "L'Atelier & Fils", "123 456 789 00012", "69001").await;
    let zoe = person(&mut world, ("Zoé", "O'Neil"), "zoe@atelier.fr", company).await;
    world.erp.run(format!("UPDATE CONTACT SET TELP1 = '04 72 00 00 00', TELP2 = '06 12 34 56 78', FONCTION_PRO = 'Gérante', ADRESSEP1 = '2 quai', CPOSTALP = '69002', VILLEP = 'Lyon' WHERE IDCONTACT = {zoe}")).await.unwrap();
    let machine = world.erp.machine("M2", "Presse \"XL\"", "SN-77", lead).await.unwrap();
    world.erp.run(format!("UPDATE MACHINE_MNT SET MARQUE = 'HP', MODELE = 'DesignJet', TYPE_MACHINE = 'Traceur', DT_MISEENFONCTION = '2025-01-31', DT_EXP_GARANTIE = '2028-01-31' WHERE IDMACHINE = {machine}")).await.unwrap();
    let report = settle(&world).await;
    let codes = told(&report);
    for expected in [
        "technician LRO reference-link".to_owned(),
        "technician PDU reference-link".to_owned(),
        format!("client {} reference-link", world.client),
        format!("client {lead} reference-create"),
        format!("contact {zoe} reference-create"),
        format!("equipment {} reference-link", world.machine),
        format!("equipment {machine} reference-create"),
    ] {
        assert!(codes.contains(&expected), "{expected} is not in {codes:#?}");
    }
    let made = one(&world, "name, address, zip, city, SIRET, disable", "tcompany WHERE name LIKE '%Atelier%'").await;
    assert_eq!(
        made, "L&#039;Atelier &amp; Fils|1 rue de la Paix|69001|Lyon|123 456 789 00012|0",
        "encoded, SIRET from SOCIETE"
    );
    let account = one(
        &world,
        "u.login, u.password, u.firstname, u.lastname, u.profile, u.mail, u.phone, u.mobile, u.function, c.SIRET, u.address1, u.zip, u.disable, u.language",
        "tusers u JOIN tcompany c ON c.id = u.company WHERE u.mail = 'zoe@atelier.fr'",
    )
    .await;
    assert_eq!(
        account,
        "zoe@atelier.fr||Zoé|O&#039;Neil|2|zoe@atelier.fr|04 72 00 00 00|06 12 34 56 78|Gérante|123 456 789 00012|2 quai|69002|0|fr_FR"
    );
    let asset = one(
        &world,
        "a.netbios, a.sn_internal, a.sn_manufacturer, t.name, b.name, m.name, u.mail, a.state, a.date_install, a.date_end_warranty, a.net_scan, m.type = a.type, m.manufacturer = a.manufacturer",
        "tassets a JOIN tassets_type t ON t.id = a.type JOIN tassets_manufacturer b ON b.id = a.manufacturer JOIN tassets_model m ON m.id = a.model JOIN tusers u ON u.id = a.user WHERE a.sn_manufacturer = 'SN-77'",
    )
    .await;
    assert_eq!(
        asset,
        format!(
            "Presse &quot;XL&quot;|GST-{machine}|SN-77|Traceur|HP|DesignJet|zoe@atelier.fr|2|2025-01-31|2028-01-31|1|1|1"
        )
    );
}

#[tokio::test]
async fn an_account_that_is_there_is_adopted_with_its_password_login_rights_and_preferences() {
    let mut world = referring("").await;
    world.desk.run("UPDATE tusers SET password = '$2y$10$abc', skin = 'skin-4', language = 'en_US', profile = 4 WHERE login = 'paul'").await.unwrap();
    settle(&world).await;
    let paul =
        one(&world, "id, login, password, skin, language, profile, disable", "tusers WHERE mail = 'paul@sav.fr'").await;
    assert_eq!(paul, format!("{}|paul|$2y$10$abc|skin-4|en_US|4|0", world.paul));
    assert_eq!(ask(&world, "id", "tusers WHERE mail IN ('paul@sav.fr', 'lea@sav.fr')").await.len(), 2);
    assert!(links(&world).await.contains(&format!("technician PDU {}", world.paul)));
}

#[tokio::test]
async fn equipment_keeps_an_owner_of_its_client_and_a_client_without_people_gets_one_that_nobody_logs_in_as() {
    let mut world = referring("").await;
    let (_, lead) = society(&mut world, "Mairie", "", "38000").await;
    world.erp.machine("M2", "Imprimante", "SN-2", lead).await.unwrap();
    world.erp.machine("M3", "Copieur", "SN-3", lead).await.unwrap();
    settle(&world).await;
    let kept = one(&world, "user", "tassets WHERE sn_manufacturer = 'CZ1234'").await;
    assert_eq!(kept, world.requester.to_string(), "GestSup's choice among the client's people stands");
    let owners = ask(
        &world,
        "u.lastname, u.login, u.password, u.mail, u.profile, COUNT(*)",
        "tassets a JOIN tusers u ON u.id = a.user WHERE a.sn_manufacturer IN ('SN-2', 'SN-3') GROUP BY u.id",
    )
    .await;
    assert_eq!(owners, ["Parc Mairie||||2|2"]);
    let of_equipment = one(&world, "t.name, b.name, m.name", "tassets a JOIN tassets_type t ON t.id = a.type JOIN tassets_manufacturer b ON b.id = a.manufacturer JOIN tassets_model m ON m.id = a.model WHERE a.sn_manufacturer = 'SN-2'").await;
    assert_eq!(
        of_equipment, "Non renseigné|Non renseigné|Non renseigné",
        "GestSup's list leaves out equipment without"
    );
}

#[tokio::test]
async fn rows_that_gestsup_needs_are_never_touched() {
    let mut world = referring("").await;
    // The accounts that GestSup came with may have any mail and name.
    world.desk.run("UPDATE tusers SET mail = 'a@b.fr', lastname = 'Admin' WHERE id = 1").await.unwrap();
    let kept = "id, login, password, firstname, lastname, profile, mail, phone, company, disable";
    let before = ask(&world, kept, "tusers WHERE id <= 6 ORDER BY id").await;
    assert!(before.len() >= 6, "{before:#?}");
    let company = ask(&world, "id, name, zip, city, disable", "tcompany WHERE id = 0").await;
    world.erp.user("ADM", ("", "Admin"), "a@b.fr").await.unwrap();
    settle(&world).await;
    assert_eq!(ask(&world, kept, "tusers WHERE id <= 6 ORDER BY id").await, before);
    assert_eq!(ask(&world, "id, name, zip, city, disable", "tcompany WHERE id = 0").await, company);
    assert_eq!(ask(&world, "id", "tusers WHERE mail = 'a@b.fr'").await, ["1"], "and no second account for their mail");
}

#[tokio::test]
async fn a_dry_run_writes_nothing_on_either_side_or_in_the_state() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    world.erp.machine("M2", "Imprimante", "SN-2", lead).await.unwrap();
    let before = whole(&world).await;
    let report = refer_with(&world, PassOptions { dry_run: true, ..PassOptions::default() }).await;
    assert!(report.writes >= 4, "{report:#?}");
    assert_eq!(whole(&world).await, before);
    assert_eq!(links(&world).await, Vec::<String>::new());
    let done = refer_with(&world, PassOptions::default()).await;
    assert_eq!(done.writes, report.writes, "a dry run says what a pass does");
    settled(&world).await;
}

#[tokio::test]
async fn the_tickets_flow_goes_by_the_links_once_they_are_there() {
    let mut world = referring("").await;
    settle(&world).await;
    // A name that no search would find: only the link tells.
    world.erp.run("UPDATE CONTACT SET RAISON_SOCIALE = 'Tout autre nom'").await.unwrap();
    let ticket = world.ticket("Panne", "<p>x</p>").await;
    world.pass().await;
    let seen = world.only().await;
    assert_eq!((seen.client.as_str(), seen.technician.as_str()), ("Tout autre nom", "PDU"), "ticket {ticket}");
}
