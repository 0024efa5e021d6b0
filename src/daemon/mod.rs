//! The service: one site (a GestSup base and a Gestan base), the flows' schedules, and what an administrator wants of
//! a service: signals, health, a socket for commands.

pub(crate) mod activity;
mod clients;
mod clock;
mod door;
mod flow;
mod lane;
mod local;
mod mails;
mod metrics;
mod monitor;
mod page;
mod passes;
mod pulse;
mod report;
mod service;
mod signals;
mod site;
mod socket;
mod story;
#[cfg(unix)]
mod systemd;
#[cfg(not(unix))]
#[path = "without_systemd.rs"]
mod systemd;
mod voice;
mod watch;

pub use flow::Flow;
pub(crate) use local::Stream;
pub use monitor::Health;
pub(crate) use page::in_french;
pub use service::{Reload, serve};
pub use signals::StopSignals;
pub use site::{OTHER_DAEMON, PassResult, Site, embedded_gateway, gestan_client};
pub use socket::{Asked, Commands, Served, Told};
pub use story::{Next, Notice, Story};
/// Tells whoever started a service, systemd that is, that it is at work.
pub use systemd::ready;
