//! What the reference flow needs to be allowed to do in GestSup's base, and which of it the account lacks. Each right is
//! tried with a statement that touches no row.

use super::super::check::{Finding, Level};
use super::super::{Gestsup, GestsupError};
use super::columns::{MANUFACTURERS, MODELS, TYPES, fields};
use super::pen::GestsupRegister;
use crate::config::Reference;
use crate::flows::reference::{Field, Place};
use crate::grants::{Need, Right};

/// Fields that are written when a row is made, and not after: logins, profiles, states.
const ONCE: [Field; 3] = [Field::Login, Field::Profile, Field::State];

/// The columns of a place that are ever changed. Passwords, logins and profiles are not.
fn changed(place: Place) -> impl Iterator<Item = &'static str> {
    fields(place).filter(|(field, _)| !ONCE.contains(field)).map(|(_, column)| column)
}

/// What these settings write: places, and look-up lists that are added to.
fn written(settings: &Reference) -> (Vec<Place>, &'static [&'static str]) {
    let places = [
        (settings.clients, Place::Companies),
        (settings.contacts || settings.equipment || settings.technicians, Place::People),
        (settings.equipment, Place::Equipment),
        (settings.projects, Place::Projects),
        (settings.technicians && settings.absences, Place::Calendar),
    ];
    let places = places.into_iter().filter(|(wanted, _)| *wanted).map(|(_, place)| place).collect();
    (places, if settings.equipment { &[TYPES, MANUFACTURERS, MODELS] } else { &[] })
}

/// What these settings need, as an administrator grants it.
pub fn reference_need(settings: &Reference) -> Need {
    let (places, lists) = written(settings);
    let places = places.into_iter().map(|place| Right::on(place.table()).insert().update(changed(place)));
    let rights = places.chain(lists.iter().map(|list| Right::on(*list).insert())).collect();
    Need { of: "[reference]", purpose: "clients, people, equipment and projects come from Gestan", rights }
}

impl GestsupRegister {
    /// Those that this GestSup has.
    fn changed(&self, place: Place) -> Vec<&'static str> {
        changed(place).filter(|column| self.columns.has(place.table(), column)).collect()
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
        let (mut places, lists) = written(settings);
        places.retain(|place| {
            !matches!(place, Place::Projects | Place::Calendar) || pen.columns.has(place.table(), "id")
        });
        let mut missing = Vec::new();
        let tables = places.iter().map(|place| place.table()).chain(lists.iter().copied());
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
