//! What Gestan holds, compared with what was agreed: somebody may have saved an old window over what
//! was written, or deleted an intervention, and nothing in GestSup tells. Rolls over the linked
//! tickets under a time cap.

use super::pass::{PassOptions, TicketsFlow};
use super::ports::{LinkPhase, Trouble};
use super::remembered::Remembered;
use super::sweep::Sweep;
use crate::flows::{Blast, PortError, System};
use crate::gestan::contract::{KnownState, ObjectState, Problem, StateResult, TicketKey};
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use std::time::Instant;

/// Interventions of one request.
pub(super) const SLICE: usize = 100;

/// What Gestan turned out to hold for a ticket.
pub(super) enum Held {
    /// Something else than was agreed.
    Other(Box<ObjectState>),
    /// Nothing: somebody deleted the intervention.
    Nothing {
        /// Its id.
        gestan_id: i64,
    },
    /// Something that cannot be read: a sentence.
    Unreadable(String),
}

/// What a comparison came to.
#[derive(Default)]
pub(super) struct Compared {
    /// Tickets of which Gestan holds something else.
    pub differing: HashMap<i64, Held>,
    /// Interventions that were compared.
    pub looked_at: usize,
    /// How far the rolling comparison is.
    pub cursor: Sweep,
}

impl TicketsFlow<'_> {
    /// Compares the interventions that are due: the named tickets', or a part of all.
    pub(super) async fn compare(
        &self,
        remembered: &mut Remembered,
        options: &PassOptions,
        now: DateTime<Utc>,
    ) -> Result<Compared, PortError> {
        let mut compared = Compared { cursor: remembered.comparison.clone(), ..Compared::default() };
        let all = options.full || !options.only.is_empty();
        let settings = &self.config.tickets;
        let every = Duration::seconds(i64::try_from(settings.compare_every_seconds).unwrap_or(i64::MAX / 1000));
        let is_due = compared.cursor.is_due(every, now);
        if all || is_due {
            remembered.learn_all(self.memory).await?;
        }
        let remembered: &Remembered = remembered;
        let mut numbers: Vec<i64> = remembered
            .linked
            .iter()
            .filter(|(number, phase)| {
                let set_aside =
                    remembered.attention.get(number).is_some_and(|known| known.trouble == Trouble::Quarantined);
                let asked = options.only.is_empty() || options.only.contains(number);
                matches!(phase, LinkPhase::Live | LinkPhase::Closed) && !set_aside && asked
            })
            .map(|(number, _)| *number)
            .collect();
        numbers.sort_unstable();
        // Whoever asks for another attempt wants to know how things stand now.
        let retried =
            |number: &&i64| remembered.attention.get(number).is_some_and(|known| known.trouble == Trouble::Retrying);
        let retried: Vec<i64> = numbers.iter().filter(retried).copied().collect();
        if !all && !retried.is_empty() {
            self.compare_slice(&retried, &mut compared).await?;
        }
        if all {
            for numbers in numbers.chunks(SLICE) {
                self.compare_slice(numbers, &mut compared).await?;
            }
            if options.only.is_empty() {
                compared.cursor.end(numbers.len(), now);
            }
            return Ok(compared);
        }
        if !is_due {
            return Ok(compared);
        }
        let begun = Instant::now();
        while let Some((first, last)) = compared.cursor.slice(&numbers, SLICE) {
            let from = numbers.partition_point(|number| *number < first);
            let to = numbers.partition_point(|number| *number <= last);
            self.compare_slice(&numbers[from..to], &mut compared).await?;
            compared.cursor.advance(last, &numbers, now);
            if compared.cursor.position == 0 || begun.elapsed().as_secs() >= settings.compare_seconds_per_pass {
                return Ok(compared);
            }
        }
        compared.cursor.end(numbers.len(), now);
        Ok(compared)
    }

    async fn compare_slice(&self, numbers: &[i64], compared: &mut Compared) -> Result<(), PortError> {
        let mut newest = HashMap::new();
        for link in self.memory.links(numbers).await? {
            // They come by sequence: the last one is the newest.
            newest.insert(link.number, link);
        }
        let known: Vec<KnownState> = newest
            .values()
            .map(|link| KnownState {
                key: TicketKey { source: self.source_name.to_owned(), number: link.number, sequence: link.sequence },
                etag: link.etag.clone(),
            })
            .collect();
        let results = self.gestan.states(known.clone()).await?;
        compared.looked_at += known.len();
        for (known, result) in known.iter().zip(results) {
            let number = known.key.number;
            match result {
                StateResult::Unchanged => {}
                StateResult::Changed(state) => {
                    compared.differing.insert(number, Held::Other(state));
                }
                StateResult::Problem(problem) if problem.code() == Problem::NOT_FOUND => {
                    let gestan_id = newest.get(&number).map_or(0, |link| link.gestan_id);
                    compared.differing.insert(number, Held::Nothing { gestan_id });
                }
                // One record that cannot be read stops only itself.
                StateResult::Problem(problem) if problem.status < 500 => {
                    compared.differing.insert(number, Held::Unreadable(problem.detail));
                }
                StateResult::Problem(problem) => {
                    return Err(PortError {
                        system: System::Gestan,
                        blast: Blast::System,
                        retry_after: None,
                        message: problem.detail,
                    });
                }
            }
        }
        Ok(())
    }
}
