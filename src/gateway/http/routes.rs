//! What each address does.

use super::REQUEST_ID;
use super::problem::{fault, problem};
use crate::gateway::lists::Paging;
use crate::gateway::records::Which;
use crate::gateway::{Gateway, GatewayFault};
use crate::gestan::contract::{
    ActionPost, BatchRequest, BatchResponse, BatchResult, LinkPut, ObjectPut, ObjectState, Precondition, Problem,
    StatesRequest, StatesResponse, TicketKey,
};
use crate::model::ObjectKind;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;

/// Items of a batch at most.
const BATCH: usize = 100;

pub(super) type App = State<Arc<Gateway>>;

pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned)
}

pub(super) fn answer<T: serde::Serialize>(result: Result<T, GatewayFault>, headers: &HeaderMap) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => fault(error, request_id(headers)),
    }
}

pub(super) async fn health(State(gateway): App, headers: HeaderMap) -> Response {
    answer(gateway.health().await, &headers)
}

pub(super) async fn capabilities(State(gateway): App, headers: HeaderMap) -> Response {
    answer(gateway.capabilities().await, &headers)
}

#[derive(Debug, Deserialize)]
pub(super) struct PageQuery {
    pub(super) source: Option<String>,
    since: Option<NaiveDateTime>,
    changed_since: Option<DateTime<Utc>>,
    ends_after: Option<NaiveDate>,
    #[serde(default)]
    linked: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl PageQuery {
    pub(super) fn paging(&self) -> Paging {
        Paging {
            cursor: self.cursor.clone(),
            limit: self.limit,
            changed_since: self.changed_since,
            ends_after: self.ends_after,
        }
    }

    fn which(&self) -> Which {
        Which { since: self.since, changed_since: self.changed_since, linked: self.linked }
    }
}

macro_rules! list {
    ($($name:ident),*) => {
        $(pub(super) async fn $name(State(gateway): App, query: Query<PageQuery>, headers: HeaderMap) -> Response {
            answer(gateway.$name(&query.paging()).await, &headers)
        })*
    };
}

list!(clients, contacts, machines, users, projects, products, contracts, absences, tasks);

pub(super) async fn tickets(State(gateway): App, query: Query<PageQuery>, headers: HeaderMap) -> Response {
    let Some(source) = &query.source else {
        return problem(StatusCode::BAD_REQUEST, "bad-request", "Say which source: ?source=…");
    };
    answer(gateway.tickets(source, &query.paging()).await, &headers)
}

pub(super) async fn interventions(State(gateway): App, query: Query<PageQuery>, headers: HeaderMap) -> Response {
    answer(gateway.records(ObjectKind::Intervention, &query.paging(), &query.which()).await, &headers)
}

pub(super) async fn anomalies(State(gateway): App, query: Query<PageQuery>, headers: HeaderMap) -> Response {
    answer(gateway.records(ObjectKind::Anomaly, &query.paging(), &query.which()).await, &headers)
}

/// Why a request is turned away before it reaches the gateway.
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        problem(self.status, self.kind, &self.detail)
    }
}

pub(super) type TicketPath = Result<Path<(String, i64, u32)>, axum::extract::rejection::PathRejection>;

pub(super) fn key(path: TicketPath) -> Result<TicketKey, Refusal> {
    let Path((source, number, sequence)) = path.map_err(|_| bad_address())?;
    ticket_key(source, number, sequence)
}

pub(super) fn bad_address() -> Refusal {
    let text = "The address must be /v1/tickets/{source}/{number}/{sequence}/…";
    Refusal::new(StatusCode::BAD_REQUEST, "bad-request", text)
}

/// Whether a GestSup can be called so.
pub(super) fn is_source(source: &str) -> bool {
    !source.is_empty()
        && source.len() <= 20
        && source.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A key from the parts of an address.
pub(super) fn ticket_key(source: String, number: i64, sequence: u32) -> Result<TicketKey, Refusal> {
    if !is_source(&source) || number < 1 || sequence < 1 {
        return Err(bad_address());
    }
    Ok(TicketKey { source, number, sequence })
}

pub(super) fn body<T: DeserializeOwned>(bytes: Result<Bytes, BytesRejection>) -> Result<T, Refusal> {
    let bytes = bytes.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Problem::TOO_LARGE,
            "The request is larger than [gateway] max_body_kib allows.",
        ),
        status => Refusal::new(status, "bad-request", error.body_text()),
    })?;
    parsed(serde_json::from_slice(&bytes))
}

fn parsed<T>(body: serde_json::Result<T>) -> Result<T, Refusal> {
    body.map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            format!("The body is not what docs/gateway-api.yaml says: {error}."),
        )
    })
}

/// `GET` and `PUT` of one kind of object.
macro_rules! object {
    ($kind:expr, $get:ident, $put:ident) => {
        pub(super) async fn $get(app: App, path: TicketPath, headers: HeaderMap) -> Response {
            get($kind, app, path, headers).await
        }

        pub(super) async fn $put(
            app: App,
            path: TicketPath,
            headers: HeaderMap,
            bytes: Result<Bytes, BytesRejection>,
        ) -> Response {
            put($kind, app, path, headers, bytes).await
        }
    };
}

