//! The real program: its commands, exit codes, output and locks.

use crate::support::World;
use assert_cmd::Command;
use gestan_connector::demo::erp::Seen;
use gestan_connector::demo::help_desk::HelpDesk;
use gestan_connector::demo::sandbox::Sandbox;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A world that the real program works on: the tests' own site has let go of the state.
pub struct Program {
    pub config: PathBuf,
    pub sandbox: Sandbox,
    pub desk: HelpDesk,
    pub paul: i64,
    pub folder: TempDir,
}

impl Program {
    pub fn on(world: World) -> Self {
        let config = world.config_file();
        let World { sandbox, desk, paul, folder, .. } = world;
        Self { config, sandbox, desk, paul, folder }
    }

    /// Runs a command; its exit code, output and messages.
    pub async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        run(&self.config, arguments).await
    }

    /// Changes the text of the configuration.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&self.config, text.replacen(from, to, 1)).unwrap();
    }

    /// Starts `run`, or `gateway`.
    pub fn service(&self, config: &Path, role: &str) -> Service {
        self.service_with(config, role, &[])
    }

    /// The same with variables of the environment.
    pub fn service_with(&self, config: &Path, role: &str, environment: &[(&str, &str)]) -> Service {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
        command.envs(environment.iter().copied());
        Service(command.arg("--config").arg(config).arg(role).stderr(Stdio::piped()).spawn().unwrap())
    }
}

/// A service that does not outlive its test, however that ends.
pub struct Service(Child);

