//! A session with a mailbox: folders, lists and mails. Commands are run here and not by the library's own functions, which
//! don't tell a refusal or a broken connection from an empty answer: a mail would then seem to be gone.

use super::account::Account;
use super::connection::{CHATTER, Meter, Metered, place};
use super::error::{MailboxError, tidy};
use super::folders::{from_utf7, on_server, quoted};
use super::mime::{self, Origin};
use crate::flows::PortError;
use crate::flows::mail::{FolderState, Listed, MailSession};
use crate::model::{Filing, Mail};
use async_imap::Session;
use async_imap::imap_proto::{
    AttributeValue, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath, Status,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

/// Bytes of a mail that are asked for at once; smaller mails never touch the disk.
pub(super) const PIECE: u64 = 1024 * 1024;
/// Bytes of headers that are taken of a mail that is too large.
const HEADERS: u64 = 256 * 1024;
/// Mails of one FETCH.
const PAGE: usize = 500;
/// A folder with no more mails than this is searched at once.
const SEARCHED_AT_ONCE: u32 = 100_000;
/// Folders that a message names.
const NAMED: usize = 25;

/// What a server can do beyond the minimum.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Abilities {
    pub idle: bool,
    pub moves: bool,
    pub uid_plus: bool,
    pub quota: bool,
}

/// A mailbox that is logged in to.
pub(super) struct ImapSession {
    /// Gone after an error that leaves the connection in an unknown state.
    pub imap: Option<Session<Metered>>,
    pub meter: Meter,
    pub account: Arc<Account>,
    pub abilities: Abilities,
    pub delimiter: Option<char>,
    /// The open folder, as the server names it.
    pub open: Option<String>,
    /// Mails that the open folder is known to hold.
    pub exists: u32,
}

