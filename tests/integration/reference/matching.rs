//! Which row a record is: by the strongest evidence, and never by a guess between two.

use super::{links, one, person, refer, referring, settle, settled, society, standing, told};
use crate::follow_up::ask;
use chrono::Utc;
use gestan_connector::flows::reference::{Decision, Kind, Standing};

#[tokio::test]
async fn a_client_is_recognised_by_siret_then_vat_then_name_and_postal_code() {
    let mut world = referring("").await;
    let (_, siret) = society(&mut world, "Nouveau nom", "12345678900012", "1000").await;
    let (company, vat) = society(&mut world, "TVA seule", "", "2000").await;
    world.erp.run(format!("UPDATE SOCIETE SET NUM_TVA = 'FR 12 345678900' WHERE IDSOCIETE = {company}")).await.unwrap();
    let (_, name) = society(&mut world, "S.A.R.L. Le Café", "", "3000").await;
    let (_, elsewhere) = society(&mut world, "Dupont", "", "4000").await;
    let mut ids = Vec::new();
    for (name, columns) in [
        ("Ancien nom", "SIRET = '123 456 789 00012'"),
        ("Autre", "TVA = 'FR12345678900'"),
        ("LE CAFE", "zip = '3000'"),
        ("Dupont", "zip = '5000'"),
    ] {
        let id = world.desk.company(name).await.unwrap();
        world.desk.run(format!("UPDATE tcompany SET {columns} WHERE id = {id}")).await.unwrap();
        ids.push(id);
    }
    let shown = standing(&world, Standing::ToLink).await;
    for expected in [
        format!("client {siret} [{}] same SIRET", ids[0]),
        format!("client {vat} [{}] same VAT number", ids[1]),
        format!("client {name} [{}] same name, and no other postal code", ids[2]),
    ] {
        assert!(shown.contains(&expected), "{expected}: {shown:#?}");
    }
    assert!(standing(&world, Standing::ToCreate).await.contains(&format!("client {elsewhere} [] ")));
    assert!(standing(&world, Standing::OnlyInGestsup).await.contains(&format!("client  [{}] ", ids[3])));
    assert_eq!(links(&world).await, Vec::<String>::new(), "looking writes nothing");
    settle(&world).await;
    assert_eq!(one(&world, "name", &format!("tcompany WHERE id = {}", ids[0])).await, "Nouveau nom");
}

#[tokio::test]
async fn between_two_candidates_a_person_decides_and_until_then_nothing_is_written() {
    let mut world = referring("").await;
    let (company, dupont) = society(&mut world, "Dupont", "", "").await;
    let ana = person(&mut world, ("Ana", "Sol"), "ana@dupont.fr", company).await;
    let one_id = world.desk.company("Dupont").await.unwrap();
    let other = world.desk.company("DUPONT SARL").await.unwrap();
    let report = refer(&world).await;
    let codes = told(&report);
    assert!(codes.contains(&format!("client {dupont} ambiguous")), "{codes:#?}");
    assert!(codes.contains(&format!("contact {ana} client-waits")), "{codes:#?}");
    settled(&world).await;
    assert_eq!(standing(&world, Standing::Unclear).await.len(), 1);
    assert_eq!(world.site.store().status().await.unwrap().reference_cases.len(), 1);
    world.site.store().link_reference(Kind::Client, &dupont.to_string(), other).await.unwrap();
    settle(&world).await;
    assert_eq!(one(&world, "company", "tusers WHERE mail = 'ana@dupont.fr'").await, other.to_string());
    assert_eq!(one(&world, "name", &format!("tcompany WHERE id = {one_id}")).await, "Dupont");
    assert!(standing(&world, Standing::Unclear).await.is_empty());
}

#[tokio::test]
async fn two_records_of_gestan_that_may_be_one_row_wait_too_and_may_be_told_apart() {
    let mut world = referring("").await;
    let (_, first) = society(&mut world, "Martin", "", "").await;
    let (_, second) = society(&mut world, "MARTIN", "", "").await;
    let martin = world.desk.company("Martin").await.unwrap();
    refer(&world).await;
    assert_eq!(standing(&world, Standing::Unclear).await.len(), 2);
    let store = world.site.store();
    store.link_reference(Kind::Client, &first.to_string(), martin).await.unwrap();
    // The only row of that name is taken: the other is a new one.
    settle(&world).await;
    assert_eq!(ask(&world, "id", "tcompany WHERE name = 'Martin'").await.len(), 2);
    store.decide_reference(Kind::Client, &second.to_string(), Some(Decision::Ignore), Utc::now()).await.unwrap();
    world.erp.run("UPDATE SOCIETE SET VILLEP = 'Nice' WHERE IDSOCIETE > 0").await.unwrap();
    settle(&world).await;
    assert_eq!(ask(&world, "city", "tcompany WHERE name = 'Martin' ORDER BY id").await, ["Nice", "Lyon"], "ignored");
}

#[tokio::test]
async fn there_is_never_a_second_account_for_one_mail() {
    let mut world = referring("").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    let (other, _) = society(&mut world, "École", "", "38000").await;
    let ana = person(&mut world, ("Ana", "Sol"), "contact@mairie.fr", company).await;
    let bea = person(&mut world, ("Béa", "Roux"), "Contact@Mairie.fr", company).await;
    let staff = person(&mut world, ("Paul", "Durand"), "paul@sav.fr", other).await;
    let known = person(&mut world, ("Hélène", "D''Arc"), "helene@helene.fr", 0).await;
    let report = refer(&world).await;
    let codes = told(&report);
    assert!(codes.contains(&format!("contact {ana} reference-create")), "{codes:#?} {lead}");
    assert!(codes.contains(&format!("contact {bea} mail-taken")), "{codes:#?}");
    assert!(codes.contains(&format!("contact {staff} mail-taken")), "a technician's: {codes:#?}");
    assert!(codes.contains(&format!("contact {known} reference-link")), "{codes:#?}");
    settled(&world).await;
    let twice =
        ask(&world, "LOWER(mail), COUNT(*)", "tusers WHERE mail <> '' GROUP BY LOWER(mail) HAVING COUNT(*) > 1").await;
    assert_eq!(twice, Vec::<String>::new());
    // A mail that becomes one that is taken is left out, and the rest is carried over.
    let leo = person(&mut world, ("Léo", "Bon"), "leo@mairie.fr", company).await;
    settle(&world).await;
    world
        .erp
        .run(format!("UPDATE CONTACT SET EMAILP = 'contact@mairie.fr', TELP1 = '01' WHERE IDCONTACT = {leo}"))
        .await
        .unwrap();
    let report = settle(&world).await;
    assert!(told(&report).contains(&format!("contact {leo} mail-taken")), "{:#?}", report.records);
    assert_eq!(one(&world, "mail, phone", "tusers WHERE lastname = 'Bon'").await, "leo@mairie.fr|01");
}

#[tokio::test]
async fn machines_that_share_a_serial_number_are_two_pieces_of_equipment_of_which_one_shows_it() {
    let mut world = referring("").await;
    let twin = world.erp.machine("M2", "Jumeau", "CZ-1234", world.client).await.unwrap();
    let report = settle(&world).await;
    assert!(told(&report).contains(&format!("equipment {twin} serial-shared")), "{:#?}", report.records);
    assert_eq!(
        ask(&world, "netbios, sn_manufacturer", "tassets WHERE id > 0 ORDER BY id").await,
        ["Serveur HP|CZ1234", "Jumeau|"]
    );
}
