//! Which record of Gestan a client, technician or piece of equipment of GestSup is: the operator's
//! table first, then what the reference flow linked, then the one record that a person would take for the same.

use super::fold::fold;
use crate::config::{GestanKey, Matching, ProjectKey};
use crate::model::{Away, Client, Company, Contract, Equipment, Machine, Person, User};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;

/// The outcome of a search in Gestan's catalogues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// Exactly one record; how it was found, in words.
    One(T, &'static str),
    /// None.
    Nothing,
    /// Several: their names, for the message. They are never guessed between.
    Several(Vec<String>),
}

/// Gestan's clients, machines and users, indexed by what GestSup knows of them.
#[derive(Debug, Default)]
pub struct Directory {
    clients: Index<i64>,
    machines: Index<i64>,
    users: Index<String>,
    products: Option<HashMap<String, bool>>,
    contracts: Vec<Contract>,
    /// What the reference flow linked: GestSup's companies, equipment and people by id.
    linked_clients: HashMap<i64, i64>,
    linked_machines: HashMap<i64, i64>,
    linked_users: HashMap<i64, String>,
    linked_projects: HashMap<i64, ProjectKey>,
    /// When users are absent, by code.
    away: HashMap<String, Vec<Away>>,
}

/// How a record was found that the reference flow linked.
pub(super) const LINKED: &str = "linked by the reference flow";

/// What Gestan's catalogue says of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// It is there.
    Sold,
    /// It is there and no longer for sale (`IHORSCATALOGUE`).
    OutOfCatalogue,
    /// It is not there.
    Missing,
    /// The catalogue was not read.
    Unknown,
}

