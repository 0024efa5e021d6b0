//! Files that are nobody else's business. Where there are no modes (Windows), the rights of their folder are what counts.

use std::fs::OpenOptions;
use std::path::Path;

/// Opens a file that, where it is new, only its owner may read.
pub(crate) fn options() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether every account of this machine may read it.
#[cfg(unix)]
pub(crate) fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o004 != 0)
}

/// Whether every account of this machine may read it: not told by a mode.
#[cfg(not(unix))]
pub(crate) fn is_open_to_all(_: &Path) -> bool {
    false
}

/// Makes a file that only its owner may read, where there is none. One that root makes belongs to whoever its folder belongs
/// to: the state's folder is the service's, and root gives commands before the service ever ran.
///
/// # Errors
/// When the system refuses.
pub(crate) fn make_for_folder(path: &Path) -> std::io::Result<()> {
    // Never one that is there already: in a folder of somebody else's it may lead to any file of root's.
    match options().write(true).create_new(true).open(path) {
        Ok(file) => give_to_owner_of_folder(&file, path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn give_to_owner_of_folder(file: &std::fs::File, path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::metadata(folder)?;
    if file.metadata()?.uid() == 0 && folder.uid() != 0 {
        fchown(file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn give_to_owner_of_folder(_: &std::fs::File, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Lets the group of root's folder read root's file: the package gives it to the service's group, and what is in it is
/// for the service to read.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn share_with_group(path: &Path, folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let group = std::fs::metadata(folder)?.gid();
    let is_root = std::fs::metadata(path)?.uid() == 0;
    if is_root && group != 0 {
        chown(path, None, Some(group))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640))?;
    }
    Ok(())
}

/// A new file has the rights of its folder by itself.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(crate) fn share_with_group(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}
