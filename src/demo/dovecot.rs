//! A Dovecot of our own in a temporary folder, on loopback, with and without TLS, that cannot outlive the process that
//! started it. Its accounts are made at the start; mails are put into it as a delivery agent does.

use super::mariadb::{free_port, program, wait_until_it_answers};
use crate::model::sha256_hex;
use anyhow::{Context as _, ensure};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest that the server may take to start or to end.
const START: Duration = Duration::from_secs(30);

/// Password of every account, with what makes trouble in passwords.
pub const PASSWORD: &str = "mot de \"passe\" é";

static DELIVERED: AtomicU32 = AtomicU32::new(1);

/// Waits on its standard input, which closes when the parent ends however it ends; then ends the server and removes its
/// folder. So a killed demonstration leaves nothing behind.
const SUPERVISOR: &str = r#"
trap : INT HUP TERM
setsid sh -c '
    while :; do
        "$SERVER" -F -c "$FOLDER/dovecot.conf" >>"$FOLDER/server.out" 2>&1
        touch "$FOLDER/failed"
        until [ -e "$FOLDER/again" ]; do sleep 0.05; done
        rm -f "$FOLDER/again" "$FOLDER/failed"
    done
' </dev/null >/dev/null 2>&1 &
pid=$!
echo "$pid" > "$FOLDER/group"
read -r keep
# Stopped processes hear nothing but these two.
kill -CONT "-$pid" 2>/dev/null
kill -9 "-$pid" 2>/dev/null
wait "$pid" 2>/dev/null
for attempt in 1 2 3 4 5; do
    rm -rf "$FOLDER" 2>/dev/null && break
    sleep 0.2
done
"#;

/// A running private mail server. Dropping it ends the server and removes its mails.
#[derive(Debug)]
pub struct PrivateDovecot {
    folder: PathBuf,
    plain: u16,
    tls: u16,
    owner: Option<(u32, u32)>,
    supervisor: Child,
}

impl PrivateDovecot {
    /// Starts one that has these accounts, all of them with [`PASSWORD`].
    ///
    /// # Errors
    /// When Dovecot or openssl is not installed, or it does not come up; the message carries the end of its log.
    pub fn start(accounts: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(accounts, "")
    }

    /// The same with more settings, in Dovecot's own words.
    ///
    /// # Errors
    /// As for [`PrivateDovecot::start`].
    pub fn start_with(accounts: &[&str], more: &str) -> anyhow::Result<Self> {
        let server = program("dovecot").context("Dovecot is not installed: apt-get install dovecot-imapd")?;
        let folder = TempDir::with_prefix("gestan-connector-dovecot-")?.keep();
        let started = Self::start_in(&folder, &server, accounts, more);
        if started.is_err() {
            let _ = std::fs::remove_dir_all(&folder);
        }
        started
    }

