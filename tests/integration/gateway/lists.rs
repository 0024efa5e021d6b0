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

#[tokio::test]
async fn contacts_and_machines_tell_what_a_help_desk_shows_and_never_a_password() {
    let mut served = Served::new().await;
    served.erp.run("INSERT INTO SOCIETE (IDSOCIETE, RAISON_SOCIALE, SIRET, NUM_TVA, ADRESSEP1, CPOSTALP, VILLEP) VALUES (7, 'Ateliers', '123', 'FR9', '1 rue', '69001', 'Lyon')").await.unwrap();
    served.erp.run("INSERT INTO CONTACT (IDCONTACT, PRENOM, NOMFAMILLE, RAISON_SOCIALE, IDSOCIETE, ICLTPRO, EMAIL, EMAILP, TEL1, TELP1, TELP2, VILLE, FONCTION_PRO, PASSWORD, LOGIN, COMMENTAIRE) VALUES \
        (70, 'Zoé', 'Petit', '', 7, 1, 'z@prive.fr', 'z@pro.fr', '01 00', '04 72', '+33 6 12 34 56 78', 'Paris', 'Gérante', 'secret', 'zoe', '{\\\\rtf1 Bon client\\\\par}'), \
        (71, 'Léo', 'Roy', '', NULL, 0, 'l@prive.fr', 'l@pro.fr', '01 00', '04 72', '', 'Paris', '', 'secret', 'leo', '')").await.unwrap();
    let contacts = served.get("/v1/contacts?cursor=69").await.body;
    let of = |index: usize, key: &str| contacts["items"][index][key].clone();
    assert_eq!(
        (of(0, "mail"), of(0, "phone"), of(0, "mobile")),
        (json!("z@pro.fr"), json!("04 72"), json!("+33 6 12 34 56 78"))
    );
    assert_eq!(
        of(0, "address"),
        json!({ "lines": ["1 rue"], "zip": "69001", "city": "Lyon", "country": "" }),
        "the company's"
    );
    assert_eq!(
        (of(1, "mail"), of(1, "phone"), of(1, "address")["city"].clone()),
        (json!("l@prive.fr"), json!("01 00"), json!("Paris"))
    );
    let clients = served.get("/v1/clients?cursor=69").await.body;
    let zoe = &clients["items"][0];
    assert_eq!(
        (&zoe["name"], &zoe["siret"], &zoe["vat"], &zoe["company"]),
        (&json!("Ateliers"), &json!("123"), &json!("FR9"), &json!(7))
    );
    assert_eq!((&zoe["comment"], &clients["items"][1]["name"]), (&json!("Bon client"), &json!("Léo Roy")));
    assert!(!format!("{contacts}{clients}").contains("secret"));
    served.erp.run("UPDATE MACHINE_MNT SET MARQUE = 'HP', DT_MISEENFONCTION = '2025-02-03', DT_EXP_GARANTIE = '0000-00-00', DHMOD = '2026-07-01 12:00:01'").await.unwrap();
    let machines = served.get("/v1/machines?changed_since=2026-07-01T10:00:00Z").await.body;
    let machine = &machines["items"][0];
    assert_eq!(
        (&machine["brand"], &machine["installed"], &machine["warranty_until"]),
        (&json!("HP"), &json!("2025-02-03"), &json!(null))
    );
    assert_eq!(served.get("/v1/machines?changed_since=2026-07-01T10:00:02Z").await.body["items"], json!([]));
}
