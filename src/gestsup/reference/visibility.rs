//! What the people whom the reference flow brings in can see and do in GestSup: its rights table, which an administrator
//! may have changed, and directories that write the same accounts.

use super::super::GestsupError;
use super::super::check::{Finding, Level};
use super::super::rows::number;
use super::pen::GestsupRegister;
use crate::config::{ContactProfile, Reference, TechnicianRole};
use std::collections::{BTreeMap, BTreeSet};

/// What a role promises of a right.
struct Promise {
    right: &'static str,
    granted: bool,
    /// What is so where it is not.
    otherwise: &'static str,
    level: Level,
}

const fn may(right: &'static str, otherwise: &'static str) -> Promise {
    Promise { right, granted: true, otherwise, level: Level::Warning }
}

const fn may_not(right: &'static str, otherwise: &'static str) -> Promise {
    Promise { right, granted: false, otherwise, level: Level::Warning }
}

/// Of people who work on tickets.
const STAFF: &[Promise] = &[
    may("side_your", "they have no list of the tickets that are theirs"),
    may("side_all", "they see only the tickets that are theirs"),
    may("side_open_ticket", "they cannot open a ticket"),
    may("ticket_save", "they cannot save a ticket"),
    may("ticket_thread_add", "they cannot add a comment"),
];
/// Of clients' people.
const CLIENT: &[Promise] = &[
    may("side_your", "they do not see their tickets"),
    may("ticket_thread_add", "they cannot answer"),
    may_not("side_all", "they see the tickets of all clients"),
    may_not("ticket_thread_private", "they can write, and read, what is meant for technicians only"),
    may_not("admin", "they can change the settings of GestSup"),
    may_not("ticket_user", "they can open tickets in the name of others, and read the names of all of them"),
    may_not("asset", "they see the equipment of all clients"),
];
const OPENS: Promise = may("side_open_ticket", "they cannot open a ticket, which is what tells them from a “user”");
/// GestSup comes otherwise.
const CONSULTS: Promise = Promise {
    right: "side_open_ticket",
    granted: false,
    otherwise: "they can open tickets too, as GestSup comes, though a “user” of [reference] contact_profile only sees them",
    level: Level::Note,
};

/// As GestSup calls a profile.
fn name(profile: i64) -> &'static str {
    match profile {
        0 => "technicien",
        1 => "utilisateur avec pouvoir",
        2 => "utilisateur",
        3 => "superviseur",
        _ => "administrateur",
    }
}

/// What the profiles that these settings give out promise.
fn promises(settings: &Reference) -> BTreeMap<i64, Vec<&'static Promise>> {
    let mut wanted = BTreeMap::new();
    if settings.technicians {
        for role in staff(settings) {
            wanted.insert(role, STAFF.iter().collect());
        }
    }
    if settings.clients && settings.contacts {
        let own = if settings.contact_profile == ContactProfile::User { &CONSULTS } else { &OPENS };
        wanted.insert(settings.contact_profile.level(), CLIENT.iter().chain([own]).collect());
    }
    wanted
}

fn staff(settings: &Reference) -> BTreeSet<i64> {
    let roles = settings.roles.by_code.values().chain([&settings.roles.default]);
    roles.filter_map(|role: &TechnicianRole| role.level()).collect()
}

