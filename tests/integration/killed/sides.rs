//! Everything that both bases and the state say of a story, without ids and audit times.

use crate::support::World;
use chrono::NaiveDateTime;
use gestan_connector::flows::tickets::{Link, Memory as _};
use gestan_connector::gateway::memo::Memo;
use gestan_connector::model::Value;
use gestan_connector::store::Store;
use std::collections::BTreeMap;

/// Columns that a repeated write may fill otherwise.
const ASIDE: [&str; 10] = [
    "IDINTERVENTION",
    "IDZ83_INTERVENTION",
    "IDTICKET",
    "IDSTEP",
    "DHCRE",
    "USCRE",
    "DHMOD",
    "USMOD",
    "created_at",
    "updated_at",
];

/// One line a thing, each beginning with what it is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Sides(pub Vec<String>);

impl Sides {
    /// Reads them all.
    pub async fn of(world: &mut World) -> Self {
        let keys = keys(world).await;
        let mut lines = gestan(world, &keys).await;
        lines.extend(state(world, &keys).await);
        Self(lines)
    }

    /// Fails with what differs.
    pub fn assert_equal(&self, undisturbed: &Self, what: &str) {
        let only = |these: &Self, those: &Self, sign| -> Vec<String> {
            these.0.iter().filter(|line| !those.0.contains(line)).map(|line| format!("{sign} {line}")).collect()
        };
        let differ = [only(undisturbed, self, "-"), only(self, undisturbed, "+")].concat();
        assert!(differ.is_empty(), "{what}: not as undisturbed (-):\n{}", differ.join("\n"));
        assert_eq!(self, undisturbed, "{what}: twice, or in another order");
    }
}

async fn rows(world: &mut World, table: &str, with: &str) -> Vec<BTreeMap<String, String>> {
    let gestan = world.sandbox.gestan.clone();
    let sql = format!(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{gestan}' AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
    );
    let columns = world.desk.ask(sql).await.unwrap();
    let list: Vec<String> =
        columns.iter().map(|column| format!("COALESCE(CAST(`{column}` AS CHAR), 'NULL')")).collect();
    let sql = format!("SELECT CONCAT_WS(CHAR(31), {}) FROM {gestan}.{table} {with}", list.join(", "));
    let rows = world.desk.ask(sql).await.unwrap();
    rows.iter().map(|row| columns.iter().cloned().zip(row.split('\u{1f}').map(str::to_owned)).collect()).collect()
}

/// `number:sequence` by intervention.
async fn keys(world: &mut World) -> BTreeMap<String, String> {
    let rows = rows(world, "Z90_TICKET", "").await;
    rows.iter()
        .map(|row| (row["IDINTERVENTION"].clone(), format!("ticket {}:{}", row["NUMERO"], row["SEQUENCE"])))
        .collect()
}

