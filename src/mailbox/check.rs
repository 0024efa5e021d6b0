//! What `check --online` says of the mailboxes.

use super::account::ImapMailboxes;
use super::error::MailboxError;
use super::session::ImapSession;
use crate::config::{Mailbox, MailboxMode};
use crate::flows::mail::MailSession as _;
use crate::gestsup::{Finding, Level};
use async_imap::imap_proto::Response;

/// A share of the allowed size from which on a warning is due, in percent.
const FULL: u64 = 90;

/// Tries each mailbox: connects, logs in, opens its folders for reading. Nothing is changed in it.
pub async fn check(mailboxes: &[Mailbox]) -> Vec<Finding> {
    let all = ImapMailboxes::new(mailboxes);
    let mut findings = Vec::new();
    for mailbox in mailboxes {
        match look(&all, mailbox, &mut findings).await {
            Ok(()) => {}
            Err(error) => findings.push(Finding::new(Level::Error, format!("{}: {error}", mailbox.name))),
        }
    }
    findings
}

async fn look(all: &ImapMailboxes, mailbox: &Mailbox, findings: &mut Vec<Finding>) -> Result<(), MailboxError> {
    let name = &mailbox.name;
    let mut session = all.session(name).await?;
    let mut opened = Vec::new();
    for folder in &mailbox.folders {
        match session.open_folder(folder, true).await {
            Ok(state) => opened.push(format!("{folder} ({} mails)", state.exists)),
            Err(error @ (MailboxError::NoFolder { .. } | MailboxError::Denied { .. })) => {
                findings.push(Finding::new(Level::Error, error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    if !opened.is_empty() {
        let text = format!("{name}: {} takes {}, {}", session.place(), mailbox.user, opened.join(", "));
        findings.push(Finding::new(Level::Ok, text));
    }
    if !session.abilities.idle {
        let text =
            format!("{name}: the server tells nothing of new mails (no IDLE): they are taken by [mail] schedule alone");
        findings.push(Finding::new(Level::Note, text));
    }
    if mailbox.mode == MailboxMode::Work && !session.abilities.moves && !session.abilities.uid_plus {
        let text = format!(
            "{name}: the server can neither move a mail nor remove a single one: what is moved or deleted stays in its folder, marked as deleted"
        );
        findings.push(Finding::new(Level::Warning, text));
    }
    if let Some(percent) = quota(&mut session).await?
        && percent >= FULL
    {
        let text =
            format!("{name}: the mailbox is {percent} % full: when it is full, the server takes no more mails for it");
        findings.push(Finding::new(Level::Warning, text));
    }
    Box::new(session).close().await;
    Ok(())
}

/// How full the mailbox is, where the server tells.
async fn quota(session: &mut ImapSession) -> Result<Option<u64>, MailboxError> {
    if !session.abilities.quota {
        return Ok(None);
    }
    let mut fullest = None;
    let asked = session
        .run("GETQUOTAROOT \"INBOX\"", 0, &mut |answer| {
            let Response::Quota(quota) = answer else { return };
            for resource in quota.resources.iter().filter(|resource| resource.limit > 0) {
                fullest = fullest.max(Some(resource.usage.saturating_mul(100) / resource.limit));
            }
        })
        .await;
    match asked {
        Ok(()) | Err(MailboxError::Denied { .. }) => Ok(fullest),
        Err(error) => Err(error),
    }
}
