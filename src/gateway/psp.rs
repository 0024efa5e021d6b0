//! Each user's own contact in Gestan, of the category for partners and providers (PSP): found by its login, which is the
//! user's code. It is the only row of CONTACT that is ever added, and only where the administrator grants it.

use super::base::{Column, Condition, Insert, Row, Select, SqlValue, Transaction, Update};
use super::clients::{AContact, client};
use super::columns::Values;
use super::extension::not_installed;
use super::lists::{Record, columns_of, flag, key, trimmed};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::failpoint::reached;
use crate::gestan::contract::{Client, PspMode, User};
use std::collections::{BTreeSet, HashMap};

const LOGIN: &str = "LOGIN";
const CATEGORY: &str = "CTG_CONTACT";

impl Gateway {
    /// What is done about users' contacts here.
    pub(super) fn psp_mode(&self, catalogue: &Catalogue) -> PspMode {
        match &self.psp {
            Some(psp) if has(catalogue, "CONTACT", LOGIN) && has(catalogue, "CONTACT", CATEGORY) => match psp.create {
                true => PspMode::Create,
                false => PspMode::Find,
            },
            _ => PspMode::Off,
        }
    }

    /// Of rows of CONTACT those that are a user's own: its code by `IDCONTACT`.
    pub(super) async fn users_of(
        &self,
        catalogue: &Catalogue,
        rows: &[Row],
    ) -> Result<HashMap<i64, String>, GatewayFault> {
        let Some(psp) = &self.psp else { return Ok(HashMap::new()) };
        let own = rows.iter().filter(|row| row.int(CATEGORY) == Some(psp.group) && !row.text(LOGIN).trim().is_empty());
        let logins: Vec<(i64, String)> =
            own.filter_map(|row| Some((row.int("IDCONTACT")?, row.text(LOGIN).trim().to_uppercase()))).collect();
        if logins.is_empty() || !has(catalogue, "USER", "CDUSER") {
            return Ok(HashMap::new());
        }
        let wanted: BTreeSet<&String> = logins.iter().map(|(_, login)| login).collect();
        let wanted = wanted.into_iter().map(|login| SqlValue::Text(login.clone())).collect();
        let select = Select::new("USER", &[Column::text("CDUSER")], vec![Condition::In("CDUSER", wanted)]);
        let users = self.base.begin().await?.select(&select).await?;
        let codes: HashMap<String, String> =
            users.iter().map(|row| (row.text("CDUSER").trim().to_uppercase(), trimmed(row, "CDUSER"))).collect();
        Ok(logins.into_iter().filter_map(|(id, login)| Some((id, codes.get(&login)?.clone()))).collect())
    }

    /// The contact of a user: found, or made where `[gateway.psp] create` grants it. Says whether it was made.
    ///
    /// # Errors
    /// When there is no such user, no such contact and none may be made, or the base does not answer.
    pub async fn psp_contact(&self, code: &str) -> Result<(Client, bool), GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mode = self.psp_mode(&catalogue);
        let Some(psp) = self.psp.as_ref().filter(|_| mode != PspMode::Off) else {
            return Err(GatewayFault::Unsupported(
                "which contacts are users' own is not known here: set [gateway.psp] group beside Gestan".to_owned(),
            ));
        };
        let mut transaction = self.base.begin().await?;
        let user = self.user(&catalogue, transaction.as_mut(), code).await?;
        if let Some(row) = self.own_contact(&catalogue, transaction.as_mut(), &user.code, psp.group).await? {
            return Ok((self.as_client(&catalogue, &row, user.code).await?, false));
        }
        if mode != PspMode::Create || user.archived {
            return Err(GatewayFault::NotGranted(format!(
                "user {} has no contact of category {} whose login is {0}, and the gateway may not make one: create it in Gestan, or set [gateway.psp] create = true",
                user.code, psp.group
            )));
        }
        // Another one may be making it: what it wrote is seen by a transaction that begins with its lock.
        drop(transaction);
        let mut transaction = self.base.begin().await?;
        let link = format!("psp:{}", user.code);
        let before = self.extension.psp_of(transaction.as_mut(), &link).await?;
        if let Some(row) = self.own_contact(&catalogue, transaction.as_mut(), &user.code, psp.group).await? {
            return Ok((self.as_client(&catalogue, &row, user.code).await?, false));
        }
        if let Some(id) = before.filter(|id| *id != 0) {
            let same =
                Select::new("CONTACT", &[AContact::KEY], vec![Condition::Equals("IDCONTACT", SqlValue::Int(id))]);
            if !transaction.select(&same).await?.is_empty() {
                return Err(GatewayFault::Linked(format!(
                    "contact {id} was made for user {} and no longer has its login or category: give them back in Gestan, or delete it",
                    user.code
                )));
            }
        }
        let values: Values = self
            .created(new_contact(&user, psp.group, psp.company))
            .into_iter()
            .filter(|(column, _)| has(&catalogue, "CONTACT", column))
            .collect();
        let made = transaction.insert(&Insert { table: "CONTACT".to_owned(), values, key: Some("IDCONTACT") }).await?;
        let id = match made {
            Some(id) => Some(id),
            None => self
                .own_contact(&catalogue, transaction.as_mut(), &user.code, psp.group)
                .await?
                .and_then(|row| row.int("IDCONTACT")),
        };
        self.extension.remember_psp(self, transaction.as_mut(), &link, id.unwrap_or(0), before.is_some()).await?;
        let row = self.own_contact(&catalogue, transaction.as_mut(), &user.code, psp.group).await?;
        let row = row.ok_or_else(|| GatewayFault::NotFound(format!("user {} has no contact", user.code)))?;
        reached("reference: contact added");
        transaction.commit().await?;
        reached("reference: contact committed");
        Ok((self.as_client(&catalogue, &row, user.code).await?, true))
    }

    async fn user(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        code: &str,
    ) -> Result<User, GatewayFault> {
        let columns = columns_of::<User>(catalogue);
        let by_code = vec![Condition::Equals("CDUSER", SqlValue::Text(code.to_owned()))];
        let rows = transaction.select(&Select::new(User::TABLE, &columns, by_code)).await?;
        let user = rows.first().map(User::read);
        user.ok_or_else(|| GatewayFault::NotFound(format!("Gestan has no user “{code}”")))
    }

    /// The contact whose login is a user's code; of several the oldest that is in use.
    async fn own_contact(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        code: &str,
        group: i64,
    ) -> Result<Option<Row>, GatewayFault> {
        let columns = columns_of::<AContact>(catalogue);
        let filter = vec![
            Condition::Equals(LOGIN, SqlValue::Text(code.to_owned())),
            Condition::Equals(CATEGORY, SqlValue::Int(group)),
        ];
        let rows = transaction.select(&Select::new("CONTACT", &columns, filter)).await?;
        Ok(rows.into_iter().min_by_key(|row| (flag(row, "IARCHIVE"), row.int("IDCONTACT"))))
    }

    async fn as_client(&self, catalogue: &Catalogue, row: &Row, user: String) -> Result<Client, GatewayFault> {
        let companies = self.companies(catalogue, std::slice::from_ref(row)).await?;
        let company = key(row.int("IDSOCIETE")).and_then(|id| companies.get(&id));
        Ok(client(row, company, Some(user)))
    }
}

