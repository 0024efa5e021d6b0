//! What is synchronised: kinds of records, and their fields as plain text. A record of Gestan, the row of GestSup
//! and what both last agreed on are all the same map, so that comparing them is comparing texts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Gestan user, a technician in GestSup.
    Technician,
    /// A client, a company in GestSup.
    Client,
    /// A contact person, a user in GestSup.
    Contact,
    /// The user without login that owns the equipment of a client without contact persons.
    Owner,
    /// A machine of the maintenance park, equipment in GestSup.
    Equipment,
    /// A project or a task of one, a project in GestSup.
    Project,
    /// An absence of a Gestan user, an event in the calendar of its account.
    Absence,
}

impl Kind {
    /// In the order of a pass: what others refer to comes first.
    pub const ALL: [Self; 7] =
        [Self::Client, Self::Technician, Self::Contact, Self::Owner, Self::Equipment, Self::Project, Self::Absence];

    /// Name in the state, on the command line and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Client => "client",
            Self::Contact => "contact",
            Self::Owner => "owner",
            Self::Equipment => "equipment",
            Self::Project => "project",
            Self::Absence => "absence",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Where GestSup keeps it.
    pub fn place(self) -> Place {
        match self {
            Self::Client => Place::Companies,
            Self::Technician | Self::Contact | Self::Owner => Place::People,
            Self::Equipment => Place::Equipment,
            Self::Project => Place::Projects,
            Self::Absence => Place::Calendar,
        }
    }

    /// Whether it is an account, which its owner and an administrator of GestSup may have locked for a reason.
    pub fn is_account(self) -> bool {
        matches!(self, Self::Technician | Self::Contact)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A table of GestSup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `tcompany`
    Companies,
    /// `tusers`
    People,
    /// `tassets`
    Equipment,
    /// `tprojects`
    Projects,
    /// `tevents`: those that people made themselves, of no ticket.
    Calendar,
}

impl Place {
    /// The table.
    pub fn table(self) -> &'static str {
        match self {
            Self::Companies => "tcompany",
            Self::People => "tusers",
            Self::Equipment => "tassets",
            Self::Projects => "tprojects",
            Self::Calendar => "tevents",
        }
    }

    /// The last id of the rows that GestSup itself needs: they are never touched.
    pub fn reserved(self) -> i64 {
        match self {
            Self::People => 6,
            Self::Companies | Self::Equipment | Self::Projects | Self::Calendar => 0,
        }
    }
}

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Field {
    Name,
    Address,
    Zip,
    City,
    Country,
    Siret,
    Vat,
    Comment,
    FirstName,
    LastName,
    Mail,
    Phone,
    Mobile,
    Function,
    /// `tcompany.id`.
    Company,
    Address1,
    Address2,
    Login,
    /// `tusers.profile`: 0 technician … 4 administrator.
    Profile,
    Serial,
    Internal,
    Type,
    Manufacturer,
    Model,
    /// `tusers.id`.
    Owner,
    /// `tassets_state.id`.
    State,
    /// A date, or empty.
    Installed,
    /// A date, or empty.
    Warranty,
    /// Local time.
    Starts,
    /// Local time.
    Ends,
    /// true or false.
    AllDay,
    /// 0 or 1.
    Disabled,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 32] = [
        Self::Name,
        Self::Address,
        Self::Zip,
        Self::City,
        Self::Country,
        Self::Siret,
        Self::Vat,
        Self::Comment,
        Self::FirstName,
        Self::LastName,
        Self::Mail,
        Self::Phone,
        Self::Mobile,
        Self::Function,
        Self::Company,
        Self::Address1,
        Self::Address2,
        Self::Login,
        Self::Profile,
        Self::Serial,
        Self::Internal,
        Self::Type,
        Self::Manufacturer,
        Self::Model,
        Self::Owner,
        Self::State,
        Self::Installed,
        Self::Warranty,
        Self::Starts,
        Self::Ends,
        Self::AllDay,
        Self::Disabled,
    ];

    /// Name in the configuration, the state and the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::Zip => "zip",
            Self::City => "city",
            Self::Country => "country",
            Self::Siret => "siret",
            Self::Vat => "vat",
            Self::Comment => "comment",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Mail => "mail",
            Self::Phone => "phone",
            Self::Mobile => "mobile",
            Self::Function => "function",
            Self::Company => "company",
            Self::Address1 => "address1",
            Self::Address2 => "address2",
            Self::Login => "login",
            Self::Profile => "profile",
            Self::Serial => "serial",
            Self::Internal => "internal",
            Self::Type => "type",
            Self::Manufacturer => "manufacturer",
            Self::Model => "model",
            Self::Owner => "owner",
            Self::State => "state",
            Self::Installed => "installed",
            Self::Warranty => "warranty",
            Self::Starts => "starts",
            Self::Ends => "ends",
            Self::AllDay => "all_day",
            Self::Disabled => "disabled",
        }
    }

    /// The names of a look-up list: compared as a person would, and an own row for each.
    pub const LISTED: [Self; 3] = [Self::Type, Self::Manufacturer, Self::Model];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Fields that tell a row from another that has its id, after a restart of the server or by a neighbour's write.
pub const TELLING: [Field; 6] =
    [Field::Name, Field::LastName, Field::Mail, Field::Login, Field::Internal, Field::Starts];

/// Values by field: texts as people read them, numbers in digits, dates as 2026-11-25 or empty.
pub type Values = BTreeMap<Field, String>;

/// A row of GestSup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// What it holds, decoded.
    pub values: Values,
}

impl Row {
    /// A value; empty where there is none.
    pub fn get(&self, field: Field) -> &str {
        self.values.get(&field).map_or("", String::as_str)
    }

    /// How people call it.
    pub fn name(&self) -> String {
        let person = format!("{} {}", self.get(Field::FirstName), self.get(Field::LastName));
        let names = [self.get(Field::Name), person.trim(), self.get(Field::Login), self.get(Field::Mail)];
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or("(no name)");
        format!("{name} (n°{})", self.id)
    }
}

/// A record of Gestan as GestSup is to show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Projected {
    /// What Gestan knows it by: a number, or a user code.
    pub key: String,
    /// Other keys under which it may be linked.
    pub aliases: Vec<String>,
    /// How people call it.
    pub name: String,
    /// What it is to hold.
    pub values: Values,
    /// `tcompany.id` of the client that equipment belongs to: whoever of its people owns it in GestSup is right.
    pub of_company: Option<i64>,
    /// Why it has to wait: a code and a sentence.
    pub waits: Option<(&'static str, String)>,
    /// What a person should know when it is made.
    pub note: Option<String>,
}

impl Projected {
    pub(super) fn is_archived(&self) -> bool {
        self.values.get(&Field::Disabled).is_some_and(|disabled| disabled == "1")
    }
}
