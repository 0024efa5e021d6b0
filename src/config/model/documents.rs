//! `[documents]`: files of tickets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[documents]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Documents {
    /// Send the files of linked tickets to Gestan, as documents of the intervention or anomaly. Needs [gateway.documents] beside Gestan.
    pub enabled: bool,
    /// GestSup's folder of uploaded files, on this machine or mounted: `upload` beside GestSup's index.php. Reading is enough.
    #[schemars(example = &"/var/www/gestsup/upload")]
    pub folder: Option<PathBuf>,
    /// Send pictures that were pasted into the description too.
    pub pictures: bool,
    /// Files of more MiB stay in GestSup, which the journal says.
    pub max_mib: u32,
    /// Only files with these extensions are sent, as in ["pdf", "jpg"]; empty: all that the gateway takes.
    pub extensions: Vec<String>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { enabled: false, folder: None, pictures: true, max_mib: 25, extensions: Vec::new() }
    }
}