/// What the contact of a user holds when it is made.
fn new_contact(user: &User, group: i64, company: Option<i64>) -> Values {
    let text = |text: &str| SqlValue::Text(text.to_owned());
    let last_name = [&user.last_name, &user.first_name, &user.code].into_iter().find(|name| !name.is_empty());
    let first_name = if user.last_name.is_empty() { "" } else { user.first_name.as_str() };
    vec![
        ("NOMFAMILLE", text(last_name.map_or("", String::as_str))),
        ("PRENOM", text(first_name)),
        ("RAISON_SOCIALE", text("")),
        (LOGIN, text(&user.code)),
        (CATEGORY, SqlValue::Int(group)),
        ("ICLTPRO", SqlValue::Int(1)),
        ("IARCHIVE", SqlValue::Int(0)),
        ("IDSOCIETE", company.map_or(SqlValue::Int(0), SqlValue::Int)),
        ("EMAILP", text(user.mails.first().map_or("", String::as_str))),
        ("TELP1", text(&user.phone)),
        ("TELP2", text(&user.mobile)),
        ("FONCTION_PRO", text(&user.function)),
    ]
}

impl super::extension::Extension {
    /// The contact that was made for a user, as the table of links has it.
    async fn psp_of(&self, transaction: &mut dyn Transaction, link: &str) -> Result<Option<i64>, GatewayFault> {
        let by_link = vec![Condition::Equals("CC_LINK", SqlValue::Text(link.to_owned()))];
        let select = Select { lock: true, ..Select::new(self.link_table(), &[Column::text("CLE_GESTAN")], by_link) };
        let rows = transaction.select(&select).await.map_err(not_installed)?;
        Ok(rows.first().map(|row| row.text("CLE_GESTAN").trim().parse().unwrap_or(0)))
    }

    /// Two that ask for the same user at once meet at the UNIQUE index of the links.
    async fn remember_psp(
        &self,
        gateway: &Gateway,
        transaction: &mut dyn Transaction,
        link: &str,
        contact: i64,
        known: bool,
    ) -> Result<(), GatewayFault> {
        let table = self.link_table().to_owned();
        let contact = ("CLE_GESTAN", SqlValue::Text(contact.to_string()));
        if known {
            let filter = vec![Condition::Equals("CC_LINK", SqlValue::Text(link.to_owned()))];
            transaction.update(&Update { table, values: gateway.modified(vec![contact]), filter }).await?;
        } else {
            let values = vec![
                ("CC_LINK", SqlValue::Text(link.to_owned())),
                ("GENRE", SqlValue::Text("psp".to_owned())),
                contact,
                ("CLE_GESTSUP", SqlValue::Text(String::new())),
            ];
            transaction
                .insert(&Insert { table, values: gateway.created(values), key: None })
                .await
                .map_err(not_installed)?;
        }
        Ok(())
    }
}
