//! The client of the gateway: over HTTP, or by calling the same routes inside the process.

use super::contract::{
    BatchItem, BatchRequest, BatchResponse, BatchResult, Capabilities, Client, Contract, DocumentPut, DocumentState,
    Health, KnownState, LinkPut, Machine, ObjectRecord, ObjectState, Page, Precondition, Problem, Product, StateResult,
    StatesRequest, StatesResponse, TicketKey, User,
};
use super::error::GatewayError;
use crate::flows::follow_up::Changes;
use crate::flows::tickets::Interventions;
use crate::flows::{Blast, PortError};
use crate::gateway::Gateway;
use crate::gateway::http::router;
use crate::model::ObjectKind;
use crate::retry::{Hint, with_retries};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;
use url::Url;

/// Bytes of items in one batch request, well under the gateway's default limit.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Items in one batch request.
const BATCH_ITEMS: usize = 100;
/// Bytes of an answer that are read.
const ANSWER: usize = 64 * 1024 * 1024;

/// The way to the gateway.
#[derive(Debug, Clone)]
enum Transport {
    Embedded(Box<Router>),
    Remote { http: reqwest::Client, base: Url, token: Option<SecretString> },
}

/// A gateway.
#[derive(Debug, Clone)]
pub struct GatewayClient {
    transport: Transport,
    place: String,
}

