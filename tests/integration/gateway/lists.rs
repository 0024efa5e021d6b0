//! Lists: page after page, and what changed.

use super::{Served, TOKEN};
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gestan::GatewayClient;
use secrecy::SecretString;
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
