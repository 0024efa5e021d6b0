//! The gateway beside Gestan: the only part of the program that knows Gestan's tables, numeric codes,
//! rich text and audit columns. Served over HTTP, or called inside the daemon's process.

mod absences;
mod actions;
mod asked;
pub mod base;
mod capabilities;
mod catalogue;
mod changes;
mod clients;
mod codes;
mod columns;
mod conso;
mod contracts;
mod cp1252;
mod documents;
mod error;
mod extension;
pub mod http;
mod linking;
mod links;
mod lists;
pub mod memo;
mod objects;
mod probe;
mod psp;
mod records;
mod reference_links;
mod references;
mod rights;
mod selftest;
mod sheet;
mod steps;
#[cfg(feature = "hfsql")]
mod worker;
mod writing;

pub use error::GatewayFault;
pub use extension::OwnColumn;
pub use lists::Paging;
pub use probe::{Probe, ProbedList, ProbedTarget, ProbedValue};
pub use rights::Writes;
pub use selftest::{Selftest, Trial};
#[cfg(feature = "hfsql")]
pub use worker::serve as odbc_worker;

use crate::config;
use base::{Base, BaseError, HfsqlBase, MySqlBase};
use catalogue::Structure;
use chrono::{NaiveDateTime, Utc};
use chrono_tz::Tz;
use codes::Codes;
use extension::Extension;
use secrecy::SecretString;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, RwLock};

/// Tables of Gestan that the gateway uses.
const TABLES: [&str; 15] = [
    "INTERVENTION",
    "Z83_INTERVENTION",
    "ANOMALIE",
    "CONTACT",
    "SOCIETE",
    "MACHINE_MNT",
    "USER",
    "PRODUIT",
    "PROJET",
    "TACHE",
    "CONSO",
    "DOCUMENT",
    "ACTION",
    "PARAMLIB",
    "ABSENCE",
];

/// How long a structure that was read is trusted: Gestan may be updated while the gateway runs.
const STRUCTURE: Duration = Duration::from_secs(300);

/// Tables, with their columns.
type Tables = HashMap<String, HashSet<String>>;

/// What a base has.
type Catalogue = Arc<Structure>;

/// The gateway to one Gestan base.
#[derive(Debug)]
pub struct Gateway {
    base: Box<dyn Base>,
    codes: Codes,
    extension: Extension,
    zone: Tz,
    user_code: String,
    anomalies: config::AnomalyTargets,
    quantity_column: Option<&'static str>,
    documents: Option<config::GatewayDocuments>,
    /// Held while a document is stored.
    document_turn: Mutex<()>,
    contracts: Option<config::GatewayContracts>,
    tasks: Option<config::GatewayTasks>,
    clients: config::GatewayClients,
    psp: Option<config::GatewayPsp>,
    actions: Option<config::GatewayActions>,
    memo: config::MemoFormat,
    max_body: usize,
    /// A base's structure changes with Gestan's version only.
    catalogue: RwLock<Option<(Instant, Catalogue)>>,
}

impl Gateway {
    /// Prepares the gateway; the base need not answer yet.
    pub fn new(config: &config::Gateway, base_password: &SecretString) -> Self {
        let base: Box<dyn Base> = match config.base.kind {
            config::BaseKind::Mysql => Box::new(MySqlBase::new(&config.base, base_password)),
            config::BaseKind::Hfsql => {
                let (prefix, user) = (&config.extension_prefix, &config.user_code);
                Box::new(HfsqlBase::new(&config.base, base_password, program(), prefix, user))
            }
        };
        Self {
            base,
            codes: Codes::new(&config.codes),
            extension: Extension::new(&config.extension_prefix, config.base.kind == config::BaseKind::Hfsql),
            zone: config.time_zone,
            user_code: config.user_code.clone(),
            anomalies: config.anomalies.clone(),
            // Names of columns live as long as the program; a gateway is set up once in it.
            quantity_column: config.quantity_column.clone().map(|column| &*column.leak()),
            documents: config.documents.clone(),
            document_turn: Mutex::new(()),
            contracts: config.contracts.clone(),
            tasks: config.tasks.clone(),
            clients: config.clients.clone(),
            psp: config.psp.clone(),
            actions: config.actions.clone(),
            memo: config.memo,
            max_body: usize::try_from(config.max_body_kib).unwrap_or(8192) * 1024,
            catalogue: RwLock::new(None),
        }
    }

    /// Now, as Gestan's audit columns have it.
    fn now(&self) -> NaiveDateTime {
        let now = Utc::now().with_timezone(&self.zone).naive_local();
        chrono::SubsecRound::trunc_subsecs(now, 0)
    }

    async fn catalogue(&self) -> Result<Catalogue, BaseError> {
        if let Some((read, catalogue)) = self.catalogue.read().await.as_ref()
            && read.elapsed() < STRUCTURE
            // Until all of the connector's own tables are there, somebody may be about to add them.
            && catalogue.is_complete
        {
            return Ok(Arc::clone(catalogue));
        }
        self.read_catalogue().await
    }

    async fn read_catalogue(&self) -> Result<Catalogue, BaseError> {
        let extension = self.extension.tables();
        let tables: Vec<&str> = TABLES.into_iter().chain(extension.iter().map(String::as_str)).collect();
        let catalogue = Arc::new(self.structure_of(self.base.columns(&tables).await?));
        *self.catalogue.write().await = Some((Instant::now(), Arc::clone(&catalogue)));
        Ok(catalogue)
    }
}

/// This program, which runs the driver in a process of its own.
fn program() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("gestan-connector"));
    // A test is a program of its own, in a folder below that of this one.
    #[cfg(feature = "failpoints")]
    if let Some(beside) = this.ancestors().skip(1).map(|folder| folder.join("gestan-connector")).find(|p| p.is_file()) {
        return beside;
    }
    this
}

fn has(catalogue: &Structure, table: &str, column: &str) -> bool {
    catalogue.has(table, column)
}
