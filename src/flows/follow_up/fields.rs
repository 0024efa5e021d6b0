//! Fields that a Gestan user set: status, technician, planning and load of an intervention, and the minutes of its
//! steps. Pure.

use super::operation::{Change, EventChange, MinutesChange, NewStep, StateChange, TechnicianChange};
use super::people::Who;
use super::plan::Draft;
use super::wording;
use crate::config::Policy;
use crate::model::{Field, Label, PlannedEvent, Status, Value, local_to_utc};
use chrono::{DateTime, Duration, Utc};

/// Who set a field since it was last accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    /// Nobody in Gestan.
    Not,
    /// Both sides say the same, however it came.
    Agreed,
    /// A Gestan user, and GestSup goes along.
    Gestan,
    /// People on both sides, and GestSup's value stays.
    Gestsup,
}

impl Draft<'_> {
    pub(super) fn fields(&mut self) {
        let settings = self.planner.settings;
        // The technician comes first: an appointment is in somebody's calendar.
        if settings.technician && self.is_gestans(&[Field::Technician]) {
            self.technician();
        }
        if settings.status && self.is_gestans(&[Field::Status]) {
            self.status();
        }
        if (settings.planned || settings.calendar || settings.appointment_step)
            && self.is_gestans(&[Field::PlannedStart, Field::PlannedEnd])
        {
            self.planning();
        }
        let taken = self.plan.change.technician.is_some() && self.ticket.state.id == NOT_ATTRIBUTED;
        if taken && self.plan.change.state.is_none() {
            // As GestSup's own page does.
            let label = self.planner.facts.states.iter().find(|label| label.id == WAITING_TO_BE_TAKEN).cloned();
            label.into_iter().for_each(|label| self.set_state(label));
        }
        if settings.load && self.is_gestans(&[Field::Load]) {
            self.load();
        }
    }

    /// Whether one of these fields is to be carried back. What both sides changed is told.
    fn is_gestans(&mut self, fields: &[Field]) -> bool {
        let mut carried = false;
        for &field in fields {
            let moved = self.moved(field);
            let Some(held) = self.current.fields.get(&field).filter(|_| moved != Moved::Not) else { continue };
            // From now on the tickets flow knows it: what differs from what GestSup asks for is no news.
            self.plan.link.held.insert(field, held.clone());
            match moved {
                Moved::Agreed => {
                    self.plan.link.sent.insert(field, held.clone());
                }
                Moved::Gestan => {
                    carried = true;
                    self.plan.following.carried.insert(field, held.clone());
                }
                Moved::Gestsup | Moved::Not => {}
            }
        }
        carried
    }

    fn moved(&mut self, field: Field) -> Moved {
        let Some(held) = self.current.fields.get(&field) else { return Moved::Not };
        if self.link.followed.get(&field).is_none_or(|followed| followed == held) {
            return Moved::Not;
        }
        let wanted = self.projection.fields.get(&field);
        if wanted == Some(held) {
            return Moved::Agreed;
        }
        let Some(wanted) = wanted.filter(|wanted| self.link.sent.get(&field) != Some(wanted)) else {
            return Moved::Gestan;
        };
        let settled = self.projection.settled.contains(&field);
        let policy = self.planner.context.mapping.policies.of(self.link.kind, field);
        let stays = settled || policy == Policy::Always;
        let what = if stays { "GestSup's value stays" } else { "Gestan's value is taken" };
        let message =
            format!("{field} was changed on both sides, to “{wanted}” in GestSup and to “{held}” in Gestan: {what}");
        self.remark("conflict", message);
        if stays { Moved::Gestsup } else { Moved::Gestan }
    }

    fn technician(&mut self) {
        let Some(code) = self.current.fields.get(&Field::Technician).and_then(Value::as_text).map(str::to_owned) else {
            let message = format!(
                "Nobody is in charge of {} {} in Gestan any more; the ticket keeps its technician",
                self.link.kind, self.link.gestan_id
            );
            return self.remark("technician-none", message);
        };
        let person = match self.planner.people.of(&code, self.ticket.technician.as_ref()) {
            Who::One(person) => person.clone(),
            Who::Nobody => {
                return self.remark(
                    "technician-not-in-gestsup",
                    format!("{code} is in charge in Gestan, and no technician of GestSup matches: the ticket keeps its technician. Give a technician this login or mail in GestSup, or list the login in [mapping.technicians.table]"),
                );
            }
            Who::Several(names) => {
                return self.remark(
                    "technician-not-in-gestsup",
                    format!("{code} is in charge in Gestan, and several technicians of GestSup match ({}): the ticket keeps its technician", names.join(", ")),
                );
            }
        };
        let from = self.ticket.technician.as_ref().map_or(0, |technician| technician.id);
        if person.id == from {
            return;
        }
        let mark = self.mark("technician", &person.id.to_string());
        self.plan.change.technician = Some(TechnicianChange {
            from,
            from_group: self.ticket.group.as_ref().map_or(0, |group| group.id),
            to: person.id,
            with_events: self.planner.settings.calendar && self.planner.facts.calendar && from != 0,
            mark,
        });
        self.after.technician = Some(person);
        self.after.group = None;
    }

    fn status(&mut self) {
        let Some(status) = self.current.fields.get(&Field::Status).and_then(Value::as_status) else { return };
        let Some(&state) = self.planner.settings.states.0.get(&status) else { return };
        // To be billed and billed are the same to a ticket: it is done.
        let done =
            |status: Status| if matches!(status, Status::ToBill | Status::Billed) { Status::Done } else { status };
        if state == self.ticket.state.id || done(self.projection.status) == done(status) {
            return;
        }
        let Some(label) = self.planner.facts.states.iter().find(|label| label.id == state) else {
            return self.remark(
                "state-not-in-gestsup",
                format!("Status {status} has the state {state} in [follow_up.states], which GestSup does not have: the ticket keeps its state"),
            );
        };
        self.set_state(label.clone());
    }

    fn set_state(&mut self, label: Label) {
        let resolved_at = match self.current.fields.get(&Field::ResolvedAt) {
            Some(Value::Time(at)) if label.id == RESOLVED => Some(*at),
            _ => None,
        };
        let mark = self.mark("state", &label.id.to_string());
        self.plan.change.state = Some(StateChange { from: self.ticket.state.id, to: label.id, resolved_at, mark });
        self.after.resolved_at = (label.id == RESOLVED).then(|| resolved_at.unwrap_or(self.planner.now));
        self.after.state = label;
    }

    fn planning(&mut self) {
        let time = |field: Field| match self.current.fields.get(&field) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        };
        let (start, end) = (time(Field::PlannedStart), time(Field::PlannedEnd));
        let zone = self.planner.context.zone;
        let settings = self.planner.settings;
        if settings.planned {
            let day = |time: Option<DateTime<Utc>>| time.map(|time| time.with_timezone(&zone).date_naive());
            let (from, to) = (day(self.ticket.due), day(start));
            if from != to {
                self.plan.change.due = Some(Change { from, to });
                let midnight = to.and_then(|day| day.and_hms_opt(0, 0, 0));
                self.after.due = midnight.map(|midnight| local_to_utc(midnight, zone));
                // A day that was taken off in Gestan is not put back as one that GestSup lost.
                self.plan.link.last_known.due = self.after.due;
            } else if to.is_none() {
                self.after.due = None;
                self.plan.link.last_known.due = None;
            }
        }
        if settings.calendar && self.planner.facts.calendar {
            self.appointment(start, end);
        }
        let told = self.link.followed.get(&Field::PlannedStart);
        if settings.appointment_step && told != self.current.fields.get(&Field::PlannedStart) {
            let locale = self.planner.context.mapping.locale;
            let text = wording::appointment(locale, zone, start, self.after.technician.as_ref());
            let author = self.plan.change.author;
            self.step("appointment", author, false, text);
        }
    }

    /// The appointment in GestSup's calendar: the one that was written before, else the one that the planning came
    /// from, else a new one.
    fn appointment(&mut self, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) {
        let own = self.plan.following.event;
        let known = self.ticket.events.iter().find(|event| Some(event.id) == own);
        let Some(start) = start else {
            // What GestSup's people planned themselves is theirs to cancel.
            if let Some(event) = known {
                self.plan.change.event = Some(EventChange::Cancel { id: event.id });
                self.after.events.retain(|event| Some(event.id) != own);
                self.plan.following.event = None;
            }
            return;
        };
        let minutes = i64::from(self.planner.context.mapping.planning.default_minutes);
        let end = end.filter(|end| *end > start).unwrap_or(start + Duration::minutes(minutes));
        let told = self.link.sent.get(&Field::PlannedStart);
        let source = || self.ticket.events.iter().find(|event| told == Some(&Value::Time(event.start)));
        let Some(technician) = self.after.technician.as_ref().map(|technician| technician.id) else { return };
        if let Some(event) = known.or_else(source) {
            let id = event.id;
            if (event.start, event.end, event.technician) != (start, end, technician) {
                self.plan.change.event = Some(EventChange::Move { id, technician, start, end });
            }
            self.after.events.retain(|event| event.id != id);
            self.after.events.push(PlannedEvent { id, start, end, technician });
        } else {
            self.plan.change.event = Some(EventChange::Create { technician, start, end });
            self.after.events.push(PlannedEvent { id: i64::MAX, start, end, technician });
        }
        self.after.events.sort_by_key(|event| (event.start, event.id));
    }

    fn load(&mut self) {
        let Some(units) = self.current.fields.get(&Field::Load).and_then(Value::as_number) else { return };
        let time = &self.planner.context.mapping.time;
        let minutes = units * time.unit.minutes(time.hours_per_day) + self.link.minutes_before;
        if minutes == self.ticket.minutes_estimated {
            return;
        }
        self.plan.change.estimate = Some(Change { from: self.ticket.minutes_estimated, to: minutes });
        self.after.minutes_estimated = minutes;
    }

    /// Minutes that a Gestan user set on steps.
    pub(super) fn minutes(&mut self) {
        if !self.planner.settings.minutes {
            return;
        }
        for (key, entry) in &self.current.entries {
            let (Some(step), Some(agreed)) =
                (key.strip_prefix("step:").and_then(|id| id.parse::<i64>().ok()), self.link.entries.get(key))
            else {
                continue;
            };
            // A gateway that does not tell minutes says 0.
            let to = entry.minutes;
            if to == agreed.minutes || to == 0 {
                self.plan.following.minutes.remove(key);
                continue;
            }
            if self.plan.following.minutes.get(key) == Some(&to) {
                continue;
            }
            let Some(known) = self.ticket.steps.iter().find(|known| known.id == step) else { continue };
            let from = known.minutes;
            let before = self.plan.following.minutes.insert(key.clone(), to).unwrap_or(agreed.minutes);
            if self.planner.facts.step_time {
                if from == to {
                    continue;
                }
                if from != agreed.minutes {
                    let message = format!(
                        "the minutes of step {step} were changed on both sides, to {from} in GestSup and to {to} in Gestan: GestSup's value stays"
                    );
                    self.remark("conflict", message);
                    continue;
                }
                self.plan.change.minutes.push(MinutesChange { step, from, to });
            } else {
                // Without a time per step, GestSup's total is all there is.
                let from = self.plan.change.total.as_ref().map_or(self.ticket.minutes_spent, |total| total.to);
                let to = (from + to - before).max(0);
                let first = self.plan.change.total.as_ref().map_or(from, |total| total.from);
                self.plan.change.total = Some(Change { from: first, to });
            }
        }
        self.total();
    }

    /// The ticket's total as it will be.
    fn total(&mut self) {
        if let Some(total) = &self.plan.change.total {
            self.after.minutes_spent = total.to;
        }
        if self.plan.change.minutes.is_empty() {
            return;
        }
        let timed: i64 = self.ticket.steps.iter().map(|step| step.minutes).sum();
        let spent = self.ticket.minutes_spent;
        let mut total = timed;
        if timed == 0 && spent > 0 {
            // What was spent before comments had a time is kept as a comment of its own, as GestSup does.
            let text = wording::carried_time(self.planner.context.mapping.locale).to_owned();
            let mark = self.mark("carried-time", &text);
            self.plan.change.steps.push(NewStep { mark, author: 0, private: false, text, minutes: spent });
            total = spent;
        }
        for change in &self.plan.change.minutes {
            total += change.to - change.from;
            if let Some(step) = self.after.steps.iter_mut().find(|step| step.id == change.step) {
                step.minutes = change.to;
            }
        }
        self.after.minutes_spent = total;
    }
}

/// `tstates.id` of a resolved ticket: the one state with a date of resolution and a step of its own.
const RESOLVED: i64 = 3;
/// `tstates.id` of a ticket that nobody is in charge of.
const NOT_ATTRIBUTED: i64 = 5;
/// `tstates.id` of one that was given to somebody.
const WAITING_TO_BE_TAKEN: i64 = 1;
