//! How much was asked and done in a period, by technician, client, state or day: what `activity` prints and the status
//! page shows.

use super::site::Site;
use crate::flows::PortError;
use crate::gestsup::Active;
use chrono::NaiveDate;
use clap::ValueEnum;
use serde::Serialize;
use std::collections::BTreeMap;

/// Tickets that are counted, at most.
pub const MOST_ACTIVE: u32 = 200_000;

/// What the sums are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Whoever is in charge.
    Technician,
    /// The requester's company.
    Client,
    /// The state now.
    State,
    /// The day on which it was opened, or resolved.
    Day,
}

impl By {
    /// Every table, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Technician, Self::Client, Self::State, Self::Day];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Client => "client",
            Self::State => "state",
            Self::Day => "day",
        }
    }
}

/// What one technician, client, state or day comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Its name; a day as 2026-01-31.
    pub name: String,
    /// Tickets that were opened.
    pub opened: usize,
    /// Tickets that were resolved.
    pub resolved: usize,
    /// Minutes spent on the tickets that were resolved.
    pub minutes: i64,
}

/// What a period comes to.
#[derive(Debug, Serialize)]
pub struct ActivityReport {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// All together.
    pub total: Sum,
    /// By what was asked for.
    pub by: BTreeMap<&'static str, Vec<Sum>>,
    /// Not every ticket was counted, but the newest [`MOST_ACTIVE`].
    #[serde(skip)]
    pub cut: bool,
}

impl ActivityReport {
    /// Counts a period, both days included.
    ///
    /// # Errors
    /// When GestSup cannot be read.
    pub async fn of(site: &Site, from: NaiveDate, to: NaiveDate, tables: &[By]) -> Result<Self, PortError> {
        let active = site.gestsup().activity(from, to, MOST_ACTIVE).await?;
        let by = tables.iter().map(|by| (by.as_str(), sums(&active, *by))).collect();
        Ok(Self { from, to, total: total(&active), by, cut: active.len() >= MOST_ACTIVE as usize })
    }

    /// One of its tables; empty where it was not asked for.
    pub fn table(&self, by: By) -> &[Sum] {
        self.by.get(by.as_str()).map(Vec::as_slice).unwrap_or_default()
    }
}

fn add(sum: &mut Sum, ticket: &Active) {
    sum.opened += usize::from(ticket.opened.is_some());
    sum.resolved += usize::from(ticket.resolved.is_some());
    if ticket.resolved.is_some() {
        sum.minutes += ticket.minutes;
    }
}

fn total(active: &[Active]) -> Sum {
    let mut total = Sum::default();
    active.iter().for_each(|ticket| add(&mut total, ticket));
    total
}

/// The sums of each name, the busiest first; of days in their order.
fn sums(active: &[Active], by: By) -> Vec<Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for ticket in active {
        if by == By::Day {
            // Opened and resolved are each counted on their own day.
            let once = |opened, resolved| Active { opened, resolved, ..ticket.clone() };
            for (day, part) in
                [(ticket.opened, once(ticket.opened, None)), (ticket.resolved, once(None, ticket.resolved))]
            {
                if let Some(day) = day {
                    add(sums.entry(day.to_string()).or_default(), &part);
                }
            }
            continue;
        }
        let name = match by {
            By::Technician => &ticket.in_charge,
            By::Client => &ticket.client,
            By::State | By::Day => &ticket.state,
        };
        add(sums.entry(name.clone()).or_default(), ticket);
    }
    let named = |(name, sum): (String, Sum)| Sum { name: if name.is_empty() { "–".to_owned() } else { name }, ..sum };
    let mut sums: Vec<Sum> = sums.into_iter().map(named).collect();
    if by != By::Day {
        sums.sort_by_key(|sum| std::cmp::Reverse((sum.opened + sum.resolved, sum.minutes)));
    }
    sums
}
