//! The connector's own tables beside Gestan's: which ticket an intervention is for, and what was
//! written of each step. Enough to rebuild a lost state, and to find our paragraphs in a memo.

use super::base::{
    BaseError, Column, Condition, CreateTable, Insert, Kind, NewColumn, NewType, Row, Select, SqlValue, Transaction,
    Update,
};
use super::memo::Known;
use super::{Gateway, GatewayFault, has};
use crate::gestan::contract::TicketKey;
use crate::model::{Entry, EntryMark, Identity};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Values by column.
pub(super) type Values = Vec<(&'static str, SqlValue)>;

/// Names of the extension's tables.
#[derive(Debug, Clone)]
pub(super) struct Extension {
    ticket: String,
    step: String,
    link: String,
}

/// A row of the ticket table.
#[derive(Debug, Clone)]
pub(super) struct TicketLink {
    pub intervention: i64,
    pub origin: Identity,
    pub url: Option<String>,
}

/// A row of the step table.
#[derive(Debug, Clone)]
pub(super) struct StoredEntry {
    pub known: Known,
    pub hash: String,
}

const TICKET: [Column; 8] = [
    Column::text("CC_TICKET"),
    Column::text("SOURCE"),
    Column::int("NUMERO"),
    Column::int("SEQUENCE"),
    Column::text("URL"),
    Column::int("IDINTERVENTION"),
    Column::text("ORIGINE"),
    Column { name: "DHCRE", kind: Kind::DateTime },
];
const STEP: [Column; 6] = [
    Column::text("CC_TICKET"),
    Column::text("CLE"),
    Column::text("DH_ETAPE"),
    Column::text("TEXTE"),
    Column::text("TEXTE_AVANT"),
    Column::text("EMPREINTE"),
];

/// The natural key as one column: bases differ in what they make of keys of several.
pub(super) fn ticket_key(key: &TicketKey) -> String {
    format!("{}:{}:{}", key.source, key.number, key.sequence)
}

impl Extension {
    pub(super) fn new(prefix: &str) -> Self {
        Self { ticket: format!("{prefix}TICKET"), step: format!("{prefix}STEP"), link: format!("{prefix}LINK") }
    }

    pub(super) fn ticket_table(&self) -> &str {
        &self.ticket
    }

    pub(super) fn step_table(&self) -> &str {
        &self.step
    }

    pub(super) fn tables(&self) -> [String; 3] {
        [self.ticket.clone(), self.step.clone(), self.link.clone()]
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
        vec![
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
                    column("CONTRAT", NewType::Text(50)),
                    column("ORIGINE", NewType::Text(250)),
                ],
                &["IDINTERVENTION"],
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
                    column("GENRE", NewType::Text(20)),
                    column("CLE_GESTAN", NewType::Text(30)),
                    column("CLE_GESTSUP", NewType::Text(30)),
                ],
                &["CLE_GESTSUP"],
            ),
        ]
    }

    /// The links of these keys, by [`ticket_key`].
    pub(super) async fn tickets(
        &self,
        transaction: &mut dyn Transaction,
        keys: &[&TicketKey],
        lock: bool,
    ) -> Result<HashMap<String, Result<TicketLink, GatewayFault>>, GatewayFault> {
        let select = Select { lock, ..Select::new(&self.ticket, &TICKET, vec![of_keys(keys)]) };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        Ok(rows.iter().map(|row| (row.text("CC_TICKET").to_owned(), ticket_link(row))).collect())
    }

    pub(super) async fn link_ticket(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        link: &TicketLink,
    ) -> Result<(), GatewayFault> {
        let insert = Insert { table: self.ticket.clone(), values: self.ticket_row(gateway, key, link)? };
        transaction.insert(&insert).await.map_err(not_installed)?;
        Ok(())
    }

    /// The row of a new link.
    pub(super) fn ticket_row(
        &self,
        gateway: &Gateway,
        key: &TicketKey,
        link: &TicketLink,
    ) -> Result<Values, GatewayFault> {
        Ok(gateway.created(vec![
            ("CC_TICKET", SqlValue::Text(ticket_key(key))),
            ("SOURCE", SqlValue::Text(key.source.clone())),
            ("NUMERO", SqlValue::Int(key.number)),
            ("SEQUENCE", SqlValue::Int(key.sequence.into())),
            ("URL", SqlValue::Text(link.url.clone().unwrap_or_default())),
            ("IDINTERVENTION", SqlValue::Int(link.intervention)),
            ("ORIGINE", SqlValue::Text(origin_text(&link.origin)?)),
        ]))
    }

    /// The ticket's address and what it is recognised by, which people change.
    pub(super) async fn update_ticket(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        link: &TicketLink,
    ) -> Result<(), GatewayFault> {
        let update = Update {
            table: self.ticket.clone(),
            values: gateway.modified(vec![
                ("URL", SqlValue::Text(link.url.clone().unwrap_or_default())),
                ("ORIGINE", SqlValue::Text(origin_text(&link.origin)?)),
            ]),
            filter: vec![Condition::Equals("CC_TICKET", SqlValue::Text(ticket_key(key)))],
        };
        transaction.update(&update).await?;
        Ok(())
    }

    /// What was written of each of these keys, by [`ticket_key`].
    pub(super) async fn entries(
        &self,
        transaction: &mut dyn Transaction,
        keys: &[&TicketKey],
    ) -> Result<HashMap<String, Vec<StoredEntry>>, GatewayFault> {
        let select = Select::new(&self.step, &STEP, vec![of_keys(keys)]);
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        let mut entries: HashMap<String, Vec<StoredEntry>> = HashMap::new();
        for row in &rows {
            entries.entry(row.text("CC_TICKET").to_owned()).or_default().push(StoredEntry {
                known: Known {
                    key: row.text("CLE").to_owned(),
                    at: row.text("DH_ETAPE").parse::<DateTime<Utc>>().unwrap_or_default(),
                    text: row.text("TEXTE").to_owned(),
                    previous: row.text("TEXTE_AVANT").to_owned(),
                },
                hash: row.text("EMPREINTE").to_owned(),
            });
        }
        Ok(entries)
    }

    /// The row of a new entry.
    pub(super) fn entry_row(&self, gateway: &Gateway, key: &TicketKey, entry: &Entry, text: &str) -> Values {
        let names = vec![
            ("CC_STEP", step_key(key, entry)),
            ("CC_TICKET", SqlValue::Text(ticket_key(key))),
            ("CLE", SqlValue::Text(entry.key.clone())),
        ];
        gateway.created([names, entry_values(entry, text, "")].concat())
    }

    /// Writes an entry anew.
    pub(super) async fn update_entry(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        (entry, text): (&Entry, &str),
        stored: &StoredEntry,
    ) -> Result<(), GatewayFault> {
        let previous =
            if stored.known.text == text { stored.known.previous.as_str() } else { stored.known.text.as_str() };
        let values = gateway.modified(entry_values(entry, text, previous));
        let filter = vec![Condition::Equals("CC_STEP", step_key(key, entry))];
        transaction.update(&Update { table: self.step.clone(), values, filter }).await?;
        Ok(())
    }

    /// Links of a source, from the one after a cursor on.
    pub(super) async fn list(
        &self,
        transaction: &mut dyn Transaction,
        source: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, TicketKey)>, GatewayFault> {
        let columns = [Column::int("IDTICKET"), Column::text("SOURCE"), Column::int("NUMERO"), Column::int("SEQUENCE")];
        let filter = vec![
            Condition::Equals("SOURCE", SqlValue::Text(source.to_owned())),
            Condition::Greater("IDTICKET", SqlValue::Int(after)),
        ];
        let select = Select {
            order: Some(("IDTICKET", false)),
            limit: Some(limit),
            ..Select::new(&self.ticket, &columns, filter)
        };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        Ok(rows.iter().map(|row| (row.int("IDTICKET").unwrap_or(0), key_of(row))).collect())
    }

    /// Which ticket each of these interventions belongs to, if any; of several sources, the last linked.
    pub(super) async fn owners(
        &self,
        transaction: &mut dyn Transaction,
        interventions: &[i64],
    ) -> Result<HashMap<i64, TicketKey>, GatewayFault> {
        let columns =
            [Column::int("IDINTERVENTION"), Column::text("SOURCE"), Column::int("NUMERO"), Column::int("SEQUENCE")];
        let wanted = Condition::In("IDINTERVENTION", interventions.iter().map(|id| SqlValue::Int(*id)).collect());
        let rows =
            transaction.select(&Select::new(&self.ticket, &columns, vec![wanted])).await.map_err(not_installed)?;
        Ok(rows.iter().map(|row| (row.int("IDINTERVENTION").unwrap_or(0), key_of(row))).collect())
    }
}

