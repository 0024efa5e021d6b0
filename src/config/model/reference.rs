//! `[reference]`: Gestan's clients, contact persons, equipment and users show in GestSup.

use super::{Limit, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a contact person may do in GestSup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactProfile {
    /// *utilisateur*: sees tickets.
    #[default]
    User,
    /// *utilisateur avec pouvoir*: opens tickets too.
    PowerUser,
}

impl ContactProfile {
    /// `tusers.profile`.
    pub fn level(self) -> i64 {
        match self {
            Self::User => 2,
            Self::PowerUser => 1,
        }
    }
}

/// What a Gestan user may do in GestSup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TechnicianRole {
    /// *technicien*
    #[default]
    Technician,
    /// *superviseur*
    Supervisor,
    /// *administrateur*
    Administrator,
    /// No account is made or touched.
    None,
}

impl TechnicianRole {
    /// `tusers.profile`; `None`: no account.
    pub fn level(self) -> Option<i64> {
        match self {
            Self::Technician => Some(0),
            Self::Supervisor => Some(3),
            Self::Administrator => Some(4),
            Self::None => None,
        }
    }
}

/// `[reference.keep]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// name, address, zip, city, country, siret, vat, comment, disabled. Remarks in Gestan are often not for a help-desk, so `comment` is GestSup's own unless you take it out.
    pub clients: Vec<String>,
    /// first_name, last_name, mail, phone, mobile, function, company, address1, address2, zip, city, disabled.
    pub contacts: Vec<String>,
    /// name, serial, internal, type, manufacturer, model, owner, installed, warranty, disabled.
    pub equipment: Vec<String>,
    /// first_name, last_name, mail, phone, mobile, function, company, disabled.
    pub technicians: Vec<String>,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            clients: vec!["comment".to_owned()],
            contacts: Vec::new(),
            equipment: Vec::new(),
            technicians: Vec::new(),
        }
    }
}

/// `[reference.roles]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Of a Gestan user that is not listed.
    pub default: TechnicianRole,
    /// Gestan user code ⇒ "technician", "supervisor", "administrator" or "none".
    #[schemars(extend("examples" = [{"DIR": "supervisor", "CPT": "none"}]))]
    pub by_code: BTreeMap<String, TechnicianRole>,
}

/// `[reference]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reference {
    /// Switches the flow on. GestSup's account then needs rights on a few more tables: docs/operator-guide.md lists them, `check --online` says which are missing. Look at `reconcile --flow reference` first.
    pub enabled: bool,
    /// When `run` makes a pass, written as for `[tickets]`; it comes before those of the other flows.
    pub schedule: Schedule,
    /// Minutes between two looks at Gestan's whole lists. In between only clients, contact persons and machines are read that Gestan marks as changed: what is deleted there, or leaves a list, or is changed behind Gestan's back shows at the next whole look. 0: every pass is one.
    pub full_every_minutes: u32,
    /// Clients become companies.
    pub clients: bool,
    /// Their contact persons become users.
    pub contacts: bool,
    /// The machines of the maintenance park become equipment.
    pub equipment: bool,
    /// Gestan's users become technicians.
    pub technicians: bool,
    /// Every Gestan user in use has a contact of its own in Gestan (category PSP: [gateway.psp] beside Gestan says which that is, and whether it may be made), which is a client, and the company of its account.
    pub psp_contacts: bool,
    /// Gestan's projects, and their tasks ([gateway.tasks] beside Gestan), become projects: a ticket that is filed under one is worked for it.
    pub projects: bool,
    /// Absences of Gestan's users become events in the calendar of their accounts; a ticket whose technician is absent on its planned date is told, and the start that is proposed for it skips the absence.
    pub absences: bool,
    /// Absences that nobody has validated yet count too.
    pub unvalidated_absences: bool,
    /// Title of the events: {name} of the user, {reason} and {label} of the absence. Everybody who sees the calendar reads it.
    pub absence_title: String,
    /// The profile of a new contact person: "user" (sees tickets) or "power_user" (opens them too).
    pub contact_profile: ContactProfile,
    /// The login of a new contact person: {mail}, {first_name}, {last_name}, {id} (the contact's number in Gestan). It is written once.
    pub contact_login: String,
    /// The login of a new technician: {code}, {mail}, {first_name}, {last_name}. It is written once.
    pub technician_login: String,
    /// What stands before Gestan's number in the internal serial number of equipment, so that people see where it comes from. Empty: GestSup keeps that field.
    pub internal_prefix: String,
    /// The role of a new technician.
    pub roles: Roles,
    /// Fields that GestSup keeps: they are written when a row is made, and not after.
    pub keep: Keep,
    /// Records of a kind that one pass may disable before it stops and asks for `--allow-mass-change`; the percentage is of the linked ones that are in use.
    pub brake: Limit,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            enabled: false,
            schedule: Schedule::every(Duration::from_secs(900)),
            full_every_minutes: 360,
            clients: true,
            contacts: true,
            equipment: true,
            technicians: true,
            psp_contacts: true,
            projects: true,
            absences: true,
            unvalidated_absences: false,
            absence_title: "Absence".to_owned(),
            contact_profile: ContactProfile::default(),
            contact_login: "{mail}".to_owned(),
            technician_login: "{code}".to_owned(),
            internal_prefix: "GST-".to_owned(),
            roles: Roles::default(),
            keep: Keep::default(),
            brake: Limit { number: 5, percent: 10 },
        }
    }
}

impl Reference {
    /// The role of a Gestan user.
    pub fn role_of(&self, code: &str) -> TechnicianRole {
        let listed = self.roles.by_code.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(code));
        listed.map_or(self.roles.default, |(_, role)| *role)
    }
}
