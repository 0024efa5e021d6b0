use super::*;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_wrong_password_is_told_as_what_it_is() {
    let post = Post::new().await;
    let more = "security = \"none\"\npassword = \"faux\"";
    let error = refused(settings("127.0.0.1", post.server.port(), &post.account, more)).await;
    assert_says(&error, Blast::Configuration, &["refuses box", "check `user` and `password`"]);
    assert!(!error.message.contains("faux"), "{error}");
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_gets_no_password() {
    let post = Post::new().await;
    for (port, security) in [(post.server.tls_port(), "tls"), (post.server.port(), "starttls")] {
        let error = refused(settings("localhost", port, &post.account, &format!("security = \"{security}\""))).await;
        assert_says(&error, Blast::Configuration, &["cannot be trusted", "ca_file"]);
    }
    let more = format!("ca_file = {:?}", post.server.certificate());
    let error = refused(settings("127.0.0.2", post.server.tls_port(), &post.account, &more)).await;
    assert_eq!(error.blast, Blast::System, "nothing listens there: {error}");
}

#[tokio::test]
async fn what_does_not_answer_is_told_with_its_address() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = refused(settings("127.0.0.1", free, "x", "security = \"none\"")).await;
    assert_says(&error, Blast::System, &[&format!("127.0.0.1:{free}"), "check that it runs"]);
    let error = refused(settings("nulle-part.invalid", 993, "x", "")).await;
    assert_says(&error, Blast::System, &["nulle-part.invalid:993"]);
}

/// A server that says this, line by line as the client speaks, and then nothing more.
async fn scripted(answers: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answers = answers.clone();
            tokio::spawn(async move {
                let mut heard = vec![0; 4096];
                for answer in answers {
                    if socket.write_all(&answer).await.is_err() {
                        return;
                    }
                    if !matches!(socket.read(&mut heard).await, Ok(1..)) {
                        return;
                    }
                }
                while matches!(socket.read(&mut heard).await, Ok(1..)) {}
            });
        }
    });
    port
}

