//! What a pass remembers of those before it.

use super::ports::{Attention, CENSUS, Census, LinkPhase, Memory};
use super::read::{LAST_TICKET, PROJECTION, START_AT};
use super::rewind::{MARKS, Marks, REWOUND};
use super::sweep::{COMPARISON, SWEEP, Sweep};
use crate::config::Tickets;
use crate::flows::PortError;
use crate::model::local_to_utc;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};

/// What is remembered, loaded in bulk.
pub(super) struct Remembered {
    /// Linked tickets by phase of their newest link: all of them after [`Remembered::learn_all`]; before, those that are
    /// live and those that something else is remembered of.
    pub linked: HashMap<i64, LinkPhase>,
    /// Whether they are all there.
    pub is_complete: bool,
    /// The tickets that there were at the last pass, if each that is linked was among them.
    pub census: Option<Census>,
    pub attention: HashMap<i64, Attention>,
    pub unconfirmed: HashSet<i64>,
    pub last_ticket: Option<i64>,
    /// The mapping is not the one that the open tickets were last planned with.
    pub projection_changed: bool,
    /// Tickets closed before this are history.
    pub start_at: DateTime<Utc>,
    /// The base's counters as last seen.
    pub marks: Option<Marks>,
    /// How far the rolling look at every ticket was.
    pub sweep: Sweep,
    /// How far the rolling comparison with what Gestan holds was.
    pub comparison: Sweep,
    /// A restored base was noticed and is not settled yet.
    pub rewound: bool,
    /// Tickets that the journal tells of within `recently_closed_days`.
    pub told_lately: HashSet<i64>,
    /// Open tickets of users whose absences changed.
    pub concerned: HashSet<i64>,
    /// The absences as they are now, if they changed.
    pub absences: Option<String>,
}

impl Remembered {
    pub(super) async fn load(
        memory: &dyn Memory,
        tickets: &Tickets,
        zone: Tz,
        projection: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, PortError> {
        let start_at = match tickets.start_at {
            Some(local) => local_to_utc(local, zone),
            None => memory.value(START_AT).await?.and_then(|text| text.parse().ok()).unwrap_or(now),
        };
        let known = memory.value(PROJECTION).await?;
        let attention = memory.attention().await?;
        let unconfirmed = memory.unconfirmed().await?;
        let told_lately = memory.told_since(now - Duration::days(tickets.recently_closed_days.into())).await?;
        let live = memory.live_numbers().await?;
        let mut linked: HashMap<i64, LinkPhase> = live.into_iter().map(|number| (number, LinkPhase::Live)).collect();
        let others = attention.keys().chain(&unconfirmed).chain(&told_lately).copied();
        let others: Vec<i64> = others.filter(|number| !linked.contains_key(number)).collect();
        linked.extend(memory.phases_of(&others).await?);
        Ok(Self {
            linked,
            is_complete: false,
            census: parsed(memory, CENSUS).await?,
            attention,
            unconfirmed,
            last_ticket: memory.value(LAST_TICKET).await?.and_then(|text| text.parse().ok()),
            projection_changed: known.is_some_and(|known| known != projection),
            start_at,
            marks: parsed(memory, MARKS).await?,
            sweep: parsed(memory, SWEEP).await?.unwrap_or_default(),
            comparison: parsed(memory, COMPARISON).await?.unwrap_or_default(),
            rewound: memory.value(REWOUND).await?.is_some_and(|sentence| !sentence.is_empty()),
            told_lately,
            concerned: HashSet::new(),
            absences: None,
        })
    }

    /// Loads all that are linked, where that was not done yet.
    pub(super) async fn learn_all(&mut self, memory: &dyn Memory) -> Result<(), PortError> {
        if !self.is_complete {
            self.linked = memory.linked_numbers().await?;
            self.is_complete = true;
        }
        Ok(())
    }

    /// Whether a ticket has an intervention that is to be told if it is gone.
    pub(super) fn is_to_exist(&self, number: i64) -> bool {
        self.linked.get(&number).is_some_and(|phase| *phase != LinkPhase::Gone)
    }

    /// Open linked tickets.
    pub(super) fn open(&self) -> usize {
        self.linked.values().filter(|phase| **phase == LinkPhase::Live).count()
    }
}

/// A value that is kept as JSON; one that an older program wrote otherwise is none.
async fn parsed<T: DeserializeOwned>(memory: &dyn Memory, name: &str) -> Result<Option<T>, PortError> {
    Ok(memory.value(name).await?.and_then(|text| serde_json::from_str(&text).ok()))
}
