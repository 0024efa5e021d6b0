//! Rows of DOCUMENT, and of the extension's table of documents.

use super::{client_of, project_of};
use crate::gateway::base::{Column, Condition, Insert, Kind, Row, Select, SqlValue, Transaction};
use crate::gateway::changes::no_key;
use crate::gateway::columns::Values;
use crate::gateway::extension::{not_installed, ticket_key};
use crate::gateway::objects::Found;
use crate::gateway::{Catalogue, Gateway, GatewayFault, cp1252, has};
use crate::gestan::contract::{DocumentState, TicketKey};
use crate::model::local_to_utc;
use chrono::{DateTime, Utc};

pub(in crate::gateway) const DOCUMENT: &str = "DOCUMENT";
/// Characters of `LIB100`.
const LABEL: usize = 100;

/// A document that is to be stored.
pub(super) struct NewDocument<'d> {
    pub id: &'d str,
    pub name: &'d str,
    /// Name of its file.
    pub file: String,
    pub sha256: String,
    pub size: u64,
    pub at: Option<DateTime<Utc>>,
}

/// A row of the extension's table.
#[derive(Debug, Clone)]
pub(super) struct KnownDocument {
    pub id: String,
    pub document: i64,
    pub sha256: String,
    name: String,
    size: Option<u64>,
}

/// A row of DOCUMENT.
#[derive(Debug, Clone)]
pub(super) struct DocumentRow {
    pub document: i64,
    pub contact: i64,
    pub file: String,
    pub name: String,
    pub created: Option<DateTime<Utc>>,
}

impl KnownDocument {
    pub(super) fn state(&self, created: Option<DateTime<Utc>>) -> DocumentState {
        DocumentState {
            document: self.document,
            id: Some(self.id.clone()),
            name: self.name.clone(),
            sha256: Some(self.sha256.clone()),
            size: self.size,
            created,
        }
    }
}

impl DocumentRow {
    pub(super) fn state(&self, size: Option<u64>) -> DocumentState {
        let (document, name, created) = (self.document, self.name.clone(), self.created);
        DocumentState { document, id: None, name, sha256: None, size, created }
    }
}

impl Gateway {
    /// What was stored for a ticket.
    pub(super) async fn documents_of(
        &self,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
    ) -> Result<Vec<KnownDocument>, GatewayFault> {
        let columns = [
            Column::int("IDZDOCUMENT"),
            Column::text("CLE"),
            Column::int("IDDOCUMENT"),
            Column::text("NOM"),
            Column::text("EMPREINTE"),
            Column::int("TAILLE"),
        ];
        let of_ticket = vec![Condition::Equals("CC_TICKET", SqlValue::Text(ticket_key(key)))];
        let select = Select {
            order: Some(("IDZDOCUMENT", false)),
            ..Select::new(self.extension.document_table(), &columns, of_ticket)
        };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        let known = rows.iter().map(|row| KnownDocument {
            id: row.text("CLE").to_owned(),
            document: row.int("IDDOCUMENT").unwrap_or(0),
            sha256: row.text("EMPREINTE").to_owned(),
            name: row.text("NOM").to_owned(),
            size: row.int("TAILLE").and_then(|size| u64::try_from(size).ok()),
        });
        Ok(known.collect())
    }

    /// The rows of DOCUMENT that point at a sheet, and those that were stored for it wherever they point now.
    pub(super) async fn document_rows(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        found: &Found,
        known: &[KnownDocument],
    ) -> Result<Vec<DocumentRow>, GatewayFault> {
        let columns = Self::document_columns(catalogue);
        let target = SqlValue::Text(self.document_target(found));
        let ids = known.iter().map(|known| SqlValue::Int(known.document)).collect();
        let mut rows: Vec<DocumentRow> = Vec::new();
        for filter in [Condition::Equals("TRGCIBLE", target), Condition::In("IDDOCUMENT", ids)] {
            let select = Select { order: Some(("IDDOCUMENT", false)), ..Select::new(DOCUMENT, &columns, vec![filter]) };
            for row in transaction.select(&select).await? {
                let row = self.document_row(&row);
                if rows.iter().all(|known| known.document != row.document) {
                    rows.push(row);
                }
            }
        }
        Ok(rows)
    }

