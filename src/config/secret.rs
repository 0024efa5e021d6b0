//! Passwords and tokens: written inline, or found in the environment, a file or a systemd credential;
//! never printed.

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::path::PathBuf;
use subtle::ConstantTimeEq as _;

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
        file: PathBuf,
    },
    /// A systemd credential (`$CREDENTIALS_DIRECTORY/<name>`).
    Credential {
        /// Its name.
        credential: String,
    },
}

/// A secret that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable {name} is not set: set it for the service, or use another way")]
    Env {
        /// Its name.
        name: String,
    },
    /// The file cannot be read.
    #[error("the secret's file {path} cannot be read ({reason}): create it, readable by the service's user alone")]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// There are no credentials.
    #[error(
        "the credential {name} is not there: add LoadCredential={name}:/path to the unit; outside of systemd, use a file"
    )]
    Credential {
        /// Its name.
        name: String,
    },
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
}

impl Secret {
    /// The secret itself.
    ///
    /// # Errors
    /// When it cannot be had from where it should be, or is empty.
    pub fn resolve(&self) -> Result<SecretString, SecretError> {
        let read = |path: PathBuf| {
            std::fs::read_to_string(&path).map_err(|error| SecretError::File { path, reason: error.to_string() })
        };
        let text = match self {
            Self::Inline(text) => text.clone(),
            Self::Env { env } => std::env::var(env).map_err(|_| SecretError::Env { name: env.clone() })?,
            Self::File { file } => read(file.clone())?,
            Self::Credential { credential } => {
                let missing = || SecretError::Credential { name: credential.clone() };
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(missing)?;
                read(PathBuf::from(folder).join(credential)).map_err(|_| missing())?
            }
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        // Some databases have accounts without a password; only what should come from elsewhere must be there.
        if text.is_empty() && !matches!(self, Self::Inline(_)) {
            return Err(SecretError::Empty);
        }
        Ok(SecretString::from(text.to_owned()))
    }
}

/// A secret that others present, kept as its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Of a secret.
    pub fn new(secret: &SecretString) -> Self {
        Self(Sha256::digest(secret.expose_secret().as_bytes()).into())
    }

    /// Whether this is it. Hashes have one length, so the time taken says nothing.
    pub fn is(&self, given: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(given.as_bytes()).into();
        given.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***SECRET***")
    }
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

impl Serialize for Secret {
    /// Where it comes from, never what it is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{self:?}"))
    }
}
