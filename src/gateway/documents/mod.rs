//! Documents of interventions and anomalies: a file in Gestan's folder, a row of DOCUMENT, and a row of the
//! extension that says whose it is.

mod added;
mod folder;
mod names;
mod rows;

pub(super) use rows::DOCUMENT;

use super::linking::nothing_there;
use super::objects::Found;
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::config;
use crate::failpoint::reached;
use crate::gestan::contract::{DocumentPut, DocumentState, TicketKey};
use crate::model::{Field, ObjectKind, Value, sha256_hex, sha256_hex_of};
use folder::{Folder, Waiting};
use rows::NewDocument;
use std::path::PathBuf;

const MIB: u64 = 1024 * 1024;
/// Characters of a caller's id of a document.
const ID: usize = 100;
/// Characters of what tells the files of a contact apart.
const SUFFIX: usize = 12;

/// Columns of DOCUMENT without which none can be written.
const NEEDED: [&str; 5] = ["IDDOCUMENT", "LIB100", "FILEREF", "IDCONTACT", "TRGCIBLE"];

impl Gateway {
    /// Whether documents can be stored here.
    pub(super) fn stores_documents(&self, catalogue: &Catalogue) -> bool {
        self.documents.is_some() && NEEDED.iter().all(|column| has(catalogue, "DOCUMENT", column))
    }

    /// Bytes of a document at most; 0 where none are stored.
    pub(super) fn largest_document(&self) -> u64 {
        self.documents.as_ref().map_or(0, |settings| u64::from(settings.max_mib) * MIB)
    }

    fn document_settings(&self, catalogue: &Catalogue) -> Result<&config::GatewayDocuments, GatewayFault> {
        let unsupported = |text: &str| Err(GatewayFault::Unsupported(text.to_owned()));
        let Some(settings) = &self.documents else {
            return unsupported("documents are not stored here: set [gateway.documents] folder beside Gestan");
        };
        if !self.stores_documents(catalogue) {
            return unsupported(
                "this Gestan base has no table DOCUMENT with the columns IDDOCUMENT, LIB100, FILEREF, IDCONTACT and TRGCIBLE: complete the copy of the base",
            );
        }
        if !has(catalogue, self.extension.document_table(), "CC_DOCUMENT") {
            return Err(GatewayFault::NotInstalled);
        }
        Ok(settings)
    }

    /// Stores a file as a document of what a ticket has. Repeating it changes nothing; a content that the
    /// ticket has already is stored once. It may be added to a billed intervention, since nothing of that
    /// changes.
    ///
    /// # Errors
    /// When the ticket has nothing, the file is not acceptable, or the folder or the base do not take it.
    pub async fn put_document(
        &self,
        key: &TicketKey,
        id: &str,
        put: &DocumentPut,
        content: Vec<u8>,
    ) -> Result<(DocumentState, bool), GatewayFault> {
        let catalogue = self.catalogue().await?;
        let settings = self.document_settings(&catalogue)?;
        let sha256 = self.acceptable(settings, id, put, &content)?;
        // One at a time: a large file is held in memory, and two PUTs of one document would share a file.
        let _turn = self.document_turn.lock().await;
        let found = self.document_owner(&catalogue, key, false).await?;
        if let Some(state) = self.stored_document(&catalogue, &found, key, id, &sha256).await? {
            return Ok((state, false));
        }
        let contact = client_of(&found);
        let mut suffix = sha256_hex(&format!("{}:{id}", super::extension::ticket_key(key)));
        suffix.truncate(SUFFIX);
        let new = NewDocument {
            id,
            name: &put.name,
            file: names::safe(&put.name, &suffix),
            sha256,
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            at: put.at,
        };
        let (folder, file) = (Folder(settings.folder.clone()), new.file.clone());
        let waiting = blocking(move || folder.write(contact, (&file, &suffix), &content)).await?;
        reached("gateway: file of a document written");
        let state = self.settle_document(&catalogue, key, &new, waiting).await?;
        Ok((state, true))
    }

