//! What a base can do, and what is missing for the rest.

use super::columns::{INTERVENTION, Z83, fields_of};
use super::{Gateway, GatewayFault, has};
use crate::gestan::contract::{Capabilities, Health};

/// Columns without which no intervention can be written.
const BLOCKING: [(&str, &str); 9] = [
    (INTERVENTION, "IDINTERVENTION"),
    (INTERVENTION, "LIB50"),
    (INTERVENTION, "IDCONTACT"),
    (INTERVENTION, "ST_INTER"),
    (INTERVENTION, "LIB_INTERVENTION"),
    (INTERVENTION, "DHCRE"),
    (INTERVENTION, "DHMOD"),
    ("CONTACT", "IDCONTACT"),
    ("USER", "CDUSER"),
];

/// Columns that are used where they exist.
const USED: [(&str, &str); 16] = [
    (INTERVENTION, "DEMANDEUR"),
    (INTERVENTION, "CDUSER"),
    (INTERVENTION, "US_TEAM"),
    (INTERVENTION, "ID2GENRE_INTER"),
    (INTERVENTION, "CD_PRODUIT"),
    (INTERVENTION, "CLE_MACHINE_CIBLE"),
    (INTERVENTION, "IDPROJET"),
    (INTERVENTION, "IDTACHE"),
    (INTERVENTION, "DT_INTER_DBT"),
    (INTERVENTION, "DT_INTER_FIN"),
    (Z83, "PRIORITE"),
    (Z83, "TPS_PASSE"),
    (Z83, "CHARGE_ESTIMEE"),
    ("MACHINE_MNT", "IDMACHINE"),
    ("PRODUIT", "CD_PRODUIT"),
    ("PARAMLIB", "LIB_50"),
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
                .map(|(table, column)| match catalogue.iter().any(|(known, _)| known == table) {
                    true => format!("{table}.{column}"),
                    false => (*table).to_owned(),
                })
                .collect();
            names.dedup();
            names
        };
        let blocking = absent(&BLOCKING);
        let missing = [blocking.clone(), absent(&USED)].concat();
        Ok(Capabilities {
            base: self.base.kind().to_owned(),
            contract: 1,
            time_zone: self.zone.name().to_owned(),
            extension_installed: self.extension.tables().iter().all(|table| has(&catalogue, table, "DHCRE")),
            missing,
            blocking,
            fields: fields_of(&catalogue),
            anomaly_fields: Vec::new(),
            consos: false,
            documents: false,
            contracts: false,
            codes: self.codes.names(),
            missing_codes: self.codes.missing(),
        })
    }

    /// Whether the base answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn health(&self) -> Result<Health, GatewayFault> {
        self.base.begin().await?;
        Ok(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
    }
}
