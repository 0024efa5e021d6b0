//! Lists: page after page, and what changed.

use super::{CREATE, Served, TOKEN};
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gestan::GatewayClient;
use gestan_connector::model::ObjectKind;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn lists_come_page_after_page_with_archived_records_marked() {
    let mut served = Served::new().await;
    for number in 0..7 {
        served.erp.client(&format!("Client {number}"), "").await.unwrap();
    }
    served.erp.run("UPDATE CONTACT SET IARCHIVE = 1 WHERE RAISON_SOCIALE = 'Client 3'").await.unwrap();
    served
        .erp
        .run("INSERT INTO CONTACT (NOMFAMILLE, PRENOM, EMAIL, RAISON_SOCIALE) VALUES ('Petit', 'Zoé', 'z@z.fr', '')")
        .await
        .unwrap();
    let (mut cursor, mut names, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = served.get(&format!("/v1/clients?limit=3{cursor}")).await;
        names.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| (item["name"].as_str().unwrap().to_owned(), item["archived"] == true)),
        );
        pages += 1;
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((names.len(), pages), (9, 4));
    assert!(
        names.contains(&("Client 3".to_owned(), true)) && names.contains(&("Zoé Petit".to_owned(), false)),
        "{names:?}"
    );
    let remote =
        GatewayClient::remote(&served.base, Some(SecretString::from(TOKEN)), None, Duration::from_secs(5)).unwrap();
    assert_eq!(remote.clients().await.unwrap().len(), 9);
}

#[tokio::test]
async fn what_changed_since_is_found_whoever_changed_it_and_by_ticket_where_only_those_are_wanted() {
    let mut served = Served::new().await;
    let client = GatewayClient::embedded(Arc::clone(&served.gateway));
    for number in 1..=3 {
        served.put(number, &CREATE, &served.new_intervention()).await;
        served.put_anomaly(number + 10, &CREATE, &served.new_anomaly()).await;
    }
    served.erp.run("INSERT INTO INTERVENTION (LIB50, DHCRE, DHMOD) VALUES ('À la main', '2026-07-01 12:00:00', '2026-07-01 12:00:00')").await.unwrap();
    // Gestan's local time: two hours before UTC in summer, one in winter.
    for (table, key, id, changed) in [
        ("INTERVENTION", "IDINTERVENTION", 1, "2026-07-01 11:59:59"),
        ("INTERVENTION", "IDINTERVENTION", 2, "2026-07-01 12:00:01"),
        ("INTERVENTION", "IDINTERVENTION", 3, "2026-01-01 12:00:00"),
        ("ANOMALIE", "IDANOMALIE", 1, "2026-07-01 12:00:01"),
        ("ANOMALIE", "IDANOMALIE", 2, "2026-07-01 12:00:00"),
        ("ANOMALIE", "IDANOMALIE", 3, "2025-07-01 12:00:00"),
    ] {
        served.erp.run(format!("UPDATE {table} SET DHMOD = '{changed}' WHERE {key} = {id}")).await.unwrap();
    }
    let changed = async |kind: ObjectKind, since: &str, linked: bool| -> Vec<(i64, Option<i64>)> {
        let records = client.changed(kind, since.parse().unwrap(), linked).await.unwrap();
        records.iter().map(|record| (record.id, record.ticket.as_ref().map(|key| key.number))).collect()
    };
    use ObjectKind::{Anomaly, Intervention};
    assert_eq!(changed(Intervention, "2026-07-01T09:59:59Z", false).await, [(2, Some(2)), (4, None)]);
    assert_eq!(changed(Intervention, "2026-07-01T09:59:59Z", true).await, [(2, Some(2))]);
    assert_eq!(changed(Intervention, "2026-07-01T10:00:00Z", false).await, [(2, Some(2))], "those changed after it");
    assert_eq!(changed(Intervention, "2025-12-31T00:00:00Z", true).await.len(), 3);
    assert_eq!(changed(Anomaly, "2026-07-01T10:00:00Z", true).await, [(1, Some(11))]);
    assert_eq!(changed(Anomaly, "2026-07-01T09:00:00Z", false).await, [(1, Some(11)), (2, Some(12))]);
    let record = &client.changed(Anomaly, "2026-07-01T10:00:00Z".parse().unwrap(), true).await.unwrap()[0];
    assert_eq!(record.modified.unwrap().to_rfc3339(), "2026-07-01T10:00:01+00:00");
    assert_eq!(json!(record.fields)["client"], json!(served.client));
}

#[tokio::test]
async fn a_page_in_which_nothing_is_linked_does_not_end_the_list() {
    let mut served = Served::new().await;
    for _ in 0..5 {
        served
            .erp
            .run("INSERT INTO INTERVENTION (LIB50, DHCRE, DHMOD) VALUES ('À la main', NOW(), NOW())")
            .await
            .unwrap();
    }
    served.put(1, &CREATE, &served.new_intervention()).await;
    let page = served.get("/v1/interventions?changed_since=2020-01-01T00:00:00Z&linked=true&limit=2").await.body;
    assert_eq!(page["items"][0]["ticket"]["number"], 1, "{page}");
    let rest = served
        .get(&format!("/v1/interventions?linked=true&limit=2&cursor={}", page["next"].as_str().unwrap_or("6")))
        .await;
    assert_eq!(rest.body["items"], json!([]));
}