    /// Puts a file that is written in its place and stores its rows, unless somebody else did meanwhile.
    async fn settle_document(
        &self,
        catalogue: &Catalogue,
        key: &TicketKey,
        new: &NewDocument<'_>,
        waiting: Waiting,
    ) -> Result<DocumentState, GatewayFault> {
        let mut transaction = self.base.begin().await?;
        let Some(found) = self.find(catalogue, transaction.as_mut(), key, true).await? else {
            waiting.discard();
            return Err(nothing_there(key, None));
        };
        let known = self.documents_of(transaction.as_mut(), key).await?;
        let document = match known.iter().find(|known| known.sha256 == new.sha256) {
            Some(same) => {
                waiting.discard();
                same.document
            }
            None => {
                blocking(move || waiting.settle()).await?;
                reached("gateway: file of a document in its place");
                self.insert_document(catalogue, transaction.as_mut(), &found, new).await?
            }
        };
        if known.iter().all(|known| known.id != new.id) {
            self.link_document(transaction.as_mut(), key, document, new).await?;
        }
        reached("gateway: before COMMIT of a document");
        transaction.commit().await?;
        reached("gateway: after COMMIT of a document");
        let state = self.stored_document(catalogue, &found, key, new.id, &new.sha256).await?;
        state.ok_or_else(|| GatewayFault::NotFound(format!("document {} vanished while it was being stored", new.id)))
    }

    /// The SHA-256 of the content, where all is as it must be.
    fn acceptable(
        &self,
        settings: &config::GatewayDocuments,
        id: &str,
        put: &DocumentPut,
        content: &[u8],
    ) -> Result<String, GatewayFault> {
        let invalid = |text: String| Err(GatewayFault::Invalid(text));
        if id.is_empty() || id.len() > ID || !id.chars().all(|c| c.is_ascii_graphic() && c != '/') {
            return invalid(format!(
                "“{id}” cannot be the id of a document: {ID} ASCII characters at most, no blank, no /"
            ));
        }
        if let Some(sentence) = names::refused(&put.name, &settings.extensions) {
            return invalid(sentence);
        }
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        if size > self.largest_document() {
            return Err(GatewayFault::TooLarge(format!(
                "“{}” is larger than the {} MiB that [gateway.documents] max_mib allows",
                put.name, settings.max_mib
            )));
        }
        let sha256 = sha256_hex_of(content);
        if !put.sha256.eq_ignore_ascii_case(&sha256) {
            return invalid(format!("“{}” did not arrive as it was sent: its SHA-256 is {sha256}", put.name));
        }
        Ok(sha256)
    }

    async fn document_owner(&self, catalogue: &Catalogue, key: &TicketKey, lock: bool) -> Result<Found, GatewayFault> {
        let mut transaction = self.base.begin().await?;
        let found = self.find(catalogue, transaction.as_mut(), key, lock).await?;
        found.ok_or_else(|| nothing_there(key, None))
    }

    /// The document of this id, if it is stored.
    async fn stored_document(
        &self,
        catalogue: &Catalogue,
        found: &Found,
        key: &TicketKey,
        id: &str,
        sha256: &str,
    ) -> Result<Option<DocumentState>, GatewayFault> {
        let mut transaction = self.base.begin().await?;
        let known = self.documents_of(transaction.as_mut(), key).await?;
        let Some(known) = known.into_iter().find(|known| known.id == id) else { return Ok(None) };
        if known.sha256 != sha256 {
            return Err(GatewayFault::Invalid(format!(
                "{id} was stored with another content (document {}): a file that changed needs an id of its own",
                known.document
            )));
        }
        let rows = self.document_rows(catalogue, transaction.as_mut(), found, std::slice::from_ref(&known)).await?;
        let row = rows.iter().find(|row| row.document == known.document);
        Ok(Some(known.state(row.and_then(|row| row.created))))
    }

