//! What numeric codes a base uses: their counts, the labels that may be theirs, and the newest
//! examples, so that an administrator can name them.

use super::base::{Column, Condition, CountBy, Kind, Select, SqlValue};
use super::sheet::{ANOMALIE, INTERVENTION, Z83};
use super::{Gateway, GatewayFault, has};
use crate::mapping::{cut_on_word, fold};
use crate::model::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Newest rows shown for a value.
const EXAMPLES: u32 = 3;
/// Values shown for a list.
const VALUES: usize = 30;
/// Rows whose targets are looked at.
const NEWEST: u32 = 2_000;

/// What a base holds.
#[derive(Debug, Clone, Serialize)]
pub struct Probe {
    /// One per column of codes.
    pub lists: Vec<ProbedList>,
    /// What the newest rows point at.
    pub targets: Vec<ProbedTarget>,
}

/// Letters before the number of what rows point at (`TRGCIBLE`): a machine, a contact, an intervention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbedTarget {
    /// `TABLE.COLUMN`.
    pub column: String,
    /// The letters; empty for rows that point at nothing.
    pub letters: String,
    /// Rows that hold them, of the newest.
    pub count: usize,
    /// The newest value.
    pub example: String,
}

/// The values of one column.
#[derive(Debug, Clone, Serialize)]
pub struct ProbedList {
    /// Its list in `[gateway.codes]`.
    pub list: String,
    /// `TABLE.COLUMN`.
    pub column: String,
    /// Its values, the most frequent first.
    pub values: Vec<ProbedValue>,
}

/// One value.
#[derive(Debug, Clone, Serialize)]
pub struct ProbedValue {
    /// The number; `None` for rows without one.
    pub code: Option<i64>,
    /// Rows that hold it.
    pub count: i64,
    /// Labels of PARAMLIB under this number, with their type: which type a list has is not known.
    pub labels: Vec<String>,
    /// Titles of the newest rows, with their dates.
    pub examples: Vec<String>,
}

impl Gateway {
    /// Looks for the codes that the base uses.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn probe(&self) -> Result<Probe, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut lists = Vec::new();
        for (list, table, column) in [
            ("status", INTERVENTION, "ST_INTER"),
            ("genre", INTERVENTION, "ID2GENRE_INTER"),
            ("priority", Z83, "PRIORITE"),
            ("anomaly_status", ANOMALIE, "ST_ANOM"),
            ("anomaly_type", ANOMALIE, "ID2_TYPANOM"),
            ("anomaly_priority", ANOMALIE, "PRIORITE"),
            ("criticality", ANOMALIE, "CRITICITE"),
        ] {
            if has(&catalogue, table, column) {
                lists.push(self.probe_list(list, table, column).await?);
            }
        }
        let mut targets = Vec::new();
        for (table, key) in [(ANOMALIE, "IDANOMALIE"), ("DOCUMENT", "IDDOCUMENT")] {
            if has(&catalogue, table, key) && has(&catalogue, table, "TRGCIBLE") {
                targets.extend(self.probe_targets(table, key).await?);
            }
        }
        Ok(Probe { lists, targets })
    }

    async fn probe_targets(&self, table: &'static str, key: &'static str) -> Result<Vec<ProbedTarget>, GatewayFault> {
        let mut transaction = self.base.begin().await?;
        let select = Select {
            order: Some((key, true)),
            limit: Some(NEWEST),
            ..Select::new(table, &[Column::int(key), Column::text("TRGCIBLE")], Vec::new())
        };
        let mut targets: Vec<ProbedTarget> = Vec::new();
        for row in transaction.select(&select).await? {
            let example = row.text("TRGCIBLE");
            let letters = example.trim_end_matches(|c: char| c.is_ascii_digit());
            match targets.iter_mut().find(|target| target.letters == letters) {
                Some(target) => target.count += 1,
                None => targets.push(ProbedTarget {
                    column: format!("{table}.TRGCIBLE"),
                    letters: letters.to_owned(),
                    count: 1,
                    example: example.to_owned(),
                }),
            }
        }
        targets.sort_by_key(|target| std::cmp::Reverse(target.count));
        Ok(targets)
    }

    async fn probe_list(
        &self,
        list: &str,
        table: &'static str,
        column: &'static str,
    ) -> Result<ProbedList, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let mut transaction = self.base.begin().await?;
        let counts = transaction.count_by(&CountBy { table: table.to_owned(), column }).await?;
        let mut values = Vec::new();
        for (code, count) in counts.into_iter().take(VALUES) {
            let mut value = ProbedValue { code, count, labels: Vec::new(), examples: Vec::new() };
            if let Some(code) = code {
                if has(&catalogue, "PARAMLIB", "LIB_50") {
                    let columns = [Column::int("TYP_LIBSIMPLE"), Column::text("LIB_50")];
                    let filter = vec![Condition::Equals("IDSECONDAIRE", SqlValue::Int(code))];
                    let rows = transaction.select(&Select::new("PARAMLIB", &columns, filter)).await?;
                    value.labels = rows
                        .iter()
                        .map(|row| format!("{} (type {})", row.text("LIB_50"), row.int("TYP_LIBSIMPLE").unwrap_or(0)))
                        .collect();
                }
                let shown = match table {
                    INTERVENTION => Some(("IDINTERVENTION", "LIB50", "DT_INTER_DBT")),
                    ANOMALIE => Some(("IDANOMALIE", "LIB_ANOMALIE", "DH_CONSTAT")),
                    _ => None,
                };
                if let Some((key, title, date)) = shown.filter(|(_, title, _)| has(&catalogue, table, title)) {
                    let mut columns = vec![Column::text(title), Column { name: date, kind: Kind::Text }];
                    columns.retain(|column| has(&catalogue, table, column.name));
                    let select = Select {
                        order: Some((key, true)),
                        limit: Some(EXAMPLES),
                        ..Select::new(table, &columns, vec![Condition::Equals(column, SqlValue::Int(code))])
                    };
                    let rows = transaction.select(&select).await?;
                    value.examples = rows
                        .iter()
                        .map(|row| match row.text(date).get(..10) {
                            Some(day) if !day.starts_with("0000") => format!("{} ({day})", row.text(title)),
                            _ => row.text(title).to_owned(),
                        })
                        .collect();
                }
            }
            values.push(value);
        }
        Ok(ProbedList { list: list.to_owned(), column: format!("{table}.{column}"), values })
    }
}