/// An answer, not yet understood.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl GatewayClient {
    /// A gateway inside this process.
    pub fn embedded(gateway: Arc<Gateway>) -> Self {
        Self { transport: Transport::Embedded(Box::new(router(gateway, None))), place: "(embedded)".to_owned() }
    }

    /// A gateway elsewhere.
    ///
    /// # Errors
    /// When the address or the certificate cannot be used.
    pub fn remote(
        address: &str,
        token: Option<SecretString>,
        ca_file: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, GatewayError> {
        let setup = |reason: String| GatewayError::Setup { reason };
        let base = Url::parse(address).map_err(|error| setup(error.to_string()))?;
        let mut builder = reqwest::Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            // A redirected PUT would change its method, and the token would travel with it.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("gestan-connector/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = ca_file {
            let pem = std::fs::read(file).map_err(|error| setup(format!("{}: {error}", file.display())))?;
            let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| setup(error.to_string()))?;
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|error| setup(error.to_string()))?;
        Ok(Self { transport: Transport::Remote { http, base, token }, place: address.to_owned() })
    }

    /// How the gateway is named in messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether the base behind the gateway answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn health(&self) -> Result<Health, GatewayError> {
        self.fetch("/v1/health").await
    }

    /// What the base can do.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn capabilities(&self) -> Result<Capabilities, GatewayError> {
        self.fetch("/v1/capabilities").await
    }

    async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, GatewayError> {
        let hint = |error: &GatewayError| match error {
            GatewayError::Unreachable { .. } => Hint::Again,
            _ => Hint::Never,
        };
        let answer = with_retries(hint, || self.send(Method::GET, path, None, None)).await?;
        self.understand(&answer)
    }

    /// Every record of a list, page after page.
    async fn all<T: DeserializeOwned>(&self, list: &str) -> Result<Vec<T>, GatewayError> {
        self.all_with(list, Vec::new()).await
    }

    async fn all_with<T: DeserializeOwned>(
        &self,
        list: &str,
        query: Vec<(&str, &str)>,
    ) -> Result<Vec<T>, GatewayError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page: Page<T> = self.fetch(&page_path(list, &query, cursor.as_deref())).await?;
            let empty = page.items.is_empty();
            items.extend(page.items);
            match page.next {
                // A cursor that does not move would never end.
                Some(next) if !empty && Some(&next) != cursor.as_ref() => cursor = Some(next),
                _ => return Ok(items),
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        condition: Option<&Precondition>,
    ) -> Result<Answer, GatewayError> {
        let condition = condition.map(|condition| match condition {
            Precondition::Absent => (header::IF_NONE_MATCH, "*".to_owned()),
            Precondition::Match(etag) => (header::IF_MATCH, format!("\"{etag}\"")),
        });
        match &self.transport {
            Transport::Embedded(router) => {
                let mut request = Request::builder().method(method).uri(path);
                if let Some((name, value)) = condition {
                    request = request.header(name, value);
                }
                let garbage = |reason: String| GatewayError::Garbage { place: self.place.clone(), reason };
                let request =
                    request.body(Body::from(body.unwrap_or_default())).map_err(|error| garbage(error.to_string()))?;
                let response = match router.as_ref().clone().oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (parts, body) = response.into_parts();
                let body = body.collect().await.map_err(|error| garbage(error.to_string()))?.to_bytes().to_vec();
                Ok(Answer { status: parts.status, headers: parts.headers, body })
            }
            Transport::Remote { http, base, token } => {
                let unreachable = |error: reqwest::Error| GatewayError::Unreachable {
                    place: self.place.clone(),
                    reason: root_cause(&error),
                };
                let url = base.join(path).map_err(|error| GatewayError::Setup { reason: error.to_string() })?;
                let mut request = http.request(method, url);
                if let Some(token) = token {
                    request = request.bearer_auth(token.expose_secret());
                }
                if let Some((name, value)) = condition {
                    request = request.header(name, value);
                }
                if let Some(body) = body {
                    request = request.header(header::CONTENT_TYPE, "application/json").body(body);
                }
                let mut response = request.send().await.map_err(unreachable)?;
                let (status, headers) = (response.status(), response.headers().clone());
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                    body.extend_from_slice(&chunk);
                    if body.len() > ANSWER {
                        let reason = "its answer is too large".to_owned();
                        return Err(GatewayError::Garbage { place: self.place.clone(), reason });
                    }
                }
                Ok(Answer { status, headers, body })
            }
        }
    }

    fn understand<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, GatewayError> {
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .map_err(|error| GatewayError::Garbage { place: self.place.clone(), reason: error.to_string() });
        }
        Err(self.refusal(answer))
    }

    fn refusal(&self, answer: &Answer) -> GatewayError {
        let place = self.place.clone();
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return GatewayError::Unauthorized { place };
        }
        let status = answer.status;
        let retry_after = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| wait_asked_for(text, Utc::now()));
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if matches!(status, StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED) => {
                GatewayError::Version { place, detail: problem.detail }
            }
            Ok(problem) => GatewayError::Problem { place, problem: Box::new(problem), retry_after },
            // A proxy has limits of its own, and says so in a page of its own.
            Err(_) if status == StatusCode::PAYLOAD_TOO_LARGE => {
                GatewayError::Problem { place, problem: Box::new(too_large()), retry_after }
            }
            Err(_) if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                GatewayError::Unavailable { place, status, retry_after }
            }
            Err(_) => GatewayError::Garbage { place, reason: format!("status {status}") },
        }
    }

    /// The answer to a request for several: one result for each, or none of them can be trusted.
    fn complete<T>(&self, results: Vec<T>, asked: usize) -> Result<Vec<T>, GatewayError> {
        if results.len() == asked {
            return Ok(results);
        }
        let reason = format!("it answered {asked} questions with {} results", results.len());
        Err(GatewayError::Garbage { place: self.place.clone(), reason })
    }

    /// An address that takes several is unknown to an older gateway, not a record that is missing.
    fn known(error: GatewayError) -> GatewayError {
        match error {
            GatewayError::Problem { place, problem, .. } if problem.status == 404 => {
                GatewayError::Version { place, detail: problem.detail }
            }
            error => error,
        }
    }

    async fn put_one(&self, item: &BatchItem) -> Result<BatchResult, GatewayError> {
        let TicketKey { source, number, sequence } = &item.key;
        let path = format!("/v1/tickets/{source}/{number}/{sequence}/{}", item.object.kind);
        let body = json(&item.object)?;
        let answer = self.send(Method::PUT, &path, Some(body), Some(&item.precondition)).await?;
        if answer.status.is_success() {
            return Ok(BatchResult::Ok(self.understand(&answer)?));
        }
        match self.refusal(&answer) {
            // What concerns the gateway as a whole is no result of this one.
            error if error.blast() == Blast::System => Err(error),
            GatewayError::Problem { problem, .. } => Ok(BatchResult::Problem(problem)),
            error => Err(error),
        }
    }

    async fn put_batch(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, GatewayError> {
        let keys: Vec<TicketKey> = items.iter().map(|item| item.key.clone()).collect();
        let body = json(&BatchRequest { items })?;
        let answer = self.send(Method::POST, "/v1/tickets:batch", Some(body), None).await?;
        let results = self.understand::<BatchResponse>(&answer).map_err(Self::known)?.results;
        let results = self.complete(results, keys.len())?;
        let other = |(key, result): (&TicketKey, &BatchResult)| match result {
            BatchResult::Ok(state) => state.key != *key,
            BatchResult::Problem(_) => false,
        };
        if keys.iter().zip(&results).any(other) {
            let reason = "its results are not those of the tickets that were sent".to_owned();
            return Err(GatewayError::Garbage { place: self.place.clone(), reason });
        }
        Ok(results)
    }

    async fn states_of(&self, items: Vec<KnownState>) -> Result<Vec<StateResult>, GatewayError> {
        let mut results = Vec::with_capacity(items.len());
        for chunk in items.chunks(BATCH_ITEMS) {
            let body = json(&StatesRequest { items: chunk.to_vec() })?;
            let answer = self.send(Method::POST, "/v1/tickets:states", Some(body), None).await?;
            let answered = self.understand::<StatesResponse>(&answer).map_err(Self::known)?.results;
            results.extend(self.complete(answered, chunk.len())?);
        }
        Ok(results)
    }

    async fn put_all(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, GatewayError> {
        if let [item] = &items[..] {
            return Ok(vec![self.put_one(item).await?]);
        }
        let mut results = Vec::with_capacity(items.len());
        let mut batch = Vec::new();
        let mut bytes = 0;
        for item in items {
            let size = json(&item)?.len();
            if !batch.is_empty() && (bytes + size > BATCH_BYTES || batch.len() == BATCH_ITEMS) {
                results.extend(self.put_batch(std::mem::take(&mut batch)).await?);
                bytes = 0;
            }
            bytes += size;
            batch.push(item);
        }
        if !batch.is_empty() {
            results.extend(self.put_batch(batch).await?);
        }
        Ok(results)
    }
}

fn page_path(list: &str, query: &[(&str, &str)], cursor: Option<&str>) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    encoded.append_pair("limit", "2000");
    encoded.extend_pairs(query);
    encoded.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    format!("/v1/{list}?{}", encoded.finish())
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, GatewayError> {
    serde_json::to_vec(value).map_err(|error| GatewayError::Setup { reason: error.to_string() })
}

/// What `Retry-After` asks for: seconds, or a date.
fn wait_asked_for(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    (until.with_timezone(&Utc) - now).to_std().ok()
}

/// A refusal in the gateway's words, of a request that something before it did not let through.
fn too_large() -> Problem {
    Problem {
        kind: format!("{}{}", Problem::PREFIX, Problem::TOO_LARGE),
        title: "Payload Too Large".to_owned(),
        status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
        detail: "The request is larger than a proxy before the gateway accepts (client_max_body_size, or the like)."
            .to_owned(),
        request_id: None,
        current: None,
    }
}

/// The innermost cause: "connection refused" rather than "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() }
}

