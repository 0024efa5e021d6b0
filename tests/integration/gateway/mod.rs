//! The gateway over real HTTP on a real base.

mod anomalies;
mod answers;
mod consos;
mod contracts;
mod documents;
#[cfg(all(feature = "hfsql", feature = "failpoints"))]
mod hfsql;
mod interventions;
mod links;
mod lists;
mod psp;
mod service;
mod setup;
mod typed;

use crate::contract::Contract;
use crate::support::sandbox;
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::embedded_gateway;
use gestan_connector::demo::erp::Erp;
use gestan_connector::demo::sandbox::Sandbox;
use gestan_connector::gateway::Gateway;
use gestan_connector::gateway::http::serve;
use reqwest::{Client, Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const INTERVENTION: &str = "/v1/tickets/{source}/{number}/{sequence}/intervention";
const ANOMALY: &str = "/v1/tickets/{source}/{number}/{sequence}/anomaly";
const DOCUMENTS: &str = "/v1/tickets/{source}/{number}/{sequence}/documents";
const DOCUMENT: &str = "/v1/tickets/{source}/{number}/{sequence}/documents/{document}";
const CONTENT: &str = "/v1/tickets/{source}/{number}/{sequence}/documents/{document}/content";

const REFERENCE_LINKS: &str = "/v1/reference-links/{source}/{kind}";
const PSP_CONTACT: &str = "/v1/users/{code}/psp-contact";

/// What the sandbox's configuration says nothing of.
const MORE: &str = r#"
[gateway.contracts]
query = "SELECT NUM AS number, IDCONTACT AS client, IDMACHINE AS machine, CD_PRODUIT AS product, DT_DEBUT AS valid_from, DT_FIN AS valid_until FROM CONTRAT"

[gateway.psp]
group = 3
create = true

[gateway.actions]
kind = 5

[gateway.documents]
"#;

/// A gateway that listens.
struct Served {
    sandbox: Sandbox,
    erp: Erp,
    gateway: Arc<Gateway>,
    base: String,
    http: Client,
    contract: Contract,
    client: i64,
    /// Gestan's folder of documents.
    folder: tempfile::TempDir,
    _stop: tokio_util::sync::DropGuard,
}

/// An answer.
struct Answer {
    status: StatusCode,
    etag: Option<String>,
    body: Value,
}

impl Answer {
    fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
    }
}

async fn gateway_of(sandbox: &Sandbox, more: &str) -> Arc<Gateway> {
    let text = sandbox.config(std::path::Path::new("/nowhere/state.db"), more);
    let text = text.replacen("[gateway]\n", "[gateway]\nquantity_column = \"USDEF_NUM\"\n", 1);
    let (config, _) = config::parse(&text, "test", Role::Daemon).map_err(|error| error.to_string()).unwrap();
    Arc::new(embedded_gateway(&config).unwrap())
}

impl Served {
    async fn new() -> Self {
        Self::on(sandbox().await).await
    }