    fn start_in(folder: &Path, server: &Path, accounts: &[&str], more: &str) -> anyhow::Result<Self> {
        make_certificate(folder)?;
        let owner = owner()?;
        std::fs::create_dir(folder.join("mail"))?;
        for account in accounts {
            make_box(folder, account, owner)?;
        }
        let (plain, tls) = (free_port()?, free_port()?);
        std::fs::write(folder.join("dovecot.conf"), settings(folder, plain, tls, owner, more)?)?;
        open_to_all(folder)?;
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "gestan-connector-dovecot"])
            .env("SERVER", server)
            .env("FOLDER", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("while starting the private Dovecot")?;
        let mut this = Self { folder: folder.to_owned(), plain, tls, owner, supervisor };
        wait_until_it_answers("Dovecot", folder, plain, &mut this.supervisor)?;
        Ok(this)
    }

    /// IMAP port on 127.0.0.1, in clear and with STARTTLS.
    pub fn port(&self) -> u16 {
        self.plain
    }

    /// IMAPS port on 127.0.0.1.
    pub fn tls_port(&self) -> u16 {
        self.tls
    }

    /// Its certificate, which signs itself, for `localhost` and `127.0.0.1`.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    /// The folder of the server's files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an account while the server runs.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn add_account(&self, account: &str) -> anyhow::Result<()> {
        make_box(&self.folder, account, self.owner)
    }

    /// Puts a mail into a folder of an account (parts of its name parted by dots), as a delivery agent does; `INBOX` is always
    /// there, another must be.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn deliver(&self, account: &str, folder: &str, mail: &[u8]) -> anyhow::Result<()> {
        let into = self.maildir(account, folder);
        let number = DELIVERED.fetch_add(1, Ordering::Relaxed);
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        let name = format!("{seconds}.M{number:06}P{}.test", std::process::id());
        let fresh = into.join("tmp").join(&name);
        std::fs::write(&fresh, mail).with_context(|| format!("while delivering into {}", into.display()))?;
        std::fs::rename(&fresh, into.join("new").join(&name))?;
        Ok(())
    }

    /// How many mails a folder of an account holds; 0 where it is not there.
    pub fn count(&self, account: &str, folder: &str) -> usize {
        let into = self.maildir(account, folder);
        ["new", "cur"].iter().filter_map(|part| std::fs::read_dir(into.join(part)).ok()).flatten().count()
    }

    /// Where a folder's mails are.
    pub fn maildir(&self, account: &str, folder: &str) -> PathBuf {
        let root = self.folder.join("mail").join(account);
        if folder.eq_ignore_ascii_case("INBOX") {
            root
        } else {
            root.join(format!(".{}", crate::mailbox::to_utf7(folder)))
        }
    }

    /// Gives a folder of an account new uids, as a restored mailbox has.
    ///
    /// # Errors
    /// When its files cannot be removed.
    pub fn forget_uids(&self, account: &str, folder: &str) -> anyhow::Result<()> {
        let into = self.maildir(account, folder);
        for entry in std::fs::read_dir(&into)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("dovecot")) && path.is_file() {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Ends the server as a crash does (`KILL`) or as an administrator does (`TERM`), with all its sessions.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&self, signal: &str) -> anyhow::Result<()> {
        let pid = std::fs::read_to_string(self.folder.join("run/master.pid")).context("the server does not run")?;
        if signal == "KILL" {
            // The sessions are processes of their own, which would live on.
            for child in children_of(pid.trim()) {
                let _ = Command::new("kill").args(["-KILL", &child]).stderr(Stdio::null()).status();
            }
        }
        Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status()?;
        let deadline = Instant::now() + START;
        while !self.folder.join("failed").exists() {
            ensure!(Instant::now() < deadline, "the private Dovecot does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Starts it again where [`PrivateDovecot::stop`] left it: the same mails, the same ports.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&self) -> anyhow::Result<()> {
        let _ = std::fs::remove_file(self.folder.join("run/master.pid"));
        std::fs::write(self.folder.join("again"), "")?;
        let deadline = Instant::now() + START;
        while self.folder.join("failed").exists() || TcpStream::connect((Ipv4Addr::LOCALHOST, self.plain)).is_err() {
            ensure!(Instant::now() < deadline, "the private Dovecot does not start again");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Stops all its processes where they are (`true`): it takes connections and says nothing; or lets them go on.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn hang(&self, hang: bool) -> anyhow::Result<()> {
        let group = std::fs::read_to_string(self.folder.join("group"))?;
        let signal = if hang { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill").args([signal, "--", &format!("-{}", group.trim())]).status()?;
        ensure!(sent.success(), "the private Dovecot cannot be stopped");
        Ok(())
    }
}

impl Drop for PrivateDovecot {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn settings(folder: &Path, plain: u16, tls: u16, owner: Option<(u32, u32)>, more: &str) -> anyhow::Result<String> {
    let at = folder.display();
    // Run by root it changes to accounts of its own; run by anyone else it must not try to.
    let (uid, gid, accounts) = match owner {
        Some((uid, gid)) => (uid, gid, String::new()),
        None => {
            let (user, group) = (id("-un")?, id("-gn")?);
            let own = format!(
                "default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
                 service anvil {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
            );
            (id("-u")?.parse()?, id("-g")?.parse()?, own)
        }
    };
    // Hashed, since a setting cannot hold blanks and quotes.
    let password = sha256_hex(PASSWORD);
    Ok(format!(
        "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/server.out\n\
         instance_name = {at}\n{accounts}first_valid_uid = 1\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\n\
         mail_max_userip_connections = 100\nauth_failure_delay = 0\nmail_location = maildir:{at}/mail/%u\n\
         maildir_stat_dirs = yes\nmail_fsync = never\n\
         ssl = yes\nssl_cert = <{at}/cert.pem\nssl_key = <{at}/key.pem\n\
         service imap-login {{\n  chroot =\n  inet_listener imap {{\n    port = {plain}\n  }}\n  inet_listener imaps {{\n    port = {tls}\n    ssl = yes\n  }}\n}}\n\
         passdb {{\n  driver = static\n  args = password={{SHA256.HEX}}{password}\n}}\n\
         userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={at}/mail/%u\n}}\n{more}\n"
    ))
}

pub(super) fn make_certificate(folder: &Path) -> anyhow::Result<()> {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .output()
        .context("openssl is not installed: apt-get install openssl")?;
    ensure!(made.status.success(), "openssl made no certificate: {}", String::from_utf8_lossy(&made.stderr).trim());
    Ok(())
}

fn make_box(folder: &Path, account: &str, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    let root = folder.join("mail").join(account);
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(root.join(part))?;
    }
    if let Some((uid, gid)) = owner {
        for path in [root.clone(), root.join("new"), root.join("cur"), root.join("tmp")] {
            std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}

/// The server's own accounts must reach what is theirs.
fn open_to_all(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for path in [folder.to_owned(), folder.join("mail")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Whose the mails are where this runs as root: Dovecot never serves those of root.
fn owner() -> anyhow::Result<Option<(u32, u32)>> {
    if id("-u")? != "0" {
        return Ok(None);
    }
    let of = |flag: &str| -> anyhow::Result<u32> {
        let output = Command::new("id").args([flag, "nobody"]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    };
    Ok(Some((of("-u")?, of("-g")?)))
}

fn id(flag: &str) -> anyhow::Result<String> {
    let output = Command::new("id").arg(flag).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn children_of(pid: &str) -> Vec<String> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}
