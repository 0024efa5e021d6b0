//! The service itself: who may call, over what, and what it says of a base that does not answer.

use super::{Served, TOKEN};
use crate::support::{certificate, is_over_odbc};
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::embedded_gateway;
use gestan_connector::gateway::http::{self, serve};
use gestan_connector::gestan::GatewayClient;
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn whoever_has_no_token_learns_nothing_and_bad_requests_are_explained() {
    let served = Served::new().await;
    let url = |path: &str| format!("{}{path}", served.base);
    for token in [None, Some("wrong"), Some("")] {
        let mut request = served.http.get(url("/v1/clients"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.text().await.unwrap().contains("[gestan] token"));
    }
    let ask = async |method: Method, path: &str, body: String| {
        let request = served.http.request(method, url(path)).bearer_auth(TOKEN).body(body);
        let response = request.send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "application/problem+json", "{path}");
        (response.status().as_u16(), response.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(ask(Method::GET, "/v1/nothing", String::new()).await.0, 404);
    assert_eq!(ask(Method::DELETE, "/v1/clients", String::new()).await.0, 405);
    assert_eq!(ask(Method::PUT, "/v1/tickets/gestsup/0/1/intervention", "{}".into()).await.0, 400);
    assert_eq!(ask(Method::PUT, "/v1/tickets/GestSup;/1/1/intervention", "{}".into()).await.0, 400);
    let (status, detail) = ask(Method::PUT, "/v1/tickets/gestsup/1/1/intervention", "{\"origin\": 1}".into()).await;
    assert!(status == 400 && detail.contains("origin") || detail.contains("Identity"), "{detail}");
    let (status, detail) = ask(Method::POST, "/v1/tickets:batch", "x".repeat(9 * 1024 * 1024)).await;
    assert!(status == 413 && detail.contains("max_body_kib"), "{status} {detail}");
    let (status, _) = ask(Method::GET, "/v1/clients?cursor=abc", String::new()).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_gateway_open_to_the_network_needs_a_certificate_and_serves_tls_with_one() {
    let served = Served::new().await;
    let open: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused =
        serve(Arc::clone(&served.gateway), open, SecretString::from(TOKEN), None, CancellationToken::new(), || {})
            .await;
    assert!(matches!(refused, Err(http::ServeError::NoTls(_))));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = config::GatewayTls { certificate: certificate.clone(), key };
    let cancel = CancellationToken::new();
    let (gateway, stop) = (Arc::clone(&served.gateway), cancel.clone());
    let task =
        tokio::spawn(async move { serve(gateway, free, SecretString::from(TOKEN), Some(&tls), stop, || {}).await });
    let address = format!("https://localhost:{}", free.port());
    let trusting =
        GatewayClient::remote(&address, Some(SecretString::from(TOKEN)), Some(&certificate), Duration::from_secs(5))
            .unwrap();
    assert_eq!(trusting.health().await.unwrap().status, "ok");
    let wary = GatewayClient::remote(&address, Some(SecretString::from(TOKEN)), None, Duration::from_secs(5)).unwrap();
    assert!(wary.health().await.is_err(), "an unknown certificate is not trusted");
    let stranger =
        GatewayClient::remote(&address, Some(SecretString::from("x")), Some(&certificate), Duration::from_secs(5))
            .unwrap();
    let error = stranger.health().await.unwrap_err().to_string();
    assert!(error.contains("refuses the token"), "{error}");
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_base_that_is_down_is_told_from_one_that_refuses_the_account() {
    let served = Served::new().await;
    let text = served.sandbox.config(std::path::Path::new("/x/state.db"), "");
    let with = |from: &str, to: &str| {
        let (config, _) = config::parse(&text.replace(from, to), "t", Role::Daemon).unwrap();
        GatewayClient::embedded(Arc::new(embedded_gateway(&config).unwrap()))
    };
    let denied = with("passerelle", "faux").health().await.unwrap_err().to_string();
    assert!(denied.contains("refuses the gateway's account"), "{denied}");
    let port = text.lines().find(|line| line.starts_with("port")).unwrap().to_owned();
    let reason = if is_over_odbc() { "Can't connect to server" } else { "refused" };
    let down = with(&port, "port = 1").health().await.unwrap_err().to_string();
    assert!(down.contains("does not answer") && down.contains(reason), "{down}");
}
