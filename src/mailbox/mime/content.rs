//! The content of parts: small ones in memory, large ones in files of the spool, counted and hashed as they pass by.

use crate::model::PartContent;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Largest content that stays in memory.
const SMALL: usize = 128 * 1024;

/// What a mail's parts may take of the memory.
#[derive(Debug)]
pub(super) struct Budget(pub usize);

/// Where a content goes.
pub(super) struct Bucket<'a> {
    spool: &'a Path,
    memory: Vec<u8>,
    most: usize,
    file: Option<NamedTempFile>,
    hash: Sha256,
    size: u64,
}

impl<'a> Bucket<'a> {
    pub fn new(spool: &'a Path, budget: &Budget) -> Self {
        Self { spool, memory: Vec::new(), most: budget.0.min(SMALL), file: None, hash: Sha256::new(), size: 0 }
    }

    /// The content, its size and its hash. A file stays until the mail's spool is removed.
    pub fn finish(mut self, budget: &mut Budget) -> io::Result<(PartContent, u64, String)> {
        let content = match self.file.take() {
            Some(mut file) => {
                file.flush()?;
                let (_, path) = file.keep().map_err(|error| error.error)?;
                PartContent::File(path)
            }
            None => {
                budget.0 = budget.0.saturating_sub(self.memory.len());
                self.memory.shrink_to_fit();
                PartContent::Bytes(self.memory)
            }
        };
        Ok((content, self.size, hex(&self.hash.finalize())))
    }
}

impl Write for Bucket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.memory.len() + bytes.len() > self.most {
            let mut file = NamedTempFile::with_prefix_in("part-", self.spool)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes)?,
            None => self.memory.extend_from_slice(bytes),
        }
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text that is kept up to a size; the rest is only counted.
pub(super) struct Cut {
    pub kept: Vec<u8>,
    pub most: usize,
    pub cut: bool,
}

impl Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.most.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 of all that is read.
pub(super) fn hash_of(source: &mut dyn Read) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            return Ok((hex(&hash.finalize()), size));
        }
        hash.update(&chunk[..read]);
        size += read as u64;
    }
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
