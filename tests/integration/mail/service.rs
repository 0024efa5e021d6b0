//! The service: a mail is a ticket within seconds of its arrival, whatever the schedule says, and an intervention right after.

use super::*;
use crate::commands::run;
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

#[tokio::test]
async fn the_trouble_of_one_mailbox_is_told_when_it_begins_changes_and_ends_and_the_others_are_read() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let broken = "[[mail.mailboxes]]\nname = \"ventes\"\nhost = \"127.0.0.1\"\nport = PORT\nuser = \"ventes\"\npassword = \"faux\"\nsecurity = \"none\"\ntimeout_seconds = 5\n";
    let Desk { world, post } = Desk::with("", &broken.replace("PORT", &nobody.to_string())).await;
    let mut desk = Desk { world, post };
    let pass = async |desk: &Desk, number: usize| {
        desk.deliver(&Letter::new("helene@helene.fr", &format!("N {number}"), "x").id(&format!("{number}@x")));
        desk.pass().await
    };
    for number in 0..5 {
        let report = pass(&desk, number).await;
        assert_eq!((report.tickets, report.troubles.len()), (1, 1), "{report:#?}");
    }
    let config = desk.world.config_file();
    let (_, status, _) = run(&config, &["status"]).await;
    let told = "The mailbox ventes cannot be read since";
    assert!(status.contains(told) && status.contains("(3 attempts); next attempt after"), "{status}");
    // Another trouble: the server answers, and refuses.
    let from = format!("port = {nobody}\nuser = \"ventes\"");
    let to = format!("port = {}\nuser = \"{}\"", desk.post.server.port(), desk.post.account);
    desk.world = desk.world.altered(&from, &to).await;
    for number in 5..7 {
        desk.world.site.store().forget_pauses().await.unwrap();
        pass(&desk, number).await;
    }
    // And it is over: it is the same account now, so the other mailbox's mails are known.
    desk.world =
        desk.world.altered("password = \"faux\"", &format!("password = \"{}\"", PASSWORD.replace('"', "\\\""))).await;
    desk.world.site.store().forget_pauses().await.unwrap();
    assert_eq!(pass(&desk, 7).await.troubles, []);
    let (_, journal, _) = run(&desk.world.config_file(), &["journal", "--flow", "mail"]).await;
    let count = |words: &str| journal.lines().filter(|line| line.contains(words)).count();
    assert_eq!(
        (count("The mailbox ventes cannot be read:"), count("The mailbox ventes is read again")),
        (2, 1),
        "{journal}"
    );
    let (_, status, _) = run(&desk.world.config_file(), &["status"]).await;
    assert!(!status.contains(told), "{status}");
}
