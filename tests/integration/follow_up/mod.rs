//! The follow-up on real bases: what Gestan's users do shows on the ticket, once, and goes no further.

mod anomalies;
mod conflicts;
pub mod documents;
mod faults;
mod fields;
mod round_trips;
mod texts;

use crate::support::World;
use gestan_connector::daemon::PassResult;
use gestan_connector::flows::follow_up::FollowReport;
use gestan_connector::flows::tickets::{Outcome, PassOptions};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use tokio_util::sync::CancellationToken;

/// A world whose follow-up is on; `more` goes into its table, `other` behind it.
pub async fn following(more: &str, other: &str) -> World {
    let world = World::with(&format!("[follow_up]\nenabled = true\n{more}\n{other}")).await;
    world.sandbox.let_it_follow_up().await.unwrap();
    world
}

/// Asks GestSup as root, rows as `a|b|c`.
pub async fn ask(world: &World, columns: &str, from: &str) -> Vec<String> {
    let mut root = MySqlConnection::connect(&world.sandbox.url(&world.sandbox.gestsup)).await.unwrap();
    let sql = format!("SELECT CONCAT_WS('|', {columns}) FROM {from}");
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut root).await.unwrap();
    rows
}

/// Steps of a ticket that came from Gestan: type, author, private, text.
pub async fn steps(world: &World, ticket: i64) -> Vec<String> {
    let from = format!("tthreads WHERE ticket = {ticket} AND dest_mail LIKE 'gestan:%' ORDER BY id");
    ask(world, "type, author, private, state, tech1, tech2, text", &from).await
}

pub async fn follow_with(world: &World, options: PassOptions) -> FollowReport {
    match world.site.follow(&options, &CancellationToken::new()).await.unwrap() {
        PassResult::Done(report) => *report,
        PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
    }
}

/// A pass of the follow-up, then one of the tickets.
pub async fn cycle(world: &World) -> FollowReport {
    let report = follow_with(world, PassOptions::default()).await;
    world.pass().await;
    report
}

/// A report as one line per record.
pub fn told(report: &FollowReport) -> Vec<String> {
    let line = |record: &gestan_connector::flows::follow_up::FollowRecord| {
        let outcome = record.outcome.map_or("planned", Outcome::as_str);
        format!("{} {outcome} {}: {}", record.ticket, record.code, record.message)
    };
    report.records.iter().map(line).collect()
}

/// Both sides as they stand.
pub async fn sides(world: &mut World) -> (Vec<String>, Vec<String>, Vec<String>, String) {
    let tickets = "id, state, technician, t_group, time, time_hope, date_hope, date_res, date_modif";
    // Old versions have fewer.
    let from = "information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tthreads'";
    let columns =
        ask(world, "column_name", from).await.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let gestan = (world.gestan().await, world.erp.see_anomalies().await.unwrap());
    (
        ask(world, tickets, "tincidents ORDER BY id").await,
        ask(world, &columns, "tthreads ORDER BY id").await,
        ask(world, "id, technician, date_start, date_end, disable", "tevents ORDER BY id").await,
        format!("{gestan:#?}"),
    )
}

/// Two further cycles write nothing on either side and tell nothing.
pub async fn quiet(world: &mut World) {
    let before = sides(world).await;
    for _ in 0..2 {
        let report = follow_with(world, PassOptions { full: true, ..PassOptions::default() }).await;
        assert!(report.records.is_empty(), "{:#?}", report.records);
        let report = world.pass_with(PassOptions { full: true, ..PassOptions::default() }).await;
        assert_eq!(report.writes(), 0, "{:#?}", report.records);
    }
    pretty_equal(&sides(world).await, &before);
}

fn pretty_equal<T: PartialEq + std::fmt::Debug>(after: &T, before: &T) {
    assert!(after == before, "after {after:#?}\nbefore {before:#?}");
}

/// A ticket with its intervention, both seen by both flows.
pub async fn linked(world: &mut World) -> (i64, i64) {
    let ticket = world.ticket("Caisse en panne", "<p>Rien ne s'allume</p>").await;
    cycle(world).await;
    cycle(world).await;
    (ticket, world.gestan().await.last().unwrap().id)
}
