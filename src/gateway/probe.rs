//! What numeric codes a base uses: their counts, the labels that may be theirs, and the newest
//! examples, so that an administrator can name them.

use super::base::{Column, Condition, CountBy, Kind, Select, SqlValue};
use super::sheet::{ANOMALIE, INTERVENTION, Z83};
use super::{Gateway, GatewayFault, has};
use crate::mapping::{cut_on_word, fold};
use serde::Serialize;
use std::fmt::Write as _;

/// Newest rows shown for a value.
const EXAMPLES: u32 = 3;
/// Values shown for a list.
const VALUES: usize = 30;

/// What a base holds.
#[derive(Debug, Clone, Serialize)]
pub struct Probe {
    /// One per column of codes.
    pub lists: Vec<ProbedList>,
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
        Ok(Probe { lists })
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
                if table == INTERVENTION {
                    let columns = [Column::text("LIB50"), Column { name: "DT_INTER_DBT", kind: Kind::Date }];
                    let select = Select {
                        order: Some(("IDINTERVENTION", true)),
                        limit: Some(EXAMPLES),
                        ..Select::new(table, &columns, vec![Condition::Equals(column, SqlValue::Int(code))])
                    };
                    let rows = transaction.select(&select).await?;
                    value.examples = rows
                        .iter()
                        .map(|row| match row.get("DT_INTER_DBT") {
                            SqlValue::Date(date) => format!("{} ({date})", row.text("LIB50")),
                            _ => row.text("LIB50").to_owned(),
                        })
                        .collect();
                }
            }
            values.push(value);
        }
        Ok(ProbedList { list: list.to_owned(), column: format!("{table}.{column}"), values })
    }
}

impl Probe {
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

    /// `[gateway.codes]` to paste and complete.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for list in &self.lists {
            let _ = writeln!(out, "[gateway.codes.{}]", list.list);
            if list.list == "status" {
                for status in ["planned", "in_progress", "waiting", "done", "to_bill", "billed", "cancelled"] {
                    let _ = writeln!(out, "# {status} =");
                }
                let _ = writeln!(out, "# in use here:");
            }
            for value in &list.values {
                let Some(code) = value.code else { continue };
                let label = value.labels.first().map_or("", |label| label.split(" (type").next().unwrap_or_default());
                let name = match fold(label).replace(' ', "_") {
                    name if name.is_empty() => format!("code_{code}"),
                    name => name,
                };
                let example = value
                    .examples
                    .first()
                    .map(|example| format!(", e.g. {}", cut_on_word(example, 50)))
                    .unwrap_or_default();
                let comment = if list.list == "status" { "# " } else { "" };
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
