//! Attributed GestSup tickets become Gestan interventions and are followed until they are closed.

mod adoption;
mod apply;
mod brake;
mod cases;
mod compare;
mod evidence;
mod links;
mod merge;
mod operation;
mod pass;
mod plan;
mod ports;
mod read;
mod reconcile;
mod recovery;
mod report;
mod rewind;
mod shadow;
mod sweep;

pub use adoption::{Evidenced, LinkOptions};
pub use brake::BrakeReason;
pub use cases::DELETED_IN_GESTAN;
pub use evidence::{Evidence, Pair};
pub(in crate::flows) use links::known_before;
pub use links::linked;
pub use operation::{Decision, Draft, EntryChange, FieldChange, Lacking, Operation, Planned, Verb, Verdict};
pub use pass::{Asked, PassOptions, Preview, TicketsFlow};
pub use plan::{MergedTicket, Planner};
pub use ports::*;
pub use reconcile::{Drift, DriftKind};
pub use report::{PassReport, RecordReport};
pub(in crate::flows) use rewind::MARKS;
pub use rewind::{Marks, OTHER_TICKET, RESTORED, REWOUND, Witness};
pub use shadow::Shadow;
pub use sweep::{COMPARISON, SWEEP, Sweep};
