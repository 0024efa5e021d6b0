//! What the reference flow needs to be allowed to do in GestSup's base, and what an administrator should know before it
//! does.

use super::super::check::Finding;
use super::super::{Gestsup, GestsupError};
use super::columns::{MANUFACTURERS, MODELS, TYPES, fields};
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

impl Gestsup {
    /// What the account lacks for the reference flow, whom GestSup's rights let see what, and which directories write the
    /// same accounts.
    ///
    /// # Errors
    /// When the base cannot be reached or is no GestSup base.
    pub async fn check_register(&self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut pen = self.open_register().await?;
        let columns = pen.columns.clone();
        let has = |table: &str, column: &str| columns.has(table, column);
        let what = "the reference flow carries over";
        let mut findings = vec![self.granted(&mut pen.connection, &reference_need(settings), has, what).await?];
        findings.extend(pen.directories(settings).await?);
        findings.extend(pen.visibility(settings).await?);
        Ok(findings)
    }
}
