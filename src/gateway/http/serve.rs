//! Listening: with TLS anywhere, without it on loopback only.

use super::router;
use crate::config::{GatewayTls, SecretHash};
use crate::gateway::Gateway;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take when the gateway stops.
const GRACE: Duration = Duration::from_secs(8);

/// The gateway cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It would be open to the network without encryption.
    #[error(
        "{0} can be reached from other machines, and [gateway.tls] is missing: set certificate and key, or listen on 127.0.0.1"
    )]
    NoTls(SocketAddr),
    /// The certificate or key is not usable.
    #[error(
        "the gateway's certificate or key cannot be used ({0}): check [gateway.tls] certificate and key (PEM), and that the service may read them"
    )]
    Certificate(std::io::Error),
    /// The address is not available.
    #[error("the gateway cannot listen on {0} ({1}): is another one running, or is the address not this machine's?")]
    Listen(SocketAddr, std::io::Error),
}

/// Serves until cancelled.
///
/// # Errors
/// When it cannot listen.
pub async fn serve(
    gateway: Arc<Gateway>,
    listen: SocketAddr,
    token: SecretString,
    tls: Option<&GatewayTls>,
    cancel: CancellationToken,
) -> Result<(), ServeError> {
    if tls.is_none() && !listen.ip().is_loopback() {
        return Err(ServeError::NoTls(listen));
    }
    let app = router(gateway, Some(SecretHash::new(&token))).into_make_service();
    let handle = Handle::new();
    let stop = handle.clone();
    tokio::spawn(async move {
        cancel.cancelled().await;
        stop.graceful_shutdown(Some(GRACE));
    });
    let listener = std::net::TcpListener::bind(listen).map_err(|error| ServeError::Listen(listen, error))?;
    listener.set_nonblocking(true).map_err(|error| ServeError::Listen(listen, error))?;
    tracing::info!(%listen, tls = tls.is_some(), "the gateway listens");
    let failed = |error| ServeError::Listen(listen, error);
    match tls {
        Some(tls) => {
            let config =
                RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await.map_err(ServeError::Certificate)?;
            let server = axum_server::from_tcp_rustls(listener, config).map_err(failed)?;
            server.handle(handle).serve(app).await.map_err(failed)
        }
        None => axum_server::from_tcp(listener).map_err(failed)?.handle(handle).serve(app).await.map_err(failed),
    }
}
