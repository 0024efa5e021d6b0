//! Documents: bytes in and out, and their list.

use super::problem::{fault, problem};
use super::routes::{App, PageQuery, Refusal, TicketPath, answer, bad_address, key, request_id, ticket_key};
use crate::gestan::contract::{DocumentPut, Page, Problem, TicketKey};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

type InTicket<T> = Result<Path<(String, i64, u32, T)>, PathRejection>;

fn in_ticket<T: DeserializeOwned>(path: InTicket<T>) -> Result<(TicketKey, T), Refusal> {
    let Path((source, number, sequence, rest)) = path.map_err(|_| bad_address())?;
    Ok((ticket_key(source, number, sequence)?, rest))
}

pub(super) async fn put(
    State(gateway): App,
    path: InTicket<String>,
    query: Result<Query<DocumentPut>, QueryRejection>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let (key, id) = match in_ticket(path) {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    let put = match query {
        Ok(Query(put)) => put,
        Err(error) => return problem(StatusCode::BAD_REQUEST, "bad-request", &error.body_text()),
    };
    let content = match bytes {
        Ok(content) => content,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let text = "The file is larger than [gateway.documents] max_mib allows.";
            return problem(StatusCode::PAYLOAD_TOO_LARGE, Problem::TOO_LARGE, text);
        }
        Err(error) => return problem(error.status(), "bad-request", &error.body_text()),
    };
    match gateway.put_document(&key, &id, &put, content.into()).await {
        Ok((state, new)) => (if new { StatusCode::CREATED } else { StatusCode::OK }, Json(state)).into_response(),
        Err(error) => fault(error, request_id(&headers)),
    }
}

pub(super) async fn list(State(gateway): App, path: TicketPath, headers: HeaderMap) -> Response {
    match key(path) {
        Ok(key) => answer(gateway.documents(&key).await.map(|items| Page { items, next: None }), &headers),
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) async fn added(State(gateway): App, query: Query<PageQuery>, headers: HeaderMap) -> Response {
    let Some(source) = &query.source else {
        return problem(StatusCode::BAD_REQUEST, "bad-request", "Say which source: ?source=…");
    };
    answer(gateway.added_documents(source, &query.paging()).await, &headers)
}

pub(super) async fn content(State(gateway): App, path: InTicket<i64>, headers: HeaderMap) -> Response {
    let (key, document) = match in_ticket(path) {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    match gateway.document_content(&key, document).await {
        // What is in it is for others to judge: no browser is to show or run it.
        Ok((_, content)) => {
            let plain = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, "attachment"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (StatusCode::OK, plain, content).into_response()
        }
        Err(error) => fault(error, request_id(&headers)),
    }
}
