//! What one ticket gets from what Gestan's users did, decided from the ticket, its link, what Gestan holds and what
//! was carried back before. Pure: the clock is a parameter, nothing is read or written.

use super::operation::{NewStep, Remark, StepEdit, TicketChange};
use super::people::Counterparts;
use super::ports::{DeskFacts, Following, Paragraph};
use super::typed::{Difference, Standing, compare, same};
use super::wording;
use crate::config::{FollowUp, TextPolicy};
use crate::flows::tickets::{Link, LinkPhase, known_before};
use crate::gestan::contract::ObjectState;
use crate::mapping::{Context, Projection, project};
use crate::model::{FROM_GESTAN, Field, ObjectKind, Step, Ticket, sha256_hex};
use chrono::{DateTime, Duration, Utc};

/// What the plan of a ticket needs beside the ticket and its link.
pub(super) struct Planner<'a> {
    pub context: Context<'a>,
    pub settings: &'a FollowUp,
    pub facts: &'a DeskFacts,
    pub people: &'a Counterparts<'a>,
    pub now: DateTime<Utc>,
}

/// What is to become of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// What it gets; nothing where it is empty.
    pub change: TicketChange,
    /// What a person should know.
    pub remarks: Vec<Remark>,
    /// The link after it.
    pub link: Link,
    /// The follow-up's memory after it, but for where things then stand.
    pub following: Following,
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub planner: &'a Planner<'a>,
    pub link: &'a Link,
    pub current: &'a ObjectState,
    /// As GestSup holds it.
    pub ticket: &'a Ticket,
    /// What it asks for.
    pub projection: Projection,
    /// As it will be.
    pub after: Ticket,
    pub plan: Plan,
}

impl Planner<'_> {
    /// Plans a ticket. `links` are its links by sequence; `known` is what is remembered of the newest one, and `fresh`
    /// whether that was made from here since the follow-up is on. `None`: it cannot be told yet what the ticket asks
    /// for, so not either who changed what.
    pub(super) fn plan(
        &self,
        ticket: &Ticket,
        links: &[Link],
        current: &ObjectState,
        known: Option<&Following>,
        fresh: bool,
    ) -> Option<Plan> {
        let link = links.last()?;
        let complete = ticket.clone().completed(&link.last_known);
        let projection = project(&complete, &known_before(links), &self.context).ok()?;
        let author = self.people.author(current.modified_by.as_deref(), ticket.technician.as_ref());
        let mut following = match known {
            Some(known) => known.clone(),
            None => first_look(ticket, link, current, fresh),
        };
        // What Gestan held before its base was restored is no choice of its users. Their clocks may differ a little.
        let restored = known.is_some_and(|known| {
            known.modified_at.zip(current.modified_at).is_some_and(|(then, now)| now + Duration::hours(12) < then)
        });
        following.etag.clone_from(&current.etag);
        following.modified_at = current.modified_at;
        following.attention = None;
        let plan = Plan {
            change: TicketChange::new(ticket.number, self.now, author),
            remarks: Vec::new(),
            link: link.clone(),
            following,
        };
        let mut draft = Draft { planner: self, link, current, ticket, projection, after: complete, plan };
        if restored {
            draft.remark(
                "gestan-restored",
                format!(
                    "{} {} is older in Gestan than it was when last seen: its base was restored. Nothing is carried back to the ticket.",
                    title(link.kind),
                    link.gestan_id
                ),
            );
            draft.plan.following.typed = paragraphs(ticket, link, &current.typed, false);
        }
        if known.is_some() && !restored || fresh {
            draft.fields();
            draft.minutes();
            draft.text();
        }
        draft.number();
        Some(draft.finish(links))
    }
}

/// The memory of a link that was never looked at. What stood in the memo, or was set, before is not sent, but for a
/// link that was made since: all that people typed in there is new.
fn first_look(ticket: &Ticket, link: &Link, current: &ObjectState, fresh: bool) -> Following {
    let mut following = Following::new(link.number, link.sequence);
    following.typed = paragraphs(ticket, link, &current.typed, fresh);
    // A lost state is learnt again from the marks of the steps.
    let marks = ticket.steps.iter().filter_map(|step| parse_mark(step, link)).collect::<Vec<_>>();
    following.marks = marks.iter().filter(|mark| mark.0 != FILE).map(|mark| mark.1).max().unwrap_or(0);
    following.numbered = marks.iter().any(|mark| mark.0 == NUMBER);
    following
}

