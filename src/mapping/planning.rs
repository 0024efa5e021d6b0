//! When an intervention is planned: the ticket's next appointment in GestSup's calendar (the last one
//! when all are over), else its planned resolution date. An appointment that people made stands; a start that is only
//! proposed skips the absences of the technician.

use super::projection::{Context, Wait};
use crate::config::{Mapping, TimeMapping};
use crate::model::{Away, PlannedEvent, Ticket, local_to_utc};
use chrono::{DateTime, Datelike as _, Days, Duration, NaiveDate, Utc, Weekday};

/// The estimate in minutes that a person made; 0 where there is none.
pub(super) fn estimate(ticket: &Ticket, time: &TimeMapping) -> i64 {
    if ticket.minutes_estimated == time.ignore_estimate_minutes { 0 } else { ticket.minutes_estimated.max(0) }
}

/// A planning, and where it comes from.
#[derive(Debug, Default)]
pub(super) struct Planning {
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
    /// Where it comes from, in words.
    pub why: &'static str,
    /// The technician is absent then.
    pub absent: Option<Wait>,
}

/// Planned start and end. An intervention that goes on from a billed one does not inherit an appointment that is
/// over. `technician` is the one user of Gestan who is in charge of what is still to be done.
pub(super) fn planned(
    ticket: &Ticket,
    mapping: &Mapping,
    context: &Context,
    goes_on: bool,
    technician: Option<&str>,
) -> Planning {
    let Mapping { planning: rules, time, .. } = mapping;
    let away = |start, end| technician.and_then(|code| context.directory.away(code, start, end));
    let is_over = |event: &&PlannedEvent| event.end.max(event.start) < context.now;
    let next = ticket.events.iter().find(|event| !is_over(event));
    let last = ticket.events.last().filter(|event| !(goes_on && is_over(event)));
    if let Some(event) = next.or(last) {
        let (start, end) = (event.start, event.end.max(event.start));
        let absent = away(start, end).filter(|away| away.until > context.now);
        let absent = absent.map(|away| {
            told(away, ticket, context, "The appointment stands: move it, or give the ticket to somebody else.")
        });
        return Planning { start: Some(start), end: Some(end), why: "appointment in GestSup's calendar", absent };
    }
    let day = ticket.due.filter(|_| rules.from_due_date).map(|due| due.with_timezone(&context.zone).date_naive());
    let opening = |day: NaiveDate| day.and_hms_opt(rules.start_hour, 0, 0).map(|at| local_to_utc(at, context.zone));
    let Some(mut start) = day.and_then(opening) else {
        return Planning { why: "no appointment and no planned date", ..Planning::default() };
    };
    let length = Duration::minutes(match estimate(ticket, time) {
        0 => i64::from(rules.default_minutes),
        minutes => minutes,
    });
    let first = away(start, start + length);
    // Absences may follow each other; each step is a day at least.
    while let Some(away) = away(start, start + length) {
        let Some(next) =
            working_days(away.until.max(start), context).find_map(|day| opening(day).filter(|at| *at >= away.until))
        else {
            break;
        };
        start = next;
    }
    let why = if first.is_some() {
        "planned resolution date of the ticket, after the technician's absence"
    } else {
        "planned resolution date of the ticket"
    };
    let rest = format!("The intervention is proposed for {}.", start.with_timezone(&context.zone).format("%d/%m/%Y"));
    let absent = first.filter(|away| away.until > context.now).map(|away| told(away, ticket, context, &rest));
    Planning { start: Some(start), end: Some(start + length), why, absent }
}

/// Days from Monday to Friday, from that time's on.
fn working_days(from: DateTime<Utc>, context: &Context) -> impl Iterator<Item = NaiveDate> {
    let first = from.with_timezone(&context.zone).date_naive();
    let days = (0..10).filter_map(move |days| first.checked_add_days(Days::new(days)));
    days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

fn told(away: &Away, ticket: &Ticket, context: &Context, rest: &str) -> Wait {
    let day = |at: DateTime<Utc>| at.with_timezone(&context.zone).format("%d/%m/%Y %H:%M").to_string();
    let who = ticket.technician.as_ref().map_or_else(|| away.user.clone(), crate::model::Person::display_name);
    Wait {
        code: "technician-absent",
        reason: format!(
            "{who} is absent on the ticket's planned date (from {} to {}, in Gestan). {rest}",
            day(away.from),
            day(away.until)
        ),
    }
}
