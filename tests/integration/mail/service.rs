//! The service: a mail is a ticket within seconds of its arrival, whatever the schedule says, and an intervention right after.

use super::*;
use crate::killed::Program;
use std::process::Command;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_mail_that_the_server_tells_of_is_an_intervention_within_seconds() {
    let rules = "[[mail.rules]]\nwhen = { subject = { starts_with = \"Panne\" } }\ntechnician = \"paul\"\n";
    let mut desk = Desk::with("schedule = \"every 6 h\"", rules).await;
    let program = Program::on(&mut desk.world).await;
    let mut service = program.start(false, &["run"]);
    // Its first pass is made at once: what comes later can only be told of.
    let begun = Instant::now();
    desk.deliver(&Letter::new("helene@helene.fr", "Avant", "x").id("a@x"));
    while desk.ask("id", "tincidents").await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "no first pass");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let arrived = Instant::now();
    desk.deliver(&Letter::new("helene@helene.fr", "Panne du serveur", "x").id("b@x"));
    while desk.world.gestan().await.is_empty() {
        assert!(arrived.elapsed() < Duration::from_secs(20), "it was not told of");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap();
    assert!(service.wait().unwrap().success());
}
