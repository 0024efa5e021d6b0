//! A machine whose clock is set, or that slept, as the whole service meets it. libfaketime moves its clock on the wall;
//! the one that only counts goes on, as it does when a clock is set and when a machine wakes up.

use crate::commands::{Program, signal};
use crate::follow_up::following;
use crate::support::World;
use gestan_connector::demo::erp::Erp;
use gestan_connector::demo::sandbox::code;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn libfaketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|library| library.is_file()).expect("libfaketime is missing: apt-get install faketime")
}

/// Sets the clock of the service so far from the real one.
fn set_clock(file: &Path, offset: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, format!("{offset}\n")).unwrap();
    std::fs::rename(beside, file).unwrap();
}

/// Opens a ticket, waits for its intervention, has a Gestan user set it aside, and waits for the ticket's state.
async fn both_ways(program: &mut Program, erp: &mut Erp, title: &str) {
    let requester =
        program.desk.ask("SELECT CAST(MIN(user) AS CHAR) FROM tincidents").await.unwrap()[0].parse().unwrap();
    let ticket = program.desk.open(requester, title, "<p>x</p>").await.unwrap();
    let paul = program.paul;
    program.desk.attribute(ticket, paul, paul).await.unwrap();
    let sandbox = program.sandbox.clone();
    let find = async |title: &str| {
        let seen = sandbox.erp().await.unwrap().see_all().await.unwrap();
        seen.iter().find(|seen| seen.title.contains(title)).map(|seen| seen.id)
    };
    program.soon(&format!("{title} is in Gestan"), async || find(title).await.is_some()).await;
    let id = find(title).await.unwrap();
    erp.set_status(id, code::WAITING).await.unwrap();
    let url = program.sandbox.url(&program.sandbox.gestsup);
    program.soon(&format!("{title} waits in GestSup"), async || state_of(&url, ticket).await == 6).await;
}

async fn state_of(url: &str, ticket: i64) -> i64 {
    use sqlx::Connection as _;
    let mut base = sqlx::MySqlConnection::connect(url).await.unwrap();
    let sql = format!("SELECT CAST(state AS SIGNED) FROM tincidents WHERE id = {ticket}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut base).await.unwrap()
}

#[tokio::test]
async fn a_clock_that_is_set_an_hour_either_way_and_a_machine_that_slept_lose_and_double_nothing() {
    let mut world: World = following(
        "schedule = \"every 5 s\"",
        "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"every 5 s\"",
    )
    .await;
    world.ticket("Le premier", "<p>x</p>").await;
    let mut program = Program::on(world);
    let mut erp = program.sandbox.erp().await.unwrap();
    let offset = program.folder.path().join("clock");
    set_clock(&offset, "+0");
    let library = libfaketime();
    let service = program
        .at_work(&[
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ])
        .await;
    both_ways(&mut program, &mut erp, "Avant").await;
    for (clock, title) in [
        ("+3600", "Une heure plus tard"),
        ("+0", "Remise à l'heure"),
        ("-3600", "Une heure plus tôt"),
        ("+43200", "Après la nuit"),
    ] {
        set_clock(&offset, clock);
        both_ways(&mut program, &mut erp, title).await;
    }
    // Stopped in the middle of things, as a virtual machine is that is moved.
    signal(&service, "-STOP");
    tokio::time::sleep(Duration::from_secs(3)).await;
    signal(&service, "-CONT");
    both_ways(&mut program, &mut erp, "Après l'arrêt").await;
    let log = program.end(service);
    let told = |what: &str, lengths: [&str; 2]| {
        // The two clocks are not read at the very same moment.
        lengths.iter().map(|length| log.matches(&format!("{what} by {length}")).count()).sum::<usize>()
    };
    assert_eq!(told("went forward", ["60 min", "59 min"]), 1, "{log}");
    assert_eq!(told("was set back", ["60 min", "59 min"]), 2, "{log}");
    assert_eq!(told("went forward", ["13 h 00 min", "12 h 59 min"]), 1, "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    let seen = erp.see_all().await.unwrap();
    assert_eq!(seen.len(), 7, "{seen:#?}");
    // Afterwards, with the right clock again: both sides agree, whatever times were written meanwhile.
    let (code, again, errors) = program.run(&["sync", "--full"]).await;
    for told in ["Follow-up: nothing to carry back", "Nothing to do: both sides agree"] {
        assert!(code == 0 && again.contains(told), "{again}{errors}");
    }
}