fn said(lines: &[&str]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_the_timeout() {
    let scripts: [(&[&str], &str); 3] = [
        (&[], "the connection"),
        (&["* OK hello\r\n"], "the login"),
        (&["* OK hello\r\n", "A0001 OK in\r\n"], "CAPABILITY"),
    ];
    for (lines, command) in scripts {
        let port = scripted(said(lines)).await;
        let mut settings = settings("127.0.0.1", port, "x", "security = \"none\"\npassword = \"x\"");
        settings.timeout_seconds = 1;
        let begun = Instant::now();
        let error = refused(settings).await;
        assert_says(&error, Blast::System, &["said nothing for 1 s", command]);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_so() {
    for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "220 smtp ready\r\n"] {
        let error = refused(settings(
            "127.0.0.1",
            scripted(said(&[greeting])).await,
            "x",
            "security = \"none\"\npassword = \"x\"",
        ))
        .await;
        assert_says(&error, Blast::System, &["is not understood", "`port`"]);
    }
    let busy = scripted(said(&["* BYE too many connections\r\n"])).await;
    let error = refused(settings("127.0.0.1", busy, "x", "security = \"none\"\npassword = \"x\"")).await;
    assert_says(&error, Blast::System, &["too many connections"]);
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let port = scripted(said(&["* OK hello\r\n", "A0001 BAD what?\r\n"])).await;
    let error = refused(settings("127.0.0.1", port, "x", "security = \"starttls\"\npassword = \"x\"")).await;
    assert_says(&error, Blast::Configuration, &["offers no STARTTLS", "nothing was sent"]);
}

#[tokio::test]
async fn basic_authentication_that_is_switched_off_is_told_with_what_to_do() {
    let no = "A0001 NO AUTHENTICATE failed. BasicAuthBlocked-LogonDenied-BasicAuthBlockedForTenant\r\n";
    let error = refused(settings(
        "127.0.0.1",
        scripted(said(&["* OK The Microsoft Exchange IMAP4 service is ready.\r\n", no])).await,
        "x",
        "security = \"none\"\npassword = \"x\"",
    ))
    .await;
    assert_says(&error, Blast::Configuration, &["Microsoft 365 takes no passwords", "provider = \"microsoft\""]);
}

#[tokio::test]
async fn a_server_that_is_out_of_order_for_a_moment_does_not_blame_the_password() {
    let no = "A0001 NO [UNAVAILABLE] Temporary authentication failure.\r\n";
    let error = refused(settings(
        "127.0.0.1",
        scripted(said(&["* OK hello\r\n", no])).await,
        "x",
        "security = \"none\"\npassword = \"x\"",
    ))
    .await;
    assert_eq!(error.blast, Blast::System, "{error}");
}

#[tokio::test]
async fn a_server_that_sends_without_end_is_cut_off() {
    let mut flood = b"* 1 FETCH (UID 1 BODY[]<0> {100000000}\r\n".to_vec();
    flood.extend(vec![b'x'; 8 * 1024 * 1024]);
    let script = vec![
        b"* OK hello\r\n".to_vec(),
        b"A0001 OK in\r\n".to_vec(),
        b"* CAPABILITY IMAP4rev1\r\nA0002 OK\r\n".to_vec(),
        b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\nA0003 OK\r\n".to_vec(),
        flood,
    ];
    let settings = settings("127.0.0.1", scripted(script).await, "x", "security = \"none\"\npassword = \"x\"");
    let mut session = ImapMailboxes::new(&[settings]).open("support").await.unwrap();
    session.select("INBOX", true).await.unwrap();
    let listed =
        gestan_connector::flows::mail::Listed { uid: 1, size: 100, seen: false, received: None, message_id: None };
    let spool = tempfile::tempdir().unwrap();
    let error = session.fetch(&listed, ALL, spool.path()).await.unwrap_err();
    assert_says(&error, Blast::System, &["more than it was asked for"]);
    assert!(session.list(1, 10).await.is_err(), "nothing is asked of a broken session");
}

#[tokio::test]
async fn a_refusal_or_a_lost_connection_is_not_taken_for_a_mail_that_is_gone() {
    let listed =
        gestan_connector::flows::mail::Listed { uid: 1, size: 100, seen: false, received: None, message_id: None };
    for (last, blast) in [
        ("A0004 NO [SERVERBUG] later\r\n", Blast::Retry),
        ("* BYE bye\r\n", Blast::System),
        ("* 1 FETCH (UID 1 BODY[]<0> {50}\r\nab", Blast::System),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = [
            "* OK hello\r\n",
            "A0001 OK in\r\n",
            "* CAPABILITY IMAP4rev1\r\nA0002 OK\r\n",
            "* OK [UIDVALIDITY 1] x\r\nA0003 OK\r\n",
            last,
        ];
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 4096];
            for line in lines {
                socket.write_all(line.as_bytes()).await.unwrap();
                if line != last {
                    assert!(socket.read(&mut heard).await.unwrap() > 0);
                }
            }
        });
        let mut session =
            ImapMailboxes::new(&[settings("127.0.0.1", port, "x", "security = \"none\"\npassword = \"x\"")])
                .open("support")
                .await
                .unwrap();
        session.select("INBOX", true).await.unwrap();
        let spool = tempfile::tempdir().unwrap();
        let error = session.fetch(&listed, ALL, spool.path()).await.unwrap_err();
        assert_eq!(error.blast, blast, "{last}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_dies_or_hangs_in_the_middle_of_a_mail_is_an_error_and_the_mail_comes_next_time() {
    let server = tokio::task::spawn_blocking(|| start(&["mortel"], "")).await.unwrap();
    let mut big = b"Subject: gros\r\nMessage-ID: <g@x>\r\n\r\n".to_vec();
    big.extend("ligne de texte\r\n".repeat(600_000).into_bytes());
    server.deliver("mortel", "INBOX", &big).unwrap();
    let mut settings = settings("127.0.0.1", server.port(), "mortel", "security = \"none\"");
    settings.timeout_seconds = 2;
    let mailboxes = ImapMailboxes::new(&[settings]);
    let spool = tempfile::tempdir().unwrap();
    for fault in ["KILL", "HANG"] {
        let mut session = mailboxes.open("support").await.unwrap();
        session.select("INBOX", true).await.unwrap();
        let listed = session.list(1, 1).await.unwrap().remove(0);
        let strike = async {
            // Once the first pieces are in the spool.
            while std::fs::read_dir(spool.path()).unwrap().next().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if fault == "KILL" { server.stop("KILL").unwrap() } else { server.hang(true).unwrap() }
        };
        let (fetched, ()) = tokio::join!(session.fetch(&listed, ALL, spool.path()), strike);
        let error = fetched.unwrap_err();
        assert_eq!(error.blast, Blast::System, "{fault}: {error}");
        session.close().await;
        assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0, "something was left in the spool");
        if fault == "KILL" { server.start_again().unwrap() } else { server.hang(false).unwrap() }
    }
    let mut session = mailboxes.open("support").await.unwrap();
    session.select("INBOX", true).await.unwrap();
    let listed = session.list(1, 1).await.unwrap().remove(0);
    let mail = session.fetch(&listed, ALL, spool.path()).await.unwrap().unwrap();
    assert_eq!((mail.size, mail.parts.len()), (big.len() as u64, 1));
}
