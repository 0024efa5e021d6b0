//! A real ODBC stack in place of HFSQL's, which is proprietary: iODBC, and MariaDB's driver made narrow, as HFSQL's is.

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};

/// What stands in for an HFSQL base.
#[derive(Debug, Clone)]
pub struct StandIn {
    /// The driver's file.
    pub driver: PathBuf,
    /// What the driver is told to do wrong, once: `crash`, `crash-after`, `hang` or `warn`, a space, and part of the
    /// statement that it does it at.
    pub trouble: PathBuf,
    /// Whether it keeps transactions.
    pub transactions: bool,
}

impl StandIn {
    /// In a folder, which has to stay.
    ///
    /// # Errors
    /// When MariaDB's driver is not installed, or is not understood.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let this = Self { driver: folder.join("libnarrow.so"), trouble: folder.join("trouble"), transactions: true };
        if !this.driver.exists() {
            let installed = installed().context("MariaDB's ODBC driver is missing: apt-get install odbc-mariadb")?;
            let narrow = narrowed(std::fs::read(&installed)?);
            let narrow = narrow.with_context(|| format!("while reading {}", installed.display()))?;
            // Several tests may begin at once: a driver is there as a whole or not at all.
            let own = tempfile::NamedTempFile::new_in(folder)?;
            std::fs::write(own.path(), narrow)?;
            own.persist(&this.driver)?;
        }
        Ok(this)
    }

    /// The same driver, told by another file what to do wrong.
    #[must_use]
    pub fn with_trouble(&self, file: PathBuf) -> Self {
        Self { trouble: file, ..self.clone() }
    }

    /// The same driver, which keeps no transactions.
    #[must_use]
    pub fn without_transactions(&self) -> Self {
        Self { transactions: false, ..self.clone() }
    }

    /// `[gateway.base]` beside address, account and password.
    pub fn settings(&self) -> String {
        let (driver, trouble) = (self.driver.display(), self.trouble.display());
        let keeps = if self.transactions { "" } else { ", StandInKeeps = \"nothing\"" };
        format!("kind = \"hfsql\"\ndriver = \"{driver}\"\noptions = {{ StandIn = \"{trouble}\"{keeps} }}\n")
    }
}

fn installed() -> Option<PathBuf> {
    let libraries = std::fs::read_dir("/usr/lib").ok()?;
    let mut drivers = libraries.flatten().map(|folder| folder.path().join("odbc/libmaodbc.so"));
    drivers.find(|driver| driver.is_file())
}

/// The driver without its functions for wide characters: they are of 16 bits, iODBC's are of 32, and it would prefer
/// them. A symbol that is hidden is not found by name, and the library still finds its own.
fn narrowed(mut library: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let slice = library.get(at..at.checked_add(bytes)?)?;
        Some(slice.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    let places = || -> Option<Vec<usize>> {
        let (table, size, count) = (number(40, 8)?, number(58, 2)?, number(60, 2)?);
        // Of a section header: its kind, its place, its length, and the section that it refers to.
        let section = |index: usize| {
            let at = table + index * size;
            Some((number(at + 4, 4)?, number(at + 24, 8)?, number(at + 32, 8)?, number(at + 40, 4)?))
        };
        let (_, symbols, length, names) = (0..count).filter_map(section).find(|(kind, ..)| *kind == 11)?;
        let (_, names, ..) = section(names)?;
        let is_wide = |symbol: usize| {
            let name = library.get(names + number(symbol, 4)?..)?.split(|byte| *byte == 0).next()?;
            Some(name.starts_with(b"SQL") && name.ends_with(b"W"))
        };
        let all = (0..length / 24).map(|index| symbols + index * 24);
        Some(all.filter(|symbol| is_wide(*symbol).unwrap_or(false)).map(|symbol| symbol + 5).collect())
    };
    let places = places().unwrap_or_default();
    if !library.starts_with(b"\x7fELF\x02\x01") || places.is_empty() {
        bail!("it is no 64-bit library with functions for wide characters");
    }
    for place in places {
        library[place] = 2;
    }
    Ok(library)
}
