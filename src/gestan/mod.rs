//! The Gestan side as the daemon sees it: the contract's types and the client of the gateway.

mod client;
pub mod contract;

pub use client::{GatewayClient, GatewayError};
