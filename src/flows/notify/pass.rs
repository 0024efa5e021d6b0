//! One pass of the notify flow: look at what changed, put mails into the outbox, send what waits there.

use super::audience::Circle;
use super::digest::{self, Mailing};
use super::letter::{Letter, Means, NewMail, message_id};
use super::plan::{Plan, Planner};
use super::ports::{Actions, Look, NoticeDesk, NoticeView, NotifyMemory, OwnMails, Post};
use super::report::{NotifyRecord, NotifyReport};
use super::templates::{TemplateError, Templates};
use crate::config::Config;
use crate::failpoint::reached;
use crate::flows::tickets::{BrakeReason, JournalEntry, Marks, Outcome, PassOptions};
use crate::flows::{Blast, PortError, System};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lettre::message::Mailbox;
use std::collections::{HashMap, HashSet};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Since when the flow is on, in the state.
pub const STARTED: &str = "notify.started";
/// When the last look was.
const LOOKED: &str = "notify.looked";
/// The base's counters at that look.
const MARKS: &str = "notify.marks";
/// Mails of a ticket that a new one refers to.
pub(super) const THREAD: u32 = 20;
/// Tickets that are read at a time.
const CHUNK: usize = 500;

/// The notify flow of one site.
#[derive(Clone, Copy)]
pub struct NotifyFlow<'a> {
    /// What tells of changes.
    pub desk: &'a dyn NoticeDesk,
    /// What mails are given to; `None` where nothing is to be sent.
    pub post: Option<&'a dyn Post>,
    /// What actions are written to.
    pub actions: &'a dyn Actions,
    /// Name of this GestSup in keys of tickets.
    pub source_name: &'a str,
    /// What is remembered.
    pub memory: &'a dyn NotifyMemory,
    /// The texts.
    pub templates: &'a Templates,
    /// The configuration.
    pub config: &'a Config,
    /// Zone of GestSup's dates.
    pub zone: Tz,
    /// Address of GestSup's pages.
    pub url: Option<&'a Url>,
}

impl std::fmt::Debug for NotifyFlow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NotifyFlow").field("settings", &self.config.notify).finish_non_exhaustive()
    }
}

/// What a look found changed.
struct Changed {
    /// State of every ticket, where it differs from what was seen.
    states: Vec<(i64, i64)>,
    /// Those of them to be told of, with the state before.
    before: HashMap<i64, i64>,
    gone: Vec<i64>,
    marks: Marks,
    /// Why nobody is told of any of it: a sentence.
    silent: Option<String>,
    previous: Option<DateTime<Utc>>,
    /// The number that the next step was to get at the last look.
    next_step: i64,
}

