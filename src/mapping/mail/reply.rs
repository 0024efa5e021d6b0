//! Whether a mail answers a ticket, and whether its sender may write on it.

use super::desk::{Account, DeskFacts, TicketFacts};
use super::exclude::recipients;
use super::quotes::has_marker;
use crate::config::MailReplies;
use crate::mapping::fold::fold;
use crate::model::{Mail, Role};
use regex::Regex;
use std::sync::LazyLock;

/// GestSup's own form, and whether the word for a ticket stands before it (in its languages).
#[expect(clippy::unwrap_used, reason = "it is tried by a test")]
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(\b(?:ticket|boleto|biglietto)\s+)?n°\s*(\d{1,9})\s*:").unwrap());
/// How the subject of an answer begins.
const ANSWERS: [&str; 9] = ["re", "ré", "rép", "rep", "aw", "antw", "sv", "rif", "r"];

/// What shows that a mail belongs to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It answers a mail that is known.
    Thread,
    /// The address that it was sent to.
    Address,
    /// The number in its subject.
    Subject,
}

impl Evidence {
    /// In short, for the journal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Address => "address",
            Self::Subject => "subject",
        }
    }
}

/// A ticket that a mail may belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, as the mail claims it.
    pub ticket: i64,
    /// Why.
    pub evidence: Evidence,
    /// The mail shows by itself that it is an answer of GestSup's: more than a number in a subject that somebody typed.
    pub certain: bool,
}

/// Ids of the mails that a mail answers, the nearest first.
pub fn answered(mail: &Mail) -> Vec<String> {
    let mut ids: Vec<String> = mail.in_reply_to.clone();
    for id in mail.references.iter().rev() {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}

/// Tickets that a mail may belong to, the likeliest first. `known`: those of the ids that it answers which belong to a ticket.
pub fn candidates(mail: &Mail, known: &[(String, i64, bool)], settings: &MailReplies) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |ticket: i64, evidence: Evidence, certain: bool| {
        if ticket > 0 && !found.iter().any(|known: &Candidate| known.ticket == ticket) {
            found.push(Candidate { ticket, evidence, certain });
        }
    };
    for id in answered(mail) {
        if let Some((_, ticket, _)) = known.iter().find(|(known, ..)| *known == id) {
            add(*ticket, Evidence::Thread, true);
        }
    }
    if let Some(form) = &settings.plus_address {
        for ticket in recipients(mail).into_iter().filter_map(|one| number_in(form, one)) {
            add(ticket, Evidence::Address, true);
        }
    }
    if settings.by_subject {
        let marked = mail.text.as_deref().is_some_and(has_marker) || mail.html.as_deref().is_some_and(has_marker);
        let answers = is_answer(&mail.subject) || !mail.in_reply_to.is_empty() || !mail.references.is_empty();
        for found in NUMBER.captures_iter(&mail.subject) {
            let Some(ticket) = found.get(2).and_then(|digits| digits.as_str().parse().ok()) else { continue };
            add(ticket, Evidence::Subject, marked || (found.get(1).is_some() && answers));
        }
    }
    found
}

/// The ticket that a subject names in GestSup's own form.
pub fn number_in_subject(subject: &str) -> Option<i64> {
    NUMBER.captures(subject).and_then(|found| found.get(2)).and_then(|digits| digits.as_str().parse().ok())
}

/// The number that an address holds where a form says `{ticket}`.
fn number_in(form: &str, address: &str) -> Option<i64> {
    let (before, after) = form.split_once("{ticket}")?;
    let inside = address.strip_prefix(&before.to_lowercase())?.strip_suffix(&after.to_lowercase())?;
    inside.parse().ok().filter(|_| inside.chars().all(|c| c.is_ascii_digit()))
}

/// Whether a subject begins like an answer's.
fn is_answer(subject: &str) -> bool {
    let begin = subject.trim_start().split(':').next().unwrap_or_default().trim().to_lowercase();
    let bare = begin.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')'));
    subject.contains(':') && ANSWERS.contains(&bare)
}

