//! What an administrator does: install the tables, look for the codes.

use super::{Served, gateway_of};
use crate::support::{World, is_bare, is_over_odbc, sandbox};
use gestan_connector::daemon::embedded_gateway;
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gateway::memo::Memo;
use gestan_connector::gestan::GatewayClient;
use gestan_connector::model::ObjectKind;
use std::sync::Arc;

#[tokio::test]
async fn a_base_without_the_extension_says_to_install_it_and_installing_twice_is_harmless() {
    let sandbox = sandbox().await;
    let gateway = gateway_of(&sandbox, "").await;
    let client = GatewayClient::embedded(Arc::clone(&gateway));
    assert!(!client.capabilities().await.unwrap().extension_installed);
    let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: 1, sequence: 1 };
    let error = client.get(&key, ObjectKind::Intervention).await.unwrap_err().to_string();
    assert!(error.contains("gateway install"), "{error}");
    let made = gateway.install().await.unwrap();
    let intents = usize::from(is_over_odbc());
    assert_eq!(made[intents..], ["Z90_TICKET", "Z90_STEP", "Z90_LINK", "Z90_DOCUMENT", "Z90_ACTION"]);
    // A driver may keep no transactions: what it writes is noted, before anything else is.
    assert_eq!(made[..intents], ["Z90_INTENT"][..intents]);
    assert_eq!(gateway.install().await.unwrap(), Vec::<String>::new());
    assert!(client.capabilities().await.unwrap().extension_installed);
}

#[tokio::test]
async fn the_tables_that_are_printed_to_be_created_by_hand_are_those_that_installing_creates() {
    let served = Served::new().await;
    let sql = format!(
        "SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME, ' ', COLUMN_KEY) AS v FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME LIKE 'Z90%'",
        served.sandbox.gestan
    );
    let mut made = served.column(&sql).await;
    let key = |key: &str| match key {
        "key" => "PRI",
        "unique" => "UNI",
        "index" => "MUL",
        _ => "",
    };
    let columns = served.gateway.own_columns();
    let mut printed: Vec<String> =
        columns.iter().map(|it| format!("{}.{} {}", it.table, it.column, key(it.key))).collect();
    made.sort();
    printed.sort();
    assert_eq!(printed, made);
}

#[tokio::test]
async fn probing_shows_the_codes_in_use_with_examples_and_toml_to_paste() {
    let mut world = World::new().await;
    world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.erp.run("INSERT INTO PARAMLIB VALUES (31, 0, 'À planifier')").await.unwrap();
    let probe = embedded_gateway(world.site.config()).unwrap().probe().await.unwrap();
    let status = &probe.lists[0];
    assert_eq!(
        (status.column.as_str(), status.values[0].code, status.values[0].count),
        ("INTERVENTION.ST_INTER", Some(0), 1)
    );
    assert_eq!(
        (status.values[0].labels[0].as_str(), status.values[0].examples[0].as_str()),
        ("À planifier (type 31)", "Caisse")
    );
    let toml = probe.to_toml();
    assert!(
        toml.contains("[gateway.codes.status]\n# planned =")
            && toml.contains("# a_planifier = 0  # 1 rows, e.g. Caisse"),
        "{toml}"
    );
    toml::from_str::<toml::Table>(&toml).expect("it can be pasted");
    assert!(!Memo::parse(&world.only().await.memo).is_empty());
}

#[tokio::test]
async fn installing_adds_what_tables_of_an_earlier_version_lack_and_until_then_interventions_go_on() {
    let mut served = Served::new().await;
    served.put(1, &super::CREATE, &served.new_intervention()).await;
    served.erp.run("ALTER TABLE Z90_TICKET DROP COLUMN IDCONTACT, DROP COLUMN CONTRAT").await.unwrap();
    served.erp.run("DROP TABLE Z90_DOCUMENT").await.unwrap();
    let gateway = gateway_of(&served.sandbox, super::MORE.split("[gateway.documents]").next().unwrap()).await;
    let client = GatewayClient::embedded(Arc::clone(&gateway));
    let capabilities = client.capabilities().await.unwrap();
    assert!(!capabilities.extension_installed);
    let put = |body: serde_json::Value| serde_json::from_value(body).unwrap();
    let key = |number| gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number, sequence: 1 };
    let (_, new) = gateway.put(&key(2), None, &put(served.new_intervention())).await.unwrap();
    assert!(new, "an intervention needs none of it");
    let refused = gateway.put(&key(3), None, &put(served.new_anomaly())).await.unwrap_err().to_string();
    assert!(refused.contains("gateway install"), "{refused}");
    let made = gateway.install().await.unwrap();
    assert_eq!(made, ["Z90_TICKET.IDCONTACT", "Z90_TICKET.CONTRAT", "Z90_DOCUMENT"]);
    assert!(client.capabilities().await.unwrap().extension_installed);
    gateway.put(&key(3), None, &put(served.new_anomaly())).await.unwrap();
    let kept = client.get(&key(1), ObjectKind::Intervention).await.unwrap().unwrap();
    assert_eq!(kept.key.number, 1);
}

