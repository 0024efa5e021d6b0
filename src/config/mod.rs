//! The configuration: a TOML file read into the model, with every mistake reported at once, at its
//! line and column. `connector.toml.example` and the reference are generated from the same model.

mod diagnostic;
mod document;
mod example;
mod handbook;
mod load;
mod model;
mod schema;
mod secret;
mod validate;
mod validate_gateway;
mod validate_mailbox;
mod validate_mapping;
mod validate_notify;
mod validate_service;

pub use diagnostic::{ConfigErrors, Diagnostic};
pub use example::{example, filled};
pub use handbook::handbook;
pub use load::{Loaded, Role, load, parse};
pub use model::*;
pub use secret::{Secret, SecretError, SecretHash};

use crate::model::sha256_hex;

impl Config {
    /// Hash of everything that decides how a ticket is projected: when it changes, the open tickets are
    /// planned again.
    pub fn fingerprint_of_projection(&self) -> String {
        let gestsup = self.gestsup.as_ref().map(|gestsup| (&gestsup.url, &gestsup.source, gestsup.time_zone.name()));
        let parts = serde_json::json!([self.mapping, self.tickets.private_steps, gestsup, self.documents]);
        sha256_hex(&parts.to_string())
    }
}

#[cfg(test)]
mod tests;
