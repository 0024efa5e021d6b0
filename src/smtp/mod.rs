//! The adapter to the mail server that mails are sent through. Its commands are given one by one, since what a refusal
//! means depends on which of them it answers: of the recipient, of this mail, or of the whole account.

mod error;
mod message;

pub use error::SmtpError;

use crate::config::{MailSecurity, Notify, Smtp, TokenProvider};
use crate::flows::PortError;
use crate::flows::notify::{NotSent, Outgoing, Post, PostSession, Sent};
use crate::mailbox::Tokens;
use async_trait::async_trait;
use error::{Moment, tidy};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The mail server of a site.
#[derive(Clone)]
pub struct MailServer {
    smtp: Smtp,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    tokens: Option<Arc<Tokens>>,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServer").field("smtp", &self.smtp).field("from", &self.from).finish_non_exhaustive()
    }
}

/// What Microsoft's servers ask for where a person's account sends.
const MICROSOFT: &str = "https://outlook.office365.com/SMTP.Send offline_access";

impl MailServer {
    /// The server of these settings; `None` where there is none. Nothing is connected to yet.
    pub fn new(notify: &Notify) -> Option<Self> {
        let from = notify.from.as_ref()?.parse().ok()?;
        let reply_to = notify.reply_to.as_ref().and_then(|text| text.parse().ok());
        let smtp = notify.smtp.clone()?;
        let tokens = smtp.oauth.clone().map(|mut oauth| {
            if oauth.provider == Some(TokenProvider::Microsoft) && oauth.refresh_token_file.is_some() {
                oauth.scope.get_or_insert_with(|| MICROSOFT.to_owned());
            }
            Arc::new(Tokens::new("notify.smtp", oauth, smtp.timeout_seconds))
        });
        Some(Self { smtp, from, reply_to, tokens })
    }

    /// The sender's address.
    pub fn sender(&self) -> &Mailbox {
        &self.from
    }

    /// Host and port, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.smtp.host, self.smtp.port())
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.smtp.timeout_seconds)
    }

    /// Waits for an answer, not for ever.
    async fn within<T>(
        &self,
        moment: Moment,
        work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, SmtpError> {
        match tokio::time::timeout(self.limit(), work).await {
            Ok(result) => result.map_err(|error| SmtpError::of(&self.place(), moment, &error)),
            Err(_) => Err(SmtpError::Silent {
                place: self.place(),
                command: moment.as_str(),
                seconds: self.smtp.timeout_seconds,
            }),
        }
    }

    fn tls(&self) -> Result<TlsParameters, SmtpError> {
        let distrust = |reason: String| SmtpError::Tls { place: self.place(), reason };
        let host = self.smtp.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut builder = TlsParameters::builder(host);
        if let Some(file) = &self.smtp.ca_file {
            let pem = std::fs::read(file).map_err(|error| distrust(format!("{}: {error}", file.display())))?;
            let certificate = Certificate::from_pem(&pem)
                .map_err(|error| distrust(format!("{}: {}", file.display(), tidy(&error.to_string()))))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|error| distrust(tidy(&error.to_string())))
    }

    /// Connects and logs in.
    ///
    /// # Errors
    /// When the server does not answer, is not trusted, or refuses the account.
    pub async fn connect(&self) -> Result<SmtpSession, SmtpError> {
        // What stands in EHLO must be a name, which a bare machine may not have.
        let hello = ClientId::Domain(self.from.email.domain().to_owned());
        let at = (self.smtp.host.as_str(), self.smtp.port());
        let tls = (self.smtp.security == MailSecurity::Tls).then(|| self.tls()).transpose()?;
        let connecting = AsyncSmtpConnection::connect_tokio1(at, Some(self.limit()), &hello, tls, None);
        let mut connection = self.within(Moment::Connection, connecting).await?;
        if self.smtp.security == MailSecurity::Starttls {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(SmtpError::NoStarttls { place: self.place() });
            }
            self.within(Moment::Connection, connection.starttls(self.tls()?, &hello)).await?;
        }
        if let Some(user) = &self.smtp.user {
            self.log_in(&mut connection, user).await?;
        }
        Ok(SmtpSession { server: self.clone(), connection })
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection, user: &str) -> Result<(), SmtpError> {
        let (ways, secret): (&[Mechanism], SecretString) = match (&self.tokens, &self.smtp.password) {
            (Some(tokens), _) => {
                let token = tokens.token().await.map_err(|error| SmtpError::Secret { reason: error.to_string() })?;
                (&[Mechanism::Xoauth2], token)
            }
            (None, Some(password)) => {
                let secret = password.resolve().map_err(|error| SmtpError::Secret { reason: error.to_string() })?;
                (&[Mechanism::Plain, Mechanism::Login], secret)
            }
            (None, None) => {
                return Err(SmtpError::Secret { reason: "write `password` in [notify.smtp]".to_owned() });
            }
        };
        let refused = |place: String, reason: String| SmtpError::Refused { place, user: user.to_owned(), reason };
        if !ways.iter().any(|way| connection.server_info().supports_auth_mechanism(*way)) {
            let way = if self.tokens.is_some() { "by token" } else { "by password" };
            return Err(refused(self.place(), format!("it offers no login {way} here")));
        }
        let credentials = Credentials::new(user.to_owned(), secret.expose_secret().to_owned());
        match self.within(Moment::Login, connection.auth(ways, &credentials)).await {
            Err(SmtpError::Denied { place, reason, .. }) => {
                // The next attempt asks for a new token: one may be taken back before its time.
                if let Some(tokens) = &self.tokens {
                    tokens.forget();
                }
                Err(refused(place, reason))
            }
            other => other.map(|_| ()),
        }
    }
}

