//! What stands before every page: whether it is switched on, under which name it was called, and the headers that keep
//! browsers from doing with it what they should not.

use super::Page;
use crate::config;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::Arc;

/// Nothing is loaded from elsewhere, nothing runs, and no other page may hold this one.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

pub(super) async fn guard(State(page): State<Arc<Page>>, request: Request, next: Next) -> Response {
    let site = page.site();
    let settings = &site.config().service.page;
    let mut response = if !settings.enabled {
        StatusCode::NOT_FOUND.into_response()
    } else if let Err(sentence) = admit(&request, settings, page.address) {
        (StatusCode::FORBIDDEN, sentence).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Without any referrer, browsers would not say either where a form comes from.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A name that somebody else gave to this machine must not lead here: a page of theirs could then read this one (DNS
/// rebinding). And what changes something comes from a form of this page.
fn admit(request: &Request, settings: &config::Page, address: SocketAddr) -> Result<(), &'static str> {
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !is_ours(host, settings, address) {
        return Err("The page does not answer under this name: add it to [service.page] hosts.\n");
    }
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return Ok(());
    }
    // Browsers say where a form comes from; other programs need not.
    let from_elsewhere = text(header::ORIGIN)
        .is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host)));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if from_elsewhere || site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err("This form is not of this page.\n");
    }
    Ok(())
}

fn is_ours(host: &str, settings: &config::Page, address: SocketAddr) -> bool {
    let port = address.port();
    let own = [address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
    own.iter().chain(&settings.hosts).any(|known| known.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn asked(method: &str, headers: &[(&str, &str)]) -> bool {
        let settings = config::Page { hosts: vec!["connecteur.example.fr".into()], ..config::Page::default() };
        let mut request = axum::http::Request::builder().method(method).uri("/page");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let address = "127.0.0.1:9480".parse().unwrap();
        admit(&request.body(Body::empty()).unwrap(), &settings, address).is_ok()
    }

    #[test]
    fn only_names_of_its_own_lead_to_the_page() {
        for host in ["127.0.0.1:9480", "localhost:9480", "LOCALHOST:9480", "[::1]:9480", "Connecteur.example.fr"] {
            assert!(asked("GET", &[("host", host)]), "{host}");
        }
        for host in ["evil.example:9480", "127.0.0.1", "localhost:80", "connecteur.example.fr.evil.example", ""] {
            assert!(!asked("GET", &[("host", host)]), "{host}");
        }
        assert!(!asked("GET", &[]));
    }

    #[test]
    fn a_form_comes_from_this_page() {
        let host = ("host", "localhost:9480");
        assert!(asked("POST", &[host, ("origin", "http://localhost:9480"), ("sec-fetch-site", "same-origin")]));
        assert!(asked("POST", &[host]));
        for other in [
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:9481"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!asked("POST", &[host, other]), "{other:?}");
        }
    }
}
