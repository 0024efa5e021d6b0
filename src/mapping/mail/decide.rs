//! What becomes of a mail: nothing, a comment of a ticket, or a ticket.

use super::attributes::{Entry, attributes, excluding};
use super::desk::{Account, DeskFacts, TicketFacts};
use super::exclude::excluded;
use super::names::person_name;
use super::reply::{Candidate, Evidence, Standing, candidates, names_title, standing};
use super::texts::{Body, Telling};
use super::verdict::{MailWrite, NewContact, NewReply, NewTicket, Requester, Verdict, Written};
use crate::config::{ClosedTicket, MailFlow, OpeningDate, Stranger, UnknownSender};
use crate::model::Mail;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;

/// A state of GestSup: waiting to be taken.
const TO_BE_TAKEN: i64 = 1;
/// In progress.
const IN_PROGRESS: i64 = 2;
/// Waiting for the requester.
const WAITING: i64 = 6;
/// Observers that a ticket has room for.
const OBSERVERS: usize = 3;
/// How long a mail may be under way before its own date is not believed.
const UNDER_WAY: TimeDelta = TimeDelta::days(14);
/// How much later than its receipt a mail may say that it was written.
const AHEAD: TimeDelta = TimeDelta::minutes(10);
/// Domains that anybody may have an address of.
const SHARED: [&str; 34] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "outlook.fr",
    "hotmail.com",
    "hotmail.fr",
    "live.com",
    "live.fr",
    "msn.com",
    "yahoo.com",
    "yahoo.fr",
    "ymail.com",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "sfr.fr",
    "neuf.fr",
    "cegetel.net",
    "club-internet.fr",
    "aliceadsl.fr",
    "numericable.fr",
    "bbox.fr",
    "laposte.net",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "gmx.fr",
    "gmx.com",
    "gmx.de",
    "proton.me",
    "protonmail.com",
    "mailo.com",
    "web.de",
];

/// A mail, and all that its fate depends on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The mail.
    pub mail: &'a Mail,
    /// Name of its mailbox.
    pub mailbox: &'a str,
    /// Its folder.
    pub folder: &'a str,
    /// The settings.
    pub settings: &'a MailFlow,
    /// People, lists and settings of GestSup.
    pub facts: &'a DeskFacts,
    /// Own addresses, in lower case.
    pub own: &'a [String],
    /// Those of its own id and of the ids that it answers which belong to a ticket, and whether they were sent from here.
    pub known: &'a [(String, i64, bool)],
    /// The tickets that it may belong to, as far as they exist.
    pub tickets: &'a [TicketFacts],
    /// Those of the tickets that it may belong to that were merged, each with the one into which.
    pub merged: &'a HashMap<i64, i64>,
    /// A person wants it in: no rule excludes it.
    pub forced: bool,
    /// Files can be attached.
    pub keeps_files: bool,
    /// GestSup's zone.
    pub zone: Tz,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Numbers of the tickets that a mail may belong to: what must be known of GestSup before it is decided about.
pub fn claimed(mail: &Mail, known: &[(String, i64, bool)], settings: &MailFlow) -> Vec<i64> {
    candidates(mail, known, &settings.replies).iter().map(|one| one.ticket).collect()
}

impl<'a> Question<'a> {
    /// What becomes of it.
    pub fn decide(&self) -> Verdict {
        if !self.forced {
            let sent_from_here = self
                .mail
                .message_id
                .as_ref()
                .is_some_and(|id| self.known.iter().any(|(known, _, outgoing)| *outgoing && known == id));
            if let Some(found) = excluded(self.mail, self.own, sent_from_here, &self.settings.exclude) {
                return Verdict::Excluded { code: found.code, reason: found.reason };
            }
            if let Some(rule) = excluding(&self.settings.rules, &self.entry()) {
                return Verdict::Excluded { code: "rule", reason: format!("Rule {rule} of [mail] excludes it.") };
            }
        }
        let mut stranger = None;
        for candidate in candidates(self.mail, self.known, &self.settings.replies) {
            // What was merged into another ticket goes on there, under that ticket's own rights.
            let number = self.merged.get(&candidate.ticket).unwrap_or(&candidate.ticket);
            let Some(ticket) = self.tickets.iter().find(|ticket| ticket.number == *number) else { continue };
            let believed = candidate.certain || (self.answers() && names_title(&self.mail.subject, ticket));
            if !believed {
                continue;
            }
            let (standing, author) = standing(self.sender(), ticket, self.facts, self.is_shared());
            if standing != Standing::Stranger {
                return self.reply(&candidate, ticket, standing, author);
            }
            if candidate.evidence != Evidence::Subject {
                stranger = stranger.or(Some(ticket.number));
            }
        }
        if let Some(ticket) = stranger.filter(|_| !self.forced && self.settings.replies.strangers == Stranger::Park) {
            return Verdict::Parked {
                code: "stranger",
                reason: format!("It answers ticket n°{ticket}, and its sender has nothing to do with that ticket."),
            };
        }
        self.new_ticket(None, "new")
    }

