//! Tests on real servers: one private MariaDB for the run, a pair of bases per test.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod adoption;
mod anomalies;
mod asking;
mod commands;
mod consos;
mod contract;
mod documents;
mod drift;
mod faults;
mod follow_up;
mod gateway;
mod gestsup;
mod grants;
mod habits;
mod histories;
mod init;
mod killed;
mod lies;
mod linked;
mod mail;
mod mailbox;
mod money;
mod notify;
mod packaging;
mod page;
mod reference;
mod restore;
mod rules;
mod service;
mod settings;
mod soak;
mod support;
mod tickets;
mod units;
mod versions;
