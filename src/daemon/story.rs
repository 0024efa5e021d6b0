//! The whole story of one ticket: both sides, what was last agreed, what happened, and what would happen next. `show`
//! prints it, the status page shows it.

use super::site::{PassResult, Site};
use crate::flows::PortError;
use crate::flows::follow_up::{FollowMemory as _, FollowRecord, Following};
use crate::flows::mail::{MailFilter, MailMemory as _, MailRow};
use crate::flows::notify::{Means, Outgoing, Phase};
use crate::flows::tickets::{
    Asked, Attention, Interventions as _, JournalEntry, Link, Memory as _, Operation, PassOptions, Verdict,
};
use crate::gestan::contract::{ObjectState, TicketKey};
use crate::model::Ticket;
use crate::store::{JournalFilter, OutboxFilter};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Mails of a ticket that are told, of each direction.
const MAILS: u32 = 100;

/// What there is to tell of a ticket.
#[derive(Debug, Serialize)]
pub struct Story {
    /// Its number.
    pub number: i64,
    /// The ticket; `None` where it is gone from GestSup, or GestSup cannot be asked.
    pub ticket: Option<Ticket>,
    /// What it became in Gestan, the newest last.
    pub links: Vec<Link>,
    /// What Gestan holds now under the newest link.
    pub gestan: Option<ObjectState>,
    /// What would happen next.
    pub next: Next,
    /// Why it is not in step.
    pub attention: Option<Attention>,
    /// What the follow-up remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<Following>,
    /// What the follow-up would do next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follow_up_next: Vec<FollowRecord>,
    /// What GestSup asks for, and which rule decided it.
    pub asked: Option<Asked>,
    /// Mails that became this ticket or comments of it, or could not, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mails_in: Vec<MailRow>,
    /// Notifications about it, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mails_out: Vec<Notice>,
    /// What was done.
    pub journal: Vec<JournalEntry>,
    /// Why a system could not be asked: then only what is remembered is told.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "sentence")]
    pub trouble: Option<PortError>,
}

/// A notification without its texts.
#[derive(Debug, Serialize)]
pub struct Notice {
    /// Its number, as `notify list` shows it.
    pub id: i64,
    /// A mail or an action in Gestan.
    pub kind: Means,
    /// When it came up.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub phase: Phase,
    /// Who is told.
    pub audience: String,
    /// Address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Why it was not sent.
    pub reason: String,
}

impl From<Outgoing> for Notice {
    fn from(mail: Outgoing) -> Self {
        Self {
            id: mail.id,
            kind: mail.mail.kind,
            at: mail.at,
            phase: mail.phase,
            audience: mail.mail.audience,
            to: mail.mail.letter.to.address,
            subject: mail.mail.letter.subject,
            reason: mail.reason,
        }
    }
}

/// What would happen next.
#[derive(Debug, Serialize)]
pub struct Next {
    /// A short stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What would be written.
    pub operation: Option<Arc<Operation>>,
}

impl Next {
    /// What a verdict comes to.
    pub fn of(verdict: &Verdict) -> Self {
        let (code, message, operation) = match verdict {
            Verdict::NotOurs => (
                "not-ours",
                "Nothing: it is not attributed, or was closed before it ever was a matter for Gestan.".to_owned(),
                None,
            ),
            Verdict::InStep(_) => ("in-step", "Nothing: both sides agree.".to_owned(), None),
            Verdict::Write(write) => {
                let operation = &write.operation;
                (operation.verb.as_str(), operation.sentence(), Some(Arc::clone(operation)))
            }
            Verdict::Report { code, message, .. } => (*code, message.clone(), None),
            Verdict::Wait { code, reason } | Verdict::Quarantine { code, reason } => (*code, reason.clone(), None),
        };
        Self { code: code.to_owned(), message, operation }
    }
}

