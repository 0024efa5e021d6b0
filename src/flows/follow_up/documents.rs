//! Documents that Gestan's users add to an intervention or anomaly become files of its ticket, each with a comment that names it.
//! Which are to come, and up to where they were looked for, is one commit; each is then brought like any other write: an intent, the
//! write, the record. One that cannot be brought holds nothing else up.

use super::apply::{agree_about_files, journal, steps};
use super::operation::{NewFile, NewStep, TicketChange};
use super::pass::FollowUpFlow;
use super::plan::{FILE, prefix};
use super::ports::{
    AwaitedDocument, DocumentTrouble, FollowCommit, FollowIntent, Following, Pen, Written, Wrote, hash_of,
};
use super::report::{FollowRecord, FollowReport};
use super::wording;
use crate::config::TextPolicy;
use crate::failpoint::reached;
use crate::flows::tickets::{Link, Outcome, PassOptions, file_mark};
use crate::flows::{Blast, PortError};
use crate::gestan::contract::AddedDocument;
use crate::mapping::mail::{is_blocked, safe_name};
use crate::model::{sha256_hex_of, unguessable};
use crate::retry;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

/// Keys before the last one that are looked at again: a row with a smaller key may be committed later.
const OVERLAP: i64 = 100;
/// Pages of the list that one pass reads.
const PAGES: usize = 20;
const MIB: u64 = 1024 * 1024;
/// Codes of what a person should know.
const MISSING: &str = "file-missing";
const REFUSED: &str = "file-refused";