impl NotifyFlow<'_> {
    /// Makes one pass.
    ///
    /// # Errors
    /// When GestSup does not answer; a mail server that does not is in the report.
    pub async fn pass(
        &self,
        options: &PassOptions,
        run_id: &str,
        now: DateTime<Utc>,
        cancel: &CancellationToken,
    ) -> Result<NotifyReport, PortError> {
        let begun = std::time::Instant::now();
        let mut report = NotifyReport {
            run_id: run_id.to_owned(),
            started_at: now,
            milliseconds: 0,
            dry_run: options.dry_run,
            looked_at: 0,
            changed: 0,
            queued: 0,
            sent: 0,
            waiting: 0,
            given_up: 0,
            records: Vec::new(),
            brake: Vec::new(),
            interrupted: false,
            held: None,
            mail_server: None,
        };
        self.look(options, now, &mut report).await?;
        if !options.dry_run && !cancel.is_cancelled() {
            self.deliver(now, cancel, &mut report).await?;
            self.act(now, cancel, &mut report).await?;
        }
        (report.waiting, report.given_up) = self.memory.outbox_counts().await?;
        report.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    /// Takes everything as it stands for told: nobody hears of what changed up to now. Returns how many tickets that are.
    ///
    /// # Errors
    /// When GestSup does not answer, or the state cannot be written.
    pub async fn skip(&self, now: DateTime<Utc>) -> Result<usize, PortError> {
        let mut view = self.desk.view().await?;
        let changed = self.changed(view.as_mut(), &PassOptions::default(), now).await?;
        let count = changed.states.len();
        let look =
            Look { values: self.cursors(&changed, now), seen: changed.states, gone: changed.gone, ..Look::default() };
        self.memory.looked(look, now).await?;
        Ok(count)
    }

    async fn look(
        &self,
        options: &PassOptions,
        now: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<(), PortError> {
        let mut view = self.desk.view().await?;
        let changed = self.changed(view.as_mut(), options, now).await?;
        report.looked_at = self.memory.notified().await?.len().max(changed.states.len());
        report.changed = changed.states.len();
        let mut look = Look { seen: changed.states.clone(), gone: changed.gone.clone(), ..Look::default() };
        if options.only.is_empty() {
            look.values = self.cursors(&changed, now);
        }
        if let Some(sentence) = &changed.silent {
            report.held = Some(sentence.clone());
            if !changed.states.is_empty() {
                look.journal.push(line(report, &record(None, "first-look", sentence), now));
            }
        } else if !changed.states.is_empty() {
            let (plan, own) = self.plan(view.as_mut(), &changed, now).await?;
            let mailings = digest::gathered(plan.drafts, self.config.notify.digest_above);
            let answers = self.config.mail.enabled || own.takes_answers;
            look.seen.retain(|(number, _)| !plan.later.contains(number));
            look.mails = self.write(&mailings, answers, report).await?;
            look.mails.extend(plan.actions);
            look.journal.extend(plan.left.iter().map(|left| line(report, left, now)));
            report.records.extend(plan.left);
        }
        if options.only.is_empty() {
            self.invite(view.as_mut(), changed.silent.is_some(), now, report, &mut look).await?;
        }
        drop(view);
        report.queued = look.mails.len();
        if !options.dry_run {
            // What is sent is told as it is sent.
            report.records.retain(|record| record.outcome.is_some());
        }
        if self.braked(look.mails.len(), options, report) {
            report.queued = 0;
            return Ok(());
        }
        if options.dry_run {
            return Ok(());
        }
        reached("notify: mails planned");
        self.memory.looked(look, now).await?;
        reached("notify: mails queued");
        Ok(())
    }

    /// What differs from what was last seen.
    async fn changed(
        &self,
        view: &mut dyn NoticeView,
        options: &PassOptions,
        now: DateTime<Utc>,
    ) -> Result<Changed, PortError> {
        let known = self.memory.notified().await?;
        let states = view.states().await?;
        let asked = |number: &i64| options.only.is_empty() || options.only.contains(number);
        let mut differ: Vec<(i64, i64)> = states
            .iter()
            .filter(|(number, state)| asked(number) && known.get(number) != Some(state))
            .map(|(number, state)| (*number, *state))
            .collect();
        differ.sort_unstable();
        let before = differ.iter().filter_map(|(number, _)| Some((*number, *known.get(number)?))).collect();
        let gone = known.keys().filter(|number| asked(number) && !states.contains_key(number)).copied().collect();
        let marks = view.marks().await?;
        let mut silent = None;
        if self.memory.value(STARTED).await?.is_none() {
            silent = Some(format!(
                "Notifications begin now: {} tickets are known as they stand, and nobody is told of what was before.",
                states.len()
            ));
        }
        let text = self.memory.value(MARKS).await?;
        let seen = text.and_then(|text| serde_json::from_str::<Marks>(&text).ok());
        if let Some(before) = &seen
            && let Some(sentence) = rewound(view, before, &marks).await?
        {
            silent.get_or_insert(format!("Nobody is told of what a restore changed: {sentence}"));
        }
        let previous = self.memory.value(LOOKED).await?.and_then(|text| text.parse().ok());
        // A clock that was set back makes no change older.
        let previous = previous.filter(|previous| *previous <= now);
        let next_step = seen.map_or(0, |seen| seen.next_step);
        Ok(Changed { states: differ, before, gone, marks, silent, previous, next_step })
    }

    fn cursors(&self, changed: &Changed, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
        let mut values =
            vec![(LOOKED, now.to_rfc3339()), (MARKS, serde_json::to_string(&changed.marks).unwrap_or_default())];
        if changed.previous.is_none() {
            values.push((STARTED, now.to_rfc3339()));
        }
        values
    }

    async fn plan(
        &self,
        view: &mut dyn NoticeView,
        changed: &Changed,
        now: DateTime<Utc>,
    ) -> Result<(Plan, OwnMails), PortError> {
        let own = view.own_mails().await?;
        let ours = self.ours();
        let numbers: Vec<i64> = changed.states.iter().map(|(number, _)| *number).collect();
        let settings = &self.config.notify;
        let circle = Circle { settings, usual: self.config.mapping.locale, own: &own, ours: &ours };
        let mut planner = Planner {
            circle,
            zone: self.zone,
            url: self.url,
            previous: changed.previous,
            next_step: changed.next_step,
            told: HashMap::new(),
            observers: HashMap::new(),
            mailed: None,
            now,
        };
        let mut plan = Plan::default();
        // Texts of many tickets are not kept in memory together.
        for numbers in numbers.chunks(CHUNK) {
            let tickets = view.load(numbers).await?;
            planner.told = self.memory.last_told(numbers).await?;
            planner.observers = view.observers(numbers).await?;
            if own.sends() {
                planner.mailed = view.sent_by_gestsup(numbers).await?;
            }
            let part = planner.plan(&tickets, &changed.before);
            plan.drafts.extend(part.drafts);
            plan.left.extend(part.left);
            plan.actions.extend(part.actions);
            plan.later.extend(part.later);
        }
        Ok((plan, own))
    }

    /// Addresses of our own: a mail to one of them would come back as a ticket.
    pub(super) fn ours(&self) -> HashSet<String> {
        let notify = &self.config.notify;
        let senders = [&notify.from, &notify.reply_to].into_iter().flatten();
        let senders = senders.filter_map(|text| Some(text.parse::<Mailbox>().ok()?.email.to_string()));
        let boxes = self.config.mail.mailboxes.iter().map(|mailbox| mailbox.user.clone());
        let account = notify.smtp.iter().filter_map(|smtp| smtp.user.clone());
        senders.chain(boxes).chain(account).map(|address| address.to_lowercase()).collect()
    }

    fn from(&self) -> Option<Mailbox> {
        self.config.notify.from.as_deref().and_then(|from| from.parse().ok())
    }

    /// Domain of ids that are given here: the sender's.
    pub(super) fn domain(&self) -> String {
        self.from().map_or_else(|| "localhost".to_owned(), |from| from.email.domain().to_owned())
    }

    /// Who signs.
    pub(super) fn sender(&self) -> String {
        self.from().map_or_else(String::new, |from| from.name.unwrap_or_else(|| from.email.to_string()))
    }

    fn braked(&self, mails: usize, options: &PassOptions, report: &mut NotifyReport) -> bool {
        let allowed = usize::try_from(self.config.notify.most_per_pass).unwrap_or(usize::MAX);
        if mails > allowed {
            report.brake.push(BrakeReason { kind: "mails", planned: mails, allowed });
        }
        if options.allow_mass_change {
            report.brake.clear();
        }
        !report.brake.is_empty() && !options.dry_run
    }

    async fn write(
        &self,
        mailings: &[Mailing],
        answers: bool,
        report: &mut NotifyReport,
    ) -> Result<Vec<NewMail>, PortError> {
        let (domain, sender) = (self.domain(), self.sender());
        let mut threads: HashMap<i64, Vec<String>> = HashMap::new();
        let mut mails = Vec::with_capacity(mailings.len());
        for mailing in mailings {
            let (first, kind, values, message) = match mailing {
                Mailing::One(draft) => (draft.as_ref(), "ticket", draft.values(&sender, answers), draft.sentence()),
                Mailing::Several(drafts) => {
                    let Some(first) = drafts.first() else { continue };
                    let message = format!("one mail to {}, about {} tickets", first.recipient.to.address, drafts.len());
                    (first, "digest", digest::values(drafts, &sender), message)
                }
            };
            let ticket = (kind == "ticket").then(|| first.ticket());
            let comment = first.step.filter(|_| ticket.is_some());
            let recipient = &first.recipient;
            let (subject, text, html) =
                self.templates.render(recipient.locale, kind, &values).map_err(|error| of_template(&error))?;
            let id = message_id(ticket, &domain);
            let mut references = Vec::new();
            if let Some(number) = ticket {
                let thread = match threads.get(&number) {
                    Some(thread) => thread.clone(),
                    None => self.memory.thread(number, THREAD).await?,
                };
                references.clone_from(&thread);
                threads.insert(number, thread);
            }
            report.records.push(NotifyRecord {
                ticket,
                mail: None,
                to: recipient.to.address.clone(),
                outcome: None,
                code: "mail".to_owned(),
                message,
            });
            let occasion = if ticket.is_some() { first.occasion.as_str() } else { kind };
            mails.push(NewMail {
                kind: Means::Mail,
                ticket,
                occasion: occasion.to_owned(),
                audience: recipient.audience.as_str().to_owned(),
                message_id: id,
                letter: Letter { to: recipient.to.clone(), subject, text, html, references, comment, calendar: None },
            });
        }
        Ok(mails)
    }
}

/// Why the base is not the one that was looked at before: a sentence.
async fn rewound(view: &mut dyn NoticeView, before: &Marks, marks: &Marks) -> Result<Option<String>, PortError> {
    let ids: Vec<i64> = before.newest.iter().map(|witness| witness.step).collect();
    let seen = view.witnesses(&ids).await?;
    Ok(marks.rewound_since(before, &seen, true))
}

pub(super) fn of_template(error: &TemplateError) -> PortError {
    PortError { system: System::State, blast: Blast::Configuration, retry_after: None, message: error.to_string() }
}

fn record(ticket: Option<i64>, code: &str, message: &str) -> NotifyRecord {
    let outcome = Some(Outcome::Reported);
    NotifyRecord { ticket, mail: None, to: String::new(), outcome, code: code.to_owned(), message: message.to_owned() }
}

/// A record as a line of the journal.
pub(super) fn line(report: &NotifyReport, record: &NotifyRecord, now: DateTime<Utc>) -> JournalEntry {
    JournalEntry {
        at: now,
        run_id: report.run_id.clone(),
        flow: "notify".to_owned(),
        ticket: record.ticket,
        gestan_id: None,
        action: record.code.clone(),
        outcome: record.outcome.unwrap_or(Outcome::Reported),
        message: record.message.clone(),
        detail: serde_json::json!({ "mail": record.mail, "to": record.to }),
    }
}
