//! The configuration: a TOML file read into the model, with every mistake reported at once, at its
//! line and column. `connector.toml.example` is generated from the same model.

mod model;
mod secret;

pub use model::*;
pub use secret::Secret;
