//! A pass taken back: both sides are as before, what others did since stands, and no later pass does it again.

use crate::commands::Program;
use crate::support::World;
use gestan_connector::demo::erp::{Erp, Seen};
use gestan_connector::demo::help_desk::HelpDesk;
use serde_json::Value;

struct Story {
    program: Program,
    desk: HelpDesk,
    erp: Erp,
    tickets: Vec<i64>,
}

/// Three tickets that have their interventions; the follow-up is on, which would carry to GestSup what it takes for a
/// Gestan user's doing.
async fn story() -> Story {
    let mut world = World::with("[follow_up]\nenabled = true\n").await;
    world.sandbox.let_it_follow_up().await.unwrap();
    let mut tickets = Vec::new();
    for title in ["Caisse", "Imprimante", "Serveur"] {
        tickets.push(world.ticket(title, "<p>En panne</p>").await);
    }
    let desk = world.sandbox.help_desk(world.desk.clock).await.unwrap();
    let erp = world.sandbox.erp().await.unwrap();
    let story = Story { program: Program::on(world), desk, erp, tickets };
    story.sync().await;
    story
}

impl Story {
    async fn sync(&self) {
        let (code, said, errors) = self.program.run(&["sync"]).await;
        assert_eq!(code, 0, "{said}{errors}");
    }

    /// All tickets are closed in GestSup, and that goes to Gestan.
    async fn close_all(&mut self) {
        for ticket in self.tickets.clone() {
            self.desk.set_time(ticket, 45).await.unwrap();
            self.desk.close(ticket, self.program.paul).await.unwrap();
        }
        self.sync().await;
    }

    /// The newest pass that wrote something to Gestan.
    async fn newest(&self) -> String {
        let (_, runs, _) = self.program.run(&["undo", "--json"]).await;
        let runs: Value = serde_json::from_str(&runs).unwrap();
        let run = runs.as_array().unwrap().iter().find(|run| run["flow"] == "tickets").unwrap();
        run["id"].as_str().unwrap().to_owned()
    }

    /// Status and time of each intervention.
    async fn sides(&mut self) -> Vec<(i64, i64)> {
        let all: Vec<Seen> = self.erp.see_all().await.unwrap();
        all.iter().map(|seen| (seen.status, seen.time_spent)).collect()
    }

    async fn nothing_to_do(&self) {
        for _ in 0..2 {
            let (code, said, errors) = self.program.run(&["sync", "--json"]).await;
            assert_eq!(code, 0, "{errors}");
            let report: Value = serde_json::from_str(&said).unwrap();
            let records = report["records"].as_array().unwrap();
            assert!(records.iter().all(|record| record["outcome"] != "done"), "{records:#?}");
        }
    }

    async fn states(&mut self) -> Vec<String> {
        self.desk.ask("SELECT CAST(state AS CHAR) FROM tincidents ORDER BY id").await.unwrap()
    }
}