impl ProbedValue {
    /// A name for it in the configuration, after its label.
    fn name(&self, code: i64) -> String {
        let label = self.labels.first().map_or("", |label| label.split(" (type").next().unwrap_or_default());
        match fold(label).replace(' ', "_") {
            name if name.is_empty() => format!("code_{code}"),
            name => name,
        }
    }
}

impl Probe {
    /// Names, after their labels, and numbers of the values of a list; no name twice, and no 0, which means none.
    pub fn names(&self, list: &str) -> BTreeMap<String, i64> {
        let mut names = BTreeMap::new();
        for value in self.lists.iter().filter(|probed| probed.list == list).flat_map(|probed| &probed.values) {
            let Some(code) = value.code.filter(|code| *code != 0) else { continue };
            let name = value.name(code);
            let name = if names.contains_key(&name) { format!("{name}_{code}") } else { name };
            names.insert(name, code);
        }
        names
    }

    /// Rows for a table: list, column, code, count, labels, examples.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for list in &self.lists {
            for value in &list.values {
                rows.push(vec![
                    list.list.clone(),
                    list.column.clone(),
                    value.code.map_or_else(|| "none".to_owned(), |code| code.to_string()),
                    value.count.to_string(),
                    value.labels.join(", "),
                    value.examples.iter().map(|example| cut_on_word(example, 40)).collect::<Vec<_>>().join(" | "),
                ]);
            }
        }
        rows
    }

    /// Rows for a table: column, letters, count, example.
    pub fn target_rows(&self) -> Vec<Vec<String>> {
        let shown = |target: &ProbedTarget| {
            let letters = if target.letters.is_empty() { "none" } else { &target.letters };
            vec![target.column.clone(), letters.to_owned(), target.count.to_string(), target.example.clone()]
        };
        self.targets.iter().map(shown).collect()
    }

    /// `[gateway.codes]` to paste and complete.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for list in &self.lists {
            let _ = writeln!(out, "[gateway.codes.{}]", list.list);
            let is_status = list.list.ends_with("status");
            if is_status {
                let billing = [Status::ToBill, Status::Billed];
                for status in Status::ALL.iter().filter(|one| list.list == "status" || !billing.contains(one)) {
                    let _ = writeln!(out, "# {status} =");
                }
                let _ = writeln!(out, "# in use here:");
            }
            for value in &list.values {
                let Some(code) = value.code else { continue };
                let name = value.name(code);
                let example = value
                    .examples
                    .first()
                    .map(|example| format!(", e.g. {}", cut_on_word(example, 50)))
                    .unwrap_or_default();
                let comment = if is_status { "# " } else { "" };
                // Names come from Gestan's users: nothing of them may end the line.
                let rest: String =
                    format!("{} rows{example}", value.count).chars().filter(|c| !c.is_control()).collect();
                let _ = writeln!(out, "{comment}{name} = {code}  # {rest}");
            }
            out.push('\n');
        }
        out.trim_end().to_owned()
    }
}
