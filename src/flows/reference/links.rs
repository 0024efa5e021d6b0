//! Links beside Gestan: what the state knows is told to the gateway's extension tables, and a state that knows nothing
//! learns it there.

use super::ReferenceFlow;
use super::known::Key;
use super::pass::Pass;
use super::ports::{Book, ReferenceCommit, ReferenceLink, RegisterPen};
use super::record::{Field, Kind, Values};
use super::report::ReferenceRecord;
use super::scene::prints;
use crate::flows::PortError;
use crate::flows::tickets::Outcome;
use std::collections::HashSet;

/// Set in the state once it has learnt what stands beside Gestan.
pub const LEARNT: &str = "reference.learnt";
/// Links that are told or learnt at once.
const PART: usize = 500;

impl ReferenceFlow<'_> {
    /// Takes over links that stand beside Gestan and that the state does not know; returns how many, and why there are none.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn learn(&self) -> Result<(usize, Option<String>), PortError> {
        let mut pen = self.gestsup.register().await?;
        self.learn_with(pen.as_mut()).await
    }

    async fn learn_with(&self, pen: &mut dyn RegisterPen) -> Result<(usize, Option<String>), PortError> {
        let mut learnt = 0;
        for kind in self.kinds().filter(|kind| pen.has(*kind, Field::Disabled)).collect::<Vec<_>>() {
            let links = match self.gestan.recorded_links(self.source, kind).await? {
                Book::Open(links) if links.is_empty() => continue,
                Book::Open(links) => links,
                Book::Closed(reason) => return Ok((learnt, Some(reason))),
            };
            let there: HashSet<i64> = prints(kind, pen).await?.into_iter().map(|(id, _)| id).collect();
            let mut taken = HashSet::new();
            for other in Kind::ALL.into_iter().filter(|other| other.place() == kind.place()) {
                taken.extend(self.memory.known_reference_links(other).await?.iter().map(|link| link.id));
            }
            let own = self.memory.known_reference_links(kind).await?;
            let mut known: HashSet<Key> = own.iter().map(|link| link.key).collect();
            let mut new = Vec::new();
            for (key, id) in links {
                let free = id > kind.place().reserved() && there.contains(&id);
                if free && known.insert(Key::new(&key)) && taken.insert(id) {
                    let evidence = "the connector's table in Gestan's base".to_owned();
                    new.push(ReferenceLink { kind, key, id, agreed: Values::new(), evidence, seal: 0 });
                }
            }
            learnt += new.len();
            while !new.is_empty() {
                let links = new.split_off(new.len().saturating_sub(PART));
                self.memory.commit_reference(ReferenceCommit { links, ..ReferenceCommit::default() }).await?;
            }
        }
        self.memory.set_reference_value(LEARNT, "yes").await?;
        Ok((learnt, None))
    }
}

impl Pass<'_> {
    /// Once in the life of a state: what it may have known before.
    pub(super) async fn learn(&mut self, pen: &mut dyn RegisterPen) -> Result<(), PortError> {
        if self.flow.memory.reference_value(LEARNT).await?.is_some_and(|learnt| !learnt.is_empty()) {
            return Ok(());
        }
        let (learnt, _) = self.flow.learn_with(pen).await?;
        if learnt > 0 {
            let message = format!("{learnt} links were not in the state and are taken over from Gestan's base");
            self.tell(vec![told(Outcome::Done, "links-learnt", message)]).await?;
        }
        Ok(())
    }

    /// Tells Gestan's base of links that it does not know yet, and of those that no longer hold.
    pub(super) async fn record_links(&mut self, kind: Kind) -> Result<(), PortError> {
        while self.book.is_none() && !self.cancel.is_cancelled() {
            let links = self.flow.memory.unrecorded_links(kind, PART).await?;
            if links.is_empty() {
                break;
            }
            match self.flow.gestan.record_links(self.flow.source, kind, &links).await? {
                Book::Open(()) => self.flow.memory.links_recorded(kind, &links).await?,
                Book::Closed(reason) => self.book = Some(reason),
            }
        }
        Ok(())
    }

    /// Says that links are kept in the state alone.
    pub(super) fn tell_of_book(&mut self) {
        if let Some(reason) = &self.book {
            let message = format!(
                "links of reference data are in the state alone, and would be lost with it: {reason}; run `gateway install` beside Gestan, and see its grants in the guide"
            );
            self.report.tell(vec![told(Outcome::Reported, "links-not-recorded", message)]);
        }
    }
}

fn told(outcome: Outcome, code: &str, message: String) -> ReferenceRecord {
    ReferenceRecord {
        kind: Kind::Client,
        key: String::new(),
        name: String::new(),
        gestsup_id: None,
        outcome: Some(outcome),
        code: code.to_owned(),
        message,
        change: None,
    }
}
