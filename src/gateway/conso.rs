//! The time of entries as Gestan counts it: a CONSO row for each entry that has some. A row is corrected or
//! emptied, never deleted.

use super::base::{Column, Condition, Kind, Row, Select, SqlValue, Transaction, Update};
use super::columns::Values;
use super::steps::StoredEntry;
use super::{Catalogue, Gateway, GatewayFault, cp1252, has};
use crate::model::{Entry, EntryMark};
use chrono::{NaiveDateTime, TimeDelta};
use std::collections::HashMap;

pub(super) const CONSO: &str = "CONSO";
/// Its key.
pub(super) const CONSO_KEY: &str = "IDCONSO";

/// Columns without which time cannot be counted.
pub(super) const NEEDED: [&str; 8] =
    ["IDCONSO", "IDCONTACT", "IDPROJET", "DT_REAL", "DHDEB", "DHFIN", "DUREE_CONSO", "LIBCONSO"];

/// Longest time that two digits of hours hold.
const LONGEST: i64 = 99 * 60 + 59;
/// Characters of `LIBCONSO`.
const LABEL: usize = 100;

/// What a CONSO row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub client: i64,
    pub project: i64,
    /// 0 for none.
    pub task: i64,
    end: NaiveDateTime,
    /// As written by [`duration`].
    duration: String,
    start: NaiveDateTime,
    label: String,
}

/// What is to be done for the time of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counting {
    /// Nothing; its row, if it has one.
    Keep(Option<i64>),
    /// It gets a row.
    Add(Box<Counted>),
    /// Its row is to hold this.
    Correct(i64, Box<Counted>),
    /// Its row holds no time any more.
    Empty(i64, NaiveDateTime),
}

/// Minutes as WinDev writes a duration: sign, hours, minutes, seconds and hundredths (`+HHMMSSCC`).
///
/// What is known of `DUREE_CONSO` is that it begins with `+HHMM` and that more follows; WinDev's own
/// difference of two times has this form. Its Duration type has another one with days before the hours
/// (`+DHHMMSSCCC`): if a Gestan shows wrong times, this is the place.
pub(super) fn duration(minutes: i64) -> String {
    format!("+{:02}{:02}0000", minutes / 60, minutes % 60)
}

impl Counting {
    /// The row that the entry has already.
    pub(super) fn row(&self) -> Option<i64> {
        match self {
            Self::Keep(row) => *row,
            Self::Add(_) => None,
            Self::Correct(row, _) | Self::Empty(row, _) => Some(*row),
        }
    }

    /// What a row is to hold.
    pub(super) fn counted(&self) -> Option<&Counted> {
        match self {
            Self::Add(counted) | Self::Correct(_, counted) => Some(counted),
            Self::Keep(_) | Self::Empty(..) => None,
        }
    }

    /// Whether anything is to be written.
    pub(super) fn changes(&self) -> bool {
        !matches!(self, Self::Keep(_))
    }
}

impl Counted {
    fn read(row: &Row) -> Option<Self> {
        Some(Self {
            client: row.int("IDCONTACT").unwrap_or(0),
            project: row.int("IDPROJET").unwrap_or(0),
            task: row.int("IDTACHE").unwrap_or(0),
            end: row.moment("DHFIN")?,
            duration: row.text("DUREE_CONSO").to_owned(),
            start: row.moment("DHDEB")?,
            label: row.text("LIBCONSO").to_owned(),
        })
    }

    fn is_empty(row: &Row) -> bool {
        row.text("DUREE_CONSO") == duration(0) && row.moment("DHDEB") == row.moment("DHFIN")
    }
}

impl Gateway {
    /// Whether this base can count time.
    pub(super) fn counts(catalogue: &Catalogue) -> bool {
        NEEDED.iter().all(|column| has(catalogue, CONSO, column))
    }

    /// Decides what is to be done for an entry. `rows` are the CONSO rows that exist of those stored.
    pub(super) fn counting(
        &self,
        catalogue: &Catalogue,
        client: Option<i64>,
        entry: &Entry,
        stored: Option<&StoredEntry>,
        rows: &HashMap<i64, Row>,
    ) -> Result<Counting, GatewayFault> {
        let known = stored.and_then(|stored| stored.conso);
        let held = known.and_then(|id| rows.get(&id).map(|row| (id, row)));
        let asked = entry.conso.as_ref().filter(|_| entry.minutes > 0 && entry.mark != EntryMark::Withdrawn);
        let Some(asked) = asked else {
            return Ok(match held {
                Some((id, row)) if !Counted::is_empty(row) => Counting::Empty(id, self.local(entry.at)),
                _ => Counting::Keep(known),
            });
        };
        if !Self::counts(catalogue) {
            return Err(GatewayFault::Unsupported(format!(
                "the time of {} cannot be counted: this Gestan base has no table CONSO with the columns {}; leave the time of projects out, or complete the copy of the base",
                entry.key,
                NEEDED.join(", ")
            )));
        }
        if entry.minutes > LONGEST {
            return Err(GatewayFault::Invalid(format!(
                "the {} minutes of {} are more than a CONSO of Gestan holds ({LONGEST})",
                entry.minutes, entry.key
            )));
        }
        let end = self.local(entry.at);
        let counted = Counted {
            client: client.unwrap_or(0),
            project: asked.project,
            task: asked.task.filter(|_| has(catalogue, CONSO, "IDTACHE")).unwrap_or(0),
            end,
            duration: duration(entry.minutes),
            start: end - TimeDelta::minutes(entry.minutes),
            label: cp1252::clean(&asked.label, LABEL),
        };
        Ok(match held {
            Some((id, row)) if Counted::read(row).as_ref() == Some(&counted) => Counting::Keep(Some(id)),
            Some((id, _)) => Counting::Correct(id, Box::new(counted)),
            // One that was deleted in Gestan is made again: what a PUT asks for is there after it.
            None => Counting::Add(Box::new(counted)),
        })
    }

