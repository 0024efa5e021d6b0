//! The connector's own tables beside Gestan's: what they are called, what they are made of, and how they
//! are created. Together they hold enough to rebuild a lost state, and to find our paragraphs in a memo.

use super::base::{AddColumn, BaseError, CreateTable, INTENT_TABLE, NewColumn, NewType, SqlValue, intent_columns};
use super::catalogue::Structure;
use super::columns::Values;
use super::{Gateway, GatewayFault, has};
use crate::gestan::contract::TicketKey;
use serde::Serialize;

/// Names of the extension's tables.
#[derive(Debug, Clone)]
pub(super) struct Extension {
    ticket: String,
    step: String,
    link: String,
    document: String,
    action: String,
    /// For a base that may keep no transactions.
    intent: Option<String>,
}

/// The natural key as one column: bases differ in what they make of keys of several.
pub(super) fn ticket_key(key: &TicketKey) -> String {
    format!("{}:{}:{}", key.source, key.number, key.sequence)
}

impl Extension {
    /// `intents`: whether the base may keep no transactions.
    pub(super) fn new(prefix: &str, intents: bool) -> Self {
        let table = |name: &str| format!("{prefix}{name}");
        Self {
            ticket: table("TICKET"),
            step: table("STEP"),
            link: table("LINK"),
            document: table("DOCUMENT"),
            action: table("ACTION"),
            intent: intents.then(|| table(INTENT_TABLE)),
        }
    }

    pub(super) fn ticket_table(&self) -> &str {
        &self.ticket
    }

    pub(super) fn step_table(&self) -> &str {
        &self.step
    }

    pub(super) fn link_table(&self) -> &str {
        &self.link
    }

    pub(super) fn document_table(&self) -> &str {
        &self.document
    }

    pub(super) fn action_table(&self) -> &str {
        &self.action
    }

    pub(super) fn tables(&self) -> Vec<String> {
        let always = [&self.ticket, &self.step, &self.link, &self.document, &self.action];
        always.into_iter().chain(&self.intent).cloned().collect()
    }

    /// Whether a base has all of them, with every column.
    pub(super) fn is_complete(&self, catalogue: &Structure) -> bool {
        let complete = |table: &CreateTable| table.columns.iter().all(|new| has(catalogue, &table.table, new.name));
        self.definitions().iter().all(complete)
    }

    fn definitions(&self) -> Vec<CreateTable> {
        let column = |name, kind| NewColumn { name, kind, unique: false };
        let key = |name, length| NewColumn { name, kind: NewType::Text(length), unique: true };
        let audit = [
            column("DHCRE", NewType::DateTime),
            column("USCRE", NewType::Text(3)),
            column("DHMOD", NewType::DateTime),
            column("USMOD", NewType::Text(3)),
        ];
        let table = |table: &String, id, columns: Vec<NewColumn>, indexes: &[&'static str]| CreateTable {
            table: table.clone(),
            columns: [vec![column(id, NewType::Key)], columns, audit.to_vec()].concat(),
            indexes: indexes.to_vec(),
        };
        let intents = self.intent.as_ref().map(|name| table(name, "IDZINTENT", intent_columns(), &[]));
        let mut tables = vec![
            table(
                &self.ticket,
                "IDTICKET",
                vec![
                    key("CC_TICKET", 60),
                    column("SOURCE", NewType::Text(20)),
                    column("NUMERO", NewType::Int),
                    column("SEQUENCE", NewType::Int),
                    column("URL", NewType::Text(250)),
                    column("IDINTERVENTION", NewType::Int),
                    column("IDANOMALIE", NewType::Int),
                    column("IDCONTACT", NewType::Int),
                    column("CONTRAT", NewType::Text(50)),
                    column("ORIGINE", NewType::Text(250)),
                ],
                &["IDINTERVENTION", "IDANOMALIE"],
            ),
            table(
                &self.step,
                "IDSTEP",
                vec![
                    key("CC_STEP", 120),
                    column("CC_TICKET", NewType::Text(60)),
                    column("CLE", NewType::Text(50)),
                    column("DH_ETAPE", NewType::Text(40)),
                    column("AUTEUR", NewType::Text(90)),
                    column("GENRE", NewType::Text(30)),
                    column("MINUTES", NewType::Int),
                    column("MARQUE", NewType::Text(10)),
                    column("TEXTE", NewType::LongText),
                    column("TEXTE_AVANT", NewType::LongText),
                    column("EMPREINTE", NewType::Text(64)),
                    column("IDCONSO", NewType::Int),
                ],
                &["CC_TICKET"],
            ),
            table(
                &self.link,
                "IDLINK",
                vec![
                    key("CC_LINK", 60),
                    column("SOURCE", NewType::Text(20)),
                    column("GENRE", NewType::Text(20)),
                    column("CLE_GESTAN", NewType::Text(30)),
                    column("CLE_GESTSUP", NewType::Text(30)),
                ],
                &["CLE_GESTSUP", "SOURCE"],
            ),
            table(
                &self.document,
                "IDZDOCUMENT",
                vec![
                    key("CC_DOCUMENT", 190),
                    column("CC_TICKET", NewType::Text(60)),
                    column("CLE", NewType::Text(120)),
                    column("IDDOCUMENT", NewType::Int),
                    column("NOM", NewType::Text(250)),
                    column("EMPREINTE", NewType::Text(64)),
                    column("TAILLE", NewType::Int),
                ],
                &["CC_TICKET", "IDDOCUMENT"],
            ),
            table(
                &self.action,
                "IDZACTION",
                vec![key("CC_ACTION", 120), column("CC_TICKET", NewType::Text(60)), column("IDACTION", NewType::Int)],
                &["CC_TICKET"],
            ),
        ];
        // First: what the others need is there before them.
        tables.splice(..0, intents);
        tables
    }
}

