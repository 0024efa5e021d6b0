//! GestSup's limits: lengths after encoding, characters that its tables cannot hold, rights, and rows that it refuses.

use super::{one, person, refer, referring, settle, society, told};
use crate::support::World;
use gestan_connector::gestsup::Level;

#[tokio::test]
async fn odd_and_long_texts_are_cut_on_a_character_told_once_and_written_once() {
    let mut world = referring("").await;
    let long = "L'été & ".repeat(19);
    let (company, lead) = society(&mut world, long.trim(), "", "69001").await;
    let odd = person(&mut world, ("🍕Pizza", "<script>alert(12345)</script>"), "x@y.fr", company).await;
    let report = settle(&world).await;
    let codes = told(&report);
    assert!(codes.contains(&format!("client {lead} shortened")), "{codes:#?}");
    assert!(codes.contains(&format!("contact {odd} shortened")), "{codes:#?}");
    let name = one(&world, "name, CHAR_LENGTH(name)", "tcompany WHERE name LIKE 'L&#039;%'").await;
    let (name, length) = name.rsplit_once('|').unwrap();
    assert!(length.parse::<usize>().unwrap() <= 150 && !name.contains("&#03|"), "{name}");
    assert!(["L", "&#039;", "é", "t", "&amp;", " "].iter().any(|end| name.ends_with(end)), "{name}");
    let person = one(&world, "firstname, lastname", "tusers WHERE mail = 'x@y.fr'").await;
    assert_eq!(person, "?Pizza|&lt;script&gt;alert(12345)&lt;/script", "the last entity does not fit whole");
}

#[tokio::test]
async fn a_backslash_does_not_get_where_gestsup_s_statistics_would_run_it() {
    let mut world = referring("").await;
    let (company, _) = society(&mut world, "Mairie \\\\ annexe\\\\", "", "38000").await;
    person(&mut world, ("Ana", "S\\\\ol"), "ana@mairie.fr", company).await;
    world.erp.run(format!("UPDATE MACHINE_MNT SET LIB_MACHINE = '\\\\\\\\SRV\\\\C', TYPE_MACHINE = 'Serveur\\\\' WHERE IDMACHINE = {}", world.machine)).await.unwrap();
    settle(&world).await;
    assert_eq!(one(&world, "name", "tcompany WHERE name LIKE 'Mairie%'").await, "Mairie / annexe/");
    assert_eq!(one(&world, "lastname", "tusers WHERE mail = 'ana@mairie.fr'").await, "S\\ol", "elsewhere it stays");
    let asset = "tassets a JOIN tassets_type t ON t.id = a.type WHERE a.sn_manufacturer = 'CZ1234'";
    assert_eq!(one(&world, "a.netbios, t.name", asset).await, "\\\\SRV\\C|Serveur/");
}

#[tokio::test]
async fn dates_that_no_calendar_has_and_cp1252_leftovers_read_as_none_and_as_text() {
    let mut world = referring("").await;
    world.erp.run(format!("UPDATE MACHINE_MNT SET DT_MISEENFONCTION = '0000-00-00', DT_EXP_GARANTIE = '0000-00-00', MARQUE = 'Écran 15 €' WHERE IDMACHINE = {}", world.machine)).await.unwrap();
    settle(&world).await;
    let asset = one(
        &world,
        "a.date_install, b.name",
        "tassets a JOIN tassets_manufacturer b ON b.id = a.manufacturer WHERE a.sn_manufacturer = 'CZ1234'",
    )
    .await;
    assert_eq!(asset, "0000-00-00|Écran 15 €");
}

#[tokio::test]
async fn without_its_rights_no_pass_is_made_and_the_check_names_what_is_missing() {
    let mut world = World::with("[reference]\nenabled = true").await;
    world.desk.run("UPDATE tparameters SET user_advanced = 1").await.unwrap();
    let settings = &world.site.config().reference;
    let findings = world.site.gestsup().check_register(settings).await.unwrap();
    assert_eq!(findings[0].level, Level::Error);
    for grant in ["GRANT INSERT ON", "tassets_model", "GRANT INSERT, UPDATE (name, address"] {
        assert!(findings[0].text.contains(grant), "{grant}: {}", findings[0].text);
    }
    assert!(!findings[0].text.contains("password"), "{}", findings[0].text);
    let error = world.site.refer(&Default::default(), None, &Default::default()).await.unwrap_err();
    assert!(format!("{error:#}").contains("check --online"), "{error:#}");
    world.sandbox.let_it_refer().await.unwrap();
    let findings = world.site.gestsup().check_register(settings).await.unwrap();
    assert!(findings.iter().all(|finding| finding.level <= Level::Note), "{findings:#?}");
    let all = world.site.gestsup().check_for(&[gestan_connector::grants::Writer::Reference]).await.unwrap();
    assert!(all.iter().all(|finding| !finding.text.contains("SELECT on")), "{all:#?}");
}

