//! The real program: its commands, exit codes, output and locks.

use crate::support::World;
use assert_cmd::Command;
use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

impl World {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("gestan-connector").unwrap();
        command.arg("--config").arg(self.config_file()).args(arguments);
        command
    }

    /// Runs the program apart from the tests' own runtime.
    async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// Lets go of the state, for the program to take.
    fn release(self) -> Released {
        let Self { site, .. } = self;
        drop(site);
        Released
    }
}

struct Released;

/// A world whose site is only used by the program.
async fn world() -> (World, Vec<i64>) {
    let mut world = World::new().await;
    let tickets = vec![world.ticket("Caisse en panne", "<p>Noir</p>").await, world.ticket("Wifi", "<p>Lent</p>").await];
    (world, tickets)
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn wait(child: &mut Child, patience: Duration) -> i32 {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it did not end within {patience:?}");
}

#[tokio::test]
async fn sync_shows_the_plan_then_does_it_then_has_nothing_to_do() {
    let (world, _) = world().await;
    // The tests' own site holds the state's lock: the program says who is at work, and that it is to wait.
    let (code, _, errors) = world.run(&["sync"]).await;
    assert_eq!(code, 75, "{errors}");
    assert!(errors.contains("another gestan-connector (process"), "{errors}");
    let mut world = world;
    let (config, folder) = (world.config_file(), std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap()));
    world.release();
    let run = async |arguments: &[&str]| {
        let mut command = Command::cargo_bin("gestan-connector").unwrap();
        command.arg("--config").arg(&config).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, plan) = run(&["sync", "--dry-run"]).await;
    assert_eq!(code, 0);
    assert!(plan.contains("Dry run, nothing was written: 2 to create."), "{plan}");
    assert!(plan.lines().next().unwrap().starts_with(" TICKET  INTERVENTION  WHAT"), "{plan}");
    let (code, done) = run(&["sync", "--json"]).await;
    assert_eq!(code, 0);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["records"].as_array().unwrap().len(), 2);
    assert_eq!(done["records"][0]["operation"]["verb"], "create");
    let (_, again) = run(&["sync"]).await;
    assert!(again.starts_with("Nothing to do: both sides agree."), "{again}");
    let (_, status) = run(&["status"]).await;
    assert!(
        status.contains("Linked tickets: 2 live") && status.contains("Nothing waits and nothing failed."),
        "{status}"
    );
    let (_, journal) = run(&["journal", "--ticket", "2", "--json"]).await;
    let journal: Value = serde_json::from_str(&journal).unwrap();
    assert_eq!((journal.as_array().unwrap().len(), &journal[0]["action"]), (1, &Value::from("create")));
    let (_, show) = run(&["show", "1", "--memo"]).await;
    assert!(
        show.contains("Ticket n°1: Caisse en panne")
            && show.contains("client of the same name")
            && show.contains("  Noir"),
        "{show}"
    );
    let (code, _) = run(&["show", "99"]).await;
    assert_eq!(code, 1);
    let (_, retry) = run(&["retry", "1"]).await;
    assert!(retry.contains("None of these tickets"), "{retry}");
    let (code, check) = run(&["check", "--online"]).await;
    assert_eq!(code, 0, "{check}");
    assert!(check.contains("GestSup 3.2.55 at 127.0.0.1") && check.contains("base mysql"), "{check}");
    drop(folder);
}

#[tokio::test]
async fn mistakes_in_the_configuration_and_on_the_command_line_have_their_exit_codes() {
    let world = World::new().await;
    let file = world.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("user = \"connector\"", "usr = \"connector\"")).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::cargo_bin("gestan-connector")
            .unwrap()
            .arg("--config")
            .arg(&file)
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, report) = run(&["check"]);
    assert_eq!(code, 78);
    assert!(report.contains("unknown key `usr` in [gestsup]") && report.contains("did you mean `user`?"), "{report}");
    let (code, report) = run(&["--json", "check"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, report["diagnostics"][0]["line"].is_u64()), (78, true));
    assert_eq!(run(&["sink"]).0, 64);
    assert_eq!(run(&["sync", "--ticket", "0"]).0, 64);
    assert_eq!(run(&["--help"]).0, 0);
    std::fs::remove_file(&file).unwrap();
    let (code, report) = run(&["check"]);
    assert!(code == 78 && report.contains("cannot read the configuration"), "{report}");
}

#[tokio::test]
async fn a_system_that_is_down_is_unreachable_and_after_some_attempts_left_alone_for_a_while() {
    let mut world = World::new().await;
    let config = world.config_file();
    let folder = std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap());
    world.release();
    let text = std::fs::read_to_string(&config).unwrap();
    let port = text.lines().find(|line| line.starts_with("port")).unwrap().to_owned();
    std::fs::write(&config, text.replacen(&port, "port = 1", 1)).unwrap();
    let sync = || {
        let output =
            Command::cargo_bin("gestan-connector").unwrap().arg("--config").arg(&config).arg("sync").output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for _ in 0..3 {
        let (code, errors) = sync();
        assert_eq!(code, 69, "{errors}");
        assert!(errors.contains("GestSup's database server 127.0.0.1:1 does not answer"), "{errors}");
    }
    let (code, errors) = sync();
    assert!(
        code == 75 && errors.contains("GestSup has not answered since") && errors.contains("next attempt after"),
        "{errors}"
    );
    drop(folder);
}

#[tokio::test]
async fn the_service_keeps_both_sides_in_step_refuses_a_second_one_and_ends_on_sigterm() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nevery_seconds = 5").await;
    world.ticket("Caisse", "<p>Noir</p>").await;
    let config = world.config_file();
    let folder = std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap());
    let sandbox = world.sandbox.clone();
    let (mut desk, paul) = (sandbox.help_desk(world.desk.clock).await.unwrap(), world.paul);
    world.release();
    let program = assert_cmd::cargo::cargo_bin("gestan-connector");
    let service = |config: &std::path::Path| {
        std::process::Command::new(&program)
            .arg("--config")
            .arg(config)
            .arg("run")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut first = service(&config);
    let mut erp = sandbox.erp().await.unwrap();
    let mut until = async |wanted: &dyn Fn(&[gestan_connector::demo::erp::Seen]) -> bool| {
        for _ in 0..400 {
            if wanted(&erp.see_all().await.unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not happen within 10 s");
    };
    until(&|seen| seen.len() == 1).await;
    desk.close(1, paul).await.unwrap();
    until(&|seen| seen[0].status == 2).await;
    let mut second = service(&config);
    assert_eq!(wait(&mut second, Duration::from_secs(10)), 75, "the same state");
    let copied = folder.path().join("copied.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&copied, text.replace("state.db", "other.db")).unwrap();
    let mut third = service(&copied);
    assert_eq!(wait(&mut third, Duration::from_secs(10)), 75, "another state, the same base");
    signal(&first, "-TERM");
    assert_eq!(wait(&mut first, Duration::from_secs(10)), 0);
    let log = std::io::read_to_string(first.stderr.take().unwrap()).unwrap();
    assert!(log.contains("pass done") && log.contains("stopped") && !log.contains("lecture-seule"), "{log}");
}