    fn sender(&self) -> &'a str {
        self.mail.from.as_ref().map_or("", |from| from.address.as_str())
    }

    fn domain(&self) -> &'a str {
        self.mail.from.as_ref().map_or("", |from| from.domain())
    }

    fn is_shared(&self) -> bool {
        let domain = self.domain();
        SHARED.contains(&domain)
            || self.settings.senders.shared_domains.iter().any(|shared| shared.eq_ignore_ascii_case(domain))
    }

    fn answers(&self) -> bool {
        !self.mail.in_reply_to.is_empty() || !self.mail.references.is_empty()
    }

    /// The sender's account; of several of one address the oldest.
    fn account(&self) -> Option<&'a Account> {
        self.facts.of(self.sender()).iter().min_by_key(|account| account.id)
    }

    /// The client that an unknown sender's domain belongs to.
    fn client_by_domain(&self) -> Option<i64> {
        let wanted = self.settings.senders.by_domain && !self.is_shared();
        self.facts.domains.get(self.domain()).copied().filter(|_| wanted)
    }

    fn entry(&self) -> Entry<'a> {
        let company = self.account().map(|account| account.company).or_else(|| self.client_by_domain());
        let client = company.and_then(|id| self.facts.companies.get(&id)).map_or("", String::as_str);
        Entry { mail: self.mail, mailbox: self.mailbox, folder: self.folder, client }
    }

    fn telling(&self) -> Telling<'a> {
        Telling { settings: self.settings, french: self.facts.french, keeps_files: self.keeps_files, zone: self.zone }
    }

    /// When the mail was written, as far as that can be believed.
    fn written_at(&self) -> DateTime<Utc> {
        let received = self.mail.received.unwrap_or(self.now);
        match self.mail.date {
            Some(date) if date <= received + AHEAD && date >= received - UNDER_WAY => date.min(self.now),
            _ => received.min(self.now),
        }
    }

    fn at(&self) -> DateTime<Utc> {
        match self.settings.opened {
            OpeningDate::Mail => self.written_at(),
            OpeningDate::Taken => self.now,
        }
    }

    fn reply(&self, candidate: &Candidate, ticket: &TicketFacts, standing: Standing, author: i64) -> Verdict {
        let settings = &self.settings.replies;
        let closed = settings.closed_states.contains(&ticket.state);
        let is_staff = matches!(standing, Standing::Staff { .. });
        let late = settings.reopen_days > 0
            && ticket.resolved_at.is_some_and(|at| self.now - at > TimeDelta::days(settings.reopen_days.into()));
        let reopens = closed && standing.may_reopen() && settings.closed == ClosedTicket::Reopen && !late;
        if closed && !reopens && !is_staff {
            return self.new_ticket(Some(ticket.number), "follows");
        }
        let to_state = match ticket.state {
            _ if reopens => Some(settings.reopened_state),
            WAITING if !is_staff => Some(IN_PROGRESS),
            TO_BE_TAKEN if is_staff && author == ticket.technician => Some(IN_PROGRESS),
            _ => None,
        };
        let telling = self.telling();
        let Body { mut html, files, notes } = telling.body(self.mail, true);
        if author == 0 {
            html.insert_str(0, &telling.written_by(self.mail));
        }
        let write = MailWrite::Reply(NewReply {
            ticket: ticket.number,
            author,
            by_staff: is_staff,
            html,
            at: self.at(),
            state: ticket.state,
            to_state: to_state.filter(|state| *state != ticket.state),
            reopens,
            merged_from: Some(candidate.ticket).filter(|answered| *answered != ticket.number),
        });
        Verdict::Write(Box::new(Written { write, files, code: candidate.evidence.code(), notes }))
    }

    fn new_ticket(&self, follows: Option<i64>, code: &'static str) -> Verdict {
        let requester = match self.account() {
            Some(account) => Requester::Known(account.id),
            None => match self.unknown() {
                Ok(requester) => requester,
                Err(verdict) => return verdict,
            },
        };
        let telling = self.telling();
        let Body { html: text, files, mut notes } = telling.body(self.mail, false);
        let mut html = String::new();
        if self.settings.header {
            html.push_str(&telling.header(self.mail, self.written_at()));
        }
        if let Some(ticket) = follows {
            html.push_str(&telling.follows(ticket));
        }
        html.push_str(&text);
        let (attributes, unknown) = attributes(&self.settings.rules, &self.entry(), self.facts);
        notes.extend(unknown);
        let write = MailWrite::Ticket(NewTicket {
            observers: self.observers(&requester),
            requester,
            title: telling.title(self.mail),
            html,
            opened_at: self.at(),
            attributes,
            follows,
        });
        Verdict::Write(Box::new(Written { write, files, code, notes }))
    }

    /// Whose ticket a mail of an unknown sender becomes.
    fn unknown(&self) -> Result<Requester, Verdict> {
        let contact = |company: i64| {
            let from = self.mail.from.clone().unwrap_or_default();
            let (first_name, last_name) = person_name(&from);
            Requester::New(NewContact { mail: from.address, first_name, last_name, company })
        };
        if self.sender().is_empty() {
            return Ok(Requester::Nobody);
        }
        if let Some(company) = self.client_by_domain() {
            return Ok(contact(company));
        }
        match self.settings.senders.unknown {
            UnknownSender::Nobody => Ok(Requester::Nobody),
            UnknownSender::Create => Ok(contact(0)),
            _ if self.forced => Ok(Requester::Nobody),
            UnknownSender::Park => Err(Verdict::Parked {
                code: "unknown-sender",
                reason: format!("GestSup does not know its sender {}.", self.sender()),
            }),
            UnknownSender::Refuse => Err(Verdict::Excluded {
                code: "unknown-sender",
                reason: format!("GestSup does not know its sender {}.", self.sender()),
            }),
        }
    }

    /// Known people among those who got a copy.
    fn observers(&self, requester: &Requester) -> Vec<i64> {
        let mut found = Vec::new();
        for one in self.mail.cc.iter().filter(|one| !self.own.contains(&one.address)) {
            let account = self.facts.of(&one.address).iter().min_by_key(|account| account.id);
            let Some(id) = account.map(|account| account.id) else { continue };
            if *requester != Requester::Known(id) && !found.contains(&id) && found.len() < OBSERVERS {
                found.push(id);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
