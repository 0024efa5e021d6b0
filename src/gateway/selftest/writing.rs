//! What is tried by writing: that a transaction is undone, that a key is unique, and one intervention that says what it
//! is, under a key that no ticket has. Nothing is deleted: it stays, cancelled, and the next run takes it again.

use super::{Told, Tried, said};
use crate::gateway::base::{BaseError, Column, Condition, Insert, Select, SqlValue, Transaction};
use crate::gateway::lists::Paging;
use crate::gateway::{Gateway, GatewayFault};
use crate::gestan::contract::{ObjectPut, ObjectState, Precondition, TicketKey};
use crate::model::ObjectKind;
use serde_json::{Value, json};

/// What it is told apart by in Gestan.
const TITLE: &str = "ESSAI du connecteur – à supprimer – été €";
/// Of every kind that may be lost or misunderstood on the way.
const TEXT: &str = "L'été, « œuvre » à 5 € ; ligne\\2 {accolades} 'DROP' – 漢字 🎉";

fn key() -> TicketKey {
    TicketKey { source: "selftest".to_owned(), number: 1, sequence: 1 }
}

impl Gateway {
    pub(super) async fn try_writing(&self, tried: &mut Tried) {
        tried.told("transactions", self.transactions()).await;
        let undone = tried.told("a transaction that is not committed is undone", self.undone()).await;
        tried.told("a key that must be unique is", self.unique()).await;
        if !undone {
            // Without transactions a write may stay half done.
            return;
        }
        let mut held = None;
        tried.told("an intervention is written", self.trial_written(&mut held)).await;
        let Some(held) = held else { return };
        tried.told("it reads back as it was written", async { reads_back(&held) }).await;
        tried.told("writing it again changes nothing", self.repeated(&held)).await;
        tried.told("it is cancelled", self.cancelled(&held)).await;
    }

