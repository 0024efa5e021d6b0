//! Tests on real servers: one private MariaDB for the run, a pair of bases per test.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod contract;
mod gateway;
mod support;
mod tickets;
