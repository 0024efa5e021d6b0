//! From a file to a configuration that can be trusted.

use super::diagnostic::{ConfigErrors, Diagnostic};
use super::document::Document;
use super::schema::{Walk, schema};
use super::validate::{check, warnings};
use super::{Config, Secret};
use crate::private;
use std::path::{Path, PathBuf};

/// What the configuration is needed for, which decides which tables it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `run`, `sync` and what looks at their state.
    Daemon,
    /// `gateway`: serves Gestan's base.
    Gateway,
    /// `gateway install` and `gateway probe`: `[gateway]` without its codes, which are still unknown.
    Install,
}

/// A configuration, and where it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Its file.
    pub path: PathBuf,
    /// What is allowed and unwise.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a configuration file.
///
/// # Errors
/// Every mistake in it at once.
pub fn load(path: &Path, role: Role) -> Result<Loaded, ConfigErrors> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigErrors::unreadable(&file, &error.to_string()))?;
    let (config, mut warnings) = parse(&text, &file, role)?;
    if let Some(warning) = readable_by_others(path, &config) {
        warnings.push(warning);
    }
    Ok(Loaded { config, path: path.to_owned(), warnings })
}

/// Understands a configuration; `file` is only named in messages.
///
/// # Errors
/// Every mistake in it at once.
pub fn parse(text: &str, file: &str, role: Role) -> Result<(Config, Vec<Diagnostic>), ConfigErrors> {
    let failed = |diagnostics| ConfigErrors::new(file, text, diagnostics);
    let syntax = |error: &toml::de::Error, help: &str| {
        vec![Diagnostic::new("", error.span().unwrap_or(0..0), error.message().to_owned(), help)]
    };
    let document = Document::parse(text)
        .map_err(|error| failed(syntax(&error, "correct this first: what follows could not be understood")))?;
    let schema = schema();
    let mut walk = Walk::new(schema);
    walk.table(document.root(), 0..0, schema, "");
    if !walk.diagnostics.is_empty() {
        return Err(failed(walk.diagnostics));
    }
    let config: Config = toml::from_str(text)
        .map_err(|error| failed(syntax(&error, "see connector.toml.example for what can stand here")))?;
    let mistakes = check(&config, &document, role);
    if !mistakes.is_empty() {
        return Err(failed(mistakes));
    }
    let warnings = warnings(&config, &document).into_iter().map(|warning| warning.located(text)).collect();
    Ok((config, warnings))
}

fn readable_by_others(path: &Path, config: &Config) -> Option<Diagnostic> {
    let secrets = [
        config.gestsup.as_ref().map(|gestsup| &gestsup.password),
        config.gestan.as_ref().and_then(|gestan| gestan.token.as_ref()),
        config.gateway.as_ref().and_then(|gateway| gateway.token.as_ref()),
        config.gateway.as_ref().map(|gateway| &gateway.base.password),
    ];
    let inline = secrets.into_iter().flatten().any(|secret| matches!(secret, Secret::Inline(text) if !text.is_empty()));
    (inline && private::is_open_to_all(path)).then(|| {
        Diagnostic::new(
            "",
            0..0,
            format!("{} holds a password and every account of this machine may read it", path.display()),
            format!("chmod 640 {}, or put the password into a file of its own", path.display()),
        )
    })
}