    fn trial_link(&self, name: &str) -> Insert {
        let values = vec![
            ("CC_LINK", SqlValue::Text(name.to_owned())),
            ("SOURCE", SqlValue::Text("selftest".to_owned())),
            ("GENRE", SqlValue::Text("selftest".to_owned())),
            ("CLE_GESTAN", SqlValue::Text("1".to_owned())),
            ("CLE_GESTSUP", SqlValue::Text("1".to_owned())),
        ];
        Insert { table: self.extension.link_table().to_owned(), values: self.created(values), key: None }
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, String> {
        self.base.begin().await.map_err(said)
    }

    /// Who keeps them; known since the first connection.
    async fn transactions(&self) -> Told {
        drop(self.begin().await?);
        Ok(match self.base.keeps_transactions() {
            true => "the base says that it keeps them".to_owned(),
            false => "the driver keeps none: the connector notes what it is about to write, undoes what was broken off, and does one thing at a time".to_owned(),
        })
    }

    async fn undone(&self) -> Told {
        let name = format!("selftest:{}", uuid::Uuid::now_v7());
        let mut transaction = self.begin().await?;
        transaction.insert(&self.trial_link(&name)).await.map_err(said)?;
        drop(transaction);
        let by_name = vec![Condition::Equals("CC_LINK", SqlValue::Text(name.clone()))];
        let select = Select::new(self.extension.link_table(), &[Column::text("CC_LINK")], by_name);
        // Undoing may take its time on another connection.
        for _ in 0..10 {
            if self.begin().await?.select(&select).await.map_err(said)?.is_empty() {
                return Ok("yes".to_owned());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Err(format!(
            "no: the row {name} stays in {}. Set [gateway.base] transactions = false, so that the connector undoes by itself what was broken off, and run this again",
            self.extension.link_table()
        ))
    }

    async fn unique(&self) -> Told {
        if !self.base.keeps_transactions() {
            return Ok(
                "not asked of the base: the connector looks by itself, since it does one thing at a time".to_owned()
            );
        }
        let name = format!("selftest:{}", uuid::Uuid::now_v7());
        let mut transaction = self.begin().await?;
        transaction.insert(&self.trial_link(&name)).await.map_err(said)?;
        match transaction.insert(&self.trial_link(&name)).await {
            Err(BaseError::Duplicate(_)) => Ok("yes, and the base says so".to_owned()),
            Err(error) => {
                Err(format!("the base refuses a second row of a key, but not in words that are understood: {error}"))
            }
            Ok(_) => Err(format!(
                "no: {} takes two rows of one key. Add a unique index to its column CC_LINK in Gestan's base, as to CC_… of the other tables of the connector",
                self.extension.link_table()
            )),
        }
    }

    /// What is to be written.
    async fn wanted(&self, status: &str) -> Result<ObjectPut, String> {
        let page = self.clients(&Paging { limit: Some(1), ..Paging::default() }).await.map_err(said)?;
        let client = page.items.first().ok_or("there is no client to write it for")?.id;
        let text = |text: &str| json!([[{ "text": text }]]);
        let wanted = json!({
            "origin": { "created": "2000-01-01 00:00:00", "creator": 0, "first_step": null },
            "fields": {
                "title": TITLE, "client": client, "status": status, "requester": "Essai",
                "planned_start": "2026-07-02T08:30:00Z", "planned_end": "2026-07-02T09:15:00Z", "time_spent": 12,
            },
            "head": text("Essai du connecteur"),
            "entries": [{
                "key": "step:1", "at": "2026-03-02T08:00:00Z", "author": "gestan-connector", "kind": "information",
                "minutes": 5, "mark": "none", "heading": "Essai", "text": text(TEXT),
            }],
        });
        serde_json::from_value(wanted).map_err(|error| error.to_string())
    }

    async fn put_again(&self, put: &ObjectPut) -> Result<ObjectState, String> {
        let precondition = match self.get(&key(), ObjectKind::Intervention).await {
            Ok(held) => Precondition::Match(held.etag),
            Err(GatewayFault::NotFound(_)) => Precondition::Absent,
            Err(fault) => return Err(said(fault)),
        };
        let (state, _) = self.put(&key(), Some(&precondition), put).await.map_err(said)?;
        Ok(state)
    }

    async fn trial_written(&self, held: &mut Option<ObjectState>) -> Told {
        let state = self.put_again(&self.wanted("planned").await?).await?;
        let told = format!("number {}, “{TITLE}”", state.id);
        *held = Some(state);
        Ok(told)
    }

    async fn repeated(&self, held: &ObjectState) -> Told {
        let again = self.put_again(&self.wanted("planned").await?).await?;
        if again.etag == held.etag && again.modified_at == held.modified_at {
            return Ok("yes".to_owned());
        }
        Err("no: what is read back is not what was written, so that every pass would write it again".to_owned())
    }

    async fn cancelled(&self, held: &ObjectState) -> Told {
        let put = self.wanted("cancelled").await?;
        self.put_again(&put).await?;
        Ok(format!("intervention {} stays, cancelled: delete it in Gestan when you like", held.id))
    }
}

/// Every field and every letter.
fn reads_back(held: &ObjectState) -> Told {
    let fields: Value = serde_json::to_value(&held.fields).map_err(|error| error.to_string())?;
    for (field, expected) in [
        ("title", json!(TITLE)),
        ("requester", json!("Essai")),
        ("planned_start", json!("2026-07-02T08:30:00Z")),
        ("planned_end", json!("2026-07-02T09:15:00Z")),
    ] {
        // A version without the column has no such field.
        if fields.get(field).is_some_and(|read| *read != expected && !read.is_null()) {
            return Err(format!("{field} was written as {expected} and reads {}", fields[field]));
        }
    }
    if !held.memo.contains(TEXT) {
        return Err(format!("the memo was written with “{TEXT}” and reads “{}”", held.memo));
    }
    match held.entries.get("step:1") {
        Some(entry) if entry.present => Ok("fields, dates, letters and memo".to_owned()),
        _ => Err("the paragraph of a comment is not found again in the memo".to_owned()),
    }
}
