//! A MariaDB server of our own in a temporary folder, on loopback, that cannot outlive the process
//! that started it.

use anyhow::{Context as _, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest that the server may take to start.
const START: Duration = Duration::from_secs(60);

/// Waits on its standard input, which closes when the parent ends however it ends; then stops the
/// server and removes its folder. So a killed demonstration leaves nothing behind.
const SUPERVISOR: &str = r#"
dir=$1; shift
trap '' INT HUP TERM
"$@" </dev/null >"$dir/server.out" 2>&1 &
pid=$!
read -r keep
[ "$keep" = keep ] && exit 0
kill "$pid" 2>/dev/null
wait "$pid" 2>/dev/null
rm -rf "$dir"
"#;

/// A running private server. Dropping it stops the server and removes its data.
#[derive(Debug)]
pub struct PrivateMariaDb {
    folder: PathBuf,
    port: u16,
    supervisor: Child,
}

impl PrivateMariaDb {
    /// Creates an empty server in a new temporary folder and waits until it answers. Its only account
    /// is `root`, without a password, reachable from this machine alone.
    ///
    /// # Errors
    /// When MariaDB is not installed, or does not come up; the message carries the end of its log.
    pub fn start() -> anyhow::Result<Self> {
        let server = program("mariadbd").context("MariaDB is not installed: apt-get install mariadb-server")?;
        let install =
            program("mariadb-install-db").context("mariadb-install-db is missing: apt-get install mariadb-server")?;
        let folder = TempDir::with_prefix("gestan-connector-mariadb-")?.keep();
        let data = folder.join("data");
        let user = format!("--user={}", current_user());
        let output = Command::new(install)
            .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal", &user])
            .arg(format!("--datadir={}", data.display()))
            .output()
            .context("while creating the private MariaDB's system tables")?;
        if !output.status.success() {
            let _ = std::fs::remove_dir_all(&folder);
            bail!("mariadb-install-db failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let port = free_port()?;
        let socket = folder.join("s");
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "gestan-connector-mariadb"])
            .arg(&folder)
            .arg(server)
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", &user])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            .arg(format!("--port={port}"))
            .args(["--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0", "--max-connections=400"])
            .args(["--innodb-buffer-pool-size=128M", "--skip-log-bin", "--performance-schema=OFF"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("while starting the private MariaDB")?;
        let mut this = Self { folder, port, supervisor };
        this.wait_until_it_answers()?;
        Ok(this)
    }

    /// TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `mysql://` address of a database on this server, as root.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// Leaves the server up when this process ends; returns its process id, to stop it by.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn keep(mut self) -> anyhow::Result<String> {
        use std::io::Write as _;
        let mut stdin = self.supervisor.stdin.take().context("the private MariaDB's supervisor is gone")?;
        writeln!(stdin, "keep")?;
        Ok(std::fs::read_to_string(self.folder.join("pid"))?.trim().to_owned())
    }

    /// The folder of the server's files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn wait_until_it_answers(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        let log = std::fs::read_to_string(self.folder.join("server.out")).unwrap_or_default();
        let end: Vec<&str> = log.lines().rev().take(5).collect();
        bail!("the private MariaDB did not start within {} s: {}", START.as_secs(), end.join(" | "));
    }
}

impl Drop for PrivateMariaDb {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn current_user() -> String {
    let id = Command::new("id").arg("-un").output();
    id.ok().map_or_else(|| "root".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|file| file.is_file())
}
