//! Who may call: whoever has the token.

use super::problem::problem;
use crate::config::SecretHash;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use secrecy::SecretString;
use std::sync::Arc;

/// The token that callers present, kept as its hash.
#[derive(Debug, Clone)]
pub struct Token(SecretHash);

impl Token {
    /// A token.
    pub fn new(token: &SecretString) -> Self {
        Self(SecretHash::new(token))
    }

    /// Whether the caller presents it.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
        given.is_some_and(|given| self.0.is(given.trim()))
    }
}

pub(super) async fn check(State(token): State<Option<Arc<Token>>>, request: Request, next: Next) -> Response {
    let Some(token) = token else { return next.run(request).await };
    if token.is_in(request.headers()) {
        return next.run(request).await;
    }
    let mut response = problem(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "The token is missing or wrong: [gestan] token of the caller must be [gateway] token of this gateway.",
    );
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
