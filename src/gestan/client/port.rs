//! The gateway as the flows see it.

use super::{GatewayClient, json};
use crate::flows::PortError;
use crate::flows::follow_up::{Additions, Changes};
use crate::flows::notify::Actions;
use crate::flows::reference::{Asked, Book, Catalogues, Kind, Psp};
use crate::flows::tickets::Interventions;
use crate::gestan::contract::{
    Absence, ActionPost, ActionState, AddedDocuments, BatchItem, BatchResult, Client, Contact, Contract, DocumentPut,
    DocumentState, KnownState, LinkPut, Machine, ObjectRecord, ObjectState, Page, Problem, Product, Project, PspMode,
    ReferenceLink, ReferenceLinkPut, ReferenceLinksPut, ReferenceLinksWritten, StateResult, Task, TicketKey, User,
};
use crate::gestan::error::GatewayError;
use crate::model::ObjectKind;
use async_trait::async_trait;
use axum::http::Method;
use chrono::{DateTime, NaiveDate, Utc};
use std::time::Duration;

#[async_trait]
impl Changes for GatewayClient {
    async fn changed(&self, kind: ObjectKind, since: DateTime<Utc>) -> Result<Vec<TicketKey>, PortError> {
        let records = Self::changed(self, kind, since, true).await?;
        Ok(records.into_iter().filter_map(|record| record.ticket).collect())
    }
}

#[async_trait]
impl Additions for GatewayClient {
    async fn added(&self, source: &str, after: Option<i64>) -> Result<AddedDocuments, PortError> {
        Ok(self.added_documents(source, after).await?)
    }

    async fn content(&self, key: &TicketKey, document: i64) -> Result<Vec<u8>, PortError> {
        Ok(self.document_content(key, document).await?)
    }
}

#[async_trait]
impl Catalogues for GatewayClient {
    async fn page_of_clients(&self, asked: &Asked) -> Result<Page<Client>, PortError> {
        Ok(self.page_of("clients", asked).await?)
    }

    async fn page_of_contacts(&self, asked: &Asked) -> Result<Page<Contact>, PortError> {
        Ok(self.page_of("contacts", asked).await?)
    }

    async fn page_of_machines(&self, asked: &Asked) -> Result<Page<Machine>, PortError> {
        Ok(self.page_of("machines", asked).await?)
    }

    async fn all_clients(&self) -> Result<Vec<Client>, PortError> {
        Ok(self.all("clients").await?)
    }

    async fn all_contacts(&self) -> Result<Vec<Contact>, PortError> {
        Ok(self.all("contacts").await?)
    }

    async fn all_machines(&self) -> Result<Vec<Machine>, PortError> {
        Ok(self.all("machines").await?)
    }

    async fn all_users(&self) -> Result<Vec<User>, PortError> {
        Ok(self.all("users").await?)
    }

    async fn all_projects(&self) -> Result<Vec<Project>, PortError> {
        Ok(self.all("projects").await?)
    }

    async fn all_tasks(&self) -> Result<Vec<Task>, PortError> {
        Ok(self.all("tasks").await?)
    }

    async fn all_absences(&self, ends_after: NaiveDate) -> Result<Vec<Absence>, PortError> {
        let day = ends_after.to_string();
        Ok(self.all_with("absences", vec![("ends_after", day.as_str())]).await?)
    }

    async fn recorded_links(&self, source: &str, kind: Kind) -> Result<Book<Vec<(String, i64)>>, PortError> {
        let links: Result<Vec<ReferenceLink>, _> = self.all(&format!("reference-links/{source}/{kind}")).await;
        let links = book(links)?;
        Ok(match links {
            Book::Open(links) => Book::Open(links.into_iter().map(|link| (link.gestan, link.gestsup)).collect()),
            Book::Closed(reason) => Book::Closed(reason),
        })
    }

    async fn record_links(
        &self,
        source: &str,
        kind: Kind,
        links: &[(String, Option<i64>)],
    ) -> Result<Book<()>, PortError> {
        let item = |(key, id): &(String, Option<i64>)| ReferenceLinkPut { gestan: key.clone(), gestsup: *id };
        let put = ReferenceLinksPut { items: links.iter().map(item).collect() };
        let path = format!("/v1/reference-links/{source}/{kind}");
        let answer = self.send(Method::PUT, &path, Some(json(&put)?), None).await?;
        let written: Result<ReferenceLinksWritten, _> = self.understand(&answer);
        book(written.map(|_| ()))
    }

    async fn psp_mode(&self) -> Result<PspMode, PortError> {
        Ok(self.capabilities().await?.psp_contacts)
    }

    async fn psp_contact(&self, code: &str) -> Result<Psp, PortError> {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        let path = format!("/v1/users/{}/psp-contact", code.replace('+', "%20"));
        let answer = self.send(Method::PUT, &path, None, None).await?;
        let new = answer.status == axum::http::StatusCode::CREATED;
        match self.understand(&answer) {
            Ok(client) if new => Ok(Psp::Made(Box::new(client))),
            Ok(client) => Ok(Psp::Found(Box::new(client))),
            Err(GatewayError::Problem { problem, .. }) if matches!(problem.status, 404 | 409 | 422 | 501) => {
                Ok(Psp::Refused(problem.detail))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A base without the table, one whose account may not write it, or a gateway that does not know of it.
fn book<T>(answer: Result<T, GatewayError>) -> Result<Book<T>, PortError> {
    match answer {
        Ok(answer) => Ok(Book::Open(answer)),
        Err(GatewayError::Problem { problem, .. })
            if ["not-installed", "base-refused", Problem::NOT_FOUND, Problem::UNSUPPORTED]
                .contains(&problem.code()) =>
        {
            Ok(Book::Closed(problem.detail))
        }
        Err(error) => Err(error.into()),
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
        Ok(self.store_document(key, id, &document, content).await?)
    }

    async fn contracts(&self) -> Result<Vec<Contract>, PortError> {
        Ok(self.all("contracts").await?)
    }
}

#[async_trait]
impl Actions for GatewayClient {
    async fn act(&self, post: ActionPost) -> Result<(), PortError> {
        let answer = self.send(Method::POST, "/v1/actions", Some(json(&post)?), None).await?;
        self.understand::<ActionState>(&answer)?;
        Ok(())
    }
}
