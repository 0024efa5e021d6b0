//! The client of the gateway: over HTTP, or by calling the same routes inside the process.

mod documents;
mod lists;
mod objects;
mod port;

use super::contract::{Capabilities, Health, Precondition, Problem};
use super::error::GatewayError;
use crate::gateway::Gateway;
use crate::gateway::http::router;
use crate::retry::{Hint, with_retries};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;
use tracing::Instrument as _;
use url::Url;

/// Bytes of an answer that are read.
const ANSWER: usize = 64 * 1024 * 1024;

/// The way to the gateway.
#[derive(Debug, Clone)]
enum Transport {
    Embedded(Box<Router>),
    Remote { http: reqwest::Client, base: Url, token: Option<SecretString> },
}

/// A gateway.
#[derive(Debug, Clone)]
pub struct GatewayClient {
    transport: Transport,
    place: String,
}

/// The body of a request.
struct Content {
    kind: &'static str,
    bytes: Vec<u8>,
}

/// An answer, not yet understood.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl GatewayClient {
    /// A gateway inside this process.
    pub fn embedded(gateway: Arc<Gateway>) -> Self {
        Self { transport: Transport::Embedded(Box::new(router(gateway, None))), place: "(embedded)".to_owned() }
    }

    /// A gateway elsewhere.
    ///
    /// # Errors
    /// When the address or the certificate cannot be used.
    pub fn remote(
        address: &str,
        token: Option<SecretString>,
        ca_file: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, GatewayError> {
        let setup = |reason: String| GatewayError::Setup { reason };
        let base = Url::parse(address).map_err(|error| setup(error.to_string()))?;
        let mut builder = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            // A redirected PUT would change its method, and the token would travel with it.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gestan-connector/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = ca_file {
            let pem = std::fs::read(file).map_err(|error| setup(format!("{}: {error}", file.display())))?;
            let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| setup(error.to_string()))?;
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|error| setup(error.to_string()))?;
        Ok(Self { transport: Transport::Remote { http, base, token }, place: address.to_owned() })
    }

    /// How the gateway is named in messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the base behind the gateway answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn health(&self) -> Result<Health, GatewayError> {
        self.fetch("/v1/health").await
    }

    /// What the base can do.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn capabilities(&self) -> Result<Capabilities, GatewayError> {
        self.fetch("/v1/capabilities").await
    }

    async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, GatewayError> {
        let hint = |error: &GatewayError| match error {
            GatewayError::Unreachable { .. } => Hint::Again,
            _ => Hint::Never,
        };
        let answer = with_retries(hint, || self.send(Method::GET, path, None, None)).await?;
        self.understand(&answer)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Content>,
        condition: Option<&Precondition>,
    ) -> Result<Answer, GatewayError> {
        let condition = condition.map(|condition| match condition {
            Precondition::Absent => (header::IF_NONE_MATCH, "*".to_owned()),
            Precondition::Match(etag) => (header::IF_MATCH, format!("\"{etag}\"")),
        });
        match &self.transport {
            Transport::Embedded(router) => {
                let mut request = Request::builder().method(method).uri(path);
                if let Some((name, value)) = condition {
                    request = request.header(name, value);
                }
                let garbage = |reason: String| GatewayError::Garbage { place: self.place.clone(), reason };
                let request = request
                    .body(body.map_or_else(Body::empty, |body| Body::from(body.bytes)))
                    .map_err(|error| garbage(error.to_string()))?;
                // As a gateway elsewhere it works beside the daemon, and brings what was begun to its end.
                let answering = tokio::spawn(router.as_ref().clone().oneshot(request).in_current_span());
                let response = match answering.await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(error) => return Err(garbage(error.to_string())),
                };
                let (parts, body) = response.into_parts();
                let body = body.collect().await.map_err(|error| garbage(error.to_string()))?.to_bytes().to_vec();
                Ok(Answer { status: parts.status, headers: parts.headers, body })
            }
            Transport::Remote { http, base, token } => {
                let unreachable = |error: reqwest::Error| GatewayError::Unreachable {
                    place: self.place.clone(),
                    reason: root_cause(&error),
                };
                let url = base.join(path).map_err(|error| GatewayError::Setup { reason: error.to_string() })?;
                let mut request = http.request(method, url);
                if let Some(token) = token {
                    request = request.bearer_auth(token.expose_secret());
                }
                if let Some((name, value)) = condition {
                    request = request.header(name, value);
                }
                if let Some(body) = body {
                    request = request.header(header::CONTENT_TYPE, body.kind).body(body.bytes);
                }
                let mut response = request.send().await.map_err(unreachable)?;
                let (status, headers) = (response.status(), response.headers().clone());
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                    body.extend_from_slice(&chunk);
                    if body.len() > ANSWER {
                        let reason = "its answer is too large".to_owned();
                        return Err(GatewayError::Garbage { place: self.place.clone(), reason });
                    }
                }
                Ok(Answer { status, headers, body })
            }
        }
    }

    fn understand<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, GatewayError> {
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .map_err(|error| GatewayError::Garbage { place: self.place.clone(), reason: error.to_string() });
        }
        Err(self.refusal(answer))
    }

    fn refusal(&self, answer: &Answer) -> GatewayError {
        let place = self.place.clone();
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return GatewayError::Unauthorized { place };
        }
        let status = answer.status;
        let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| wait_asked_for(text, Utc::now()));
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if matches!(status, StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED) => {
                GatewayError::Version { place, detail: problem.detail }
            }
            Ok(problem) => GatewayError::Problem { place, problem: Box::new(problem), retry_after },
            // A proxy has limits of its own, and says so in a page of its own.
            Err(_) if status == StatusCode::PAYLOAD_TOO_LARGE => {
                GatewayError::Problem { place, problem: Box::new(too_large()), retry_after }
            }
            Err(_) if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                GatewayError::Unavailable { place, status, retry_after }
            }
            Err(_) => GatewayError::Garbage { place, reason: format!("status {status}") },
        }
    }
}

fn json(value: &impl Serialize) -> Result<Content, GatewayError> {
    let bytes = serde_json::to_vec(value).map_err(|error| GatewayError::Setup { reason: error.to_string() })?;
    Ok(Content { kind: "application/json", bytes })
}

/// What `Retry-After` asks for: seconds, or a date.
fn wait_asked_for(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    (until.with_timezone(&Utc) - now).to_std().ok()
}

/// A refusal in the gateway's words, of a request that something before it did not let through.
fn too_large() -> Problem {
    Problem {
        kind: format!("{}{}", Problem::PREFIX, Problem::TOO_LARGE),
        title: "Payload Too Large".to_owned(),
        status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
        detail: "The request is larger than a proxy before the gateway accepts (client_max_body_size, or the like)."
            .to_owned(),
        request_id: None,
        current: None,
    }
}

/// The innermost cause: "connection refused" rather than "error sending request".
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() }
}
