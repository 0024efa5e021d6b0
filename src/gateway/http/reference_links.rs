//! The addresses of links between Gestan's records and GestSup's rows.

use super::routes::{App, PageQuery, Refusal, answer, body, is_source};
use crate::gestan::contract::{ReferenceLinksPut, ReferenceLinksWritten};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Links of a request at most.
const BATCH: usize = 1_000;
/// Characters of a key.
const KEY: usize = 30;

type LinksPath = Result<Path<(String, String)>, PathRejection>;

/// Source and kind.
fn parts(path: LinksPath) -> Result<(String, String), Refusal> {
    let text = "The address must be /v1/reference-links/{source}/{kind}";
    let refusal = || Refusal::new(StatusCode::BAD_REQUEST, "bad-request", text);
    let Path((source, kind)) = path.map_err(|_| refusal())?;
    let kind_ok = !kind.is_empty() && kind.len() <= 10 && kind.chars().all(|c| c.is_ascii_lowercase());
    if is_source(&source) && kind_ok { Ok((source, kind)) } else { Err(refusal()) }
}

pub(super) async fn list(
    State(gateway): App,
    path: LinksPath,
    query: Query<PageQuery>,
    headers: HeaderMap,
) -> Response {
    match parts(path) {
        Ok((source, kind)) => answer(gateway.reference_links(&source, &kind, &query.paging()).await, &headers),
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) async fn put(
    State(gateway): App,
    path: LinksPath,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let asked = parts(path).and_then(|parts| Ok((parts, body::<ReferenceLinksPut>(bytes)?)));
    let ((source, kind), request) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    let fits = |key: &str| !key.is_empty() && key.chars().count() <= KEY;
    if request.items.len() > BATCH || !request.items.iter().all(|item| fits(&item.gestan)) {
        let text = "A request holds at most 1000 links, and a key 1 to 30 characters.";
        return Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", text).into_response();
    }
    let written = gateway.put_reference_links(&source, &kind, &request.items).await;
    answer(written.map(|written| ReferenceLinksWritten { written }), &headers)
}
