//! What the service's log says of a trouble that lasts, and what the journal keeps of it.

use super::proxy::Act;
use crate::commands::run;
use crate::support::World;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

fn service(config: &std::path::Path) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
    command.arg("--config").arg(config).arg("run").stderr(Stdio::piped()).spawn().unwrap()
}

/// Stops it as systemd does; its log.
async fn stop(mut child: Child) -> String {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let log = tokio::task::spawn_blocking(move || {
        let log = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
        log
    });
    let log = log.await.unwrap();
    super::has_no_secret(&log);
    log
}

#[tokio::test]
async fn the_service_says_once_that_gestan_is_left_alone_and_once_that_it_is_back() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"every 5 s\"").await;
    world.tickets(2).await;
    let (mut world, proxy) = world.behind_a_proxy().await;
    let config = world.config_file();
    // The service of the test has the state; the tests' own site another.
    world = world.altered("state.db", "aside.db").await;
    let status = Arc::new(AtomicU16::new(503));
    let answered = Arc::clone(&status);
    proxy.play(move |asked| match (asked.writes(), answered.load(Ordering::Relaxed)) {
        (true, 503) => Act::Answer(503, "retry-after: 7\r\n", "<html>".to_owned()),
        _ => Act::Forward,
    });
    let child = service(&config);
    let passes = async |wanted: usize| {
        for _ in 0..1200 {
            if proxy.asked().iter().filter(|asked| asked.writes()).count() >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not come to {wanted} attempts");
    };
    // One attempt, a pass that is put off, and another attempt.
    passes(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, told, _) = run(&config, &["status"]).await;
    assert!(
        told.contains("Gestan has not answered since") && told.contains("(1 attempt); next attempt after"),
        "{told}"
    );
    status.store(200, Ordering::Relaxed);
    passes(2).await;
    for _ in 0..200 {
        if world.gestan().await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let log = stop(child).await;
    let count = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("pass failed: the gateway http://127.0.0.1:"), 1, "{log}");
    assert_eq!(count("Gestan has not answered since"), 1, "{log}");
    assert_eq!(count("Told again every 15 minutes, and when it is over"), 1, "{log}");
    assert_eq!(count("passes are made again, after "), 1, "{log}");
    let loud = |line: &&str| line.contains("ERROR") || line.contains("WARN") && line.contains("flow");
    assert_eq!(log.lines().filter(loud).count(), 2, "{log}");
    let (_, journal, _) = run(&config, &["journal"]).await;
    let count = |words: &str| journal.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("No pass can be made: the gateway http://127.0.0.1:"), 1, "{journal}");
    assert_eq!(count("Passes are made again, after "), 1, "{journal}");
    let (_, told, _) = run(&config, &["status"]).await;
    assert!(told.contains("Nothing waits and nothing failed.") && !told.contains("has not answered"), "{told}");
    assert_eq!(world.gestan().await.len(), 2);
}
