//! `[gateway.base]`: which base it is, and whether this program can reach it.

use super::validate::Check;
use super::{BaseKind, GestanBase};

/// What cannot work.
pub(super) fn base(base: &GestanBase, check: &mut Check<'_>) {
    check.at_least("gateway/base/timeout_seconds", base.timeout_seconds, 1);
    if base.kind == BaseKind::Hfsql && cfg!(not(feature = "hfsql")) {
        check.at(
            "gateway/base/kind",
            "this program was built without ODBC, by which an HFSQL base is reached",
            "take the program that was built with it: cargo build --release --features hfsql",
        );
    }
    for key in base.options.keys() {
        if key.contains([';', '=', '{', '}', '\0']) || key.trim() != key || key.is_empty() {
            check.at(
                "gateway/base/options",
                format!("\"{key}\" cannot be a key of a connection string"),
                "write the name of a key that the driver knows",
            );
        }
    }
}

/// What says nothing to this kind of base.
pub(super) fn unused(base: &GestanBase, check: &mut Check<'_>) {
    let odbc = [("gateway/base/driver", base.driver.is_some()), ("gateway/base/dsn", base.dsn.is_some())];
    for (path, is_set) in odbc.into_iter().filter(|_| base.kind == BaseKind::Mysql) {
        if is_set {
            check.at(
                path,
                "this is for an ODBC driver, and the base is one of MySQL",
                "write kind = \"hfsql\" in [gateway.base], or leave it out",
            );
        }
    }
}
