//! Dialling out: the gateway connects to the daemon, and serves its requests over that connection. So nothing in the
//! office has to be reached from outside. The connection begins as HTTP/1.1 and is upgraded; then its sides are
//! exchanged, and the daemon asks over HTTP/2.

use super::{Token, router};
use crate::gateway::Gateway;
use crate::retry;
use axum::http::{StatusCode, header};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Where a daemon lets gateways in, below the address of its door.
pub const DIAL: &str = "/v1/dial";
/// What the connection is upgraded to.
pub const PROTOCOL: &str = "gestan-gateway";
/// How often either side makes sure that the other one is there: routers forget what is quiet for longer.
pub const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long an answer to that may take.
pub const SILENCE: Duration = Duration::from_secs(10);

/// How long it may take to be let in.
const PATIENCE: Duration = Duration::from_secs(20);
/// A connection that lasted so long was a good one: the next is made soon.
const GOOD: Duration = Duration::from_secs(60);

/// The gateway cannot dial.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The certificate of the authority is not usable.
    #[error("the certificate {path} cannot be used ({reason}): check [gateway.dial] ca_file (PEM)")]
    Certificate {
        /// Its file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// Serves whoever is dialled, for as long as it is not cancelled: a connection that ends is made again.
///
/// # Errors
/// When the certificate cannot be used.
pub async fn dial(
    gateway: Arc<Gateway>,
    door: &Url,
    token: SecretString,
    ca_file: Option<&Path>,
    cancel: CancellationToken,
) -> Result<(), DialError> {
    let client = client(ca_file)?;
    let (mut failures, mut told) = (0, String::new());
    loop {
        let begun = Instant::now();
        let served = tokio::select! {
            served = serve_once(&gateway, &client, door, &token, &cancel) => served,
            () = cancel.cancelled() => return Ok(()),
        };
        if cancel.is_cancelled() {
            return Ok(());
        }
        let why = served.err().unwrap_or_else(|| "the daemon ended the connection".to_owned());
        failures = if begun.elapsed() >= GOOD { 1 } else { failures + 1 };
        // The same trouble is told once.
        if failures == 1 || why != told {
            tracing::warn!(%door, "not connected to the daemon: {why}; the gateway goes on trying");
            told = why;
        }
        tokio::select! {
            () = tokio::time::sleep(retry::pause_after(failures)) => {}
            () = cancel.cancelled() => return Ok(()),
        }
    }
}

fn client(ca_file: Option<&Path>) -> Result<reqwest::Client, DialError> {
    let wrong = |reason: String| DialError::Certificate {
        path: ca_file.map(|path| path.display().to_string()).unwrap_or_default(),
        reason,
    };
    let mut builder = reqwest::Client::builder()
        .http1_only()
        .connect_timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("gestan-gateway/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| wrong(error.to_string()))
}

/// One connection, from dialling to its end.
async fn serve_once(
    gateway: &Arc<Gateway>,
    client: &reqwest::Client,
    door: &Url,
    token: &SecretString,
    cancel: &CancellationToken,
) -> Result<(), String> {
    let address = door.join(DIAL).map_err(|error| error.to_string())?;
    let request = client
        .post(address)
        .bearer_auth(token.expose_secret())
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, PROTOCOL);
    let late = || "the daemon does not answer".to_owned();
    let response =
        tokio::time::timeout(PATIENCE, request.send()).await.map_err(|_| late())?.map_err(|error| root(&error))?;
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => {}
        StatusCode::UNAUTHORIZED => {
            return Err("the daemon refuses the token: [gateway] token here must be [gestan] token there".to_owned());
        }
        status => {
            return Err(format!(
                "what answers is no door of gestan-connector ({status}): check [gateway.dial] url, and that a proxy before it lets upgrades through"
            ));
        }
    }
    let wire = response.upgrade().await.map_err(|error| root(&error))?;
    tracing::info!(%door, "connected to the daemon: its requests are served");
    let service = TowerToHyperService::new(router(Arc::clone(gateway), Some(Token::new(token))));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HEARTBEAT)
        .keep_alive_timeout(SILENCE)
        .serve_connection(TokioIo::new(wire), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = &mut connection => return ended.map_err(|error| root(&error)),
        () = cancel.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(super::serve::GRACE, connection).await;
    Ok(())
}

/// What is at the bottom of an error: the layers above it say only that something failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