/// What is done with an untagged answer.
pub(super) type Each<'a> = &'a mut (dyn FnMut(&Response<'_>) + Send);

impl ImapSession {
    pub(super) fn place(&self) -> String {
        place(&self.account.settings)
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.account.settings.timeout_seconds)
    }

    /// Runs a command. A `NO` leaves the session usable; after anything else that is wrong it is dropped.
    pub(super) async fn run(&mut self, command: &str, bytes: u64, each: Each<'_>) -> Result<(), MailboxError> {
        let verb = verb(command);
        let limit = self.limit();
        let ran = tokio::time::timeout(limit, self.run_at_last(command, bytes, each)).await.unwrap_or_else(|_| {
            Err(MailboxError::Silent { place: self.place(), command: verb.clone(), seconds: limit.as_secs() })
        });
        if ran.as_ref().is_err_and(|error| !matches!(error, MailboxError::Denied { .. })) {
            self.imap = None;
        }
        ran
    }

    async fn run_at_last(&mut self, command: &str, bytes: u64, each: Each<'_>) -> Result<(), MailboxError> {
        let place = self.place();
        let lost = |reason: String| MailboxError::Unreachable { place: place.clone(), reason: tidy(&reason) };
        self.meter.allow(bytes + CHATTER);
        let imap = self.imap.as_mut().ok_or_else(|| lost("the session has ended".to_owned()))?;
        let id = imap.run_command(command).await.map_err(|error| lost(error.to_string()))?;
        loop {
            let answer = imap.read_response().await.map_err(|error| broken(&place, &error))?;
            let answer = answer.ok_or_else(|| lost("the connection ended".to_owned()))?;
            match answer.parsed() {
                Response::Done { tag, status, outcome } if *tag == id => {
                    return match status {
                        Status::Ok => Ok(()),
                        _ => Err(MailboxError::Denied { place, command: verb(command), reason: said(outcome) }),
                    };
                }
                Response::Data { status: Status::Bye, outcome } => return Err(lost(said(outcome))),
                Response::MailboxData(MailboxDatum::Exists(count)) => self.exists = *count,
                other => each(other),
            }
        }
    }

    /// Opens a folder. Where it is missing, the error names those that there are.
    pub(super) async fn open_folder(&mut self, folder: &str, read_only: bool) -> Result<FolderState, MailboxError> {
        let name = self.on_server(folder).await?;
        let verb = if read_only { "EXAMINE" } else { "SELECT" };
        let (mut validity, mut next) = (None, None);
        self.open = None;
        let opened = self
            .run(&format!("{verb} {}", quoted(&name)), 0, &mut |answer| {
                if let Response::Data { status: Status::Ok, outcome } = answer {
                    match outcome.code {
                        Some(ResponseCode::UidValidity(number)) => validity = Some(number),
                        Some(ResponseCode::UidNext(number)) => next = Some(number),
                        _ => {}
                    }
                }
            })
            .await;
        match opened {
            Ok(()) => {}
            Err(error @ MailboxError::Denied { .. }) => {
                let known = self.folders().await?;
                return Err(if known.contains(&name) { error } else { self.missing(folder, &known) });
            }
            Err(error) => return Err(error),
        }
        self.open = Some(name);
        let uid_validity = validity.ok_or_else(|| MailboxError::Garbage {
            place: self.place(),
            reason: format!("it tells no UIDVALIDITY of {folder}"),
        })?;
        Ok(FolderState { uid_validity, uid_next: next, exists: self.exists })
    }

    fn missing(&self, folder: &str, known: &BTreeSet<String>) -> MailboxError {
        let shown = |name: &String| {
            let name = from_utf7(name);
            format!("“{}”", self.delimiter.filter(|c| *c != '/').map_or(name.clone(), |c| name.replace(c, "/")))
        };
        let mut names: Vec<String> = known.iter().take(NAMED).map(shown).collect();
        if known.len() > NAMED {
            names.push(format!("and {} more", known.len() - NAMED));
        }
        let mailbox = self.account.settings.name.clone();
        MailboxError::NoFolder { mailbox, folder: folder.to_owned(), known: tidy(&names.join(", ")) }
    }

    /// A folder as the server names it.
    pub(super) async fn on_server(&mut self, folder: &str) -> Result<String, MailboxError> {
        if folder.contains('/') && self.delimiter.is_none() {
            let mut found = None;
            self.run("LIST \"\" \"\"", 0, &mut |answer| {
                if let Response::MailboxData(MailboxDatum::List(list)) = answer {
                    found = list.delimiter.as_ref().and_then(|text| text.chars().next());
                }
            })
            .await?;
            self.delimiter = found.or(Some('/'));
        }
        Ok(on_server(folder, self.delimiter))
    }

    /// All folders, as the server names them.
    pub(super) async fn folders(&mut self) -> Result<BTreeSet<String>, MailboxError> {
        let mut names = BTreeSet::new();
        let mut own = None;
        self.run("LIST \"\" \"*\"", 4 * CHATTER, &mut |answer| {
            if let Response::MailboxData(MailboxDatum::List(list)) = answer {
                names.insert(list.name.to_string());
                own = list.delimiter.as_ref().and_then(|text| text.chars().next());
            }
        })
        .await?;
        self.delimiter = self.delimiter.or(own);
        Ok(names)
    }

    /// Uids of the open folder from this one on that are not marked as deleted, the first ones.
    async fn uids(&mut self, from: u32, limit: usize) -> Result<Vec<u32>, MailboxError> {
        let mut found = BTreeSet::new();
        let mut low = from.max(1);
        let mut window = if self.exists > SEARCHED_AT_ONCE { SEARCHED_AT_ONCE } else { u32::MAX };
        loop {
            let high = low.saturating_add(window);
            let range = if high == u32::MAX { format!("{low}:*") } else { format!("{low}:{high}") };
            let bytes = u64::from(self.exists) * 12;
            self.run(&format!("UID SEARCH UID {range} UNDELETED"), bytes, &mut |answer| {
                if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                    // `n:*` finds the last mail even where its uid is smaller.
                    found.extend(uids.iter().copied().filter(|uid| *uid >= low));
                }
            })
            .await?;
            if found.len() >= limit || high == u32::MAX {
                return Ok(found.into_iter().take(limit).collect());
            }
            low = high.saturating_add(1);
            window = window.saturating_mul(4);
        }
    }

    async fn list_now(&mut self, from: u32, limit: usize) -> Result<Vec<Listed>, MailboxError> {
        let uids = self.uids(from, limit).await?;
        let mut listed = BTreeMap::new();
        for page in uids.chunks(PAGE) {
            let items = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";
            let bytes = page.len() as u64 * 4096;
            self.run(&format!("UID FETCH {} {items}", ranges(page)), bytes, &mut |answer| {
                if let Some(one) = listed_of(answer) {
                    listed.insert(one.uid, one);
                }
            })
            .await?;
        }
        Ok(uids.iter().filter_map(|uid| listed.remove(uid)).collect())
    }

    /// A piece of a mail; `None` where the mail is gone.
    async fn piece(&mut self, uid: u32, section: &str, from: u64, most: u64) -> Result<Option<Vec<u8>>, MailboxError> {
        let mut found = None;
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[{section}]<{from}.{most}>)");
        self.run(&command, most, &mut |answer| {
            let Response::Fetch(_, items) = answer else { return };
            if !items.iter().any(|item| matches!(item, AttributeValue::Uid(number) if *number == uid)) {
                return;
            }
            for item in items {
                if let AttributeValue::BodySection { data, .. } = item {
                    found = Some(data.as_ref().map(|bytes| bytes.to_vec()).unwrap_or_default());
                }
            }
        })
        .await?;
        Ok(found)
    }

    async fn fetch_now(&mut self, listed: &Listed, most: u64, spool: &Path) -> Result<Option<Mail>, MailboxError> {
        let mut origin = Origin { size: listed.size, received: listed.received, headers_only: false };
        if listed.size > most {
            return self.headers_of(listed.uid, origin, spool).await;
        }
        let Some(first) = self.piece(listed.uid, "", 0, PIECE).await? else { return Ok(None) };
        if (first.len() as u64) < PIECE && first.len() as u64 >= listed.size.min(PIECE) {
            return parsed(mime::Raw::Bytes(first), origin, spool).await.map(Some);
        }
        let spool_error = |error: std::io::Error| MailboxError::Spool { reason: error.to_string() };
        let mut file = NamedTempFile::with_prefix_in("mail-", spool).map_err(spool_error)?;
        file.write_all(&first).map_err(spool_error)?;
        let mut taken = first.len() as u64;
        drop(first);
        // Some servers tell a size that is not the real one: what counts is what comes.
        loop {
            let Some(piece) = self.piece(listed.uid, "", taken, PIECE).await? else { return Ok(None) };
            file.write_all(&piece).map_err(spool_error)?;
            taken += piece.len() as u64;
            if taken > most {
                origin.size = taken;
                return self.headers_of(listed.uid, origin, spool).await;
            }
            if piece.is_empty() || ((piece.len() as u64) < PIECE && taken >= listed.size) {
                break;
            }
        }
        parsed(mime::Raw::File(file), origin, spool).await.map(Some)
    }

    async fn headers_of(&mut self, uid: u32, mut origin: Origin, spool: &Path) -> Result<Option<Mail>, MailboxError> {
        let Some(headers) = self.piece(uid, "HEADER", 0, HEADERS).await? else { return Ok(None) };
        origin.headers_only = true;
        parsed(mime::Raw::Bytes(headers), origin, spool).await.map(Some)
    }
}

