//! What Gestan's users do to an intervention or anomaly comes back to its ticket in GestSup: status, people,
//! planning, minutes, and what they type in the memo.

mod apply;
mod documents;
mod fields;
mod operation;
mod pass;
mod people;
mod plan;
mod ports;
mod read;
mod report;
mod typed;
mod wording;

pub use operation::{
    Change, EventChange, MinutesChange, NewFile, NewStep, Remark, StateChange, StepEdit, TechnicianChange, TicketChange,
};
pub use pass::{FollowUpFlow, STARTED};
pub use ports::*;
pub use read::EVERY_PASS;
pub use report::{FollowRecord, FollowReport};
