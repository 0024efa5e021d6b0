//! What GestSup itself tells people of a change. Its settings say what it may send; the step that it adds for each mail says
//! what it did send: it tells of a closing once in a ticket's life, and of nothing that was not saved in its pages.

use super::age::deciding;
use super::ports::{OwnMail, OwnMails};
use crate::config::{Audience, NotifyRule, Occasion};
use crate::model::{Step, StepType, Ticket};
use chrono::{DateTime, TimeDelta, Utc};

/// How long after a change its mail may still be under way.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(60);
/// GestSup dates the steps of one page by the seconds at which it comes to them.
const SAME_PAGE: TimeDelta = TimeDelta::seconds(5);
/// Characters of `tthreads.dest_mail`: a list that is as long was cut.
const ROOM: usize = 150;
/// What GestSup writes down in the place of the addresses of a group that asks.
const THE_GROUP: &str = "1";

/// A change, and what is known of GestSup's own mails about it.
pub(super) struct Beside<'a> {
    pub own: &'a OwnMails,
    /// `None`: this GestSup keeps no trace of them.
    pub mailed: Option<&'a [OwnMail]>,
    pub ticket: &'a Ticket,
    pub on: Occasion,
    /// When the last look was.
    pub previous: Option<DateTime<Utc>>,
    pub now: DateTime<Utc>,
}

