//! Who looks at the page: in which language, where they came from, and whether they gave the password of its buttons.

use super::session::{Notice, Sessions, form_token};
use super::view::View;
use super::{Page, language};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Value, context};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;
use subtle::ConstantTimeEq as _;

/// The cookie that keeps a chosen language.
const LANGUAGE: &str = "gestan_connector_lang";

/// The cookie of somebody at a form.
const SESSION: &str = "gestan_connector_session";

/// Somebody at a browser.
#[derive(Debug)]
pub(super) struct Visitor {
    pub view: View,
    /// Path and query of what is asked for, without a choice of language.
    pub here: String,
    /// The language was chosen just now, and is to be kept.
    chosen: bool,
    /// The token of the session, where there is one.
    session: Option<String>,
    /// It began just now: the browser does not have it yet.
    fresh: bool,
    /// The password was given.
    acts: bool,
    /// There is a password to give.
    offered: bool,
    /// What came of the last button.
    notice: Option<Notice>,
    /// The browser came by TLS, as a reverse proxy says.
    secure: bool,
    shows_mails: bool,
}

impl FromRequestParts<Arc<Page>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, page: &Arc<Page>) -> Result<Self, Infallible> {
        let site = page.site();
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let chosen = query.iter().find(|(name, _)| name == "lang").and_then(|(_, code)| language::named(code));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let locale = chosen
            .or_else(|| cookie(&parts.headers, LANGUAGE).and_then(language::named))
            .or_else(|| accepted.and_then(language::liked))
            .unwrap_or(site.config().mapping.locale);
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        rest.extend_pairs(query.iter().filter(|(name, value)| name != "lang" && !value.is_empty()));
        let rest = rest.finish();
        let path = parts.uri.path();
        let here = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
        let password = page.password();
        let token = cookie(&parts.headers, SESSION);
        let known = token.and_then(|token| page.sessions.look(token, password.as_ref(), Instant::now()));
        let session = token.filter(|_| known.is_some()).map(str::to_owned);
        // It is told on a page that is shown, once.
        let notice =
            session.as_ref().filter(|_| parts.method == Method::GET).and_then(|token| page.sessions.take(token));
        let secure = parts.headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes() == b"https");
        Ok(Self {
            view: View { locale, zone: site.gestsup().zone() },
            here,
            chosen: chosen.is_some(),
            session,
            fresh: false,
            acts: known == Some(true),
            offered: password.is_some(),
            notice,
            secure,
            shows_mails: site.takes_mails(),
        })
    }
}

/// The value of a cookie.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

impl Visitor {
    /// A text in this visitor's language.
    pub(super) fn text(&self, name: &str, values: &[String]) -> String {
        language::text(self.view.locale, name, values)
    }

    /// Whether there is a password to give.
    pub(super) fn may_log_in(&self) -> bool {
        self.offered
    }

    /// The session of somebody who gave the password.
    pub(super) fn acting(&self) -> Option<&str> {
        self.session.as_deref().filter(|_| self.acts)
    }

    /// Whether a form is of this session.
    pub(super) fn sent(&self, form: &str) -> bool {
        let own = self.session.as_deref().map(form_token);
        own.is_some_and(|own| own.as_bytes().ct_eq(form.as_bytes()).into())
    }

    /// Begins a session where there is none.
    pub(super) fn begin(&mut self, sessions: &Sessions) -> Result<(), getrandom::Error> {
        if self.session.is_none() {
            self.session = Some(sessions.begin(None, Instant::now())?);
            self.fresh = true;
        }
        Ok(())
    }

    /// Ends the session.
    pub(super) fn end(&self, sessions: &Sessions) {
        if let Some(token) = &self.session {
            sessions.end(token);
        }
    }

    /// An answer that gives the browser a session. It ends with the browser, or here.
    pub(super) fn with_session(&self, token: &str, mut response: Response) -> Response {
        let secure = if self.secure { "; Secure" } else { "" };
        let kept = format!("{SESSION}={token}; Path=/page; HttpOnly; SameSite=Strict{secure}");
        if let Ok(value) = kept.parse() {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }

    /// A page for this visitor; `values` are what its template takes.
    pub(super) fn page(&self, template: &str, values: Value) -> Response {
        let join = if self.here.contains('?') { '&' } else { '?' };
        let shell = context! {
            lang => language::code(self.view.locale),
            path => self.here.split('?').next(),
            other_language => format!("{}{join}lang=", self.here),
            version => env!("CARGO_PKG_VERSION"),
            here => self.here.as_str(),
            login_address => super::login::address(&self.here),
            shows_mails => self.shows_mails,
            notice => self.notice.as_ref().map(|notice| context! { good => notice.good, said => notice.said.as_str() }),
            session => context! {
                form => self.session.as_deref().map(form_token),
                acts => self.acts,
                offered => self.offered,
            },
        };
        let mut response = match self.view.render(template, context! { ..values, ..shell }) {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!("the page {template} cannot be rendered: {error:#}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        };
        if self.chosen {
            let code = language::code(self.view.locale);
            let kept = format!("{LANGUAGE}={code}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
            if let Ok(value) = kept.parse() {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        match &self.session {
            Some(token) if self.fresh => self.with_session(token, response),
            _ => response,
        }
    }
}