    /// On this pair of bases.
    async fn on(sandbox: Sandbox) -> Self {
        let mut erp = sandbox.erp().await.unwrap();
        let client = erp.client("Boulangerie Hélène", "h@h.fr").await.unwrap();
        erp.user("PDU", ("Paul", "Durand"), "p@sav.fr").await.unwrap();
        erp.product("MO", "Main").await.unwrap();
        erp.machine("M1", "Serveur", "CZ1", client).await.unwrap();
        erp.project("Projet", client).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let more = format!("{MORE}folder = \"{}\"\nmax_mib = 1\n", folder.path().display());
        let gateway = gateway_of(&sandbox, &more).await;
        gateway.install().await.unwrap();
        let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let free = std::net::TcpListener::bind(listen).unwrap().local_addr().unwrap();
        let cancel = CancellationToken::new();
        let (served, stop) = (Arc::clone(&gateway), cancel.clone());
        tokio::spawn(async move { serve(served, free, SecretString::from(TOKEN), None, stop, || {}).await.unwrap() });
        let this = Self {
            sandbox,
            erp,
            gateway,
            base: format!("http://{free}"),
            http: Client::builder().no_proxy().build().unwrap(),
            contract: Contract::load(),
            client,
            folder,
            _stop: cancel.drop_guard(),
        };
        for _ in 0..100 {
            if this.http.get(&this.base).send().await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this
    }

    /// A call whose answer is compared with the contract.
    async fn call(
        &self,
        method: Method,
        path: &str,
        template: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base)).bearer_auth(TOKEN);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (content_type, etag) = (text("content-type").unwrap_or_default(), text("etag"));
        assert!(text("x-request-id").is_some());
        let body: Value = response.json().await.unwrap();
        let method = method.as_str().to_lowercase();
        self.contract.check(template, &method, status.as_u16(), &content_type, &body);
        Answer { status, etag, body }
    }

    async fn get(&self, path: &str) -> Answer {
        let template = path.split('?').next().unwrap().to_owned();
        self.call(Method::GET, path, &template, &[], None).await
    }

    async fn put(&self, number: i64, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = format!("/v1/tickets/gestsup/{number}/1/intervention");
        self.call(Method::PUT, &path, INTERVENTION, headers, Some(body)).await
    }

    async fn put_anomaly(&self, number: i64, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = format!("/v1/tickets/gestsup/{number}/1/anomaly");
        self.call(Method::PUT, &path, ANOMALY, headers, Some(body)).await
    }

    /// What a query of one column finds, as text.
    async fn column(&self, sql: &str) -> Vec<String> {
        use sqlx::Connection as _;
        let url = self.sandbox.url(&self.sandbox.gestan);
        let mut base = sqlx::MySqlConnection::connect(&url).await.unwrap();
        let sql = format!("SELECT CAST(COALESCE(q.v, '–') AS CHAR) FROM ({sql}) AS q");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut base).await.unwrap()
    }

    fn new_anomaly(&self) -> Value {
        let body = json!({
            "kind": "anomaly",
            "origin": { "created": "2026-03-02 09:00:00", "creator": 7, "first_step": null },
            "fields": {
                "title": "Écran noir au démarrage 🎉", "client": self.client, "status": "planned", "technician": "PDU",
                "responsible": "PDU", "anomaly_type": "logiciel", "priority": "haute", "criticality": "mineure",
                "machine": 1, "requester": "Hélène", "found_at": "2026-07-02T08:30:00Z", "resolved_at": null,
                "reference": "gestsup:1",
            },
            "head": [[{ "text": "Ticket n°1" }]],
            "entries": [entry(1, "2026-03-02T08:00:00Z", "Noir")],
        });
        self.contract.check_request(ANOMALY, "put", &body);
        body
    }

    fn new_intervention(&self) -> Value {
        let body = json!({
            "origin": { "created": "2026-03-02 09:00:00", "creator": 7, "first_step": null },
            "url": "https://support.example.fr/index.php?page=ticket&id=1",
            "fields": {
                "title": "Écran noir 🎉", "client": self.client, "status": "planned", "technician": "PDU", "team": ["PDU"],
                "genre": "depannage", "priority": "haute", "machine": 1, "project": 1, "task": null, "product": "MO",
                "requester": "Hélène", "planned_start": "2026-07-02T08:30:00Z", "planned_end": null,
                "time_spent": 12, "load": 30,
            },
            "head": [[{ "text": "Ticket n°1" }], [{ "text": "Hélène" }]],
            "entries": [entry(1, "2026-03-02T08:00:00Z", "Noir")],
        });
        self.contract.check_request(INTERVENTION, "put", &body);
        body
    }
}

fn entry(id: i64, at: &str, text: &str) -> Value {
    json!({ "key": format!("step:{id}"), "at": at, "author": "Paul", "kind": "réponse", "minutes": 5, "mark": "none",
            "heading": format!("Étape {id}"), "text": [[{ "text": text, "bold": true }]] })
}

const LINK: &str = "/v1/tickets/{source}/{number}/{sequence}/link";
const CREATE: [(&str, &str); 1] = [("if-none-match", "*")];
