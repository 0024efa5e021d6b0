//! Errors as problem documents (RFC 9457).

use crate::gateway::GatewayFault;
use crate::gestan::contract::Problem;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A problem of the HTTP layer itself.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    respond(Problem {
        kind: format!("{}{code}", Problem::PREFIX),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        detail: detail.to_owned(),
        request_id: None,
        current: None,
    })
}

/// A fault as an answer.
pub(super) fn fault(fault: GatewayFault, request_id: Option<String>) -> Response {
    let problem = fault.problem(request_id);
    if problem.status >= 500 {
        tracing::warn!(request_id = problem.request_id, code = problem.code(), "{}", problem.detail);
    }
    respond(problem)
}

fn respond(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let etag =
        problem.current.as_ref().and_then(|current| HeaderValue::from_str(&format!("\"{}\"", current.etag)).ok());
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    }
    response
}