    /// The CONSO rows of these entries, by id.
    pub(super) async fn counted<'e>(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        stored: impl Iterator<Item = &'e StoredEntry>,
    ) -> Result<HashMap<i64, Row>, GatewayFault> {
        let ids: Vec<SqlValue> = stored.filter_map(|entry| entry.conso).map(SqlValue::Int).collect();
        if ids.is_empty() || !Self::counts(catalogue) {
            return Ok(HashMap::new());
        }
        let moment = |name| Column { name, kind: Kind::DateTime };
        let mut columns = vec![
            Column::int("IDCONSO"),
            Column::int("IDCONTACT"),
            Column::int("IDPROJET"),
            moment("DHDEB"),
            moment("DHFIN"),
            Column::text("DUREE_CONSO"),
            Column::text("LIBCONSO"),
        ];
        columns.extend(has(catalogue, CONSO, "IDTACHE").then_some(Column::int("IDTACHE")));
        let rows = transaction.select(&Select::new(CONSO, &columns, vec![Condition::In("IDCONSO", ids)])).await?;
        Ok(rows.into_iter().map(|row| (row.int("IDCONSO").unwrap_or(0), row)).collect())
    }

    /// The values of a new row.
    pub(super) fn conso_row(&self, catalogue: &Catalogue, counted: &Counted) -> Values {
        let mut values = self.conso_values(catalogue, counted);
        self.audit(catalogue, &mut values, &["DHCRE", "USCRE", "DHMOD", "USMOD"]);
        values
    }

    fn conso_values(&self, catalogue: &Catalogue, counted: &Counted) -> Values {
        let mut values = vec![
            ("IDCONTACT", SqlValue::Int(counted.client)),
            ("IDPROJET", SqlValue::Int(counted.project)),
            ("DT_REAL", SqlValue::Date(counted.end.date())),
            ("DHDEB", SqlValue::DateTime(counted.start)),
            ("DHFIN", SqlValue::DateTime(counted.end)),
            ("DUREE_CONSO", SqlValue::Text(counted.duration.clone())),
            ("LIBCONSO", SqlValue::Text(counted.label.clone())),
        ];
        if has(catalogue, CONSO, "IDTACHE") {
            values.push(("IDTACHE", SqlValue::Int(counted.task)));
        }
        values
    }

    /// Corrects or empties a row, as decided.
    pub(super) async fn recount(
        &self,
        catalogue: &Catalogue,
        transaction: &mut dyn Transaction,
        counting: &Counting,
    ) -> Result<(), GatewayFault> {
        let (id, mut values) = match counting {
            Counting::Keep(_) | Counting::Add(_) => return Ok(()),
            Counting::Correct(id, counted) => (*id, self.conso_values(catalogue, counted)),
            Counting::Empty(id, at) => {
                let at = SqlValue::DateTime(*at);
                (*id, vec![("DHDEB", at.clone()), ("DHFIN", at), ("DUREE_CONSO", SqlValue::Text(duration(0)))])
            }
        };
        self.audit(catalogue, &mut values, &["DHMOD", "USMOD"]);
        let filter = vec![Condition::Equals("IDCONSO", SqlValue::Int(id))];
        transaction.update(&Update { table: CONSO.to_owned(), values, filter }).await?;
        Ok(())
    }

    /// Adds the audit columns that the table is known to have: not all of CONSO is public.
    fn audit(&self, catalogue: &Catalogue, values: &mut Values, columns: &[&'static str]) {
        for column in columns {
            let value = match *column {
                "DHCRE" | "DHMOD" => SqlValue::DateTime(self.now()),
                _ => SqlValue::Text(self.user_code.clone()),
            };
            if has(catalogue, CONSO, column) {
                values.push((column, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_duration_is_hours_then_minutes() {
        assert_eq!((duration(0).as_str(), duration(75).as_str()), ("+00000000", "+01150000"));
        assert_eq!(duration(LONGEST), "+99590000");
    }

    proptest! {
        #[test]
        fn every_duration_fits_its_column_and_says_its_minutes(minutes in 0..=LONGEST) {
            let text = duration(minutes);
            prop_assert!(text.len() == 9 && text.starts_with('+'));
            let digits = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
            prop_assert_eq!(digits(1..3) * 60 + digits(3..5), minutes);
            prop_assert!(digits(3..5) < 60 && digits(5..9) == 0);
        }
    }
}
