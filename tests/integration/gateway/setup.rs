//! What an administrator does: install the tables, look for the codes.

use super::gateway_of;
use crate::support::{World, sandbox};
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
    assert_eq!(gateway.install().await.unwrap(), ["Z90_TICKET", "Z90_STEP", "Z90_LINK", "Z90_DOCUMENT"]);
    assert_eq!(gateway.install().await.unwrap(), Vec::<String>::new());
    assert!(client.capabilities().await.unwrap().extension_installed);
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
