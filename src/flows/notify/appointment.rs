//! Appointments of interventions in people's own calendars: an invitation when one is set, the same again when it is moved,
//! and a cancellation (RFC 5546). A start that was only proposed invites nobody.

use super::audience::Circle;
use super::letter::Calendar;
use super::templates::one_line;
use crate::config::{Audience, Locale};
use crate::model::{MailAddress, Person, Ticket};
use chrono::{DateTime, Duration, Timelike as _, Utc};
use chrono_tz::Tz;
use icalendar::{Component as _, Event, EventLike as _, EventStatus, Property};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// When somebody comes, as Gestan holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Planned start of the intervention.
    pub start: DateTime<Utc>,
    /// Planned end.
    pub end: DateTime<Utc>,
    /// Code of the intervenant; empty for nobody.
    pub who: String,
    /// The start is what the connector itself wrote last.
    #[serde(skip)]
    pub ours: bool,
}

/// Somebody who has it in a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitee {
    /// Why.
    pub audience: Audience,
    /// Where to.
    pub to: MailAddress,
    /// Language.
    pub locale: Locale,
}

/// What people of a ticket were last told of its appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The ticket.
    pub number: i64,
    /// The same for ever, so that calendars know it again.
    pub uid: String,
    /// Grows with each change (RFC 5545).
    pub sequence: u32,
    /// The appointment; `None` once it was cancelled, or is over.
    pub held: Option<Appointment>,
    /// Who has it.
    pub invited: Vec<Invitee>,
}

/// What became of an appointment, for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Set,
    Moved,
    Cancelled,
}

