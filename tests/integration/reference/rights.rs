//! Whether the people whom the flow brings in can see and do in GestSup what their roles promise.

use super::referring;
use crate::support::World;
use gestan_connector::gestsup::Level;

/// GestSup's table of rights, as it comes.
const RIGHTS: &str = "CREATE TABLE trights (id INT PRIMARY KEY AUTO_INCREMENT, profile INT NOT NULL, admin INT NOT NULL, asset INT NOT NULL, side_open_ticket INT NOT NULL, \
    side_your INT NOT NULL, side_all INT NOT NULL, ticket_save INT NOT NULL, ticket_user INT NOT NULL, ticket_tech_super INT NOT NULL, ticket_thread_add INT NOT NULL, ticket_thread_private INT NOT NULL, ticket_asset_disp INT NOT NULL); \
    INSERT INTO trights (profile, admin, asset, side_open_ticket, side_your, side_all, ticket_save, ticket_user, ticket_tech_super, ticket_thread_add, ticket_thread_private, ticket_asset_disp) VALUES \
    (0, 0, 2, 2, 2, 2, 2, 2, 0, 2, 2, 2), (1, 0, 0, 2, 2, 0, 2, 0, 0, 2, 0, 0), (2, 0, 0, 2, 2, 0, 2, 0, 0, 2, 0, 0), (3, 0, 2, 2, 2, 2, 2, 2, 0, 2, 2, 0), (4, 2, 2, 2, 2, 2, 2, 2, 0, 2, 2, 0)";

/// GestSup's page of a user shows company and address.
const ADVANCED: &str = "UPDATE tparameters SET user_advanced = 1";

async fn found(world: &World, level: Level) -> Vec<String> {
    let findings = world.site.gestsup().check_register(&world.site.config().reference).await.unwrap();
    findings.into_iter().filter(|finding| finding.level == level).map(|finding| finding.text).collect()
}

#[tokio::test]
async fn rights_as_gestsup_comes_with_them_are_right_but_for_users_who_may_open_tickets() {
    let mut world = referring("").await;
    world.desk.run(RIGHTS).await.unwrap();
    world.desk.run(ADVANCED).await.unwrap();
    assert_eq!(found(&world, Level::Warning).await, Vec::<String>::new());
    let notes = found(&world, Level::Note).await;
    assert!(notes.iter().any(|note| note.contains("“utilisateur” has the right side_open_ticket")), "{notes:#?}");
    let world =
        world.altered("full_every_minutes = 0", "full_every_minutes = 0\ncontact_profile = \"power_user\"").await;
    let notes = found(&world, Level::Note).await;
    assert!(notes.iter().all(|note| !note.contains("side_open_ticket")), "{notes:#?}");
}

#[tokio::test]
async fn a_profile_that_sees_too_much_or_too_little_is_told_with_what_follows_from_it() {
    let mut world = referring("[reference.roles.by_code]\nLRO = \"supervisor\"").await;
    world.desk.run(RIGHTS).await.unwrap();
    world.desk.run("UPDATE trights SET side_all = 2 WHERE profile = 2; UPDATE trights SET side_all = 0 WHERE profile = 0; UPDATE trights SET side_open_ticket = 0 WHERE profile = 2").await.unwrap();
    world.desk.run(ADVANCED).await.unwrap();
    let told = found(&world, Level::Warning).await;
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].contains("profile “technicien” lacks the right side_all: they see only the tickets that are theirs")
    );
    assert!(told[1].contains("profile “utilisateur” has the right side_all: they see the tickets of all clients"));
    let notes = found(&world, Level::Note).await;
    assert!(notes.iter().any(|note| note.contains("“superviseur” cannot be chosen as the technician")), "{notes:#?}");
}

#[tokio::test]
async fn a_directory_that_writes_the_same_accounts_is_told_unless_it_has_the_last_word() {
    let mut world = referring("").await;
    world
        .desk
        .run("ALTER TABLE tparameters ADD COLUMN IF NOT EXISTS azure_ad INT NOT NULL DEFAULT 0; ALTER TABLE tusers ADD COLUMN IF NOT EXISTS azure_ad_id VARCHAR(64) NOT NULL DEFAULT ''")
        .await
        .unwrap();
    world.desk.run(ADVANCED).await.unwrap();
    world.desk.run(format!("UPDATE tusers SET azure_ad_id = 'a-1' WHERE id = {}", world.paul)).await.unwrap();
    assert_eq!(found(&world, Level::Warning).await, Vec::<String>::new(), "switched off");
    world
        .desk
        .run("INSERT INTO tparameters (azure_ad) SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM tparameters)")
        .await
        .unwrap();
    world.desk.run("UPDATE tparameters SET azure_ad = 1").await.unwrap();
    let told = found(&world, Level::Warning).await;
    assert!(told.iter().any(|text| text.starts_with("1 accounts of technicians come from Entra ID")), "{told:#?}");
    let world = world
        .altered(
            "full_every_minutes = 0",
            "full_every_minutes = 0\nkeep.technicians = [\"first_name\", \"last_name\", \"mail\", \"phone\"]",
        )
        .await;
    assert_eq!(found(&world, Level::Warning).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_page_of_gestsup_that_empties_the_company_of_whom_it_saves_is_told() {
    let mut world = referring("").await;
    world.desk.run("UPDATE tparameters SET user_advanced = 0").await.unwrap();
    let told = found(&world, Level::Warning).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("shows neither company nor address: whoever saves it empties them"), "{told:#?}");
    world.desk.run(ADVANCED).await.unwrap();
    assert_eq!(found(&world, Level::Warning).await, Vec::<String>::new());
    world.desk.run("UPDATE tparameters SET user_advanced = 0").await.unwrap();
    let none = "full_every_minutes = 0\ncontacts = false\ntechnicians = false\npsp_contacts = false\nabsences = false";
    let world = world.altered("full_every_minutes = 0", none).await;
    assert_eq!(found(&world, Level::Warning).await, Vec::<String>::new(), "it writes no people");
}
