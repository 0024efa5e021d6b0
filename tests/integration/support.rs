//! What every integration test starts from: the shared server, and a pair of bases of its own on it.

use chrono::NaiveDateTime;
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::{PassResult, Site};
use gestan_connector::demo::erp::{Erp, Seen};
use gestan_connector::demo::help_desk::HelpDesk;
use gestan_connector::demo::mariadb::PrivateMariaDb;
use gestan_connector::demo::sandbox::Sandbox;
use gestan_connector::flows::tickets::{Outcome, PassOptions, PassReport};
use gestan_connector::gateway::memo::Memo;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

static SERVER: OnceLock<PrivateMariaDb> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The one private server of this test run.
pub async fn server() -> &'static PrivateMariaDb {
    tokio::task::spawn_blocking(|| {
        SERVER.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            PrivateMariaDb::start().expect("a private MariaDB (apt-get install mariadb-server)")
        })
    })
    .await
    .unwrap()
}

/// A fresh pair of bases.
pub async fn sandbox() -> Sandbox {
    sandbox_on(server().await).await
}

/// A fresh pair of bases on another server.
pub async fn sandbox_on(server: &PrivateMariaDb) -> Sandbox {
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let sandbox = Sandbox::create(server, &name).await.unwrap();
    if is_over_odbc() { over_odbc(sandbox).await } else { sandbox }
}

/// Whether the tests run with the gateway over ODBC, by `TESTS_OVER=odbc`, or `bare` for a driver without transactions.
pub fn is_over_odbc() -> bool {
    std::env::var("TESTS_OVER").is_ok_and(|over| matches!(over.as_str(), "odbc" | "bare"))
}

/// Whether its driver keeps no transactions, by `TESTS_OVER=bare`.
pub fn is_bare() -> bool {
    std::env::var("TESTS_OVER").is_ok_and(|over| over == "bare")
}

/// The same, with the gateway over ODBC.
#[cfg(all(feature = "hfsql", feature = "failpoints"))]
pub async fn over_odbc(sandbox: Sandbox) -> Sandbox {
    let driver = if is_bare() { stand_in().without_transactions() } else { stand_in().clone() };
    sandbox.over_odbc(&driver).await.unwrap()
}

/// The driver that stands in for HFSQL's.
#[cfg(all(feature = "hfsql", feature = "failpoints"))]
pub fn stand_in() -> &'static gestan_connector::demo::odbc::StandIn {
    static STAND_IN: OnceLock<gestan_connector::demo::odbc::StandIn> = OnceLock::new();
    // Beside the server's files, which are removed with it.
    let folder = SERVER.get().expect("the server is there before its driver").folder();
    STAND_IN.get_or_init(|| gestan_connector::demo::odbc::StandIn::in_folder(folder).unwrap())
}

#[cfg(not(all(feature = "hfsql", feature = "failpoints")))]
async fn over_odbc(_: Sandbox) -> Sandbox {
    panic!("TESTS_OVER=odbc needs --features hfsql,failpoints")
}

pub fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

/// A small service company: one client with a requester and a machine, two technicians, a group.
pub struct World {
    pub sandbox: Sandbox,
    pub desk: HelpDesk,
    pub erp: Erp,
    pub site: Site,
    pub folder: TempDir,
    /// Other folders that live as long as the world.
    #[cfg_attr(not(feature = "failpoints"), allow(dead_code))]
    pub kept: Vec<TempDir>,
    pub more: String,
    /// `[gestan] shadow`.
    pub shadow: bool,
    /// What is replaced in the configuration's text.
    pub replaced: Vec<(String, String)>,
    /// GestSup: requester of the client.
    pub requester: i64,
    /// GestSup: technician, PDU in Gestan.
    pub paul: i64,
    /// GestSup: technician, LRO in Gestan.
    pub lea: i64,
    /// GestSup: group of both.
    pub group: i64,
    /// GestSup: equipment of the client.
    pub asset: i64,
    /// Gestan: the client.
    pub client: i64,
    /// Gestan: its machine.
    pub machine: i64,
}

impl World {
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// `more` is added to the configuration.
    pub async fn with(more: &str) -> Self {
        Self::on(sandbox().await, more).await
    }

    /// On this pair of bases.
    pub async fn on(sandbox: Sandbox, more: &str) -> Self {
        let mut desk = sandbox.help_desk(at("2026-03-02T09:00:00")).await.unwrap();
        let mut erp = sandbox.erp().await.unwrap();
        let client = erp.client("Boulangerie Hélène SARL", "contact@helene.fr").await.unwrap();
        let machine = erp.machine("M1", "Serveur HP", "CZ1234", client).await.unwrap();
        erp.user("PDU", ("Paul", "Durand"), "paul@sav.fr").await.unwrap();
        erp.user("LRO", ("Léa", "Roy"), "lea@sav.fr").await.unwrap();
        erp.product("MO-HEURE", "Main d'oeuvre".replace('\'', " ").as_str()).await.unwrap();
        erp.product("MO-INST", "Installation").await.unwrap();
        let company = desk.company("Boulangerie Hélène").await.unwrap();
        let requester = desk.person("helene", ("Hélène", "D'Arc"), "helene@helene.fr", 2, company).await.unwrap();
        let paul = desk.person("paul", ("Paul", "Durand"), "paul@sav.fr", 0, 0).await.unwrap();
        let lea = desk.person("lea", ("Léa", "Roy"), "lea@sav.fr", 0, 0).await.unwrap();
        let group = desk.group("Niveau 2", &[paul, lea]).await.unwrap();
        let asset = desk.asset("SRV-01", "cz 1234", requester).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let more = if more.contains("[tickets]") {
            more.to_owned()
        } else {
            format!("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n{more}")
        };
        let site = open(&sandbox, &folder, &more, false, &[]).await;
        let gateway = gestan_connector::daemon::embedded_gateway(site.config()).unwrap();
        gateway.install().await.unwrap();
        Self {
            sandbox,
            desk,
            erp,
            site,
            folder,
            kept: Vec::new(),
            more,
            shadow: false,
            replaced: Vec::new(),
            requester,
            paul,
            lea,
            group,
            asset,
            client,
            machine,
        }
    }

