//! What `check --online` says about settings of GestSup that make its tickets tell less.

use crate::support::World;
use gestan_connector::gestsup::{Finding, Level};

impl World {
    async fn findings(&self) -> Vec<Finding> {
        self.site.gestsup().check().await.unwrap()
    }

    /// Not said before the statement, said after it, with these words too.
    async fn says_after(&mut self, sql: &str, level: Level, words: &[&str]) {
        let said = |findings: &[Finding]| {
            let found = findings.iter().find(|finding| words.iter().all(|word| finding.text.contains(word)));
            found.map(|finding| finding.level)
        };
        let before = self.findings().await;
        assert_eq!(said(&before), None, "before {sql}: {before:#?}");
        self.desk.run(sql).await.unwrap();
        let after = self.findings().await;
        assert_eq!(said(&after), Some(level), "after {sql}, {words:?}: {after:#?}");
    }
}

#[tokio::test]
async fn a_well_set_gestsup_gives_no_warning() {
    let world = World::new().await;
    let findings = world.findings().await;
    assert!(findings.iter().all(|finding| finding.level < Level::Warning), "{findings:#?}");
}

#[tokio::test]
async fn modules_that_are_off_while_tickets_use_them_empty_fields_at_each_save() {
    let mut world = World::new().await;
    world.ticket("Un", "<p>x</p>").await;
    let warning = Level::Warning;
    world.says_after("UPDATE tincidents SET type = 1", warning, &["ticket_type = 0", "sets it back to none"]).await;
    world.says_after("UPDATE tincidents SET place = 1", Level::Note, &["ticket_places = 0", "empties it"]).await;
    world.desk.run("UPDATE tincidents SET asset_id = 1").await.unwrap();
    world.says_after("UPDATE tparameters SET asset = 0", warning, &["asset = 0", "empties it"]).await;
}

#[tokio::test]
async fn automatic_closing_is_told_with_its_delay_and_with_what_it_closes() {
    let mut world = World::new().await;
    let sql = "UPDATE tparameters SET ticket_autoclose = 1, ticket_autoclose_delay = 30, ticket_autoclose_state = 0";
    world
        .says_after(sql, Level::Warning, &["every ticket by itself 30 days after it was opened", "rejected ones too"])
        .await;
    let sql = "UPDATE tparameters SET ticket_autoclose_state = 6";
    world.says_after(sql, Level::Warning, &["wait for their requester", "30 days after they were opened"]).await;
}

#[tokio::test]
async fn each_setting_that_harms_has_its_sentence() {
    let mut world = World::new().await;
    let (warning, note) = (Level::Warning, Level::Note);
    for (setting, level, words) in [
        ("ldap_service = 1", warning, ["ldap_service = 1", "disables every account"]),
        ("ldap_agency = 1", warning, ["ldap_agency = 1", "disables every account"]),
        ("ticket_time_response_element = 1", note, ["time is entered per comment", "adds up the comments"]),
        ("log = 0", warning, ["log = 0", "without a confirmation"]),
        ("imap = 1", note, ["imap = 1", "without a client"]),
        ("imap_auth_type = 'login2'", warning, ["sender's local time", "date of polling"]),
        ("server_timezone = 'Europe/Rome'", warning, ["zone Europe/Rome", "is Europe/Paris"]),
        ("server_timezone = ''", note, ["server_timezone is empty", "must be Europe/Paris"]),
        ("server_timezone = 'Europe/Paris'", note, ["API and mail connector", "must be Europe/Paris too"]),
        ("version = '3.2.19'", warning, ["3.2.19 writes no line", "counts as deleted at once"]),
    ] {
        world.says_after(&format!("UPDATE tparameters SET {setting}"), level, &words).await;
    }
    world.desk.run("INSERT INTO ttime (min, name) VALUES (0, '0m')").await.unwrap();
    world.says_after("DELETE FROM ttime WHERE min = 0", note, &["shortest time", "0 minutes"]).await;
}

#[tokio::test]
async fn templates_whose_model_has_time_or_a_technician_are_told() {
    let mut world = World::new().await;
    let ticket = world.desk.open(world.requester, "Sauvegarde mensuelle", "<p>x</p>").await.unwrap();
    world.desk.run(format!("INSERT INTO ttemplates (name, incident) VALUES ('Mensuel', {ticket})")).await.unwrap();
    world
        .says_after("UPDATE tincidents SET time = 60", Level::Warning, &["template", "Set the time of the model"])
        .await;
    world
        .says_after("UPDATE tincidents SET technician = 5", Level::Note, &["model ticket of a template is attributed"])
        .await;
}

#[tokio::test]
async fn profiles_that_lack_the_right_to_a_field_empty_it_and_are_named() {
    let mut world = World::new().await;
    world.ticket("Un", "<p>x</p>").await;
    for sql in [
        "CREATE TABLE trights (id int AUTO_INCREMENT PRIMARY KEY, profile int NOT NULL, ticket_save int NOT NULL, ticket_date_hope int NOT NULL, ticket_new_asset_disp int NOT NULL)",
        "INSERT INTO trights (profile, ticket_save, ticket_date_hope, ticket_new_asset_disp) VALUES (0, 2, 2, 2), (1, 2, 0, 2), (2, 0, 0, 0), (3, 2, 0, 0)",
    ] {
        world.desk.run(sql).await.unwrap();
    }
    let sql = "UPDATE tincidents SET date_hope = '2026-04-01'";
    let words = ["planned resolution date", "right ticket_date_hope: utilisateur avec pouvoir, superviseur."];
    world.says_after(sql, Level::Warning, &words).await;
    let words = ["equipment", "right ticket_new_asset_disp: superviseur."];
    world.says_after("UPDATE tincidents SET asset_id = 1", Level::Warning, &words).await;
    world.says_after("DROP TABLE tprofiles", Level::Warning, &["right ticket_date_hope: 1, 3."]).await;
}
