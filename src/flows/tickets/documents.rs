//! Files of a ticket on their way to Gestan: which of them are to be sent, and the sending, one after the
//! other, once what they belong to is there. A file that cannot be sent holds nothing else up.

use super::apply::{Applier, Work};
use super::ports::{Commit, DocumentSource, FileTrouble, Link, Outcome, SentDocument};
use super::report::RecordReport;
use crate::config::Documents;
use crate::failpoint::reached;
use crate::flows::{Blast, PortError};
use crate::gestan::contract::{DocumentPut, TicketKey};
use crate::model::{Ticket, sha256_hex_of};
use serde::Serialize;

const MIB: u64 = 1024 * 1024;

/// A file that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WantedDocument {
    /// `file:<tattachments.id>`, or `picture:<hash>` of one in the description.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Where it is.
    pub source: DocumentSource,
}

/// The files of a ticket that were not sent yet. One that could not be is left alone, unless it is asked for
/// again.
pub(super) fn wanted(ticket: &Ticket, links: &[Link], rules: &Documents, again: bool) -> Vec<WantedDocument> {
    let files = ticket
        .attachments
        .iter()
        .filter(|file| !came_from_gestan(ticket, &file.stored_as) && is_taken(&file.name, &rules.extensions))
        .map(|file| WantedDocument {
            id: file_id(file.id),
            name: file.name.clone(),
            source: DocumentSource::File(format!("ticket/{}", file.stored_as)),
        });
    let pictures =
        ticket.pictures.iter().filter(|_| rules.pictures).enumerate().map(|(index, picture)| WantedDocument {
            id: format!("picture:{}", &picture.hash[..picture.hash.len().min(32)]),
            name: format!("image-{}.{}", index + 1, picture.extension),
            source: DocumentSource::Picture(picture.hash.clone()),
        });
    let is_settled = |id: &str| {
        let known = links.iter().rev().find_map(|link| link.documents.get(id));
        known.is_some_and(|known| known.document.is_some() || !again)
    };
    files.chain(pictures).filter(|wanted| !is_settled(&wanted.id)).collect()
}

/// The id under which Gestan's side knows a file of GestSup's.
pub fn file_id(attachment: i64) -> String {
    format!("file:{attachment}")
}

/// The end of a step's mark that tells of a file which came from Gestan, by the name that the file has in GestSup's folder.
pub fn file_mark(stored_as: &str) -> &str {
    stored_as.rsplit_once('_').map_or(stored_as, |(_, random)| random)
}

/// Whether a step that the follow-up wrote brought the file.
fn came_from_gestan(ticket: &Ticket, stored_as: &str) -> bool {
    let ends = |mark: &str| mark.rsplit_once(':').is_some_and(|(_, end)| end == file_mark(stored_as));
    ticket.steps.iter().filter_map(|step| step.from_gestan.as_deref()).any(ends)
}

fn is_taken(name: &str, extensions: &[String]) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extensions.is_empty()
        || extensions.iter().any(|taken| taken.trim_start_matches('.').eq_ignore_ascii_case(extension))
}

/// Code of a ticket whose files wait for the folder that they are in.
const UPLOAD_FOLDER: &str = "upload-folder";

/// Why no further file of a ticket is tried.
enum Stop {
    /// The ticket waits, and is planned again on every pass.
    Wait(String),
    /// A system as a whole does not answer.
    Broken(PortError),
}

impl Applier<'_> {
    /// Sends the files of a ticket whose link is about to be committed, and adds to the commit what became
    /// of them. An error is one of a system as a whole: the ticket is then planned again by the next pass.
    pub(super) async fn send_documents(
        &self,
        work: &Work,
        commit: &mut Commit,
        records: &mut Vec<RecordReport>,
    ) -> Option<PortError> {
        let wanted = &work.planned.documents;
        let files = self.flow.files.filter(|_| !wanted.is_empty())?;
        if commit.links.is_empty() {
            commit.links.extend(work.links.last().cloned());
        }
        let (mut sent, mut troubles) = (Vec::new(), Vec::new());
        let mut stopped = None;
        let link = commit.links.last_mut()?;
        let key = TicketKey { source: self.flow.source_name.to_owned(), number: link.number, sequence: link.sequence };
        let gestan_id = link.gestan_id;
        for document in wanted {
            match self.send(files, &key, document).await {
                Ok(done) => {
                    match done.document {
                        Some(_) => sent.push(document.name.as_str()),
                        None => troubles.push(format!("“{}”: {}", document.name, done.trouble)),
                    }
                    link.documents.insert(document.id.clone(), done);
                }
                Err(stop) => {
                    stopped = Some(stop);
                    break;
                }
            }
        }
        let mut told = Vec::new();
        if !sent.is_empty() {
            let message = format!("documents added: {}", sent.join(", "));
            told.push(self.record(work, Some(gestan_id), Some(Outcome::Done), "documents", &message, None));
        }
        if !troubles.is_empty() {
            let message = format!(
                "documents left out: {}. Once that is mended, `gestan-connector sync --ticket {}` sends them.",
                troubles.join("; "),
                key.number
            );
            told.push(self.record(work, Some(gestan_id), Some(Outcome::Reported), "document-missing", &message, None));
        }
        commit.journal.extend(told.iter().map(|record| self.journal(record)));
        records.extend(told);
        match stopped? {
            Stop::Wait(reason) => {
                let (attention, journal) = self.waiting(work, UPLOAD_FOLDER, &reason, records);
                if commit.attention == Some(None) {
                    commit.attention = Some(Some(attention));
                }
                commit.journal.extend(journal);
                None
            }
            Stop::Broken(error) => {
                // What is left is planned again: nothing says that the ticket is in step.
                commit.fingerprint = None;
                Some(error)
            }
        }
    }

    async fn send(
        &self,
        files: &dyn super::ports::Files,
        key: &TicketKey,
        document: &WantedDocument,
    ) -> Result<SentDocument, Stop> {
        let left_out = |sha256: String, trouble: String| SentDocument { document: None, sha256, trouble };
        let limit = u64::from(self.flow.config.documents.max_mib) * MIB;
        let content = match files.read(key.number, &document.source, limit).await {
            Ok(content) => content,
            Err(FileTrouble::One(trouble)) => return Ok(left_out(String::new(), trouble)),
            Err(FileTrouble::Folder(reason)) => return Err(Stop::Wait(reason)),
            Err(FileTrouble::Base(error)) => return Err(Stop::Broken(error)),
        };
        let sha256 = sha256_hex_of(&content);
        let put = DocumentPut { name: document.name.clone(), sha256: sha256.clone(), at: None };
        reached("daemon: document read");
        let stored = self.flow.gestan.put_document(key, &document.id, put, content).await;
        reached("daemon: document sent");
        match stored {
            Ok(state) => Ok(SentDocument { document: Some(state.document), sha256, trouble: String::new() }),
            Err(error) if error.blast == Blast::Record => Ok(left_out(sha256, error.message)),
            Err(error) => Err(Stop::Broken(error)),
        }
    }
}
