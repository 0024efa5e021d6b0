//! Contracts, by the administrator's own query.

use super::{MORE, Served, gateway_of};
use gestan_connector::gestan::GatewayClient;
use serde_json::json;
use std::sync::Arc;

impl Served {
    /// A table of contracts, as some Gestan may have one.
    pub(super) async fn contracts(&mut self, rows: &[&str]) {
        let table = "CREATE TABLE IF NOT EXISTS CONTRAT (NUM varchar(30), IDCONTACT bigint, IDMACHINE bigint, CD_PRODUIT varchar(25), DT_DEBUT date, DT_FIN date)";
        self.erp.run(table).await.unwrap();
        for row in rows {
            self.erp.run(format!("INSERT INTO CONTRAT VALUES {row}")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn contracts_come_page_after_page_as_the_query_finds_them() {
    let mut served = Served::new().await;
    served
        .contracts(&[
            "('C-2', 1, 5, '', '2026-01-01', '0000-00-00')",
            "('C-1', 1, NULL, 'MO', '2026-01-01', '2026-12-31')",
            "('', 1, NULL, '', NULL, NULL)",
            "('C-3', NULL, NULL, '', NULL, NULL)",
            "('C-4', 2, 0, NULL, NULL, NULL)",
        ])
        .await;
    let page = served.get("/v1/contracts?limit=2").await.body;
    let first = json!({ "number": "C-1", "client": 1, "machine": null, "product": "MO", "from": "2026-01-01", "until": "2026-12-31" });
    let second =
        json!({ "number": "C-2", "client": 1, "machine": 5, "product": null, "from": "2026-01-01", "until": null });
    assert_eq!((&page["items"], &page["next"]), (&json!([first, second]), &json!("2")));
    let rest = served.get("/v1/contracts?limit=2&cursor=2").await.body;
    assert_eq!((rest["items"][0]["number"].as_str(), &rest["next"]), (Some("C-4"), &json!(null)));
    assert!(served.get("/v1/capabilities").await.body["contracts"].as_bool().unwrap());
}

#[tokio::test]
async fn a_query_that_fails_or_would_write_names_its_setting() {
    let mut served = Served::new().await;
    served.contracts(&["('C-1', 1, NULL, '', NULL, NULL)", "('C-2', 2, NULL, '', NULL, NULL)"]).await;
    let answer = async |query: &str| {
        let more = MORE.replace("[gateway.documents]", "");
        let before = more.lines().find(|line| line.starts_with("query")).unwrap().to_owned();
        let more = more.replace(&before, &format!("query = {query:?}"));
        let gateway = gateway_of(&served.sandbox, &more).await;
        let answer = gateway.contracts(&gestan_connector::gateway::Paging::default()).await;
        answer.map(|page| page.items.len()).map_err(|fault| fault.problem(None))
    };
    let harmless = "SELECT num AS NUMBER, idcontact AS Client FROM CONTRAT -- all";
    assert_eq!(answer(harmless).await.unwrap(), 2, "its columns may be spelt in any case");
    for (query, says) in [
        ("SELECT NUM AS number, IDCLIENT AS client FROM CONTRAT", "IDCLIENT"),
        ("SELECT NUM AS number FROM CONTRAT", "`client`"),
        ("SELECT NUM AS number, 'x' AS client FROM CONTRAT", "“x”"),
        ("SELECT NUM AS number, IDCONTACT AS client FROM NOWHERE", "NOWHERE"),
        ("SELECT NUM AS number, NEXTVAL(s) AS client FROM CONTRAT", ""),
    ] {
        let problem = answer(query).await.unwrap_err();
        assert_eq!((problem.status, problem.code()), (500, "contracts-query"), "{query}: {}", problem.detail);
        assert!(
            problem.detail.contains(says) && problem.detail.contains("[gateway.contracts] query"),
            "{}",
            problem.detail
        );
    }
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM CONTRAT").await, ["2"]);
}

#[tokio::test]
async fn without_a_query_there_are_no_contracts_and_no_documents_without_a_folder() {
    let served = Served::new().await;
    let client = GatewayClient::embedded(Arc::clone(&gateway_of(&served.sandbox, "").await));
    let capabilities = client.capabilities().await.unwrap();
    assert!(!capabilities.contracts && !capabilities.documents);
    let contracts = gestan_connector::flows::tickets::Interventions::contracts(&client).await.unwrap_err();
    assert!(contracts.message.contains("set [gateway.contracts] query"), "{}", contracts.message);
    let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: 1, sequence: 1 };
    let documents = client.documents(&key).await.unwrap_err().to_string();
    assert!(documents.contains("set [gateway.documents] folder"), "{documents}");
}
