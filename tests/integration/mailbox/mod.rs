//! The adapter to mailboxes on a real Dovecot.

mod faults;
mod filing;
mod large;
mod reading;
mod tokens;

use gestan_connector::config::Mailbox;
use gestan_connector::demo::dovecot::{PASSWORD, PrivateDovecot};
use gestan_connector::flows::mail::{MailSession, Mailboxes as _};
use gestan_connector::flows::{Blast, PortError};
use gestan_connector::mailbox::ImapMailboxes;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// More than any mail of a test has.
const ALL: u64 = 100_000_000;

static SERVER: OnceLock<PrivateDovecot> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The one private mail server of this test run.
pub async fn server() -> &'static PrivateDovecot {
    tokio::task::spawn_blocking(|| SERVER.get_or_init(|| start(&[], ""))).await.unwrap()
}

pub fn start(accounts: &[&str], more: &str) -> PrivateDovecot {
    let _ = rustls::crypto::ring::default_provider().install_default();
    PrivateDovecot::start_with(accounts, more).expect("a private Dovecot (apt-get install dovecot-imapd)")
}

/// An account of its own on a server, and a spool.
pub struct Post {
    pub server: &'static PrivateDovecot,
    pub account: String,
    pub spool: TempDir,
}

impl Post {
    pub async fn new() -> Self {
        let server = server().await;
        let account = format!("box{}", NEXT.fetch_add(1, Ordering::Relaxed));
        server.add_account(&account).unwrap();
        Self { server, account, spool: tempfile::tempdir().unwrap() }
    }

    pub fn deliver(&self, mail: &str) {
        self.server.deliver(&self.account, "INBOX", mail.replace('\n', "\r\n").as_bytes()).unwrap();
    }

    pub fn deliver_numbered(&self, number: usize) {
        self.deliver(&format!("From: a@b.fr\nSubject: mail {number}\nMessage-ID: <{number}@b.fr>\n\ntexte {number}\n"));
    }

    pub async fn open(&self) -> Box<dyn MailSession> {
        let settings = settings("127.0.0.1", self.server.port(), &self.account, "security = \"none\"");
        ImapMailboxes::new(&[settings]).open("support").await.unwrap()
    }

    /// A session with the folder open for work.
    pub async fn work(&self) -> Box<dyn MailSession> {
        let mut session = self.open().await;
        session.select("INBOX", false).await.unwrap();
        session
    }

    /// Marks of the only mail of the inbox, from its file's name.
    pub fn marks(&self) -> String {
        let folder = self.server.maildir(&self.account, "INBOX").join("cur");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter_map(|name| Some(name.split_once(":2,")?.1.to_owned())).collect()
    }
}

pub fn settings(host: &str, port: u16, account: &str, more: &str) -> Mailbox {
    let password = PASSWORD.replace('"', "\\\"");
    let text = format!(
        "name = \"support\"\nhost = \"{host}\"\nport = {port}\nuser = \"{account}\"\ntimeout_seconds = 10\n{more}\n"
    );
    let text = if more.contains("oauth") || more.contains("password") {
        text
    } else {
        format!("password = \"{password}\"\n{text}")
    };
    toml::from_str(&text).unwrap()
}

pub async fn refused(settings: Mailbox) -> PortError {
    match ImapMailboxes::new(&[settings]).open("support").await {
        Ok(_) => panic!("the mailbox opened"),
        Err(error) => error,
    }
}

pub fn assert_says(error: &PortError, blast: Blast, words: &[&str]) {
    assert_eq!(error.blast, blast, "{error}");
    for word in words {
        assert!(error.message.contains(word), "“{word}” is missing in: {error}");
    }
}