impl GestsupRegister {
    async fn has_column(&mut self, table: &str, column: &str) -> Result<bool, GestsupError> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS SIGNED) AS n FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{column}'"
        );
        Ok(self.query(sql).await?.first().is_some_and(|row| number(row, "n") > 0))
    }

    /// A number that a query finds.
    async fn one_number(&mut self, sql: String) -> Result<i64, GestsupError> {
        Ok(self.query(sql).await?.first().map_or(0, |row| number(row, "n")))
    }

    /// Whether a profile has a right; `None`: this GestSup does not know the right.
    async fn has_right(&mut self, profile: i64, right: &str) -> Result<Option<bool>, GestsupError> {
        if !self.has_column("trights", right).await? {
            return Ok(None);
        }
        let sql = format!("SELECT CAST(MAX(`{right}`) AS SIGNED) AS n FROM trights WHERE profile = {profile}");
        Ok(Some(self.one_number(sql).await? != 0))
    }

    /// Where GestSup's rights table gives the people of these settings other rights than their roles promise.
    pub(super) async fn visibility(&mut self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut findings = Vec::new();
        for (profile, promises) in promises(settings) {
            for promise in promises {
                let Some(granted) = self.has_right(profile, promise.right).await? else { continue };
                if granted != promise.granted {
                    let (is, to) = if granted { ("has", "take it away") } else { ("lacks", "grant it") };
                    findings.push(Finding::new(
                        promise.level,
                        format!(
                            "profile “{}” {is} the right {}: {} ({to} in GestSup, Administration › Utilisateurs › Droits)",
                            name(profile),
                            promise.right,
                            promise.otherwise
                        ),
                    ));
                }
            }
        }
        if settings.technicians {
            findings.extend(self.selectable(settings).await?);
        }
        findings.extend(self.page_of_people(settings).await?);
        if settings.clients && settings.equipment {
            findings.extend(self.equipment_shown().await?);
        }
        if findings.is_empty() && self.has_column("trights", "profile").await? {
            findings.push(Finding::new(Level::Ok, "GestSup's rights are what the roles of [reference] promise"));
        }
        Ok(findings)
    }

    /// Supervisors and administrators are offered as technicians of a ticket where two rights say so.
    async fn selectable(&mut self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut findings = Vec::new();
        for (profile, right) in [(3, "ticket_tech_super"), (4, "ticket_tech_admin")] {
            if staff(settings).contains(&profile) && self.has_right(0, right).await? == Some(false) {
                findings.push(Finding::new(
                    Level::Note,
                    format!(
                        "a “{}” cannot be chosen as the technician of a ticket by the others: they lack the right {right}",
                        name(profile)
                    ),
                ));
            }
        }
        Ok(findings)
    }

    /// GestSup's page of a user writes every column, and leaves those empty that it does not show.
    async fn page_of_people(&mut self, settings: &Reference) -> Result<Option<Finding>, GestsupError> {
        let people = (settings.clients && settings.contacts) || settings.technicians;
        if !people || !self.has_column("tparameters", "user_advanced").await? {
            return Ok(None);
        }
        let sql = "SELECT CAST(MAX(user_advanced) AS SIGNED) AS n FROM tparameters".to_owned();
        let text = "GestSup's page of a user shows neither company nor address: whoever saves it empties them, and the person's tickets have no client until the next pass puts them back (switch the advanced properties of users on in GestSup, Administration › Paramètres › Général)";
        Ok((self.one_number(sql).await? == 0).then(|| Finding::new(Level::Warning, text)))
    }

    async fn equipment_shown(&mut self) -> Result<Option<Finding>, GestsupError> {
        if !self.has_column("tparameters", "asset").await? {
            return Ok(None);
        }
        let module = self.one_number("SELECT CAST(MAX(asset) AS SIGNED) AS n FROM tparameters".to_owned()).await? != 0;
        let shown = self.has_right(0, "ticket_asset_disp").await? != Some(false);
        let text = match (module, shown) {
            (true, true) => return Ok(None),
            (false, _) => {
                "GestSup's equipment is switched off (Administration › Paramètres › Fonctions): what is brought over is not seen"
            }
            (true, false) => {
                "equipment is not shown on tickets: technicians lack the right ticket_asset_disp (and ticket_new_asset_disp to choose it in a new one)"
            }
        };
        Ok(Some(Finding::new(Level::Note, text)))
    }

    /// What GestSup's own synchronisation with a directory would undo.
    pub(super) async fn directories(&mut self, settings: &Reference) -> Result<Vec<Finding>, GestsupError> {
        let mut findings = Vec::new();
        if self.has_column("tparameters", "ldap_service").await?
            && self.has_column("tparameters", "ldap_agency").await?
        {
            let sql = "SELECT CAST(MAX(ldap_service = 1 OR ldap_agency = 1) AS SIGNED) AS n FROM tparameters";
            if self.one_number(sql.to_owned()).await? == 1 {
                findings.push(Finding::new(
                    Level::Warning,
                    "GestSup synchronises services or agencies with LDAP groups: each run disables every account that is not in the directory, the contact persons of the connector included; switch that off, or [reference] contacts = false",
                ));
            }
        }
        for (directory, switch, id) in [("LDAP", "ldap", "ldap_guid"), ("Entra ID", "azure_ad", "azure_ad_id")] {
            if !self.has_column("tparameters", switch).await? || !self.has_column("tusers", id).await? {
                continue;
            }
            if self.one_number(format!("SELECT CAST(MAX(`{switch}`) AS SIGNED) AS n FROM tparameters")).await? == 0 {
                continue;
            }
            let groups = [
                ("technicians", settings.technicians, "0, 3, 4", &settings.keep.technicians),
                ("contacts", settings.clients && settings.contacts, "1, 2", &settings.keep.contacts),
            ];
            for (kind, on, profiles, kept) in groups {
                let written = ["first_name", "last_name", "mail", "phone"];
                if !on || written.iter().all(|field| kept.iter().any(|kept| kept == field)) {
                    continue;
                }
                let sql = format!(
                    "SELECT CAST(COUNT(*) AS SIGNED) AS n FROM tusers WHERE `{id}` <> '' AND profile IN ({profiles}) AND disable = 0 AND id > 6"
                );
                let count = self.one_number(sql).await?;
                if count > 0 {
                    findings.push(Finding::new(
                        Level::Warning,
                        format!(
                            "{count} accounts of {kind} come from {directory}, which writes their names, mail and phone numbers at each of its runs, and the connector writes Gestan's: name these fields in [reference.keep] {kind}, so that the directory has the last word"
                        ),
                    ));
                }
            }
        }
        Ok(findings)
    }
}
