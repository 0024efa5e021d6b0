//! The Gestan side as the daemon sees it: the contract's types and the client of the gateway.

mod client;
pub mod contract;
mod error;

pub use client::GatewayClient;
pub(crate) use client::root_cause;
pub use error::GatewayError;
