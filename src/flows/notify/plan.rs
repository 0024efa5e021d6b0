//! What is to be told of what changed: pure, from tickets to mails that are not written yet.

use super::act::action;
use super::age::happened;
use super::audience::{Circle, Left, Recipient, usual_rule};
use super::beside::Beside;
use super::letter::NewMail;
use super::ports::OwnMail;
use super::report::NotifyRecord;
use super::templates::one_line;
use crate::config::{Audience, NotifyRule, Occasion};
use crate::flows::tickets::Outcome;
use crate::mapping::ticket_url;
use crate::model::{Person, StepType, Ticket};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use minijinja::context;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use url::Url;

/// Lines of a comment that a mail quotes.
const COMMENT_LINES: usize = 40;
/// Characters of one of them.
const COMMENT_WIDTH: usize = 500;

/// A ticket as templates see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    number: i64,
    title: String,
    state: String,
    state_id: i64,
    url: String,
    technician: String,
    requester: String,
    client: String,
    category: String,
    priority: String,
    opened: String,
}

/// A mail that is not written yet.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub recipient: Recipient,
    pub occasion: Occasion,
    pub shown: Shown,
    pub comment: Vec<String>,
    /// Which one that is.
    pub step: Option<i64>,
}

/// What was found to tell.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub drafts: Vec<Draft>,
    /// Who gets no mail, and changes of which nobody gets one.
    pub left: Vec<NotifyRecord>,
    /// What shows in Gestan.
    pub actions: Vec<NewMail>,
    /// Tickets that are looked at again: GestSup may just be sending a mail about them.
    pub later: HashSet<i64>,
}

/// What planning needs to know.
pub(super) struct Planner<'a> {
    pub circle: Circle<'a>,
    pub zone: Tz,
    pub url: Option<&'a Url>,
    /// When the last look was.
    pub previous: Option<DateTime<Utc>>,
    /// The number that the next step was to get then; 0 where it is not known.
    pub next_step: i64,
    /// The newest comment of tickets that people were told of.
    pub told: HashMap<i64, i64>,
    pub observers: HashMap<i64, Vec<Person>>,
    /// What GestSup sent by itself; `None`: that cannot be told.
    pub mailed: Option<HashMap<i64, Vec<OwnMail>>>,
    pub now: DateTime<Utc>,
}

impl Planner<'_> {
    /// Plans what is told of these tickets; each with the state that it was in, if it was seen before.
    pub(super) fn plan(&self, tickets: &[Ticket], before: &HashMap<i64, i64>) -> Plan {
        let usual = [usual_rule()];
        let rules: &[NotifyRule] = match &self.circle.settings.rules[..] {
            [] => &usual,
            rules => rules,
        };
        let mut plan = Plan::default();
        for ticket in tickets {
            let on = if before.contains_key(&ticket.number) { Occasion::State } else { Occasion::Opened };
            let rule = self.circle.rule(rules, ticket, on);
            let acts = self.acts(ticket);
            if rule.is_none() && !acts {
                continue;
            }
            let limit = Duration::hours(self.circle.settings.max_age_hours.into());
            if let Some(at) = happened(ticket, on, self.previous).filter(|at| self.now - *at > limit) {
                let message = format!(
                    "Nobody is told of this change, of {}: it is older than [notify] max_age_hours allows.",
                    at.with_timezone(&self.zone).format("%d/%m/%Y %H:%M")
                );
                plan.left.push(left(ticket, &Left { who: String::new(), code: "too-old", message }));
                continue;
            }
            let beside = self.beside(ticket, on);
            if rule.is_some_and(|rule| beside.is_undecided(rule)) {
                plan.later.insert(ticket.number);
                continue;
            }
            let observers = self.observers.get(&ticket.number).map_or(&[][..], Vec::as_slice);
            let shown = shown(ticket, self.zone, self.url);
            let (comment, step) = self.comment(ticket).unzip();
            let comment = comment.unwrap_or_default();
            if acts {
                plan.actions.push(action(self.circle.usual, &shown, on, &comment, self.action_id(ticket)));
            }
            let Some(rule) = rule else { continue };
            let (recipients, nobody) = self.circle.people(rule, ticket, on, observers, &beside);
            plan.left.extend(nobody.iter().map(|why| left(ticket, why)));
            plan.drafts.extend(recipients.into_iter().map(|recipient| Draft {
                recipient,
                occasion: on,
                shown: shown.clone(),
                comment: comment.clone(),
                step,
            }));
        }
        plan
    }

    /// What GestSup itself tells of a change.
    fn beside<'a>(&'a self, ticket: &'a Ticket, on: Occasion) -> Beside<'a> {
        let mailed = self.mailed.as_ref().map(|mailed| mailed.get(&ticket.number).map_or(&[][..], Vec::as_slice));
        Beside { own: self.circle.own, mailed, ticket, on, previous: self.previous, now: self.now }
    }

    /// Whether Gestan is to show a change of this ticket.
    fn acts(&self, ticket: &Ticket) -> bool {
        let action = &self.circle.settings.action;
        action.enabled
            && ticket.is_attributed()
            && (action.states.is_empty() || action.states.contains(&ticket.state.id))
    }

    fn action_id(&self, ticket: &Ticket) -> String {
        super::letter::message_id(Some(ticket.number), "gestan")
    }

    /// The newest public comment of whoever works on the ticket, if nobody was told of it yet.
    fn comment(&self, ticket: &Ticket) -> Option<(Vec<String>, i64)> {
        let since = self.previous.map(|at| at - Duration::hours(1));
        let told = self.told.get(&ticket.number).copied().unwrap_or(0);
        let step = ticket.steps.iter().rev().find(|step| {
            let by_staff = step.author.as_ref().is_some_and(|author| author.role.is_staff());
            step.step_type == StepType::Comment && !step.private && by_staff && !step.text.is_blank()
        })?;
        // One that was not there at the last look, whatever the clocks say; or one from shortly before.
        let unseen = self.next_step > 0 && step.id >= self.next_step;
        let recent = since.is_none_or(|since| step.at.is_some_and(|at| at >= since));
        if step.id <= told || !(unseen || recent) {
            return None;
        }
        let text = step.text.to_plain();
        let mut lines: Vec<String> = text
            .trim()
            .lines()
            .take(COMMENT_LINES)
            .map(|line| {
                crate::mapping::cut_on_word(line.trim_end(), COMMENT_WIDTH).replace(|c: char| c.is_control(), " ")
            })
            .collect();
        if text.trim().lines().count() > COMMENT_LINES {
            lines.push("…".to_owned());
        }
        Some((lines, step.id))
    }
}

