//! What the reference flow needs to be allowed to do in GestSup's base, and what an administrator should know before it
//! does.

use super::super::check::Finding;
use super::super::granted::Right;
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

    /// What these settings need.
    fn rights(&self, settings: &Reference) -> Vec<Right> {
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
        if settings.projects && self.columns.has("tprojects", "id") {
            places.push(Place::Projects);
        }
        if settings.technicians && settings.absences && self.columns.has("tevents", "id") {
            places.push(Place::Calendar);
        }
        let added = places.iter().map(|place| place.table()).chain(lists).map(Right::insert);
        let changed = places.iter().map(|place| Right::update(place.table(), self.changed(*place)));
        added.chain(changed).collect()
    }
}

impl Gestsup {
    /// What the account lacks for the reference flow, whom GestSup's rights let see what, and which directories write the
    /// same accounts.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_register(&self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_register().await?;
        let rights = pen.rights(settings);
        let what = "the reference flow carries over";
        let mut findings = vec![self.granted(&mut pen.connection, &rights, "reference", what).await?];
        findings.extend(pen.directories(settings).await?);
        findings.extend(pen.visibility(settings).await?);
        Ok(findings)
    }
}