/// A text without ids of interventions and without the time of the pass.
fn plain(text: &str, keys: &BTreeMap<String, String>) -> String {
    // A hash may hold the same digits: only whole words are ids.
    let words = text.split_inclusive(|c: char| !c.is_alphanumeric());
    let text: String = words
        .map(|word| {
            let id = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            keys.get(id).map_or_else(|| word.to_owned(), |key| format!("«{key}»{}", &word[id.len()..]))
        })
        .collect();
    let long_after: NaiveDateTime = "2026-06-01T00:00:00".parse().unwrap();
    let line = |line: &str| {
        let stamp: String = line.chars().take("01/01/2026 à 00:00".chars().count()).collect();
        match NaiveDateTime::parse_from_str(&stamp, "%d/%m/%Y à %H:%M") {
            Ok(at) if at > long_after => line.replacen(&stamp, "(now)", 1),
            _ => line.to_owned(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

async fn gestan(world: &mut World, keys: &BTreeMap<String, String>) -> Vec<String> {
    let nobodys = "of no ticket".to_owned();
    let mut lines = Vec::new();
    for table in ["INTERVENTION", "Z83_INTERVENTION", "Z90_TICKET", "Z90_STEP"] {
        for row in rows(world, table, "").await {
            let owner = match row.get("IDINTERVENTION") {
                Some(id) => keys.get(id).unwrap_or(&nobodys).clone(),
                None => row["CC_STEP"].clone(),
            };
            let note = row.get("CLE").is_some_and(|key| key.starts_with("note:"));
            // The head of a second intervention names the first one.
            let head = row.get("CLE").is_some_and(|key| key == "head");
            for (column, value) in &row {
                if ASIDE.contains(&column.as_str())
                    || (note && column == "DH_ETAPE")
                    || ((note || head) && column == "EMPREINTE")
                {
                    continue;
                }
                let value = match column.as_str() {
                    "LIB_INTERVENTION" => Memo::parse(value).visible_text(),
                    _ => value.clone(),
                };
                // A hash names no intervention, whatever digits it holds.
                let value = if column == "EMPREINTE" { value } else { plain(&value, keys) };
                lines.push(format!("{table} {owner} {column}: {value}"));
            }
        }
    }
    lines.sort();
    lines
}

/// A link, a line for each thing that it says.
fn link_lines(link: &Link, keys: &BTreeMap<String, String>) -> Vec<String> {
    let owner = keys.get(&link.gestan_id.to_string()).map_or("nothing", String::as_str);
    let mut sent = link.sent.clone();
    // Nothing and no value are one.
    sent.retain(|_, value| *value != Value::Null);
    let Link { identity, phase, minutes_before, minutes, held, last_known, .. } = link;
    let mut lines = vec![
        format!("is {owner}, {phase:?}, {minutes_before} to {minutes} minutes"),
        format!("sent {sent:?}"),
        format!("held {held:?}"),
        format!("of {identity:?}, {last_known:?}"),
    ];
    for (key, entry) in &link.entries {
        let entry = match key.starts_with("note:") {
            true => plain(&entry.heading, keys),
            false => format!("{entry:?}"),
        };
        lines.push(format!("entry {key} {entry}"));
    }
    lines.into_iter().map(|line| format!("state {}:{} {line}", link.number, link.sequence)).collect()
}

async fn state(world: &mut World, keys: &BTreeMap<String, String>) -> Vec<String> {
    let store = Store::open_read_only(&world.state_path()).await.unwrap();
    let mut numbers: Vec<i64> = store.linked_numbers().await.unwrap().into_keys().collect();
    numbers.extend(store.attention().await.unwrap().into_keys());
    numbers.sort_unstable();
    numbers.dedup();
    let mut lines: Vec<String> =
        store.links(&numbers).await.unwrap().iter().flat_map(|link| link_lines(link, keys)).collect();
    for (number, fingerprint) in store.fingerprints_of(&numbers).await.unwrap() {
        lines.push(format!("state {number} fingerprint {fingerprint}"));
    }
    for (number, attention) in store.attention().await.unwrap() {
        let reason = plain(&attention.reason, keys);
        lines.push(format!("state {number} attention {:?} {} {reason}", attention.trouble, attention.code));
    }
    for number in store.unconfirmed().await.unwrap() {
        lines.push(format!("state {number} unconfirmed"));
    }
    for name in ["tickets.last_id", "tickets.projection", "tickets.marks", "tickets.rewound"] {
        lines.push(format!("state {name}: {:?}", store.value(name).await.unwrap()));
    }
    // Every ticket whose intervention was made has a line that says so.
    let told = store.journal(&gestan_connector::store::JournalFilter::default()).await.unwrap();
    let mut told: Vec<String> = told
        .iter()
        .filter(|line| line.ticket.is_some() && line.outcome == gestan_connector::flows::tickets::Outcome::Done)
        .map(|line| {
            format!("journal {:?} tells of {:?}", line.ticket, line.gestan_id.and_then(|id| keys.get(&id.to_string())))
        })
        .collect();
    told.sort();
    told.dedup();
    lines.extend(told);
    lines.sort();
    lines
}
