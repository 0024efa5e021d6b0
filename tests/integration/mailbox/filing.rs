use super::*;
use gestan_connector::model::Filing;

fn each(filing: Filing) -> [Filing; 1] {
    [filing]
}

#[tokio::test]
async fn marks_are_set_and_setting_them_again_changes_nothing() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    let mut session = post.work().await;
    let all = [Filing::Seen, Filing::Flag, Filing::Keyword("Gestan fait !".into())];
    for _ in 0..2 {
        session.file(1, &all).await.unwrap();
        // A keyword is a letter of its own in the name.
        assert_eq!(post.marks(), "FSa");
    }
    let keywords =
        std::fs::read_to_string(post.server.maildir(&post.account, "INBOX").join("dovecot-keywords")).unwrap();
    assert_eq!(keywords.trim(), "0 Gestan_fait__");
}

#[tokio::test]
async fn a_mail_is_moved_into_a_folder_that_is_made_for_it() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    post.deliver_numbered(2);
    let mut session = post.work().await;
    for _ in 0..2 {
        session.file(1, &[Filing::Seen, Filing::Move("Traités/2026".into()), Filing::Flag]).await.unwrap();
    }
    assert_eq!(post.server.count(&post.account, "INBOX"), 1);
    assert_eq!(post.server.count(&post.account, "Traités.2026"), 1);
    let subscribed =
        std::fs::read_to_string(post.server.maildir(&post.account, "INBOX").join("subscriptions")).unwrap();
    assert!(subscribed.contains("Trait"), "{subscribed}");
}

#[tokio::test]
async fn a_copy_that_was_made_before_a_crash_is_not_made_again() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    for _ in 0..3 {
        let mut session = post.work().await;
        session.file(1, &each(Filing::Copy("Archives".into()))).await.unwrap();
        session.file(1, &each(Filing::Seen)).await.unwrap();
    }
    assert_eq!(post.server.count(&post.account, "Archives"), 1);
    assert_eq!(post.server.count(&post.account, "INBOX"), 1);
    assert_eq!(post.marks(), "S");
}

#[tokio::test]
async fn deleting_removes_this_mail_and_not_what_others_have_marked() {
    let post = Post::new().await;
    for number in 1..=3 {
        post.deliver_numbered(number);
    }
    let mut session = post.work().await;
    assert_eq!(session.list(1, 10).await.unwrap().len(), 3);
    // Somebody marked the second one in a mail program and has not cleared it away.
    let folder = post.server.maildir(&post.account, "INBOX").join("cur");
    let second = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| std::fs::read_to_string(path).unwrap().contains("texte 2"))
        .unwrap();
    std::fs::rename(&second, format!("{}T", second.display())).unwrap();
    for _ in 0..2 {
        session.file(1, &each(Filing::Delete)).await.unwrap();
    }
    assert_eq!(post.server.count(&post.account, "INBOX"), 2);
    assert!(
        session.list(1, 10).await.unwrap().iter().all(|one| one.uid == 3),
        "a mail that is marked as deleted was listed"
    );
}

#[tokio::test]
async fn a_mail_that_is_gone_is_no_error() {
    let post = Post::new().await;
    post.deliver_numbered(1);
    let mut session = post.work().await;
    let listed = session.list(1, 1).await.unwrap().remove(0);
    post.work().await.file(1, &each(Filing::Delete)).await.unwrap();
    assert_eq!(session.fetch(&listed, ALL, post.spool.path()).await.unwrap(), None);
    session.file(1, &[Filing::Seen, Filing::Copy("x".into()), Filing::Move("y".into()), Filing::Delete]).await.unwrap();
    assert_eq!(post.server.count(&post.account, "x"), 0);
}

#[tokio::test]
async fn without_move_and_uidplus_a_mail_still_leaves_its_folder() {
    let server = tokio::task::spawn_blocking(|| start(&["vieux"], "imap_capability = IMAP4rev1 LITERAL+ SASL-IR"))
        .await
        .unwrap();
    server.deliver("vieux", "INBOX", b"Subject: x\r\nMessage-ID: <1@x>\r\n\r\ny").unwrap();
    let mailboxes = ImapMailboxes::new(&[settings("127.0.0.1", server.port(), "vieux", "security = \"none\"")]);
    let mut session = mailboxes.open("support").await.unwrap();
    session.select("INBOX", false).await.unwrap();
    assert!(!session.tells());
    for _ in 0..2 {
        session.file(1, &each(Filing::Move("Fait".into()))).await.unwrap();
    }
    assert_eq!(server.count("vieux", "Fait"), 1);
    assert_eq!(session.list(1, 10).await.unwrap(), Vec::new());
}
