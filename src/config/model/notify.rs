//! `[notify]`: mails to people when tickets change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[notify]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// Switches the flow on.
    pub enabled: bool,
}
