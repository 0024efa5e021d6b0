//! Gestan is the master of reference data: its clients, their contact persons, the machines of the maintenance park
//! and its users show in GestSup, and are kept there as Gestan has them. Nothing is deleted: archived means disabled.

mod absences;
mod apply;
mod brake;
mod diff;
mod households;
mod index;
mod known;
mod links;
mod lists;
mod matching;
mod pass;
mod people;
mod plan;
mod ports;
mod project;
mod projects;
mod psp;
mod record;
mod report;
mod scene;
mod source;
mod spool;
mod survey;
mod work;

pub use known::Key;
pub(crate) use known::print_of;
pub use links::LEARNT;
pub use lists::Mirror;
pub use pass::ReferenceFlow;
pub use ports::*;
pub(crate) use projects::{keys as project_keys, parse as project_key};
pub use psp::without_contact;
pub use record::{Field, Kind, Place, Row, TELLING, Values};
pub use report::{ReferenceRecord, ReferenceReport};
pub use survey::{Standing, SurveyLine};
