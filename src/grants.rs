//! The rights of the database accounts, and the statements that grant them. Each adapter says which rights its writes need;
//! the command `grants`, the guides and the accounts that the tests run with all come from here.

use crate::config::{BaseKind, Config, FollowUp, MailAttachments, MailFlow, Mailbox, MailboxMode, Reference};
use crate::{gateway, gestsup};
use serde::Serialize;

/// What an account may do with a table, beside reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    table: String,
    verbs: Vec<&'static str>,
    /// The columns of `UPDATE`.
    columns: Vec<&'static str>,
}

impl Right {
    /// None yet, on a table.
    pub fn on(table: impl Into<String>) -> Self {
        Self { table: table.into(), verbs: Vec::new(), columns: Vec::new() }
    }

    /// Rows may be added.
    pub fn insert(mut self) -> Self {
        self.verbs.push("INSERT");
        self
    }

    /// These columns may be changed.
    pub fn update(mut self, columns: impl IntoIterator<Item = &'static str>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// Every column may be changed.
    pub fn update_all(mut self) -> Self {
        self.verbs.push("UPDATE");
        self
    }

    /// The table may be made, and get more columns.
    pub fn create(mut self) -> Self {
        self.verbs.extend(["CREATE", "ALTER"]);
        self
    }

    /// The table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether rows may be added.
    pub fn adds(&self) -> bool {
        self.verbs.contains(&"INSERT")
    }

    /// The columns that may be changed, where not all may.
    pub fn changes(&self) -> &[&'static str] {
        &self.columns
    }

    fn privileges(&self) -> String {
        let mut privileges: Vec<String> = self.verbs.iter().map(|verb| (*verb).to_owned()).collect();
        if !self.columns.is_empty() {
            let columns: Vec<String> = self.columns.iter().map(|column| name(column)).collect();
            privileges.push(format!("UPDATE ({})", columns.join(", ")));
        }
        privileges.join(", ")
    }
}

/// Rights that are needed for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The table of the configuration that switches it on.
    pub of: &'static str,
    /// What for, in a few words.
    pub purpose: &'static str,
    /// What beside `SELECT`; empty: no more than that, on the whole database.
    pub rights: Vec<Right>,
}

/// The right to read.
pub const READING: Need = Need { of: "", purpose: "every flow reads", rights: Vec::new() };

/// A flow that needs more of GestSup than reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Writer {
    /// What Gestan's users do comes back to tickets.
    #[value(name = "follow_up")]
    FollowUp,
    /// Clients, contact persons, equipment, technicians and projects.
    Reference,
    /// Mails become tickets and comments.
    Mail,
}

impl Writer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FollowUp, Self::Reference, Self::Mail];

    /// Whether the configuration switches it on.
    pub fn is_on(self, config: &Config) -> bool {
        match self {
            Self::FollowUp => config.follow_up.enabled,
            Self::Reference => config.reference.enabled,
            // A mailbox that is only observed needs nothing written.
            Self::Mail => {
                let works = |mailbox: &Mailbox| mailbox.mode == MailboxMode::Work;
                config.mail.enabled && config.mail.mailboxes.iter().any(works)
            }
        }
    }

    /// What it needs under this configuration.
    pub fn need(self, config: &Config) -> Need {
        match self {
            Self::FollowUp => gestsup::follow_up_need(&config.follow_up),
            Self::Reference => gestsup::reference_need(&config.reference),
            Self::Mail => gestsup::mail_need(&config.mail, config.upload_folder().is_some()),
        }
    }

    /// What it needs with everything switched on that it can do.
    pub fn most(self) -> Need {
        let follow_up = FollowUp { enabled: true, calendar: true, load: true, ..FollowUp::default() };
        let attachments = MailAttachments { folder: Some("upload".into()), ..MailAttachments::default() };
        let mail = MailFlow { attachments, ..MailFlow::default() };
        self.need(&Config { follow_up, reference: Reference::default(), mail, ..Config::default() })
    }
}

/// An account of a database server, and what it is to be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `GestSup` or `Gestan`.
    pub system: &'static str,
    /// Its server, for people.
    pub server: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub user: String,
    /// Where it connects from, as the server sees it.
    pub from: String,
    /// Whether its server takes GRANT statements; HFSQL has a window for rights.
    pub takes_grants: bool,
    /// What it needs.
    pub needs: Vec<Need>,
}

/// A statement, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The table of the configuration that switches it on; empty: whatever is on.
    pub of: &'static str,
    /// What for.
    pub purpose: &'static str,
    /// One GRANT, without a semicolon.
    pub sql: String,
}

