//! The time of entries in CONSO: one row each, corrected, emptied, never doubled, never deleted.

use super::{CREATE, Served, entry};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn counted(id: i64, minutes: i64, label: &str) -> Value {
    let mut entry = entry(id, "2026-03-02T09:00:00Z", "Fait");
    entry["minutes"] = json!(minutes);
    entry["conso"] = json!({ "project": 1, "label": label });
    entry
}

async fn rows(served: &Served) -> Vec<String> {
    let sql = "SELECT CONCAT_WS('|', IDCONSO, IDCONTACT, IDPROJET, DT_REAL, TIME_FORMAT(DHDEB, '%H:%i'), TIME_FORMAT(DHFIN, '%H:%i'), DUREE_CONSO, LIBCONSO) AS v FROM CONSO ORDER BY IDCONSO";
    served.column(sql).await
}

#[tokio::test]
async fn the_time_of_an_entry_is_one_row_that_follows_it() {
    let served = Served::new().await;
    let mut body = served.new_intervention();
    body["entries"] = json!([entry(1, "2026-03-02T08:00:00Z", "Sans projet"), counted(2, 75, "Écran 🎉")]);
    let created = served.put(1, &CREATE, &body).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.body);
    let client = served.client;
    let first = format!("1|{client}|1|2026-03-02|08:45|10:00|+01150000|Écran");
    assert_eq!(rows(&served).await, std::slice::from_ref(&first));
    assert_eq!(created.body["entries"]["step:2"]["conso"], 1);
    assert_eq!(created.body["entries"]["step:1"].get("conso"), None);
    for headers in [vec![], vec![("if-match", created.etag.as_deref().unwrap())]] {
        let again = served.put(1, &headers, &body).await;
        assert_eq!((again.status, &again.etag), (StatusCode::OK, &created.etag));
        assert_eq!(rows(&served).await, std::slice::from_ref(&first), "repeating it counts nothing twice");
    }
    body["entries"] = json!([counted(2, 90, "Clavier")]);
    served.put(1, &[], &body).await;
    assert_eq!(rows(&served).await, [format!("1|{client}|1|2026-03-02|08:30|10:00|+01300000|Clavier")]);
    for empty in ["minutes", "conso", "mark"] {
        let mut entry = counted(2, 90, "Clavier");
        match empty {
            "minutes" => entry["minutes"] = json!(0),
            "conso" => drop(entry.as_object_mut().unwrap().remove("conso")),
            _ => entry["mark"] = json!("withdrawn"),
        }
        body["entries"] = json!([entry]);
        let state = served.put(1, &[], &body).await.body;
        assert_eq!(rows(&served).await, [format!("1|{client}|1|2026-03-02|10:00|10:00|+00000000|Clavier")], "{empty}");
        assert_eq!(state["entries"]["step:2"]["conso"], 1, "the row stays the entry's");
        body["entries"] = json!([counted(2, 90, "Clavier")]);
        served.put(1, &[], &body).await;
        assert_eq!(rows(&served).await.len(), 1);
    }
}

#[tokio::test]
async fn time_that_is_given_a_project_later_is_counted_then_and_in_batches_too() {
    let served = Served::new().await;
    let mut body = served.new_intervention();
    let mut plain = counted(2, 30, "x");
    plain.as_object_mut().unwrap().remove("conso");
    body["entries"] = json!([plain]);
    served.put(1, &CREATE, &body).await;
    assert_eq!(rows(&served).await, Vec::<String>::new());
    body["entries"] = json!([counted(2, 30, "x"), counted(3, 10, "y")]);
    let mut anomaly = served.new_anomaly();
    anomaly["entries"] = json!([counted(4, 20, "z")]);
    let item = |number: i64, precondition: Value, object: &Value| json!({ "key": { "source": "gestsup", "number": number, "sequence": 1 }, "precondition": precondition, "object": object });
    let etag = served.put(1, &[], &json!({ "origin": body["origin"] })).await.body["etag"].clone();
    let items = json!({ "items": [item(1, json!({ "match": etag }), &body), item(2, json!("absent"), &anomaly), item(3, json!("absent"), &body)] });
    served.contract.check_request("/v1/tickets:batch", "post", &items);
    let answer = served.call(Method::POST, "/v1/tickets:batch", "/v1/tickets:batch", &[], Some(&items)).await;
    let consos: Vec<Vec<i64>> = answer.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let entries = result["ok"]["entries"].as_object().unwrap_or_else(|| panic!("{result}"));
            entries.values().filter_map(|entry| entry["conso"].as_i64()).collect()
        })
        .collect();
    assert_eq!(consos.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 2]);
    let mut all: Vec<i64> = consos.concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), rows(&served).await.len()), (5, 5));
    let labels = served.column("SELECT GROUP_CONCAT(CONCAT(s.CLE, c.LIBCONSO) ORDER BY s.CC_STEP) AS v FROM Z90_STEP s JOIN CONSO c ON c.IDCONSO = s.IDCONSO").await;
    assert_eq!(labels, ["step:2x,step:3y,step:4z,step:2x,step:3y"]);
}

#[tokio::test]
async fn a_row_that_people_deleted_is_made_again_when_its_entry_is_written_and_once_only() {
    let mut served = Served::new().await;
    let mut body = served.new_intervention();
    body["entries"] = json!([counted(2, 30, "x")]);
    served.put(1, &CREATE, &body).await;
    served.erp.run("DELETE FROM CONSO").await.unwrap();
    for _ in 0..2 {
        let state = served.put(1, &[], &body).await.body;
        assert_eq!(state["entries"]["step:2"]["conso"], 2, "{state}");
        assert_eq!(rows(&served).await.len(), 1);
    }
}

#[tokio::test]
async fn time_that_cannot_be_counted_is_refused_in_a_sentence() {
    let mut served = Served::new().await;
    let mut body = served.new_intervention();
    for (minutes, project, says) in
        [(6_000, 1, "more than a CONSO of Gestan holds"), (5, 999, "Gestan has no project “999”")]
    {
        let mut entry = counted(2, minutes, "x");
        entry["conso"]["project"] = json!(project);
        body["entries"] = json!([entry]);
        let refused = served.put(1, &CREATE, &body).await;
        assert_eq!(refused.problem(), "invalid");
        assert!(refused.body["detail"].as_str().unwrap().contains(says), "{}", refused.body);
    }
    served.erp.run("DROP TABLE CONSO").await.unwrap();
    assert_eq!(served.get("/v1/capabilities").await.body["consos"], false);
    body["entries"] = json!([counted(2, 5, "x")]);
    let refused = served.put(1, &CREATE, &body).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (501, "unsupported"), "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains("no table CONSO"));
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM INTERVENTION").await, ["0"]);
}

#[tokio::test]
async fn time_of_a_billed_intervention_stays_as_it_is() {
    let mut served = Served::new().await;
    let mut body = served.new_intervention();
    body["entries"] = json!([counted(2, 30, "x")]);
    let created = served.put(1, &CREATE, &body).await;
    let billed = gestan_connector::demo::sandbox::code::BILLED;
    served.erp.set_status(created.body["id"].as_i64().unwrap(), billed).await.unwrap();
    body["fields"] = json!({});
    body["entries"][0]["conso"]["label"] = json!("y");
    assert_eq!(served.put(1, &[], &body).await.problem(), "billed");
    assert!(rows(&served).await[0].ends_with("|x"));
}