impl Story {
    /// Gathers it; `None` where nothing is known of such a ticket. Nothing is written.
    ///
    /// # Errors
    /// When the state cannot be read, or a system cannot be asked and nothing is remembered of the ticket either.
    pub async fn of(site: &Site, number: i64) -> anyhow::Result<Option<Self>> {
        let links = site.store().links(&[number]).await?;
        let asked = match links.last() {
            Some(link) => {
                let source = site.config().gestsup.as_ref().map(|gestsup| gestsup.source.clone()).unwrap_or_default();
                let key = TicketKey { source, number, sequence: link.sequence };
                site.gestan().get(&key, link.kind).await
            }
            None => Ok(None),
        };
        let flow = site.tickets()?;
        let asked = match asked {
            Ok(gestan) => {
                let preview = flow.preview(number, gestan.as_ref(), Utc::now()).await;
                preview.map(|preview| (gestan, preview))
            }
            Err(error) => Err(error),
        };
        let (gestan, preview) = match asked {
            Ok(answers) => answers,
            Err(error) => return Self::remembered(site, number, links, error).await.map(Some),
        };
        if preview.ticket.is_none() && links.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            number,
            next: Next::of(&preview.verdict),
            ticket: preview.ticket,
            links,
            gestan,
            attention: site.store().attention().await?.remove(&number),
            follow_up: site.store().followings(&[number]).await?.remove(&number),
            follow_up_next: follow_up_next(site, number).await,
            asked: preview.asked,
            mails_in: mails_in(site, number).await?,
            mails_out: mails_out(site, number).await?,
            journal: journal(site, number).await?,
            trouble: None,
        }))
    }

    /// A system does not answer: what is remembered of the ticket is told, and why it is not more.
    async fn remembered(site: &Site, number: i64, links: Vec<Link>, error: PortError) -> anyhow::Result<Self> {
        let attention = site.store().attention().await?.remove(&number);
        let journal = journal(site, number).await?;
        if links.is_empty() && attention.is_none() && journal.is_empty() {
            return Err(error.into());
        }
        let message = format!("unknown until both systems can be asked: {error}");
        Ok(Self {
            number,
            ticket: None,
            links,
            gestan: None,
            next: Next { code: "unknown".to_owned(), message, operation: None },
            attention,
            follow_up: site.store().followings(&[number]).await?.remove(&number),
            follow_up_next: Vec::new(),
            asked: None,
            mails_in: mails_in(site, number).await?,
            mails_out: mails_out(site, number).await?,
            journal,
            trouble: Some(error),
        })
    }
}

/// What the follow-up would do; nothing where it is off, or cannot look.
async fn follow_up_next(site: &Site, number: i64) -> Vec<FollowRecord> {
    if !site.follows_up() {
        return Vec::new();
    }
    let options = PassOptions { dry_run: true, only: vec![number], ..PassOptions::default() };
    match site.follow(&options, &CancellationToken::new()).await {
        Ok(PassResult::Done(report)) => report.records,
        Ok(PassResult::CircuitOpen(_)) | Err(_) => Vec::new(),
    }
}

async fn mails_in(site: &Site, number: i64) -> anyhow::Result<Vec<MailRow>> {
    let filter = MailFilter { ticket: Some(number), limit: Some(MAILS), ..MailFilter::default() };
    Ok(site.store().mails(&filter).await?)
}

async fn mails_out(site: &Site, number: i64) -> anyhow::Result<Vec<Notice>> {
    let filter = OutboxFilter { ticket: Some(number), phase: None, limit: MAILS };
    Ok(site.store().outbox(filter).await?.into_iter().map(Notice::from).collect())
}

async fn journal(site: &Site, number: i64) -> anyhow::Result<Vec<JournalEntry>> {
    let filter = JournalFilter { ticket: Some(number), ..JournalFilter::default() };
    Ok(site.store().journal(&filter).await?)
}

fn sentence<S: Serializer>(error: &Option<PortError>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&error.as_ref().map(ToString::to_string))
}
