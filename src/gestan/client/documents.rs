//! Documents over the wire.

use super::{Content, GatewayClient};
use crate::gestan::contract::{AddedDocuments, DocumentPut, DocumentState, Page, TicketKey};
use crate::gestan::error::GatewayError;
use axum::http::Method;

impl GatewayClient {
    /// Stores a file as a document of what is linked under a key.
    pub(super) async fn store_document(
        &self,
        key: &TicketKey,
        id: &str,
        document: &DocumentPut,
        content: Vec<u8>,
    ) -> Result<DocumentState, GatewayError> {
        let content = Content { kind: "application/octet-stream", bytes: content };
        let answer = self.send(Method::PUT, &document_path(key, id, document), Some(content), None).await?;
        self.understand(&answer)
    }

    /// The documents of what is linked under a key, whoever added them.
    ///
    /// # Errors
    /// When nothing is linked, the gateway stores no documents, or it does not answer.
    pub async fn documents(&self, key: &TicketKey) -> Result<Vec<DocumentState>, GatewayError> {
        let page: Page<DocumentState> = self.fetch(&documents_path(key)).await?;
        Ok(page.items)
    }

    /// Documents that people added in Gestan to what belongs to tickets of a source, a page of them; without `after` only
    /// where to begin.
    ///
    /// # Errors
    /// When the gateway stores no documents, or does not answer.
    pub async fn added_documents(&self, source: &str, after: Option<i64>) -> Result<AddedDocuments, GatewayError> {
        let cursor = after.map(|after| format!("&cursor={after}")).unwrap_or_default();
        self.fetch(&format!("/v1/documents?source={source}{cursor}")).await
    }

    /// The content of one of them, by [`DocumentState::document`].
    ///
    /// # Errors
    /// As for [`GatewayClient::documents`], and when its file is missing or too large.
    pub async fn document_content(&self, key: &TicketKey, document: i64) -> Result<Vec<u8>, GatewayError> {
        let path = format!("{}/{document}/content", documents_path(key));
        let answer = self.send(Method::GET, &path, None, None).await?;
        if answer.status.is_success() { Ok(answer.body) } else { Err(self.refusal(&answer)) }
    }
}

fn documents_path(key: &TicketKey) -> String {
    let TicketKey { source, number, sequence } = key;
    format!("/v1/tickets/{source}/{number}/{sequence}/documents")
}

/// Address of a document, what is said of the file in its query.
fn document_path(key: &TicketKey, id: &str, document: &DocumentPut) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("name", &document.name).append_pair("sha256", &document.sha256);
    if let Some(at) = document.at {
        query.append_pair("at", &at.to_rfc3339());
    }
    format!("{}/{id}?{}", documents_path(key), query.finish())
}
