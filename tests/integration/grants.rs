//! The rights of the database accounts: what the command prints is what the guides say, and it is enough.

use crate::commands::Program;
use crate::support::{World, server};
use gestan_connector::gateway::Writes;
use gestan_connector::grants::{self, Need, READING, Writer};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};

const GUIDES: [&str; 2] =
    [include_str!("../../docs/operator-guide.md"), include_str!("../../docs/guide-exploitant.md")];

/// The GRANT statements of a guide, without what it says of them.
fn granted(guide: &str) -> Vec<&str> {
    let lines = guide.lines().filter(|line| line.starts_with("GRANT "));
    lines.map(|line| line.split(';').next().unwrap().trim_end()).collect()
}

#[test]
fn both_guides_print_the_statements_of_the_program() {
    let sql = |need: &Need, database: &str, user: &str| -> Vec<String> {
        grants::statements(need, database, user, "…").into_iter().map(|statement| statement.sql).collect()
    };
    let mut expected = Vec::new();
    for need in Writer::ALL.map(Writer::most) {
        expected.extend(sql(&need, "bsup", "connector"));
    }
    expected.extend(sql(&READING, "bsup", "connector"));
    for need in grants::gateway_needs(&Writes::most(), true) {
        expected.extend(sql(&need, "gestan", "gateway"));
    }
    expected.sort();
    for guide in GUIDES {
        let mut printed = granted(guide);
        printed.sort_unstable();
        assert_eq!(printed, expected);
    }
}

#[tokio::test]
async fn an_administrator_who_runs_what_grants_prints_gets_accounts_that_can_do_everything_and_no_more() {
    let mut world = World::with(
        "[follow_up]\nenabled = true\ncalendar = true\nload = true\n[reference]\nenabled = true\n[mapping.time]\nto_conso = true\n",
    )
    .await;
    let ticket = world.ticket("Un", "<p>Le premier</p>").await;
    let name = world.sandbox.gestsup.clone();
    world.erp.run("DROP TABLE Z90_TICKET, Z90_STEP, Z90_LINK, Z90_DOCUMENT").await.unwrap();
    let (reader, writer) = (format!("c_{name}"), format!("g_{name}"));
    world.replaced.push(("user = \"connector\"".to_owned(), format!("user = \"{reader}\"")));
    world.replaced.push(("user = \"gateway\"".to_owned(), format!("user = \"{writer}\"")));
    let program = Program::on(world);
    let (code, sql, errors) = program.run(&["grants", "--from", "%"]).await;
    assert_eq!(code, 0, "{errors}");
    let mut root = MySqlConnection::connect(&server().await.url("mysql")).await.unwrap();
    for (user, password) in [(&reader, "lecture-seule"), (&writer, "passerelle")] {
        assert!(sql.contains(&format!("-- CREATE USER '{user}'@'%' IDENTIFIED BY '…';")), "{sql}");
        let create = format!("CREATE USER {user}@'%' IDENTIFIED BY '{password}'");
        root.execute(AssertSqlSafe(create)).await.unwrap();
    }
    let (code, _, _) = program.run(&["sync"]).await;
    assert_ne!(code, 0, "accounts without rights can do nothing");
    root.execute(sqlx::raw_sql(AssertSqlSafe(sql.clone()))).await.expect("what is printed can be run as it is");
    let (code, said, errors) = program.run(&["gateway", "install"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, said, errors) = program.run(&["check", "--online"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    for complaint in ["lacks rights", "may do more than read"] {
        assert!(!said.contains(complaint), "{said}");
    }
    for flow in ["reference", "tickets", "follow_up"] {
        let (code, said, errors) = program.run(&["sync", flow]).await;
        assert_eq!(code, 0, "{flow}: {said}{errors}");
    }
    let (_, shown, _) = program.run(&["show", &ticket.to_string()]).await;
    assert!(shown.contains("ntervention"), "{shown}");
}

#[tokio::test]
async fn only_what_the_flows_that_are_on_need_is_printed() {
    let program = Program::on(World::new().await);
    let statements = async |arguments: &[&str]| -> Vec<(String, String)> {
        let (code, text, errors) = program.run(&[&["grants", "--json"], arguments].concat()).await;
        assert_eq!(code, 0, "{errors}");
        let accounts: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!((accounts.len(), &accounts[0]["from"]), (2, &serde_json::json!("localhost")));
        let all = accounts.iter().flat_map(|account| account["statements"].as_array().unwrap());
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        all.map(|statement| (text(&statement["of"]), text(&statement["sql"]))).collect()
    };
    let holds = |all: &[(String, String)], word: &str| all.iter().any(|(_, sql)| sql.contains(word));
    let plain = statements(&[]).await;
    let least = "GRANT SELECT ON `".to_owned()
        + &program.sandbox.gestsup.replace('_', "\\_")
        + "`.* TO 'connector'@'localhost'";
    assert_eq!(plain[0], (String::new(), least));
    assert!(holds(&plain, "ANOMALIE"), "its codes are configured");
    for word in ["tthreads", "tusers", "CONSO", ".DOCUMENT TO", ".CONTACT TO"] {
        assert!(!holds(&plain, word), "{word}: {plain:#?}");
    }
    assert!(holds(&plain, "CREATE, ALTER"));
    let more = statements(&["--flow", "follow_up", "--flow", "reference", "--installed"]).await;
    assert!(holds(&more, "tthreads") && holds(&more, "tusers") && !holds(&more, "CREATE"), "{more:#?}");
    assert!(!holds(&more, "time_hope"), "`load` is off: {more:#?}");
}

#[tokio::test]
async fn rights_of_an_hfsql_base_are_for_a_person_to_give_and_nothing_to_run() {
    let program = Program::on(World::new().await);
    program.reconfigure("[gateway.base]\n", "[gateway.base]\nkind = \"hfsql\"\n");
    let (code, text, errors) = program.run(&["grants"]).await;
    if cfg!(not(feature = "hfsql")) {
        assert!(code == 78 && errors.contains("built without ODBC"), "{errors}");
        return;
    }
    assert_eq!(code, 0, "{errors}");
    let (_, of_gestan) = text.split_once("-- Gestan: ").unwrap();
    assert!(of_gestan.contains("HFSQL Control Center") && of_gestan.contains("INTERVENTION"), "{of_gestan}");
    assert!(of_gestan.lines().skip(1).all(|line| line.is_empty() || line.starts_with("--")), "{of_gestan}");
}
