//! The running service: commands through its socket, reload, health, what systemd is told, and how it ends.

use crate::commands::{Program, Service, signal, wait};
use crate::support::World;
use gestan_connector::flows::tickets::PassOptions;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::{Duration, Instant};

/// No pass comes by itself.
pub const NEVER: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"0 0 1 1 *\"";

pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Program {
    /// Starts the service and waits until it takes commands.
    pub async fn at_work(&self, environment: &[(&str, &str)]) -> Service {
        let service = self.service_with(&self.config, "run", environment);
        self.soon("the service listens", async || UnixStream::connect(self.socket()).is_ok()).await;
        service
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("service.sock")
    }

    pub async fn soon(&self, what: &str, mut wanted: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if wanted().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within 20 s: {what}");
    }

    pub fn end(&self, mut service: Service) -> String {
        signal(&service, "-TERM");
        assert_eq!(wait(&mut service, Duration::from_secs(10)), 0);
        std::io::read_to_string(service.stderr.take().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn commands_are_carried_out_by_the_service_that_holds_the_state() {
    let mut world = World::with(NEVER).await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let paper = world.ticket("Imprimante", "<p>Bac 2</p>").await;
    let client = world.client;
    let sql = format!(
        "INSERT INTO INTERVENTION (IDCONTACT, LIB50, ST_INTER, DHCRE) VALUES ({client}, 'x', 1, '2026-03-02 10:00:00')"
    );
    world.erp.run(sql).await.unwrap();
    let program = Program::on(world);
    let service = program.at_work(&[]).await;
    let file = program.folder.path().join("pairs.csv");
    std::fs::write(&file, format!("{paper};1\n")).unwrap();
    let (code, linked, errors) = program.run(&["link", "--csv", file.to_str().unwrap()]).await;
    assert!(code == 0 && linked.contains("1 ticket linked, 0 not."), "{linked}{errors}");
    let (code, done, errors) = program.run(&["sync"]).await;
    assert!(code == 0 && done.contains("1 created, 1 updated"), "{done}{errors}");
    assert!(done.starts_with("TICKET") || done.starts_with(" TICKET"), "{done}");
    let (code, again, _) = program.run(&["sync", "--json"]).await;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((code, &again["records"]), (0, &json!([])));
    assert!(program.run(&["retry", "1"]).await.1.contains("None of these tickets"));
    let (code, _, errors) = program.run(&["sync", "follow_up"]).await;
    assert!(code == 1 && errors.contains("the follow-up is off"), "{errors}");
    // What only looks does so by itself, beside the service.
    assert!(program.run(&["sync", "--dry-run"]).await.1.contains("Nothing to do"));
    assert!(program.run(&["status"]).await.1.contains("Linked tickets: 2 live"));
    let log = program.end(service);
    assert!(log.contains("a command is carried out") && log.contains("stopped"), "{log}");
    assert!(!program.socket().exists(), "nothing is left to be taken for a service");
    let (code, alone, _) = program.run(&["sync"]).await;
    assert!(code == 0 && alone.starts_with("Nothing to do"), "{alone}");
}

#[tokio::test]
async fn what_the_socket_cannot_make_sense_of_is_refused_and_harms_nobody() {
    let program = Program::on(World::with(NEVER).await);
    let service = program.at_work(&[]).await;
    let ask = |line: &str| {
        let mut stream = UnixStream::connect(program.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        writeln!(stream, "{line}").unwrap();
        BufReader::new(stream).lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
    };
    let asked = |version: &str, arguments: &[&str]| {
        json!({ "version": version, "arguments": arguments, "terminal": false, "progress": false, "width": null, "files": {} })
            .to_string()
    };
    assert_eq!(ask("rubbish"), "");
    let older = ask(&asked("0.0.1", &["sync"]));
    assert!(older.contains("restart the service first") && older.ends_with("{\"exit\":1}"), "{older}");
    let version = env!("CARGO_PKG_VERSION");
    let other = ask(&asked(version, &["run"]));
    assert!(other.contains("not one for a running service"), "{other}");
    let wrong = ask(&asked(version, &["sync", "--nonsense"]));
    assert!(wrong.ends_with("{\"exit\":64}"), "{wrong}");
    // Somebody who connects and says nothing holds up nobody.
    let _silent = UnixStream::connect(program.socket()).unwrap();
    assert!(ask(&asked(version, &["sync"])).contains("Nothing to do"));
    program.end(service);
}

#[tokio::test]
async fn a_new_configuration_counts_after_sighup_and_a_bad_one_leaves_the_old_one_in_place() {
    let mut world = World::with(NEVER).await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let program = Program::on(world);
    let service = program.at_work(&[]).await;
    let linked = async || program.run(&["status"]).await.1.contains("Linked tickets: 1 live");
    assert!(!linked().await);
    program.reconfigure("0 0 1 1 *", "evry 5 s");
    signal(&service, "-HUP");
    tokio::time::sleep(Duration::from_millis(500)).await;
    program.reconfigure("evry 5 s", "0 0 1 1 *\"\n[state]\npath = \"/elsewhere/state.db");
    signal(&service, "-HUP");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!linked().await);
    program.reconfigure("0 0 1 1 *\"\n[state]\npath = \"/elsewhere/state.db", "every 5 s");
    signal(&service, "-HUP");
    program.soon("the ticket is sent by the new schedule", linked).await;
    let log = program.end(service);
    assert!(log.contains("the new configuration is refused") && log.contains("no schedule"), "{log}");
    assert!(log.contains("the configuration was read again"), "{log}");
}

#[tokio::test]
async fn health_and_figures_are_told_on_this_machine() {
    let mut world = World::with(NEVER).await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let program = Program::on(world);
    let (code, _, errors) = program.run(&["healthcheck"]).await;
    assert!(code == 1 && errors.contains("[service] listen is not set"), "{errors}");
    let address = free_address();
    program.reconfigure("[tickets]", &format!("[service]\nlisten = \"{address}\"\n[tickets]"));
    let (code, _, errors) = program.run(&["healthcheck"]).await;
    assert!(code == 75 && errors.contains("is it running?"), "{errors}");
    let service = program.at_work(&[]).await;
    program.run(&["sync"]).await;
    let get = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("healthz").await.0, 200);
    let (code, ready) = get("readyz").await;
    assert!(code == 200 && ready.contains("\"tickets\":\"20"), "{ready}");
    let (code, said, _) = program.run(&["healthcheck"]).await;
    assert!(code == 0 && said.contains("does its work"), "{said}");
    let (code, metrics) = get("metrics").await;
    assert_eq!(code, 200);
    for line in [
        "gestan_connector_passes_total{flow=\"tickets\",outcome=\"done\"} 1",
        "gestan_connector_records_total{flow=\"tickets\",outcome=\"done\"} 1",
        "gestan_connector_writes_total{flow=\"tickets\"} 1",
        "gestan_connector_pass_seconds_count{flow=\"tickets\"} 1",
        "gestan_connector_links{kind=\"live\"} 1",
        "gestan_connector_attention{kind=\"quarantined\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}:\n{metrics}");
    }
    assert_eq!(get("elsewhere").await.0, 404);
    program.end(service);
}

#[tokio::test]
async fn systemd_is_told_that_it_is_ready_alive_reloading_and_stopping() {
    let program = Program::on(World::with(NEVER).await);
    let path = program.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let heard = |wanted: &str| {
        let mut bytes = [0u8; 4096];
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            let length = socket.recv(&mut bytes).unwrap();
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if text.contains(wanted) {
                return text;
            }
        }
        panic!("{wanted} was not told");
    };
    let service = program.at_work(&[("NOTIFY_SOCKET", path.to_str().unwrap())]).await;
    heard("READY=1");
    heard("WATCHDOG=1");
    signal(&service, "-HUP");
    assert!(heard("RELOADING=1").contains("MONOTONIC_USEC="));
    heard("READY=1");
    signal(&service, "-TERM");
    heard("STOPPING=1");
    program.end(service);
}

