//! The real program, run and killed.

use crate::support::World;
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::Site;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token-of-at-least-24-characters";

/// The program on a world's bases and state; by its first configuration with the gateway inside, by its
/// second one with a gateway of its own.
pub struct Program {
    together: PathBuf,
    apart: PathBuf,
    address: std::net::SocketAddr,
}

/// How a run ended.
pub struct Ended {
    /// `None` for one that was killed.
    pub code: Option<i32>,
    /// The signal that ended it.
    #[cfg(feature = "failpoints")]
    pub signal: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            #[cfg(feature = "failpoints")]
            signal: std::os::unix::process::ExitStatusExt::signal(&output.status),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }
}

impl Program {
    /// Takes the state over: the world's own site lets go of it, and looks at an empty one from now on.
    pub async fn on(world: &mut World) -> Self {
        let together = world.config_file();
        let text = std::fs::read_to_string(&together).unwrap();
        let none = world.sandbox.config(&world.folder.path().join("none.db"), &world.more);
        let (config, _) = config::parse(&none, "test", Role::Daemon).map_err(|error| error.to_string()).unwrap();
        world.site = Site::open_to_look(config).await.unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let gateway = format!("[gateway]\nlisten = \"{address}\"\ntoken = \"{TOKEN}\"\n");
        let away = format!("gateway = \"http://{address}\"\ntoken = \"{TOKEN}\"");
        let text = text.replacen("[gateway]\n", &gateway, 1).replacen("gateway = \"embedded\"", &away, 1);
        let apart = world.folder.path().join("apart.toml");
        std::fs::write(&apart, text).unwrap();
        Self { together, apart, address }
    }

    fn command(config: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
        command.arg("--config").arg(config).args(arguments);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        Self::ended(Self::command(&self.together, arguments)).await
    }

    async fn ended(mut command: Command) -> Ended {
        Ended::of(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }

    /// A pass that nothing disturbs, and what it did.
    pub async fn pass(&self) -> Value {
        let ended = self.run(&["sync", "--allow-mass-change", "--json"]).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
        serde_json::from_str(&ended.output).unwrap()
    }

    /// Both sides agree, nothing is unconfirmed, and a pass would write nothing.
    pub async fn settled(&self) {
        let ended = self.run(&["sync", "--dry-run", "--json"]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        let plan: Value = serde_json::from_str(&ended.output).unwrap();
        let open: Vec<&Value> =
            plan["records"].as_array().unwrap().iter().filter(|record| record["outcome"] != "waiting").collect();
        assert!(open.is_empty(), "planned again: {open:#?}");
        let status: Value = serde_json::from_str(&self.run(&["status", "--json"]).await.output).unwrap();
        assert_eq!(status["unconfirmed"], 0, "{status:#}");
        assert!(status["rewound"].is_null() && status["circuits"] == Value::Array(Vec::new()), "{status:#}");
    }

    /// Starts a command, with its gateway inside or apart.
    pub fn start(&self, apart: bool, arguments: &[&str]) -> Child {
        let config = if apart { &self.apart } else { &self.together };
        Self::command(config, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts a gateway of its own, and waits until it listens.
    pub async fn start_gateway(&self) -> Child {
        let gateway = self.start(true, &["gateway"]);
        self.listens().await;
        gateway
    }

    async fn listens(&self) {
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(self.address).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the gateway does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[cfg(feature = "failpoints")]
impl Program {
    /// Runs a command that ends at a place, where it comes to it.
    pub async fn run_until(&self, places: &str, arguments: &[&str]) -> Ended {
        let mut command = Self::command(&self.together, arguments);
        command.env("FAILPOINTS", places);
        Self::ended(command).await
    }

    /// Makes a pass through a gateway of its own, which ends at a place where it comes to it. Says whether
    /// it did.
    pub async fn pass_while_gateway_ends(&self, places: &str) -> bool {
        let mut command = Self::command(&self.apart, &["gateway"]);
        command.env("FAILPOINTS", places).stdout(Stdio::null()).stderr(Stdio::null());
        let mut gateway = command.spawn().unwrap();
        self.listens().await;
        let ended = Self::ended(Self::command(&self.apart, &["sync", "--allow-mass-change"])).await;
        let killed = gateway.try_wait().unwrap();
        if killed.is_none() {
            gateway.kill().unwrap();
            gateway.wait().unwrap();
            assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
        } else {
            assert_eq!(ended.code, Some(69), "{}{}", ended.output, ended.errors);
        }
        killed.is_some()
    }
}
