//! Interventions and anomalies over the wire: PUTs, one or many, and what changed.

use super::{Content, GatewayClient, json};
use crate::flows::Blast;
use crate::gestan::contract::{
    BatchItem, BatchResponse, BatchResult, KnownState, StateResult, StatesRequest, StatesResponse, TicketKey,
};
use crate::gestan::error::GatewayError;
use axum::http::Method;

/// Bytes of items in one batch request, well under the gateway's default limit.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Items in one batch request.
const BATCH_ITEMS: usize = 100;

impl GatewayClient {
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

    /// `body` is a [`BatchRequest`](crate::gestan::contract::BatchRequest) for these keys, but for its end.
    async fn put_batch(&self, keys: Vec<TicketKey>, mut body: Vec<u8>) -> Result<Vec<BatchResult>, GatewayError> {
        body.extend_from_slice(b"]}");
        let body = Content { kind: "application/json", bytes: body };
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

    pub(super) async fn states_of(&self, items: Vec<KnownState>) -> Result<Vec<StateResult>, GatewayError> {
        let mut results = Vec::with_capacity(items.len());
        for chunk in items.chunks(BATCH_ITEMS) {
            let body = json(&StatesRequest { items: chunk.to_vec() })?;
            let answer = self.send(Method::POST, "/v1/tickets:states", Some(body), None).await?;
            let answered = self.understand::<StatesResponse>(&answer).map_err(Self::known)?.results;
            results.extend(self.complete(answered, chunk.len())?);
        }
        Ok(results)
    }

    pub(super) async fn put_all(&self, items: Vec<BatchItem>) -> Result<Vec<BatchResult>, GatewayError> {
        if let [item] = &items[..] {
            return Ok(vec![self.put_one(item).await?]);
        }
        let mut results = Vec::with_capacity(items.len());
        // Each is written out once, to see whether it fits and to be sent.
        let (mut keys, mut body) = (Vec::new(), Vec::new());
        for item in items {
            let written = json(&item)?.bytes;
            if !keys.is_empty() && (body.len() + written.len() > BATCH_BYTES || keys.len() == BATCH_ITEMS) {
                results.extend(self.put_batch(std::mem::take(&mut keys), std::mem::take(&mut body)).await?);
            }
            body.extend_from_slice(if keys.is_empty() { br#"{"items":["# } else { b",".as_slice() });
            body.extend_from_slice(&written);
            keys.push(item.key);
        }
        if !keys.is_empty() {
            results.extend(self.put_batch(keys, body).await?);
        }
        Ok(results)
    }
}