#[derive(Debug)]
struct Index<K> {
    names: HashMap<K, String>,
    by_name: HashMap<String, Vec<K>>,
    by_mail: HashMap<String, Vec<K>>,
    by_code: HashMap<String, Vec<K>>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self { names: HashMap::new(), by_name: HashMap::new(), by_mail: HashMap::new(), by_code: HashMap::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash> Index<K> {
    fn add(map: &mut HashMap<String, Vec<K>>, key: String, record: &K) {
        if key.is_empty() {
            return;
        }
        let records = map.entry(key).or_default();
        if !records.contains(record) {
            records.push(record.clone());
        }
    }

    fn find(&self, map: &HashMap<String, Vec<K>>, key: &str, how: &'static str) -> Found<K> {
        match map.get(key).map(Vec::as_slice) {
            None | Some([]) => Found::Nothing,
            Some([one]) => Found::One(one.clone(), how),
            Some(several) => {
                Found::Several(several.iter().filter_map(|record| self.names.get(record).cloned()).collect())
            }
        }
    }
}

impl<T> Found<T> {
    /// This outcome, unless it is nothing: then the other's.
    fn or(self, other: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::Nothing) { other() } else { self }
    }
}

fn mail_key(mail: &str) -> String {
    mail.trim().to_lowercase()
}

/// Serial numbers are written with and without blanks and dashes.
fn serial_key(serial: &str) -> String {
    serial.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

impl Directory {
    /// Indexes the catalogues. Archived records are left out: nothing new is made for them.
    pub fn new(clients: &[Client], machines: &[Machine], users: &[User]) -> Self {
        let mut this = Self::default();
        for client in clients.iter().filter(|client| !client.archived) {
            let index = &mut this.clients;
            index.names.insert(client.id, format!("{} (n°{})", client.name, client.id));
            Index::add(&mut index.by_name, fold(&client.name), &client.id);
            for mail in &client.mails {
                Index::add(&mut index.by_mail, mail_key(mail), &client.id);
            }
        }
        for machine in machines.iter().filter(|machine| !machine.archived) {
            let index = &mut this.machines;
            index.names.insert(machine.id, format!("{} (n°{})", machine.label, machine.id));
            Index::add(&mut index.by_code, serial_key(&machine.serial), &machine.id);
            Index::add(&mut index.by_code, serial_key(&machine.code), &machine.id);
        }
        for user in users.iter().filter(|user| !user.archived) {
            let index = &mut this.users;
            index.names.insert(user.code.clone(), format!("{} ({})", user.name, user.code));
            Index::add(&mut index.by_name, fold(&user.name), &user.code);
            Index::add(&mut index.by_code, user.code.to_uppercase(), &user.code);
            for mail in &user.mails {
                Index::add(&mut index.by_mail, mail_key(mail), &user.code);
            }
        }
        this
    }

    /// Adds what is linked for certain: `tcompany`, `tassets` and `tusers` ids.
    #[must_use]
    pub fn with_links(
        mut self,
        clients: HashMap<i64, i64>,
        machines: HashMap<i64, i64>,
        users: HashMap<i64, String>,
    ) -> Self {
        (self.linked_clients, self.linked_machines, self.linked_users) = (clients, machines, users);
        self
    }

    /// Adds the projects that are linked: `tprojects` ids.
    #[must_use]
    pub fn with_projects(mut self, projects: HashMap<i64, ProjectKey>) -> Self {
        self.linked_projects = projects;
        self
    }

    /// Project and task of Gestan behind a project of GestSup.
    pub fn project(&self, id: i64) -> Option<ProjectKey> {
        self.linked_projects.get(&id).copied()
    }

    /// Adds when users are absent.
    #[must_use]
    pub fn with_absences(mut self, absences: Vec<Away>) -> Self {
        for away in absences {
            self.away.entry(away.user.to_uppercase()).or_default().push(away);
        }
        self
    }

    /// A time when a user is absent between `start` and `end`, the first if there are several.
    pub fn away(&self, code: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> Option<&Away> {
        let of_user = self.away.get(&code.to_uppercase())?;
        // An appointment without length is at that moment.
        let end = end.max(start + chrono::Duration::seconds(1));
        of_user.iter().filter(|away| away.from < end && start < away.until).min_by_key(|away| away.from)
    }

    /// The linked record, unless it is archived: nothing new is made for such a one.
    fn by_link<K: Clone + Eq + std::hash::Hash>(index: &Index<K>, links: &HashMap<i64, K>, id: i64) -> Found<K> {
        let linked = links.get(&id).filter(|key| index.names.contains_key(key));
        linked.map_or(Found::Nothing, |key| Found::One(key.clone(), LINKED))
    }

    /// Adds the catalogue of products, which only rules about billing need.
    #[must_use]
    pub fn with_products(mut self, products: &[crate::model::Product]) -> Self {
        let sold = products.iter().map(|product| (product.code.to_lowercase(), !product.out_of_catalogue));
        self.products = Some(sold.collect());
        self
    }

    /// Adds the maintenance contracts that run.
    #[must_use]
    pub fn with_contracts(mut self, mut contracts: Vec<Contract>) -> Self {
        // A contract for one machine says more than one for all of a client.
        contracts
            .sort_by(|one, other| (one.machine.is_none(), &one.number).cmp(&(other.machine.is_none(), &other.number)));
        self.contracts = contracts;
        self
    }

    /// What the catalogue says of a product code. The base compares codes without case.
    pub fn product(&self, code: &str) -> Product {
        let Some(products) = &self.products else { return Product::Unknown };
        match products.get(&code.to_lowercase()) {
            Some(true) => Product::Sold,
            Some(false) => Product::OutOfCatalogue,
            None => Product::Missing,
        }
    }

    /// The maintenance contract that covers work for a client, on a machine, asked for at a time. Of
    /// several: one for the machine, then the first by number.
    pub fn contract(&self, client: i64, machine: Option<i64>, at: DateTime<Utc>, zone: Tz) -> Option<&Contract> {
        let day = at.with_timezone(&zone).date_naive();
        self.contracts.iter().find(|contract| {
            let runs = contract.from.is_none_or(|from| from <= day) && contract.until.is_none_or(|until| day <= until);
            runs && contract.client == client && contract.machine.is_none_or(|covered| machine == Some(covered))
        })
    }

    /// The client of Gestan (`CONTACT.IDCONTACT`) behind a GestSup company, or else behind the mail
    /// address of a requester without company.
    pub fn client(&self, rules: &Matching, company: Option<&Company>, requester: Option<&Person>) -> Found<i64> {
        let listed = company.and_then(|company| number_in_table(rules, &company.name));
        let searched = |enabled: bool| {
            if !enabled {
                return Found::Nothing;
            }
            let by_name = company.map_or(Found::Nothing, |company| {
                self.clients.find(&self.clients.by_name, &fold(&company.name), "client of the same name")
            });
            by_name.or(|| {
                requester.map_or(Found::Nothing, |person| {
                    self.clients.find(
                        &self.clients.by_mail,
                        &mail_key(&person.mail),
                        "client with the requester's mail",
                    )
                })
            })
        };
        let linked =
            || company.map_or(Found::Nothing, |company| Self::by_link(&self.clients, &self.linked_clients, company.id));
        listed
            .map_or(Found::Nothing, |id| Found::One(id, "[mapping.clients.table]"))
            .or(linked)
            .or(|| searched(rules.search))
    }

    /// The machine of Gestan (`MACHINE_MNT.IDMACHINE`) behind a GestSup asset.
    pub fn machine(&self, rules: &Matching, equipment: &Equipment) -> Found<i64> {
        if let Some(id) = number_in_table(rules, &equipment.name) {
            return Found::One(id, "[mapping.equipment.table]");
        }
        let linked = Self::by_link(&self.machines, &self.linked_machines, equipment.id);
        if linked != Found::Nothing {
            return linked;
        }
        if !rules.search {
            return Found::Nothing;
        }
        let find = |serial: &str, how| self.machines.find(&self.machines.by_code, &serial_key(serial), how);
        find(&equipment.serial, "machine with the manufacturer's serial number")
            .or(|| find(&equipment.internal_serial, "machine with the internal serial number"))
    }

    /// The Gestan user (`USER.CDUSER`) behind a GestSup technician.
    pub fn technician(&self, rules: &Matching, person: &Person) -> Found<String> {
        if let Some(key) = in_table(rules, &person.login) {
            let code = match key {
                GestanKey::Code(code) => code.clone(),
                GestanKey::Number(number) => number.to_string(),
            };
            return Found::One(code, "[mapping.technicians.table]");
        }
        let linked = Self::by_link(&self.users, &self.linked_users, person.id);
        if linked != Found::Nothing {
            return linked;
        }
        if !rules.search {
            return Found::Nothing;
        }
        let users = &self.users;
        users
            .find(&users.by_code, &person.login.to_uppercase(), "Gestan user whose code is the login")
            .or(|| users.find(&users.by_mail, &mail_key(&person.mail), "Gestan user with the same mail"))
            .or(|| users.find(&users.by_name, &fold(&person.display_name()), "Gestan user of the same name"))
    }

    /// Name of a client, for people.
    pub fn client_name(&self, id: i64) -> Option<&str> {
        self.clients.names.get(&id).map(String::as_str)
    }
}

fn in_table<'a>(rules: &'a Matching, name: &str) -> Option<&'a GestanKey> {
    rules.table.get(name).or_else(|| {
        let folded = fold(name);
        rules.table.iter().find(|(listed, _)| fold(listed) == folded).map(|(_, key)| key)
    })
}

fn number_in_table(rules: &Matching, name: &str) -> Option<i64> {
    match in_table(rules, name)? {
        GestanKey::Number(number) => Some(*number),
        GestanKey::Code(code) => code.trim().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Role;
    use std::collections::BTreeMap;

    fn client(id: i64, name: &str, mail: &str) -> Client {
        Client { id, name: name.into(), mails: vec![mail.into()], archived: false, ..Client::default() }
    }

    fn company(name: &str) -> Company {
        Company { id: 1, name: name.into() }
    }

    fn person(login: &str, mail: &str) -> Person {
        Person {
            id: 9,
            login: login.into(),
            first_name: "Zoé".into(),
            last_name: "Petit".into(),
            mail: mail.into(),
            role: Role::Technician,
            company: None,
            disabled: false,
        }
    }

    #[test]
    fn a_client_is_found_by_table_then_name_then_mail() {
        let directory = Directory::new(&[client(1, "Garage Léon SARL", "x@leon.fr"), client(2, "Autre", "")], &[], &[]);
        let mut rules = Matching::default();
        let by_name = directory.client(&rules, Some(&company("GARAGE LEON")), None);
        assert_eq!(by_name, Found::One(1, "client of the same name"));
        let by_mail = directory.client(&rules, None, Some(&person("a", "X@Leon.fr")));
        assert_eq!(by_mail, Found::One(1, "client with the requester's mail"));
        rules.table = BTreeMap::from([("Garage Léon".to_owned(), GestanKey::Number(2))]);
        let by_table = directory.client(&rules, Some(&company("garage leon")), None);
        assert_eq!(by_table, Found::One(2, "[mapping.clients.table]"));
    }

    #[test]
    fn what_the_reference_flow_linked_comes_after_the_table_and_before_any_search() {
        let mut gone = client(3, "Vieux", "");
        gone.archived = true;
        let clients = [client(1, "Dupont", ""), client(2, "DUPONT", ""), gone];
        let links = |id| HashMap::from([(1, id)]);
        let linked = |id| Directory::new(&clients, &[], &[]).with_links(links(id), HashMap::new(), HashMap::new());
        let mut rules = Matching::default();
        assert_eq!(linked(2).client(&rules, Some(&company("Dupont")), None), Found::One(2, LINKED));
        assert!(matches!(linked(3).client(&rules, Some(&company("Dupont")), None), Found::Several(_)), "archived");
        rules.table = BTreeMap::from([("Dupont".to_owned(), GestanKey::Number(1))]);
        let found = linked(2).client(&rules, Some(&company("Dupont")), None);
        assert_eq!(found, Found::One(1, "[mapping.clients.table]"));
    }

    #[test]
    fn two_clients_of_one_name_are_never_guessed_between() {
        let directory = Directory::new(&[client(1, "Dupont", ""), client(2, "DUPONT", "")], &[], &[]);
        let found = directory.client(&Matching::default(), Some(&company("Dupont")), None);
        assert_eq!(found, Found::Several(vec!["Dupont (n°1)".into(), "DUPONT (n°2)".into()]));
    }

    #[test]
    fn an_archived_client_is_not_found() {
        let mut archived = client(1, "Dupont", "");
        archived.archived = true;
        let directory = Directory::new(&[archived], &[], &[]);
        assert_eq!(directory.client(&Matching::default(), Some(&company("Dupont")), None), Found::Nothing);
    }

    #[test]
    fn a_machine_is_found_by_its_serial_number_however_it_is_written() {
        let machine = Machine {
            id: 5,
            code: "M-5".into(),
            label: "Serveur".into(),
            serial: "CZ 1234-AB".into(),
            client: None,
            archived: false,
            ..Machine::default()
        };
        let directory = Directory::new(&[], &[machine], &[]);
        let asset = Equipment { id: 1, name: "SRV".into(), serial: "cz1234ab".into(), internal_serial: String::new() };
        let found = directory.machine(&Matching::default(), &asset);
        assert_eq!(found, Found::One(5, "machine with the manufacturer's serial number"));
    }

    #[test]
    fn equipment_without_serial_number_matches_nothing() {
        let machine = Machine {
            id: 5,
            code: String::new(),
            label: String::new(),
            serial: String::new(),
            client: None,
            archived: false,
            ..Machine::default()
        };
        let directory = Directory::new(&[], &[machine], &[]);
        let asset = Equipment { id: 1, name: "SRV".into(), serial: String::new(), internal_serial: " ".into() };
        assert_eq!(directory.machine(&Matching::default(), &asset), Found::Nothing);
    }

    #[test]
    fn a_technician_is_found_by_login_then_mail_then_name() {
        let user = |code: &str, name: &str, mail: &str| User {
            code: code.into(),
            name: name.into(),
            mails: vec![mail.into()],
            archived: false,
            ..User::default()
        };
        let directory =
            Directory::new(&[], &[], &[user("ZPE", "Zoé Petit", "z@sav.fr"), user("LEO", "Léo Roy", "l@sav.fr")]);
        let rules = Matching::default();
        let found = |login: &str, mail: &str| directory.technician(&rules, &person(login, mail));
        assert_eq!(found("leo", ""), Found::One("LEO".into(), "Gestan user whose code is the login"));
        assert_eq!(found("x", "Z@SAV.fr"), Found::One("ZPE".into(), "Gestan user with the same mail"));
        assert_eq!(found("x", ""), Found::One("ZPE".into(), "Gestan user of the same name"));
    }
}