#[tokio::test]
async fn a_service_whose_base_does_not_answer_ends_within_ten_seconds() {
    let mut world = World::with(NEVER).await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let mut program = Program::on(world);
    program.desk.run("LOCK TABLES tincidents WRITE").await.unwrap();
    program.reconfigure("0 0 1 1 *", "every 5 s");
    let service = program.at_work(&[]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let log = program.end(service);
    assert!(log.contains("stopped all the same") || log.contains("stopped"), "{log}");
}

#[tokio::test]
async fn the_state_is_copied_while_the_service_works_and_put_back_without_writing_anything_twice() {
    let mut world = World::with(NEVER).await;
    world.ticket("Avant la copie", "<p>Noir</p>").await;
    let mut program = Program::on(world);
    let service = program.at_work(&[]).await;
    program.run(&["sync"]).await;
    let copy = program.folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    let (code, said, errors) = program.run(&["state", "backup", copy]).await;
    assert!(code == 0 && said.contains("sound, 1 link"), "{said}{errors}");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, _, errors) = program.run(&["state", "backup", copy]).await;
    assert!(code != 0 && errors.contains("there is a file of this name"), "{errors}");
    // Work goes on after the copy was made.
    program.desk.close(1, program.paul).await.unwrap();
    program.run(&["sync"]).await;
    let (code, _, errors) = program.run(&["state", "restore", copy]).await;
    assert!(code == 75 && errors.contains("another gestan-connector"), "{errors}");
    program.end(service);
    let (code, said, errors) = program.run(&["state", "restore", copy]).await;
    assert!(code == 0 && said.contains("is in its place; the one before is"), "{said}{errors}");
    let (code, done, errors) = program.run(&["sync"]).await;
    assert_eq!(code, 0, "{done}{errors}");
    let mut erp = program.sandbox.erp().await.unwrap();
    let seen = erp.see_all().await.unwrap();
    assert_eq!((seen.len(), seen[0].status), (1, 2), "one intervention, closed once");
    assert!(program.run(&["sync"]).await.1.starts_with("Nothing to do"));
    assert_eq!(program.run(&["state", "check"]).await.0, 0);
}

