//! Gestan's base behind the gateway: restarted, full, read-only, without rights, gone.

use super::proxy::Act;
use super::server::{administer, all_connections, fragile, move_database, root};
use crate::support::{World, sandbox_on, server};
use gestan_connector::cli::ExitCode;
use gestan_connector::flows::tickets::{Memory as _, Outcome, PassOptions};
use sqlx::{AssertSqlSafe, Executor as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// More tickets than the brake lets through by default.
const MANY: &str =
    "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[tickets.brake]\ncreate = { number = 1000, percent = 0 }";

#[tokio::test]
async fn a_server_that_crashes_in_the_middle_of_a_pass_and_starts_again_loses_and_doubles_nothing() {
    let server = fragile().await;
    let mut world = World::on(sandbox_on(&server).await, MANY).await;
    world.tickets(250).await;
    let (world, proxy) = world.behind_a_proxy_for(30).await;
    let pid = server.folder().join("pid");
    let batches = AtomicUsize::new(0);
    proxy.play(move |asked| {
        if asked.is_batch() && batches.fetch_add(1, Ordering::Relaxed) == 2 {
            let pid = std::fs::read_to_string(&pid).unwrap();
            std::process::Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Act::Forward
    });
    let failed = world.fails().await;
    assert!(
        failed.said.contains("the connection to Gestan's base broke") || failed.said.contains("base does not answer"),
        "{failed:?}"
    );
    assert_eq!(failed.code, ExitCode::Unavailable);
    // The third begins as soon as one of the first two is done; the other may be in the server's hands still.
    let remembered = world.site.store().linked_numbers().await.unwrap().len();
    assert!([75, 150].contains(&remembered), "{remembered}: what was answered is remembered");
    while !server.folder().join("failed").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.fails().await.says(&["does not answer ("], ExitCode::Unavailable);
    server.start_again().unwrap();
    proxy.play(|_| Act::Forward);
    // The people of the test were connected to the server too.
    let mut world = World { erp: world.sandbox.erp().await.unwrap(), ..world };
    world.converges(250).await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_says_so() {
    let server = fragile().await;
    let mut world = World::on(sandbox_on(&server).await, "").await.reopen().await;
    world.tickets(2).await;
    // The connections of the gateway must not be there already; GestSup is on the same server.
    administer(&server, &["SET GLOBAL max_connections = 10"]).await;
    let gateway = format!("mysql://gateway:passerelle@127.0.0.1:{}/{}", server.port(), world.sandbox.gestan);
    let mut held = all_connections(&gateway).await;
    let failed = world.fails().await;
    failed.says(&["takes no more connections (", "Too many connections", "max_connections"], ExitCode::Unavailable);
    // GestSup answers again, Gestan does not.
    let two = held.split_off(held.len() - 2);
    drop(two);
    let failed = world.fails().await;
    failed.says(&["takes no more connections (Too many connections)"], ExitCode::Unavailable);
    drop(held);
    administer(&server, &["SET GLOBAL max_connections = 400"]).await;
    world.converges(2).await;
}

#[tokio::test]
async fn a_server_that_was_made_read_only_is_told_from_one_that_is_down() {
    let server = fragile().await;
    let mut world = World::on(sandbox_on(&server).await, "").await;
    world.tickets(2).await;
    administer(&server, &["SET GLOBAL read_only = 1"]).await;
    let failed = world.fails().await;
    failed.says(&["Gestan's base may only be read now (", "--read-only option"], ExitCode::Unavailable);
    administer(&server, &["SET GLOBAL read_only = 0"]).await;
    world.converges(2).await;
}

#[tokio::test]
async fn an_account_whose_rights_are_revoked_stops_passes_and_marks_no_ticket() {
    let mut world = World::new().await;
    world.tickets(2).await;
    let gestan = world.sandbox.gestan.clone();
    let server = server().await;
    let revoke = format!("REVOKE INSERT ON {gestan}.INTERVENTION FROM gateway@'%'");
    administer(server, &[&revoke]).await;
    let failed = world.fails().await;
    failed.says(
        &["Gestan's base refuses the gateway's account (", "command denied", "check [gateway.base]"],
        ExitCode::Unavailable,
    );
    administer(server, &[&format!("GRANT INSERT ON {gestan}.INTERVENTION TO gateway@'%'")]).await;
    world.converges(2).await;
}

#[tokio::test]
async fn a_database_that_somebody_drops_stops_passes_until_it_is_back() {
    let mut world = World::new().await;
    world.tickets(2).await;
    world.converges(2).await;
    world.comments(2, "Encore ici").await;
    let gestan = world.sandbox.gestan.clone();
    let server = server().await;
    let mut root = root(server).await;
    let away = format!("{gestan}_away");
    move_database(&mut root, &gestan, &away).await;
    let failed = world.fails().await;
    assert!(failed.said.contains("lacks a table") || failed.said.contains("gateway install"), "{failed:?}");
    root.execute(AssertSqlSafe(format!("DROP DATABASE {gestan}"))).await.unwrap();
    for reopened in [false, true] {
        if reopened {
            world = world.reopen().await;
        }
        let failed = world.fails().await;
        failed.says(&["Gestan's database is not there (", gestan.as_str()], ExitCode::Unavailable);
    }
    move_database(&mut root, &away, &gestan).await;
    let mut world = World { erp: world.sandbox.erp().await.unwrap(), ..world };
    let report = world.attempt_with(PassOptions { only: vec![1, 2], ..PassOptions::default() }).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 2, "what a person asks for is tried although the circuit is open");
    world.holds_once("Encore ici").await;
    world.nobody_is_blamed().await;
    assert_eq!(world.gestan().await.len(), 2);
}
