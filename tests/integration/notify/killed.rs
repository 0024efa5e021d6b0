//! Killed at any place between what is decided, sent and remembered: everybody is told, and hardly anybody twice.

use super::settings;
use crate::support::World;
use gestan_connector::demo::smtp::PrivateSmtp;
use gestan_connector::failpoint;
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

/// Between the server's answer and our own commit nobody can know.
const UNCERTAIN: [&str; 2] = ["notify: mail accepted", "notify: before COMMIT of a mail"];

#[tokio::test]
async fn killed_anywhere_the_program_tells_everybody_and_twice_only_where_nobody_can_know() {
    let places: Vec<&str> = failpoint::ALL
        .into_iter()
        .filter(|place| place.starts_with("notify: ") && !place.ends_with("action"))
        .collect();
    assert!(places.len() >= 7);
    for place in places {
        let server = PrivateSmtp::start().unwrap();
        let mut world = World::with(&settings(&server, "max_age_hours = 1000000", "")).await;
        let config = world.config_file();
        let none = world.sandbox.config(&world.folder.path().join("none.db"), "");
        let (other, _) = gestan_connector::config::parse(&none, "test", gestan_connector::config::Role::Daemon)
            .map_err(|error| error.to_string())
            .unwrap();
        world.site = gestan_connector::daemon::Site::open_to_look(other).await.unwrap();
        let run = |points: &str| {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
            command.arg("--config").arg(&config).args(["sync", "notify"]).env("FAILPOINTS", points).output().unwrap()
        };
        assert!(run("").status.success());
        let mut kills = 0;
        let mut expected = BTreeSet::new();
        for round in 0..2 {
            for number in 0..3 {
                let name = format!("r{round}{number}");
                let mail = format!("{name}@exemple.fr");
                let person = world.desk.person(&name, ("R", "R"), &mail, 2, 0).await.unwrap();
                world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
                expected.insert(mail);
            }
            for when in ["", "1*off->"] {
                let ended = run(&format!("{place}={when}return"));
                match ended.status.signal() {
                    Some(6) => kills += 1,
                    _ => assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr)),
                }
            }
            let ended = run("");
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        }
        assert!(kills > 0, "no pass comes to “{place}”");
        let mails = server.taken().unwrap();
        let told: BTreeSet<String> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
        assert_eq!(told, expected, "{place}");
        let ids: BTreeSet<String> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
        assert_eq!(ids.len(), expected.len(), "what is sent again is the same mail: {place}");
        if !UNCERTAIN.contains(&place) {
            assert_eq!(mails.len(), expected.len(), "{place}");
        }
    }
}
