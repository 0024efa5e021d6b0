//! What listens for an administrator's monitoring, on this machine only and only where it is asked for: `/healthz`,
//! `/readyz` and `/metrics`; and for support staff the status page.

use super::flow::Flow;
use super::page::{self, Page};
use super::service::SILENCE;
use super::site::Site;
use super::socket::Hands;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

type Sites = watch::Receiver<Arc<Site>>;

/// Listens until it is cancelled.
///
/// # Errors
/// When the address is taken.
pub(super) async fn listen(address: SocketAddr, sites: Sites, hands: Hands) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    // A port that was left to the system is known by now.
    let cancel = hands.cancel.clone();
    let page = Page::new(sites.clone(), listener.local_addr()?, hands);
    tokio::spawn(async move {
        let router = router(sites).merge(page::router(Arc::new(page)));
        let served = axum::serve(listener, router).with_graceful_shutdown(cancel.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!("health and metrics are not served any more: {error}");
        }
    });
    Ok(())
}

fn router(sites: Sites) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(sites)
}

/// How the service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`, or a sentence.
    pub status: String,
    /// Version of the program.
    pub version: String,
    /// The last pass of each flow that was made.
    pub last_success: BTreeMap<String, Option<DateTime<Utc>>>,
    /// What keeps it from its work: sentences.
    pub problems: Vec<String>,
}

impl Health {
    /// The first problem is what it is about.
    fn new(last_success: BTreeMap<String, Option<DateTime<Utc>>>, problems: Vec<String>) -> Self {
        Self {
            status: problems.first().cloned().unwrap_or_else(|| "ok".to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            last_success,
            problems,
        }
    }
}

impl IntoResponse for Health {
    fn into_response(self) -> Response {
        let code = if self.problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (code, plain(), Json(self)).into_response()
    }
}

/// Whether the process works at all: what systemd's watchdog asks too.
async fn healthz(State(sites): State<Sites>) -> Health {
    let site = Arc::clone(&sites.borrow());
    Health::new(BTreeMap::new(), site.pulse.stuck(SILENCE).into_iter().collect())
}

/// Whether it does its work: systems answer, and every flow was at work lately.
async fn readyz(State(sites): State<Sites>) -> Health {
    let site = Arc::clone(&sites.borrow());
    health(&site, Utc::now()).await
}

pub(super) async fn health(site: &Site, now: DateTime<Utc>) -> Health {
    let mut last_success = BTreeMap::new();
    let mut problems: Vec<String> = site.pulse.stuck(SILENCE).into_iter().collect();
    match site.store().status().await {
        Err(error) => problems.push(error.to_string()),
        Ok(status) => {
            problems.extend(status.circuits.iter().map(crate::store::Circuit::sentence));
            for flow in Flow::on(site) {
                let last = status.last_successes.iter().find(|run| run.flow == flow.as_str()).map(|run| run.started);
                last_success.insert(flow.as_str().to_owned(), last);
                // Three times its interval, and ten minutes at least; a cron expression may mean once a week.
                let interval = flow.schedule(site.config()).interval().map(|interval| interval.as_secs() * 3);
                let Some(patience) = interval.and_then(|seconds| i64::try_from(seconds.max(600)).ok()) else {
                    continue;
                };
                let young = (now - site.pulse.began) < TimeDelta::seconds(patience);
                if !young && last.is_none_or(|last| now - last > TimeDelta::seconds(patience)) {
                    problems.push(match last {
                        Some(last) => format!(
                            "no pass of {} was made since {}",
                            flow.as_str(),
                            last.format("%Y-%m-%d %H:%M:%S UTC")
                        ),
                        None => format!("no pass of {} was ever made", flow.as_str()),
                    });
                }
            }
            if let Some(sentence) = status.rewound {
                problems.push(sentence);
            }
        }
    }
    Health::new(last_success, problems)
}

async fn metrics(State(sites): State<Sites>) -> Response {
    let site = Arc::clone(&sites.borrow());
    let flows: Vec<Flow> = Flow::on(&site).collect();
    match site.store().status().await {
        Ok(status) => {
            let text = site.pulse.metrics.text(&flows, &status, Utc::now());
            let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
            (plain(), kind, text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, plain(), error.to_string()).into_response(),
    }
}

/// Nothing of it is kept or shown inside another page.
fn plain() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("content-security-policy"), HeaderValue::from_static("default-src 'none'")),
    ])
}