#[tokio::test]
async fn probing_shows_the_codes_of_anomalies_and_what_they_point_at() {
    let mut served = Served::new().await;
    served.put_anomaly(1, &super::CREATE, &served.new_anomaly()).await;
    served.erp.run("INSERT INTO ANOMALIE (LIB_ANOMALIE, ST_ANOM, TRGCIBLE) VALUES ('Vieux', 5, 'MAC12'), ('Vieux', 5, 'MAC9'), ('Nulle part', 5, NULL)").await.unwrap();
    let probe = served.gateway.probe().await.unwrap();
    let targets: Vec<(&str, usize, &str)> =
        probe.targets.iter().map(|target| (target.letters.as_str(), target.count, target.example.as_str())).collect();
    assert_eq!(targets, [("MAC", 2, "MAC9"), ("", 1, ""), ("MNT", 1, "MNT1")]);
    let status = probe.lists.iter().find(|list| list.list == "anomaly_status").unwrap();
    assert_eq!((status.column.as_str(), status.values[0].code), ("ANOMALIE.ST_ANOM", Some(5)));
    let toml = probe.to_toml();
    assert!(toml.contains("[gateway.codes.anomaly_status]\n# planned ="), "{toml}");
    let anomalies = toml.split("[gateway.codes.anomaly_status]").nth(1).unwrap().split('[').next().unwrap();
    assert!(!anomalies.contains("to_bill") && anomalies.contains("e.g. Nulle part"), "{anomalies}");
    toml::from_str::<toml::Table>(&toml).expect("it can be pasted");
}

#[tokio::test]
async fn a_selftest_tells_what_the_base_can_do_and_leaves_one_cancelled_intervention_however_often_it_is_run() {
    let mut served = Served::new().await;
    served.contracts(&["('C-1', 1, NULL, '', NULL, NULL)"]).await;
    let before = served.column("SELECT COUNT(*) AS v FROM INTERVENTION").await;
    let reading = served.gateway.selftest(false).await;
    assert!(reading.is_fine() && !reading.wrote, "{reading:#?}");
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM INTERVENTION").await, before, "reading wrote");
    for _ in 0..2 {
        let writing = served.gateway.selftest(true).await;
        assert!(writing.is_fine(), "{writing:#?}");
        assert!(writing.trials.iter().any(|trial| trial.what.contains("undone")), "{writing:#?}");
    }
    let made = "SELECT CONCAT(ST_INTER, ' ', LIB50) AS v FROM INTERVENTION";
    assert_eq!(served.column(made).await, ["10 ESSAI du connecteur – à supprimer – été €"]);
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM Z90_LINK WHERE CC_LINK NOT LIKE 'undone:%'").await, ["0"]);
}

#[tokio::test]
async fn a_selftest_of_a_base_without_a_unique_key_says_which_one_to_add() {
    let mut served = Served::new().await;
    served.contracts(&["('C-1', 1, NULL, '', NULL, NULL)"]).await;
    served.erp.run("ALTER TABLE Z90_LINK DROP INDEX CC_LINK").await.unwrap();
    let tried = served.gateway.selftest(true).await;
    let wrong: Vec<_> = tried.trials.iter().filter(|trial| !trial.fine).collect();
    if is_bare() {
        // One thing at a time: the gateway finds the other row by itself.
        assert_eq!(wrong.len(), 0, "{tried:#?}");
        return;
    }
    assert_eq!(wrong.len(), 1, "{tried:#?}");
    assert!(wrong[0].told.contains("Add a unique index to its column CC_LINK"), "{}", wrong[0].told);
}
