//! When an intervention is planned: the ticket's next appointment in GestSup's calendar (the last one
//! when all are over), else its planned resolution date.

use super::projection::Context;
use crate::config::{Mapping, TimeMapping};
use crate::model::{PlannedEvent, Ticket, local_to_utc};
use chrono::{DateTime, Duration, Utc};

/// The estimate in minutes that a person made; 0 where there is none.
pub(super) fn estimate(ticket: &Ticket, time: &TimeMapping) -> i64 {
    if ticket.minutes_estimated == time.ignore_estimate_minutes { 0 } else { ticket.minutes_estimated.max(0) }
}

/// Planned start and end, and where they come from, in words. An intervention that goes on from a
/// billed one does not inherit an appointment that is over.
pub(super) fn planned(
    ticket: &Ticket,
    mapping: &Mapping,
    context: &Context,
    goes_on: bool,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>, &'static str) {
    let Mapping { planning: rules, time, .. } = mapping;
    let is_over = |event: &&PlannedEvent| event.end.max(event.start) < context.now;
    let next = ticket.events.iter().find(|event| !is_over(event));
    let last = ticket.events.last().filter(|event| !(goes_on && is_over(event)));
    if let Some(event) = next.or(last) {
        return (Some(event.start), Some(event.end.max(event.start)), "appointment in GestSup's calendar");
    }
    let day = ticket.due.filter(|_| rules.from_due_date).map(|due| due.with_timezone(&context.zone).date_naive());
    let Some(opening) = day.and_then(|day| day.and_hms_opt(rules.start_hour, 0, 0)) else {
        return (None, None, "no appointment and no planned date");
    };
    let start = local_to_utc(opening, context.zone);
    let minutes = match estimate(ticket, time) {
        0 => i64::from(rules.default_minutes),
        minutes => minutes,
    };
    (Some(start), Some(start + Duration::minutes(minutes)), "planned resolution date of the ticket")
}