/// Paragraphs that are known without being sent, but for those that a step tells already.
fn paragraphs(ticket: &Ticket, link: &Link, typed: &[String], fresh: bool) -> Vec<Paragraph> {
    let mut steps: Vec<(&Step, String)> = ticket
        .steps
        .iter()
        .filter(|step| parse_mark(step, link).is_some_and(|mark| mark.0 == TEXT))
        .map(|step| {
            (step, step.from_gestan.as_deref().and_then(|mark| mark.rsplit(':').next()).unwrap_or("").to_owned())
        })
        .collect();
    let mut paragraphs = Vec::new();
    for text in typed {
        let told = steps.iter().position(|(_, known)| *known == hash(text)).map(|index| steps.remove(index).0);
        if told.is_some() || !fresh {
            paragraphs.push(Paragraph {
                text: text.clone(),
                from_line: if told.is_some() { 0 } else { text.lines().count() },
                mark: told.and_then(|step| step.from_gestan.clone()),
                step: told.map(|step| step.id),
            });
        }
    }
    paragraphs
}

/// Fields that Gestan decided when it set one of them.
const CARRIED: [Field; 8] = [
    Field::Status,
    Field::Technician,
    Field::Team,
    Field::Responsible,
    Field::PlannedStart,
    Field::PlannedEnd,
    Field::Load,
    Field::ResolvedAt,
];
const TEXT: &str = "text";
const NUMBER: &str = "number";
/// Of a step that tells of a file; the key of its document stands where others have a count.
pub(super) const FILE: &str = "file";

/// What a mark says of a step of this link: what it is, and the count.
fn parse_mark<'a>(step: &'a Step, link: &Link) -> Option<(&'a str, u32)> {
    let rest = step.from_gestan.as_deref()?.strip_prefix(&prefix(link))?;
    let (what, rest) = rest.split_once(':')?;
    Some((what, rest.split(':').next()?.parse().ok()?))
}

pub(super) fn prefix(link: &Link) -> String {
    let letter = match link.kind {
        ObjectKind::Intervention => 'I',
        ObjectKind::Anomaly => 'A',
    };
    format!("{FROM_GESTAN}{letter}{}:", link.gestan_id)
}

fn hash(text: &str) -> String {
    let mut hash = sha256_hex(text);
    hash.truncate(16);
    hash
}

/// What it is called at the beginning of a sentence.
pub(super) fn title(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Intervention => "Intervention",
        ObjectKind::Anomaly => "Anomaly",
    }
}

