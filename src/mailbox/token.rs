//! Tokens for XOAUTH2: from a program, from a file, or from the provider, kept until shortly before they expire.

use super::error::{MailboxError, tidy};
use crate::config::{MailOauth, TokenProvider};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

/// A token is renewed so long before its end.
const EARLY: Duration = Duration::from_secs(120);
/// How long the token of a program is used; it is asked again before that where the token is refused.
const FROM_PROGRAM: Duration = Duration::from_secs(300);
/// Bytes of a provider's answer that are read.
const ANSWER: usize = 256 * 1024;

/// The tokens of a mailbox.
pub(crate) struct Tokens {
    mailbox: String,
    oauth: MailOauth,
    limit: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(SecretString, Instant)>,
    /// A refresh token that the provider gave in the place of the one in the file.
    refresh: Option<SecretString>,
    /// The last token that was handed out was not a new one.
    was_kept: bool,
}

/// What a provider answers.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Tokens {
    pub(crate) fn new(mailbox: &str, oauth: MailOauth, seconds: u64) -> Self {
        let limit = Duration::from_secs(seconds);
        Self { mailbox: mailbox.to_owned(), oauth, limit, kept: Mutex::default() }
    }

    /// A token that is valid as far as is known.
    pub(crate) async fn token(&self) -> Result<SecretString, MailboxError> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && Instant::now() < *until
        {
            let token = token.clone();
            kept.was_kept = true;
            return Ok(token);
        }
        kept.was_kept = false;
        let (token, lasts) = if let Some(file) = &self.oauth.token_file {
            (self.read_file(file)?, Duration::ZERO)
        } else if !self.oauth.token_command.is_empty() {
            (self.ask_program().await?, FROM_PROGRAM)
        } else {
            self.ask_provider(&mut kept).await?
        };
        kept.token = Some((token.clone(), Instant::now() + lasts));
        Ok(token)
    }

    /// The token was refused. Says whether a new one may do better.
    pub(crate) fn forget(&self) -> bool {
        let Ok(mut kept) = self.kept.try_lock() else { return false };
        kept.token = None;
        std::mem::take(&mut kept.was_kept)
    }

    fn trouble(&self, passing: bool, reason: impl Into<String>) -> MailboxError {
        MailboxError::Secret { mailbox: self.mailbox.clone(), reason: reason.into(), passing }
    }

    fn read_file(&self, file: &Path) -> Result<SecretString, MailboxError> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            self.trouble(false, format!("{shown} cannot be read ({error}): it must be readable by the service's user"))
        })?;
        one_line(&text)
            .ok_or_else(|| self.trouble(true, format!("{shown} is empty: is the program that fills it running?")))
    }

    async fn ask_program(&self) -> Result<SecretString, MailboxError> {
        let Some((program, arguments)) = self.oauth.token_command.split_first() else {
            return Err(self.trouble(false, "token_command is empty"));
        };
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true);
        let ran = tokio::time::timeout(self.limit, command.output()).await;
        let by_hand = format!("run {program} as the service's user to see why");
        let output = ran
            .map_err(|_| {
                self.trouble(true, format!("token_command did not end within {} s: {by_hand}", self.limit.as_secs()))
            })?
            .map_err(|error| {
                self.trouble(false, format!("token_command cannot be run ({error}): write its whole path"))
            })?;
        if !output.status.success() {
            return Err(self.trouble(true, format!("token_command failed ({}): {by_hand}", output.status)));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        one_line(&text).ok_or_else(|| self.trouble(true, format!("token_command printed nothing: {by_hand}")))
    }

    async fn ask_provider(&self, kept: &mut Kept) -> Result<(SecretString, Duration), MailboxError> {
        let oauth = &self.oauth;
        let url = self.url()?;
        let refresh = match (&kept.refresh, &oauth.refresh_token_file) {
            (Some(newer), _) => Some(newer.clone()),
            (None, Some(file)) => Some(self.read_file(file)?),
            (None, None) => None,
        };
        let secret = oauth.client_secret.as_ref().map(crate::config::Secret::resolve).transpose();
        let secret = secret.map_err(|error| self.trouble(false, format!("client_secret: {error}")))?;
        let form = form_of(oauth, refresh.as_ref(), secret.as_ref());
        let host = url.host_str().unwrap_or_default().to_owned();
        let (status, body) = self.ask(url, form).await?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| self.trouble(true, format!("{host} answers {status} with what is no token")))?;
        if let Some(error) = answer.error {
            return Err(self.refused(
                &host,
                status >= 500,
                &error,
                answer.error_description.as_deref().unwrap_or_default(),
            ));
        }
        let token = answer.access_token.filter(|token| !token.is_empty()).map(SecretString::from);
        let token = token.ok_or_else(|| self.trouble(true, format!("{host} answers {status} without a token")))?;
        if let Some(newer) = answer.refresh_token.map(SecretString::from) {
            let same = refresh.as_ref().is_some_and(|known| known.expose_secret() == newer.expose_secret());
            if !same {
                self.keep(&newer);
                kept.refresh = Some(newer);
            }
        }
        let seconds = answer.expires_in.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        let lasts = Duration::from_secs(seconds.unwrap_or(3600).min(86_400));
        Ok((token, lasts.saturating_sub(EARLY)))
    }

    fn url(&self) -> Result<Url, MailboxError> {
        if let Some(url) = &self.oauth.token_url {
            return Ok(url.clone());
        }
        let address = match self.oauth.provider {
            Some(TokenProvider::Google) => "https://oauth2.googleapis.com/token".to_owned(),
            _ => {
                let tenant = self.oauth.tenant.as_deref().unwrap_or("common");
                format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token")
            }
        };
        Url::parse(&address).map_err(|error| self.trouble(false, format!("{address}: {error}: check `tenant`")))
    }

    async fn ask(&self, url: Url, form: String) -> Result<(u16, Vec<u8>), MailboxError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let unreachable = |error: reqwest::Error| {
            self.trouble(
                true,
                format!("{host} gives no token ({}): check the way to it", tidy(&error.without_url().to_string())),
            )
        };
        // Tokens are fetched once an hour: a client for each is not much.
        let http = reqwest::Client::builder().timeout(self.limit).redirect(reqwest::redirect::Policy::none());
        let http = http.build().map_err(unreachable)?;
        let request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        let mut answer = request.send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                return Err(self.trouble(true, format!("{host} answers with what is no token")));
            }
        }
        Ok((status, body))
    }

    fn refused(&self, host: &str, passing: bool, error: &str, description: &str) -> MailboxError {
        let advice = match error {
            "invalid_grant" => {
                "the refresh token is no longer valid: sign in anew and write the new one into refresh_token_file"
            }
            "invalid_client" | "unauthorized_client" => {
                "check client_id, client_secret (has it expired?) and the permissions of the application"
            }
            "invalid_scope" => "check `scope`",
            _ => "check [mail.mailboxes.oauth]",
        };
        let passing = passing || matches!(error, "temporarily_unavailable" | "server_error" | "slow_down");
        let first = description.lines().next().unwrap_or_default();
        self.trouble(passing, format!("{host} refuses ({} {}): {advice}", tidy(error), tidy(first)))
    }

    /// Writes a new refresh token in the place of the old one, whole or not at all.
    fn keep(&self, newer: &SecretString) {
        let Some(file) = &self.oauth.refresh_token_file else { return };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut fresh| {
            fresh.write_all(newer.expose_secret().as_bytes())?;
            fresh.as_file().sync_all()?;
            fresh.persist(file).map_err(|error| error.error)?;
            Ok(())
        });
        if let Err(error) = written {
            tracing::warn!(
                mailbox = self.mailbox,
                "the provider gave a new refresh token, and {} cannot be written ({error}): after a restart the old one may be refused; let the service's user write that folder",
                file.display()
            );
        }
    }
}

/// What a provider is asked.
fn form_of(oauth: &MailOauth, refresh: Option<&SecretString>, secret: Option<&SecretString>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("client_id", oauth.client_id.as_deref().unwrap_or_default());
    if let Some(secret) = secret {
        form.append_pair("client_secret", secret.expose_secret());
    }
    match refresh {
        Some(refresh) => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("refresh_token", refresh.expose_secret());
        }
        None => {
            form.append_pair("grant_type", "client_credentials");
        }
    }
    let usual = match (oauth.provider, refresh) {
        (Some(TokenProvider::Microsoft), Some(_)) => {
            Some("https://outlook.office365.com/IMAP.AccessAsUser.All offline_access")
        }
        (Some(TokenProvider::Microsoft), None) => Some("https://outlook.office365.com/.default"),
        _ => None,
    };
    if let Some(scope) = oauth.scope.as_deref().or(usual) {
        form.append_pair("scope", scope);
    }
    form.finish()
}

fn one_line(text: &str) -> Option<SecretString> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(SecretString::from(line.to_owned()))
}
