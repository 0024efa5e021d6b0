//! The reference flow on the command line, with the real program.

use super::{links, referring, society};
use crate::follow_up::ask;
use crate::killed::Program;

#[tokio::test]
async fn reconcile_shows_a_file_of_decisions_decides_and_sync_carries_it_out() {
    let mut world = referring("").await;
    let (_, dupont) = society(&mut world, "Dupont; fils", "", "").await;
    let (_, left) = society(&mut world, "Laissé", "", "1").await;
    let first = world.desk.company("Dupont; fils").await.unwrap();
    world.desk.company("DUPONT; FILS").await.unwrap();
    let program = Program::on(&mut world).await;
    let shown = program.run(&["reconcile", "--flow", "reference"]).await;
    assert_eq!(shown.code, Some(1), "{}", shown.errors);
    for part in ["Unclear (1)", "To be linked", "To be made", "Nothing was written."] {
        assert!(shown.output.contains(part), "{part}: {}", shown.output);
    }
    let csv = program.run(&["reconcile", "--flow", "reference", "--csv"]).await.output;
    let decided: Vec<String> = csv
        .lines()
        .map(|line| match line {
            line if line.contains(&format!("client;{dupont};")) => format!("{line}{first}"),
            line if line.contains(&format!("client;{left};")) => format!("{line}ignore"),
            line => line.to_owned(),
        })
        .collect();
    let file = world.folder.path().join("decided.csv");
    std::fs::write(&file, decided.join("\n")).unwrap();
    let applied = program.run(&["reference", "apply", file.to_str().unwrap()]).await;
    assert_eq!(applied.code, Some(0), "{}", applied.errors);
    let plan = program.run(&["sync", "reference", "--dry-run", "--json"]).await;
    let plan: serde_json::Value = serde_json::from_str(&plan.output).unwrap();
    assert_eq!(plan["dry_run"], true);
    let done = program.run(&["sync", "reference"]).await;
    assert_eq!(done.code, Some(0), "{}{}", done.output, done.errors);
    assert!(done.output.contains("Reference data: "), "{}", done.output);
    assert_eq!(ask(&world, "id", "tcompany WHERE name = 'Laissé'").await, Vec::<String>::new());
    for (arguments, expected) in [
        (vec!["status"], "Reference data linked: "),
        (vec!["journal"], "same serial number"),
        (vec!["sync", "reference"], "nothing to write"),
    ] {
        let output = program.run(&arguments).await.output;
        assert!(output.contains(expected), "{arguments:?}: {output}");
    }
    let refused = program.run(&["reference", "link", "client", &left.to_string(), &first.to_string()]).await;
    assert!(refused.errors.contains("already"), "{}", refused.errors);
    let unknown = program.run(&["reference", "link", "client", "99999", &first.to_string()]).await;
    assert!(unknown.errors.contains("Gestan has no client"), "{}", unknown.errors);
    assert_eq!(links(&world).await, Vec::<String>::new(), "the test's own state is another one");
}

#[tokio::test]
async fn without_being_switched_on_nothing_of_it_happens() {
    let world = crate::support::World::with("").await;
    let mut world = world;
    let program = Program::on(&mut world).await;
    let companies = ask(&world, "id, name", "tcompany").await;
    assert_eq!(program.run(&["sync"]).await.code, Some(0));
    assert_eq!(ask(&world, "id, name", "tcompany").await, companies);
    let refused = program.run(&["sync", "reference"]).await;
    assert!(refused.errors.contains("[reference] enabled = true"), "{}", refused.errors);
}
