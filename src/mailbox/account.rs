//! The mailboxes of a site, and the way into each: a password, or a token.

use super::connection::{Greeted, Metered, connect, place, trust};
use super::error::{MailboxError, advice, tidy};
use super::session::{Abilities, ImapSession};
use super::token::Tokens;
use crate::config::Mailbox;
use crate::flows::PortError;
use crate::flows::mail::{MailSession, Mailboxes};
use async_imap::imap_proto::{Capability, Response};
use async_imap::{Authenticator, Session};
use async_trait::async_trait;
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// One mailbox and what is kept of it between two sessions.
pub(super) struct Account {
    pub settings: Mailbox,
    tls: OnceLock<Arc<ClientConfig>>,
    tokens: Option<Tokens>,
}

/// The mailboxes of a site, by IMAP.
#[derive(Clone, Default)]
pub struct ImapMailboxes {
    accounts: BTreeMap<String, Arc<Account>>,
}

impl fmt::Debug for ImapMailboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.accounts.keys()).finish()
    }
}

impl ImapMailboxes {
    /// The mailboxes of these settings. Nothing is connected to yet.
    pub fn new(mailboxes: &[Mailbox]) -> Self {
        let account = |settings: &Mailbox| Account {
            settings: settings.clone(),
            tls: OnceLock::new(),
            tokens: settings.oauth.clone().map(|oauth| Tokens::new(&settings.name, oauth, settings.timeout_seconds)),
        };
        Self { accounts: mailboxes.iter().map(|one| (one.name.clone(), Arc::new(account(one)))).collect() }
    }

    /// Connects and logs in.
    ///
    /// # Errors
    /// When the mailbox is not known, cannot be reached or refuses the account.
    pub(super) async fn session(&self, mailbox: &str) -> Result<ImapSession, MailboxError> {
        let account = self.accounts.get(mailbox).ok_or_else(|| MailboxError::Unknown(mailbox.to_owned()))?;
        Arc::clone(account).log_in().await
    }
}

#[async_trait]
impl Mailboxes for ImapMailboxes {
    async fn open(&self, mailbox: &str) -> Result<Box<dyn MailSession>, PortError> {
        Ok(Box::new(self.session(mailbox).await?))
    }
}

impl Account {
    async fn log_in(self: Arc<Self>) -> Result<ImapSession, MailboxError> {
        let (imap, meter) = match &self.tokens {
            None => self.by_password().await?,
            // A token can be taken back before its time: a fresh one is tried once.
            Some(tokens) => match self.by_token(tokens).await {
                Err(MailboxError::Refused { .. }) if tokens.forget() => self.by_token(tokens).await?,
                other => other?,
            },
        };
        let mut session = ImapSession {
            imap: Some(imap),
            meter,
            account: self,
            abilities: Abilities::default(),
            delimiter: None,
            open: None,
            exists: 0,
        };
        let mut abilities = Abilities::default();
        session
            .run("CAPABILITY", 0, &mut |answer| {
                let Response::Capabilities(all) = answer else { return };
                for one in all {
                    let Capability::Atom(name) = one else { continue };
                    match name.to_ascii_uppercase().as_str() {
                        "IDLE" => abilities.idle = true,
                        "MOVE" => abilities.moves = true,
                        "UIDPLUS" => abilities.uid_plus = true,
                        "QUOTA" => abilities.quota = true,
                        _ => {}
                    }
                }
            })
            .await?;
        session.abilities = abilities;
        Ok(session)
    }

    async fn greeted(&self) -> Result<Greeted, MailboxError> {
        let tls = match self.tls.get() {
            Some(tls) => tls,
            None => {
                let tls = trust(&self.settings)?;
                self.tls.get_or_init(|| tls)
            }
        };
        connect(&self.settings, tls).await
    }