    pub fn state_path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    /// The configuration file, for the real binary.
    pub fn config_file(&self) -> PathBuf {
        let path = self.folder.path().join("connector.toml");
        let text = replaced(self.sandbox.config(&self.state_path(), &self.more), &self.replaced);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The same site under another configuration.
    pub async fn reconfigured(mut self, more: &str) -> Self {
        self.more = more.to_owned();
        self.reopen().await
    }

    /// The site as after a restart of the program.
    pub async fn reopen(mut self) -> Self {
        drop(self.site);
        self.site = open(&self.sandbox, &self.folder, &self.more, self.shadow, &self.replaced).await;
        self
    }

    /// The same site with another text in its configuration.
    pub async fn altered(mut self, from: &str, to: &str) -> Self {
        self.replaced.push((from.to_owned(), to.to_owned()));
        self.reopen().await
    }

    pub async fn pass_with(&self, options: PassOptions) -> PassReport {
        match self.site.pass(&options, &CancellationToken::new()).await.unwrap() {
            PassResult::Done(report) => *report,
            PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
        }
    }

    pub async fn pass(&self) -> PassReport {
        self.pass_with(PassOptions::default()).await
    }

    pub async fn plan(&self) -> PassReport {
        self.pass_with(PassOptions { dry_run: true, ..PassOptions::default() }).await
    }

    /// Plans, compares the plan with `expected` (`"ticket verb fields…; entries"` a line each), carries
    /// it out, and plans again: nothing may be left to do.
    pub async fn converge(&self, expected: &[&str]) -> PassReport {
        let plan = self.plan().await;
        assert_eq!(story(&plan), expected, "the plan");
        let done = self.pass().await;
        assert_eq!(story(&done), expected, "what was done");
        self.settled().await;
        done
    }

    /// A pass has nothing to do.
    pub async fn settled(&self) {
        let again = self.plan().await;
        let open: Vec<_> = again.records.iter().filter(|record| record.outcome != Some(Outcome::Waiting)).collect();
        assert!(open.is_empty(), "planned again: {open:#?}");
        assert_eq!(again.writes(), 0);
    }

    /// An attributed ticket of the client.
    pub async fn ticket(&mut self, title: &str, html: &str) -> i64 {
        let ticket = self.desk.open(self.requester, title, html).await.unwrap();
        self.desk.attribute(ticket, self.paul, self.paul).await.unwrap();
        ticket
    }

    /// What Gestan holds.
    pub async fn gestan(&mut self) -> Vec<Seen> {
        self.erp.see_all().await.unwrap()
    }

    /// The only intervention.
    pub async fn only(&mut self) -> Seen {
        let all = self.gestan().await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all.into_iter().next().unwrap()
    }

    /// Visible text of the only intervention's memo.
    pub async fn memo(&mut self) -> String {
        Memo::parse(&self.only().await.memo).visible_text()
    }
}

fn replaced(text: String, pairs: &[(String, String)]) -> String {
    pairs.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replacen(from, to, 1)
    })
}

async fn open(sandbox: &Sandbox, folder: &TempDir, more: &str, shadow: bool, pairs: &[(String, String)]) -> Site {
    let text = replaced(sandbox.config(&folder.path().join("state.db"), more), pairs);
    let text = text.replacen("[gestan]\n", &format!("[gestan]\nshadow = {shadow}\n"), 1);
    let (config, _) = config::parse(&text, "test", Role::Daemon).map_err(|error| error.to_string()).unwrap();
    // A process that another test is just starting holds a copy of every open file, the lock of the site
    // that was let go of included, until it has become another program.
    for _ in 0..100 {
        match Site::open(config.clone()).await {
            Ok(site) => return site,
            Err(error) if error.to_string().contains("is at work on the state") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error:#}"),
        }
    }
    panic!("the state stays locked")
}

/// A report as one line per record.
pub fn story(report: &PassReport) -> Vec<String> {
    report
        .records
        .iter()
        .map(|record| match &record.operation {
            Some(operation) if matches!(record.outcome, None | Some(Outcome::Done)) => {
                let mut parts = vec![format!("{} {}", record.ticket, operation.verb)];
                if operation.gestan_id.is_some() {
                    parts.extend(operation.changes.iter().map(|change| format!("{}={}", change.field, change.to)));
                    parts.extend(operation.head.then(|| "head".to_owned()));
                }
                parts.extend(operation.entries.iter().map(|entry| {
                    let sign = match (entry.new, entry.back, entry.mark) {
                        (true, ..) => '+',
                        (_, true, _) => '^',
                        (.., gestan_connector::model::EntryMark::Withdrawn) => '-',
                        _ => '~',
                    };
                    let key = entry.key.split(':').next().unwrap();
                    format!("{sign}{key}")
                }));
                parts.join(" ")
            }
            _ => {
                let outcome = record.outcome.map_or("?", Outcome::as_str);
                format!("{} {outcome} {}", record.ticket, record.code)
            }
        })
        .collect()
}

/// A certificate for this machine, which signed itself, and its key.
pub fn certificate(folder: &std::path::Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("c.pem"), folder.join("k.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl (apt-get install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}
