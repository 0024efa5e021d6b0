//! Who is told of a change: the people that the rule names, one mail for each address, and nobody who must not get one.

use super::age::deciding;
use super::beside::Beside;
use super::ports::OwnMails;
use crate::config::{Audience, Locale, Notify, NotifyRule, Occasion};
use crate::mapping::Facts;
use crate::model::{MailAddress, Person, Ticket};
use lettre::message::Mailbox;
use std::collections::HashSet;

/// Somebody who gets a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipient {
    pub audience: Audience,
    pub to: MailAddress,
    pub locale: Locale,
}

/// Somebody who gets none, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub who: String,
    pub code: &'static str,
    pub message: String,
}

/// What decides about all tickets of a pass.
pub(super) struct Circle<'a> {
    pub settings: &'a Notify,
    /// Language of audiences that have none of their own.
    pub usual: Locale,
    /// What GestSup sends itself.
    pub own: &'a OwnMails,
    /// Addresses that no mail may go to, in lower case: a mail to ourselves would come back as a ticket.
    pub ours: &'a HashSet<String>,
}

/// Why no mail goes to an address.
pub(super) enum Unfit {
    Empty,
    Wrong,
    Ours,
    NoReply,
}

/// The rule for what happens without any.
pub(super) fn usual_rule() -> NotifyRule {
    NotifyRule {
        when: crate::config::When::default(),
        on: vec![Occasion::Opened, Occasion::State],
        to: vec![Audience::Requester],
        addresses: Vec::new(),
    }
}

impl Circle<'_> {
    /// The rule that decides about a ticket.
    pub(super) fn rule<'r>(&self, rules: &'r [NotifyRule], ticket: &Ticket, on: Occasion) -> Option<&'r NotifyRule> {
        let facts = Facts::of(ticket);
        rules.iter().find(|rule| rule.on.contains(&on) && rule.when.applies_to(&facts))
    }

    /// Whom a rule names. Whoever made the change knows of it, unless it is the opener who is told that all is well.
    pub(super) fn people(
        &self,
        rule: &NotifyRule,
        ticket: &Ticket,
        on: Occasion,
        observers: &[Person],
        beside: &Beside<'_>,
    ) -> (Vec<Recipient>, Vec<Left>) {
        let (mut recipients, mut left) = (Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        let author = deciding(ticket).filter(|_| on == Occasion::State).and_then(|step| step.author.as_ref());
        for audience in &rule.to {
            for person in persons(*audience, ticket, observers) {
                if author.is_some_and(|author| author.id == person.id) {
                    continue;
                }
                if let Some(told) = beside.tells(*audience, &person.mail) {
                    left.push(Left { who: person.display_name(), code: "gestsup-notifies", message: told.to_owned() });
                    continue;
                }
                match self.person(*audience, person) {
                    Ok(recipient) if seen.insert(recipient.to.address.clone()) => recipients.push(recipient),
                    Ok(_) => {}
                    Err(why) => left.push(why),
                }
            }
        }
        for text in &rule.addresses {
            let Ok(mailbox) = text.parse::<Mailbox>() else { continue };
            match self.fit(mailbox.email.as_ref()) {
                Ok(address) if seen.insert(address.clone()) => {
                    let locale = self.settings.locale(Audience::Addresses, self.usual);
                    let to = MailAddress { name: mailbox.name, address };
                    recipients.push(Recipient { audience: Audience::Addresses, to, locale });
                }
                Ok(_) => {}
                Err(why) => left.push(unfit(&why, text, "[notify] rules")),
            }
        }
        (recipients, left)
    }

    /// Somebody of a ticket as somebody who gets mails.
    pub(super) fn person(&self, audience: Audience, person: &Person) -> Result<Recipient, Left> {
        let name = person.display_name();
        if person.disabled || person.is_forgotten() {
            let message = format!("{name} gets no mail: the account in GestSup is not in use any more.");
            return Err(Left { who: name, code: "account-disabled", message });
        }
        let locale = self.settings.locale(audience, self.usual);
        match self.fit(&person.mail) {
            Ok(address) => Ok(Recipient { audience, to: MailAddress { name: Some(name), address }, locale }),
            Err(why) => Err(unfit(&why, &name, &person.mail)),
        }
    }

    /// An address as mails are sent to it.
    pub(super) fn fit(&self, text: &str) -> Result<String, Unfit> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Unfit::Empty);
        }
        let address = plain(text).ok_or(Unfit::Wrong)?;
        let lower = address.to_lowercase();
        if self.ours.contains(&lower) || self.own.addresses.contains(&lower) {
            return Err(Unfit::Ours);
        }
        let local = lower.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "");
        let machines = ["noreply", "donotreply", "nepasrepondre", "mailerdaemon", "postmaster", "bounce", "bounces"];
        if machines.contains(&local.as_str()) {
            return Err(Unfit::NoReply);
        }
        Ok(address)
    }
}

pub(super) fn persons<'t>(audience: Audience, ticket: &'t Ticket, observers: &'t [Person]) -> Vec<&'t Person> {
    match audience {
        // A group that asks stands in the place of a requester, as in GestSup's own mails.
        Audience::Requester => match &ticket.requester_group {
            Some(group) => group.members.iter().collect(),
            None => ticket.requester.iter().collect(),
        },
        Audience::Technician => ticket.technician.iter().collect(),
        Audience::Group => ticket.group.iter().flat_map(|group| &group.members).collect(),
        Audience::Observers => observers.iter().collect(),
        Audience::Addresses => Vec::new(),
    }
}

fn unfit(why: &Unfit, who: &str, address: &str) -> Left {
    let (code, message) = match why {
        Unfit::Empty => ("no-address", format!("{who} gets no mail: GestSup has no address.")),
        Unfit::Wrong => {
            ("bad-address", format!("{who} gets no mail: “{}” is no mail address.", address.escape_debug()))
        }
        Unfit::Ours => ("own-address", format!("{who} gets no mail: the address is the help-desk's own.")),
        Unfit::NoReply => ("machine-address", format!("{who} gets no mail: nobody reads that address.")),
    };
    Left { who: who.to_owned(), code, message }
}

/// An address as mail servers know it: a domain in other letters than ASCII in its own notation.
pub(super) fn plain(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let domain = if domain.is_ascii() {
        domain.to_lowercase()
    } else {
        match url::Host::parse(domain).ok()? {
            url::Host::Domain(domain) => domain,
            _ => return None,
        }
    };
    let address = lettre::Address::new(local, domain).ok()?;
    // A header holds no more, and nobody has such an address.
    Some(address.to_string()).filter(|address| address.len() <= 254 && !address.chars().any(char::is_control))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_not_written_to() {
        for text in ["", "x", "a@b@", "a b@c.fr", "a@c.fr\r\nBcc: x@y.fr", "a@c.fr>, <x@y.fr", "a,b@c.fr", "@c.fr"] {
            assert_eq!(plain(text), None, "{text:?}");
        }
        assert_eq!(plain("Helene@Martin.FR").unwrap(), "Helene@martin.fr");
        assert_eq!(plain("hélène@martin.fr").unwrap(), "hélène@martin.fr");
        assert_eq!(plain("contact@hélène.fr").unwrap(), "contact@xn--hlne-6oae.fr");
    }
}