    async fn by_password(&self) -> Result<(Session<Metered>, super::connection::Meter), MailboxError> {
        let settings = &self.settings;
        let secret = settings.password.as_ref().map(crate::config::Secret::resolve);
        let missing = |reason: String| MailboxError::Secret { mailbox: settings.name.clone(), reason, passing: false };
        let password = match secret {
            Some(Ok(password)) => password,
            Some(Err(error)) => return Err(missing(error.to_string())),
            None => return Err(missing("write `password`, or [mail.mailboxes.oauth]".to_owned())),
        };
        let Greeted { client, meter, login_disabled } = self.greeted().await?;
        let plain = |text: &str| text.is_ascii() && !text.chars().any(char::is_control);
        // LOGIN knows ASCII only, and some servers take nothing else.
        let by_login = !login_disabled && plain(&settings.user) && plain(password.expose_secret());
        let answer = Answer::default();
        let tried = async {
            if by_login {
                return client.login(&settings.user, password.expose_secret()).await;
            }
            let words = format!("\0{}\0{}", settings.user, password.expose_secret());
            client
                .authenticate("PLAIN", Spoken { words: Some(SecretString::from(words)), answer: answer.clone() })
                .await
        };
        self.tried(tried, &answer, false).await.map(|session| (session, meter))
    }

    async fn by_token(&self, tokens: &Tokens) -> Result<(Session<Metered>, super::connection::Meter), MailboxError> {
        let token = tokens.token().await?;
        let Greeted { client, meter, .. } = self.greeted().await?;
        let words = format!("user={}\x01auth=Bearer {}\x01\x01", self.settings.user, token.expose_secret());
        let answer = Answer::default();
        let spoken = Spoken { words: Some(SecretString::from(words)), answer: answer.clone() };
        let tried = client.authenticate("XOAUTH2", spoken);
        self.tried(tried, &answer, true).await.map(|session| (session, meter))
    }

    async fn tried<T, C>(
        &self,
        tried: impl Future<Output = Result<T, (async_imap::error::Error, C)>>,
        answer: &Answer,
        by_token: bool,
    ) -> Result<T, MailboxError> {
        use async_imap::error::Error;
        let settings = &self.settings;
        let place = place(settings);
        let seconds = settings.timeout_seconds;
        let Ok(tried) = tokio::time::timeout(Duration::from_secs(seconds), tried).await else {
            return Err(MailboxError::Silent { place, command: "the login".to_owned(), seconds });
        };
        tried.map_err(|(error, _)| match error {
            Error::No(reason) | Error::Bad(reason) => {
                let passing = ["unavailable", "temporary", "inuse", "try again", "too many"];
                let reason = tidy(&format!("{reason} {}", answer.text()));
                if passing.iter().any(|word| reason.to_lowercase().contains(word)) {
                    return MailboxError::Unreachable { place, reason };
                }
                let advice = advice(&place, &reason, by_token);
                MailboxError::Refused { place, user: settings.user.clone(), reason, advice }
            }
            Error::Io(error) => super::session::broken(&place, &error),
            Error::ConnectionLost => MailboxError::Unreachable { place, reason: "it hangs up at the login".to_owned() },
            other => MailboxError::Garbage { place, reason: tidy(&other.to_string()) },
        })
    }
}

/// What a server answers to a token that it does not take.
#[derive(Clone, Default)]
struct Answer(Arc<Mutex<String>>);

impl Answer {
    fn text(&self) -> String {
        self.0.lock().map(|text| text.clone()).unwrap_or_default()
    }
}

/// Says the secret once, then nothing.
struct Spoken {
    words: Option<SecretString>,
    answer: Answer,
}

impl Authenticator for Spoken {
    type Response = Vec<u8>;

    fn process(&mut self, challenge: &[u8]) -> Vec<u8> {
        if let Ok(mut text) = self.answer.0.lock() {
            *text = String::from_utf8_lossy(challenge).into_owned();
        }
        self.words.take().map(|words| words.expose_secret().as_bytes().to_vec()).unwrap_or_default()
    }
}
