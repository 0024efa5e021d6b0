//! Who is told: each person of a ticket by one mail, and nobody who must not get one.

use super::{Notified, left, texts};
use chrono::TimeDelta;
use gestan_connector::demo::help_desk::state;
use gestan_connector::flows::notify::NotifyReport;
use gestan_connector::flows::tickets::PassOptions;

const EVERYBODY: &str = "[[notify.rules]]\nto = [\"requester\", \"technician\", \"group\", \"observers\"]\n";

#[tokio::test]
async fn each_audience_gets_one_mail_in_its_language() {
    let more = format!("[notify.languages]\ntechnician = \"en\"\n{EVERYBODY}");
    let mut it = Notified::with("", &more).await;
    let world = &mut it.world;
    let boss = world.desk.person("chef", ("Anne", "Martin"), "anne@helene.fr", 2, 0).await.unwrap();
    let ticket = world.desk.open(world.requester, "Panne", "<p>a</p>").await.unwrap();
    world
        .desk
        .run(format!("UPDATE tincidents SET observer1 = {boss}, observer2 = {} WHERE id = {ticket}", world.requester))
        .await
        .unwrap();
    world.desk.attribute_to_group(ticket, world.group, 1).await.unwrap();
    let mut sent = it.sent().await;
    sent.sort();
    let mail = |to: &str, colon: &str| format!("{to} Ticket n°{ticket}{colon} Panne");
    assert_eq!(
        sent,
        [
            mail("anne@helene.fr", " :"),
            mail("helene@helene.fr", " :"),
            mail("lea@sav.fr", ":"),
            mail("paul@sav.fr", ":")
        ]
    );
    let lea = it.mails().into_iter().find(|mail| mail.to == ["lea@sav.fr"]).unwrap();
    let (text, html) = texts(&lea);
    assert!(
        text.contains("was just opened") && text.contains("Requester: Hélène D'Arc (Boulangerie Hélène)"),
        "{text}"
    );
    assert!(html.contains("<html lang=\"en\">") && lea.header("To").contains("lea@sav.fr"));
    assert!(it.mails().iter().all(|mail| mail.to.len() == 1 && mail.header("Cc").is_empty()), "nobody sees the others");
    // Whoever changes the state knows of it.
    it.world.desk.attribute(ticket, it.world.paul, 1).await.unwrap();
    it.pass().await;
    it.world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, it.world.paul).await.unwrap();
    let mut sent = it.sent().await;
    sent.sort();
    assert_eq!(sent, [mail("anne@helene.fr", " :"), mail("helene@helene.fr", " :")]);
}

#[tokio::test]
async fn an_address_that_is_none_ours_or_a_machines_gets_no_mail_and_the_journal_says_so() {
    let mut it = Notified::with("reply_to = \"reponse@exemple.fr\"", "").await;
    it.world.desk.run("UPDATE tparameters SET mail_from_adr = 'helpdesk@exemple.fr'").await.unwrap();
    for (mail, code) in [
        ("", "no-address"),
        ("personne", "bad-address"),
        ("a@exemple.fr\r\nBcc: b@exemple.fr", "bad-address"),
        ("a@exemple.fr, b@exemple.fr", "bad-address"),
        ("Support@Exemple.fr", "own-address"),
        ("reponse@exemple.fr", "own-address"),
        ("helpdesk@exemple.fr", "own-address"),
        ("no-reply@exemple.fr", "machine-address"),
        ("MAILER-DAEMON@exemple.fr", "machine-address"),
    ] {
        let person = it.world.desk.person("x", ("X", "X"), mail, 2, 0).await.unwrap();
        it.world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
        let report = it.pass().await;
        assert_eq!((report.sent, left(&report)), (0, vec![code]), "{mail}: {report:#?}");
    }
    let person = it.world.desk.person("y", ("Y", "Y"), "y@exemple.fr", 2, 0).await.unwrap();
    it.world.desk.disable_person(person).await.unwrap();
    it.world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
    assert_eq!(left(&it.pass().await), ["account-disabled"]);
    // Without a requester there is nobody to tell.
    it.world.desk.open(0, "Panne", "<p>a</p>").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.changed, report.records.len()), (1, 0));
    assert_eq!(it.mails().len(), 0);
}

