use super::*;
use gestan_connector::flows::mail::Listed;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_mail_is_listed_and_fetched_and_stays_unread() {
    let post = Post::new().await;
    post.deliver(
        "From: =?utf-8?Q?Cl=C3=A9a?= <Clea@b.fr>\nSubject: =?utf-8?B?w4ljcmFu?=\nMessage-ID: <x@b.fr>\n\nnoir\n",
    );
    let mut session = post.open().await;
    let state = session.select("INBOX", true).await.unwrap();
    assert_eq!((state.exists, state.uid_next), (1, Some(2)));
    let listed = session.list(1, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].uid, listed[0].seen, listed[0].message_id.as_deref()), (1, false, Some("x@b.fr")));
    assert!(listed[0].received.unwrap() > chrono::Utc::now() - chrono::TimeDelta::hours(1));
    let mail = session.fetch(&listed[0], ALL, post.spool.path()).await.unwrap().unwrap();
    assert_eq!((mail.subject.as_str(), mail.text.as_deref()), ("Écran", Some("noir\n")));
    assert_eq!((mail.size, mail.received), (listed[0].size, listed[0].received));
    assert!(!session.list(1, 10).await.unwrap()[0].seen);
    session.close().await;
    assert_eq!(post.marks().replace('S', ""), post.marks());
}

#[tokio::test]
async fn every_way_in_works_and_passwords_may_hold_anything() {
    let post = Post::new().await;
    let certificate = post.server.certificate();
    let trusting = format!("ca_file = {certificate:?}");
    for (port, security) in
        [(post.server.tls_port(), "tls"), (post.server.port(), "starttls"), (post.server.port(), "none")]
    {
        let more = format!("security = \"{security}\"\n{trusting}");
        let settings = settings("localhost", port, &post.account, &more);
        let mut session =
            ImapMailboxes::new(&[settings]).open("support").await.unwrap_or_else(|error| panic!("{security}: {error}"));
        assert_eq!(session.select("INBOX", false).await.unwrap().exists, 0);
        assert!(session.tells());
        session.close().await;
    }
}

#[tokio::test]
async fn two_thousand_mails_are_listed_page_by_page() {
    let post = Post::new().await;
    for number in 1..=2000 {
        post.deliver_numbered(number);
    }
    let mut session = post.work().await;
    let mut found: Vec<Listed> = Vec::new();
    loop {
        let from = found.last().map_or(1, |last| last.uid + 1);
        let page = session.list(from, 300).await.unwrap();
        assert!(page.len() <= 300);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found.len(), 2000);
    assert!(found.windows(2).all(|pair| pair[0].uid < pair[1].uid));
    let ids: std::collections::BTreeSet<_> = found.iter().map(|one| one.message_id.clone().unwrap()).collect();
    assert_eq!(ids.len(), 2000);
    assert_eq!(session.list(2001, 10).await.unwrap(), Vec::new());
    let mail = session.fetch(&found[1234], ALL, post.spool.path()).await.unwrap().unwrap();
    assert_eq!(Some(mail.message_id.unwrap()), found[1234].message_id);
}

#[tokio::test]
async fn folders_with_accents_are_found_and_a_missing_one_names_those_that_there_are() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    let mut session = post.work().await;
    session.file(1, &[gestan_connector::model::Filing::Copy("Réglé/Été".into())]).await.unwrap();
    assert_eq!(session.select("Réglé/Été", true).await.unwrap().exists, 1);
    let error = session.select("Traités", false).await.unwrap_err();
    assert_says(&error, Blast::Configuration, &["no folder “Traités”", "“Réglé/Été”", "“INBOX”"]);
    assert_eq!(session.select("INBOX", false).await.unwrap().exists, 1);
}

#[tokio::test]
async fn new_uids_of_a_folder_show() {
    let server = tokio::task::spawn_blocking(|| start(&["seul"], "")).await.unwrap();
    server.deliver("seul", "INBOX", b"Subject: x\r\n\r\ny").unwrap();
    let mailboxes = ImapMailboxes::new(&[settings("127.0.0.1", server.port(), "seul", "security = \"none\"")]);
    let mut session = mailboxes.open("support").await.unwrap();
    let before = session.select("INBOX", false).await.unwrap();
    session.close().await;
    server.forget_uids("seul", "INBOX").unwrap();
    // Dovecot makes a new validity of the time in seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let mut session = mailboxes.open("support").await.unwrap();
    let after = session.select("INBOX", false).await.unwrap();
    assert_ne!(before.uid_validity, after.uid_validity);
    assert_eq!(after.exists, 1);
}

#[tokio::test]
async fn a_mail_that_comes_while_waiting_is_told_at_once() {
    let post = Post::new().await;
    let mut session = post.work().await;
    let cancel = CancellationToken::new();
    let begun = Instant::now();
    assert!(!session.wait(Duration::from_millis(300), &cancel).await.unwrap());
    assert!(begun.elapsed() < Duration::from_secs(3));
    let news = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        post.deliver_numbered(1);
    };
    let (told, ()) = tokio::join!(session.wait(Duration::from_secs(60), &cancel), news);
    assert!(told.unwrap());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(session.list(1, 10).await.unwrap().len(), 1);
    // One that came between the list and the waiting is not slept through.
    post.deliver_numbered(2);
    assert!(session.wait(Duration::from_secs(20), &cancel).await.unwrap());
}

#[tokio::test]
async fn waiting_ends_when_the_service_is_to_stop() {
    let post = Post::new().await;
    let mut session = post.work().await;
    let cancel = CancellationToken::new();
    let begun = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        cancel.cancel();
    };
    let (told, ()) = tokio::join!(session.wait(Duration::from_secs(600), &cancel), stop);
    assert!(!told.unwrap());
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(session.list(1, 10).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn the_check_says_what_is_there_and_what_is_missing() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    let mut settings = settings("127.0.0.1", post.server.port(), &post.account, "security = \"none\"");
    settings.folders.push("Absent".to_owned());
    let findings = gestan_connector::mailbox::check(&[settings]).await;
    let text =
        findings.iter().map(|finding| format!("{:?} {}", finding.level, finding.text)).collect::<Vec<_>>().join("\n");
    assert!(text.contains("Error the mailbox support has no folder “Absent”"), "{text}");
    assert!(text.contains("INBOX (1 mails)"), "{text}");
    assert_eq!(post.marks(), "");
}
