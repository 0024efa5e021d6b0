//! What changes after the first load: in Gestan it is carried over, in GestSup it is put back, and too much stops.

use super::{links, one, person, refer, refer_with, referring, settle, settled, society, told, whole};
use crate::follow_up::ask;
use gestan_connector::flows::tickets::PassOptions;

#[tokio::test]
async fn a_change_in_gestan_writes_that_field_and_no_other() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    let ana = person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    settle(&world).await;
    let fields = "custom1, skin, password, phone, lastname, mail, login";
    world
        .desk
        .run("UPDATE tusers SET custom1 = 'GestSup', skin = 'skin-2', password = 'x' WHERE mail = 'ana@mairie.fr'")
        .await
        .unwrap();
    world.erp.run(format!("UPDATE CONTACT SET NOMFAMILLE = 'Sol-Ruiz', EMAILP = 'ana.ruiz@mairie.fr', TELP1 = '04 76 00 00 00' WHERE IDCONTACT = {ana}")).await.unwrap();
    world.erp.run(format!("UPDATE SOCIETE SET CPOSTALP = '38100' WHERE IDSOCIETE = {company}")).await.unwrap();
    let report = settle(&world).await;
    assert_eq!(told(&report), [format!("client {lead} reference-update"), format!("contact {ana} reference-update")]);
    let changed = one(&world, fields, "tusers WHERE lastname LIKE 'Sol%'").await;
    assert_eq!(changed, "GestSup|skin-2|x|04 76 00 00 00|Sol-Ruiz|ana.ruiz@mairie.fr|ana@mairie.fr", "a login stays");
    assert_eq!(one(&world, "zip", "tcompany WHERE name = 'Mairie'").await, "38100");
}

#[tokio::test]
async fn a_field_edited_in_gestsup_is_reported_and_put_back_unless_gestsup_keeps_it() {
    let mut world = referring("keep = { clients = [\"comment\", \"city\"] }").await;
    let (_, lead) = society(&mut world, "Mairie", "", "38000").await;
    settle(&world).await;
    world.desk.run("UPDATE tcompany SET city = 'Grenoble', zip = '1', comment = 'à nous', country = 'France' WHERE name = 'Mairie'").await.unwrap();
    let report = settle(&world).await;
    assert_eq!(told(&report), [format!("client {lead} reference-update"), format!("client {lead} edited-in-gestsup")]);
    let kept = one(&world, "zip, city, comment, country", "tcompany WHERE name = 'Mairie'").await;
    assert_eq!(kept, "38000|Grenoble|à nous|France", "and what Gestan does not say is GestSup's own");
}

#[tokio::test]
async fn a_name_that_gestsup_s_page_encoded_again_is_put_back_and_nobody_is_said_to_have_changed_it() {
    let mut world = referring("").await;
    let (_, lead) = society(&mut world, "Mairie", "", "38000").await;
    let machine = world.erp.machine("M2", "Imprimante d''accueil", "SN-2", lead).await.unwrap();
    settle(&world).await;
    for encoded in ["Imprimante d&amp;#039;accueil", "Imprimante d&amp;amp;amp;#039;accueil"] {
        world
            .desk
            .run(format!("UPDATE tassets SET netbios = '{encoded}' WHERE sn_manufacturer = 'SN-2'"))
            .await
            .unwrap();
        let report = settle(&world).await;
        assert_eq!(told(&report), [format!("equipment {machine} reference-update")]);
        let name = one(&world, "netbios", "tassets WHERE sn_manufacturer = 'SN-2'").await;
        assert_eq!(name, "Imprimante d&#039;accueil");
    }
    world
        .desk
        .run("UPDATE tassets SET netbios = 'Imprimante &amp;quot;2&amp;quot;' WHERE sn_manufacturer = 'SN-2'")
        .await
        .unwrap();
    let report = settle(&world).await;
    let edited = [format!("equipment {machine} reference-update"), format!("equipment {machine} edited-in-gestsup")];
    assert_eq!(told(&report), edited, "this somebody typed");
}

#[tokio::test]
async fn archived_is_disabled_and_in_use_again_is_enabled_again_and_nothing_is_deleted() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    let ana = person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    let (other, _) = society(&mut world, "École", "", "38000").await;
    person(&mut world, ("Bob", "Lis"), "bob@ecole.fr", other).await;
    let machine = world.erp.machine("M2", "Imprimante", "SN-2", lead).await.unwrap();
    settle(&world).await;
    let disabled = async |world: &crate::support::World| {
        [
            one(world, "disable", "tcompany WHERE name = 'Mairie'").await,
            one(world, "disable", "tusers WHERE mail = 'ana@mairie.fr'").await,
            one(world, "disable", "tassets WHERE sn_manufacturer = 'SN-2'").await,
            one(world, "disable", "tusers WHERE login = 'lea'").await,
        ]
        .concat()
    };
    assert_eq!(disabled(&world).await, "0000");
    let archive = async |world: &mut crate::support::World, flag: i64| {
        for sql in [
            format!("UPDATE CONTACT SET IARCHIVE = {flag} WHERE IDCONTACT IN ({lead}, {ana})"),
            format!("UPDATE MACHINE_MNT SET IARCHIVE = {flag} WHERE IDMACHINE = {machine}"),
            format!("UPDATE USER SET IARCHIVE = {flag} WHERE CDUSER = 'LRO'"),
        ] {
            world.erp.run(sql).await.unwrap();
        }
    };
    archive(&mut world, 1).await;
    settle(&world).await;
    assert_eq!(disabled(&world).await, "1111");
    archive(&mut world, 0).await;
    settle(&world).await;
    assert_eq!(disabled(&world).await, "0000");
    // A contact that Gestan no longer lists.
    world.erp.run(format!("DELETE FROM CONTACT WHERE IDCONTACT = {ana}")).await.unwrap();
    settle(&world).await;
    assert_eq!(disabled(&world).await, "0100");
}

