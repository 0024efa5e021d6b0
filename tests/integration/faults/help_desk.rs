//! GestSup's base: restarted, full, slow, without rights, gone.

use super::proxy::Act;
use super::server::{administer, all_connections, fragile, move_database, root};
use crate::support::{World, sandbox_on, server};
use gestan_connector::cli::ExitCode;
use gestan_connector::demo::sandbox::Sandbox;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

/// A world whose help-desk is on the fragile server, and whose Gestan is not.
async fn apart(fragile: &gestan_connector::demo::mariadb::PrivateMariaDb) -> World {
    let desk: Sandbox = sandbox_on(fragile).await;
    let mut world = World::new().await;
    let (here, there) = (server().await.port(), fragile.port());
    let at = world.desk.clock;
    // The same people, with the same numbers: the fixture is loaded into the other server too.
    let other = World::on(desk, "").await;
    world.desk = other.sandbox.help_desk(at).await.unwrap();
    let from = format!("port = {here}\ndatabase = \"{}\"", world.sandbox.gestsup);
    let to = format!("port = {there}\ndatabase = \"{}\"", other.sandbox.gestsup);
    world.altered(&from, &to).await
}

#[tokio::test]
async fn a_server_that_is_restarted_in_the_middle_of_a_pass_is_read_again_by_the_next_one() {
    let server = fragile().await;
    for signal in ["KILL", "TERM"] {
        let mut world = apart(&server).await;
        world.tickets(3).await;
        let (world, proxy) = world.behind_a_proxy().await;
        let pid = server.folder().join("pid");
        // The snapshot is open, and Gestan's lists are asked for: then it goes.
        proxy.play(move |asked| {
            if asked.path.starts_with("/v1/clients")
                && let Ok(pid) = std::fs::read_to_string(&pid)
            {
                let _ = std::process::Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status();
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
            Act::Forward
        });
        let failed = world.fails().await;
        failed.says(&["the connection to GestSup's database 127.0.0.1:", " broke ("], ExitCode::Unavailable);
        while !server.folder().join("failed").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.fails().await.says(&["GestSup's database server", "does not answer", "refused"], ExitCode::Unavailable);
        server.start_again().unwrap();
        proxy.play(|_| Act::Forward);
        let mut world = world;
        world.converges(3).await;
    }
}

#[tokio::test]
async fn a_connection_that_an_administrator_ends_is_made_again() {
    let server = fragile().await;
    let mut world = apart(&server).await;
    world.tickets(2).await;
    world.pass().await;
    world.comments(2, "Encore").await;
    let (mut world, proxy) = world.behind_a_proxy().await;
    let url = server.url("mysql");
    proxy.play(move |asked| {
        if asked.path.starts_with("/v1/clients") {
            let kill = std::thread::spawn({
                let url = url.clone();
                move || tokio::runtime::Runtime::new().unwrap().block_on(end_all(&url))
            });
            kill.join().unwrap();
        }
        Act::Forward
    });
    world.fails().await.says(&["the connection to GestSup's database", "broke ("], ExitCode::Unavailable);
    proxy.play(|_| Act::Forward);
    world.converges(2).await;
    world.holds_once("Encore").await;
}

/// Ends every connection of the connector, its lock's too.
async fn end_all(url: &str) {
    let mut root = sqlx::MySqlConnection::connect(url).await.unwrap();
    let ids: Vec<(i64,)> =
        sqlx::query_as("SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE user = 'connector'")
            .fetch_all(&mut root)
            .await
            .unwrap();
    assert!(!ids.is_empty());
    for (id,) in ids {
        let _ = root.execute(AssertSqlSafe(format!("KILL {id}"))).await;
    }
}

#[tokio::test]
async fn a_server_without_a_free_connection_says_so_and_blames_nobody() {
    let server = fragile().await;
    let mut world = apart(&server).await;
    world.tickets(1).await;
    administer(&server, &["SET GLOBAL max_connections = 10"]).await;
    let url = format!("mysql://connector:lecture-seule@127.0.0.1:{}/mysql", server.port()).replace("/mysql", "/");
    let held = all_connections(&url).await;
    let failed = world.fails().await;
    failed.says(
        &["GestSup's database server 127.0.0.1:", "takes no more connections (Too many connections)"],
        ExitCode::Unavailable,
    );
    drop(held);
    administer(&server, &["SET GLOBAL max_connections = 400"]).await;
    world.converges(1).await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_names_the_configured_limit() {
    let mut world = World::new().await;
    world.tickets(1).await;
    let mut world = world.altered("user = \"connector\"", "user = \"connector\"\ntimeout_seconds = 1").await;
    let mut root = root(server().await).await;
    root.execute(AssertSqlSafe(format!("LOCK TABLES {}.tthreads WRITE", world.sandbox.gestsup))).await.unwrap();
    let failed = world.fails().await;
    failed.says(&["took more than 1 s for one statement", "[gestsup] timeout_seconds"], ExitCode::Unavailable);
    root.execute("UNLOCK TABLES").await.unwrap();
    world.converges(1).await;
}

#[tokio::test]
async fn an_account_whose_rights_are_revoked_between_two_passes_is_named_with_the_grant_that_it_needs() {
    let mut world = World::new().await;
    world.tickets(1).await;
    world.converges(1).await;
    world.comments(1, "Vu").await;
    let base = world.sandbox.gestsup.clone();
    let server = server().await;
    let all = base.replace('_', "\\_");
    for (take, give) in [(
        format!("REVOKE SELECT ON `{all}`.* FROM connector@'%'"),
        format!("GRANT SELECT ON `{all}`.* TO connector@'%'"),
    )] {
        administer(server, &[&take]).await;
        let failed = world.fails().await;
        let grant = format!("GRANT SELECT ON `{base}`.*");
        failed.says(&["refuses the account “connector”", "denied", &grant], ExitCode::Config);
        administer(server, &[&give]).await;
        world.converges(1).await;
        world.holds_once("Vu").await;
    }
}

#[tokio::test]
async fn a_database_that_somebody_drops_is_missed_and_its_tickets_are_not_taken_for_deleted() {
    let mut world = World::new().await;
    world.tickets(1).await;
    world.converges(1).await;
    let base = world.sandbox.gestsup.clone();
    let mut root = root(server().await).await;
    let away = format!("{base}_away");
    move_database(&mut root, &base, &away).await;
    world.fails().await.says(&["does not look like a GestSup base ("], ExitCode::Config);
    root.execute(AssertSqlSafe(format!("DROP DATABASE {base}"))).await.unwrap();
    world.fails().await.says(&["there is no database", &base], ExitCode::Config);
    move_database(&mut root, &away, &base).await;
    world.converges(1).await;
}
