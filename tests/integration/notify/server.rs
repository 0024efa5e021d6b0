//! The mail server does not always do its part: mails wait, are tried again, and are given up one by one.

use super::{Notified, settings};
use crate::support::World;
use chrono::TimeDelta;
use gestan_connector::demo::smtp::{PrivateSmtp, SmtpMode};
use gestan_connector::flows::System;
use gestan_connector::flows::notify::{NotifyReport, Phase};
use gestan_connector::store::OutboxFilter;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

async fn phases(it: &Notified) -> Vec<Phase> {
    let mut mails = it.world.site.store().outbox(OutboxFilter { limit: 100, ..OutboxFilter::default() }).await.unwrap();
    mails.reverse();
    mails.iter().map(|mail| mail.phase).collect()
}

/// Tickets of as many requesters, `r0@exemple.fr` and so on.
async fn tickets(it: &mut Notified, count: usize) {
    for number in 0..count {
        let mail = format!("r{number}@exemple.fr");
        let person = it.world.desk.person(&format!("r{number}"), ("R", "R"), &mail, 2, 0).await.unwrap();
        it.world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
    }
}

#[tokio::test]
async fn while_the_server_is_down_mails_wait_and_none_is_blamed() {
    let mut it = Notified::with("", "").await;
    it.server.stop();
    tickets(&mut it, 2).await;
    for _ in 0..4 {
        let report = it.pass().await;
        assert!(report.mail_server.as_deref().unwrap().starts_with("Mails wait: "), "{report:#?}");
        assert_eq!((report.waiting, report.given_up), (2, 0));
    }
    let mails = it.world.site.store().outbox(OutboxFilter { limit: 9, ..OutboxFilter::default() }).await.unwrap();
    assert!(mails.iter().all(|mail| mail.phase == Phase::Waiting && mail.attempts == 0), "{mails:#?}");
    // What changes meanwhile is noted down all the same.
    assert!(it.world.site.store().circuit(System::Smtp).await.unwrap().until.is_some());
    tickets(&mut it, 1).await;
    assert_eq!(it.pass().await.waiting, 3);
    it.server.start_again().unwrap();
    it.world.site.store().forget_pauses().await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, report.waiting, report.mail_server), (3, 0, None));
    let (_, story, _) = crate::commands::run(&it.world.config_file(), &["show", "1"]).await;
    assert!(story.contains("Notifications:") && story.contains("r0@exemple.fr"), "{story}");
    assert!(it.world.site.store().circuit(System::Smtp).await.unwrap().failures == 0);
}

#[tokio::test]
async fn a_mail_that_is_refused_stops_only_itself() {
    let mut it = Notified::with("attempts = 3", "").await;
    it.server.behave("RCPT:r0@exemple.fr 550 5.1.1 No such user\nRCPT:r1@exemple.fr 451 4.7.1 Greylisted\nDATA:r2@exemple.fr 554 Spam").unwrap();
    tickets(&mut it, 4).await;
    let report = it.pass().await;
    assert_eq!((report.sent, report.waiting, report.given_up), (1, 1, 2), "{report:#?}");
    assert_eq!(phases(&it).await, [Phase::Failed, Phase::Waiting, Phase::Failed, Phase::Sent]);
    let refused = report.records.iter().find(|record| record.to == "r0@exemple.fr").unwrap();
    assert!(
        refused.message.contains("No such user") && refused.message.contains("notify retry"),
        "{}",
        refused.message
    );
    assert!(report.has_failures());
    // Not at once, but later; and then it is given up too.
    assert_eq!(it.pass().await.records.len(), 0);
    it.world.desk.clock += TimeDelta::days(365);
    assert_eq!(it.pass().await.waiting, 1);
    it.world.desk.clock += TimeDelta::days(365);
    let report = it.pass().await;
    assert_eq!((report.waiting, report.given_up), (0, 3), "{report:#?}");
    it.server.behave("").unwrap();
    let store = it.world.site.store();
    assert_eq!(store.retry_mails(&[1]).await.unwrap(), 1);
    assert_eq!(store.drop_mails(Some(&[2]), chrono::Utc::now()).await.unwrap(), 1);
    assert_eq!(it.pass().await.sent, 1);
    assert_eq!(it.world.site.store().retry_mails(&[]).await.unwrap(), 1);
    assert_eq!(it.pass().await.sent, 1);
    assert_eq!(phases(&it).await, [Phase::Sent, Phase::Dropped, Phase::Sent, Phase::Sent]);
}

#[tokio::test]
async fn a_server_that_hangs_or_ends_the_session_holds_nothing_up_for_ever() {
    let mut it = Notified::with("attempts = 3", "").await;
    it.server.behave("DATA:r0@exemple.fr hang up").unwrap();
    tickets(&mut it, 3).await;
    let held = it.pass().await.mail_server.unwrap();
    assert!(held.contains("does not answer"), "{held}");
    // Those that did not fail come first.
    let mut report = it.pass().await;
    assert_eq!(report.sent, 2, "{report:#?}");
    for _ in 0..4 {
        it.world.site.store().forget_pauses().await.unwrap();
        report = it.pass().await;
    }
    assert_eq!((report.waiting, report.given_up), (0, 1), "{report:#?}");
    it.server.behave("MAIL sleep 60").unwrap();
    it.world.site.store().forget_pauses().await.unwrap();
    tickets(&mut it, 1).await;
    let begun = Instant::now();
    let held = it.pass().await.mail_server.unwrap();
    assert!(held.contains("said nothing for 5 s (during the sender)"), "{held}");
    assert!(begun.elapsed() < Duration::from_secs(15));
    // The account may not send as this sender: no mail is to blame.
    it.server.behave("MAIL 553 Sender address rejected").unwrap();
    it.world.site.store().forget_pauses().await.unwrap();
    let report = it.pass().await;
    assert!(report.mail_server.unwrap().contains("check that the account may send as `from`"));
    assert_eq!((report.waiting, report.given_up), (1, 1));
}

