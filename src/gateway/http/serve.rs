//! Listening: with TLS anywhere, without it on loopback only.

use super::{Token, router};
use crate::config::GatewayTls;
use crate::gateway::Gateway;
use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long requests under way may take when the gateway stops.
pub(super) const GRACE: Duration = Duration::from_secs(8);

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

/// Serves until cancelled; `ready` is told once it listens.
///
/// # Errors
/// When it cannot listen.
pub async fn serve(
    gateway: Arc<Gateway>,
    listen: SocketAddr,
    token: SecretString,
    tls: Option<&GatewayTls>,
    cancel: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let app = router(gateway, Some(Token::new(&token)));
    let serving = listen_with(app, listen, tls, "the gateway", cancel).await?;
    ready();
    serving.await
}

/// Listens at an address, and gives back what serves there until it is cancelled; `what` is for the log.
///
/// # Errors
/// When it cannot listen.
pub(crate) async fn listen_with(
    app: Router,
    listen: SocketAddr,
    tls: Option<&GatewayTls>,
    what: &'static str,
    cancel: CancellationToken,
) -> Result<impl Future<Output = Result<(), ServeError>> + Send + use<>, ServeError> {
    if tls.is_none() && !listen.ip().is_loopback() {
        return Err(ServeError::NoTls(listen));
    }
    let failed = move |error| ServeError::Listen(listen, error);
    let listener = std::net::TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let tls = match tls {
        Some(tls) => {
            let config = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
            Some(config.map_err(ServeError::Certificate)?)
        }
        None => None,
    };
    tracing::info!(%listen, tls = tls.is_some(), "{what} listens");
    let handle = Handle::new();
    let stop = handle.clone();
    tokio::spawn(async move {
        cancel.cancelled().await;
        stop.graceful_shutdown(Some(GRACE));
    });
    let app = app.into_make_service();
    Ok(async move {
        match tls {
            Some(config) => {
                let server = axum_server::from_tcp_rustls(listener, config).map_err(failed)?;
                server.handle(handle).serve(app).await.map_err(failed)
            }
            None => axum_server::from_tcp(listener).map_err(failed)?.handle(handle).serve(app).await.map_err(failed),
        }
    })
}