#[tokio::test]
async fn a_pass_that_is_taken_back_leaves_gestan_as_it_was_and_is_not_made_again() {
    let mut story = story().await;
    let before = story.sides().await;
    story.close_all().await;
    assert_ne!(story.sides().await, before);
    let run = story.newest().await;
    let (code, shown, errors) = story.program.run(&["undo", &run[..13]]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(shown.contains("This would change 3 interventions") && shown.contains("--yes"), "{shown}");
    assert!(shown.contains("paragraph"), "what stays is said: {shown}");
    assert_ne!(story.sides().await, before, "what is only shown writes nothing");
    let (code, said, errors) = story.program.run(&["undo", &run, "--yes"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("Put back: 3 interventions"), "{said}");
    assert_eq!(story.sides().await, before);
    story.nothing_to_do().await;
    assert_eq!(story.sides().await, before);
    assert_eq!(story.states().await, ["3", "3", "3"], "nothing of it is carried to GestSup");
    let (_, shown, _) = story.program.run(&["undo", &run]).await;
    assert!(shown.contains("Nothing of this pass can be put back"), "{shown}");
    let (_, told, _) = story.program.run(&["journal", "--ticket", &story.tickets[0].to_string()]).await;
    assert!(told.contains("undo") && told.contains("was taken back: status, time_spent"), "{told}");
    // What is new goes on as ever.
    let (ticket, paul) = (story.tickets[0], story.program.paul);
    story.desk.set_state(ticket, 2, paul).await.unwrap();
    story.desk.set_time(ticket, 60).await.unwrap();
    story.sync().await;
    let sides = story.sides().await;
    assert_eq!((sides[0], &sides[1..]), ((1, 60), &before[1..]));
}

#[tokio::test]
async fn what_somebody_changed_or_billed_since_stands_and_is_named() {
    let mut story = story().await;
    let before = story.sides().await;
    story.close_all().await;
    let after = story.sides().await;
    let run = story.newest().await;
    story.erp.set_status(1, 3).await.unwrap();
    story.erp.set_status(2, 4).await.unwrap();
    let (code, said, errors) = story.program.run(&["undo", &run, "--yes"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("status was changed since, to “waiting”"), "{said}");
    assert!(said.contains("it was billed since"), "{said}");
    assert!(said.contains("Put back: 2 interventions"), "{said}");
    let sides = story.sides().await;
    assert_eq!(sides[0], (3, before[0].1), "the rest of it is put back");
    assert_eq!(sides[1], (4, after[1].1));
    assert_eq!(sides[2], before[2]);
}

#[tokio::test]
async fn what_a_pass_made_is_cancelled_unless_somebody_works_on_it() {
    let mut story = story().await;
    let run = story.newest().await;
    story.erp.set_status(1, 1).await.unwrap();
    let ticket = story.tickets[2].to_string();
    let (code, said, errors) = story.program.run(&["undo", &run, "--yes", "--ticket", &ticket]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("Put back: 1 intervention."), "{said}");
    let (code, said, errors) = story.program.run(&["undo", &run, "--yes"]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("worked on since: it stays") && said.contains("it is cancelled already"), "{said}");
    let status: Vec<i64> = story.sides().await.iter().map(|side| side.0).collect();
    assert_eq!(status, [1, 10, 10]);
    story.nothing_to_do().await;
    assert_eq!(story.states().await.len(), 3, "no ticket is touched");
}

#[tokio::test]
async fn a_running_service_takes_a_pass_back_and_mistaken_names_are_told() {
    let mut story = story().await;
    let before = story.sides().await;
    story.close_all().await;
    let run = story.newest().await;
    let service = story.program.at_work(&[]).await;
    let (code, said, errors) = story.program.run(&["undo", &run, "--yes"]).await;
    assert!(code == 0 && said.contains("Put back: 3"), "{said}{errors}");
    assert_eq!(story.sides().await, before);
    let (code, _, errors) = story.program.run(&["undo", "nothing-like-it"]).await;
    assert!(code != 0 && errors.contains("`gestan-connector undo` lists the newest"), "{errors}");
    let (code, _, errors) = story.program.run(&["undo", "0"]).await;
    assert!(code != 0 && errors.contains("give more of the id"), "{errors}");
    for command in [vec!["mail", "replay", "1"], vec!["notify", "skip"], vec!["reference", "apply"]] {
        let (_, _, errors) = story.program.run(&command).await;
        assert!(!errors.contains("not one for a running service"), "{command:?}: {errors}");
    }
    story.program.end(service);
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn killed_before_it_is_recorded_it_is_still_nobody_s_doing_in_gestan() {
    let mut story = story().await;
    let before = story.sides().await;
    story.close_all().await;
    let run = story.newest().await;
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("gestan-connector"));
    command.arg("--config").arg(&story.program.config).args(["undo", &run, "--yes"]);
    command.env("FAILPOINTS", "daemon: gateway answered=return");
    let ended = command.output().unwrap();
    assert!(!ended.status.success(), "it was killed");
    assert_eq!(story.sides().await, before);
    story.nothing_to_do().await;
    assert_eq!(story.sides().await, before);
    assert_eq!(story.states().await, ["3", "3", "3"]);
}
