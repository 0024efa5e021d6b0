//! A driver that crashes, hangs or warns, as HFSQL's does: nothing is lost, nothing is written twice, and nobody
//! waits for it. The driver is MariaDB's behind iODBC, with a filter that refuses what HFSQL refuses.

use super::{CREATE, Served, entry};
use crate::support::{sandbox, stand_in};
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::embedded_gateway;
use gestan_connector::demo::odbc::StandIn;
use gestan_connector::demo::sandbox::Sandbox;
use gestan_connector::gestan::GatewayClient;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A gateway over a driver of its own troubles.
struct Troubled {
    served: Served,
    trouble: PathBuf,
    _folder: tempfile::TempDir,
}

impl Troubled {
    /// Whose statements may take so many seconds.
    async fn new(seconds: u64) -> Self {
        let sandbox = sandbox().await;
        Self::of(sandbox, stand_in(), seconds).await
    }

    /// One that keeps no transactions.
    async fn without_transactions() -> Self {
        let sandbox = sandbox().await;
        Self::of(sandbox, &stand_in().without_transactions(), 1).await
    }

    async fn of(sandbox: Sandbox, driver: &StandIn, seconds: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trouble = folder.path().join("trouble");
        let sandbox = sandbox.over_odbc(&driver.with_trouble(trouble.clone())).await.unwrap().patient(seconds);
        Self { served: Served::on(sandbox).await, trouble, _folder: folder }
    }

    /// Has the driver go wrong once, at this statement.
    fn go_wrong(&self, how: &str, at: &str) {
        // Written as a whole: it may be read at any time.
        let beside = self.trouble.with_extension("new");
        std::fs::write(&beside, format!("{how} {at}")).unwrap();
        std::fs::rename(beside, &self.trouble).unwrap();
    }

    fn went_wrong(&self) -> bool {
        !self.trouble.exists()
    }

    async fn intervention(&self, number: i64) -> super::Answer {
        self.served
            .call(Method::GET, &format!("/v1/tickets/gestsup/{number}/1/intervention"), super::INTERVENTION, &[], None)
            .await
    }

    async fn rows(&self, table: &str) -> String {
        self.served.column(&format!("SELECT COUNT(*) AS v FROM {table}")).await.remove(0)
    }
}

/// Breaks PUTs of something new in every way at each of these statements, and repeats each; the last statement is the
/// commit.
async fn break_creations(troubled: &Troubled, statements: &[&str]) {
    let body = troubled.served.new_intervention();
    let mut number = 100;
    for at in statements {
        for how in ["crash", "crash-after", "hang", "warn"] {
            number += 1;
            troubled.go_wrong(how, at);
            let first = troubled.served.put(number, &CREATE, &body).await;
            assert!(troubled.went_wrong(), "{how} at {at}: the statement never came");
            assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "{how} at {at}: {}", first.body);
            assert_eq!(first.problem(), "base-unavailable", "{how} at {at}");
            // Where the COMMIT went through, it is there already, and the condition says so.
            let second = troubled.served.put(number, &CREATE, &body).await;
            let committed = how == "crash-after" && Some(at) == statements.last();
            let expected = if committed { StatusCode::PRECONDITION_FAILED } else { StatusCode::CREATED };
            assert_eq!(second.status, expected, "{how} at {at}: {}", second.body);
        }
    }
    let put = (number - 100).to_string();
    for table in ["INTERVENTION", "Z83_INTERVENTION", "Z90_TICKET"] {
        assert_eq!(troubled.rows(table).await, put, "{table}");
    }
    // The head and one step of each.
    assert_eq!(troubled.rows("Z90_STEP").await, (2 * (number - 100)).to_string());
}

