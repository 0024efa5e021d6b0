//! What the reference flow needs to be allowed to do in GestSup's base, and which of it the account lacks. Each right is
//! tried with a statement that touches no row.

use super::super::check::{Finding, Level};
use super::super::{Gestsup, GestsupError};
use super::columns::{MANUFACTURERS, MODELS, TYPES, fields};
use super::pen::GestsupRegister;
use crate::config::Reference;
use crate::flows::reference::{Field, Place};

impl GestsupRegister {
    /// The columns of a place that are ever changed. Passwords, logins and profiles are not.
    fn changed(&self, place: Place) -> Vec<&'static str> {
        let once = [Field::Login, Field::Profile, Field::State];
        let table = place.table();
        fields(place)
            .filter(|(field, column)| !once.contains(field) && self.columns.has(table, column))
            .map(|(_, column)| column)
            .collect()
    }

    async fn may(&mut self, sql: String) -> Result<bool, GestsupError> {
        match self.run(sql).await {
            Ok(()) => Ok(true),
            Err(GestsupError::MayNotWrite { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Gestsup {
    /// What the account lacks for the reference flow.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_register(&self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_register().await?;
        let base = &self.place.database;
        let mut places = Vec::new();
        if settings.clients {
            places.push(Place::Companies);
        }
        if settings.contacts || settings.equipment || settings.technicians {
            places.push(Place::People);
        }
        let mut lists = Vec::new();
        if settings.equipment {
            places.push(Place::Equipment);
            lists = vec![TYPES, MANUFACTURERS, MODELS];
        }
        if settings.projects && pen.columns.has("tprojects", "id") {
            places.push(Place::Projects);
        }
        if settings.technicians && settings.absences && pen.columns.has("tevents", "id") {
            places.push(Place::Calendar);
        }
        let mut missing = Vec::new();
        let tables = places.iter().map(|place| place.table()).chain(lists);
        for table in tables {
            if !pen.may(format!("INSERT INTO {table} SELECT * FROM {table} WHERE FALSE")).await? {
                missing.push(format!("GRANT INSERT ON `{base}`.{table} TO …"));
            }
        }
        for place in places {
            let (table, columns) = (place.table(), pen.changed(place));
            let sets: Vec<String> = columns.iter().map(|column| format!("`{column}` = `{column}`")).collect();
            if !pen.may(format!("UPDATE {table} SET {} WHERE FALSE", sets.join(", "))).await? {
                missing.push(format!("GRANT UPDATE (`{}`) ON `{base}`.{table} TO …", columns.join("`, `")));
            }
        }
        let mut findings = vec![match missing.is_empty() {
            true => Finding::new(Level::Ok, "the account may write what the reference flow carries over"),
            false => Finding::new(
                Level::Error,
                format!(
                    "[reference] is enabled, and the account “{}” lacks rights for it: {}",
                    self.place.user,
                    missing.join("; ")
                ),
            ),
        }];
        findings.extend(pen.directories().await?);
        Ok(findings)
    }
}

impl GestsupRegister {
    /// What GestSup's own synchronisation with a directory would undo.
    async fn directories(&mut self) -> Result<Option<Finding>, GestsupError> {
        let sql = "SELECT CAST(COUNT(*) AS SIGNED) AS n FROM information_schema.columns WHERE table_schema = DATABASE() \
                   AND table_name = 'tparameters' AND column_name IN ('ldap_service', 'ldap_agency')";
        let known = self.query(sql.to_owned()).await?;
        if known.first().is_none_or(|row| super::super::rows::number(row, "n") != 2) {
            return Ok(None);
        }
        let sql = "SELECT CAST(MAX(ldap_service = 1 OR ldap_agency = 1) AS SIGNED) AS n FROM tparameters";
        let by_groups = self.query(sql.to_owned()).await?;
        let by_groups = by_groups.first().is_some_and(|row| super::super::rows::number(row, "n") == 1);
        Ok(by_groups.then(|| {
            Finding::new(
                Level::Warning,
                "GestSup synchronises services or agencies with LDAP groups: each run disables every account that is not in the directory, the contact persons of the connector included; switch that off, or [reference] contacts = false",
            )
        }))
    }
}