async fn parsed(raw: mime::Raw, origin: Origin, spool: &Path) -> Result<Mail, MailboxError> {
    let spool = spool.to_owned();
    let parsed = tokio::task::spawn_blocking(move || mime::read(raw, &origin, &spool)).await;
    let parsed = parsed.map_err(|error| MailboxError::Spool { reason: error.to_string() })?;
    parsed.map_err(|error| MailboxError::Spool { reason: error.to_string() })
}

#[async_trait]
impl MailSession for ImapSession {
    async fn select(&mut self, folder: &str, read_only: bool) -> Result<FolderState, PortError> {
        Ok(self.open_folder(folder, read_only).await?)
    }

    async fn list(&mut self, from: u32, limit: usize) -> Result<Vec<Listed>, PortError> {
        Ok(self.list_now(from, limit).await?)
    }

    async fn fetch(&mut self, listed: &Listed, max_bytes: u64, spool: &Path) -> Result<Option<Mail>, PortError> {
        Ok(self.fetch_now(listed, max_bytes, spool).await?)
    }

    async fn file(&mut self, uid: u32, filing: &[Filing]) -> Result<(), PortError> {
        Ok(self.file_now(uid, filing).await?)
    }

    async fn wait(&mut self, at_most: Duration, cancel: &CancellationToken) -> Result<bool, PortError> {
        Ok(self.wait_now(at_most, cancel).await?)
    }

