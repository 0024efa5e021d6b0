//! Gestan's folder of documents: files come in whole or not at all, and none is read from outside it.

use super::names::is_plain;
use crate::gateway::GatewayFault;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder, `[gateway.documents] folder`.
#[derive(Debug, Clone)]
pub(super) struct Folder(pub PathBuf);

/// A file that is written and not yet in its place.
#[derive(Debug)]
pub(super) struct Waiting {
    temporary: PathBuf,
    place: PathBuf,
}

fn trouble(path: &Path, error: &std::io::Error) -> GatewayFault {
    GatewayFault::Folder { path: path.display().to_string(), reason: error.to_string() }
}

/// Gives a new path the rights of its folder: Gestan's users must read what a service, whose own files are
/// nobody else's business, puts there. A share that knows no such rights has its own.
#[cfg(unix)]
fn open_as(path: &Path, folder: &Path, mask: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(about) = std::fs::metadata(folder) {
        let mode = about.permissions().mode() & mask;
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    }
}

#[cfg(not(unix))]
fn open_as(_: &Path, _: &Path, _: u32) {}

impl Folder {
    fn of_contact(&self, contact: i64) -> PathBuf {
        self.0.join(format!("CONTACT_{contact}"))
    }

    /// Writes a file beside its place, under a name that a PUT of the same document uses again: what an
    /// earlier one left half written is overwritten by it.
    pub(super) fn write(
        &self,
        contact: i64,
        (name, suffix): (&str, &str),
        content: &[u8],
    ) -> Result<Waiting, GatewayFault> {
        // The folder itself is Gestan's: where it is missing, a share is not mounted.
        if !self.0.is_dir() {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
            return Err(trouble(&self.0, &missing));
        }
        let folder = self.of_contact(contact);
        if !folder.is_dir() {
            std::fs::create_dir_all(&folder).map_err(|error| trouble(&folder, &error))?;
            open_as(&folder, &self.0, 0o7777);
        }
        let temporary = folder.join(format!(".gestan-connector-{suffix}.part"));
        let written = || -> std::io::Result<()> {
            match std::fs::remove_file(&temporary) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = std::fs::File::create_new(&temporary)?;
            file.write_all(content)?;
            open_as(&temporary, &folder, 0o666);
            file.sync_all()
        };
        written().map_err(|error| trouble(&temporary, &error))?;
        Ok(Waiting { place: folder.join(name), temporary })
    }

    /// Where a file of a contact is, if it is there and inside the folder.
    pub(super) fn find(&self, contact: i64, name: &str) -> Option<PathBuf> {
        if !is_plain(name) {
            return None;
        }
        let folder = self.0.canonicalize().ok()?;
        let path = self.of_contact(contact).join(name).canonicalize().ok()?;
        (path.starts_with(&folder) && path.is_file()).then_some(path)
    }

    /// Bytes of a file of a contact, if it is there.
    pub(super) fn size(&self, contact: i64, name: &str) -> Option<u64> {
        std::fs::metadata(self.find(contact, name)?).ok().map(|metadata| metadata.len())
    }
}

impl Waiting {
    /// Puts the file in its place.
    pub(super) fn settle(self) -> Result<(), GatewayFault> {
        std::fs::rename(&self.temporary, &self.place).map_err(|error| trouble(&self.place, &error))?;
        // So that the name outlives a power cut too; a share may not know how.
        let _ = self.place.parent().and_then(|folder| std::fs::File::open(folder).ok()).map(|folder| folder.sync_all());
        Ok(())
    }

    /// Takes the file away: it is not needed.
    pub(super) fn discard(self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}
