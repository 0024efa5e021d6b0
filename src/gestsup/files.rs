//! GestSup's uploaded files, and the pictures inside its texts.

use super::pictures;
use super::rows::text;
use super::{Gestsup, GestsupError};
use crate::flows::tickets::{DocumentSource, FileTrouble, Files};
use async_trait::async_trait;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// The folder of uploaded files (`upload` beside GestSup's `index.php`), on this machine or mounted.
#[derive(Debug, Clone)]
pub struct UploadFolder {
    folder: PathBuf,
    gestsup: Gestsup,
}

impl UploadFolder {
    /// The folder of a GestSup.
    pub fn new(folder: PathBuf, gestsup: Gestsup) -> Self {
        Self { folder, gestsup }
    }

    /// Whether the folder can be read, in a sentence if not.
    pub async fn trouble(&self) -> Option<String> {
        let error = tokio::fs::read_dir(&self.folder).await.err()?;
        Some(format!(
            "GestSup's folder of uploaded files {} cannot be read ({error}): check [documents] folder, and that the service's account may read it",
            self.folder.display()
        ))
    }

    async fn file(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileTrouble> {
        let one = |sentence: String| Err(FileTrouble::One(sentence));
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || path.ends_with('/') {
            return one("its name in GestSup's base is no file name".to_owned());
        }
        let path = self.folder.join(path);
        let real = match tokio::fs::canonicalize(&path).await {
            Ok(real) => real,
            Err(error) => {
                if let Some(sentence) = self.trouble().await {
                    return Err(FileTrouble::Folder(sentence));
                }
                return one(match error.kind() {
                    ErrorKind::NotFound => format!("GestSup no longer has the file ({})", path.display()),
                    _ => format!("{} cannot be read ({error})", path.display()),
                });
            }
        };
        let folder = tokio::fs::canonicalize(&self.folder).await.unwrap_or_else(|_| self.folder.clone());
        if !real.starts_with(&folder) {
            return one("it leads out of GestSup's folder of uploaded files".to_owned());
        }
        let size = match tokio::fs::metadata(&real).await {
            Ok(about) if about.is_file() => about.len(),
            Ok(_) => return one("it is no file".to_owned()),
            Err(error) => return one(format!("{} cannot be read ({error})", path.display())),
        };
        if size > limit {
            return one(too_large(size, limit));
        }
        match tokio::fs::read(&real).await {
            Ok(content) => Ok(content),
            Err(error) => one(format!("{} cannot be read ({error})", path.display())),
        }
    }

    async fn picture(&self, ticket: i64, hash: &str, limit: u64) -> Result<Vec<u8>, FileTrouble> {
        let description = self.gestsup.description(ticket).await.map_err(|error| FileTrouble::Base(error.into()))?;
        let content = description.and_then(|html| pictures::content(&html, hash));
        match content {
            Some(content) if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit => {
                Err(FileTrouble::One(too_large(u64::try_from(content.len()).unwrap_or(u64::MAX), limit)))
            }
            Some(content) => Ok(content),
            None => Err(FileTrouble::One("the picture is no longer in the description, or is broken".to_owned())),
        }
    }
}

fn too_large(size: u64, limit: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    format!("it has {} MiB, more than the {} of [documents] max_mib", size.div_ceil(MIB), limit / MIB)
}

impl Gestsup {
    /// The description of a ticket (`tincidents.description`) as it is stored.
    async fn description(&self, ticket: i64) -> Result<Option<String>, GestsupError> {
        let mut snapshot = self.open().await?;
        let rows = snapshot.fetch(format!("SELECT description FROM tincidents WHERE id = {ticket}")).await?;
        Ok(rows.first().map(|row| text(row, "description")))
    }
}

#[async_trait]
impl Files for UploadFolder {
    async fn read(&self, ticket: i64, source: &DocumentSource, limit: u64) -> Result<Vec<u8>, FileTrouble> {
        match source {
            DocumentSource::File(path) => self.file(path, limit).await,
            DocumentSource::Picture(hash) => self.picture(ticket, hash, limit).await,
        }
    }
}