/// The extension's own tables are the only ones that an administrator can add.
pub(super) fn not_installed(error: BaseError) -> GatewayFault {
    match error {
        BaseError::Structure(_) => GatewayFault::NotInstalled,
        error => GatewayFault::Base(error),
    }
}

/// A column of the connector's own tables, as an administrator creates it by hand.
#[derive(Debug, Serialize)]
pub struct OwnColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub column: &'static str,
    /// Its type, in words.
    pub kind: String,
    /// `key`, `unique`, `index`, or nothing.
    pub key: &'static str,
}

impl Gateway {
    /// What the connector's own tables are made of.
    pub fn own_columns(&self) -> Vec<OwnColumn> {
        let columns = |table: CreateTable| {
            let CreateTable { table, columns, indexes } = table;
            let own = move |new: NewColumn| OwnColumn {
                table: table.clone(),
                column: new.name,
                kind: match new.kind {
                    NewType::Key => "number, automatic".to_owned(),
                    NewType::Int => "number, 8 bytes".to_owned(),
                    NewType::Text(length) => format!("text, {length}"),
                    NewType::LongText => "memo".to_owned(),
                    NewType::DateTime => "date and time".to_owned(),
                },
                key: match new.kind {
                    NewType::Key => "key",
                    _ if new.unique => "unique",
                    _ if indexes.contains(&new.name) => "index",
                    _ => "",
                },
            };
            columns.into_iter().map(own)
        };
        self.extension.definitions().into_iter().flat_map(columns).collect()
    }

    /// Creates the extension tables and columns that are missing; returns the names of the tables that it
    /// created, and `TABLE.COLUMN` for a column that it added to one of an earlier version.
    ///
    /// # Errors
    /// When the base does not answer, or the account may not create or alter tables.
    pub async fn install(&self) -> Result<Vec<String>, GatewayFault> {
        let catalogue = self.read_catalogue().await?;
        let mut made = Vec::new();
        for definition in self.extension.definitions() {
            let mut transaction = self.base.begin().await?;
            if !has(&catalogue, &definition.table, "DHCRE") {
                transaction.create(&definition).await?;
                made.push(definition.table.clone());
            } else {
                for column in &definition.columns {
                    if !has(&catalogue, &definition.table, column.name) {
                        let indexed = definition.indexes.contains(&column.name);
                        transaction
                            .add_column(&AddColumn { table: definition.table.clone(), column: *column, indexed })
                            .await?;
                        made.push(format!("{}.{}", definition.table, column.name));
                    }
                }
            }
            transaction.commit().await?;
        }
        self.read_catalogue().await?;
        Ok(made)
    }

    /// Values of a new row, audit columns included.
    pub(super) fn created(&self, mut values: Values) -> Values {
        values.reserve(4);
        values.push(("DHCRE", SqlValue::DateTime(self.now())));
        values.push(("USCRE", SqlValue::Text(self.user_code.clone())));
        self.modified(values)
    }

    /// Values of a changed row, audit columns included.
    pub(super) fn modified(&self, mut values: Values) -> Values {
        values.push(("DHMOD", SqlValue::DateTime(self.now())));
        values.push(("USMOD", SqlValue::Text(self.user_code.clone())));
        values
    }
}
