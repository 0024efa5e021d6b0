//! The door that a gateway comes in by which dials out of its office: it connects to us, and we ask it over its
//! connection. Whatever of this program asks, the service or a command, asks at `[gestan] gateway` on this machine; from
//! there requests go on to the gateway that is there.

use super::site::Site;
use crate::config::{Door, Gestan};
use crate::gateway::http::{DIAL, HEARTBEAT, PROTOCOL, SILENCE, Token, listen_with};
use crate::gestan::contract::Problem;
use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Whoever dialled in last.
#[derive(Debug)]
struct Guest {
    connection: watch::Sender<Option<SendRequest<Body>>>,
    token: Token,
}

/// Opens the door, where there is one.
///
/// # Errors
/// When an address is taken, or a certificate cannot be used.
pub(super) async fn open(site: &Site, cancel: &CancellationToken) -> anyhow::Result<()> {
    let Some(settings) = &site.config().gestan else { return Ok(()) };
    let Some(door) = &settings.door else { return Ok(()) };
    let token = settings.token.as_ref().context("[gestan] token is missing")?;
    let token = Token::new(&token.resolve().context("while reading [gestan] token")?);
    let guest = Arc::new(Guest { connection: watch::Sender::new(None), token });
    let asked = asked_at(settings).await?;
    let inside = Router::new().fallback(pass_on).with_state(Arc::clone(&guest));
    let stop = cancel.clone();
    tokio::spawn(async move {
        let served = axum::serve(asked, inside).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!("requests are not passed on to the gateway any more: {error}");
        }
    });
    let outside = Router::new().route(DIAL, post(let_in)).with_state(guest);
    let Door { listen, tls } = door.clone();
    let serving = listen_with(outside, listen, tls.as_ref(), "the door for gateways that dial in", cancel.clone());
    let serving = serving.await.context("while opening [gestan.door]")?;
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!("gateways are not let in any more: {error}");
        }
    });
    Ok(())
}

/// Where this machine asks: the address in `[gestan] gateway`.
async fn asked_at(settings: &Gestan) -> anyhow::Result<TcpListener> {
    let url = url::Url::parse(&settings.gateway).context("while reading [gestan] gateway")?;
    let addresses = url.socket_addrs(|| None).context("while reading [gestan] gateway")?;
    let address: SocketAddr = *addresses.first().context("[gestan] gateway has no address")?;
    TcpListener::bind(address).await.with_context(|| format!("while listening at {address} ([gestan] gateway)"))
}

/// A gateway that dials: where it has the token, it takes the place of the one before.
async fn let_in(State(guest): State<Arc<Guest>>, mut request: Request) -> Response {
    if !guest.token.is_in(request.headers()) {
        tracing::warn!(
            "somebody without the right token dialled in: [gateway] token there must be [gestan] token here"
        );
        return (StatusCode::UNAUTHORIZED, "The token is missing or wrong.\n").into_response();
    }
    let is_asked = request.headers().get(header::UPGRADE).is_some_and(|protocol| protocol == PROTOCOL);
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>().filter(|_| is_asked) else {
        return (StatusCode::UPGRADE_REQUIRED, "This address is for a gateway that dials in.\n").into_response();
    };
    tokio::spawn(async move {
        if let Err(error) = stay(&guest, upgrade).await {
            tracing::warn!("the gateway's connection ended: {error}");
        }
    });
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static(PROTOCOL)),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

async fn stay(guest: &Guest, upgrade: OnUpgrade) -> hyper::Result<()> {
    let wire = upgrade.await?;
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HEARTBEAT)
        .keep_alive_timeout(SILENCE)
        .keep_alive_while_idle(true)
        .handshake(wire)
        .await?;
    tracing::info!("a gateway dialled in");
    guest.connection.send_replace(Some(sender));
    let ended = connection.await;
    // Another one may be there by now.
    guest.connection.send_if_modified(|known| {
        let over = known.as_ref().is_some_and(SendRequest::is_closed);
        if over {
            *known = None;
        }
        over
    });
    ended
}

/// A request of this machine, to the gateway that is there.
async fn pass_on(State(guest): State<Arc<Guest>>, request: Request) -> Response {
    let connection = guest.connection.borrow().clone();
    let Some(mut connection) = connection else {
        return absent(
            "no gateway has dialled in: check that it runs beside Gestan, and what its log says of [gateway.dial]",
        );
    };
    match connection.send_request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            absent(&format!("the connection of the gateway that dialled in broke ({error}): it dials again by itself"))
        }
    }
}

fn absent(detail: &str) -> Response {
    let problem = Problem {
        kind: format!("{}{}", Problem::PREFIX, Problem::BASE_UNAVAILABLE),
        title: "The gateway is not there".to_owned(),
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        detail: detail.to_owned(),
        request_id: None,
        current: None,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (header::RETRY_AFTER, HeaderValue::from_static("10")),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(problem)).into_response()
}