#[tokio::test]
async fn a_lost_state_is_learnt_again_and_a_damaged_one_is_told() {
    let mut world = World::with(&format!("{NEVER}\n[tickets.brake]\ncreate = {{ number = 1, percent = 0 }}")).await;
    for title in ["Un", "Deux", "Trois"] {
        world.ticket(title, "<p>Noir</p>").await;
    }
    world.pass_with(PassOptions { allow_mass_change: true, ..PassOptions::default() }).await;
    let program = Program::on(world);
    let (code, _, errors) = program.run(&["state", "rebuild"]).await;
    assert!(code != 0 && errors.contains("--force puts it aside"), "{errors}");
    let (code, said, errors) = program.run(&["state", "rebuild", "--force"]).await;
    assert!(code == 0 && said.contains("Gestan knows 3 tickets") && said.contains("Nothing to do"), "{said}{errors}");
    let (_, done, _) = program.run(&["sync"]).await;
    assert!(!done.contains("Stopped"), "the brake knows that they are there: {done}");
    assert_eq!(program.sandbox.erp().await.unwrap().see_all().await.unwrap().len(), 3);
    assert!(program.run(&["status"]).await.1.contains("3 live"));
    let state = program.folder.path().join("state.db");
    let mut bytes = std::fs::read(&state).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0x5a);
    std::fs::write(&state, bytes).unwrap();
    let (code, said, errors) = program.run(&["state", "check"]).await;
    assert!(code != 0, "{said}{errors}");
    let told = format!("{said}{errors}");
    assert!(told.contains("state restore") || told.contains("state rebuild"), "{told}");
}

#[tokio::test]
async fn the_journal_is_as_long_as_it_is_to_be() {
    let mut world = World::new().await;
    world.ticket("Caisse", "<p>Noir</p>").await;
    world.pass().await;
    world.desk.close(1, world.paul).await.unwrap();
    world.pass().await;
    let store = world.site.store();
    let lines = async || store.journal(&gestan_connector::store::JournalFilter::default()).await.unwrap().len();
    let before = lines().await;
    assert_eq!(store.forget_before(chrono::Utc::now() - chrono::TimeDelta::days(1)).await.unwrap(), 0);
    let gone = store.forget_before(chrono::Utc::now() + chrono::TimeDelta::days(1)).await.unwrap();
    assert!(gone > 0);
    assert_eq!(lines().await, before - usize::try_from(gone).unwrap());
    assert_eq!(lines().await, 1, "that an intervention was made stays");
}
