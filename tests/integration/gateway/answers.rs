//! Every operation of the contract is tried, and every answer is one that it allows.

use super::{ANOMALY, CONTENT, CREATE, DOCUMENT, DOCUMENTS, INTERVENTION, LINK, PSP_CONTACT, REFERENCE_LINKS, Served};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// A state as a GET answers it: nothing was done by it.
fn with_outcome(state: &serde_json::Value) -> serde_json::Value {
    let mut state = state.clone();
    for entry in state["entries"].as_object_mut().unwrap().values_mut() {
        entry["outcome"] = json!("unchanged");
    }
    state
}

#[tokio::test]
async fn every_answer_is_what_the_contract_says() {
    let mut served = Served::new().await;
    served.contracts(&["('C-1', 1, NULL, 'MO', '2026-01-01', NULL)"]).await;
    served.erp.absence("PDU", "2026-12-24", "2026-12-31").await.unwrap();
    let mut seen: Vec<(String, String)> = Vec::new();
    for path in [
        "/v1/health",
        "/v1/capabilities",
        "/v1/clients",
        "/v1/contacts",
        "/v1/machines",
        "/v1/users",
        "/v1/projects",
        "/v1/products",
        "/v1/contracts",
        "/v1/absences",
        "/v1/tasks",
    ] {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        seen.push((path.to_owned(), "get".to_owned()));
    }
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    seen.push((INTERVENTION.to_owned(), "put".to_owned()));
    let got = served.call(Method::GET, "/v1/tickets/gestsup/1/1/intervention", INTERVENTION, &[], None).await;
    assert_eq!((got.status, &got.body["etag"]), (StatusCode::OK, &created.body["etag"]));
    seen.push((INTERVENTION.to_owned(), "get".to_owned()));
    let anomaly = served.put_anomaly(7, &CREATE, &served.new_anomaly()).await;
    assert_eq!(anomaly.status, StatusCode::CREATED);
    seen.push((ANOMALY.to_owned(), "put".to_owned()));
    let got = served.call(Method::GET, "/v1/tickets/gestsup/7/1/anomaly", ANOMALY, &[], None).await;
    assert_eq!((got.status, &got.body), (StatusCode::OK, &with_outcome(&anomaly.body)));
    seen.push((ANOMALY.to_owned(), "get".to_owned()));
    let stored = served.put_document(7, "file:1", "Écran.png", b"png").await;
    assert_eq!(stored.status, StatusCode::CREATED);
    seen.push((DOCUMENT.to_owned(), "put".to_owned()));
    let listed = served.documents(7).await;
    assert_eq!(listed.body["items"], json!([stored.body]));
    seen.push((DOCUMENTS.to_owned(), "get".to_owned()));
    let content = served.content(7, stored.body["document"].as_i64().unwrap()).await;
    assert_eq!(content.unwrap(), b"png");
    seen.push((CONTENT.to_owned(), "get".to_owned()));
    let batch = json!({ "items": [
        { "key": { "source": "gestsup", "number": 2, "sequence": 1 }, "precondition": "absent", "object": served.new_intervention() },
        { "key": { "source": "gestsup", "number": 3, "sequence": 1 }, "precondition": { "match": "x" }, "object": served.new_intervention() },
        { "key": { "source": "gestsup", "number": 4, "sequence": 1 }, "precondition": "absent", "object": served.new_anomaly() },
    ] });
    served.contract.check_request("/v1/tickets:batch", "post", &batch);
    let answer = served.call(Method::POST, "/v1/tickets:batch", "/v1/tickets:batch", &[], Some(&batch)).await;
    assert!(answer.body["results"][0]["ok"].is_object() && answer.body["results"][1]["problem"].is_object());
    assert_eq!(answer.body["results"][2]["ok"]["kind"], "anomaly");
    seen.push(("/v1/tickets:batch".to_owned(), "post".to_owned()));
    let tickets = served.get("/v1/tickets?source=gestsup&limit=1").await;
    assert_eq!((tickets.body["items"][0]["number"].as_i64(), tickets.body["next"].is_string()), (Some(1), true));
    seen.push(("/v1/tickets".to_owned(), "get".to_owned()));
    let records = served.get("/v1/interventions?since=2020-01-01T00:00:00").await;
    assert_eq!(records.body["items"][0]["ticket"]["number"], 1);
    seen.push(("/v1/interventions".to_owned(), "get".to_owned()));
    let records = served.get("/v1/anomalies?changed_since=2020-01-01T00:00:00Z&linked=true").await;
    assert_eq!(records.body["items"][0]["ticket"]["number"], 7);
    seen.push(("/v1/anomalies".to_owned(), "get".to_owned()));
    let key = |number: i64| json!({ "source": "gestsup", "number": number, "sequence": 1 });
    let states = json!({ "items": [
        { "key": key(1), "etag": created.body["etag"] }, { "key": key(2), "etag": "old" }, { "key": key(9), "etag": "x" },
        { "key": key(7), "etag": anomaly.body["etag"] },
    ] });
    served.contract.check_request("/v1/tickets:states", "post", &states);
    let answer = served.call(Method::POST, "/v1/tickets:states", "/v1/tickets:states", &[], Some(&states)).await;
    assert_eq!(
        (&answer.body["results"][0], &answer.body["results"][1]["changed"]["number"]),
        (&json!("unchanged"), &json!(2))
    );
    assert_eq!(answer.body["results"][2]["problem"]["status"], 404);
    assert_eq!(answer.body["results"][3], "unchanged");
    seen.push(("/v1/tickets:states".to_owned(), "post".to_owned()));
    let link = json!({ "intervention": 999, "origin": { "created": "x", "creator": 7, "first_step": null } });
    served.contract.check_request(LINK, "put", &link);
    let answer = served.call(Method::PUT, "/v1/tickets/gestsup/5/1/link", LINK, &[], Some(&link)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    seen.push((LINK.to_owned(), "put".to_owned()));
    let own = served.call(Method::PUT, "/v1/users/PDU/psp-contact", PSP_CONTACT, &[], None).await;
    assert_eq!((own.status, &own.body["user"]), (StatusCode::CREATED, &json!("PDU")));
    seen.push((PSP_CONTACT.to_owned(), "put".to_owned()));
    let action =
        json!({ "id": "a-1", "key": key(1), "at": "2026-03-02T08:00:00Z", "title": "Résolu", "text": "Fait\nTesté" });
    served.contract.check_request("/v1/actions", "post", &action);
    let act =
        async |body: &serde_json::Value| served.call(Method::POST, "/v1/actions", "/v1/actions", &[], Some(body)).await;
    let (made, again) = (act(&action).await, act(&action).await);
    assert_eq!((made.status, again.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(made.body, again.body);
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM ACTION").await, ["1"], "written once");
    let nobody = json!({ "id": "a-2", "key": key(99), "at": "2026-03-02T08:00:00Z", "title": "x", "text": "" });
    assert_eq!(act(&nobody).await.status, StatusCode::NOT_FOUND);
    let wrong = json!({ "id": "a 2", "key": key(1), "at": "2026-03-02T08:00:00Z", "title": "x", "text": "" });
    assert_eq!(act(&wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    seen.push(("/v1/actions".to_owned(), "post".to_owned()));
    let rows = json!({ "items": [{ "gestan": "12", "gestsup": 7 }] });
    served.contract.check_request(REFERENCE_LINKS, "put", &rows);
    let path = "/v1/reference-links/gestsup/client";
    let answer = served.call(Method::PUT, path, REFERENCE_LINKS, &[], Some(&rows)).await;
    assert_eq!((answer.status, &answer.body["written"]), (StatusCode::OK, &json!(1)));
    seen.push((REFERENCE_LINKS.to_owned(), "put".to_owned()));
    let answer = served.call(Method::GET, path, REFERENCE_LINKS, &[], None).await;
    assert_eq!(answer.body["items"].as_array().map(Vec::len), Some(1));
    seen.push((REFERENCE_LINKS.to_owned(), "get".to_owned()));
    assert_eq!(served.get("/v1/documents?source=gestsup").await.status, StatusCode::OK);
    seen.push(("/v1/documents".to_owned(), "get".to_owned()));
    let (mut all, mut seen) = (served.contract.operations(), seen);
    all.sort();
    seen.sort();
    assert_eq!(seen, all, "an operation of the contract was not tried");
}
