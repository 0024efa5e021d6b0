//! The service: one site (a GestSup base and a Gestan base) and the loop that keeps it in step.

mod service;
mod site;

pub use service::serve;
pub use site::{OTHER_DAEMON, PassResult, Site, embedded_gateway};
