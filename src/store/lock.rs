//! One connector per state: an advisory lock on a file beside it, which the system releases however
//! its holder ends.

use super::StoreError;
use chrono::Utc;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// The lock; dropping it releases it.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
}

impl StateLock {
    pub(super) fn take(state: &Path) -> Result<Self, StoreError> {
        let mut path = state.as_os_str().to_owned();
        path.push(".lock");
        let io = |source| StoreError::File { path: state.to_owned(), source };
        let path = Path::new(&path);
        crate::private::make_for_folder(path).map_err(io)?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let mut words = holder.split_whitespace();
                let mut word = || words.next().unwrap_or("unknown").to_owned();
                return Err(StoreError::Locked { path: state.to_owned(), pid: word(), since: word() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(io)?;
        writeln!(file, "{} {}", std::process::id(), Utc::now().format("%Y-%m-%dT%H:%M:%SZ")).map_err(io)?;
        Ok(Self { _file: file })
    }
}