/// A ticket as templates see it.
pub(super) fn shown(ticket: &Ticket, zone: Tz, address: Option<&Url>) -> Shown {
    let name = |person: &Option<Person>| person.as_ref().map(Person::display_name).unwrap_or_default();
    let label =
        |label: &Option<crate::model::Label>| label.as_ref().map(|label| one_line(&label.name)).unwrap_or_default();
    let handler = match (&ticket.technician, &ticket.group) {
        (Some(_), _) => name(&ticket.technician),
        (None, Some(group)) => group.name.clone(),
        (None, None) => String::new(),
    };
    let requester = match &ticket.requester_group {
        Some(group) => group.name.clone(),
        None => name(&ticket.requester),
    };
    let opened = ticket.created_at.map(|at| at.with_timezone(&zone).format("%d/%m/%Y %H:%M").to_string());
    Shown {
        number: ticket.number,
        title: one_line(&ticket.title),
        state: one_line(&ticket.state.name),
        state_id: ticket.state.id,
        url: ticket_url(address, ticket.number).map(|url| url.to_string()).unwrap_or_default(),
        technician: one_line(&handler),
        requester: one_line(&requester),
        client: ticket.client().map(|client| one_line(&client.name)).unwrap_or_default(),
        category: label(&ticket.category),
        priority: label(&ticket.priority),
        opened: opened.unwrap_or_default(),
    }
}

impl Shown {
    /// Number, title and state.
    pub(super) fn head(&self) -> (i64, &str, &str) {
        (self.number, &self.title, &self.state)
    }

    /// Address of its page; empty where it is not known.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Draft {
    /// What its template is given.
    pub(super) fn values(&self, sender: &str, answers: bool) -> minijinja::Value {
        let occasion = self.occasion.as_str();
        context! {
            occasion,
            audience => self.recipient.audience.as_str(),
            name => name_of(&self.recipient),
            answers,
            comment => self.comment.clone(),
            sender,
            ticket => minijinja::Value::from(minijinja::value::Serde(&self.shown)),
        }
    }

    /// Its ticket.
    pub(super) fn ticket(&self) -> i64 {
        self.shown.number
    }

    /// A sentence about it, in a plan.
    pub(super) fn sentence(&self) -> String {
        let what = match self.occasion {
            Occasion::Opened => "the ticket was opened",
            Occasion::State => "the ticket's state changed",
        };
        format!(
            "a mail to {} ({}): {what}, now “{}”",
            self.recipient.to.address,
            self.recipient.audience.as_str(),
            self.shown.state
        )
    }
}

/// How somebody is addressed.
pub(super) fn name_of(recipient: &Recipient) -> String {
    match recipient.audience {
        Audience::Addresses => String::new(),
        _ => recipient.to.name.as_deref().map(one_line).unwrap_or_default(),
    }
}

fn left(ticket: &Ticket, why: &Left) -> NotifyRecord {
    NotifyRecord {
        ticket: Some(ticket.number),
        mail: None,
        to: why.who.clone(),
        outcome: Some(Outcome::Reported),
        code: why.code.to_owned(),
        message: why.message.clone(),
    }
}
