//! The gateway over HTTP: contract version 1 (`docs/gateway-api.yaml`).

mod auth;
mod dial;
mod documents;
mod problem;
mod reference_links;
mod routes;
mod serve;

pub use auth::Token;
pub use dial::{DIAL, DialError, HEARTBEAT, PROTOCOL, SILENCE, dial};
pub(crate) use serve::listen_with;
pub use serve::{ServeError, serve};

use super::Gateway;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, StatusCode};
use axum::middleware;
use axum::routing::{get, post, put};
use problem::problem;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

/// Longest that one request may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The header that carries the request's id, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The routes. Without a token every caller is trusted: for calls inside the process only.
pub fn router(gateway: Arc<Gateway>, token: Option<Token>) -> Router {
    let limit = gateway.max_body;
    let documents = usize::try_from(gateway.largest_document()).unwrap_or(usize::MAX).max(limit);
    Router::new()
        .route("/v1/health", get(routes::health))
        .route("/v1/capabilities", get(routes::capabilities))
        .route("/v1/tickets", get(routes::tickets))
        .route(
            "/v1/tickets/{source}/{number}/{sequence}/intervention",
            put(routes::put_intervention).get(routes::get_intervention),
        )
        .route("/v1/tickets/{source}/{number}/{sequence}/anomaly", put(routes::put_anomaly).get(routes::get_anomaly))
        .route("/v1/tickets/{source}/{number}/{sequence}/link", put(routes::link))
        .route(
            "/v1/tickets/{source}/{number}/{sequence}/documents/{document}",
            put(documents::put).layer(DefaultBodyLimit::max(documents)),
        )
        .route("/v1/tickets/{source}/{number}/{sequence}/documents", get(documents::list))
        .route("/v1/tickets/{source}/{number}/{sequence}/documents/{document}/content", get(documents::content))
        .route("/v1/documents", get(documents::added))
        .route("/v1/tickets:batch", post(routes::batch))
        .route("/v1/tickets:states", post(routes::states))
        .route("/v1/interventions", get(routes::interventions))
        .route("/v1/anomalies", get(routes::anomalies))
        .route("/v1/contracts", get(routes::contracts))
        .route("/v1/absences", get(routes::absences))
        .route("/v1/clients", get(routes::clients))
        .route("/v1/contacts", get(routes::contacts))
        .route("/v1/machines", get(routes::machines))
        .route("/v1/users", get(routes::users))
        .route("/v1/users/{code}/psp-contact", put(routes::psp_contact))
        .route("/v1/actions", post(routes::action))
        .route("/v1/reference-links/{source}/{kind}", put(reference_links::put).get(reference_links::list))
        .route("/v1/projects", get(routes::projects))
        .route("/v1/tasks", get(routes::tasks))
        .route("/v1/products", get(routes::products))
        .fallback(|| async {
            problem(StatusCode::NOT_FOUND, "not-found", "There is no such address; see docs/gateway-api.yaml.")
        })
        .method_not_allowed_fallback(|| async {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "This address does not know that method; see docs/gateway-api.yaml.",
            )
        })
        .layer(DefaultBodyLimit::max(limit))
        .layer(middleware::from_fn(patience))
        .layer(middleware::from_fn_with_state(token.map(Arc::new), auth::check))
        .layer(CatchPanicLayer::custom(|_| {
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The gateway failed; its log says where. Please report it.",
            )
        }))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(gateway)
}

/// Ends requests that take too long; their transaction is undone with them.
async fn patience(request: axum::extract::Request, next: middleware::Next) -> axum::response::Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "timeout", "The request took too long and was undone: try again.")
        }
    }
}
