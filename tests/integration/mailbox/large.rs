use super::*;
use base64::Engine as _;
use gestan_connector::model::PartContent;

/// The highest memory of this process so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A line of the attachment, and how many there are.
const LINE: &[u8; 57] = b"une ligne de la piece jointe, toujours la meme, longue....\n".first_chunk().unwrap();
const LINES: usize = 650_000;

#[tokio::test]
async fn fifty_megabytes_are_taken_in_little_memory() {
    let post = Post::new().await;
    let line = format!("{}\r\n", base64::engine::general_purpose::STANDARD.encode(LINE));
    let head = "From: a@b.fr\r\nSubject: gros\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nvoir la pi\u{e8}ce\r\n--m\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let mail = format!("{head}{}--m--\r\n", line.repeat(LINES));
    assert!(mail.len() > 50_000_000);
    post.server.deliver(&post.account, "INBOX", mail.as_bytes()).unwrap();
    drop(mail);
    // In a process of its own, whose memory nothing else uses.
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "mailbox::large::in_a_process_of_its_own", "--ignored"])
        .env("BOX", format!("{} {} {}", post.server.port(), post.account, post.spool.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said} {}", String::from_utf8_lossy(&ran.stderr));
    let grown = std::fs::read_to_string(post.spool.path().join("grown")).unwrap();
    let grown: u64 = grown.parse().unwrap();
    assert!(grown < 16 * 1024, "the memory grew by {grown} KiB");
}

#[tokio::test]
#[ignore = "run by fifty_megabytes_are_taken_in_little_memory"]
async fn in_a_process_of_its_own() {
    let given = std::env::var("BOX").unwrap();
    let mut given = given.splitn(3, ' ');
    let (port, account) = (given.next().unwrap().parse().unwrap(), given.next().unwrap());
    let spool = std::path::PathBuf::from(given.next().unwrap());
    let mailboxes = ImapMailboxes::new(&[settings("127.0.0.1", port, account, "security = \"none\"")]);
    let mut session = mailboxes.open("support").await.unwrap();
    session.select("INBOX", true).await.unwrap();
    let listed = session.list(1, 1).await.unwrap().remove(0);
    let before = peak();
    let mail = session.fetch(&listed, ALL, &spool).await.unwrap().unwrap();
    let grown = peak() - before;
    assert!(mail.text.unwrap().starts_with("voir"));
    let PartContent::File(path) = &mail.parts[0].content else { panic!("in memory") };
    assert!(path.starts_with(&spool));
    assert!(std::fs::read(path).unwrap().chunks(LINE.len()).all(|line| line == LINE));
    assert_eq!(mail.parts[0].size, (LINE.len() * LINES) as u64);
    std::fs::write(spool.join("grown"), grown.to_string()).unwrap();
}

#[tokio::test]
async fn of_a_mail_over_the_limit_only_the_headers_are_taken() {
    let post = Post::new().await;
    post.deliver(&format!("From: a@b.fr\nSubject: gros\nMessage-ID: <g@b.fr>\n\n{}", "x\n".repeat(100_000)));
    let mut session = post.work().await;
    let listed = session.list(1, 1).await.unwrap().remove(0);
    let mail = session.fetch(&listed, 50_000, post.spool.path()).await.unwrap().unwrap();
    assert!(mail.headers_only && mail.text.is_none());
    assert_eq!((mail.subject.as_str(), mail.message_id.as_deref(), mail.size), ("gros", Some("g@b.fr"), listed.size));
    // A server that tells a size that is too small is not believed.
    let lie = gestan_connector::flows::mail::Listed { size: 10, ..listed };
    let mail = session.fetch(&lie, 50_000, post.spool.path()).await.unwrap().unwrap();
    assert!(mail.headers_only || mail.size == 10, "{mail:?}");
}
