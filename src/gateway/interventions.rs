//! One ticket's intervention: read, created, or brought to what a request asks for, in one transaction.

use super::base::{BaseError, Column, Condition, Insert, Row, Select, SqlValue, Transaction, Update};
use super::columns::{INTERVENTION, Z83, intervention_columns, z83_columns};
use super::extension::{StoredEntry, TicketLink};
use super::linking::no_intervention;
use super::memo::{Block, HEAD, Known, Memo, Placement};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::failpoint::reached;
use crate::gestan::contract::{EntryOutcome, EntryState, InterventionPut, InterventionState, Precondition, TicketKey};
use crate::model::{Entry, EntryMark, Field, Fields, Line, Status, Value, sha256_hex};
use std::collections::{BTreeMap, HashMap};

/// How often a transaction that gave way to another is tried.
const ATTEMPTS: u32 = 5;

/// What a transaction found.
pub(super) struct Found {
    link: TicketLink,
    pub(super) state: InterventionState,
    memo: Memo,
    stored: Vec<StoredEntry>,
    has_z83_row: bool,
}

impl Gateway {
    /// What Gestan holds under a key.
    ///
    /// # Errors
    /// When the base does not answer, or there is nothing.
    pub async fn get(&self, key: &TicketKey) -> Result<InterventionState, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, false).await?;
        found.map(|found| found.state).ok_or_else(|| no_intervention(key))
    }

    /// Creates the intervention, or brings it to what the request asks for. Returns what Gestan then
    /// holds, and whether it is new.
    ///
    /// # Errors
    /// When the condition does not hold, a value cannot be accepted, or the base does not answer.
    pub async fn put(
        &self,
        key: &TicketKey,
        precondition: Option<&Precondition>,
        put: &InterventionPut,
    ) -> Result<(InterventionState, bool), GatewayFault> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let result = self.try_put(key, precondition, put).await;
            let again = matches!(
                result,
                // Two first writes of one key: the slower one finds what the faster one made.
                Err(GatewayFault::Base(BaseError::Conflict(_) | BaseError::Duplicate(_)))
            );
            if !again || attempt >= ATTEMPTS {
                return result;
            }
            tokio::time::sleep(std::time::Duration::from_millis(u64::from(20 * attempt))).await;
        }
    }

    async fn try_put(
        &self,
        key: &TicketKey,
        precondition: Option<&Precondition>,
        put: &InterventionPut,
    ) -> Result<(InterventionState, bool), GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let found = self.find(&catalogue, transaction.as_mut(), key, true).await?;
        let (mut state, new) = match found {
            None => {
                if let Some(Precondition::Match(_)) = precondition {
                    return Err(GatewayFault::Precondition(None));
                }
                self.create(&catalogue, transaction.as_mut(), key, put).await?;
                (self.found(&catalogue, transaction.as_mut(), key).await?.state, true)
            }
            Some(found) => {
                if !found.link.origin.matches(&put.origin) {
                    return Err(GatewayFault::OtherTicket {
                        number: key.number,
                        intervention: found.link.intervention,
                        known: found.link.origin.created,
                        given: put.origin.created.clone(),
                    });
                }
                let holds = match precondition {
                    None => true,
                    Some(Precondition::Absent) => false,
                    Some(Precondition::Match(etag)) => *etag == found.state.etag,
                };
                if !holds {
                    return Err(GatewayFault::Precondition(Some(Box::new(found.state))));
                }
                (self.update(&catalogue, transaction.as_mut(), key, put, found).await?, false)
            }
        };
        if new {
            for entry in &put.entries {
                if let Some(known) = state.entries.get_mut(&entry.key) {
                    known.outcome = EntryOutcome::Added;
                }
            }
        }
        reached("gateway: before COMMIT");
        transaction.commit().await?;
        reached("gateway: after COMMIT");
        Ok((state, new))
    }

    async fn found(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
    ) -> Result<Found, GatewayFault> {
        let found = self.find(catalogue, transaction, key, false).await?;
        found.ok_or_else(|| GatewayFault::NotFound("the intervention vanished while it was being written".to_owned()))
    }

    pub(super) async fn find(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        lock: bool,
    ) -> Result<Option<Found>, GatewayFault> {
        let Some(link) = self.extension.ticket(transaction, key, lock).await? else { return Ok(None) };
        let by_id = || vec![Condition::Equals("IDINTERVENTION", SqlValue::Int(link.intervention))];
        let columns = intervention_columns(catalogue);
        let select = Select { lock, ..Select::new(INTERVENTION, &columns, by_id()) };
        let rows = transaction.select(&select).await?;
        let Some(row) = rows.first() else {
            return Err(GatewayFault::NotFound(format!(
                "intervention {} of ticket {} was deleted in Gestan: `gestan-connector show {}` tells its story",
                link.intervention, key.number, key.number
            )));
        };
        let z83_columns = z83_columns(catalogue);
        let z83 = if z83_columns.is_empty() {
            None
        } else {
            transaction.select(&Select::new(Z83, &z83_columns, by_id())).await?.into_iter().next()
        };
        let stored = self.extension.entries(transaction, key).await?;
        let memo = Memo::parse(row.text("LIB_INTERVENTION"));
        let fields = self.read_fields(catalogue, row, z83.as_ref().unwrap_or(&Row::default()));
        let state = self.state(key, &link, fields, &memo, &stored);
        Ok(Some(Found { link, state, memo, stored, has_z83_row: z83.is_some() }))
    }

    fn state(
        &self,
        key: &TicketKey,
        link: &TicketLink,
        fields: Fields,
        memo: &Memo,
        stored: &[StoredEntry],
    ) -> InterventionState {
        let known: Vec<Known> = stored.iter().map(|entry| entry.known.clone()).collect();
        let visible = memo.visible_text();
        let entries: BTreeMap<String, EntryState> = stored
            .iter()
            .zip(memo.held(&known))
            .map(|(entry, present)| {
                let state = EntryState { hash: entry.hash.clone(), present, outcome: EntryOutcome::Unchanged };
                (entry.known.key.clone(), state)
            })
            .collect();
        let content = serde_json::json!([link.intervention, fields, visible]).to_string();
        let mut etag = sha256_hex(&content);
        etag.truncate(32);
        InterventionState {
            id: link.intervention,
            key: key.clone(),
            etag,
            origin: link.origin.clone(),
            url: link.url.clone(),
            fields,
            entries,
            memo: visible,
        }
    }

    async fn create(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        put: &InterventionPut,
    ) -> Result<(), GatewayFault> {
        for field in [Field::Title, Field::Client, Field::Status] {
            if put.fields.get(&field).is_none_or(|value| *value == Value::Null) {
                return Err(GatewayFault::Invalid(format!("a new intervention needs its {field}")));
            }
        }
        self.check_references(catalogue, transaction, &put.fields).await?;
        let mut memo = Memo::empty(self.memo);
        let written = place(&mut memo, &[], put);
        let [mut values, z83] = self.write_fields(&supported(catalogue, &put.fields))?;
        values.push(("LIB_INTERVENTION", SqlValue::Text(memo.to_raw())));
        let insert = Insert { table: INTERVENTION.to_owned(), values: self.created(values) };
        let id = transaction.insert(&insert).await?.ok_or_else(|| {
            GatewayFault::Base(BaseError::Structure(
                "INTERVENTION.IDINTERVENTION is not generated by the base; it must be AUTO_INCREMENT".to_owned(),
            ))
        })?;
        reached("gateway: INTERVENTION inserted");
        if has(catalogue, Z83, "IDINTERVENTION") {
            let values = self.created([vec![("IDINTERVENTION", SqlValue::Int(id))], z83].concat());
            transaction.insert(&Insert { table: Z83.to_owned(), values }).await?;
            reached("gateway: Z83 inserted");
        }
        let link = TicketLink { intervention: id, origin: put.origin.clone(), url: put.url.clone() };
        self.extension.link_ticket(self, transaction, key, &link).await?;
        reached("gateway: link inserted");
        for (entry, text, _) in written {
            self.extension.store_entry(self, transaction, key, &entry, &text, None).await?;
        }
        reached("gateway: steps of a new intervention stored");
        Ok(())
    }

    async fn update(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        key: &TicketKey,
        put: &InterventionPut,
        found: Found,
    ) -> Result<InterventionState, GatewayFault> {
        let held = &found.state.fields;
        let changed: Fields = supported(catalogue, &put.fields)
            .iter()
            .filter(|(field, value)| held.get(field) != Some(*value))
            .map(|(field, value)| (*field, value.clone()))
            .collect();
        let mut memo = found.memo.clone();
        let written = place(&mut memo, &found.stored, put);
        let memo_changed = written.iter().any(|(_, _, placement)| *placement != Placement::Unchanged);
        if (!changed.is_empty() || memo_changed)
            && held.get(&Field::Status).and_then(Value::as_status) == Some(Status::Billed)
        {
            return Err(GatewayFault::Billed(Box::new(found.state)));
        }
        if changed.contains_key(&Field::Client) {
            return Err(GatewayFault::Invalid(
                "the client of an intervention cannot change once it is made".to_owned(),
            ));
        }
        self.check_references(catalogue, transaction, &changed).await?;
        let [mut values, z83] = self.write_fields(&changed)?;
        if memo_changed {
            values.push(("LIB_INTERVENTION", SqlValue::Text(memo.to_raw())));
        }
        let by_id = || vec![Condition::Equals("IDINTERVENTION", SqlValue::Int(found.link.intervention))];
        if !z83.is_empty() {
            let z83 = if found.has_z83_row {
                let update = Update { table: Z83.to_owned(), values: self.modified(z83), filter: by_id() };
                transaction.update(&update).await.map(|_| ())
            } else {
                let id = ("IDINTERVENTION", SqlValue::Int(found.link.intervention));
                let values = self.created([vec![id], z83].concat());
                transaction.insert(&Insert { table: Z83.to_owned(), values }).await.map(|_| ())
            };
            z83?;
            reached("gateway: Z83 changed");
        }
        if !changed.is_empty() || memo_changed {
            // Gestan's lists look at INTERVENTION alone: it is touched whichever table changed.
            let update = Update { table: INTERVENTION.to_owned(), values: self.modified(values), filter: by_id() };
            transaction.update(&update).await?;
            reached("gateway: INTERVENTION changed");
        }
        let stored: HashMap<&str, &StoredEntry> =
            found.stored.iter().map(|entry| (entry.known.key.as_str(), entry)).collect();
        let mut entries_changed = false;
        for (entry, text, _) in &written {
            let known = stored.get(entry.key.as_str()).copied();
            if known.is_some_and(|known| known.hash == entry.hash() && known.known.text == *text) {
                continue;
            }
            entries_changed = true;
            self.extension.store_entry(self, transaction, key, entry, text, known).await?;
        }
        reached("gateway: steps stored");
        let url = put.url.as_ref().or(found.link.url.as_ref());
        if url != found.link.url.as_ref() || put.origin != found.link.origin {
            let link = TicketLink { origin: put.origin.clone(), url: url.cloned(), ..found.link.clone() };
            self.extension.update_ticket(self, transaction, key, &link).await?;
            entries_changed = true;
        }
        let mut state = found.state;
        if !changed.is_empty() || memo_changed || entries_changed {
            state = self.found(catalogue, transaction, key).await?.state;
        }
        for (entry, _, placement) in written {
            if let Some(known) = state.entries.get_mut(&entry.key) {
                known.outcome = match placement {
                    Placement::Added => EntryOutcome::Added,
                    Placement::Replaced => EntryOutcome::Replaced,
                    Placement::Unchanged => EntryOutcome::Unchanged,
                };
            }
        }
        Ok(state)
    }

    /// Gestan has no foreign keys: a row that points nowhere would show an empty field to its users.
    async fn check_references(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        fields: &Fields,
    ) -> Result<(), GatewayFault> {
        let references = [
            (Field::Client, "CONTACT", "IDCONTACT", "client"),
            (Field::Machine, "MACHINE_MNT", "IDMACHINE", "machine"),
            (Field::Project, "PROJET", "IDPROJET", "project"),
            (Field::Technician, "USER", "CDUSER", "user"),
            (Field::Product, "PRODUIT", "CD_PRODUIT", "product"),
        ];
        for (field, table, column, what) in references {
            let (value, read) = match fields.get(&field) {
                Some(Value::Number(id)) => (SqlValue::Int(*id), Column::int(column)),
                Some(Value::Text(code)) => (SqlValue::Text(code.clone()), Column::text(column)),
                _ => continue,
            };
            if !has(catalogue, table, column) {
                continue;
            }
            let select = Select {
                limit: Some(1),
                ..Select::new(table, &[read], vec![Condition::Equals(column, value.clone())])
            };
            if transaction.select(&select).await?.is_empty() {
                let shown = match value {
                    SqlValue::Text(code) => code,
                    SqlValue::Int(id) => id.to_string(),
                    _ => String::new(),
                };
                return Err(GatewayFault::Invalid(format!(
                    "Gestan has no {what} “{shown}”: it was deleted, or a mapping names it wrongly"
                )));
            }
        }
        Ok(())
    }
}

