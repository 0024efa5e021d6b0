//! A MariaDB server of our own in a temporary folder, on loopback, that cannot outlive the process
//! that started it. With `GESTAN_TEST_MYSQLD` set to a `mysqld` program it is a MySQL server instead.

use anyhow::{Context as _, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest that the server may take to start.
const START: Duration = Duration::from_secs(60);

/// Names the `mysqld` of a MySQL to use in the place of MariaDB.
const MYSQLD: &str = "GESTAN_TEST_MYSQLD";

/// MySQL initialises itself and knows `root` on the socket only.
const ACCOUNTS: &str = "CREATE USER IF NOT EXISTS root@'127.0.0.1' IDENTIFIED BY ''; \
                        GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n";

/// Waits on its standard input, which closes when the parent ends however it ends; then stops the
/// server and removes its folder. So a killed demonstration leaves nothing behind.
const SUPERVISOR: &str = r#"
trap : INT HUP TERM
setsid sh -c '
    set -- --bind-address=127.0.0.1 --skip-name-resolve --user="$RUN_AS" \
        --datadir="$FOLDER/data" --socket="$FOLDER/s" --pid-file="$FOLDER/pid" --port="$PORT" \
        --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=0 --max-connections=400 \
        --innodb-buffer-pool-size=128M --skip-log-bin --performance-schema=OFF
    if [ -n "$INSTALL" ]; then
        "$INSTALL" --no-defaults --skip-test-db --auth-root-authentication-method=normal \
            --user="$RUN_AS" --datadir="$FOLDER/data" >"$FOLDER/server.out" 2>&1
    else
        set -- "$@" --mysqlx=OFF --secure-file-priv=NULL --init-file="$FOLDER/accounts.sql"
        "$SERVER" --no-defaults --initialize-insecure --user="$RUN_AS" \
            --datadir="$FOLDER/data" >"$FOLDER/server.out" 2>&1
    fi || { touch "$FOLDER/failed"; exit 1; }
    while :; do
        "$SERVER" --no-defaults "$@" >>"$FOLDER/server.out" 2>&1
        touch "$FOLDER/failed"
        until [ -e "$FOLDER/again" ]; do
            [ -e "$FOLDER/kept" ] && exit 0
            sleep 0.05
        done
        rm -f "$FOLDER/again" "$FOLDER/failed"
    done
' </dev/null >/dev/null 2>&1 &
pid=$!
read -r keep
[ "$keep" = keep ] && exit 0
# Its data are of no use any more, and a server that is just starting does not hear a gentler signal.
kill -9 "-$pid" 2>/dev/null
wait "$pid" 2>/dev/null
for attempt in 1 2 3 4 5; do
    rm -rf "$FOLDER" 2>/dev/null && break
    sleep 0.2
done
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
        let (server, install) = programs()?;
        let folder = TempDir::with_prefix("gestan-connector-mariadb-")?.keep();
        std::fs::write(folder.join("accounts.sql"), ACCOUNTS)?;
        let port = free_port()?;
        // A server that starts removes the temporary tables that it finds, even those of another one.
        let scratch = folder.join("tmp");
        std::fs::create_dir(&scratch)?;
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "gestan-connector-mariadb"])
            .env("INSTALL", install)
            .env("SERVER", server)
            .env("FOLDER", &folder)
            .env("TMPDIR", &scratch)
            .env("RUN_AS", current_user())
            .env("PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("while starting the private MariaDB")?;
        let mut this = Self { folder, port, supervisor };
        wait_until_it_answers("MariaDB", &this.folder, port, &mut this.supervisor)?;
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
        std::fs::write(self.folder.join("kept"), "")?;
        let mut stdin = self.supervisor.stdin.take().context("the private MariaDB's supervisor is gone")?;
        writeln!(stdin, "keep")?;
        Ok(std::fs::read_to_string(self.folder.join("pid"))?.trim().to_owned())
    }

    /// Ends the server as a crash does (`KILL`) or as an administrator does (`TERM`), and waits until it
    /// is gone. Its data stay.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&self, signal: &str) -> anyhow::Result<()> {
        let pid = std::fs::read_to_string(self.folder.join("pid")).context("the private server does not run")?;
        Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status()?;
        let deadline = Instant::now() + START;
        while !self.folder.join("failed").exists() {
            anyhow::ensure!(Instant::now() < deadline, "the private server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = std::fs::remove_file(self.folder.join("pid"));
        Ok(())
    }

    /// Starts it again where [`PrivateMariaDb::stop`] left it: the same data, the same port.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&self) -> anyhow::Result<()> {
        std::fs::write(self.folder.join("again"), "")?;
        let deadline = Instant::now() + START;
        while self.folder.join("failed").exists() || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            anyhow::ensure!(Instant::now() < deadline, "the private server does not start again");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The folder of the server's files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for PrivateMariaDb {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// The server, and the program that prepares its folder where the server does not do it itself.
fn programs() -> anyhow::Result<(PathBuf, PathBuf)> {
    if let Some(mysqld) = std::env::var_os(MYSQLD).filter(|name| !name.is_empty()) {
        let mysqld = std::fs::canonicalize(&mysqld).with_context(|| format!("{MYSQLD} names no program"))?;
        return Ok((mysqld, PathBuf::new()));
    }
    let server = program("mariadbd").context("MariaDB is not installed: apt-get install mariadb-server")?;
    let install =
        program("mariadb-install-db").context("mariadb-install-db is missing: apt-get install mariadb-server")?;
    Ok((server, install))
}

/// Waits until a private server takes connections.
pub(super) fn wait_until_it_answers(
    name: &str,
    folder: &Path,
    port: u16,
    supervisor: &mut Child,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        if folder.join("failed").exists() || !matches!(supervisor.try_wait(), Ok(None)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    let log = std::fs::read_to_string(folder.join("server.out")).unwrap_or_default();
    let end: Vec<&str> = log.lines().rev().take(5).collect();
    bail!("the private {name} did not start: {}", end.join(" | "));
}

pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn current_user() -> String {
    let id = Command::new("id").arg("-un").output();
    id.ok().map_or_else(|| "root".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|file| file.is_file())
}