impl Draft<'_> {
    pub(super) fn remark(&mut self, code: &str, message: String) {
        self.plan.remarks.push(Remark::new(code, message));
    }

    /// A mark that no other row of this link has.
    pub(super) fn mark(&mut self, what: &str, content: &str) -> String {
        self.plan.following.marks += 1;
        format!("{}{what}:{}:{}", prefix(self.link), self.plan.following.marks, hash(content))
    }

    pub(super) fn step(&mut self, what: &str, author: i64, private: bool, text: String) -> String {
        let mark = self.mark(what, &text);
        self.plan.change.steps.push(NewStep { mark: mark.clone(), author, private, text, minutes: 0 });
        mark
    }

    /// What people typed in the memo.
    fn text(&mut self) {
        let policy = self.planner.settings.text_of(self.link.kind);
        let known = std::mem::take(&mut self.plan.following.typed);
        let Difference { now, gone } = compare(&known, &self.current.typed);
        for index in gone {
            if known[index].step.is_some() {
                let text = excerpt(&known[index].told());
                self.remark(
                    "text-gone",
                    format!("“{text}” was taken out of the memo in Gestan; the ticket's step that tells it stays"),
                );
            }
        }
        let mut typed = Vec::with_capacity(now.len());
        for (standing, text) in now.into_iter().zip(&self.current.typed) {
            let (old, changed) = match standing {
                Standing::Same(index) => (Some(&known[index]), false),
                Standing::Changed(index) => (Some(&known[index]), true),
                Standing::New => (None, true),
            };
            let from_line = old.map_or(0, |old| if changed { old.first_told_of(text) } else { old.from_line });
            let mut paragraph = Paragraph {
                text: text.clone(),
                from_line,
                mark: old.and_then(|old| old.mark.clone()),
                step: old.and_then(|old| old.step),
            };
            if changed {
                self.paragraph(old, &mut paragraph, policy);
            }
            typed.push(paragraph);
        }
        self.plan.following.typed = typed;
    }

    /// A paragraph that is new, or has other words.
    fn paragraph(&mut self, old: Option<&Paragraph>, paragraph: &mut Paragraph, policy: TextPolicy) {
        let told = paragraph.told();
        if policy == TextPolicy::Off {
            // Switched on later, it is not sent either.
            paragraph.from_line = paragraph.text.lines().count();
            return;
        }
        let Some((mark, step)) = paragraph.mark.clone().zip(paragraph.step) else {
            // An old line that was corrected is still an old line.
            let was_known = old.is_some_and(|old| old.text.lines().count() >= paragraph.text.lines().count());
            if was_known {
                paragraph.from_line = paragraph.text.lines().count();
            } else if !told.trim().is_empty() {
                let author = self.plan.change.author;
                paragraph.mark = Some(self.step(TEXT, author, policy == TextPolicy::Private, told));
            }
            return;
        };
        let stands = self.ticket.steps.iter().find(|known| known.id == step);
        let before = old.map(Paragraph::told).unwrap_or_default();
        match stands {
            Some(known) if same(&known.text.to_plain(), &before) || same(&known.text.to_plain(), &told) => {
                // The same row under the same count.
                let mark = format!("{}:{}", mark.rsplit_once(':').map_or(mark.as_str(), |(stem, _)| stem), hash(&told));
                paragraph.mark = Some(mark.clone());
                if !same(&known.text.to_plain(), &told) {
                    self.plan.change.edits.push(StepEdit { step, mark, from: known.text.to_plain(), text: told });
                }
            }
            Some(known) => {
                let (here, there) = (excerpt(&known.text.to_plain()), excerpt(&told));
                self.remark(
                    "text-conflict",
                    format!("the step was changed in GestSup to “{here}” and the paragraph in Gestan to “{there}”: each stays as it is"),
                );
            }
            None => {
                let there = excerpt(&told);
                self.remark(
                    "text-conflict",
                    format!("the step was deleted in GestSup and the paragraph was changed in Gestan to “{there}”: it is not written again"),
                );
            }
        }
    }

    /// The link shows on the ticket too.
    fn number(&mut self) {
        let wanted = self.planner.settings.number_step && self.link.phase == LinkPhase::Live;
        if wanted && !self.plan.following.numbered {
            let text = wording::number(self.planner.context.mapping.locale, self.link.kind, self.link.gestan_id);
            self.step(NUMBER, 0, true, text);
            self.plan.following.numbered = true;
        }
    }

    /// The link as the tickets flow must find it: both sides agree about what was carried back.
    fn finish(self, links: &[Link]) -> Plan {
        let Self { planner, current, after, projection, mut plan, .. } = self;
        for (field, value) in current.fields.iter() {
            plan.link.followed.insert(*field, value.clone());
        }
        if plan.change.is_empty() {
            return plan;
        }
        // What the ticket as it will be asks for counts as sent; what follows from it (the time spent, say) goes to Gestan.
        let Ok(then) = project(&after, &known_before(links), &planner.context) else { return plan };
        for (field, value) in then.fields.iter().filter(|(field, _)| CARRIED.contains(field)) {
            if projection.fields.get(field) != Some(value) {
                plan.link.sent.insert(*field, value.clone());
            }
        }
        for change in &plan.change.minutes {
            let key = format!("step:{}", change.step);
            let projected = then.entries.iter().find(|projected| projected.entry.key == key);
            if let (Some(agreed), Some(projected)) = (plan.link.entries.get_mut(&key), projected) {
                agreed.content.clone_from(&projected.content);
                agreed.minutes = change.to;
            }
        }
        plan
    }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