/// The fields that this base has a column for.
fn supported(catalogue: &Catalogue, fields: &Fields) -> Fields {
    let known = super::columns::fields_of(catalogue);
    fields.iter().filter(|(field, _)| known.contains(field)).map(|(field, value)| (*field, value.clone())).collect()
}

/// Writes head and entries into a memo; per entry, what it now reads as and what was done.
fn place(memo: &mut Memo, stored: &[StoredEntry], put: &InterventionPut) -> Vec<(Entry, String, Placement)> {
    let mut known: Vec<Known> = stored.iter().map(|entry| entry.known.clone()).collect();
    let head = put.head.as_ref().filter(|head| !head.0.is_empty()).map(head_entry);
    let mut written = Vec::new();
    for entry in head.into_iter().chain(put.entries.iter().cloned()) {
        let block = block_of(&entry);
        let text = block.visible_lines().join("\n");
        let placement = memo.put(&block, &known);
        let before = known.iter().position(|known| known.key == block.key).map(|index| known.remove(index).text);
        let previous = before.filter(|before| *before != text).unwrap_or_default();
        known.push(Known { key: block.key, at: block.at, text: text.clone(), previous });
        written.push((entry, text, placement));
    }
    written
}

/// The head as an entry: its first line is the heading.
fn head_entry(head: &crate::model::RichText) -> Entry {
    let mut lines = head.0.clone();
    let heading = lines.remove(0).to_plain();
    Entry {
        key: HEAD.to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        author: String::new(),
        kind: String::new(),
        minutes: 0,
        mark: EntryMark::None,
        heading,
        text: crate::model::RichText(lines),
    }
}

fn block_of(entry: &Entry) -> Block {
    let mut lines = vec![Line::bold(&entry.heading)];
    lines.extend(entry.text.0.iter().cloned());
    Block { key: entry.key.clone(), at: entry.at, lines }
}
