//! Who looks at the page: in which language, and where they came from.

use super::view::View;
use super::{Page, language};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Value, context};
use std::convert::Infallible;
use std::sync::Arc;

/// The cookie that keeps a chosen language.
const LANGUAGE: &str = "gestan_connector_lang";

/// Somebody at a browser.
#[derive(Debug)]
pub(super) struct Visitor {
    pub view: View,
    /// Path and query of what is asked for, without a choice of language.
    pub here: String,
    /// The language was chosen just now, and is to be kept.
    chosen: bool,
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
        Ok(Self { view: View { locale, zone: site.gestsup().zone() }, here, chosen: chosen.is_some() })
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
    /// A page for this visitor; `values` are what its template takes.
    pub(super) fn page(&self, template: &str, values: Value) -> Response {
        let join = if self.here.contains('?') { '&' } else { '?' };
        let shell = context! {
            lang => language::code(self.view.locale),
            path => self.here.split('?').next(),
            other_language => format!("{}{join}lang=", self.here),
            version => env!("CARGO_PKG_VERSION"),
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
        response
    }
}
