//! Each mail once, wherever it lies and whatever happens.

use super::*;
use crate::commands::run;

#[tokio::test]
async fn the_same_mail_in_two_folders_and_again_after_new_uids_is_one_ticket() {
    let desk = Desk::new().await;
    let letter = Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x");
    desk.deliver(&letter);
    desk.deliver(&letter.clone().with("X-Path", "another server"));
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.duplicates), (1, 1), "{report:#?}");
    // However old they are, and however often they are listed again.
    let tomorrow = chrono::Utc::now() + chrono::TimeDelta::days(1);
    desk.world.site.store().forget_before(tomorrow).await.unwrap();
    assert_eq!(desk.told().await, ["ticket new Some(1)"], "of the duplicate nothing is left");
    desk.post.server.forget_uids(&desk.post.account, "INBOX").unwrap();
    let validity = desk.post.server.maildir(&desk.post.account, "INBOX");
    assert!(validity.exists());
    let report = desk.pass().await;
    assert_eq!(report.writes(), 0, "{report:#?}");
    assert_eq!(desk.ask("COUNT(*)", "tincidents").await, ["1"]);
}

#[tokio::test]
async fn programs_that_reuse_an_id_or_give_none_lose_no_mail() {
    let desk = Desk::new().await;
    for text in ["Toner bas", "Bac vide"] {
        desk.deliver(&Letter::new("helene@helene.fr", "Alerte", text).id("always@printer"));
    }
    for _ in 0..2 {
        desk.deliver(
            &Letter::new("helene@helene.fr", "Sans numéro", "Le même").with("Date", "Mon, 02 Mar 2026 09:00:00 +0100"),
        );
    }
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.duplicates), (3, 1), "{report:#?}");
}

#[tokio::test]
async fn a_mail_that_somebody_looked_after_is_taken_off_the_list_and_stays_where_it_lies() {
    let desk = Desk::with("", "[mail.senders]\nunknown = \"park\"\n").await;
    for (number, subject) in [(1, "Un"), (2, "Deux"), (3, "Trois")] {
        desk.deliver(&Letter::new("qui@ailleurs.fr", subject, "Bonjour").id(&format!("{number}@x")));
    }
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("4@x"));
    let report = desk.pass().await;
    assert_eq!((report.parked, report.tickets), (3, 1), "{report:#?}");
    let rows = desk.rows().await;
    let id = |subject: &str| rows.iter().find(|row| row.subject == subject).unwrap().id.to_string();
    let config = desk.world.config_file();
    let Desk { world, post } = desk;
    // The command needs the state for itself.
    drop(world.site);
    let folders = || ["INBOX", "Quarantaine"].map(|folder| post.server.count(&post.account, folder));
    let lying = folders();
    let (code, said, errors) = run(&config, &["mail", "drop", &id("Un"), &id("Deux")]).await;
    assert_eq!((code, said.lines().count()), (0, 2), "{said}{errors}");
    assert!(said.contains(&format!("Mail {} is taken off the list.", id("Un"))), "{said}");
    let (_, listed, _) = run(&config, &["--json", "mail", "list", "--outcome", "parked"]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().iter().map(|row| &row["subject"]).collect::<Vec<_>>(), ["Trois"]);
    let (_, shown, _) = run(&config, &["mail", "show", &id("Un")]).await;
    assert!(shown.contains("dropped") && shown.contains("somebody looked after it"), "{shown}");
    let (_, status, _) = run(&config, &["--json", "status"]).await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["mails"], serde_json::json!({ "parked": 1 }));
    // What is in a ticket, and what there is not, is no matter of this list; a second time neither.
    for (mail, said) in [
        (id("Imprimante"), "it stays what it is"),
        (id("Un"), "it stays what it is"),
        ("99".to_owned(), "there is no mail 99"),
    ] {
        let (code, _, errors) = run(&config, &["mail", "drop", &mail]).await;
        assert!(code != 0 && errors.contains(said), "{mail}: {errors}");
    }
    let pass = async || {
        let (_, report, errors) = run(&config, &["--json", "sync", "mail"]).await;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap_or_else(|_| panic!("{report}{errors}"));
        [&report["tickets"], &report["looked_at"]].map(|count| count.as_u64().unwrap())
    };
    assert_eq!((pass().await, folders()), ([0, 0], lying), "nothing is done with them");
    // A second thought.
    let (code, _, errors) = run(&config, &["mail", "replay", &id("Deux")]).await;
    assert_eq!(code, 0, "{errors}");
    assert_eq!(pass().await, [1, 1]);
}

