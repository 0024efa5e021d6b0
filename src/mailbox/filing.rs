//! What is done with a mail once its outcome is written: marks, copies, moves, deletion. Each can be done twice without harm.

use super::error::MailboxError;
use super::folders::quoted;
use super::mime;
use super::session::ImapSession;
use crate::model::Filing;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response};

impl ImapSession {
    pub(super) async fn file_now(&mut self, uid: u32, filing: &[Filing]) -> Result<(), MailboxError> {
        let Some(flags) = self.flags(uid).await? else { return Ok(()) };
        let has = |wanted: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(wanted));
        for one in filing {
            match one {
                Filing::Seen if !has("\\Seen") => self.mark(uid, "\\Seen").await?,
                Filing::Flag if !has("\\Flagged") => self.mark(uid, "\\Flagged").await?,
                Filing::Keyword(word) if !has(&atom(word)) => self.mark(uid, &atom(word)).await?,
                Filing::Seen | Filing::Flag | Filing::Keyword(_) => {}
                Filing::Copy(folder) => self.copy(uid, folder).await?,
                Filing::Move(folder) => {
                    if self.moved(uid, folder).await? {
                        return Ok(());
                    }
                }
                Filing::Delete => return self.remove(uid).await,
            }
        }
        Ok(())
    }

    /// The marks of a mail; `None` where it is gone.
    async fn flags(&mut self, uid: u32) -> Result<Option<Vec<String>>, MailboxError> {
        let mut found = None;
        self.run(&format!("UID FETCH {uid} (UID FLAGS)"), 0, &mut |answer| {
            let Response::Fetch(_, items) = answer else { return };
            if !items.iter().any(|item| matches!(item, AttributeValue::Uid(number) if *number == uid)) {
                return;
            }
            for item in items {
                if let AttributeValue::Flags(flags) = item {
                    found = Some(flags.iter().map(ToString::to_string).collect());
                }
            }
        })
        .await?;
        Ok(found)
    }

    async fn mark(&mut self, uid: u32, flag: &str) -> Result<(), MailboxError> {
        self.run(&format!("UID STORE {uid} +FLAGS.SILENT ({flag})"), 0, &mut |_| {}).await
    }

    /// Copies a mail, unless the folder holds it already.
    async fn copy(&mut self, uid: u32, folder: &str) -> Result<(), MailboxError> {
        let target = self.on_server(folder).await?;
        if self.open.as_ref() == Some(&target) || self.holds_copy(uid, &target).await? {
            return Ok(());
        }
        self.put_into(&format!("UID COPY {uid}"), &target).await
    }

    /// Moves a mail; says whether it left the open folder.
    async fn moved(&mut self, uid: u32, folder: &str) -> Result<bool, MailboxError> {
        let target = self.on_server(folder).await?;
        if self.open.as_ref() == Some(&target) {
            return Ok(false);
        }
        if self.abilities.moves {
            self.put_into(&format!("UID MOVE {uid}"), &target).await?;
            return Ok(true);
        }
        if !self.holds_copy(uid, &target).await? {
            self.put_into(&format!("UID COPY {uid}"), &target).await?;
        }
        self.remove(uid).await?;
        Ok(true)
    }

    /// Deletes this mail alone: where the server cannot remove a single one, it stays marked as deleted, since EXPUNGE would
    /// remove what other people have marked.
    async fn remove(&mut self, uid: u32) -> Result<(), MailboxError> {
        self.mark(uid, "\\Deleted").await?;
        if self.abilities.uid_plus {
            self.run(&format!("UID EXPUNGE {uid}"), 0, &mut |_| {}).await?;
        }
        Ok(())
    }

    /// Runs a command that puts a mail into a folder, which is made where it is missing.
    async fn put_into(&mut self, command: &str, target: &str) -> Result<(), MailboxError> {
        let command = format!("{command} {}", quoted(target));
        let denied = match self.run(&command, 0, &mut |_| {}).await {
            Err(denied @ MailboxError::Denied { .. }) => denied,
            other => return other,
        };
        if self.folders().await?.contains(target) {
            return Err(denied);
        }
        self.run(&format!("CREATE {}", quoted(target)), 0, &mut |_| {}).await?;
        // Mail programs show what is subscribed; a server that knows no subscriptions says no, which is no harm.
        match self.run(&format!("SUBSCRIBE {}", quoted(target)), 0, &mut |_| {}).await {
            Ok(()) | Err(MailboxError::Denied { .. }) => {}
            Err(error) => return Err(error),
        }
        self.run(&command, 0, &mut |_| {}).await
    }

    /// Whether another folder holds this mail already: a copy that was made before a crash is not made again. A mail without
    /// a Message-ID cannot be found.
    async fn holds_copy(&mut self, uid: u32, target: &str) -> Result<bool, MailboxError> {
        let mut id = None;
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
        self.run(&command, 0, &mut |answer| {
            let Response::Fetch(_, items) = answer else { return };
            for item in items {
                if let AttributeValue::BodySection { data: Some(data), .. } = item {
                    id = mime::message_id_of(data);
                }
            }
        })
        .await?;
        let (Some(id), Some(own)) = (id.filter(|id| id.is_ascii()), self.open.clone()) else { return Ok(false) };
        let exists = self.exists;
        let mut found = false;
        match self.run(&format!("EXAMINE {}", quoted(target)), 0, &mut |_| {}).await {
            Ok(()) => {
                let command = format!("UID SEARCH HEADER Message-ID {}", quoted(&id));
                self.run(&command, 0, &mut |answer| {
                    if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                        found |= !uids.is_empty();
                    }
                })
                .await?;
            }
            Err(MailboxError::Denied { .. }) => {}
            Err(error) => return Err(error),
        }
        self.run(&format!("SELECT {}", quoted(&own)), 0, &mut |_| {}).await?;
        self.exists = exists;
        Ok(found)
    }
}

/// A keyword as IMAP takes it: letters, digits and a few signs.
fn atom(word: &str) -> String {
    let kept: String =
        word.chars().map(|c| if c.is_ascii_alphanumeric() || "$-_.".contains(c) { c } else { '_' }).take(64).collect();
    if kept.is_empty() { "_".to_owned() } else { kept }
}
