//! When a ticket was opened or changed state, as far as GestSup tells: not every change leaves a date.

use crate::config::Occasion;
use crate::model::{Step, StepType, Ticket};
use chrono::{DateTime, Utc};

/// GestSup's one closed state, which a closing step stands for.
const RESOLVED: i64 = 3;

/// The step by which the ticket came into its state, if the newest change of state that GestSup tells of is that one.
pub(super) fn deciding(ticket: &Ticket) -> Option<&Step> {
    let of_state = |step: &&Step| matches!(step.step_type, StepType::StateChanged | StepType::Closed);
    let last = ticket.steps.iter().rev().find(of_state)?;
    let state = match last.step_type {
        StepType::Closed => RESOLVED,
        _ => last.state.as_ref()?.id,
    };
    (state == ticket.state.id).then_some(last)
}

/// When it happened. What carries no date, or one from before the previous look (a mail's own date, a day that a
/// technician typed), happened after that look, since it was not there then.
pub(super) fn happened(ticket: &Ticket, occasion: Occasion, previous: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let dated = match occasion {
        Occasion::Opened => ticket.created_at,
        Occasion::State => deciding(ticket).and_then(|step| step.at),
    };
    dated.max(previous)
}