#[tokio::test]
async fn a_mail_that_gestsup_refuses_is_set_aside_and_holds_up_none_behind_it() {
    let desk = Desk::with("attempts = 2", "").await;
    std::fs::remove_dir(desk.files()).unwrap();
    let body = "--b\nContent-Type: text/plain\n\nVoir\n--b\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\n%PDF\n--b--";
    desk.deliver(
        &Letter::new("helene@helene.fr", "Un", body).with("Content-Type", "multipart/mixed; boundary=b").id("a@x"),
    );
    desk.deliver(&Letter::new("helene@helene.fr", "Deux", "Sans fichier").id("b@x"));
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.failed), (1, 1), "{report:#?}");
    assert!(report.records[0].message.contains("folder of uploaded files"), "{report:#?}");
    let config = desk.world.config_file();
    let (_, status, _) = run(&config, &["status"]).await;
    assert!(status.contains("“Un”, is tried again from") && status.contains("has it tried at once."), "{status}");
    sqlx_due(&desk).await;
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.parked), (0, 1), "{report:#?}");
    assert_eq!(desk.post.server.count(&desk.post.account, "Quarantaine"), 1);
    assert_eq!(desk.ask("COUNT(*)", "tincidents").await, ["1"], "nothing of the failed one is left");
    let (_, status, _) = run(&config, &["status"]).await;
    let id = desk.rows().await.into_iter().find(|row| row.subject == "Un").unwrap().id.to_string();
    let cure = format!("`gestan-connector mail replay {id}` then takes it in.");
    assert!(status.contains("“Un”, is set aside since") && status.contains(&cure), "{status}");
    assert!(status.contains("No ticket waits and none failed.") && !status.contains("Nothing waits"), "{status}");
    let (_, status, _) = run(&config, &["--json", "status"]).await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["mails"], serde_json::json!({ "parked": 1 }));
    assert_eq!(status["mail_troubles"][0]["subject"], "Un");
    let (_, shown, _) = run(&config, &["mail", "show", &id]).await;
    assert!(shown.contains("parked (failed)") && shown.contains("means") && shown.contains(&cure), "{shown}");
    std::fs::create_dir(desk.files()).unwrap();
    let row = desk.rows().await.into_iter().find(|row| row.subject == "Un").unwrap();
    desk.world.site.replay_mail(row).await.unwrap();
    let report = desk.pass().await;
    assert_eq!(report.tickets, 1, "{report:#?}");
    let (_, status, _) = run(&config, &["status"]).await;
    assert!(!status.contains("“Un”") && status.contains("Nothing waits and nothing failed."), "{status}");
    let (_, story, _) = run(&config, &["show", "2"]).await;
    assert!(story.contains("Mails that came in:") && story.contains("helene@helene.fr"), "{story}");
    assert_eq!(desk.ask("real_filename", "tattachments").await, ["a.pdf"]);
}

/// Makes every failed mail due.
async fn sqlx_due(desk: &Desk) {
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", desk.world.state_path().display());
    let mut state = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE mail SET next_at = '2020-01-01T00:00:00Z' WHERE next_at IS NOT NULL")
        .execute(&mut state)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_lay_there_read_before_the_first_look_is_history() {
    let desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Vieux", "lu").id("a@x"));
    let mut session = desk.post.work().await;
    session.file(1, &[gestan_connector::model::Filing::Seen]).await.unwrap();
    session.close().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Neuf", "non lu").id("b@x"));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    desk.pass().await;
    assert_eq!(desk.ask("title", "tincidents").await, ["Neuf"]);
}

#[tokio::test]
async fn a_sender_that_sends_too_much_is_excluded_and_a_mailbox_that_gets_too_much_waits() {
    let desk = Desk::with("sender_per_hour = 2\nmailbox_per_hour = 3", "").await;
    for number in 0..4 {
        desk.deliver(&Letter::new("helene@helene.fr", &format!("N {number}"), "boucle").id(&format!("{number}@x")));
    }
    for number in 4..8 {
        desk.deliver(&Letter::new(&format!("a{number}@y.fr"), &format!("N {number}"), "x").id(&format!("{number}@x")));
    }
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.excluded, report.paused.len()), (3, 2, 1), "{report:#?}");
    let again = desk.pass().await;
    assert_eq!((again.tickets, again.paused.len()), (0, 1), "{again:#?}");
    assert_eq!(desk.ask("COUNT(*)", "tincidents").await, ["3"]);
}

#[tokio::test]
async fn steps_that_gestsup_hung_on_our_ticket_go_back_to_the_one_they_were_meant_for() {
    use gestan_connector::demo::help_desk::Comment;
    let mut desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    let (paul, requester) = (desk.world.paul, desk.world.requester);
    let half =
        desk.world.desk.begin_to_open(paul, requester, "Par téléphone", "<p>x</p>", Comment::default()).await.unwrap();
    desk.pass().await;
    let theirs = desk.world.desk.finish(half).await.unwrap();
    assert_eq!(desk.ask("ticket", "tthreads WHERE type = 1").await, ["1"], "GestSup hung it on ours");
    let report = desk.pass().await;
    assert_eq!(report.remarks.len(), 1, "{report:#?}");
    assert_eq!(desk.ask("ticket", "tthreads WHERE type = 1").await, [theirs.to_string()]);
    assert!(desk.pass().await.remarks.is_empty());
}
