//! A lost state, or an older copy of it: links stand beside Gestan too, and nothing is made twice.

use super::{links, one, person, refer, referring, settle, settled, society, told, whole};
use crate::support::World;

/// A state that knows nothing.
async fn forgotten(world: World) -> World {
    let mut world = world;
    drop(std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap()));
    world.reopen().await
}

/// Records that nothing but their links tells apart.
async fn twins(world: &mut World) {
    for _ in 0..3 {
        let (company, lead) = society(world, "Jumeau", "", "38000").await;
        person(world, ("Sans", "Adresse"), "", company).await;
        world.erp.machine("M", "Sans numéro", "", lead).await.unwrap();
    }
}

#[tokio::test]
async fn a_lost_state_is_learnt_again_and_no_company_user_or_asset_is_there_twice() {
    let mut world = referring("internal_prefix = \"\"").await;
    twins(&mut world).await;
    settle(&world).await;
    let (known, rows) = (links(&world).await, whole(&world).await);
    let mut world = forgotten(world).await;
    // Since then one of them changed in Gestan.
    world.erp.run("UPDATE CONTACT SET FONCTION_PRO = 'Gérant' WHERE NOMFAMILLE = 'Adresse' LIMIT 1").await.unwrap();
    let report = refer(&world).await;
    assert_eq!((report.writes, told(&report)[0].as_str()), (1, "client  links-learnt"), "{:#?}", report.records);
    assert_eq!(links(&world).await, known);
    assert_eq!(one(&world, "COUNT(*)", "tusers WHERE `function` = 'Gérant'").await, "1");
    world.erp.run("UPDATE CONTACT SET FONCTION_PRO = '' WHERE NOMFAMILLE = 'Adresse'").await.unwrap();
    settle(&world).await;
    assert_eq!(whole(&world).await, rows);
}

#[tokio::test]
async fn a_link_that_no_longer_holds_is_not_learnt_again() {
    let mut world = referring("").await;
    let (_, lead) = society(&mut world, "Mairie", "", "38000").await;
    settle(&world).await;
    let of = format!("client {lead} ");
    let before = links(&world).await.into_iter().find(|link| link.starts_with(&of)).unwrap();
    // Somebody deletes the row, and it is made again under another id.
    world.desk.run("DELETE FROM tcompany WHERE name = 'Mairie'").await.unwrap();
    settle(&world).await;
    let after = links(&world).await.into_iter().find(|link| link.starts_with(&of)).unwrap();
    assert_ne!(before, after);
    // One is ignored: its row is nobody's.
    world
        .site
        .store()
        .decide_reference(
            gestan_connector::flows::reference::Kind::Equipment,
            &world.machine.to_string(),
            Some(gestan_connector::flows::reference::Decision::Ignore),
            chrono::Utc::now(),
        )
        .await
        .unwrap();
    settled(&world).await;
    let told = world.erp.ask(&format!("SELECT CLE_GESTSUP FROM Z90_LINK WHERE CC_LINK IN ('gestsup:client:{lead}', 'gestsup:equipment:{}') ORDER BY CC_LINK", world.machine)).await.unwrap();
    assert_eq!(told, [after.rsplit(' ').next().unwrap(), ""]);
}

#[tokio::test]
async fn without_the_table_a_pass_says_so_and_does_the_rest() {
    let mut world = referring("").await;
    society(&mut world, "Mairie", "", "38000").await;
    world.erp.run("ALTER TABLE Z90_LINK RENAME TO ELSEWHERE").await.unwrap();
    let world = forgotten(world).await;
    let report = refer(&world).await;
    assert!(told(&report).contains(&"client  links-not-recorded".to_owned()), "{:#?}", report.records);
    assert_eq!(one(&world, "zip", "tcompany WHERE name = 'Mairie'").await, "38000");
    settled(&world).await;
}
