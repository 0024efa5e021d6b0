//! The demonstration, and what it and the tests run on: private servers, and people who work in
//! GestSup and in Gestan as those programs let them.

pub mod erp;
pub mod help_desk;
pub mod mariadb;

/// (to be written)
pub async fn run(_keep: bool, _json: bool) -> anyhow::Result<bool> {
    Ok(true)
}