fn of_keys(keys: &[&TicketKey]) -> Condition {
    Condition::In("CC_TICKET", keys.iter().map(|key| SqlValue::Text(ticket_key(key))).collect())
}

fn step_key(key: &TicketKey, entry: &Entry) -> SqlValue {
    SqlValue::Text(format!("{}:{}", ticket_key(key), entry.key))
}

fn entry_values(entry: &Entry, text: &str, previous: &str) -> Values {
    let cut = |text: &str, max: usize| SqlValue::Text(text.chars().take(max).collect());
    let mark = match entry.mark {
        EntryMark::None => "",
        EntryMark::Edited => "edited",
        EntryMark::Withdrawn => "withdrawn",
    };
    vec![
        ("DH_ETAPE", SqlValue::Text(entry.at.to_rfc3339())),
        ("AUTEUR", cut(&entry.author, 90)),
        ("GENRE", cut(&entry.kind, 30)),
        ("MINUTES", SqlValue::Int(entry.minutes)),
        ("MARQUE", SqlValue::Text(mark.to_owned())),
        ("TEXTE", SqlValue::Text(text.to_owned())),
        ("TEXTE_AVANT", SqlValue::Text(previous.to_owned())),
        ("EMPREINTE", SqlValue::Text(entry.hash())),
    ]
}

