//! A list of Gestan, kept in a file without a name instead of in memory: it may be long, and is gone through several
//! times. Page after page, as it was read; what changed since is kept beside it.

use crate::flows::{Blast, PortError, System};
use crate::model::{Client, Contact, Machine};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// A record that goes by a number.
pub(super) trait Numbered {
    /// Its number.
    fn number(&self) -> i64;
}

macro_rules! numbered {
    ($($record:ty),*) => { $(impl Numbered for $record {
        fn number(&self) -> i64 {
            self.id
        }
    })* };
}
numbered!(Client, Contact, Machine);

/// A list.
#[derive(Debug)]
pub(super) struct Spool<T> {
    file: File,
    /// Where each page lies.
    pages: Vec<(u64, usize)>,
    /// What changed since, or came in addition.
    newer: BTreeMap<i64, T>,
}

fn failed(error: &io::Error) -> PortError {
    PortError {
        system: System::State,
        blast: Blast::System,
        retry_after: None,
        message: format!(
            "a list of Gestan cannot be kept in a temporary file beside the state ({error}): see to its disk"
        ),
    }
}

impl<T: Serialize + DeserializeOwned + Numbered + Clone> Spool<T> {
    /// An empty list.
    pub(super) fn new(folder: &Path) -> Result<Self, PortError> {
        // Whoever only looks at a site may not be allowed to write beside its state.
        let file = tempfile::tempfile_in(folder).or_else(|_| tempfile::tempfile());
        let file = file.map_err(|error| failed(&error))?;
        Ok(Self { file, pages: Vec::new(), newer: BTreeMap::new() })
    }

    /// Adds a page.
    pub(super) fn push(&mut self, page: &[T]) -> Result<(), PortError> {
        let write = || -> io::Result<(u64, usize)> {
            let bytes = serde_json::to_vec(page)?;
            let mut file = &self.file;
            let at = file.seek(SeekFrom::End(0))?;
            file.write_all(&bytes)?;
            Ok((at, bytes.len()))
        };
        let page = write().map_err(|error| failed(&error))?;
        self.pages.push(page);
        Ok(())
    }

    /// Takes in what changed since.
    pub(super) fn renew(&mut self, records: impl IntoIterator<Item = T>) {
        self.newer.extend(records.into_iter().map(|record| (record.number(), record)));
    }

    /// How much changed since.
    pub(super) fn renewed(&self) -> usize {
        self.newer.len()
    }

    fn read(&self, at: u64, length: usize) -> Result<Vec<T>, PortError> {
        let read = || -> io::Result<Vec<T>> {
            let mut bytes = vec![0; length];
            let mut file = &self.file;
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut bytes)?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        read().map_err(|error| failed(&error))
    }

    /// Goes through the list.
    pub(super) fn pages(&self) -> Pages<'_, T> {
        Pages { spool: self, next: 0, met: HashSet::new() }
    }
}

/// A walk through a list.
pub(super) struct Pages<'s, T> {
    spool: &'s Spool<T>,
    next: usize,
    /// What changed since and was met on the way: the rest comes last.
    met: HashSet<i64>,
}

impl<T: Serialize + DeserializeOwned + Numbered + Clone> Pages<'_, T> {
    /// The next page; `None` after the last one.
    pub(super) fn page(&mut self) -> Result<Option<Vec<T>>, PortError> {
        let spool = self.spool;
        let Some((at, length)) = spool.pages.get(self.next).copied() else {
            let added = spool.newer.iter().filter(|(number, _)| !self.met.contains(number));
            let added: Vec<T> = added.map(|(_, record)| record.clone()).collect();
            self.met.extend(added.iter().map(Numbered::number));
            return Ok(Some(added).filter(|added| !added.is_empty()));
        };
        self.next += 1;
        let mut page = spool.read(at, length)?;
        for record in &mut page {
            if let Some(newer) = spool.newer.get(&record.number()) {
                self.met.insert(record.number());
                record.clone_from(newer);
            }
        }
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_with_what_changed_since_in_its_place_and_what_came_at_the_end() {
        let machine = |id: i64, label: &str| Machine { id, label: label.to_owned(), ..Machine::default() };
        let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
        spool.push(&[machine(1, "a"), machine(2, "b")]).unwrap();
        spool.push(&[machine(5, "c")]).unwrap();
        spool.renew([machine(2, "B"), machine(7, "d")]);
        for _ in 0..2 {
            let mut pages = spool.pages();
            let mut seen = Vec::new();
            while let Some(page) = pages.page().unwrap() {
                seen.extend(page.into_iter().map(|machine| format!("{}{}", machine.id, machine.label)));
            }
            assert_eq!(seen, ["1a", "2B", "5c", "7d"]);
        }
    }
}