#[tokio::test]
async fn nothing_that_a_ticket_holds_gets_into_a_header_or_is_run_by_a_reader() {
    let mut it = Notified::with("", "").await;
    let evil = "<script>alert(1)</script>\r\nBcc: victime@exemple.fr\r\n\r\nX";
    let person =
        it.world.desk.person("m", ("\r\nBcc: v@e.fr", "<img src=x onerror=1>\""), "m@exemple.fr", 2, 0).await.unwrap();
    let ticket = it.world.desk.open(person, evil, "<p>a</p>").await.unwrap();
    it.world.desk.attribute(ticket, it.world.paul, it.world.paul).await.unwrap();
    it.world.desk.comment(ticket, it.world.paul, "<p>&lt;script&gt;x&lt;/script&gt;</p>").await.unwrap();
    assert_eq!(it.sent().await.len(), 1);
    let mail = it.last();
    assert_eq!(mail.to, ["m@exemple.fr"]);
    assert_eq!(mail.header("Bcc"), "");
    assert!(mail.subject().contains("<script>alert(1)</script> Bcc: victime@exemple.fr X"), "{}", mail.subject());
    let (text, html) = texts(&mail);
    assert!(text.contains("<script>alert(1)</script>"), "{text}");
    assert!(!html.contains("<script") && !html.contains("<img") && html.contains("&lt;script&gt;"), "{html}");
    let headers = mail.content.split("\r\n\r\n").next().unwrap();
    assert!(headers.lines().all(|line| line.starts_with(' ') || line.contains(':')), "{headers}");
}

/// A minute after the newest action: GestSup's own mails are on their way by then, or never sent.
async fn later(it: &Notified) -> NotifyReport {
    it.pass_with(PassOptions::default(), it.now() + TimeDelta::seconds(60)).await
}

const SENDS: &str =
    "UPDATE tparameters SET mail = 1, mail_auto = 1, mail_auto_user_newticket = 1, mail_auto_tech_attribution = 1";

#[tokio::test]
async fn what_gestsup_tells_itself_is_not_told_twice() {
    let mut it = Notified::with("", EVERYBODY).await;
    let world = &mut it.world;
    world.desk.run(SENDS).await.unwrap();
    let ticket = world.desk.open(world.requester, "Panne", "<p>a</p>").await.unwrap();
    world.desk.send_mail(ticket, 0, "helene@helene.fr").await.unwrap();
    assert_eq!(left(&it.pass().await), ["gestsup-notifies"]);
    // By an administrator, so that the technician did not do it himself.
    it.world.desk.attribute(ticket, it.world.paul, 1).await.unwrap();
    it.world.desk.send_mail(ticket, 0, "paul@sav.fr").await.unwrap();
    assert_eq!(
        it.sent().await,
        [format!("helene@helene.fr Ticket n°{ticket} : Panne")],
        "GestSup tells the technician only"
    );
    it.world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, 1).await.unwrap();
    assert_eq!(later(&it).await.sent, 2, "GestSup tells nobody of this");
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    it.world.desk.send_mail(ticket, 0, "helene@helene.fr").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, left(&report)), (0, vec!["gestsup-notifies"]), "{report:#?}");
    it.world.desk.run("UPDATE tparameters SET mail = 0").await.unwrap();
    it.world.desk.reopen(ticket).await.unwrap();
    it.pass().await;
    it.world.desk.close(ticket, it.world.lea).await.unwrap();
    it.pass().await;
    assert_eq!(it.last().to, ["paul@sav.fr"]);
    assert!(it.mails().iter().filter(|mail| mail.to == ["helene@helene.fr"]).count() >= 3);
}

#[tokio::test]
async fn what_gestsup_could_have_told_and_did_not_is_told_a_minute_later() {
    let mut it = Notified::with("", "").await;
    it.world.desk.run(SENDS).await.unwrap();
    // As by mail, by the follow-up, or closed for the second time: GestSup's settings are on, and it sends nothing.
    let ticket = it.world.desk.open(it.world.requester, "Panne", "<p>a</p>").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, report.records.len()), (0, 0), "its mail may be under way: {report:#?}");
    let report = later(&it).await;
    assert_eq!((report.sent, left(&report)), (1, vec![]), "{report:#?}");
    assert!(texts(&it.last()).0.contains("Votre demande est enregistrée"));
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    assert_eq!(it.pass().await.sent, 0);
    assert_eq!(later(&it).await.sent, 1);
    assert!(texts(&it.last()).0.contains("est résolu"));
    assert_eq!(later(&it).await.sent, 0, "once");
    // What it told of the first closing is no word about the second.
    it.world.desk.send_mail(ticket, 0, "helene@helene.fr").await.unwrap();
    it.world.desk.clock += TimeDelta::minutes(5);
    it.world.desk.set_state(ticket, state::IN_PROGRESS, it.world.paul).await.unwrap();
    later(&it).await;
    it.world.desk.clock += TimeDelta::minutes(5);
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    let report = later(&it).await;
    assert_eq!((report.sent, left(&report)), (1, vec![]), "{report:#?}");
}