fn origin_text(origin: &Identity) -> Result<String, GatewayFault> {
    serde_json::to_string(origin).map_err(|error| GatewayFault::Invalid(error.to_string()))
}

fn key_of(row: &Row) -> TicketKey {
    TicketKey {
        source: row.text("SOURCE").to_owned(),
        number: row.int("NUMERO").unwrap_or(0),
        sequence: row.int("SEQUENCE").and_then(|sequence| u32::try_from(sequence).ok()).unwrap_or(1),
    }
}

fn ticket_link(row: &Row) -> Result<TicketLink, GatewayFault> {
    let origin = serde_json::from_str(row.text("ORIGINE")).map_err(|error| {
        GatewayFault::Invalid(format!("the link {} cannot be understood ({error})", row.text("CC_TICKET")))
    })?;
    let url = row.text("URL");
    Ok(TicketLink {
        intervention: row.int("IDINTERVENTION").unwrap_or(0),
        origin,
        url: (!url.is_empty()).then(|| url.to_owned()),
    })
}

/// The extension's own tables are the only ones that an administrator can add.
fn not_installed(error: BaseError) -> GatewayFault {
    match error {
        BaseError::Structure(_) => GatewayFault::NotInstalled,
        error => GatewayFault::Base(error),
    }
}

impl Gateway {
    /// Creates the extension tables that are missing; returns their names.
    ///
    /// # Errors
    /// When the base does not answer, or the account may not create tables.
    pub async fn install(&self) -> Result<Vec<String>, GatewayFault> {
        let catalogue = self.read_catalogue().await?;
        let mut created = Vec::new();
        for definition in self.extension.definitions() {
            if has(&catalogue, &definition.table, "DHCRE") {
                continue;
            }
            let mut transaction = self.base.begin().await?;
            transaction.create(&definition).await?;
            transaction.commit().await?;
            created.push(definition.table);
        }
        self.read_catalogue().await?;
        Ok(created)
    }

    /// Values of a new row, audit columns included.
    pub(super) fn created(&self, values: Values) -> Values {
        let audit = vec![("DHCRE", SqlValue::DateTime(self.now())), ("USCRE", SqlValue::Text(self.user_code.clone()))];
        self.modified([values, audit].concat())
    }

    /// Values of a changed row, audit columns included.
    pub(super) fn modified(&self, values: Values) -> Values {
        let audit = vec![("DHMOD", SqlValue::DateTime(self.now())), ("USMOD", SqlValue::Text(self.user_code.clone()))];
        [values, audit].concat()
    }
}
