//! The demonstration, and what it and the tests run on: private servers, and people who work in
//! GestSup and in Gestan as those programs let them.
#![allow(clippy::print_stdout)]

mod by_mail;
pub mod compare;
pub mod dovecot;
pub mod erp;
pub mod help_desk;
mod in_gestan;
mod mails_out;
pub mod mariadb;
#[cfg(all(feature = "hfsql", feature = "failpoints"))]
pub mod odbc;
mod reference;
pub mod sandbox;
mod service;
pub mod smtp;
mod stage;
mod story;

use crate::daemon::StopSignals;
use anyhow::{Context as _, bail};
use mariadb::PrivateMariaDb;
use stage::Stage;
use std::time::Instant;
use story::Told;

async fn show(over_odbc: bool) -> anyhow::Result<(PrivateMariaDb, Stage, Told)> {
    let server = tokio::task::spawn_blocking(PrivateMariaDb::start).await??;
    let mut stage = Stage::build(&server, over_odbc).await.context("while preparing the demonstration")?;
    let told = story::tell(&mut stage).await?;
    Ok((server, stage, told))
}

/// Shows the connector at work on servers of its own, which are gone afterwards unless they are kept.
/// Says whether both bases held what the story says. Over ODBC, a driver stands in for HFSQL's.
///
/// # Errors
/// When a server or a step of the story fails.
pub async fn run(keep: bool, json: bool, over_odbc: bool) -> anyhow::Result<bool> {
    let begun = Instant::now();
    println!("Starting a private MariaDB in a temporary folder…");
    let mut signals = StopSignals::listen()?;
    let shown = tokio::select! {
        shown = show(over_odbc) => shown,
        () = signals.next() => bail!("interrupted: the servers and their folder are removed"),
    };
    let (server, stage, told) = shown?;
    let ok = stage.failed.is_empty();
    println!();
    if ok {
        println!(
            "Both bases hold what the story says: {} interventions, {} comments.",
            told.interventions, told.comments
        );
    }
    for failure in &stage.failed {
        println!("NOT as the story says: {failure}");
    }
    let seconds = (begun.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    if keep {
        stage.explain(&server);
        let folder = server.folder().display().to_string();
        let pid = server.keep()?;
        println!("  stop it:           kill {pid}; rm -r {folder}");
    }
    if json {
        let document = serde_json::json!({
            "ok": ok,
            "interventions": told.interventions,
            "comments": told.comments,
            "closed": told.closed,
            "to_bill": told.to_bill,
            "reopened": told.reopened,
            "merged": told.merged,
            "deleted": told.deleted,
            "auto_closed": told.auto_closed,
            "waiting": told.waiting,
            "anomalies": told.anomalies,
            "followed_back": told.followed_back,
            "consos": told.consos,
            "documents": told.documents,
            "notifications": told.notifications,
            "clients": told.clients,
            "contacts": told.contacts,
            "equipment": told.equipment,
            "technicians": told.technicians,
            "psp_contacts": told.psp_contacts,
            "absences": told.absences,
            "mails": told.mails,
            "tickets_from_mail": told.tickets_from_mail,
            "replies": told.replies,
            "excluded": told.excluded,
            "second_pass_writes": told.second_pass_writes,
            "healthz": told.healthz,
            "exposure": service::exposure(),
            "seconds": seconds,
        });
        println!("{document}");
    } else {
        println!("{seconds} s in all.");
    }
    Ok(ok)
}