    fn tells(&self) -> bool {
        self.abilities.idle
    }

    async fn close(mut self: Box<Self>) {
        if self.imap.is_some() {
            let _ = tokio::time::timeout(Duration::from_secs(5), self.run("LOGOUT", 0, &mut |_| {})).await;
        }
    }
}

/// What a command is called in a message: its first words, never what follows.
fn verb(command: &str) -> String {
    let words = if command.starts_with("UID ") { 2 } else { 1 };
    command.split(' ').take(words).collect::<Vec<_>>().join(" ")
}

fn said(outcome: &async_imap::imap_proto::Outcome<'_>) -> String {
    let code = outcome.code.as_ref().map(|code| format!("[{code:?}] ")).unwrap_or_default();
    tidy(&format!("{code}{}", outcome.information.as_deref().unwrap_or_default()))
}

pub(super) fn broken(place: &str, error: &std::io::Error) -> MailboxError {
    let (place, reason) = (place.to_owned(), tidy(&error.to_string()));
    // The library reports as "other" what it cannot parse.
    if error.kind() == std::io::ErrorKind::Other {
        MailboxError::Garbage { place, reason }
    } else {
        MailboxError::Unreachable { place, reason }
    }
}

/// Uids as a set of IMAP, runs of them joined.
fn ranges(uids: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => runs.push((*uid, *uid)),
        }
    }
    let write = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    runs.iter().map(write).collect::<Vec<_>>().join(",")
}

fn listed_of(answer: &Response<'_>) -> Option<Listed> {
    let Response::Fetch(_, items) = answer else { return None };
    let mut listed = Listed { uid: 0, size: 0, seen: false, received: None, message_id: None };
    for item in items {
        match item {
            AttributeValue::Uid(uid) => listed.uid = *uid,
            AttributeValue::Rfc822Size(size) => listed.size = u64::from(*size),
            AttributeValue::Flags(flags) => listed.seen = flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Seen")),
            AttributeValue::InternalDate(date) => {
                let date = DateTime::parse_from_str(date.trim(), "%d-%b-%Y %H:%M:%S %z");
                listed.received = date.ok().map(|date| date.with_timezone(&Utc));
            }
            AttributeValue::BodySection {
                section: Some(SectionPath::Full(MessageSection::Header)),
                data: Some(data),
                ..
            } => listed.message_id = mime::message_id_of(data),
            _ => {}
        }
    }
    // A change of flags that another program made comes without the rest.
    (listed.uid != 0 && items.len() > 2).then_some(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_uids_are_written_as_ranges() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(ranges(&[u32::MAX]), u32::MAX.to_string());
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn a_command_is_named_without_its_arguments() {
        assert_eq!(verb("UID FETCH 3 (UID)"), "UID FETCH");
        assert_eq!(verb("SELECT \"x\""), "SELECT");
    }
}
