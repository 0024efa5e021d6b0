//! Files of mails in GestSup's folder of uploaded files, under the names that GestSup gives them: no name of a sender's is ever a
//! path.

use super::GestsupMailPen;
use crate::failpoint::reached;
use crate::flows::mail::Staged;
use crate::flows::{Blast, PortError, System};
use crate::mapping::mail::NewFile;
use crate::model::PartContent;
use std::path::{Path, PathBuf};

/// Below the folder: where the files of tickets are.
const TICKETS: &str = "ticket";

impl GestsupMailPen {
    fn paths(&self, staged: &Staged) -> Vec<PathBuf> {
        let Some(folder) = &self.folder else { return Vec::new() };
        staged.files.iter().map(|name| path_of(folder, name)).collect()
    }

    /// Writes the files of a staged write.
    pub(super) async fn place(&self, staged: &Staged, files: &[NewFile]) -> Result<(), PortError> {
        for (path, file) in self.paths(staged).iter().zip(files) {
            write(path, &file.part.content).await.map_err(|error| trouble(path, &error))?;
            reached("mail: file written");
        }
        Ok(())
    }

    /// Removes what a write that was not done left there.
    pub(super) async fn remove(&self, staged: &Staged) {
        for path in self.paths(staged) {
            let _ = tokio::fs::remove_file(path).await;
        }
    }
}

/// Where a file of a ticket is.
pub(in crate::gestsup) fn path_of(folder: &Path, stored_as: &str) -> PathBuf {
    folder.join(TICKETS).join(stored_as)
}

/// Why a file is not in its place.
pub(in crate::gestsup) fn trouble(path: &Path, error: &std::io::Error) -> PortError {
    PortError {
        system: System::Gestsup,
        blast: Blast::Retry,
        retry_after: None,
        message: format!(
            "a file cannot be put into GestSup's folder of uploaded files ({}: {error}): the service's account must be allowed to write there",
            path.display()
        ),
    }
}

/// Writes a file, so that it lasts and the web server can read it.
pub(in crate::gestsup) async fn write(path: &Path, content: &PartContent) -> std::io::Result<()> {
    match content {
        PartContent::Bytes(bytes) => tokio::fs::write(path, bytes).await?,
        PartContent::File(from) => {
            tokio::fs::copy(from, path).await?;
        }
    }
    // The web server has to read it, whoever it belongs to.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        tokio::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).await?;
    }
    tokio::fs::File::open(path).await?.sync_all().await
}
