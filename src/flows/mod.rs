//! The flows between both systems, one folder each: read, plan (pure), apply. They know the systems
//! only through the ports declared beside them.

mod error;
pub mod follow_up;
pub mod mail;
pub mod notify;
pub mod reference;
pub mod tickets;

pub use error::{Blast, PortError, System};
