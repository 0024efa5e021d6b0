//! Clients and their contact persons. Both are rows of CONTACT: a row counts as a client as the configuration
//! says, and is a person too where it has a person's name. What belongs to the company is in SOCIETE.

use super::base::{Column, Condition, Row, Select, SqlValue};
use super::lists::{Paging, Record, flag, key, not_empty, trimmed};
use super::memo::Memo;
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::{Client, Contact, Page};
use crate::model::Address;
use std::collections::{BTreeSet, HashMap};

/// Columns of SOCIETE that say more of a client.
const COMPANY: [Column; 8] = [
    Column::int("IDSOCIETE"),
    Column::text("RAISON_SOCIALE"),
    Column::text("ADRESSEP1"),
    Column::text("ADRESSEP2"),
    Column::text("CPOSTALP"),
    Column::text("VILLEP"),
    Column::text("CDPAYSP"),
    Column::text("SIRET"),
];
const VAT: Column = Column::text("NUM_TVA");

/// A row of CONTACT.
pub(super) struct AContact;

impl Record for AContact {
    const TABLE: &'static str = "CONTACT";
    const KEY: Column = Column::int("IDCONTACT");
    // PASSWORD is not among them.
    const COLUMNS: &'static [Column] = &[
        Column::text("RAISON_SOCIALE"),
        Column::text("NOMFAMILLE"),
        Column::text("PRENOM"),
        Column::text("EMAILP"),
        Column::text("EMAIL"),
        Column::int("IARCHIVE"),
        Column::int("ICLTPRO"),
        Column::int("IDSOCIETE"),
        Column::int("CTG_CONTACT"),
        Column::int("ID2TYP_CLIENT"),
        Column::int("ID2GENRE_CONTACT"),
        Column::text("ADRESSE1"),
        Column::text("ADRESSE2"),
        Column::text("CPOSTAL"),
        Column::text("VILLE"),
        Column::text("CDPAYS"),
        Column::text("ADRESSEP1"),
        Column::text("ADRESSEP2"),
        Column::text("CPOSTALP"),
        Column::text("VILLEP"),
        Column::text("CDPAYSP"),
        Column::text("TEL1"),
        Column::text("TEL2"),
        Column::text("TEL3"),
        Column::text("TELP1"),
        Column::text("TELP2"),
        Column::text("TELP3"),
        Column::text("FONCTION_PRO"),
        Column::text("COMMENTAIRE"),
        Column::text("LOGIN"),
    ];

    fn read(_: &Row) -> Self {
        Self
    }
}

fn address(row: &Row, business: bool) -> Address {
    let [first, second, zip, city, country] = match business {
        true => ["ADRESSEP1", "ADRESSEP2", "CPOSTALP", "VILLEP", "CDPAYSP"],
        false => ["ADRESSE1", "ADRESSE2", "CPOSTAL", "VILLE", "CDPAYS"],
    };
    Address {
        lines: not_empty([row.text(first), row.text(second)]),
        zip: trimmed(row, zip),
        city: trimmed(row, city),
        country: trimmed(row, country),
    }
}

/// A client's address: the one that `ICLTPRO` says, the company's where a business client has none of its own.
fn address_of(row: &Row, company: Option<&Row>) -> Address {
    let business = flag(row, "ICLTPRO");
    let own = address(row, business);
    match company {
        Some(company) if business && own.is_empty() => address(company, true),
        _ => own,
    }
}

pub(super) fn client(row: &Row, company: Option<&Row>, user: Option<String>) -> Client {
    let person = format!("{} {}", row.text("PRENOM"), row.text("NOMFAMILLE"));
    let of_company = company.filter(|_| flag(row, "ICLTPRO")).map(|company| trimmed(company, "RAISON_SOCIALE"));
    let names = [trimmed(row, "RAISON_SOCIALE"), of_company.unwrap_or_default(), person.trim().to_owned()];
    let text = |column: &str| company.map(|company| trimmed(company, column)).unwrap_or_default();
    Client {
        id: row.int("IDCONTACT").unwrap_or(0),
        name: names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        mails: not_empty([row.text("EMAILP"), row.text("EMAIL")]),
        archived: flag(row, "IARCHIVE"),
        company: key(row.int("IDSOCIETE")),
        address: address_of(row, company),
        siret: text("SIRET"),
        vat: text("NUM_TVA"),
        comment: Memo::parse(row.text("COMMENTAIRE")).visible_text().trim().to_owned(),
        user,
    }
}

/// Whether a French mobile number, however it is written.
fn is_mobile(number: &str) -> bool {
    let digits: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let national = digits.strip_prefix("+33").or_else(|| digits.strip_prefix("0033")).unwrap_or(&digits);
    let national = national.trim_start_matches('0');
    national.len() == 9 && (national.starts_with('6') || national.starts_with('7'))
}