object!(ObjectKind::Intervention, get_intervention, put_intervention);
object!(ObjectKind::Anomaly, get_anomaly, put_anomaly);

async fn get(kind: ObjectKind, State(gateway): App, path: TicketPath, headers: HeaderMap) -> Response {
    match key(path) {
        Ok(key) => match gateway.get(&key, kind).await {
            Ok(state) => with_etag(StatusCode::OK, &state),
            Err(error) => fault(error, request_id(&headers)),
        },
        Err(refusal) => refusal.into_response(),
    }
}

/// The body of a PUT. A body need not say its kind, and must not contradict the address.
fn object(kind: ObjectKind, bytes: Result<Bytes, BytesRejection>) -> Result<ObjectPut, Refusal> {
    let mut value = body::<serde_json::Value>(bytes)?;
    if let Some(object) = value.as_object_mut() {
        object.entry("kind").or_insert_with(|| kind.as_str().into());
    }
    let put: ObjectPut = parsed(serde_json::from_value(value))?;
    if put.kind != kind {
        let text = format!("The body says {}, the address {kind}.", put.kind);
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad-request", text));
    }
    Ok(put)
}

async fn put(
    kind: ObjectKind,
    State(gateway): App,
    path: TicketPath,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let parts = key(path).and_then(|key| Ok((key, precondition(&headers)?, object(kind, bytes)?)));
    let (key, precondition, put) = match parts {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    match gateway.put(&key, precondition.as_ref(), &put).await {
        Ok((state, new)) => with_etag(if new { StatusCode::CREATED } else { StatusCode::OK }, &state),
        Err(error) => fault(error, request_id(&headers)),
    }
}

pub(super) async fn link(
    State(gateway): App,
    path: TicketPath,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let (key, put) = match key(path).and_then(|key| Ok((key, body::<LinkPut>(bytes)?))) {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    match gateway.link(&key, &put).await {
        Ok(state) => with_etag(StatusCode::OK, &state),
        Err(error) => fault(error, request_id(&headers)),
    }
}

pub(super) async fn psp_contact(State(gateway): App, Path(code): Path<String>, headers: HeaderMap) -> Response {
    match gateway.psp_contact(&code).await {
        Ok((client, new)) => (if new { StatusCode::CREATED } else { StatusCode::OK }, Json(client)).into_response(),
        Err(error) => fault(error, request_id(&headers)),
    }
}

pub(super) async fn action(State(gateway): App, headers: HeaderMap, bytes: Result<Bytes, BytesRejection>) -> Response {
    let post = match body::<ActionPost>(bytes) {
        Ok(post) => post,
        Err(refusal) => return refusal.into_response(),
    };
    match gateway.act(&post).await {
        Ok((state, new)) => (if new { StatusCode::CREATED } else { StatusCode::OK }, Json(state)).into_response(),
        Err(error) => fault(error, request_id(&headers)),
    }
}

fn with_etag(status: StatusCode, state: &ObjectState) -> Response {
    let mut response = (status, Json(state)).into_response();
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", state.etag)) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

fn precondition(headers: &HeaderMap) -> Result<Option<Precondition>, Refusal> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    match (text(header::IF_NONE_MATCH), text(header::IF_MATCH)) {
        (None, None) => Ok(None),
        (Some("*"), None) => Ok(Some(Precondition::Absent)),
        (None, Some(etag)) if etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"') => {
            Ok(Some(Precondition::Match(etag.trim_matches('"').to_owned())))
        }
        _ => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "Send If-None-Match: * to create, or If-Match: \"<etag>\" to change, not both.",
        )),
    }
}

pub(super) async fn batch(State(gateway): App, headers: HeaderMap, bytes: Result<Bytes, BytesRejection>) -> Response {
    let request = match body::<BatchRequest>(bytes) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    if request.items.len() > BATCH {
        return too_many();
    }
    let mut seen = HashMap::new();
    let mut results: Vec<Option<BatchResult>> = Vec::with_capacity(request.items.len());
    let mut items = Vec::with_capacity(request.items.len());
    let refused = |fault: GatewayFault| BatchResult::Problem(Box::new(fault.problem(request_id(&headers))));
    for (index, item) in request.items.iter().enumerate() {
        results.push(seen.insert(&item.key, index).map(|before| {
            let text = format!("items {before} and {index} of the batch are for the same ticket and sequence");
            refused(GatewayFault::Invalid(text))
        }));
        if results[index].is_none() {
            items.push(item);
        }
    }
    let mut done = gateway.put_many(&items).await.into_iter();
    let results = results.into_iter().filter_map(|refusal| {
        refusal.or_else(|| {
            done.next().map(|result| match result {
                Ok((state, _)) => BatchResult::Ok(Box::new(state)),
                Err(error) => refused(error),
            })
        })
    });
    let results = results.collect();
    Json(BatchResponse { results }).into_response()
}

pub(super) async fn states(State(gateway): App, headers: HeaderMap, bytes: Result<Bytes, BytesRejection>) -> Response {
    let request = match body::<StatesRequest>(bytes) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    if request.items.len() > BATCH {
        return too_many();
    }
    answer(gateway.states(&request.items).await.map(|results| StatesResponse { results }), &headers)
}

fn too_many() -> Response {
    problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A batch holds at most 100 items: send several.")
}
