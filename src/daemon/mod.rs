//! The service: one site (a GestSup base and a Gestan base) and the loop that keeps it in step.

mod service;
mod signals;
mod site;
mod voice;

pub use service::serve;
pub use signals::StopSignals;
pub use site::{OTHER_DAEMON, PassResult, Site, embedded_gateway};
