//! A mail server of our own that takes mails and keeps them: on loopback, in a temporary folder, gone with the process that
//! started it. It is Python's `aiosmtpd`, told by a file what to refuse.

use super::dovecot::make_certificate;
use super::mariadb::{free_port, wait_until_it_answers};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The system's own Python has the system's packages.
const PYTHON: &str = "/usr/bin/python3";
const PROGRAM: &str = include_str!("smtp.py");

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Parameters of MAIL.
    pub options: Vec<String>,
    /// It came over TLS.
    pub tls: bool,
    /// The account that was logged in; empty without one.
    pub login: String,
    /// Headers and body.
    pub content: String,
}

impl Taken {
    /// A header, unfolded; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let headers =
            self.content.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        let start = format!("{}:", name.to_lowercase());
        let found = headers.lines().find(|line| line.to_lowercase().starts_with(&start));
        found.map(|line| line[start.len()..].trim().to_owned()).unwrap_or_default()
    }

    /// The parts' texts, decoded, in their order.
    ///
    /// # Errors
    /// When it is no mail.
    pub fn parts(&self) -> anyhow::Result<Vec<(String, String)>> {
        fn walk(mail: &mailparse::ParsedMail<'_>, parts: &mut Vec<(String, String)>) -> anyhow::Result<()> {
            if mail.subparts.is_empty() {
                parts.push((mail.ctype.mimetype.clone(), mail.get_body()?));
            }
            mail.subparts.iter().try_for_each(|part| walk(part, parts))
        }
        let mut parts = Vec::new();
        walk(&mailparse::parse_mail(self.content.as_bytes())?, &mut parts)?;
        Ok(parts)
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        use mailparse::MailHeaderMap as _;
        let parsed = mailparse::parse_headers(self.content.as_bytes());
        parsed.ok().and_then(|(headers, _)| headers.get_first_value("Subject")).unwrap_or_default()
    }
}

/// How its connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpMode {
    /// Not at all.
    Plain,
    /// Not at all, and it knows no letters beyond ASCII in addresses.
    Ascii,
    /// From the first byte.
    Tls,
    /// After STARTTLS.
    Starttls,
}

/// A running private mail server. Dropping it ends the server and removes its mails.
#[derive(Debug)]
pub struct PrivateSmtp {
    folder: TempDir,
    port: u16,
    mode: SmtpMode,
    account: Option<(String, String)>,
    server: Option<Child>,
}

impl PrivateSmtp {
    /// Starts one that takes everything.
    ///
    /// # Errors
    /// When aiosmtpd is not installed or does not come up.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(SmtpMode::Plain, None)
    }

    /// Starts one with encryption, and with an account and password that it wants.
    ///
    /// # Errors
    /// As for [`PrivateSmtp::start`].
    pub fn start_with(mode: SmtpMode, account: Option<(&str, &str)>) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("gestan-connector-smtp-")?;
        std::fs::create_dir(folder.path().join("mails"))?;
        std::fs::write(folder.path().join("smtp.py"), PROGRAM)?;
        if matches!(mode, SmtpMode::Tls | SmtpMode::Starttls) {
            make_certificate(folder.path())?;
        }
        let account = account.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let mut this = Self { folder, port: free_port()?, mode, account, server: None };
        this.start_again()?;
        Ok(this)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its certificate, which signs itself, for `localhost` and `127.0.0.1`.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Says how it behaves from now on, in the words of `smtp.py`; an empty text: well.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn behave(&self, lines: &str) -> anyhow::Result<()> {
        let fresh = self.folder.path().join("behaviour.new");
        std::fs::write(&fresh, lines)?;
        std::fs::rename(fresh, self.folder.path().join("behaviour"))?;
        Ok(())
    }

    /// The mails that it took, in their order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn taken(&self) -> anyhow::Result<Vec<Taken>> {
        let folder = self.folder.path().join("mails");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files.iter().map(|file| Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)).collect()
    }

    /// Forgets the mails that it took.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn forget(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(self.folder.path().join("mails"))? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Ends it; its mails stay.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Starts it again on the same port.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(Path::new(PYTHON).is_file(), "{PYTHON} is missing: apt-get install python3 python3-aiosmtpd");
        let mode = match self.mode {
            SmtpMode::Plain => "plain",
            SmtpMode::Ascii => "ascii",
            SmtpMode::Tls => "tls",
            SmtpMode::Starttls => "starttls",
        };
        let (user, password) = self.account.clone().unwrap_or_default();
        let log = std::fs::File::create(self.folder.path().join("server.out"))?;
        let mut server = Command::new(PYTHON)
            .arg(self.folder.path().join("smtp.py"))
            .arg(self.folder.path())
            .args([&self.port.to_string(), mode, &user, &password])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("while starting the private mail server")?;
        wait_until_it_answers(
            "aiosmtpd (apt-get install python3-aiosmtpd)",
            self.folder.path(),
            self.port,
            &mut server,
        )?;
        self.server = Some(server);
        Ok(())
    }
}

impl Drop for PrivateSmtp {
    fn drop(&mut self) {
        self.stop();
    }
}
