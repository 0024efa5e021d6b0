//! Pure: which row of GestSup a record of Gestan already is. The strongest evidence that finds anything decides;
//! between two rows nobody guesses.

use super::known::print_of;
use super::record::{Field, Kind, Projected, Row, Values};
use crate::mapping::fold;
use std::collections::{HashMap, HashSet};

/// What is known of a record that is not linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Match {
    /// It is this row; the evidence in words.
    One(i64, &'static str),
    /// It is none of them.
    New,
    /// A person must decide: a code, a sentence, and rows that it may be.
    Unclear(&'static str, String, Vec<i64>),
}

/// Serial numbers are written with and without blanks and dashes.
pub(super) fn serial_key(serial: &str) -> String {
    serial.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

pub(super) fn mail_key(mail: &str) -> String {
    mail.trim().to_lowercase()
}

fn person_key(first: &str, last: &str) -> String {
    let mut words: Vec<String> = fold(&format!("{first} {last}")).split(' ').map(str::to_owned).collect();
    words.sort();
    words.join(" ")
}

/// An event of the same technician, days and title is the same.
fn event_key(values: &Values) -> String {
    let fields = [Field::Owner, Field::Starts, Field::Ends, Field::Name];
    fields.map(|field| values.get(&field).map_or("", String::as_str)).join(" ")
}

/// What tells a row, or a record, from others of its kind: whose mail, login and names are which.
pub(super) fn marks(kind: Kind, values: &Values) -> Vec<Mark> {
    let value = |field: Field| values.get(&field).map_or("", String::as_str);
    let account = || person_key(value(Field::FirstName), value(Field::LastName));
    let marks = match kind {
        Kind::Client => vec![
            ("siret", serial_key(value(Field::Siret))),
            ("vat", serial_key(value(Field::Vat))),
            ("name", fold(value(Field::Name))),
        ],
        Kind::Technician | Kind::Contact | Kind::Owner => {
            vec![("mail", mail_key(value(Field::Mail))), ("login", mail_key(value(Field::Login))), ("name", account())]
        }
        Kind::Project => vec![("name", fold(value(Field::Name)))],
        Kind::Absence => vec![("event", event_key(values))],
        Kind::Equipment => {
            vec![("internal", serial_key(value(Field::Internal))), ("serial", serial_key(value(Field::Serial)))]
        }
    };
    marks.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// The mark of a login.
pub(super) fn login_mark(login: &str) -> Option<Mark> {
    Some(("login", mail_key(login))).filter(|(_, text)| !text.is_empty())
}

/// A kind of evidence, and the text that it goes by.
type Mark = (&'static str, String);

type ByText<'r> = HashMap<String, Vec<&'r Row>>;

/// Rows of one table, by what tells them apart: those that the records at hand may be.
pub(super) struct Rows<'r> {
    kind: Kind,
    /// Ids of rows that are some record of Gestan already.
    linked: &'r HashSet<i64>,
    siret: ByText<'r>,
    vat: ByText<'r>,
    name: ByText<'r>,
    mail: ByText<'r>,
    login: ByText<'r>,
    serial: ByText<'r>,
    internal: ByText<'r>,
    /// Mails and logins that rows are about to get.
    promised: &'r mut HashSet<u64>,
}

fn is_staff(row: &Row) -> bool {
    ["0", "3", "4"].contains(&row.get(Field::Profile))
}

impl<'r> Rows<'r> {
    pub(super) fn new(kind: Kind, rows: &'r [Row], linked: &'r HashSet<i64>, promised: &'r mut HashSet<u64>) -> Self {
        let by = |key: &dyn Fn(&Row) -> String| {
            let mut map: ByText<'r> = HashMap::new();
            for row in rows {
                let key = key(row);
                if !key.is_empty() {
                    map.entry(key).or_default().push(row);
                }
            }
            map
        };
        let name = |row: &Row| match kind {
            Kind::Client => fold(row.get(Field::Name)),
            Kind::Project => fold(row.get(Field::Name)),
            Kind::Equipment => String::new(),
            Kind::Absence => event_key(&row.values),
            _ => person_key(row.get(Field::FirstName), row.get(Field::LastName)),
        };
        Self {
            kind,
            linked,
            siret: by(&|row| serial_key(row.get(Field::Siret))),
            vat: by(&|row| serial_key(row.get(Field::Vat))),
            name: by(&name),
            mail: by(&|row| mail_key(row.get(Field::Mail))),
            login: by(&|row| mail_key(row.get(Field::Login))),
            serial: by(&|row| serial_key(row.get(Field::Serial))),
            internal: by(&|row| serial_key(row.get(Field::Internal))),
            promised,
        }
    }

    fn is_free(&self, row: &Row) -> bool {
        !self.linked.contains(&row.id) && row.id > self.kind.place().reserved()
    }

    /// The free rows under a key that fit; of several the one that is in use.
    fn found(&self, map: &ByText<'r>, key: &str, fits: impl Fn(&Row) -> bool) -> Vec<&'r Row> {
        let Some(rows) = map.get(key).filter(|_| !key.is_empty()) else { return Vec::new() };
        let free: Vec<&Row> = rows.iter().copied().filter(|row| self.is_free(row) && fits(row)).collect();
        let in_use: Vec<&Row> = free.iter().copied().filter(|row| row.get(Field::Disabled) != "1").collect();
        if in_use.len() == 1 { in_use } else { free }
    }

    /// Whether a mail belongs to somebody else than `own`: never a second account for one mail.
    pub(super) fn mail_taken(&self, mail: &str, own: Option<i64>) -> Option<(Vec<i64>, String)> {
        let key = mail_key(mail);
        if key.is_empty() {
            return None;
        }
        let others: Vec<&Row> =
            self.mail.get(&key).into_iter().flatten().copied().filter(|row| Some(row.id) != own).collect();
        if others.is_empty() {
            let promised = self.promised.contains(&print_of(&("mail", &key)));
            return promised.then(|| (Vec::new(), format!("{mail} is the address of another record of Gestan too")));
        }
        let names: Vec<String> = others.iter().map(|row| row.name()).collect();
        Some((others.iter().map(|row| row.id).collect(), format!("{mail} belongs to {} in GestSup", names.join(", "))))
    }

    fn login_taken(&self, login: &str) -> bool {
        let key = mail_key(login);
        !key.is_empty() && (self.login.contains_key(&key) || self.promised.contains(&print_of(&("login", &key))))
    }

    /// A row is about to get this mail and login.
    pub(super) fn promise(&mut self, projected: &Projected, login: bool) {
        let get = |field| projected.values.get(&field).map(|text| mail_key(text)).unwrap_or_default();
        if self.kind.is_account() {
            self.promised.insert(print_of(&("mail", &get(Field::Mail))));
            if login {
                self.promised.insert(print_of(&("login", &get(Field::Login))));
            }
        }
    }

    /// Which row a record is.
    pub(super) fn find(&self, projected: &Projected) -> Match {
        let value = |field: Field| projected.values.get(&field).map_or("", String::as_str);
        let any = |_: &Row| true;
        let steps: Vec<(Vec<&Row>, &'static str)> = match self.kind {
            Kind::Client => {
                let zip = value(Field::Zip);
                let near = |row: &Row| zip.is_empty() || row.get(Field::Zip).is_empty() || row.get(Field::Zip) == zip;
                vec![
                    (self.found(&self.siret, &serial_key(value(Field::Siret)), any), "same SIRET"),
                    (self.found(&self.vat, &serial_key(value(Field::Vat)), any), "same VAT number"),
                    (self.found(&self.name, &fold(value(Field::Name)), near), "same name, and no other postal code"),
                ]
            }
            Kind::Contact | Kind::Owner => {
                let company = value(Field::Company);
                let own = |row: &Row| !is_staff(row) && row.get(Field::Company) == company;
                let name = person_key(value(Field::FirstName), value(Field::LastName));
                let by_mail = self.found(&self.mail, &mail_key(value(Field::Mail)), |row| !is_staff(row));
                let mut by_name = self.found(&self.name, &name, own);
                if by_mail.is_empty() {
                    let mail = value(Field::Mail);
                    if let Some(row) =
                        by_name.iter().find(|row| !mail.is_empty() && !row.get(Field::Mail).is_empty()).copied()
                    {
                        let reason = format!(
                            "{} has the same name and client, and another mail address ({})",
                            row.name(),
                            row.get(Field::Mail)
                        );
                        return Match::Unclear("other-mail", reason, by_name.iter().map(|row| row.id).collect());
                    }
                } else {
                    by_name.clear();
                }
                vec![(by_mail, "same mail address"), (by_name, "same name and client")]
            }
            Kind::Technician => {
                let name = person_key(value(Field::FirstName), value(Field::LastName));
                let by_login = self.found(&self.login, &mail_key(&projected.key), is_staff);
                let by_new_login = self.found(&self.login, &mail_key(value(Field::Login)), is_staff);
                vec![
                    (by_login, "the login is the Gestan user code"),
                    (by_new_login, "same login"),
                    (self.found(&self.mail, &mail_key(value(Field::Mail)), is_staff), "same mail address"),
                    (self.found(&self.name, &name, is_staff), "technician of the same name"),
                ]
            }
            Kind::Project => vec![(self.found(&self.name, &fold(value(Field::Name)), any), "same name")],
            Kind::Absence => {
                vec![(self.found(&self.name, &event_key(&projected.values), any), "same days of the same technician")]
            }
            Kind::Equipment => vec![
                (self.found(&self.internal, &serial_key(value(Field::Internal)), any), "the connector's own number"),
                (self.found(&self.serial, &serial_key(value(Field::Serial)), any), "same serial number"),
            ],
        };
        for (found, evidence) in steps {
            match found[..] {
                [] => {}
                [row] => return Match::One(row.id, evidence),
                _ => {
                    let names: Vec<String> = found.iter().map(|row| row.name()).collect();
                    let reason = format!("it may be {} ({evidence})", names.join(" or "));
                    return Match::Unclear("ambiguous", reason, found.iter().map(|row| row.id).collect());
                }
            }
        }
        if let Some(unclear) = self.refused(projected) {
            return unclear;
        }
        Match::New
    }

    /// Why no row may be made for a record, though none is the same.
    pub(super) fn refused(&self, projected: &Projected) -> Option<Match> {
        let value = |field: Field| projected.values.get(&field).map_or("", String::as_str);
        if !self.kind.is_account() {
            return None;
        }
        if let Some((rows, reason)) = self.mail_taken(value(Field::Mail), None) {
            return Some(Match::Unclear("mail-taken", reason, rows));
        }
        self.login_taken(value(Field::Login)).then(|| {
            let reason = format!("somebody else's login is “{}” in GestSup", value(Field::Login));
            Match::Unclear("login-taken", reason, Vec::new())
        })
    }
}
