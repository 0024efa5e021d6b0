//! The mail flow on real servers: mails of a Dovecot become tickets and comments of a GestSup base, each once.

mod deciding;
mod hostile;
mod observing;
mod once;
mod service;

use crate::mailbox::Post;
use crate::support::World;
use gestan_connector::daemon::PassResult;
use gestan_connector::demo::dovecot::PASSWORD;
use gestan_connector::flows::mail::{MailFilter, MailMemory as _, MailReport, MailRow};
use gestan_connector::flows::tickets::PassOptions;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use std::fmt::Write as _;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// A world whose mail flow is on, with one mailbox and GestSup's folder of files.
pub struct Desk {
    pub world: World,
    pub post: Post,
}

/// A mail in the making.
#[derive(Clone)]
pub struct Letter {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Letter {
    pub fn new(from: &str, subject: &str, body: &str) -> Self {
        let headers = [("From", from), ("To", "support@sav.fr"), ("Subject", subject)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { headers, body: body.to_owned() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a Message-ID.
    pub fn id(self, id: &str) -> Self {
        self.with("Message-ID", &format!("<{id}>"))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        if !text.contains("Content-Type") {
            text.push_str(
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
            );
        }
        format!("{text}\n{}\n", self.body)
    }
}

/// Configuration of the flow: `more` goes into `[mail]`, `behind` comes after it.
pub fn settings(post: &Post, upload: &std::path::Path, more: &str, behind: &str) -> String {
    let password = PASSWORD.replace('"', "\\\"");
    format!(
        "[mail]\nenabled = true\n{more}\n[mail.attachments]\nfolder = \"{}\"\n{behind}\n\
         [[mail.mailboxes]]\nname = \"support\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword = \"{password}\"\n\
         security = \"none\"\ntimeout_seconds = 10\n",
        upload.display(),
        post.server.port(),
        post.account
    )
}

impl Desk {
    pub async fn new() -> Self {
        Self::with("", "").await
    }

    pub async fn with(more: &str, behind: &str) -> Self {
        let post = Post::new().await;
        let upload = tempfile::tempdir().unwrap();
        std::fs::create_dir(upload.path().join("ticket")).unwrap();
        let mut world = World::with(&settings(&post, upload.path(), more, behind)).await;
        world.kept.push(upload);
        world.sandbox.let_it_take_mails().await.unwrap();
        Self { world, post }
    }

    /// The folder of GestSup's files of tickets.
    pub fn files(&self) -> PathBuf {
        self.world.kept[0].path().join("ticket")
    }

    pub fn deliver(&self, letter: &Letter) {
        self.post.deliver(&letter.text());
    }

    pub async fn pass_with(&self, options: PassOptions) -> MailReport {
        match self.world.site.take_mails(&options, &CancellationToken::new()).await.unwrap() {
            PassResult::Done(report) => *report,
            PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
        }
    }

    pub async fn pass(&self) -> MailReport {
        self.pass_with(PassOptions::default()).await
    }

    /// Rows of GestSup as `a|b|c`.
    pub async fn ask(&self, columns: &str, from: &str) -> Vec<String> {
        ask(&self.world, columns, from).await
    }

    pub async fn rows(&self) -> Vec<MailRow> {
        self.world.site.store().mails(&MailFilter::default()).await.unwrap()
    }

    /// What became of the mails, oldest first.
    pub async fn told(&self) -> Vec<String> {
        let mut rows = self.rows().await;
        rows.reverse();
        rows.iter().map(|row| format!("{} {} {:?}", row.outcome.as_str(), row.code, row.ticket)).collect()
    }
}

/// Rows of GestSup as `a|b|c`.
pub async fn ask(world: &World, columns: &str, from: &str) -> Vec<String> {
    crate::follow_up::ask(world, columns, from).await
}

pub async fn root(world: &World, sql: &str) {
    let mut root = MySqlConnection::connect(&world.sandbox.url(&world.sandbox.gestsup)).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut root).await.unwrap();
}