/// The person that a row of CONTACT is, if it is one.
fn contact(row: &Row, company: Option<&Row>) -> Option<Contact> {
    let (first_name, last_name) = (trimmed(row, "PRENOM"), trimmed(row, "NOMFAMILLE"));
    if first_name.is_empty() && last_name.is_empty() {
        return None;
    }
    let business = flag(row, "ICLTPRO");
    let mails = match business {
        true => not_empty([row.text("EMAILP"), row.text("EMAIL")]),
        false => not_empty([row.text("EMAIL"), row.text("EMAILP")]),
    };
    let own = ["TEL1", "TEL2", "TEL3"];
    let professional = ["TELP1", "TELP2", "TELP3"];
    let columns = if business { [professional, own] } else { [own, professional] };
    let phones = not_empty(columns.iter().flatten().map(|column| row.text(column)));
    let first = |mobile: bool| phones.iter().find(|phone| is_mobile(phone) == mobile).cloned().unwrap_or_default();
    Some(Contact {
        id: row.int("IDCONTACT").unwrap_or(0),
        company: key(row.int("IDSOCIETE")),
        first_name,
        last_name,
        mail: mails.into_iter().next().unwrap_or_default(),
        phone: first(false),
        mobile: first(true),
        function: trimmed(row, "FONCTION_PRO"),
        address: address_of(row, company),
        archived: flag(row, "IARCHIVE"),
    })
}

impl Gateway {
    /// Whether a row counts as a client's (`[gateway.clients]`).
    fn is_client(&self, row: &Row) -> bool {
        let rules = &self.clients;
        let among =
            |codes: &[i64], column: &str| codes.is_empty() || row.int(column).is_some_and(|code| codes.contains(&code));
        among(&rules.groups, "CTG_CONTACT")
            && among(&rules.types, "ID2TYP_CLIENT")
            && among(&rules.genres, "ID2GENRE_CONTACT")
            && !row.int("CTG_CONTACT").is_some_and(|code| rules.except_groups.contains(&code))
    }

    pub(super) async fn companies(
        &self,
        catalogue: &Catalogue,
        rows: &[Row],
    ) -> Result<HashMap<i64, Row>, GatewayFault> {
        let wanted: BTreeSet<i64> = rows.iter().filter_map(|row| key(row.int("IDSOCIETE"))).collect();
        if wanted.is_empty() || !has(catalogue, "SOCIETE", "IDSOCIETE") {
            return Ok(HashMap::new());
        }
        let known = COMPANY.into_iter().chain([VAT]).filter(|column| has(catalogue, "SOCIETE", column.name));
        let columns: Vec<Column> = known.collect();
        let keys = wanted.into_iter().map(SqlValue::Int).collect();
        let select = Select::new("SOCIETE", &columns, vec![Condition::In("IDSOCIETE", keys)]);
        let found = self.base.begin().await?.select(&select).await?;
        Ok(found.into_iter().filter_map(|row| Some((row.int("IDSOCIETE")?, row))).collect())
    }

    /// Rows of CONTACT that count, page after page; `read` may leave some out.
    async fn contact_page<T>(
        &self,
        paging: &Paging,
        read: impl Fn(&Row, Option<&Row>, Option<&String>) -> Option<T>,
    ) -> Result<Page<T>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut paging = paging.clone();
        loop {
            let (rows, next) = self.rows_of::<AContact>(&catalogue, &paging).await?;
            let companies = self.companies(&catalogue, &rows).await?;
            let company = |row: &Row| key(row.int("IDSOCIETE")).and_then(|id| companies.get(&id));
            let users = self.users_of(&catalogue, &rows).await?;
            let user = |row: &Row| users.get(&row.int("IDCONTACT")?);
            let counted = rows.iter().filter(|row| user(row).is_some() || self.is_client(row));
            let items: Vec<T> = counted.filter_map(|row| read(row, company(row), user(row))).collect();
            // A page without records would look like the last one.
            if next.is_none() || !items.is_empty() {
                return Ok(Page { items, next });
            }
            paging.cursor = next;
        }
    }

    /// Contacts that count as clients, archived ones included, and users' own.
    ///
    /// # Errors
    /// When the base does not answer.
    pub async fn clients(&self, paging: &Paging) -> Result<Page<Client>, GatewayFault> {
        self.contact_page(paging, |row, company, user| Some(client(row, company, user.cloned()))).await
    }

    /// Persons among the contacts that count as clients, archived ones included.
    ///
    /// # Errors
    /// When the base does not answer.
    pub async fn contacts(&self, paging: &Paging) -> Result<Page<Contact>, GatewayFault> {
        // Users are people of GestSup already: their contacts are clients, and no second accounts.
        self.contact_page(paging, |row, company, user| if user.is_some() { None } else { contact(row, company) }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_are_told_from_others_however_they_are_written() {
        for number in ["06 12 34 56 78", "0712345678", "+33 6 12 34 56 78", "0033612345678", "+33 (0)6 12 34 56 78"] {
            assert!(is_mobile(number), "{number}");
        }
        for number in ["01 23 45 67 89", "+33 1 23 45 67 89", "0800 800 800", "", "+32 6 123"] {
            assert!(!is_mobile(number), "{number}");
        }
    }
}
