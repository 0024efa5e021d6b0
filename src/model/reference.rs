//! Gestan's reference data, as far as tickets need it: clients, machines, users, projects, products.

use serde::{Deserialize, Serialize};

/// A contact that can be a client (`CONTACT`, `SOCIETE`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `CONTACT.IDCONTACT`.
    pub id: i64,
    /// Company name (`RAISON_SOCIALE`), else first and family name.
    pub name: String,
    /// Professional then private mail addresses, empty ones left out.
    pub mails: Vec<String>,
    /// `IARCHIVE`.
    pub archived: bool,
}

/// A machine of the maintenance park (`MACHINE_MNT`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A Gestan user (`USER`); passwords are never read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// `CDUSER`, 3 letters.
    pub code: String,
    /// First and family name.
    pub name: String,
    /// Mail addresses (`EMAIL`, `EMAILP`), empty ones left out.
    pub mails: Vec<String>,
    /// `IARCHIVE`.
    pub archived: bool,
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
    pub from: Option<chrono::NaiveDate>,
    /// Last day.
    #[serde(default)]
    pub until: Option<chrono::NaiveDate>,
}
