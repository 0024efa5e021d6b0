//! The connection between a command and the service of this machine: a Unix socket. Elsewhere there is no such service.

#[cfg(unix)]
pub(super) use here::listen;
#[cfg(unix)]
pub(crate) use tokio::net::{UnixListener as Listener, UnixStream as Stream};

#[cfg(not(unix))]
pub(crate) use nowhere::Stream;
#[cfg(not(unix))]
pub(super) use nowhere::{Listener, listen};

#[cfg(unix)]
mod here {
    use super::Listener;
    use std::io;
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
    use std::path::Path;

    /// Listens; a socket that a killed service left behind is replaced.
    ///
    /// # Errors
    /// When the system refuses, or something else has the name.
    pub(in crate::daemon) fn listen(path: &Path) -> io::Result<Listener> {
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of this name")),
            Err(_) => {}
        }
        let listener = Listener::bind(path)?;
        // The service's own account and root: whoever may write the state.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }
}

/// What stands in for it: nobody listens, and nobody is heard.
#[cfg(not(unix))]
mod nowhere {
    use std::io;
    use std::path::{Path, PathBuf};

    fn none<T>() -> io::Result<T> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "the daemon runs on Linux"))
    }

    pub(in crate::daemon) fn listen(_: &Path) -> io::Result<Listener> {
        none()
    }

    #[derive(Debug)]
    pub(in crate::daemon) struct Listener(());

    impl Listener {
        pub(in crate::daemon) async fn accept(&self) -> io::Result<(Stream, ())> {
            none()
        }
    }

    #[derive(Debug)]
    pub(crate) struct Stream(());

    impl Stream {
        pub(crate) async fn connect(_: PathBuf) -> io::Result<Self> {
            none()
        }

        pub(crate) fn into_split(self) -> (tokio::io::Empty, tokio::io::Sink) {
            (tokio::io::empty(), tokio::io::sink())
        }
    }
}