/// Breaks changes of one intervention at each of these statements, and repeats each.
async fn break_changes(troubled: &Troubled, statements: &[&str]) {
    let mut body = troubled.served.new_intervention();
    let made = troubled.served.put(1, &CREATE, &body).await;
    let mut etag = made.etag.unwrap();
    let mut step = 1;
    for at in statements {
        for how in ["crash", "hang"] {
            step += 1;
            body["fields"]["title"] = json!(format!("Titre {step}"));
            body["fields"]["time_spent"] = json!(step * 5);
            let text = format!("Étape n° {step}");
            body["entries"].as_array_mut().unwrap().push(entry(step, "2026-03-02T09:00:00Z", &text));
            troubled.go_wrong(how, at);
            let first = troubled.served.put(1, &[("if-match", &etag)], &body).await;
            assert!(troubled.went_wrong(), "{how} at {at}: the statement never came");
            assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "{how} at {at}: {}", first.body);
            let second = troubled.served.put(1, &[("if-match", &etag)], &body).await;
            assert_eq!(second.status, StatusCode::OK, "{how} at {at}: {}", second.body);
            assert_eq!(second.body["fields"]["title"], format!("Titre {step}"));
            assert_eq!(second.body["fields"]["time_spent"], step * 5);
            assert_eq!(second.body["memo"].as_str().unwrap().matches(&text).count(), 1, "{}", second.body["memo"]);
            assert_eq!(second.body["typed"], json!([]), "{how} at {at}");
            etag = second.etag.unwrap();
            // The head is one, too.
            assert_eq!(
                second.body["entries"].as_object().unwrap().len(),
                body["entries"].as_array().unwrap().len() + 1
            );
        }
    }
    assert_eq!(troubled.rows("INTERVENTION").await, "1");
    assert_eq!(troubled.rows("Z90_STEP").await, (step + 1).to_string());
}

#[tokio::test]
async fn whatever_the_driver_does_at_whichever_statement_a_put_that_is_repeated_is_there_once() {
    let troubled = Troubled::new(1).await;
    let statements = [
        "FROM [Z90_TICKET]",
        "FROM [CONTACT]",
        "MAX([IDINTERVENTION])",
        "INSERT INTO [INTERVENTION]",
        "[IDINTERVENTION] >",
        "INSERT INTO [Z83_INTERVENTION]",
        "INSERT INTO [Z90_TICKET]",
        "INSERT INTO [Z90_STEP]",
        "COMMIT",
    ];
    break_creations(&troubled, &statements).await;
}

#[tokio::test]
async fn without_transactions_a_put_that_the_driver_breaks_off_is_there_once_all_the_same() {
    let troubled = Troubled::without_transactions().await;
    let statements = [
        "FROM [Z90_TICKET]",
        "FROM [CONTACT]",
        "UPDATE [Z90_INTENT]",
        "INSERT INTO [INTERVENTION]",
        "[IDINTERVENTION] >",
        "INSERT INTO [Z83_INTERVENTION]",
        "INSERT INTO [Z90_TICKET]",
        "INSERT INTO [Z90_STEP]",
        "SET [ETAT] = 'done'",
    ];
    break_creations(&troubled, &statements).await;
    let left = "SELECT COUNT(*) AS v FROM Z90_TICKET WHERE CC_TICKET LIKE 'undone%'";
    assert_eq!(troubled.served.column(left).await, ["0"]);
}

#[tokio::test]
async fn a_change_that_the_driver_breaks_off_is_whole_after_its_repetition() {
    let troubled = Troubled::new(1).await;
    let statements = [
        "SET [DHMOD] = [DHMOD]",
        "UPDATE [Z83_INTERVENTION]",
        "UPDATE [INTERVENTION] SET [LIB50]",
        "INSERT INTO [Z90_STEP]",
        "COMMIT",
    ];
    break_changes(&troubled, &statements).await;
}

#[tokio::test]
async fn without_transactions_a_change_that_the_driver_breaks_off_is_whole_after_its_repetition() {
    let troubled = Troubled::without_transactions().await;
    let statements = [
        "UPDATE [Z90_INTENT]",
        "UPDATE [Z83_INTERVENTION]",
        "UPDATE [INTERVENTION] SET [LIB50]",
        "INSERT INTO [Z90_STEP]",
        "SET [ETAT] = 'done'",
    ];
    break_changes(&troubled, &statements).await;
}

