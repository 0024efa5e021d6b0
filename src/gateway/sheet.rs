//! The two kinds of Gestan's sheets that a ticket becomes, each described once: its table, its memo, and
//! where each field is kept and how. What reads and writes sheets asks here, and knows no table itself.

use super::codes::List;
use crate::model::{Field, ObjectKind};

pub(super) const INTERVENTION: &str = "INTERVENTION";
pub(super) const Z83: &str = "Z83_INTERVENTION";
pub(super) const ANOMALIE: &str = "ANOMALIE";

/// A kind of sheet.
#[derive(Debug)]
pub(super) struct Sheet {
    pub kind: ObjectKind,
    pub plural: &'static str,
    /// The gateway works without its table.
    pub optional: bool,
    pub table: &'static str,
    /// Its generated key; the ticket table has a column of the same name.
    pub key: &'static str,
    pub memo: &'static str,
    /// A table with one row per sheet, under the same key.
    pub aside: Option<&'static str>,
    /// 1 exactly when the status is a closed one.
    pub closed: Option<&'static str>,
    /// Columns without which no such sheet can be written, besides key and memo.
    pub needed: &'static [&'static str],
    homes: &'static [(Field, Home)],
}

/// Where a field is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    pub place: Place,
    pub column: &'static str,
    pub how: How,
}

/// The table that a column belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The sheet's own.
    Main,
    /// [`Sheet::aside`].
    Aside,
    /// The extension's ticket table.
    Ticket,
}

/// How a value is kept in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Text that must be there, cut at so many characters.
    Title(usize),
    /// Text, cut at so many characters.
    Words(usize),
    /// Text of at most so many characters that must fit whole: a cut one would mean something else.
    Short(usize),
    /// The key of the client, which never changes.
    Client,
    /// The key of another row; 0 for none.
    Key,
    /// User codes of at most so many characters together, separated by `;`.
    Team(usize),
    /// A code that has a name.
    Code(List),
    /// The same for a status, which must be there.
    Status(List),
    /// `R` and the key of a machine, empty for none.
    Machine,
    /// The trigram and key of the machine, else of the client: `[gateway.anomalies]`.
    Target,
    /// A local date, with the time of day in another column.
    DateAndTime(&'static str),
    /// A local date and time.
    Moment,
    /// A number that is 0 when nothing is said, in a SMALLINT.
    Units,
    /// A number of at most so many, or nothing.
    Number(i64),
}

/// Largest number that a column of Gestan's users (`USDEF_NUM`, a float) keeps to the unit.
const LARGEST_QUANTITY: i64 = 9_999_999;
/// Largest number of a TINYINT.
const LARGEST_SATISFACTION: i64 = 127;

const fn main(column: &'static str, how: How) -> Home {
    Home { place: Place::Main, column, how }
}

const fn aside(column: &'static str, how: How) -> Home {
    Home { place: Place::Aside, column, how }
}

const fn ticket(column: &'static str, how: How) -> Home {
    Home { place: Place::Ticket, column, how }
}

static OF_INTERVENTION: Sheet = Sheet {
    kind: ObjectKind::Intervention,
    plural: "interventions",
    optional: false,
    table: INTERVENTION,
    key: "IDINTERVENTION",
    memo: "LIB_INTERVENTION",
    aside: Some(Z83),
    closed: None,
    needed: &["LIB50", "IDCONTACT", "ST_INTER", "DHCRE", "DHMOD"],
    homes: &[
        (Field::Title, main("LIB50", How::Title(50))),
        (Field::Client, main("IDCONTACT", How::Client)),
        (Field::Requester, main("DEMANDEUR", How::Words(30))),
        (Field::Technician, main("CDUSER", How::Short(3))),
        (Field::Team, main("US_TEAM", How::Team(50))),
        (Field::Genre, main("ID2GENRE_INTER", How::Code(List::Genre))),
        (Field::Status, main("ST_INTER", How::Status(List::Status))),
        (Field::Machine, main("CLE_MACHINE_CIBLE", How::Machine)),
        (Field::Project, main("IDPROJET", How::Key)),
        (Field::Task, main("IDTACHE", How::Key)),
        (Field::PlannedStart, main("DT_INTER_DBT", How::DateAndTime("HR_DEBUT"))),
        (Field::PlannedEnd, main("DT_INTER_FIN", How::DateAndTime("HR_FIN"))),
        (Field::Product, main("CD_PRODUIT", How::Short(25))),
        (Field::Priority, aside("PRIORITE", How::Code(List::Priority))),
        (Field::TimeSpent, aside("TPS_PASSE", How::Units)),
        (Field::Load, aside("CHARGE_ESTIMEE", How::Units)),
        (Field::Satisfaction, aside("SATISFACTION_CLIENT", How::Number(LARGEST_SATISFACTION))),
        (Field::Contract, ticket("CONTRAT", How::Short(50))),
    ],
};

static OF_ANOMALY: Sheet = Sheet {
    kind: ObjectKind::Anomaly,
    plural: "anomalies",
    optional: true,
    table: ANOMALIE,
    key: "IDANOMALIE",
    memo: "OBSERVATIONS",
    aside: None,
    closed: Some("ITERMINE"),
    needed: &["LIB_ANOMALIE", "TRGCIBLE", "ST_ANOM", "DHCRE", "DHMOD"],
    homes: &[
        (Field::Title, main("LIB_ANOMALIE", How::Title(80))),
        (Field::Client, ticket("IDCONTACT", How::Client)),
        (Field::Requester, main("DETECTE_PAR", How::Words(30))),
        (Field::Technician, main("US_TRT", How::Short(3))),
        (Field::Responsible, main("US_RESP", How::Short(3))),
        (Field::AnomalyType, main("ID2_TYPANOM", How::Code(List::AnomalyType))),
        (Field::Status, main("ST_ANOM", How::Status(List::AnomalyStatus))),
        (Field::Priority, main("PRIORITE", How::Code(List::AnomalyPriority))),
        (Field::Criticality, main("CRITICITE", How::Code(List::Criticality))),
        (Field::Machine, main("TRGCIBLE", How::Target)),
        (Field::FoundAt, main("DH_CONSTAT", How::Moment)),
        (Field::ResolvedAt, main("DH_RESOLUTION", How::Moment)),
        (Field::Reference, main("REF_EXTERNE", How::Short(25))),
    ],
};

impl Sheet {
    /// Every kind.
    pub(super) const ALL: [&'static Self; 2] = [&OF_INTERVENTION, &OF_ANOMALY];

    /// The sheet of a kind.
    pub(super) fn of(kind: ObjectKind) -> &'static Self {
        match kind {
            ObjectKind::Intervention => &OF_INTERVENTION,
            ObjectKind::Anomaly => &OF_ANOMALY,
        }
    }

    /// Where its fields are kept; `quantity` is the column that `[gateway] quantity_column` names.
    pub(super) fn homes(&self, quantity: Option<&'static str>) -> impl Iterator<Item = (Field, Home)> {
        let quantity = quantity.filter(|_| self.kind == ObjectKind::Intervention);
        let quantity = quantity.map(|column| (Field::Quantity, main(column, How::Number(LARGEST_QUANTITY))));
        self.homes.iter().copied().chain(quantity)
    }
}
