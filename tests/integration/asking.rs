//! What support staff ask the program: its journal, what a message means, an archive for whoever helps.

use crate::commands::Program;
use crate::support::World;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;

/// A base with one ticket that goes through, and one whose client Gestan does not know.
async fn program() -> Program {
    let mut world = World::new().await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let odd = world.ticket("Titre confidentiel", "<p>Mot secret : sésame</p>").await;
    let stranger = world.desk.company("Boulangerie Inconnue").await.unwrap();
    let person = world.desk.person("zoe", ("Zoé", "Quidam"), "zoe@inconnue.fr", 2, stranger).await.unwrap();
    world.desk.set(odd, "user", &person.to_string()).await.unwrap();
    Program::on(world)
}

fn unpacked(file: &Path) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(file).unwrap()));
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, text)
    });
    files.collect()
}

#[tokio::test]
async fn the_archive_for_support_holds_what_helps_and_neither_secrets_nor_names() {
    let program = program().await;
    program.run(&["sync"]).await;
    let file = program.folder.path().join("support.tar.gz");
    let (code, told, errors) = program.run(&["doctor", file.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{told}{errors}");
    let files = unpacked(&file);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "about.json",
            "check.json",
            "configuration.toml",
            "journal.json",
            "runs.json",
            "samples.json",
            "status.json",
            "troubles.txt"
        ],
        "{told}"
    );
    for (name, text) in &files {
        for word in ["Inconnue", "zoe@", "Quidam", "confidentiel", "sésame"] {
            assert!(!text.contains(word), "{name} tells of {word}: {text}");
        }
        for password in ["lecture-seule", "passerelle\""] {
            assert!(!text.contains(password), "{name} holds a password");
        }
    }
    assert!(files["configuration.toml"].contains("***SECRET***"), "{}", files["configuration.toml"]);
    let samples: Value = serde_json::from_str(&files["samples.json"]).unwrap();
    assert_eq!(
        (&samples[0]["number"], &samples[0]["next"]["code"]),
        (&2.into(), &"client-unknown".into()),
        "{samples:#}"
    );
    assert!(files["journal.json"].contains("client-unknown"));
    assert!(files["check.json"].contains("GestSup 3.2.55"), "{}", files["check.json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (code, _, errors) = program.run(&["doctor", file.to_str().unwrap()]).await;
    assert_ne!(code, 0, "an archive is not written over");
    assert!(errors.contains("support.tar.gz"), "{errors}");
}

#[tokio::test]
async fn a_configuration_with_mistakes_and_systems_that_are_down_still_give_an_archive_that_says_so() {
    let program = program().await;
    let whole = program.folder.path().join("down.tar.gz");
    program.reconfigure("host = \"127.0.0.1\"", "host = \"127.0.0.9\"");
    let (code, told, errors) = program.run(&["doctor", whole.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{told}{errors}");
    assert!(unpacked(&whole)["check.json"].contains("does not answer"), "{told}");
    program.reconfigure("user = \"connector\"", "usr = \"connector\"");
    let broken = program.folder.path().join("broken.tar.gz");
    let (code, told, errors) = program.run(&["doctor", "--json", broken.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{told}{errors}");
    assert!(unpacked(&broken)["troubles.txt"].contains("unknown key `usr`"), "{told}");
}

#[tokio::test]
async fn the_journal_is_filtered_by_flow_printed_as_csv_and_followed() {
    let mut program = program().await;
    program.run(&["sync"]).await;
    let (code, csv, _) = program.run(&["journal", "--csv", "--flow", "tickets"]).await;
    assert_eq!(code, 0);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "when;flow;run;ticket;gestan;what;outcome;detail");
    assert!(
        lines.iter().any(|line| line.contains(";\"tickets\";") && line.contains(";2;;\"client-unknown\";\"waiting\";")),
        "{csv}"
    );
    let (_, none, _) = program.run(&["journal", "--flow", "reference"]).await;
    assert_eq!(none, "The journal holds nothing of the kind.\n");

    let mut following = std::process::Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"))
        .arg("--config")
        .arg(&program.config)
        .args(["journal", "--follow", "--limit", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let newest = lines.next().unwrap().unwrap();
    program.desk.comment(1, program.paul, "<p>Vu sur place</p>").await.unwrap();
    program.run(&["sync"]).await;
    let next = lines.next().unwrap().unwrap();
    assert!(newest != next && next.contains("  done         ticket 1  → 1  update: "), "{newest}\n{next}");
    crate::commands::signal(&following, "-INT");
    following.kill().unwrap();
    following.wait().unwrap();
}

#[tokio::test]
async fn the_journal_of_a_client_is_found_by_its_name_and_by_its_number_in_gestan() {
    let program = program().await;
    program.run(&["sync"]).await;
    let tickets = async |program: &Program, client: &str| {
        let (code, lines, errors) = program.run(&["journal", "--client", client, "--json"]).await;
        assert_eq!(code, 0, "{errors}");
        let lines: Value = serde_json::from_str(&lines).unwrap();
        lines.as_array().unwrap().iter().filter_map(|line| line["ticket"].as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(tickets(&program, "inconnue").await, [2], "what waits has no client in Gestan: its company's name does");
    let number =
        program.sandbox.erp().await.unwrap().ask("SELECT CAST(IDCONTACT AS CHAR) FROM INTERVENTION").await.unwrap();
    assert_eq!(tickets(&program, &number[0]).await, [1]);
    let (code, csv, _) = program.run(&["journal", "--client", "Boulangerie Inconnue", "--csv"]).await;
    assert!(code == 0 && csv.lines().count() == 2 && csv.contains(";2;;"), "{csv}");
    let (code, _, errors) = program.run(&["journal", "--client", "Personne"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("no company of GestSup has “Personne” in its name"), "{errors}");
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_trouble() {
    let program = program().await;
    program.run(&["sync"]).await;
    for command in [&["show", "1"][..], &["journal"], &["journal", "--json"], &["status"], &["check"]] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"))
            .arg("--config")
            .arg(&program.config)
            .args(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && !errors.contains("panicked"), "{command:?}: {errors}");
    }
    // A file that cannot hold it all is another matter.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
    let ended = command.arg("--config").arg(&program.config).args(["journal", "--csv"]).stdout(full).output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    assert!(errors.contains("what was printed could not be written (No space left on device"), "{errors}");
}

#[tokio::test]
async fn a_code_or_a_line_of_the_log_is_explained_in_the_language_of_the_terminal() {
    let program = Program::on(World::new().await);
    let (code, english, _) = program.run(&["explain", "client-unknown", "--lang", "en"]).await;
    assert_eq!(code, 0);
    assert!(english.starts_with("A ticket – client-unknown\n  Cause:      No client of Gestan"), "{english}");
    let (_, french, _) = program.run(&["explain", "client-unknown", "--lang", "fr"]).await;
    assert!(french.contains("À faire :"), "{french}");
    let line = "error: the gateway https://erp:8443/ refuses the token: check [gestan] token";
    let (_, found, _) = program.run(&["explain", line, "--json"]).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found[0]["message"], "the gateway … refuses the token", "{found:#}");
    let (code, nothing, _) = program.run(&["explain", "--lang", "en", "tralala"]).await;
    assert_eq!(code, 1);
    assert!(nothing.contains("Nothing that the connector says is like this"), "{nothing}");
}

#[tokio::test]
async fn activity_counts_what_was_opened_and_resolved_in_a_period_and_the_time_spent() {
    let mut world = World::new().await;
    let first = world.ticket("Caisse en panne", "<p>Noir</p>").await;
    world.ticket("Imprimante", "<p>Bac</p>").await;
    let paul = world.paul;
    world.desk.set_time(first, 45).await.unwrap();
    world.desk.clock += chrono::Duration::days(2);
    world.desk.close(first, paul).await.unwrap();
    world.desk.clock += chrono::Duration::days(40);
    world.desk.open(world.requester, "Plus tard", "<p>x</p>").await.unwrap();
    let program = Program::on(world);
    let march = ["activity", "--from", "2026-03-01", "--to", "2026-03-31"];
    let (code, said, errors) = program.run(&[&march[..], &["--json"]].concat()).await;
    assert_eq!(code, 0, "{errors}");
    let report: Value = serde_json::from_str(&said).unwrap();
    let sum = |value: &Value| (value["opened"].clone(), value["resolved"].clone(), value["minutes"].clone());
    let of = |opened: i64, resolved: i64, minutes: i64| (opened.into(), resolved.into(), minutes.into());
    assert_eq!(sum(&report["total"]), of(2, 1, 45));
    assert_eq!(
        (report["by"]["technician"][0]["name"].as_str(), sum(&report["by"]["technician"][0])),
        (Some("Paul Durand"), of(2, 1, 45))
    );
    assert_eq!(report["by"]["client"][0]["name"], "Boulangerie Hélène");
    let days: Vec<_> = report["by"]["day"].as_array().unwrap().iter().map(sum).collect();
    assert_eq!(days, [of(2, 0, 0), of(0, 1, 45)], "each on its own day");
    let (_, said, _) = program.run(&march).await;
    assert!(said.contains("2 tickets opened, 1 resolved, 0:45 spent on those"), "{said}");
    let (_, said, _) = program.run(&[&march[..], &["--by", "client", "--csv"]].concat()).await;
    assert_eq!(said, "by;name;opened;resolved;minutes\nclient;\"Boulangerie Hélène\";2;1;45\n");
    let (code, said, errors) = program.run(&["activity", "--from", "2026-04-02", "--to", "2026-04-01"]).await;
    assert!(code != 0 && errors.contains("is after the last one"), "{said}{errors}");
    let (code, said, _) = program.run(&["activity", "--from", "2020-01-01", "--to", "2020-01-01"]).await;
    assert!(code == 0 && said.contains("0 tickets opened"), "{said}");
}
