//! What a base can do, and what is missing for the rest.

use super::codes::List;
use super::sheet::{Place, Sheet};
use super::{Gateway, GatewayFault, has};
use crate::gestan::contract::{Capabilities, Health};
use crate::model::ObjectKind;

/// Columns of other tables without which no intervention can be written.
const BLOCKING: [(&str, &str); 2] = [("CONTACT", "IDCONTACT"), ("USER", "CDUSER")];

/// Columns of other tables that are used where they exist.
const USED: [(&str, &str); 7] = [
    ("MACHINE_MNT", "IDMACHINE"),
    ("PRODUIT", "CD_PRODUIT"),
    ("PARAMLIB", "LIB_50"),
    ("PROJET", "IDPROJET"),
    ("CONSO", "IDCONSO"),
    ("DOCUMENT", "IDDOCUMENT"),
    ("ABSENCE", "IDABSENCE"),
];

impl Gateway {
    /// What this base can do.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn capabilities(&self) -> Result<Capabilities, GatewayFault> {
        let catalogue = self.read_catalogue().await?;
        let absent = |columns: &[(&str, &str)]| -> Vec<String> {
            let mut names: Vec<String> = columns
                .iter()
                .filter(|(table, column)| !has(&catalogue, table, column))
                .map(|(table, column)| match catalogue.has_table(table) {
                    true => format!("{table}.{column}"),
                    false => (*table).to_owned(),
                })
                .collect();
            names.dedup();
            names
        };
        let intervention = Sheet::of(ObjectKind::Intervention);
        let anomaly = Sheet::of(ObjectKind::Anomaly);
        let blocking = [catalogue.missing(intervention).to_vec(), absent(&BLOCKING)].concat();
        let mut missing = blocking.clone();
        for sheet in [intervention, anomaly] {
            let homes = sheet.homes(self.quantity_column).filter(|(_, home)| home.place != Place::Ticket);
            let columns: Vec<(&str, &str)> = homes
                .map(|(_, home)| {
                    (if home.place == Place::Main { sheet.table } else { sheet.aside.unwrap_or_default() }, home.column)
                })
                .collect();
            missing.extend(absent(&columns));
        }
        missing.extend(absent(&USED));
        let mut seen = std::collections::HashSet::new();
        missing.retain(|name| seen.insert(name.clone()));
        let anomalies = catalogue.missing(anomaly).is_empty();
        let mut missing_codes = self.codes.missing(List::Status);
        if anomalies {
            missing_codes.extend(self.codes.missing(List::AnomalyStatus));
        }
        Ok(Capabilities {
            base: self.base.kind().to_owned(),
            contract: 1,
            time_zone: self.zone.name().to_owned(),
            extension_installed: catalogue.is_complete,
            missing,
            blocking,
            fields: self.fields_in(&catalogue, intervention),
            anomaly_fields: if anomalies { self.fields_in(&catalogue, anomaly) } else { Vec::new() },
            consos: Self::counts(&catalogue),
            documents: self.stores_documents(&catalogue),
            contracts: self.contracts.is_some(),
            psp_contacts: self.psp_mode(&catalogue),
            actions: self.acts(&catalogue),
            codes: self.codes.names(),
            missing_codes,
        })
    }

    /// Whether the base answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn health(&self) -> Result<Health, GatewayFault> {
        self.base.answers().await?;
        Ok(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
    }
}
