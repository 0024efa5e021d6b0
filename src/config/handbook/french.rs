//! The descriptions of the model in French (`src/config/model/fr.toml`), each made for one English text.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A French text, and which English text it says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The beginning of the SHA-256 of the English text.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests compare it"))]
    pub of: String,
    pub fr: String,
}

/// Type of the model ⇒ key or value of it ⇒ its text.
pub(super) type French = BTreeMap<String, BTreeMap<String, Entry>>;

pub(super) fn french() -> Result<French, toml::de::Error> {
    toml::from_str(include_str!("../model/fr.toml"))
}