    /// Every document of what a ticket has, whoever added it.
    ///
    /// # Errors
    /// When the ticket has nothing, or the base does not answer.
    pub async fn documents(&self, key: &TicketKey) -> Result<Vec<DocumentState>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let folder = Folder(self.document_settings(&catalogue)?.folder.clone());
        let found = self.document_owner(&catalogue, key, false).await?;
        let mut transaction = self.base.begin().await?;
        let known = self.documents_of(transaction.as_mut(), key).await?;
        let rows = self.document_rows(&catalogue, transaction.as_mut(), &found, &known).await?;
        drop(transaction);
        blocking(move || {
            let mut states = Vec::new();
            for row in &rows {
                let size = folder.size(row.contact, &row.file);
                let ours = known.iter().filter(|known| known.document == row.document);
                let mut of_row: Vec<DocumentState> =
                    ours.map(|known| DocumentState { size, ..known.state(row.created) }).collect();
                if of_row.is_empty() {
                    of_row.push(row.state(size));
                }
                states.extend(of_row);
            }
            Ok(states)
        })
        .await
    }

    /// The name and the content of a document of what a ticket has.
    ///
    /// # Errors
    /// When it is no document of it, its file is not in the folder or too large, or the base does not answer.
    pub async fn document_content(&self, key: &TicketKey, document: i64) -> Result<(String, Vec<u8>), GatewayFault> {
        let catalogue = self.catalogue().await?;
        let settings = self.document_settings(&catalogue)?;
        let (folder, max_mib) = (Folder(settings.folder.clone()), settings.max_mib);
        let limit = self.largest_document();
        let found = self.document_owner(&catalogue, key, false).await?;
        let mut transaction = self.base.begin().await?;
        let known = self.documents_of(transaction.as_mut(), key).await?;
        let rows = self.document_rows(&catalogue, transaction.as_mut(), &found, &known).await?;
        drop(transaction);
        let Some(row) = rows.into_iter().find(|row| row.document == document) else {
            return Err(GatewayFault::NotFound(format!("ticket {} has no document {document}", key.number)));
        };
        blocking(move || {
            let Some(path) = folder.find(row.contact, &row.file) else {
                return Err(GatewayFault::NotFound(format!(
                    "the file of document {document} is not in [gateway.documents] folder"
                )));
            };
            let content = read(&path, limit)?.ok_or_else(|| {
                GatewayFault::TooLarge(format!(
                    "document {document} is larger than the {max_mib} MiB that [gateway.documents] max_mib allows"
                ))
            })?;
            Ok((row.name, content))
        })
        .await
    }

    /// Letters and key that a document of a sheet points at it by.
    fn document_target(&self, found: &Found) -> String {
        format!("{}{}", self.document_letters(found.link.kind), found.link.id)
    }

    fn document_letters(&self, kind: ObjectKind) -> &str {
        match kind {
            ObjectKind::Intervention => "INT",
            ObjectKind::Anomaly => self.documents.as_ref().map_or("", |settings| settings.anomaly.as_str()),
        }
    }
}

fn client_of(found: &Found) -> i64 {
    found.state.fields.get(&Field::Client).and_then(Value::as_number).unwrap_or(0)
}

fn project_of(found: &Found) -> i64 {
    found.state.fields.get(&Field::Project).and_then(Value::as_number).unwrap_or(0)
}

/// A file, unless it is larger than so many bytes.
fn read(path: &PathBuf, limit: u64) -> Result<Option<Vec<u8>>, GatewayFault> {
    use std::io::Read as _;
    let fault =
        |error: std::io::Error| GatewayFault::Folder { path: path.display().to_string(), reason: error.to_string() };
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(fault)?;
    file.take(limit + 1).read_to_end(&mut content).map_err(fault)?;
    Ok((u64::try_from(content.len()).unwrap_or(u64::MAX) <= limit).then_some(content))
}

/// Work on files, away from the threads that answer.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GatewayFault> + Send + 'static,
) -> Result<T, GatewayFault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(GatewayFault::Folder { path: "the folder".to_owned(), reason: error.to_string() }),
    }
}