#[tokio::test]
async fn an_account_that_was_locked_in_gestsup_stays_locked() {
    let world = referring("").await;
    settle(&world).await;
    let mut world = world;
    world.desk.run("UPDATE tusers SET disable = 1 WHERE login = 'lea'").await.unwrap();
    settle(&world).await;
    assert_eq!(one(&world, "disable", "tusers WHERE login = 'lea'").await, "1");
}

#[tokio::test]
async fn equipment_follows_its_owner_to_another_client() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    settle(&world).await;
    world
        .erp
        .run(format!("UPDATE MACHINE_MNT SET IDCONTACT = {lead} WHERE IDMACHINE = {}", world.machine))
        .await
        .unwrap();
    settle(&world).await;
    let owner =
        one(&world, "u.mail", "tassets a JOIN tusers u ON u.id = a.user WHERE a.sn_manufacturer = 'CZ1234'").await;
    assert_eq!(owner, "ana@mairie.fr");
}

#[tokio::test]
async fn a_pass_that_would_disable_too_much_or_was_given_half_a_list_stops_before_its_first_write() {
    let mut world = referring("").await;
    for number in 0..12 {
        society(&mut world, &format!("Client {number}"), "", "38000").await;
    }
    settle(&world).await;
    let before = whole(&world).await;
    world.erp.run("UPDATE CONTACT SET IARCHIVE = 1 WHERE RAISON_SOCIALE IN ('Client 1', 'Client 2', 'Client 3', 'Client 4', 'Client 5', 'Client 6')").await.unwrap();
    let report = refer(&world).await;
    assert_eq!(report.brake.len(), 1);
    assert!(
        report.brake[0].to_string().starts_with("6 clients would be disabled in GestSup, 5 are allowed"),
        "{}",
        report.brake[0]
    );
    assert_eq!(whole(&world).await, before);
    let report = refer_with(&world, PassOptions { allow_mass_change: true, ..PassOptions::default() }).await;
    assert_eq!((report.writes, report.brake.len()), (6, 0));
    settled(&world).await;
    world.erp.run("UPDATE USER SET CDUSER = CONCAT('X', CDUSER) WHERE FALSE").await.unwrap();
    world.erp.run("DELETE FROM USER").await.unwrap();
    let report = refer(&world).await;
    assert!(report.brake.iter().any(|reason| reason.kind == "vanished-technicians"), "{:?}", report.brake);
    assert_eq!(report.writes, 0);
}

#[tokio::test]
async fn a_row_that_somebody_deleted_in_gestsup_is_made_again_and_told() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    let ana = person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    settle(&world).await;
    world.desk.run("DELETE FROM tusers WHERE mail = 'ana@mairie.fr'").await.unwrap();
    let report = settle(&world).await;
    assert_eq!(told(&report), [format!("contact {ana} reference-create"), format!("contact {ana} gone-in-gestsup")]);
    assert_eq!(ask(&world, "id", "tusers WHERE mail = 'ana@mairie.fr'").await.len(), 1);
    assert_eq!(links(&world).await.iter().filter(|link| link.starts_with("contact")).count(), 1, "client {lead}");
}

#[tokio::test]
async fn between_two_whole_looks_what_gestan_marks_as_changed_is_followed_and_the_rest_shows_at_the_next_one() {
    let world = referring("").await;
    let mut world = world.altered("full_every_minutes = 0", "full_every_minutes = 360").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    world.erp.machine("M2", "Imprimante", "SN-2", lead).await.unwrap();
    for table in ["CONTACT", "MACHINE_MNT"] {
        world.erp.run(format!("UPDATE {table} SET DHMOD = NOW() - INTERVAL 1 DAY")).await.unwrap();
    }
    refer(&world).await;
    // As Gestan's own windows do it.
    world
        .erp
        .run(format!("UPDATE CONTACT SET RAISON_SOCIALE = 'Ville', DHMOD = NOW() WHERE IDCONTACT = {lead}"))
        .await
        .unwrap();
    let ana = person(&mut world, ("Ana", "Sol"), "ana@ville.fr", company).await;
    let report = refer(&world).await;
    assert_eq!(
        told(&report),
        [
            format!("client {lead} reference-update"),
            format!("contact {ana} reference-create"),
            // It had no person before.
            format!("owner {lead} reference-disable"),
            "equipment 2 reference-update".to_owned()
        ]
    );
    // Behind its back, and what people do in GestSup.
    world.erp.run("DELETE FROM MACHINE_MNT WHERE CD_MACHINE = 'M2'").await.unwrap();
    world.desk.run("UPDATE tcompany SET city = 'Faux' WHERE name = 'Ville'").await.unwrap();
    let codes = told(&refer(&world).await);
    assert_eq!(codes, [format!("client {lead} reference-update"), format!("client {lead} edited-in-gestsup")]);
    assert_eq!(refer(&world).await.writes, 0);
    let world = world.reopen().await;
    assert_eq!(told(&refer(&world).await), ["equipment 2 reference-disable"], "the first look is a whole one");
}