impl std::ops::Deref for Service {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Service {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub async fn run(config: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("gestan-connector").unwrap();
    command.arg("--config").arg(config).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

pub fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

pub fn wait(child: &mut Child, patience: Duration) -> i32 {
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
async fn a_state_that_another_process_works_on_is_left_alone() {
    // The tests' own site holds the lock: the program says who is at work, and that it is to wait.
    let world = World::new().await;
    let (code, _, errors) = run(&world.config_file(), &["sync"]).await;
    assert_eq!(code, 75, "{errors}");
    assert!(errors.contains("another gestan-connector (process"), "{errors}");
}

#[tokio::test]
async fn sync_shows_the_plan_then_does_it_then_has_nothing_to_do() {
    let mut world = World::new().await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    world.ticket("Wifi", "<p>Lent</p>").await;
    let program = Program::on(world);
    let (code, plan, _) = program.run(&["sync", "--dry-run"]).await;
    assert_eq!(code, 0);
    assert!(plan.contains("Dry run, nothing was written: 2 to create."), "{plan}");
    assert!(plan.lines().next().unwrap().starts_with(" TICKET  INTERVENTION  WHAT"), "{plan}");
    let (code, done, _) = program.run(&["sync", "--json"]).await;
    assert_eq!(code, 0);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["records"].as_array().unwrap().len(), 2);
    assert_eq!(done["records"][0]["operation"]["verb"], "create");
    let (_, again, _) = program.run(&["sync"]).await;
    assert!(again.starts_with("Nothing to do: both sides agree."), "{again}");
    let (_, status, _) = program.run(&["status"]).await;
    assert!(
        status.contains("Linked tickets: 2 live") && status.contains("Nothing waits and nothing failed."),
        "{status}"
    );
    let (_, journal, _) = program.run(&["journal", "--ticket", "2", "--json"]).await;
    let journal: Value = serde_json::from_str(&journal).unwrap();
    assert_eq!((journal.as_array().unwrap().len(), &journal[0]["action"]), (1, &Value::from("create")));
    let (_, show, _) = program.run(&["show", "1", "--memo", "--why"]).await;
    assert!(
        show.contains("Ticket n°1: Caisse en panne")
            && show.contains("client of the same name")
            && show.contains("  Noir"),
        "{show}"
    );
    assert_eq!(program.run(&["show", "99"]).await.0, 1);
    let (_, retry, _) = program.run(&["retry", "1"]).await;
    assert!(retry.contains("None of these tickets"), "{retry}");
    let (code, check, _) = program.run(&["check", "--online"]).await;
    assert_eq!(code, 0, "{check}");
    assert!(check.contains("GestSup 3.2.55 at 127.0.0.1") && check.contains("base mysql"), "{check}");
}

#[tokio::test]
async fn mistakes_in_the_configuration_and_on_the_command_line_have_their_exit_codes() {
    let program = Program::on(World::new().await);
    program.reconfigure("user = \"connector\"", "usr = \"connector\"");
    let (code, report, errors) = program.run(&["check"]).await;
    let report = report + &errors;
    assert_eq!(code, 78);
    assert!(report.contains("unknown key `usr` in [gestsup]") && report.contains("did you mean `user`?"), "{report}");
    let (code, report, _) = program.run(&["--json", "check"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, report["diagnostics"][0]["line"].is_u64()), (78, true));
    assert_eq!(program.run(&["sink"]).await.0, 64);
    assert_eq!(program.run(&["sync", "--ticket", "0"]).await.0, 64);
    assert_eq!(program.run(&["--help"]).await.0, 0);
    std::fs::remove_file(&program.config).unwrap();
    let (code, _, errors) = program.run(&["check"]).await;
    assert!(code == 78 && errors.contains("cannot read the configuration"), "{errors}");
}

#[tokio::test]
async fn a_system_that_is_down_is_unreachable_and_after_some_attempts_left_alone_for_a_while() {
    let program = Program::on(World::new().await);
    let text = std::fs::read_to_string(&program.config).unwrap();
    let port = text.lines().find(|line| line.starts_with("port")).unwrap();
    program.reconfigure(port, "port = 1");
    for _ in 0..3 {
        let (code, _, errors) = program.run(&["sync"]).await;
        assert_eq!(code, 69, "{errors}");
        assert!(errors.contains("GestSup's database server 127.0.0.1:1 does not answer"), "{errors}");
    }
    let (code, _, errors) = program.run(&["sync"]).await;
    assert!(
        code == 75 && errors.contains("GestSup has not answered since") && errors.contains("next attempt after"),
        "{errors}"
    );
}

#[tokio::test]
async fn the_service_keeps_both_sides_in_step_refuses_a_second_one_and_ends_on_sigterm() {
    let mut world = World::with("[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"every 5 s\"").await;
    world.ticket("Caisse", "<p>Noir</p>").await;
    let mut program = Program::on(world);
    let mut first = program.service(&program.config, "run");
    let mut erp = program.sandbox.erp().await.unwrap();
    let mut until = async |wanted: &dyn Fn(&[Seen]) -> bool| {
        for _ in 0..400 {
            if wanted(&erp.see_all().await.unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not happen within 10 s");
    };
    until(&|seen| seen.len() == 1).await;
    program.desk.close(1, program.paul).await.unwrap();
    until(&|seen| seen[0].status == 2).await;
    let mut second = program.service(&program.config, "run");
    assert_eq!(wait(&mut second, Duration::from_secs(10)), 75, "the same state");
    let copied = program.folder.path().join("copied.toml");
    let text = std::fs::read_to_string(&program.config).unwrap();
    std::fs::write(&copied, text.replace("state.db", "other.db")).unwrap();
    let mut third = program.service(&copied, "run");
    assert_eq!(wait(&mut third, Duration::from_secs(10)), 75, "another state, the same base");
    signal(&first, "-TERM");
    assert_eq!(wait(&mut first, Duration::from_secs(10)), 0);
    let log = std::io::read_to_string(first.stderr.take().unwrap()).unwrap();
    assert!(log.contains("pass done") && log.contains("stopped") && !log.contains("lecture-seule"), "{log}");
}

#[tokio::test]
async fn a_connector_elsewhere_works_through_a_gateway_beside_gestan() {
    let mut world = World::new().await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let program = Program::on(world);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let token = "a-token-of-at-least-24-characters";
    program.reconfigure("[gateway]\n", &format!("[gateway]\nlisten = \"{free}\"\ntoken = \"{token}\"\n"));
    let away = format!("gateway = \"http://{free}\"\ntoken = ");
    program.reconfigure("gateway = \"embedded\"", &format!("{away}\"not-the-token-not-the-token\""));
    let mut gateway = program.service(&program.config, "gateway");
    let mut checked = program.run(&["check", "--online"]).await;
    for _ in 0..100 {
        if checked.1.contains("token") || checked.2.contains("token") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        checked = program.run(&["check", "--online"]).await;
    }
    let said = format!("{}{}", checked.1, checked.2);
    assert!(said.contains("token") && !said.contains("not-the-token-not"), "{said}");
    program.reconfigure("not-the-token-not-the-token", token);
    let (code, check, errors) = program.run(&["check", "--online"]).await;
    assert_eq!(code, 0, "{check}{errors}");
    let (code, done, errors) = program.run(&["sync"]).await;
    assert!(code == 0 && done.contains("Done: 1 created."), "{done}{errors}");
    signal(&gateway, "-TERM");
    assert_eq!(wait(&mut gateway, Duration::from_secs(10)), 0);
    let (code, check, errors) = program.run(&["check", "--online"]).await;
    assert_eq!(code, 69, "{check}{errors}");
    assert!(check.contains(&free.to_string()), "{check}");
}

#[tokio::test]
async fn a_running_shop_starts_in_shadow_links_what_people_made_and_then_goes_live() {
    let mut world = World::new().await;
    let client = world.client;
    let paper = world.ticket("Imprimante sans papier", "<p>Bac 2</p>").await;
    let screen = world.ticket("Écran bleu ce matin", "<p>x</p>").await;
    world.ticket("Jamais fait à la main", "<p>x</p>").await;
    for (title, memo) in [("Imprimante sans papier", ""), ("Divers", "voir ticket n°2"), ("Onduleur", "")] {
        let sql = format!(
            "INSERT INTO INTERVENTION (IDCONTACT, LIB50, ST_INTER, LIB_INTERVENTION, DHCRE) VALUES ({client}, '{title}', 1, '{memo}', '2026-03-02 10:00:00')"
        );
        world.erp.run(sql).await.unwrap();
    }
    let program = Program::on(world);
    program.reconfigure("[gestan]\n", "[gestan]\nshadow = true\n");
    let (code, done, _) = program.run(&["sync"]).await;
    assert_eq!(code, 0, "{done}");
    assert!(done.starts_with("Shadow mode") && done.contains("Done: 3 created."), "{done}");
    let (_, status, _) = program.run(&["status"]).await;
    assert!(status.starts_with("Shadow mode") && status.contains("Linked tickets: 3 live"), "{status}");
    let (code, beside, _) = program.run(&["reconcile"]).await;
    assert_eq!(code, 0, "{beside}");
    assert!(beside.contains("Made by people too (2)") && beside.contains("Made by nobody (1)"), "{beside}");
    assert!(
        beside.contains("status: planned here, in_progress by hand; technician: PDU here, – by hand (same title, same client, made at that time)"),
        "{beside}"
    );
    let (code, refused, _) = program.run(&["link", "1", "1"]).await;
    assert!(code == 1 && refused.contains("shadow = false"), "{refused}");
    program.reconfigure("shadow = true\n", "");
    let (_, found, _) = program.run(&["link", "--find"]).await;
    assert!(found.contains("2 pairs are certain") && found.contains("names the ticket's number"), "{found}");
    let file = program.folder.path().join("pairs.csv");
    std::fs::write(&file, format!("ticket;intervention\n{paper};1\n{screen};99\n")).unwrap();
    let (code, linked, _) = program.run(&["link", "--csv", file.to_str().unwrap()]).await;
    assert!(
        code == 1 && linked.contains("1 ticket linked, 1 not.") && linked.contains("no intervention 99"),
        "{linked}"
    );
    assert!(linked.contains("next pass: updated; requester, status"), "{linked}");
    let (code, linked, _) = program.run(&["link", "--find", "--apply"]).await;
    assert!(code == 0 && linked.contains("1 ticket linked, 0 not."), "{linked}");
    let (_, done, _) = program.run(&["sync"]).await;
    assert!(done.contains("1 created, 2 updated") || done.contains("Done: 1 created"), "{done}");
    let (code, nothing, _) = program.run(&["reconcile"]).await;
    assert!(code == 0 && nothing.starts_with("Nothing differs"), "{nothing}");
    assert_eq!(program.run(&["link"]).await.0, 1);
    assert_eq!(program.run(&["link", "5"]).await.0, 64);
}

#[tokio::test]
async fn reconcile_shows_what_differs_by_kind_for_people_spreadsheets_and_programs_and_mends_it() {
    let mut world = World::new().await;
    world.ticket("Caisse; en panne", "<p>Noir</p>").await;
    let lost = world.ticket("Deux", "<p>x</p>").await;
    world.pass().await;
    world.erp.run("UPDATE INTERVENTION SET LIB_INTERVENTION = '' WHERE IDINTERVENTION = 1").await.unwrap();
    world.erp.run("DELETE FROM INTERVENTION WHERE IDINTERVENTION = 2").await.unwrap();
    let program = Program::on(world);
    let (code, shown, _) = program.run(&["reconcile", "--flow", "tickets"]).await;
    assert_eq!(code, 1);
    assert!(
        shown.contains("Paragraphs missing in Gestan (1)") && shown.contains("Interventions deleted in Gestan (1)"),
        "{shown}"
    );
    assert!(shown.contains("`gestan-connector reconcile --fix` brings Gestan in line for 1 ticket."), "{shown}");
    let (_, csv, _) = program.run(&["reconcile", "--csv"]).await;
    assert!(csv.starts_with("kind;ticket;intervention;title;detail\n"), "{csv}");
    assert!(csv.contains("\"Paragraphs missing in Gestan\";1;1;\"Caisse; en panne\";"), "{csv}");
    let (_, json, _) = program.run(&["reconcile", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["kind"], &json[0]["ticket"]), (&Value::from("deleted-in-gestan"), &Value::from(lost)));
    let (code, fixed, _) = program.run(&["reconcile", "--fix"]).await;
    assert!(code == 1 && fixed.contains("1 updated") && fixed.contains("1 set aside"), "{fixed}");
    let (_, shown, _) = program.run(&["reconcile"]).await;
    assert!(!shown.contains("Paragraphs missing") && shown.contains("None of it is for"), "{shown}");
}