#[async_trait]
impl Post for MailServer {
    async fn session(&self) -> Result<Box<dyn PostSession>, PortError> {
        Ok(Box::new(self.connect().await?))
    }
}

/// A session that is logged in.
pub struct SmtpSession {
    server: MailServer,
    connection: AsyncSmtpConnection,
}

impl fmt::Debug for SmtpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSession").field("server", &self.server.place()).finish_non_exhaustive()
    }
}

impl SmtpSession {
    /// Ends the session.
    pub async fn end(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connection.quit()).await;
    }

    /// Gives a mail to the server.
    async fn give(&mut self, mail: &Outgoing) -> Result<Response, Trouble> {
        let message = message::message(mail, &self.server.from, self.server.reply_to.as_ref())
            .map_err(|reason| Trouble::Mail(NotSent::Refused(reason)))?;
        let to = message.envelope().to().first().cloned();
        let to = to.ok_or_else(|| Trouble::Mail(NotSent::Refused("it has no recipient".to_owned())))?;
        let from = self.server.from.email.clone();
        let mut options = Vec::new();
        if !to.to_string().is_ascii() || !from.to_string().is_ascii() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason = "the mail server takes no address with letters beyond ASCII (SMTPUTF8)".to_owned();
                return Err(Trouble::Mail(NotSent::Refused(reason)));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let content = message.formatted();
        self.command(Moment::Sender, Mail::new(Some(from), options)).await?;
        self.command(Moment::Recipient, Rcpt::new(to, Vec::new())).await?;
        self.command(Moment::Content, Data).await?;
        let given = self.server.within(Moment::Content, self.connection.message(&content)).await;
        given.map_err(|error| error.into_trouble(Moment::Content))
    }

    async fn command(&mut self, moment: Moment, command: impl fmt::Display) -> Result<Response, Trouble> {
        let answer = self.server.within(moment, self.connection.command(command)).await;
        answer.map_err(|error| error.into_trouble(moment))
    }
}

/// What went wrong with a mail.
enum Trouble {
    /// With this one.
    Mail(NotSent),
    /// With the server.
    Server(SmtpError),
}

impl SmtpError {
    /// A refusal of a recipient, or of what a mail says, is that mail's own.
    fn into_trouble(self, moment: Moment) -> Trouble {
        match self {
            Self::Denied { reason, passing, .. } if matches!(moment, Moment::Recipient | Moment::Content) => {
                let reason = format!("the mail server refuses {} ({reason})", moment.as_str());
                Trouble::Mail(if passing { NotSent::Later(reason) } else { NotSent::Refused(reason) })
            }
            other => Trouble::Server(other),
        }
    }
}

#[async_trait]
impl PostSession for SmtpSession {
    async fn send(&mut self, mail: &Outgoing) -> Sent {
        match self.give(mail).await {
            Ok(_) => Ok(Ok(())),
            Err(Trouble::Mail(why)) => {
                // The session goes on with the next mail; a server that will not hear of it is met again there.
                let _ = self.server.within(Moment::Content, self.connection.command(Rset)).await;
                Ok(Err(why))
            }
            Err(Trouble::Server(error)) => Err(error.into()),
        }
    }

    async fn close(self: Box<Self>) {
        self.end().await;
    }
}
