//! How the records of a kind stand before anything is done about them: in step, to be looked at, or not linked.

use super::index::Index;
use super::known::{Key, Known, print_of, seal};
use super::ports::{Decision, KnownLink, ReferenceCase, RegisterPen};
use super::record::{Kind, Projected};
use crate::config::Reference;
use crate::flows::PortError;
use std::collections::{HashMap, HashSet};

/// Rows whose prints are read at once.
const ROWS: usize = 5_000;

/// Of records of this kind.
pub(super) struct Scene<'p> {
    pub kind: Kind,
    known: &'p Known,
    /// By key.
    pub cases: HashMap<String, ReferenceCase>,
    /// Rows of GestSup that are some record of Gestan.
    pub taken: HashSet<i64>,
    /// Where something has to be found.
    pub index: Option<Index>,
    /// Rows that records turned out to be, and the names of those.
    pub claims: HashMap<i64, Vec<String>>,
    /// Mails and logins that rows are about to get.
    pub promised: HashSet<u64>,
    /// Links whose record is listed, by their place among the known ones.
    met: Vec<bool>,
    prints: Vec<(i64, u64)>,
    /// What every decision depends on beside record and row.
    rules: u64,
    /// Nothing counts as in step.
    anew: bool,
}

/// A record that something may have to be done about.
pub(super) struct Work {
    pub record: Projected,
    /// Its row.
    pub row: Option<i64>,
    /// A row that it was, and that is no longer there.
    pub lost: Option<i64>,
}

impl Work {
    /// Whether a row has to be found or made for it.
    pub(super) fn is_open(&self) -> bool {
        self.row.is_none() && self.record.waits.is_none() && !self.record.is_archived()
    }
}

/// The prints of the rows of a kind.
pub(super) async fn prints(kind: Kind, pen: &mut dyn RegisterPen) -> Result<Vec<(i64, u64)>, PortError> {
    let (mut prints, mut after) = (Vec::new(), 0);
    loop {
        let part = pen.prints(kind.place(), after, ROWS).await?;
        after = part.last().map_or(after, |(id, _)| *id);
        let last = part.len() < ROWS;
        prints.extend(part);
        if last {
            return Ok(prints);
        }
    }
}

impl<'p> Scene<'p> {
    pub(super) fn new(
        kind: Kind,
        known: &'p Known,
        prints: Vec<(i64, u64)>,
        settings: &Reference,
        shape: u64,
        anew: bool,
    ) -> Self {
        Self {
            kind,
            known,
            cases: HashMap::new(),
            taken: HashSet::new(),
            index: None,
            claims: HashMap::new(),
            promised: HashSet::new(),
            met: vec![false; known.all().len()],
            prints,
            rules: print_of(&(env!("CARGO_PKG_VERSION"), format!("{settings:?}"), shape)),
            anew,
        }
    }

    fn print_of_row(&self, id: i64) -> Option<u64> {
        self.prints.binary_search_by_key(&id, |(id, _)| *id).ok().map(|at| self.prints[at].1)
    }

    /// Whether GestSup has a row.
    pub(super) fn is_there(&self, id: i64) -> bool {
        self.print_of_row(id).is_some()
    }

    /// Ids of rows, in their order.
    pub(super) fn rows(&self) -> impl Iterator<Item = i64> {
        self.prints.iter().map(|(id, _)| *id)
    }

    /// The seal of a record and its row, where the row was not touched.
    pub(super) fn seal_of(&self, record: &Projected, row: i64) -> i64 {
        self.print_of_row(row).map_or(0, |print| seal(self.print_of(record), print))
    }

    /// The print of a record.
    pub(super) fn print_of(&self, record: &Projected) -> u64 {
        print_of(&(self.rules, record))
    }

    pub(super) fn is_ignored(&self, record: &Projected) -> bool {
        self.cases.get(&record.key).is_some_and(|case| case.decision == Some(Decision::Ignore))
    }

    /// What may have to be done about a record; `None`: nothing.
    pub(super) fn work(&mut self, record: Projected) -> Option<Work> {
        let own = self.known.position(Key::new(&record.key));
        let aliases = record.aliases.iter().filter_map(|alias| self.known.position(Key::new(alias)));
        let link = own.into_iter().chain(aliases).find(|at| self.is_there(self.known.all()[*at].id));
        for at in own.into_iter().chain(link) {
            self.met[at] = true;
        }
        if self.is_ignored(&record) {
            // Told in a survey, and planned in none.
            return self.anew.then_some(Work { record, row: None, lost: None });
        }
        let case = self.cases.get(&record.key);
        let Some(at) = link else {
            let lost = own.map(|at| self.known.all()[at].id);
            // What is archived is not brought over: there is a case to close, or nothing to do.
            let idle = record.is_archived() && lost.is_none() && case.is_none_or(|case| case.decision.is_some());
            return (!idle || self.anew).then_some(Work { record, row: None, lost });
        };
        let link: KnownLink = self.known.all()[at];
        let same = link.key == Key::new(&record.key) && link.seal != 0 && link.seal == self.seal_of(&record, link.id);
        let done = same && case.is_none() && !self.anew;
        (!done).then_some(Work { record, row: Some(link.id), lost: None })
    }

    /// Links whose record Gestan does not list.
    pub(super) fn unmet(&self) -> Vec<KnownLink> {
        self.known.all().iter().zip(&self.met).filter(|(_, met)| !**met).map(|(link, _)| *link).collect()
    }
}