impl Account {
    /// GestSup's account, for the flows that are on and `also` these.
    pub fn of_gestsup(config: &Config, also: &[Writer]) -> Option<Self> {
        let gestsup = config.gestsup.as_ref()?;
        let writers = Writer::ALL.into_iter().filter(|writer| writer.is_on(config) || also.contains(writer));
        Some(Self {
            system: "GestSup",
            server: format!("{}:{}", gestsup.host, gestsup.port),
            database: gestsup.database.clone(),
            user: gestsup.user.clone(),
            from: origin(&gestsup.host),
            takes_grants: true,
            needs: std::iter::once(READING).chain(writers.map(|writer| writer.need(config))).collect(),
        })
    }

    /// The gateway's account, where its base is configured here. `install`: it also makes the tables of the links.
    pub fn of_gateway(config: &Config, install: bool) -> Option<Self> {
        let gateway = config.gateway.as_ref()?;
        // A gateway by itself does not know whether the daemon has it count time.
        let counts = config.gestsup.is_none() || config.mapping.time.to_conso;
        Some(Self {
            system: "Gestan",
            server: format!("{}:{}", gateway.base.host, gateway.base.port()),
            database: gateway.base.database.clone(),
            user: gateway.base.user.clone(),
            from: origin(&gateway.base.host),
            takes_grants: gateway.base.kind == BaseKind::Mysql,
            needs: gateway_needs(&gateway::Writes::of(gateway, counts), install),
        })
    }

    /// The statements that grant it all.
    pub fn statements(&self) -> Vec<Statement> {
        let of_need = |need: &Need| statements(need, &self.database, &self.user, &self.from);
        self.needs.iter().flat_map(of_need).collect()
    }

    /// The statement that makes the account, but for its password.
    pub fn creation(&self) -> String {
        format!("CREATE USER {} IDENTIFIED BY '…'", grantee(&self.user, &self.from))
    }
}

/// What the gateway's account needs to write this.
pub fn gateway_needs(writes: &gateway::Writes, install: bool) -> Vec<Need> {
    std::iter::once(READING).chain(writes.needs(install)).collect()
}

/// The statements for one need.
pub fn statements(need: &Need, database: &str, user: &str, from: &str) -> Vec<Statement> {
    let statement = |privileges: String, on: String| Statement {
        of: need.of,
        purpose: need.purpose,
        sql: format!("GRANT {privileges} ON {on} TO {}", grantee(user, from)),
    };
    if need.rights.is_empty() {
        return vec![statement("SELECT".to_owned(), format!("{}.*", pattern(database)))];
    }
    let table = |right: &Right| format!("{}.{}", name(database), name(&right.table));
    need.rights.iter().map(|right| statement(right.privileges(), table(right))).collect()
}

/// Where an account connects from to this host, as its server sees it.
fn origin(host: &str) -> String {
    let local = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    if local { "localhost" } else { "…" }.to_owned()
}

fn grantee(user: &str, from: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", quoted(user), quoted(from))
}

/// Names that a server would take for something else.
const RESERVED: [&str; 1] = ["function"];

/// A name, in quotes where it needs them.
fn name(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let number = text.chars().all(|c| c.is_ascii_digit());
    if plain && !number && !RESERVED.contains(&text) {
        text.to_owned()
    } else {
        format!("`{}`", text.replace('`', "``"))
    }
}

/// A database in a GRANT on all its tables, where `_` and `%` would stand for any character.
fn pattern(database: &str) -> String {
    if database.contains(['_', '%']) {
        format!("`{}`", database.replace('`', "``").replace('_', "\\_").replace('%', "\\%"))
    } else {
        name(database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_a_server_would_misread_them() {
        let need = Need { of: "", purpose: "", rights: vec![Right::on("t-1").insert().update(["function", "name"])] };
        let sql = |need: &Need| statements(need, "help_desk", "o'neil", "10.0.0.%")[0].sql.clone();
        assert_eq!(sql(&need), "GRANT INSERT, UPDATE (`function`, name) ON help_desk.`t-1` TO 'o''neil'@'10.0.0.%'");
        assert_eq!(sql(&READING), "GRANT SELECT ON `help\\_desk`.* TO 'o''neil'@'10.0.0.%'");
    }

    #[test]
    fn nobody_is_ever_granted_to_delete_or_to_change_a_password() {
        let mut needs = gateway_needs(&gateway::Writes::most(), true);
        needs.extend(Writer::ALL.map(Writer::most));
        for statement in needs.iter().flat_map(|need| statements(need, "b", "u", "h")) {
            for word in ["DELETE", "DROP", "ALL", "password", "*.*", "login"] {
                assert!(!statement.sql.contains(word), "{}", statement.sql);
            }
        }
    }
}
