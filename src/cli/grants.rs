//! `grants`: the rights that the database accounts need, as statements for an administrator to run.

use super::{ExitCode, Globals, LogTo, output};
use crate::config::Role;
use crate::grants::{Account, Writer};
use clap::Args;
use serde_json::json;

/// Print the GRANT statements for the database accounts: what the flows that are on need, and no more.
#[derive(Debug, Args)]
pub struct Grants {
    /// As if this flow were on too; may be repeated.
    #[arg(long, value_name = "FLOW")]
    flow: Vec<Writer>,
    /// Where the accounts connect from, as their server sees it.
    #[arg(long, value_name = "HOST")]
    from: Option<String>,
    /// The tables of the links are there: nothing to create them by.
    #[arg(long)]
    installed: bool,
}

impl Grants {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        // A gateway by itself has accounts too.
        let loaded = match globals.load(Role::Daemon, LogTo::Command) {
            Ok(loaded) => loaded,
            Err(error) => globals.load(Role::Install, LogTo::Command).map_err(|_| error)?,
        };
        let config = &loaded.config;
        let mut accounts: Vec<Account> = Account::of_gestsup(config, &self.flow)
            .into_iter()
            .chain(Account::of_gateway(config, !self.installed))
            .collect();
        if let Some(from) = &self.from {
            for account in &mut accounts {
                account.from.clone_from(from);
            }
        }
        if globals.json {
            let accounts: Vec<_> = accounts.iter().map(document).collect();
            output::json(&accounts)?;
        } else {
            let texts: Vec<String> = accounts.iter().map(text).collect();
            println!("{}", texts.join("\n\n"));
        }
        Ok(ExitCode::Ok)
    }
}

fn document(account: &Account) -> serde_json::Value {
    json!({
        "system": account.system,
        "server": account.server,
        "database": account.database,
        "user": account.user,
        "from": account.from,
        "takes_grants": account.takes_grants,
        "create": account.creation(),
        "statements": account.statements(),
    })
}

/// SQL with its explanation, for a client to run.
pub(super) fn text(account: &Account) -> String {
    let mut lines = vec![
        format!("-- {}: database {} on {}", account.system, account.database, account.server),
        format!("-- {};", account.creation()),
    ];
    let mark = if account.takes_grants { "" } else { "-- " };
    if !account.takes_grants {
        lines.push("-- HFSQL takes no GRANT: give the account these rights in the HFSQL Control Center.".to_owned());
    }
    let mut purpose = None;
    for statement in account.statements() {
        if purpose != Some(statement.purpose) {
            purpose = Some(statement.purpose);
            let of = if statement.of.is_empty() { String::new() } else { format!("{}: ", statement.of) };
            lines.extend([String::new(), format!("-- {of}{}", statement.purpose)]);
        }
        lines.push(format!("{mark}{};", statement.sql));
    }
    lines.join("\n")
}