impl Beside<'_> {
    /// Whether GestSup may just be sending a mail that a rule would send too.
    pub(super) fn is_undecided(&self, rule: &NotifyRule) -> bool {
        let Some(mailed) = self.mailed else { return false };
        let fresh = self.at().is_some_and(|at| (self.now - at).abs() < UNDER_WAY);
        // A ticket that its requester opened is told by GestSup when a technician first saves it, which may be days later.
        let likely = |audience: &Audience| {
            self.may_tell(*audience).is_some() && (self.on == Occasion::State || self.would_tell(*audience))
        };
        fresh && self.since(mailed).next().is_none() && rule.to.iter().any(likely)
    }

    /// What GestSup itself told somebody of this change, as a sentence.
    pub(super) fn tells(&self, audience: Audience, address: &str) -> Option<&'static str> {
        let sentence = self.may_tell(audience)?;
        let Some(mailed) = self.mailed else { return Some(sentence).filter(|_| self.would_tell(audience)) };
        let told = match audience {
            Audience::Requester => self.to_requester(mailed),
            Audience::Observers => self.to_requester(mailed) || self.names(mailed, address),
            _ => self.names(mailed, address) || self.since(mailed).any(|mail| mail.to.chars().count() >= ROOM),
        };
        told.then_some(sentence)
    }

    /// When the change was made, as far as GestSup tells.
    fn at(&self) -> Option<DateTime<Utc>> {
        match self.on {
            Occasion::Opened => self.ticket.created_at,
            Occasion::State => deciding(self.ticket).and_then(|step| step.at).or_else(|| self.commented_at()),
        }
    }

    /// The newest public comment of whoever works on the ticket.
    fn commented_at(&self) -> Option<DateTime<Utc>> {
        let is_told = |step: &&Step| {
            step.step_type == StepType::Comment
                && !step.private
                && step.author.as_ref().is_some_and(|author| author.role.is_staff())
        };
        self.ticket.steps.iter().rev().find(is_told).and_then(|step| step.at)
    }

    /// GestSup's mails that may be about the change.
    fn since<'m>(&self, mailed: &'m [OwnMail]) -> impl Iterator<Item = &'m OwnMail> {
        let from = self.at().or(self.previous).map(|at| at - SAME_PAGE);
        let is_recent = move |mail: &OwnMail| from.is_none_or(|from| mail.at.is_some_and(|at| at >= from));
        mailed.iter().filter(move |mail| is_recent(mail) && self.follows(mail))
    }

    /// Whether a mail's step stands where one about the change does: behind it, or, of the button that closes, just before.
    fn follows(&self, mail: &OwnMail) -> bool {
        let Some(step) = deciding(self.ticket).filter(|_| self.on == Occasion::State) else { return true };
        let between =
            |other: &Step| other.step_type != StepType::MailSent && (mail.step + 1..step.id).contains(&other.id);
        mail.step > step.id || (step.step_type == StepType::Closed && !self.ticket.steps.iter().any(between))
    }

    fn names(&self, mailed: &[OwnMail], address: &str) -> bool {
        let address = address.trim();
        let is_it = |part: &str| !address.is_empty() && part.eq_ignore_ascii_case(address);
        self.since(mailed).any(|mail| mail.to.split([';', ',', ' ']).any(is_it))
    }

    fn to_requester(&self, mailed: &[OwnMail]) -> bool {
        match &self.ticket.requester_group {
            Some(group) => {
                self.since(mailed).any(|mail| mail.to.trim() == THE_GROUP)
                    || group.members.iter().any(|member| self.names(mailed, &member.mail))
            }
            None => self.ticket.requester.as_ref().is_some_and(|requester| self.names(mailed, &requester.mail)),
        }
    }

    fn opened_by_others(&self) -> bool {
        let opener = self.ticket.identity.creator;
        self.ticket.requester.as_ref().is_none_or(|requester| requester.id != opener)
    }

    /// Whether somebody was given the ticket with this change.
    fn was_given(&self) -> bool {
        let gives = |step: &&Step| matches!(step.step_type, StepType::Attribution | StepType::Transfer);
        let last = self.ticket.steps.iter().rev().find(gives);
        match (self.mailed, self.at()) {
            (Some(_), Some(at)) => last.is_some_and(|step| step.at.is_some_and(|given| given >= at - SAME_PAGE)),
            _ => {
                let behind = |step: &&Step| !matches!(step.step_type, StepType::StateChanged | StepType::MailSent);
                self.ticket.steps.iter().rev().find(behind).is_some_and(|step| gives(&step))
            }
        }
    }

    /// What GestSup's settings let it tell these people, as a sentence.
    fn may_tell(&self, audience: Audience) -> Option<&'static str> {
        let own = self.own;
        match (audience, self.on) {
            (Audience::Requester, Occasion::Opened) if own.to_opener && !self.opened_by_others() => {
                Some("GestSup itself sent a mail to whoever opened the ticket (mail_auto_user_newticket).")
            }
            (Audience::Requester, _) if own.to_requester => Some(
                "GestSup itself sent the requester a mail when a technician saved or closed the ticket (mail_auto).",
            ),
            (Audience::Requester, Occasion::State) if own.to_commented && self.commented_at().is_some() => {
                Some("GestSup itself sent the requester a mail with the comment (mail_auto_user_modify).")
            }
            (Audience::Observers, Occasion::Opened)
                if own.copies_observers && own.to_requester && self.opened_by_others() =>
            {
                Some("GestSup itself sent the observers a copy of the requester's mail (mail_auto).")
            }
            (Audience::Observers, Occasion::State)
                if own.copies_observers && (own.to_requester || own.to_commented) =>
            {
                Some(
                    "GestSup itself sent the observers a copy of the requester's mail (mail_auto, mail_auto_user_modify).",
                )
            }
            (Audience::Technician | Audience::Group, _) if own.to_attributed && self.was_given() => {
                Some("GestSup itself sent a mail to whom the ticket was given (mail_auto_tech_attribution).")
            }
            _ => None,
        }
    }

    /// Where nothing tells what was sent: whether its settings alone make it send one.
    fn would_tell(&self, audience: Audience) -> bool {
        let closed = [3, 4].contains(&self.ticket.state.id);
        match (audience, self.on) {
            (Audience::Requester | Audience::Observers, Occasion::State) => closed && self.own.to_requester,
            (Audience::Requester, Occasion::Opened) => self.own.to_opener || self.opened_by_others(),
            _ => true,
        }
    }
}