async fn over(
    mode: SmtpMode,
    security: &str,
    account: Option<(&str, &str)>,
    more: &str,
) -> (NotifyReport, PrivateSmtp) {
    let server = PrivateSmtp::start_with(mode, account).unwrap();
    let ca = server.certificate();
    let more = more.replace("{ca}", &format!("ca_file = \"{}\"", ca.display()));
    let text = settings(&server, "", &more).replace("security = \"none\"", security);
    let world = World::with(&text).await;
    let mut it = Notified { world, server };
    it.pass().await;
    tickets(&mut it, 1).await;
    let report = it.pass().await;
    (report, it.server)
}

#[tokio::test]
async fn mails_go_over_tls_and_by_login_and_to_no_server_that_is_not_trusted() {
    let account = Some(("support", "mot de passe é"));
    let login = "user = \"support\"\npassword = \"mot de passe é\"\n{ca}";
    for (mode, security) in [(SmtpMode::Tls, "security = \"tls\""), (SmtpMode::Starttls, "security = \"starttls\"")] {
        let (report, server) = over(mode, security, account, login).await;
        assert_eq!(report.sent, 1, "{report:#?}");
        let mail = server.taken().unwrap().remove(0);
        assert!(mail.tls && mail.login == "support", "{mail:?}");
        let (report, server) = over(mode, security, account, &login.replace("{ca}", "")).await;
        assert!(report.mail_server.as_ref().unwrap().contains("cannot be trusted"), "{report:#?}");
        assert_eq!(server.taken().unwrap().len(), 0);
        let (report, _server) = over(mode, security, account, &login.replace("passe é", "passe")).await;
        let held = report.mail_server.unwrap();
        assert!(held.contains("refuses the account support") && !held.contains("mot de passe"), "{held}");
    }
    // By token, in the place of the password.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let by_token = format!("user = \"support\"\noauth = {{ token_file = \"{}\" }}\n{{ca}}", file.display());
    std::fs::write(&file, "mot de passe é\n").unwrap();
    let (report, server) = over(SmtpMode::Tls, "security = \"tls\"", account, &by_token).await;
    assert_eq!((report.sent, server.taken().unwrap()[0].login.as_str()), (1, "support"), "{report:#?}");
    std::fs::write(&file, "faux").unwrap();
    let (report, _server) = over(SmtpMode::Tls, "security = \"tls\"", account, &by_token).await;
    assert!(report.mail_server.unwrap().contains("refuses the account support"));
    let (report, _server) = over(SmtpMode::Plain, "security = \"starttls\"", None, "").await;
    assert!(report.mail_server.unwrap().contains("offers no STARTTLS"));
}

#[tokio::test]
async fn the_service_sends_mails_in_a_lane_of_its_own_while_gestan_is_down() {
    let server = PrivateSmtp::start().unwrap();
    let own = "schedule = \"every 5 s\"\nmax_age_hours = 1000000";
    let more = settings(
        &server,
        own,
        "[service]\njitter_seconds = 0\n[tickets]\nschedule = \"every 5 s\"\nstart_at = \"2026-01-01T00:00:00\"\n",
    );
    let mut world = World::with(&more).await;
    let config = world.config_file();
    let text = std::fs::read_to_string(&config).unwrap();
    // Gestan does not answer: no ticket gets there, and people are told all the same.
    let broken = text.replacen("password = \"passerelle\"", "password = \"faux\"", 1);
    assert_ne!(text, broken);
    std::fs::write(&config, broken).unwrap();
    let none = world.sandbox.config(&world.folder.path().join("none.db"), "");
    let (other, _) = gestan_connector::config::parse(&none, "test", gestan_connector::config::Role::Daemon)
        .map_err(|error| error.to_string())
        .unwrap();
    world.site = gestan_connector::daemon::Site::open_to_look(other).await.unwrap();
    let binary = assert_cmd::cargo::cargo_bin("gestan-connector");
    let run = |arguments: &[&str]| {
        let output = Command::new(&binary).arg("--config").arg(&config).args(arguments).output().unwrap();
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (first, errors) = run(&["sync", "notify"]);
    assert!(first.contains("Notifications begin now"), "{first}{errors}");
    let mut service =
        Command::new(&binary).arg("--config").arg(&config).arg("run").stderr(Stdio::null()).spawn().unwrap();
    let requester = world.requester;
    let ticket = world.desk.open(requester, "Panne", "<p>a</p>").await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.taken().unwrap().is_empty() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (listed, errors) = run(&["notify", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("{listed}{errors}"));
    let (shown, _) = run(&["notify", "show", "1"]);
    let (dropped, errors) = run(&["notify", "drop", "--all"]);
    assert!(dropped.contains("0 mails are not sent."), "the service does it: {dropped}{errors}");
    let (tested, errors) = run(&["notify", "test", "admin@exemple.fr"]);
    let killed = Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap();
    assert!(killed.success() && service.wait().unwrap().success());
    assert_eq!(server.taken().unwrap()[0].subject(), format!("Ticket n°{ticket} : Panne"));
    assert_eq!((&listed[0]["phase"], &listed[0]["ticket"]), (&Value::from("sent"), &Value::from(ticket)));
    assert!(shown.contains("Subject       Ticket n°") && shown.contains("  Votre demande est enregistrée"), "{shown}");
    assert!(tested.contains("took a mail to admin@exemple.fr"), "{tested}{errors}");
    assert_eq!(server.taken().unwrap().last().unwrap().subject(), "Essai de gestan-connector");
}