    /// What is read of a row.
    pub(super) fn document_columns(catalogue: &Catalogue) -> Vec<Column> {
        let mut columns = vec![
            Column::int("IDDOCUMENT"),
            Column::text("LIB100"),
            Column::text("FILEREF"),
            Column::int("IDCONTACT"),
            Column { name: "DHCRE", kind: Kind::DateTime },
        ];
        columns.retain(|column| has(catalogue, DOCUMENT, column.name));
        columns
    }

    pub(super) fn document_row(&self, row: &Row) -> DocumentRow {
        DocumentRow {
            document: row.int("IDDOCUMENT").unwrap_or(0),
            contact: row.int("IDCONTACT").unwrap_or(0),
            file: row.text("FILEREF").to_owned(),
            name: row.text("LIB100").to_owned(),
            created: row.moment("DHCRE").map(|local| local_to_utc(local, self.zone)),
        }
    }

    /// Adds a row of DOCUMENT; returns its key.
    pub(super) async fn insert_document(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        found: &Found,
        new: &NewDocument<'_>,
    ) -> Result<i64, GatewayFault> {
        let day = new.at.map_or_else(|| self.now(), |at| self.local(at)).date();
        let comment = format!("Ticket GestSup n°{}", found.state.key.number);
        let mut values: Values = self.created(vec![
            ("CDUSER", SqlValue::Text(self.user_code.clone())),
            ("LIB100", SqlValue::Text(cp1252::clean(new.name, LABEL))),
            ("FILEREF", SqlValue::Text(new.file.clone())),
            ("IDCONTACT", SqlValue::Int(client_of(found))),
            ("IDPROJET", SqlValue::Int(project_of(found))),
            ("DT_DOC", SqlValue::Date(day)),
            ("TRGCIBLE", SqlValue::Text(self.document_target(found))),
            ("COMMENTAIRE", SqlValue::Text(comment)),
        ]);
        values.retain(|(column, _)| has(catalogue, DOCUMENT, column));
        transaction.insert(&Insert { table: DOCUMENT.to_owned(), values, key: None }).await?;
        // A copy may generate another key than Gestan's own: what was written is looked up.
        let filter = vec![
            Condition::Equals("FILEREF", SqlValue::Text(new.file.clone())),
            Condition::Equals("TRGCIBLE", SqlValue::Text(self.document_target(found))),
        ];
        let select = Select {
            order: Some(("IDDOCUMENT", true)),
            limit: Some(1),
            ..Select::new(DOCUMENT, &[Column::int("IDDOCUMENT")], filter)
        };
        let rows = transaction.select(&select).await?;
        let id = rows.first().and_then(|row| row.int("IDDOCUMENT")).filter(|id| *id != 0);
        id.ok_or_else(|| no_key(DOCUMENT))
    }

    /// Adds the row that says whose a document is.
    pub(super) async fn link_document(
        &self,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        document: i64,
        new: &NewDocument<'_>,
    ) -> Result<(), GatewayFault> {
        let name: String = new.name.chars().filter(|c| !c.is_control()).take(250).collect();
        let values = self.created(vec![
            ("CC_DOCUMENT", SqlValue::Text(format!("{}:{}", ticket_key(key), new.id))),
            ("CC_TICKET", SqlValue::Text(ticket_key(key))),
            ("CLE", SqlValue::Text(new.id.to_owned())),
            ("IDDOCUMENT", SqlValue::Int(document)),
            ("NOM", SqlValue::Text(name)),
            ("EMPREINTE", SqlValue::Text(new.sha256.clone())),
            ("TAILLE", SqlValue::Int(i64::try_from(new.size).unwrap_or(i64::MAX))),
        ]);
        let insert = Insert { table: self.extension.document_table().to_owned(), values, key: None };
        transaction.insert(&insert).await.map_err(not_installed)?;
        Ok(())
    }
}
