//! When an intervention is planned: the ticket's appointment in GestSup's calendar, else its planned
//! resolution date.

use crate::config::{Mapping, TimeMapping};
use crate::model::{Ticket, local_to_utc};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

/// The estimate in minutes that a person made; 0 where there is none.
pub(super) fn estimate(ticket: &Ticket, time: &TimeMapping) -> i64 {
    if ticket.minutes_estimated == time.ignore_estimate_minutes { 0 } else { ticket.minutes_estimated.max(0) }
}

/// Planned start and end, and where they come from, in words.
pub(super) fn planned(
    ticket: &Ticket,
    mapping: &Mapping,
    zone: Tz,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &'static str) {
    let Mapping { planning: rules, time, .. } = mapping;
    if let Some(event) = ticket.events.first() {
        return (Some(event.start), Some(event.end.max(event.start)), "appointment in GestSup's calendar");
    }
    let day = ticket.due.filter(|_| rules.from_due_date).map(|due| due.with_timezone(&zone).date_naive());
    let Some(opening) = day.and_then(|day| day.and_hms_opt(rules.start_hour, 0, 0)) else {
        return (None, None, "no appointment and no planned date");
    };
    let start = local_to_utc(opening, zone);
    let minutes = match estimate(ticket, time) {
        0 => i64::from(rules.default_minutes),
        minutes => minutes,
    };
    (Some(start), Some(start + Duration::minutes(minutes)), "planned resolution date of the ticket")
}
