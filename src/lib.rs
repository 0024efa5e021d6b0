//! Keeps a GestSup help-desk and a Gestan ERP in step: attributed tickets become interventions, and
//! are followed until they are done or to be billed. See `docs/architecture.md` for the tour.

#![cfg_attr(not(feature = "hfsql"), forbid(unsafe_code))]

pub mod cli;
pub mod config;
pub mod daemon;
#[cfg(unix)]
pub mod demo;
pub mod failpoint;
pub mod flows;
pub mod gateway;
pub mod gestan;
pub mod gestsup;
pub mod grants;
pub mod mailbox;
pub mod mapping;
pub mod messages;
pub mod model;
mod mysql;
mod private;
pub mod retry;
pub mod smtp;
pub mod store;
pub mod telemetry;
