//! What a driver's diagnostics mean. HFSQL's own numbers are not public: the state says most, and where it says
//! nothing, the words do.

use super::wire::Diagnostic;
use crate::gateway::base::BaseError;

/// As an error of a base. `connecting`: it was said when a connection was made.
pub(super) fn base_error(told: &Diagnostic, connecting: bool) -> BaseError {
    let text = told.to_string();
    let words = told.message.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    match told.state.as_str() {
        // iODBC first says what the loader of libraries said, without a state of its own.
        state if state.starts_with("IM00") && state != "IM001" || connecting && says(&["shared object", "dlopen"]) => {
            BaseError::Unavailable(format!(
                "the ODBC driver cannot be loaded: {text}; check that HFSQL's driver is installed, that [gateway.base] driver names it (a name of odbcinst.ini, or the path of its file), and that the service may read it"
            ))
        }
        "28000" => BaseError::Denied(text),
        "40001" | "40003" => BaseError::Conflict(text),
        "HYT00" | "HYT01" => BaseError::Locked(text),
        "HYC00" | "IM001" => BaseError::Refused(format!("{text}; the driver cannot do it")),
        "42S02" | "42S22" | "S0002" | "S0022" => BaseError::Structure(text),
        _ if says(&["password", "mot de passe", "droit", "rights", "denied", "refusé"]) => BaseError::Denied(text),
        _ if connecting && says(&["unknown database", "base de données"]) => BaseError::NoDatabase(text),
        _ if connecting => BaseError::Unavailable(text),
        // The driver wants to be connected anew after a general warning.
        "01000" => BaseError::Broken(text),
        state if state.starts_with("08") => BaseError::Broken(text),
        state if state.starts_with("23") && says(&["duplicate", "doublon", "unique"]) => BaseError::Duplicate(text),
        state if state.starts_with("22") || state.starts_with("23") => BaseError::Value(text),
        _ if says(&["duplicate", "doublon"]) => BaseError::Duplicate(text),
        _ if says(&["deadlock", "interblocage"]) => BaseError::Conflict(text),
        _ if says(&["locked", "lock wait", "verrou", "bloqué"]) => BaseError::Locked(text),
        _ if says(&["read only", "read-only", "lecture seule"]) => BaseError::ReadOnly(text),
        _ if says(&["disk full", "disque plein", "is full"]) => BaseError::Full(text),
        _ if says(&["gone away", "lost connection", "connexion perdue", "not connected"]) => BaseError::Broken(text),
        _ if says(&["unknown column", "unknown file", "doesn't exist", "inconnu"]) => BaseError::Structure(text),
        _ => BaseError::Refused(text),
    }
}

/// Whether the connection that said it is not to be used again.
pub(super) fn ends_the_connection(error: &BaseError) -> bool {
    matches!(
        error,
        BaseError::Unavailable(_)
            | BaseError::Broken(_)
            | BaseError::Busy(_)
            | BaseError::Slow(_)
            | BaseError::NoDatabase(_)
    )
}