#[tokio::test]
async fn a_comment_that_gestsup_sends_with_its_state_is_not_sent_again_to_requester_or_observers() {
    let mut it = Notified::with("", EVERYBODY).await;
    let world = &mut it.world;
    world.desk.run("UPDATE tparameters SET mail = 1, mail_auto_user_modify = 1, ticket_observer = 1").await.unwrap();
    let boss = world.desk.person("chef", ("Anne", "Martin"), "anne@helene.fr", 2, 0).await.unwrap();
    let ticket = world.desk.open(world.requester, "Panne", "<p>a</p>").await.unwrap();
    world.desk.run(format!("UPDATE tincidents SET observer1 = {boss} WHERE id = {ticket}")).await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    assert_eq!(it.pass().await.sent, 3, "nobody was told of the opening by GestSup");
    let world = &mut it.world;
    world.desk.comment(ticket, world.paul, "<p>Quel modèle ?</p>").await.unwrap();
    world.desk.set_state(ticket, state::WAITING_FOR_REQUESTER, world.paul).await.unwrap();
    // Of the addresses GestSup writes down the requester's only.
    world.desk.send_mail(ticket, 0, "helene@helene.fr").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, left(&report)), (0, vec!["gestsup-notifies", "gestsup-notifies"]), "{report:#?}");
}

#[tokio::test]
async fn the_members_of_a_group_that_asks_get_what_a_requester_gets() {
    let mut it = Notified::with("", "").await;
    let world = &mut it.world;
    let baker = world.desk.person("fournil", ("Yves", "Pain"), "yves@helene.fr", 2, 0).await.unwrap();
    let gone = world.desk.person("parti", ("Jean", "Parti"), "jean@helene.fr", 2, 0).await.unwrap();
    world.desk.disable_person(gone).await.unwrap();
    let group = world.desk.requester_group("Fournil", &[world.requester, baker, gone]).await.unwrap();
    let ticket = world.desk.open(0, "Four froid", "<p>a</p>").await.unwrap();
    world.desk.run(format!("UPDATE tincidents SET u_group = {group} WHERE id = {ticket}")).await.unwrap();
    let mail = |to: &str| format!("{to} Ticket n°{ticket} : Four froid");
    let mut sent = it.sent().await;
    sent.sort();
    assert_eq!(sent, [mail("helene@helene.fr"), mail("yves@helene.fr")]);
    assert!(texts(&it.last()).0.contains("Votre demande est enregistrée"), "{}", texts(&it.last()).0);
    // Who closes it knows of it; and where GestSup tells the group itself, it writes down a 1.
    it.world.desk.close(ticket, baker).await.unwrap();
    assert_eq!(it.sent().await, [mail("helene@helene.fr")]);
    it.world.desk.run("UPDATE tparameters SET mail = 1, mail_auto = 1").await.unwrap();
    it.world.desk.clock += TimeDelta::minutes(5);
    it.world.desk.set_state(ticket, state::IN_PROGRESS, it.world.paul).await.unwrap();
    it.world.desk.send_mail(ticket, 0, "1").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, left(&report)), (0, vec!["gestsup-notifies", "gestsup-notifies"]), "{report:#?}");
}

#[tokio::test]
async fn letters_beyond_ascii_in_an_address_go_where_the_server_takes_them() {
    let mut it = Notified::with("", "").await;
    let one = it.world.desk.person("a", ("A", "A"), "hélène@exemple.fr", 2, 0).await.unwrap();
    let other = it.world.desk.person("b", ("B", "B"), "contact@hélène.fr", 2, 0).await.unwrap();
    it.world.desk.open(one, "Panne", "<p>a</p>").await.unwrap();
    it.world.desk.open(other, "Panne", "<p>a</p>").await.unwrap();
    assert_eq!(it.sent().await.len(), 2);
    let mails = it.mails();
    assert_eq!(mails[0].to, ["hélène@exemple.fr"]);
    assert!(mails[0].options.iter().any(|option| option == "SMTPUTF8"), "{:?}", mails[0].options);
    assert_eq!(mails[1].to, ["contact@xn--hlne-6oae.fr"]);
    assert!(!mails[1].options.iter().any(|option| option == "SMTPUTF8"));
}
