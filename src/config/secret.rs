//! Passwords and tokens: written inline, or found in the environment, a file or a systemd credential;
//! never printed.

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// Where a password or token comes from: the text itself, `{ env = "NAME" }`, `{ file = "/path" }`
/// or `{ credential = "name" }` (systemd `LoadCredential=`).
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Secret {
    /// The secret itself; the file must then be readable by the service alone.
    Inline(String),
    /// An environment variable.
    Env {
        /// Its name.
        env: String,
    },
    /// A file; a final line break is not part of the secret.
    File {
        /// Its path.
        file: std::path::PathBuf,
    },
    /// A systemd credential (`$CREDENTIALS_DIRECTORY/<name>`).
    Credential {
        /// Its name.
        credential: String,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("***SECRET***"),
            Self::Env { env } => write!(f, "{{ env = {env:?} }}"),
            Self::File { file } => write!(f, "{{ file = {file:?} }}"),
            Self::Credential { credential } => write!(f, "{{ credential = {credential:?} }}"),
        }
    }
}