impl Change {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A mail about an appointment that is to be written.
pub(super) struct Notice {
    pub ticket: Ticket,
    pub invitee: Invitee,
    pub change: Change,
    pub appointment: Appointment,
    pub uid: String,
    pub sequence: u32,
}

/// Whether nobody chose this time: the connector derived it from the ticket's planned day.
pub(super) fn is_proposed(appointment: &Appointment, ticket: &Ticket, start_hour: u32, zone: Tz) -> bool {
    let local = appointment.start.with_timezone(&zone);
    let usual = local.hour() == start_hour && local.minute() == 0;
    appointment.ours && usual && !ticket.events.iter().any(|event| event.start == appointment.start)
}

/// Who is to have an appointment of this ticket.
pub(super) fn invitees(circle: &Circle<'_>, ticket: &Ticket, observers: &[Person]) -> Vec<Invitee> {
    let mut seen = HashSet::new();
    let mut invitees = Vec::new();
    for audience in &circle.settings.appointments {
        for person in super::audience::persons(*audience, ticket, observers) {
            let Ok(recipient) = circle.person(*audience, person) else { continue };
            if seen.insert(recipient.to.address.clone()) {
                invitees.push(Invitee { audience: *audience, to: recipient.to, locale: recipient.locale });
            }
        }
    }
    invitees
}

/// What is to be told, and what is remembered then. `now_held` is `None` where there is no appointment any more.
pub(super) fn changes(
    known: Option<&Invitation>,
    now_held: Option<&Appointment>,
    invitees: &[Invitee],
    number: i64,
    uid: impl FnOnce() -> String,
) -> (Vec<(Invitee, Change)>, Invitation) {
    let before: &[Invitee] = known.map_or(&[], |known| &known.invited);
    let has = |invitees: &[Invitee], address: &str| invitees.iter().any(|invitee| invitee.to.address == address);
    let mut told: Vec<(Invitee, Change)> = Vec::new();
    let still = if now_held.is_some() { invitees } else { &[] };
    for invitee in before.iter().filter(|invitee| !has(still, &invitee.to.address)) {
        told.push((invitee.clone(), Change::Cancelled));
    }
    let same_time = match (known.and_then(|known| known.held.as_ref()), now_held) {
        (Some(before), Some(now)) => (before.start, before.end) == (now.start, now.end),
        _ => false,
    };
    for invitee in still {
        match has(before, &invitee.to.address) {
            true if same_time => {}
            true => told.push((invitee.clone(), Change::Moved)),
            false => told.push((invitee.clone(), Change::Set)),
        }
    }
    let sequence = known.map_or(0, |known| known.sequence + u32::from(!told.is_empty()));
    let invitation = Invitation {
        number,
        uid: known.map_or_else(uid, |known| known.uid.clone()),
        sequence,
        held: now_held.cloned(),
        invited: still.to_vec(),
    };
    (told, invitation)
}

/// The iCalendar object of a notice.
pub(super) fn calendar(notice: &Notice, organizer: &str, url: &str, now: DateTime<Utc>) -> Calendar {
    let cancelled = notice.change == Change::Cancelled;
    let method = if cancelled { "CANCEL" } else { "REQUEST" };
    let ticket = &notice.ticket;
    let summary = match notice.invitee.locale {
        Locale::Fr => format!("Intervention, ticket n°{} : {}", ticket.number, one_line(&ticket.title)),
        Locale::En => format!("Intervention, ticket n°{}: {}", ticket.number, one_line(&ticket.title)),
    };
    let Appointment { start, end, .. } = notice.appointment;
    let mut attendee = Property::new("ATTENDEE", format!("mailto:{}", notice.invitee.to.address));
    attendee
        .add_parameter("ROLE", "REQ-PARTICIPANT")
        .add_parameter("PARTSTAT", "NEEDS-ACTION")
        .add_parameter("RSVP", "FALSE");
    let mut event = Event::new();
    event
        .uid(&notice.uid)
        .sequence(notice.sequence)
        .timestamp(now)
        .starts(start)
        .ends(end.max(start + Duration::minutes(15)))
        .summary(&summary)
        .status(if cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed })
        .append_property(Property::new("ORGANIZER", format!("mailto:{organizer}")))
        .append_multi_property(attendee.done());
    if !url.is_empty() {
        event.url(url);
    }
    let mut calendar = icalendar::Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//gestan-connector//FR"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", method));
    calendar.push(event.done());
    Calendar { method: method.to_owned(), text: calendar.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Appointment {
        let start = format!("2026-03-05T{hour:02}:00:00Z").parse::<DateTime<Utc>>().unwrap();
        Appointment { start, end: start + Duration::hours(1), who: "PDU".to_owned(), ours: false }
    }

    fn of(name: &str) -> Invitee {
        let to = MailAddress { name: None, address: format!("{name}@e.fr") };
        Invitee { audience: Audience::Requester, to, locale: Locale::Fr }
    }

    fn told(known: Option<&Invitation>, now: Option<&Appointment>, people: &[&str]) -> (Vec<String>, Invitation) {
        let people: Vec<Invitee> = people.iter().map(|name| of(name)).collect();
        let (told, invitation) = changes(known, now, &people, 1, || "uid".to_owned());
        (told.iter().map(|(who, change)| format!("{} {}", who.to.address, change.as_str())).collect(), invitation)
    }

    #[test]
    fn each_person_is_told_what_changed_for_them_and_the_sequence_grows() {
        let (first, set) = told(None, Some(&at(9)), &["a", "b"]);
        assert_eq!((first, set.sequence), (vec!["a@e.fr set".to_owned(), "b@e.fr set".to_owned()], 0));
        let (nothing, same) = told(Some(&set), Some(&at(9)), &["a", "b"]);
        assert_eq!((nothing.len(), same.sequence), (0, 0));
        let (moved, later) = told(Some(&set), Some(&at(14)), &["a", "c"]);
        assert_eq!(moved, ["b@e.fr cancelled", "a@e.fr moved", "c@e.fr set"]);
        assert_eq!(later.sequence, 1);
        let (gone, none) = told(Some(&later), None, &[]);
        assert_eq!(gone, ["a@e.fr cancelled", "c@e.fr cancelled"]);
        assert_eq!((none.sequence, none.held.is_none(), none.invited.len(), none.uid.as_str()), (2, true, 0, "uid"));
        let (again, back) = told(Some(&none), Some(&at(16)), &["a"]);
        assert_eq!((again, back.sequence), (vec!["a@e.fr set".to_owned()], 3));
    }
}