/// Whether the subject names the ticket's own title behind its number, as GestSup's mails do.
pub fn names_title(subject: &str, ticket: &TicketFacts) -> bool {
    let Some(found) = NUMBER
        .captures_iter(subject)
        .find(|found| found.get(2).and_then(|digits| digits.as_str().parse().ok()) == Some(ticket.number))
    else {
        return false;
    };
    let behind = found.get(0).map_or("", |whole| &subject[whole.end()..]);
    let (behind, title) = (fold(behind), fold(&ticket.title));
    !title.is_empty() && behind.starts_with(&title)
}

/// What somebody is to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its requester, or a member of the requester group.
    Requester,
    /// One of its observers.
    Observer {
        /// Of the requester's client.
        of_client: bool,
    },
    /// Somebody else of the requester's client.
    Colleague,
    /// Somebody who works on tickets.
    Staff {
        /// An administrator.
        administrator: bool,
    },
    /// None of these.
    Stranger,
}

impl Standing {
    /// Whether what is written opens a closed ticket again.
    pub fn may_reopen(self) -> bool {
        matches!(self, Self::Requester | Self::Observer { of_client: true } | Self::Staff { administrator: true })
    }
}

/// What the sender is to a ticket, and the account that writes. Of several accounts of one address the one that is nearest to the
/// ticket counts.
pub fn standing(sender: &str, ticket: &TicketFacts, facts: &DeskFacts, shared: bool) -> (Standing, i64) {
    let of = |account: &Account| -> Standing {
        if account.id == ticket.requester || ticket.group.contains(&account.id) {
            return Standing::Requester;
        }
        let same_client = account.company != 0 && account.company == ticket.company;
        if ticket.observers.iter().any(|(id, _)| *id == account.id) {
            return Standing::Observer { of_client: same_client };
        }
        if account.role.is_staff() || account.id == ticket.technician {
            return Standing::Staff { administrator: account.role == Role::Administrator };
        }
        if same_client { Standing::Colleague } else { Standing::Stranger }
    };
    let rank = |standing: Standing| match standing {
        Standing::Requester => 0,
        Standing::Observer { of_client: true } => 1,
        Standing::Staff { .. } => 2,
        Standing::Observer { .. } => 3,
        Standing::Colleague => 4,
        Standing::Stranger => 5,
    };
    let best = facts.of(sender).iter().map(|account| (of(account), account.id)).min_by_key(|(found, _)| rank(*found));
    if let Some(best) = best {
        return best;
    }
    // Nobody that GestSup knows, of the requester's own domain.
    let domain = sender.rsplit_once('@').map_or("", |(_, domain)| domain);
    let same = !shared
        && !domain.is_empty()
        && ticket.requester_mails.iter().any(|mail| mail.rsplit_once('@').is_some_and(|(_, own)| own == domain));
    (if same { Standing::Colleague } else { Standing::Stranger }, 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::MailAddress;

    fn of(subject: &str, change: impl Fn(&mut Mail)) -> Vec<(i64, Evidence, bool)> {
        let mut mail = Mail { subject: subject.to_owned(), text: Some("Bonjour".to_owned()), ..Mail::default() };
        change(&mut mail);
        let settings =
            MailReplies { plus_address: Some("Support+{ticket}@sav.fr".to_owned()), ..MailReplies::default() };
        let known = [("a@sav.fr".to_owned(), 7, true), ("b@x.fr".to_owned(), 8, false)];
        candidates(&mail, &known, &settings).iter().map(|one| (one.ticket, one.evidence, one.certain)).collect()
    }

    #[test]
    fn the_mail_that_is_answered_tells_the_ticket_before_any_subject() {
        let found = of("Re: ticket n°3 : x", |mail| {
            mail.references = vec!["zero@x.fr".into(), "b@x.fr".into(), "a@sav.fr".into()];
        });
        assert_eq!(found, [(7, Evidence::Thread, true), (8, Evidence::Thread, true), (3, Evidence::Subject, true)]);
    }

    #[test]
    fn a_number_that_somebody_typed_is_not_certain() {
        assert_eq!(of("Écran n°3 : noir", |_| {}), [(3, Evidence::Subject, false)]);
        assert_eq!(of("RE: Écran n°3 : noir", |_| {}), [(3, Evidence::Subject, false)]);
        assert_eq!(of("Ticket n°3 : noir", |_| {}), [(3, Evidence::Subject, false)]);
        for subject in
            ["RE: Votre ticket n° 3 : noir", "Re : le ticket n°3: noir", "AW: ticket n°3 : x", "Re[2]: Ticket n°3 : x"]
        {
            assert_eq!(of(subject, |_| {}), [(3, Evidence::Subject, true)], "{subject}");
        }
        let marked = of("n°3 : noir", |mail| {
            mail.text = Some("Oui\n---- Repondre au dessus de cette ligne ----\nticket".into());
        });
        assert_eq!(marked, [(3, Evidence::Subject, true)]);
        assert_eq!(of("Re: ticket n°99999999999 : x", |_| {}), []);
        assert_eq!(of("Re: ticket 3", |_| {}), []);
    }

    #[test]
    fn an_address_with_the_number_tells_the_ticket() {
        let to =
            |address: &str| of("x", |mail| mail.to = vec![MailAddress { name: None, address: address.to_lowercase() }]);
        assert_eq!(to("support+12@sav.fr"), [(12, Evidence::Address, true)]);
        for other in
            ["support@sav.fr", "support+x@sav.fr", "support+-1@sav.fr", "support+12@autre.fr", "support+@sav.fr"]
        {
            assert_eq!(to(other), [], "{other}");
        }
    }

    fn account(id: i64, role: Role, company: i64) -> Account {
        Account { id, name: String::new(), login: String::new(), role, company }
    }

    #[test]
    fn the_sender_is_what_is_nearest_to_the_ticket() {
        let ticket = TicketFacts {
            number: 3,
            title: "Écran n°3".into(),
            state: 1,
            requester: 10,
            requester_mails: vec!["claire@martin.fr".into()],
            company: 5,
            observers: vec![(11, 5), (12, 6)],
            group: vec![13],
            technician: 20,
            resolved_at: None,
        };
        let mut facts = DeskFacts::default();
        for (mail, accounts) in [
            ("claire@martin.fr", vec![account(9, Role::User, 6), account(10, Role::User, 5)]),
            ("obs@martin.fr", vec![account(11, Role::User, 5)]),
            ("obs@autre.fr", vec![account(12, Role::User, 6)]),
            ("groupe@martin.fr", vec![account(13, Role::User, 0)]),
            ("collegue@martin.fr", vec![account(14, Role::User, 5)]),
            ("tech@sav.fr", vec![account(21, Role::Technician, 0)]),
            ("admin@sav.fr", vec![account(22, Role::Administrator, 0)]),
            ("autre@autre.fr", vec![account(15, Role::PowerUser, 6)]),
        ] {
            facts.accounts.insert(mail.into(), accounts);
        }
        for (sender, wanted, author, reopens) in [
            ("claire@martin.fr", Standing::Requester, 10, true),
            ("obs@martin.fr", Standing::Observer { of_client: true }, 11, true),
            ("obs@autre.fr", Standing::Observer { of_client: false }, 12, false),
            ("groupe@martin.fr", Standing::Requester, 13, true),
            ("collegue@martin.fr", Standing::Colleague, 14, false),
            ("tech@sav.fr", Standing::Staff { administrator: false }, 21, false),
            ("admin@sav.fr", Standing::Staff { administrator: true }, 22, true),
            ("autre@autre.fr", Standing::Stranger, 15, false),
            ("inconnu@martin.fr", Standing::Colleague, 0, false),
            ("inconnu@ailleurs.fr", Standing::Stranger, 0, false),
        ] {
            let (found, who) = standing(sender, &ticket, &facts, false);
            assert_eq!((found, who, found.may_reopen()), (wanted, author, reopens), "{sender}");
        }
        assert_eq!(standing("inconnu@martin.fr", &ticket, &facts, true).0, Standing::Stranger, "a shared domain");
        assert!(names_title("Re: Écran n°3 : écran N°3", &ticket));
        assert!(!names_title("Re: Écran n°3 : noir", &ticket));
    }
}