#[async_trait]
impl Changes for GatewayClient {
    async fn changed(&self, kind: ObjectKind, since: DateTime<Utc>) -> Result<Vec<TicketKey>, PortError> {
        let list = match kind {
            ObjectKind::Intervention => "interventions",
            ObjectKind::Anomaly => "anomalies",
        };
        let since = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let records: Vec<ObjectRecord> =
            self.all_with(list, vec![("changed_since", since.as_str()), ("linked", "true")]).await?;
        Ok(records.into_iter().filter_map(|record| record.ticket).collect())
    }
}

#[async_trait]
impl Interventions for GatewayClient {
    async fn get(&self, key: &TicketKey, kind: ObjectKind) -> Result<Option<ObjectState>, PortError> {
        let path = format!("/v1/tickets/{}/{}/{}/{kind}", key.source, key.number, key.sequence);
        match self.fetch(&path).await {
            Ok(state) => Ok(Some(state)),
            Err(GatewayError::Problem { problem, .. }) if problem.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn put(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, PortError> {
        Ok(self.put_all(items).await?)
    }

    async fn states(&self, items: Vec<KnownState>) -> Result<Vec<StateResult>, PortError> {
        Ok(self.states_of(items).await?)
    }

    async fn record(&self, id: i64) -> Result<Option<ObjectRecord>, PortError> {
        // The list goes by id: its first record after the one before is the one, if it exists.
        let page: Page<ObjectRecord> = self.fetch(&format!("/v1/interventions?limit=1&cursor={}", id - 1)).await?;
        Ok(page.items.into_iter().find(|record| record.id == id))
    }

    async fn records(&self, since: Option<DateTime<Utc>>) -> Result<Vec<ObjectRecord>, PortError> {
        // The gateway compares with Gestan's local time, whose zone it alone knows.
        let since = since.map(|since| (since - Duration::from_secs(24 * 3600)).format("%Y-%m-%dT%H:%M:%S").to_string());
        Ok(self.all_with("interventions", since.iter().map(|since| ("since", since.as_str())).collect()).await?)
    }

    async fn linked(&self, source: &str) -> Result<Vec<TicketKey>, PortError> {
        Ok(self.all_with("tickets", vec![("source", source)]).await?)
    }

    async fn link(&self, key: &TicketKey, link: LinkPut) -> Result<ObjectState, PortError> {
        let TicketKey { source, number, sequence } = key;
        let path = format!("/v1/tickets/{source}/{number}/{sequence}/link");
        let answer = self.send(Method::PUT, &path, Some(json(&link)?), None).await?;
        Ok(self.understand(&answer)?)
    }

    async fn clients(&self) -> Result<Vec<Client>, PortError> {
        Ok(self.all("clients").await?)
    }

    async fn machines(&self) -> Result<Vec<Machine>, PortError> {
        Ok(self.all("machines").await?)
    }

    async fn users(&self) -> Result<Vec<User>, PortError> {
        Ok(self.all("users").await?)
    }

    async fn products(&self) -> Result<Vec<Product>, PortError> {
        Ok(self.all("products").await?)
    }

    async fn put_document(
        &self,
        key: &TicketKey,
        id: &str,
        document: DocumentPut,
        content: Vec<u8>,
    ) -> Result<DocumentState, PortError> {
        let answer = self.send(Method::PUT, &document_path(key, id, &document), Some(content), None).await?;
        Ok(self.understand(&answer)?)
    }

    async fn contracts(&self) -> Result<Vec<Contract>, PortError> {
        Ok(self.all("contracts").await?)
    }
}

/// Address of a document, what is said of the file in its query.
fn document_path(key: &TicketKey, id: &str, document: &DocumentPut) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("name", &document.name).append_pair("sha256", &document.sha256);
    if let Some(at) = document.at {
        query.append_pair("at", &at.to_rfc3339());
    }
    let TicketKey { source, number, sequence } = key;
    format!("/v1/tickets/{source}/{number}/{sequence}/documents/{id}?{}", query.finish())
}