#[tokio::test]
async fn without_transactions_what_is_refused_half_way_leaves_nothing_behind() {
    let mut troubled = Troubled::without_transactions().await;

    let made = troubled.served.put(1, &CREATE, &troubled.served.new_intervention()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    // A step that the base has no room for: the driver refuses it when sheet, link and all are there.
    troubled.served.erp.run("ALTER TABLE Z90_STEP MODIFY AUTEUR VARCHAR(3)").await.unwrap();
    let refused = troubled.served.put(2, &CREATE, &troubled.served.new_intervention()).await;
    assert!(refused.status.is_client_error() || refused.status.is_server_error(), "{}", refused.body);
    assert_eq!(troubled.intervention(2).await.status, StatusCode::NOT_FOUND);
    troubled.served.erp.run("ALTER TABLE Z90_STEP MODIFY AUTEUR VARCHAR(90)").await.unwrap();
    // The next one takes its number.
    let next = troubled.served.put(3, &CREATE, &troubled.served.new_intervention()).await;
    assert_eq!(next.status, StatusCode::CREATED, "{}", next.body);
    assert_eq!(next.body["id"].as_i64().unwrap(), made.body["id"].as_i64().unwrap() + 1);
    for table in ["INTERVENTION", "Z83_INTERVENTION", "Z90_TICKET"] {
        assert_eq!(troubled.rows(table).await, "2", "{table}");
    }
}

#[tokio::test]
async fn without_transactions_what_somebody_changed_since_is_not_undone() {
    let mut troubled = Troubled::without_transactions().await;

    let mut body = troubled.served.new_intervention();
    let made = troubled.served.put(1, &CREATE, &body).await;
    body["fields"]["title"] = json!("Titre du connecteur");
    troubled.go_wrong("crash", "SET [ETAT] = 'done'");
    let broken = troubled.served.put(1, &[("if-match", made.etag.as_ref().unwrap())], &body).await;
    assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE, "{}", broken.body);
    let by_hand = "UPDATE INTERVENTION SET LIB50 = 'Titre de Gestan', USMOD = 'MDU', DHMOD = '2026-11-27 10:00:00'";
    troubled.served.erp.run(by_hand).await.unwrap();
    let held = troubled.intervention(1).await;
    assert_eq!(held.body["fields"]["title"], "Titre de Gestan", "{}", held.body);
}

#[tokio::test]
async fn a_driver_that_hangs_keeps_nobody_else_waiting() {
    let troubled = Arc::new(Troubled::new(8).await);
    let (body, begun) = (troubled.served.new_intervention(), Instant::now());
    troubled.go_wrong("hang", "INSERT INTO [INTERVENTION]");
    let (other, hung) = (Arc::clone(&troubled), body.clone());
    let put = tokio::spawn(async move { other.served.put(1, &CREATE, &hung).await.status });
    while !troubled.went_wrong() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let health = troubled.served.get("/v1/health").await;
    assert_eq!(health.status, StatusCode::OK, "{}", health.body);
    let list = troubled.served.get("/v1/clients").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    assert!(begun.elapsed() < Duration::from_secs(8), "they waited for the one that hangs");
    assert!(!put.is_finished());
    assert_eq!(put.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(troubled.served.put(1, &CREATE, &body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_driver_that_cannot_be_loaded_is_named_with_what_to_check() {
    let sandbox = sandbox().await;
    let sandbox = sandbox.over_odbc(stand_in()).await.unwrap();
    let text = sandbox.config(std::path::Path::new("/x/state.db"), "");
    let driver = text.lines().find(|line| line.starts_with("driver")).unwrap().to_owned();
    let (config, _) =
        config::parse(&text.replace(&driver, "driver = \"/nowhere/libhfsql.so\""), "t", Role::Daemon).unwrap();
    let client = GatewayClient::embedded(Arc::new(embedded_gateway(&config).unwrap()));
    let error = client.health().await.unwrap_err().to_string();
    for part in ["the ODBC driver cannot be loaded", "/nowhere/libhfsql.so", "[gateway.base] driver"] {
        assert!(error.contains(part), "{error}");
    }
    // A second attempt right after says the same, without starting another process.
    let begun = Instant::now();
    assert_eq!(client.health().await.unwrap_err().to_string(), error);
    assert!(begun.elapsed() < Duration::from_millis(200));
}

#[tokio::test]
async fn texts_that_windows_1252_lacks_come_back_whole_and_are_not_written_again() {
    let troubled = Troubled::new(10).await;
    let mut body = troubled.served.new_intervention();
    body["entries"] = json!([entry(1, "2026-03-02T08:00:00Z", "Écran 🎉 “ça” ¤ ¤1F389¤ 漢字 'x'; DROP -- \\ fin")]);
    let made = troubled.served.put(1, &CREATE, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["entries"]["step:1"]["present"], true, "{}", made.body);
    let again = troubled.served.put(1, &[("if-match", &made.etag.clone().unwrap())], &body).await;
    assert_eq!((again.status, again.etag), (StatusCode::OK, made.etag));
    assert_eq!(again.body["entries"]["step:1"]["outcome"], "unchanged");
    let path = "/v1/tickets/gestsup/1/1/intervention";
    let read = troubled.served.call(Method::GET, path, super::INTERVENTION, &[], None).await;
    assert!(
        read.body["memo"].as_str().unwrap().contains("Écran 🎉 “ça” ¤ ¤1F389¤ 漢字 'x'; DROP -- \\ fin"),
        "{}",
        read.body
    );
}
