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
