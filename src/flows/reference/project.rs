//! Pure: a record of Gestan as GestSup is to show it.

use super::record::{Field, Projected, Values};
use crate::config::Reference;
use crate::model::{Address, Client, Contact, Machine, User};

/// `tassets_state`: installed.
const INSTALLED: &str = "2";
/// `tusers.profile` of a row that nobody logs in with.
const USER: &str = "2";

fn values(pairs: impl IntoIterator<Item = (Field, String)>) -> Values {
    pairs.into_iter().collect()
}

fn flag(set: bool) -> String {
    if set { "1" } else { "0" }.to_owned()
}

fn line(address: &Address, index: usize) -> String {
    address.lines.get(index).cloned().unwrap_or_default()
}

pub(super) fn client(lead: &Client, members: &[i64]) -> Projected {
    let key = lead.id.to_string();
    Projected {
        aliases: members.iter().map(i64::to_string).filter(|alias| *alias != key).collect(),
        key,
        name: lead.name.clone(),
        values: values([
            (Field::Name, lead.name.clone()),
            (Field::Address, lead.address.lines.join(", ")),
            (Field::Zip, lead.address.zip.clone()),
            (Field::City, lead.address.city.clone()),
            (Field::Country, lead.address.country.clone()),
            (Field::Siret, lead.siret.clone()),
            (Field::Vat, lead.vat.clone()),
            (Field::Comment, lead.comment.clone()),
            (Field::Disabled, flag(lead.archived)),
        ]),
        of_company: None,
        waits: (lead.name.is_empty() && !lead.archived)
            .then(|| ("no-name", "it has no name in Gestan: give it one there".to_owned())),
        note: None,
    }
}

/// A login or another text from a template.
fn filled(template: &str, pairs: &[(&str, &str)]) -> String {
    let text = pairs.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value));
    text.trim().to_lowercase()
}

pub(super) fn contact(settings: &Reference, contact: &Contact, company: Result<i64, String>) -> Projected {
    let (first, last) = match contact.last_name.is_empty() {
        // GestSup does not list people without a family name.
        true => ("", contact.first_name.as_str()),
        false => (contact.first_name.as_str(), contact.last_name.as_str()),
    };
    let id = contact.id.to_string();
    let login = filled(
        &settings.contact_login,
        &[("{mail}", &contact.mail), ("{first_name}", first), ("{last_name}", last), ("{id}", &id)],
    );
    let (company, waits) = match company {
        Ok(company) => (company.to_string(), None),
        Err(reason) => (String::new(), Some(("client-waits", reason))),
    };
    Projected {
        key: id,
        aliases: Vec::new(),
        name: format!("{first} {last}").trim().to_owned(),
        values: values([
            (Field::FirstName, first.to_owned()),
            (Field::LastName, last.to_owned()),
            (Field::Mail, contact.mail.clone()),
            (Field::Phone, contact.phone.clone()),
            (Field::Mobile, contact.mobile.clone()),
            (Field::Function, contact.function.clone()),
            (Field::Company, company),
            (Field::Address1, line(&contact.address, 0)),
            (Field::Address2, line(&contact.address, 1)),
            (Field::Zip, contact.address.zip.clone()),
            (Field::City, contact.address.city.clone()),
            (Field::Login, login),
            (Field::Profile, settings.contact_profile.level().to_string()),
            (Field::Disabled, flag(contact.archived)),
        ]),
        of_company: None,
        waits: waits.filter(|_| !contact.archived),
        note: None,
    }
}

/// The row that owns the equipment of a client without contact persons.
pub(super) fn owner(client: &Client, company: i64, needed: bool) -> Projected {
    Projected {
        key: client.id.to_string(),
        aliases: Vec::new(),
        name: format!("Parc {}", client.name),
        values: values([
            (Field::LastName, format!("Parc {}", client.name)),
            (Field::Company, company.to_string()),
            (Field::Profile, USER.to_owned()),
            (Field::Disabled, flag(!needed)),
        ]),
        of_company: None,
        waits: None,
        note: None,
    }
}

/// A Gestan user, with the company that its own contact is in GestSup; `None`: no account is to be made or touched.
pub(super) fn technician(settings: &Reference, user: &User, company: Option<i64>) -> Option<Projected> {
    let role = settings.role_of(&user.code).level()?;
    let mail = user.mails.first().cloned().unwrap_or_default();
    let named = !user.first_name.is_empty() || !user.last_name.is_empty();
    let (first, last) = match (user.last_name.is_empty(), named) {
        (false, _) => (user.first_name.as_str(), user.last_name.as_str()),
        (true, true) => ("", user.first_name.as_str()),
        (true, false) => ("", user.code.as_str()),
    };
    let login = filled(
        &settings.technician_login,
        &[("{code}", &user.code), ("{mail}", &mail), ("{first_name}", first), ("{last_name}", last)],
    );
    Some(Projected {
        key: user.code.clone(),
        aliases: Vec::new(),
        name: format!("{first} {last}").trim().to_owned(),
        values: values([
            (Field::FirstName, first.to_owned()),
            (Field::LastName, last.to_owned()),
            (Field::Mail, mail),
            (Field::Phone, user.phone.clone()),
            (Field::Mobile, user.mobile.clone()),
            (Field::Function, user.function.clone()),
            (Field::Company, company.map(|company| company.to_string()).unwrap_or_default()),
            (Field::Login, login),
            (Field::Profile, role.to_string()),
            (Field::Disabled, flag(user.archived)),
        ]),
        of_company: None,
        waits: None,
        note: None,
    })
}

pub(super) fn machine(
    settings: &Reference,
    machine: &Machine,
    shares_serial: bool,
    owner: Result<i64, String>,
    of_company: Option<i64>,
) -> Projected {
    let names = [machine.label.trim(), machine.code.trim()];
    let name = names.into_iter().find(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("Machine {}", machine.id), str::to_owned);
    let (owner, waits) = match owner {
        Ok(owner) => (owner.to_string(), None),
        Err(reason) => (String::new(), Some(("client-waits", reason))),
    };
    let date = |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let prefix = &settings.internal_prefix;
    let internal = if prefix.is_empty() { String::new() } else { format!("{prefix}{}", machine.id) };
    Projected {
        key: machine.id.to_string(),
        aliases: Vec::new(),
        values: values([
            (Field::Name, name.clone()),
            (Field::Serial, if shares_serial { String::new() } else { machine.serial.trim().to_owned() }),
            (Field::Internal, internal),
            (Field::Type, machine.kind.clone()),
            (Field::Manufacturer, machine.brand.clone()),
            (Field::Model, machine.model.clone()),
            (Field::Owner, owner),
            (Field::State, INSTALLED.to_owned()),
            (Field::Installed, date(machine.installed)),
            (Field::Warranty, date(machine.warranty_until)),
            (Field::Disabled, flag(machine.archived)),
        ]),
        name,
        of_company,
        waits: waits.filter(|_| !machine.archived),
        note: shares_serial.then(|| {
            format!(
                "its serial number “{}” is left out: an older machine in Gestan has the same",
                machine.serial.trim()
            )
        }),
    }
}
