//! Absences of Gestan's users. A day without hours is a whole day; the last day counts.

use super::base::{Column, Condition, Kind, Row, Select, SqlValue};
use super::lists::{Paging, Record, flag, trimmed};
use super::{Catalogue, Gateway, GatewayFault, has};
use crate::gestan::contract::{Absence, Page};
use crate::model::local_to_utc;
use chrono::{Days, NaiveDateTime, NaiveTime};
use std::collections::HashMap;

/// `PARAMLIB.TYP_LIBSIMPLE` of the reasons of absences.
const REASONS: i64 = 71;

/// A row of ABSENCE.
struct AnAbsence;

impl Record for AnAbsence {
    const TABLE: &'static str = "ABSENCE";
    const KEY: Column = Column::int("IDABSENCE");
    const ENDS: Option<&'static str> = Some("DT_FIN");
    const COLUMNS: &'static [Column] = &[
        Column::text("CDUSER"),
        Column::date("DT_DEBUT"),
        Column { name: "HR_DEBUT", kind: Kind::Time },
        Column::date("DT_FIN"),
        Column { name: "HR_FIN", kind: Kind::Time },
        Column::text("LIBABSENCE"),
        Column::int("IVALIDE"),
        Column::int("ID2_MOTIFABSENCE"),
    ];

    fn read(_: &Row) -> Self {
        Self
    }
}

fn hour(row: &Row, column: &str) -> Option<NaiveTime> {
    match row.get(column) {
        SqlValue::Time(time) => Some(*time).filter(|time| *time != NaiveTime::MIN),
        _ => None,
    }
}

/// First and last moment, local, and whether they are whole days.
fn span(row: &Row) -> Option<(NaiveDateTime, NaiveDateTime, bool)> {
    let first = row.date("DT_DEBUT")?;
    let last = row.date("DT_FIN").filter(|last| *last >= first).unwrap_or(first);
    let (begins, ends) = (hour(row, "HR_DEBUT"), hour(row, "HR_FIN"));
    let start = first.and_time(begins.unwrap_or(NaiveTime::MIN));
    let midnight = last.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    let end = ends.map_or(midnight, |time| last.and_time(time));
    (start < end).then_some((start, end, begins.is_none() && ends.is_none()))
}

impl Gateway {
    async fn reasons(&self, catalogue: &Catalogue) -> Result<HashMap<i64, String>, GatewayFault> {
        if !has(catalogue, "PARAMLIB", "LIB_50") {
            return Ok(HashMap::new());
        }
        let columns = [Column::int("IDSECONDAIRE"), Column::text("LIB_50")];
        let filter = vec![Condition::Equals("TYP_LIBSIMPLE", SqlValue::Int(REASONS))];
        let rows = self.base.begin().await?.select(&Select::new("PARAMLIB", &columns, filter)).await?;
        Ok(rows.iter().filter_map(|row| Some((row.int("IDSECONDAIRE")?, trimmed(row, "LIB_50")))).collect())
    }

    /// Absences of users, page after page; those without a user or a first day are left out.
    ///
    /// # Errors
    /// When the base does not answer.
    pub async fn absences(&self, paging: &Paging) -> Result<Page<Absence>, GatewayFault> {
        let catalogue = self.catalogue().await?;
        let reasons = self.reasons(&catalogue).await?;
        let mut paging = paging.clone();
        loop {
            let (rows, next) = self.rows_of::<AnAbsence>(&catalogue, &paging).await?;
            let absence = |row: &Row| {
                let (start, end, whole_days) = span(row)?;
                let reason = row.int("ID2_MOTIFABSENCE").and_then(|reason| reasons.get(&reason)).cloned();
                Some(Absence {
                    id: row.int("IDABSENCE")?,
                    user: Some(trimmed(row, "CDUSER")).filter(|user| !user.is_empty())?,
                    start: local_to_utc(start, self.zone),
                    end: local_to_utc(end, self.zone),
                    whole_days,
                    label: trimmed(row, "LIBABSENCE"),
                    reason: reason.unwrap_or_default(),
                    validated: flag(row, "IVALIDE"),
                })
            };
            let items: Vec<Absence> = rows.iter().filter_map(absence).collect();
            // A page without records would look like the last one.
            if next.is_none() || !items.is_empty() {
                return Ok(Page { items, next });
            }
            paging.cursor = next;
        }
    }
}
