//! Gestan's reference data: clients, their contact persons, machines, users, projects, products.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A postal address; parts that Gestan does not hold are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Street lines, empty ones left out.
    pub lines: Vec<String>,
    /// Postal code.
    pub zip: String,
    /// Town.
    pub city: String,
    /// Country code (`CDPAYS`, `CDPAYSP`).
    pub country: String,
}

impl Address {
    /// Whether nothing of it is known.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.zip.is_empty() && self.city.is_empty()
    }
}

/// A contact that can be a client (`CONTACT`, `SOCIETE`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `CONTACT.IDCONTACT`.
    pub id: i64,
    /// Company name (`RAISON_SOCIALE`), else first and family name.
    pub name: String,
    /// Professional then private mail addresses, empty ones left out.
    pub mails: Vec<String>,
    /// `IARCHIVE`.
    pub archived: bool,
    /// `IDSOCIETE`: contacts of one company are one client.
    #[serde(default)]
    pub company: Option<i64>,
    /// Business or private address, as `ICLTPRO` says.
    #[serde(default)]
    pub address: Address,
    /// `SOCIETE.SIRET`.
    #[serde(default)]
    pub siret: String,
    /// `SOCIETE.NUM_TVA`.
    #[serde(default)]
    pub vat: String,
    /// `COMMENTAIRE` as plain text.
    #[serde(default)]
    pub comment: String,
    /// `USER.CDUSER` of the user whose own contact this is.
    #[serde(default)]
    pub user: Option<String>,
}

/// A person that a client is spoken to through (`CONTACT` with a name of a person).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// `CONTACT.IDCONTACT`.
    pub id: i64,
    /// `IDSOCIETE`.
    pub company: Option<i64>,
    /// `PRENOM`.
    pub first_name: String,
    /// `NOMFAMILLE`.
    pub last_name: String,
    /// Business mail, else the private one; the other way round for a private client.
    pub mail: String,
    /// The first number that is not a French mobile one.
    pub phone: String,
    /// The first French mobile number.
    pub mobile: String,
    /// `FONCTION_PRO`.
    pub function: String,
    /// Business or private address, as `ICLTPRO` says.
    pub address: Address,
    /// `IARCHIVE`.
    pub archived: bool,
}

/// A machine of the maintenance park (`MACHINE_MNT`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `IDMACHINE`.
    pub id: i64,
    /// `CD_MACHINE`.
    pub code: String,
    /// `LIB_MACHINE`.
    pub label: String,
    /// `NUM_SERIE`.
    pub serial: String,
    /// `IDCONTACT`, the owner.
    pub client: Option<i64>,
    /// `IARCHIVE`.
    pub archived: bool,
    /// `MARQUE`.
    #[serde(default)]
    pub brand: String,
    /// `MODELE`.
    #[serde(default)]
    pub model: String,
    /// `TYPE_MACHINE`.
    #[serde(default)]
    pub kind: String,
    /// `DT_MISEENFONCTION`.
    #[serde(default)]
    pub installed: Option<NaiveDate>,
    /// `DT_EXP_GARANTIE`.
    #[serde(default)]
    pub warranty_until: Option<NaiveDate>,
}

/// A Gestan user (`USER`); passwords are never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// `CDUSER`, 3 letters.
    pub code: String,
    /// First and family name.
    pub name: String,
    /// Mail addresses (`EMAIL`, `EMAILP`), empty ones left out.
    pub mails: Vec<String>,
    /// `IARCHIVE`.
    pub archived: bool,
    /// `PRENOM`.
    #[serde(default)]
    pub first_name: String,
    /// `NOMFAMILLE`.
    #[serde(default)]
    pub last_name: String,
    /// `TELBUR`.
    #[serde(default)]
    pub phone: String,
    /// `GSMBUR`.
    #[serde(default)]
    pub mobile: String,
    /// `FONCTION_PRO`.
    #[serde(default)]
    pub function: String,
}

/// An absence of a user (`ABSENCE`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// `IDABSENCE`.
    pub id: i64,
    /// `USER.CDUSER`.
    pub user: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// It has no hours.
    pub whole_days: bool,
    /// `LIBABSENCE`.
    pub label: String,
    /// Its reason, as the list of reasons calls it.
    pub reason: String,
    /// `IVALIDE`.
    pub validated: bool,
}

/// Where the reference flow leaves the absences that count, in the state: a list of [`Away`].
pub const AWAY: &str = "reference.absences";

/// A time when a user is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Away {
    /// `USER.CDUSER`.
    pub user: String,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// A project (`PROJET`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// `IDPROJET`.
    pub id: i64,
    /// `NOMPROJET`.
    pub name: String,
    /// `IDCONTACT`.
    pub client: Option<i64>,
}

/// A task of a project (`TACHE`), as `[gateway.tasks] query` finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// `IDTACHE`.
    pub id: i64,
    /// `IDPROJET`.
    pub project: i64,
    /// What people call it.
    pub label: String,
    /// Nothing more is to be done for it.
    pub closed: bool,
}

/// A product or priced service (`PRODUIT`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// `CD_PRODUIT`.
    pub code: String,
    /// `LIB_PRODUIT`.
    pub label: String,
    /// `IHORSCATALOGUE`: no longer for sale.
    pub out_of_catalogue: bool,
}

/// A maintenance contract that runs, as `[gateway.contracts] query` finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Its number, as people know it.
    pub number: String,
    /// `CONTACT.IDCONTACT` of the client.
    pub client: i64,
    /// `MACHINE_MNT.IDMACHINE`, where it covers one machine only.
    #[serde(default)]
    pub machine: Option<i64>,
    /// Product that covered work is billed as; none: it is not billed.
    #[serde(default)]
    pub product: Option<String>,
    /// First day.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default)]
    pub until: Option<NaiveDate>,
}