/// Why a document is not attached now.
enum Trouble {
    /// It may be later.
    Later(&'static str, String),
    /// It will not be.
    Never(&'static str, String),
    /// A system as a whole does not answer.
    Broken(PortError),
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        match error.blast {
            Blast::Retry | Blast::Record => Self::Later(MISSING, error.message),
            Blast::System | Blast::Configuration => Self::Broken(error),
        }
    }
}

impl FollowUpFlow<'_> {
    /// Looks for documents, and brings those that are awaited.
    pub(super) async fn bring_documents(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
        pen: &mut Option<Box<dyn Pen>>,
        report: &mut FollowReport,
    ) -> Result<(), PortError> {
        let policy = self.tickets.config.follow_up.documents;
        if policy == TextPolicy::Off {
            // What is added while it is off is not brought later either.
            if !options.dry_run && self.memory.documents_seen().await?.is_some() {
                self.memory.begin_documents(None).await?;
            }
            return Ok(());
        }
        let found = match self.find_documents(options.dry_run, now).await {
            Ok(found) => found,
            // A gateway of an earlier version, or one that stores no documents.
            Err(error) if matches!(error.blast, Blast::Record | Blast::Retry) => {
                tracing::warn!(
                    flow = "follow_up",
                    run_id,
                    "documents of Gestan cannot be looked for: {}",
                    error.message
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let awaited = match options.dry_run {
            true => found.into_iter().map(|added| AwaitedDocument { added, attempts: 0 }).collect(),
            false => self.memory.awaited_documents(now).await?,
        };
        for awaited in awaited {
            let number = awaited.added.key.number;
            if !options.only.is_empty() && !options.only.contains(&number) {
                continue;
            }
            if cancel.is_cancelled() {
                report.interrupted = true;
                break;
            }
            let links = self.memory.links(&[number]).await?;
            let Some(link) = links.into_iter().find(|link| link.sequence == awaited.added.key.sequence) else {
                // Linked by hand, or learnt again later: it waits for its link.
                continue;
            };
            let change = self.change_of(&awaited.added, &link, policy, now);
            if options.dry_run {
                let sentence = sentence(&change);
                report.records.push(record(&link, None, "follow", sentence, Some(change)));
                continue;
            }
            let brought = match self.content_of(&awaited.added).await {
                Ok(content) => self.bring(change, link.clone(), content, run_id, now, pen, report).await,
                Err(trouble) => Err(trouble),
            };
            match brought {
                Ok(()) => {}
                Err(Trouble::Broken(error)) => return Err(error),
                Err(trouble) => self.not_brought(&awaited, &link, trouble, run_id, now, report).await?,
            }
        }
        Ok(())
    }

    /// Documents that were added since the last look. Those before the first look are history.
    async fn find_documents(&self, dry_run: bool, now: DateTime<Utc>) -> Result<Vec<AddedDocument>, PortError> {
        let source = self.tickets.source_name;
        let Some((start, mut seen)) = self.memory.documents_seen().await? else {
            let newest = self.additions.added(source, None).await?.newest;
            if !dry_run {
                self.memory.begin_documents(Some(newest)).await?;
            }
            return Ok(Vec::new());
        };
        let (mut found, mut from) = (Vec::new(), (seen - OVERLAP).max(start));
        for _ in 0..PAGES {
            let page = self.additions.added(source, Some(from)).await?;
            if page.newest < seen && !dry_run {
                // Gestan's base was restored: its keys are given again.
                self.memory.begin_documents(Some(page.newest)).await?;
                return Ok(Vec::new());
            }
            let more = page.last > from;
            from = page.last;
            seen = seen.max(page.last);
            if !dry_run {
                self.memory.await_documents(&page.items, seen, now).await?;
            }
            found.extend(page.items);
            if !more || from >= page.newest {
                break;
            }
        }
        Ok(found)
    }

    /// What the ticket gets.
    fn change_of(&self, added: &AddedDocument, link: &Link, policy: TextPolicy, now: DateTime<Utc>) -> TicketChange {
        let locale = self.tickets.config.mapping.locale;
        let name = safe_name(Some(&shown_name(added)), "");
        let stored_as = format!("{}_{}", link.number, unguessable());
        let mut change = TicketChange::new(link.number, now, 0);
        change.steps.push(NewStep {
            mark: format!("{}{FILE}:{}:{}", prefix(link), added.document, file_mark(&stored_as)),
            author: 0,
            private: policy == TextPolicy::Private,
            text: wording::document(locale, link, &name, added.by.as_deref()),
            minutes: 0,
        });
        change.files.push(NewFile { document: added.document, name, stored_as, sha256: String::new() });
        change
    }

    async fn content_of(&self, added: &AddedDocument) -> Result<Vec<u8>, Trouble> {
        let limits = &self.tickets.config.mail.attachments;
        let name = shown_name(added);
        if is_blocked(&name, &limits.blocked) {
            let reason = format!("“{name}” has an ending that [mail.attachments] blocked lists");
            return Err(Trouble::Never(REFUSED, reason));
        }
        let too_large = |size: u64| {
            let (has, may) = (size.div_ceil(MIB), limits.max_mib);
            Trouble::Never(
                REFUSED,
                format!("“{name}” has {has} MiB, more than the {may} of [mail.attachments] max_mib"),
            )
        };
        let Some(size) = added.size else {
            // It may have been on its way when it was listed.
            return self.checked(added, too_large).await;
        };
        if size > limits.max_mib * MIB { Err(too_large(size)) } else { self.checked(added, too_large).await }
    }

    async fn checked(&self, added: &AddedDocument, too_large: impl Fn(u64) -> Trouble) -> Result<Vec<u8>, Trouble> {
        let content = self.additions.content(&added.key, added.document).await?;
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let limit = self.tickets.config.mail.attachments.max_mib * MIB;
        if size > limit { Err(too_large(size)) } else { Ok(content) }
    }

    /// Writes it.
    #[expect(clippy::too_many_arguments, reason = "what a write needs")]
    async fn bring(
        &self,
        mut change: TicketChange,
        mut link: Link,
        content: Vec<u8>,
        run_id: &str,
        now: DateTime<Utc>,
        pen: &mut Option<Box<dyn Pen>>,
        report: &mut FollowReport,
    ) -> Result<(), Trouble> {
        for file in &mut change.files {
            file.sha256 = sha256_hex_of(&content);
        }
        let number = link.number;
        let known = self.memory.followings(&[number]).await?.remove(&number);
        let following = known.unwrap_or_else(|| Following::new(number, link.sequence));
        let sentence = sentence(&change);
        let intent = FollowIntent {
            run_id: run_id.to_owned(),
            change: change.clone(),
            sentence: sentence.clone(),
            remarks: Vec::new(),
            before: hash_of(&link),
            link: link.clone(),
            following: following.clone(),
        };
        self.memory.intend_to_follow(&intent).await?;
        reached("follow-up: intent stored");
        let wrote = self.pen(pen).await?.write_with(&change, &[content]).await;
        reached("follow-up: written");
        let written: Written = match wrote {
            Ok(Wrote::Done(written)) => written,
            Ok(Wrote::Stale(reason)) => {
                self.memory.forget_intent(number).await?;
                return Err(Trouble::Never(REFUSED, reason));
            }
            Err(error) => {
                if matches!(error.blast, Blast::Retry | Blast::Record) {
                    // It was rolled back: there is nothing to look for.
                    self.memory.forget_intent(number).await?;
                }
                return Err(error.into());
            }
        };
        agree_about_files(&mut link, &change, &written);
        let told = record(&link, Some(Outcome::Done), "follow", sentence, Some(change.clone()));
        let commit = FollowCommit {
            following,
            link: Some(link),
            steps: steps(&written),
            documents: change.files.iter().map(|file| file.document).collect(),
            journal: vec![journal(&told, run_id, now)],
        };
        self.memory.commit_follow(vec![commit]).await?;
        reached("follow-up: outcome committed");
        report.records.push(told);
        Ok(())
    }

    /// It is tried again some times, then left out; told when it begins and when it ends.
    async fn not_brought(
        &self,
        awaited: &AwaitedDocument,
        link: &Link,
        trouble: Trouble,
        run_id: &str,
        now: DateTime<Utc>,
        report: &mut FollowReport,
    ) -> Result<(), PortError> {
        let added = &awaited.added;
        let attempts = awaited.attempts + 1;
        let (code, reason, again) = match trouble {
            Trouble::Later(code, reason) => (code, reason, attempts < self.tickets.config.tickets.attempts),
            Trouble::Never(code, reason) => (code, reason, false),
            Trouble::Broken(error) => return Err(error),
        };
        let next_at = again.then(|| now + TimeDelta::from_std(retry::delay_after(attempts)).unwrap_or_default());
        let message = match next_at {
            Some(_) => format!("document {} of Gestan, “{}”, waits: {reason}", added.document, added.name),
            None => format!("document {} of Gestan, “{}”, is left out: {reason}", added.document, added.name),
        };
        let outcome = if next_at.is_some() { Outcome::Waiting } else { Outcome::Reported };
        let told = record(link, Some(outcome), code, message, None);
        let news = attempts == 1 || next_at.is_none();
        let journal = news.then(|| journal(&told, run_id, now)).into_iter().collect();
        let trouble = DocumentTrouble { document: added.document, next_at, reason, journal };
        self.memory.document_failed(&trouble, now).await?;
        if news {
            report.records.push(told);
        }
        Ok(())
    }
}

/// The name of a document for people, with the ending of its file.
fn shown_name(added: &AddedDocument) -> String {
    let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let name = added.name.trim();
    match ending(&added.file) {
        _ if name.is_empty() => added.file.clone(),
        Some(of_file) if ending(name).as_ref() != Some(&of_file) => format!("{name}.{of_file}"),
        _ => name.to_owned(),
    }
}

fn sentence(change: &TicketChange) -> String {
    change.sentence(|state| state.to_string(), |person| person.to_string())
}

fn record(
    link: &Link,
    outcome: Option<Outcome>,
    code: &str,
    message: String,
    change: Option<TicketChange>,
) -> FollowRecord {
    FollowRecord {
        ticket: link.number,
        title: String::new(),
        gestan_id: link.gestan_id,
        outcome,
        code: code.to_owned(),
        message,
        change,
    }
}
