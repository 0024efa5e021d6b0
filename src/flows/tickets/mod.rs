//! Attributed GestSup tickets become Gestan interventions and are followed until they are closed.

mod ports;

pub use ports::*;
