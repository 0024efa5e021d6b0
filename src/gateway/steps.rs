//! The extension's step table: what was written of each entry, and the time that people may correct.

use super::base::{Column, Condition, Select, SqlValue, Transaction, Update};
use super::columns::Values;
use super::extension::{Extension, not_installed, ticket_key};
use super::links::of_keys;
use super::memo::Known;
use super::{Gateway, GatewayFault};
use crate::gestan::contract::TicketKey;
use crate::model::{Entry, EntryMark};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// A row of the step table.
#[derive(Debug, Clone)]
pub(super) struct StoredEntry {
    pub known: Known,
    pub hash: String,
    pub minutes: i64,
    /// `CONSO.IDCONSO` of its time.
    pub conso: Option<i64>,
}

/// An entry as it is to be stored.
#[derive(Debug, Clone)]
pub(super) struct Step<'e> {
    pub entry: &'e Entry,
    /// As it reads in the memo.
    pub text: &'e str,
    pub conso: Option<i64>,
}

const STEP: [Column; 8] = [
    Column::text("CC_TICKET"),
    Column::text("CLE"),
    Column::text("DH_ETAPE"),
    Column::text("TEXTE"),
    Column::text("TEXTE_AVANT"),
    Column::text("EMPREINTE"),
    Column::int("MINUTES"),
    Column::int("IDCONSO"),
];

fn step_key(key: &TicketKey, entry: &Entry) -> SqlValue {
    SqlValue::Text(format!("{}:{}", ticket_key(key), entry.key))
}

fn values(step: &Step<'_>, previous: &str) -> Values {
    let cut = |text: &str, max: usize| SqlValue::Text(text.chars().take(max).collect());
    let entry = step.entry;
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
        ("TEXTE", SqlValue::Text(step.text.to_owned())),
        ("TEXTE_AVANT", SqlValue::Text(previous.to_owned())),
        ("EMPREINTE", SqlValue::Text(entry.hash())),
        ("IDCONSO", step.conso.map_or(SqlValue::Null, SqlValue::Int)),
    ]
}

impl Extension {
    /// What was written of each of these keys, by [`ticket_key`].
    pub(super) async fn entries(
        &self,
        transaction: &mut dyn Transaction,
        keys: &[&TicketKey],
    ) -> Result<HashMap<String, Vec<StoredEntry>>, GatewayFault> {
        let select = Select::new(self.step_table(), &STEP, vec![of_keys(keys)]);
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
                minutes: row.int("MINUTES").unwrap_or(0),
                conso: row.int("IDCONSO").filter(|id| *id != 0),
            });
        }
        Ok(entries)
    }

    /// The row of a new entry.
    pub(super) fn entry_row(&self, gateway: &Gateway, key: &TicketKey, step: &Step<'_>) -> Values {
        let mut row = vec![
            ("CC_STEP", step_key(key, step.entry)),
            ("CC_TICKET", SqlValue::Text(ticket_key(key))),
            ("CLE", SqlValue::Text(step.entry.key.clone())),
        ];
        row.extend(values(step, ""));
        gateway.created(row)
    }

    /// Writes an entry anew.
    pub(super) async fn update_entry(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        step: &Step<'_>,
        stored: &StoredEntry,
    ) -> Result<(), GatewayFault> {
        let known = &stored.known;
        let previous = if known.text == step.text { known.previous.as_str() } else { known.text.as_str() };
        let values = gateway.modified(values(step, previous));
        let filter = vec![Condition::Equals("CC_STEP", step_key(key, step.entry))];
        transaction.update(&Update { table: self.step_table().to_owned(), values, filter }).await?;
        Ok(())
    }
}