#[tokio::test]
async fn a_record_that_gestsup_refuses_stops_only_itself_and_is_told_once() {
    let mut world = referring("").await;
    // A trigger of somebody's own.
    world.desk.run("CREATE TRIGGER t BEFORE INSERT ON tcompany FOR EACH ROW SET NEW.city = IF(NEW.name = 'Refusé', NULL, NEW.city)").await.unwrap();
    let (_, refused) = society(&mut world, "Refusé", "", "1").await;
    let (_, fine) = society(&mut world, "Accepté", "", "2").await;
    let report = refer(&world).await;
    let codes = told(&report);
    assert!(codes.contains(&format!("client {refused} refused-by-gestsup")), "{codes:#?}");
    assert!(codes.contains(&format!("client {fine} reference-create")), "{codes:#?}");
    assert!(told(&refer(&world).await).is_empty(), "told once");
    world.desk.run("DROP TRIGGER t").await.unwrap();
    settle(&world).await;
    assert_eq!(one(&world, "name", "tcompany WHERE zip = '1'").await, "Refusé");
    assert!(world.site.store().status().await.unwrap().reference_cases.is_empty());
}

#[tokio::test]
async fn many_rows_are_added_by_one_statement_and_each_is_linked_to_its_own() {
    let mut world = referring("").await;
    let mut made = Vec::new();
    for n in 0..30 {
        made.push(society(&mut world, &format!("Société {n}"), "", &format!("{n:05}")).await.1);
    }
    settle(&world).await;
    let links = super::links(&world).await;
    for (n, lead) in made.iter().enumerate() {
        let id = one(&world, "id", &format!("tcompany WHERE name = 'Société {n}' AND zip = '{n:05}'")).await;
        assert!(links.contains(&format!("client {lead} {id}")), "{n}: {links:#?}");
    }
}

#[tokio::test]
async fn rows_that_do_not_read_back_in_a_row_as_they_were_written_are_added_alone_and_once() {
    let mut world = referring("").await;
    // A trigger of somebody's own: which of the new rows is which cannot be told from what they hold.
    world
        .desk
        .run("CREATE TRIGGER t BEFORE INSERT ON tcompany FOR EACH ROW SET NEW.name = CONCAT('x', NEW.name)")
        .await
        .unwrap();
    let (_, first) = society(&mut world, "Un", "", "1").await;
    let (_, second) = society(&mut world, "Deux", "", "2").await;
    refer(&world).await;
    let links = super::links(&world).await;
    for (lead, zip) in [(first, "1"), (second, "2")] {
        let id = one(&world, "id", &format!("tcompany WHERE zip = '{zip}'")).await;
        assert!(links.contains(&format!("client {lead} {id}")), "{links:#?}");
    }
}

#[tokio::test]
async fn every_version_of_gestsup_gets_the_columns_that_it_has() {
    let old = [
        include_str!("../../schemas/3.2.43.sql"),
        include_str!("../../schemas/3.2.27.sql"),
        include_str!("../../schemas/3.2.3.sql"),
        include_str!("../../schemas/3.1.30.sql"),
    ];
    let newer = [include_str!("../../schemas/newer.sql")];
    for scripts in [&old[..1], &old[..2], &old[..3], &old[..], &newer[..]] {
        let mut world = referring("").await;
        for script in scripts {
            world.desk.run(*script).await.unwrap();
        }
        let (company, lead) = society(&mut world, "L'Été 👍", "123", "69001").await;
        person(&mut world, ("Zoé", "Łukasz"), "z@y.fr", company).await;
        world.erp.machine("M2", "Presse", "SN-2", lead).await.unwrap();
        world.erp.run("UPDATE MACHINE_MNT SET MARQUE = 'HP', MODELE = 'X', TYPE_MACHINE = 'PC'").await.unwrap();
        let report = settle(&world).await;
        assert!(!report.has_failures(), "{} scripts: {:#?}", scripts.len(), report.records);
        let made = one(
            &world,
            "c.name, u.mail, a.netbios, m.name",
            "tassets a JOIN tusers u ON u.id = a.user JOIN tcompany c ON c.id = u.company JOIN tassets_model m ON m.id = a.model WHERE a.sn_manufacturer = 'SN-2'",
        )
        .await;
        assert_eq!(made, "L&#039;Été ?|z@y.fr|Presse|X", "{} scripts", scripts.len());
    }
}
